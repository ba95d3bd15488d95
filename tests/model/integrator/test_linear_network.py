"""Networks whose response and spectrum are known by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.linalg import block_diag

from spinspike.errors import BadInput
from spinspike.model.integrator.linear_network import (
    Filter,
    LinearNetwork,
    draw,
    impulse_response,
    outlier,
    spectrum,
)


def test_the_response_is_what_integrating_the_equation_gives() -> None:
    network = draw(12, np.random.default_rng(0), spread=0.8, alignment=0.3)
    times = np.array([0.0, 0.3, 0.3, 1.0, 7.5])
    flow = solve_ivp(
        lambda _, h: -h + network.coupling @ h,
        (0.0, 7.5),
        network.input_weight,
        t_eval=np.unique(times),
        rtol=1e-10,
        atol=1e-14,
    )
    known = dict(zip(flow.t, network.readout @ flow.y, strict=True))
    expected = [known[t] for t in times]
    assert impulse_response(network, times) == pytest.approx(expected, rel=1e-6, abs=1e-12)


@given(st.floats(0.05, 2.0), st.floats(0.0, 3.0))
def test_a_spiral_of_two_units_is_the_filter(rate: float, frequency: float) -> None:
    spiral = np.array([[1 - rate, -frequency], [frequency, 1 - rate]])
    network = LinearNetwork(spiral, np.array([1.0, 0.0]), np.array([1.0, 0.0]))
    times = np.linspace(0, 20, 41)
    expected = Filter(rate, frequency).response(times)
    assert impulse_response(network, times) == pytest.approx(expected, abs=1e-9)
    assert outlier(network) == pytest.approx(complex(1 - rate, frequency))


def test_a_network_without_couplings_forgets_in_one_unit_of_time() -> None:
    network = draw(5, np.random.default_rng(1), spread=0.0, strength=2.0)
    times = np.linspace(0, 3, 7)
    assert impulse_response(network, times) == pytest.approx(2.0 * np.exp(-times))


def test_the_outlier_is_the_farthest_from_0_not_the_fastest_to_turn() -> None:
    network = LinearNetwork(
        block_diag([[0.0, -0.5], [0.5, 0.0]], [[-0.7]], [[0.9]]), np.ones(4), np.ones(4)
    )
    assert spectrum(network) == pytest.approx(np.array([0.9, -0.7, 0.5j, -0.5j]))
    assert outlier(network) == pytest.approx(0.9)


def test_drawn_eigenvalues_fill_the_disc_of_the_spread() -> None:
    eigenvalues = spectrum(draw(400, np.random.default_rng(2), spread=0.7))
    assert np.abs(eigenvalues).max() == pytest.approx(0.7, rel=0.1)
    inside = (np.abs(eigenvalues) < 0.35).mean()  # uniform in the disc: a quarter of its area
    assert inside == pytest.approx(0.25, abs=0.05)


@pytest.mark.parametrize(
    ("rate", "frequency"), [(0.0, 0.0), (-1.0, 0.0), (np.inf, 0.0), (1.0, -0.1)]
)
def test_a_filter_must_decay(rate: float, frequency: float) -> None:
    with pytest.raises(BadInput, match=r"(rate|frequency) is .*; allowed: "):
        Filter(rate, frequency)


def test_shapes_must_fit() -> None:
    with pytest.raises(BadInput, match=r"shapes of W, u, v are \(\(2, 2\), \(3,\), \(2,\)\)"):
        LinearNetwork(np.eye(2), np.ones(3), np.ones(2))
    with pytest.raises(BadInput, match="W, u or v has nan"):
        LinearNetwork(np.full((2, 2), np.nan), np.ones(2), np.ones(2))


def test_times_must_not_fall() -> None:
    network = draw(3, np.random.default_rng(0))
    with pytest.raises(BadInput, match="times fall"):
        impulse_response(network, np.array([1.0, 0.5]))
    with pytest.raises(BadInput, match="times fall"):
        impulse_response(network, np.array([-1.0, 0.5]))


@pytest.mark.parametrize("wrong", [{"spread": -1.0}, {"strength": 0.0}, {"alignment": 2.0}])
def test_draws_outside_the_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadInput, match="units, spread, strength, alignment are 3"):
        draw(3, np.random.default_rng(0), **wrong)
