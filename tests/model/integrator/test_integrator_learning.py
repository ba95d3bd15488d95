"""Descent and flow against each other, what they conserve, and what must not happen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinspike.errors import BadInput, SimulationFailed
from spinspike.model.integrator import learning
from spinspike.model.integrator.learning import descend, flow
from spinspike.model.integrator.linear_network import (
    Filter,
    LinearNetwork,
    draw,
    impulse_response,
    outlier,
)
from spinspike.model.integrator.loss import Gradient, gradient, loss
from spinspike.model.integrator.reduced import imbalance


@pytest.mark.parametrize("rate", [0.5, 0.1])
def test_a_rich_network_grows_one_outlier_to_where_the_memory_is(rate: float) -> None:
    learned = descend(draw(20, np.random.default_rng(0), spread=0.05), Filter(rate))
    assert outlier(learned.network) == pytest.approx(1 - rate, abs=1e-3)
    others = learned.history.spectra[-1, 1:]
    assert np.abs(others).max() < 0.1
    times = np.linspace(0, 3 / rate, 20)
    response = impulse_response(learned.network, times)
    assert response == pytest.approx(np.exp(-rate * times), abs=1e-3)


def test_an_oscillator_grows_a_conjugate_pair() -> None:
    blank = draw(20, np.random.default_rng(0), spread=0.02, strength=0.1, alignment=0.0)
    learned = descend(blank, Filter(0.2, 0.8))
    assert outlier(learned.network) == pytest.approx(0.8 + 0.8j, abs=2e-3)


def test_ends_along_one_line_never_learn_to_oscillate() -> None:
    """Without couplings u = v keeps all learning in one direction, which has no phase."""
    learned = descend(draw(8, np.random.default_rng(0), strength=0.1), Filter(0.2, 0.8), steps=200)
    assert np.abs(learned.history.spectra.imag).max() < 1e-6
    assert learned.history.losses[-1] > 0.1 * learned.history.losses[0]


def test_losses_only_fall_and_networks_stay_stable() -> None:
    blank = draw(15, np.random.default_rng(1), spread=0.9, strength=0.5, alignment=0.2)
    history = descend(blank, Filter(0.05), every=1, steps=200).history
    assert (np.diff(history.losses) <= 0).all()
    assert history.spectra.real.max() < 1
    assert (np.diff(history.times) > 0).all()


def test_a_step_beyond_the_curvature_would_diverge() -> None:
    """Plain descent around the optimum: stable below 8 c*^3 or so, and not above."""
    rate = 0.1
    done = LinearNetwork(np.array([[1 - rate]]), np.ones(1), np.ones(1))

    def distance(step: float) -> float:
        W = done.coupling + 1e-6
        for _ in range(100):
            network = LinearNetwork(W, done.input_weight, done.readout)
            W = W - step * gradient(network, Filter(rate)).coupling
        return float(np.abs(W - done.coupling).item())

    assert distance(7.5 * rate**3) < 1e-6 < distance(8.5 * rate**3)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 1000))
def test_small_steps_follow_the_flow_and_conserve_the_imbalance(seed: int) -> None:
    start = draw(5, np.random.default_rng(seed), spread=0.5, strength=0.8, alignment=0.3)
    target = Filter(0.4, 0.5)
    flowed = flow(start, target, np.array([0.0, 2.0])).network
    stepped = start
    for _ in range(400):
        slope = gradient(stepped, target)
        stepped = LinearNetwork(
            stepped.coupling - 0.005 * slope.coupling,
            stepped.input_weight - 0.005 * slope.input_weight,
            stepped.readout - 0.005 * slope.readout,
        )
    assert flowed.coupling == pytest.approx(stepped.coupling, abs=0.01)
    assert loss(flowed, target) < loss(start, target)
    assert imbalance(flowed) == pytest.approx(imbalance(start), abs=1e-5)


@pytest.mark.parametrize("learn", ["W", "uv", "v"])
def test_only_what_is_named_learns(learn: str) -> None:
    start = draw(6, np.random.default_rng(0), spread=0.4, strength=0.5)
    for learned in (
        descend(start, Filter(0.5), learn=learn, steps=5),
        flow(start, Filter(0.5), np.array([1.0]), learn=learn),
    ):
        network = learned.network
        assert (network.coupling != start.coupling).any() == ("W" in learn)
        assert (network.input_weight != start.input_weight).any() == ("u" in learn)
        assert (network.readout != start.readout).any() == ("v" in learn)


def test_a_lazy_network_learns_with_hardly_a_change_of_its_couplings() -> None:
    start = draw(60, np.random.default_rng(0), spread=0.8, strength=1.0, alignment=0.0)
    learned = descend(start, Filter(0.5), tolerance=1e-4)
    change = np.linalg.norm(learned.network.coupling - start.coupling)
    assert learned.history.losses[-1] < 1e-4
    assert change < 0.1 * np.linalg.norm(start.coupling)


def test_flow_ends_where_the_loss_is_low_enough() -> None:
    start = draw(4, np.random.default_rng(0), strength=0.1)
    times = np.linspace(0, 50, 51)
    history = flow(start, Filter(0.5), times, tolerance=0.01).history
    assert len(history.times) < 20
    assert history.losses[-1] == pytest.approx(0.01, rel=1e-3)
    late = flow(start, Filter(0.5), np.array([50.0]), tolerance=0.01).history
    assert late.times == pytest.approx([history.times[-1]], rel=1e-3)


def test_a_flow_that_cannot_be_followed_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where every step of the integrator leads to an unstable network, however short."""
    exact = gradient
    calls: list[float] = []

    def once(network: LinearNetwork, target: Filter) -> Gradient:
        calls.append(0.0)
        if len(calls) > 3:
            message = "unstable"
            raise BadInput(message)
        return exact(network, target)

    monkeypatch.setattr(learning, "gradient", once)
    with pytest.raises(SimulationFailed, match="cannot be followed to 5: Required step size"):
        flow(draw(3, np.random.default_rng(0)), Filter(0.5), np.array([5.0]))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"learn": "x"}, "learn is 'x'"), ({"learn": ""}, "learn is ''"), ({"steps": 0}, "steps and")],
)
def test_descent_refuses_what_makes_no_sense(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        descend(draw(3, np.random.default_rng(0)), Filter(0.5), **wrong)  # type: ignore[arg-type]


def test_flow_refuses_what_makes_no_sense() -> None:
    blank = draw(3, np.random.default_rng(0))
    with pytest.raises(BadInput, match="allowed: rising, from 0 up"):
        flow(blank, Filter(0.5), np.array([1.0, 0.5]))
    unstable = LinearNetwork(1.5 * np.eye(2), np.ones(2), np.ones(2))
    with pytest.raises(BadInput, match="allowed: below 1"):
        flow(unstable, Filter(0.5), np.array([1.0]))
    with pytest.raises(BadInput, match="allowed: below 1"):
        descend(unstable, Filter(0.5))
