"""The reduced systems against the full flow, which knows nothing of them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinspike.errors import BadInput
from spinspike.model.integrator.learning import flow
from spinspike.model.integrator.linear_network import Filter, LinearNetwork, draw
from spinspike.model.integrator.loss import gradient
from spinspike.model.integrator.reduced import growth_rate, imbalance, one_outlier, pair, plateau

RNG = np.random.default_rng


def test_one_outlier_is_the_flow_of_a_network_with_one_direction() -> None:
    blank, times = draw(30, RNG(0), strength=0.01), np.linspace(0, 6, 25)
    full = flow(blank, Filter(0.2), times).history
    reduced = one_outlier(0.01, 1.0, Filter(0.2), times)
    assert reduced.outliers == pytest.approx(full.outliers, abs=1e-4)
    assert reduced.overlap == pytest.approx(full.overlaps, abs=1e-4)
    assert np.ptp(full.outliers.real) > 0.5  # it did learn meanwhile


@pytest.mark.parametrize(("target", "strength"), [(Filter(0.2), 0.01), (Filter(0.3, 1.0), 0.1)])
def test_the_pair_is_the_flow_of_any_network_without_couplings(
    target: Filter, strength: float
) -> None:
    blank = draw(20, RNG(0), strength=strength, alignment=0.0)
    times = np.linspace(0, 50, 101)
    full = flow(blank, target, times, tolerance=1e-3).history
    reduced = pair(blank, target, full.times)
    assert reduced.outliers == pytest.approx(full.outliers, abs=2e-3)
    assert np.ptp(np.abs(full.outliers)) > 0.5


def test_the_pair_turns_complex_only_for_an_oscillator() -> None:
    blank, times = draw(9, RNG(1), strength=0.1, alignment=0.3), np.linspace(0, 80, 41)
    assert np.abs(pair(blank, Filter(0.2), times).outliers.imag).max() < 1e-6
    oscillator = pair(blank, Filter(0.2, 0.7), times).outliers
    assert oscillator[-1] == pytest.approx(0.8 + 0.7j, abs=1e-3)


def test_small_couplings_move_the_outlier_by_as_little() -> None:
    blank = draw(60, RNG(0), spread=0.02, alignment=0.5)
    full = flow(blank, Filter(0.2), np.linspace(0, 12, 61), tolerance=1e-3, accuracy=1e-5).history
    grown = np.abs(full.outliers) > 0.1  # out of the disc
    away = np.abs(full.outliers - pair(blank, Filter(0.2), full.times).outliers)[grown]
    assert grown.sum() > 5
    assert away.max() < 0.02


@given(
    st.tuples(*[st.floats(0.3, 1.5)] * 2, *[st.floats(-1.0, 1.0)] * 3),
    st.floats(0.05, 1.0),
    st.floats(0.0, 1.5),
)
def test_five_equations_are_the_gradient_of_two_units(
    state: tuple[float, ...], rate: float, frequency: float
) -> None:
    """Their velocities by a difference over a short time, the gradient by Lyapunov's equation."""
    r, d, k, p, q = state
    units = LinearNetwork(np.array([[1 - r, k], [-k, 1 - d]]), np.array([p, q]), np.array([p, -q]))
    sign = np.array([1.0, -1.0])
    slope = gradient(units, Filter(rate, frequency))
    assert slope.coupling == pytest.approx(np.outer(sign, sign) * slope.coupling.T, abs=1e-8)
    short = 1e-4 / (1 + max(np.abs(slope.coupling).max(), np.abs(slope.input_weight).max()))
    path = pair(units, Filter(rate, frequency), np.array([0.0, short]))
    if abs(p) < 0.05 or abs(q) < 0.05:
        return  # the plane has no second axis, or one whose sign is arbitrary
    flip = np.sign(p) * np.sign(q)  # axes are taken along u + v and u - v, whatever their signs
    expected = -np.array(
        [
            -slope.coupling[0, 0],
            -slope.coupling[1, 1],
            slope.coupling[0, 1] * flip,
            slope.input_weight[0] * np.sign(p),
            slope.input_weight[1] * np.sign(q),
        ]
    )
    velocity = (path.plane[1] - path.plane[0]) / short
    assert velocity == pytest.approx(expected, rel=0.02, abs=0.02)


def test_the_pair_conserves_what_the_imbalance_says() -> None:
    blank = draw(9, RNG(2), strength=0.3, alignment=0.2)
    path = pair(blank, Filter(0.2, 0.7), np.linspace(0, 60, 20))
    assert np.ptp(path.conserved) < 1e-6
    first, second = blank.input_weight + blank.readout, blank.input_weight - blank.readout
    axes = np.array([first / np.linalg.norm(first), second / np.linalg.norm(second)])
    expected = (axes @ imbalance(blank) @ axes.T)[0, 1] / 2
    assert path.conserved[0] == pytest.approx(expected)


@pytest.mark.parametrize("rate", [0.05, 0.1, 0.2, 0.5])
@pytest.mark.parametrize("overlap", [1e-3, 1e-5])
def test_the_plateau_ends_when_it_should(rate: float, overlap: float) -> None:
    times = np.linspace(0, 20, 2001)
    path = one_outlier(overlap, 1.0, Filter(rate), times)
    end = times[np.argmax(path.overlap > growth_rate(Filter(rate)))]
    assert plateau(overlap, Filter(rate)) == pytest.approx(end, rel=0.05)
    assert plateau(overlap, Filter(rate)) == pytest.approx((1 + rate) / 2 * np.log(1 / overlap))


def test_a_smaller_start_means_a_longer_plateau() -> None:
    lengths = [plateau(a, Filter(0.1, 0.5)) for a in (0.1, 1e-2, 1e-3)]
    assert all(short < long for short, long in pairwise(lengths))


def test_values_without_meaning_are_refused() -> None:
    with pytest.raises(BadInput, match="overlap and gap are 0 and 1"):
        one_outlier(0, 1, Filter(0.1), np.array([1.0]))
    with pytest.raises(BadInput, match="overlap is 2"):
        plateau(2, Filter(0.1))
    uneven = LinearNetwork(np.zeros((2, 2)), np.ones(2), 2 * np.ones(2))
    with pytest.raises(BadInput, match=r"\|u\|\^2 and \|v\|\^2 are 2 and 8; allowed: equal"):
        pair(uneven, Filter(0.1), np.array([1.0]))
