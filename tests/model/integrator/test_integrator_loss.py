"""The loss against areas and simulated noise, its gradient against differences and JAX."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.integrate import simpson

from spinspike.errors import BadInput
from spinspike.model.integrator.linear_network import Filter, LinearNetwork, draw, impulse_response
from spinspike.model.integrator.loss import gradient, loss
from spinspike.model.integrator.noise import sampled_loss

TARGETS = [Filter(0.1), Filter(0.5), Filter(0.3, 1.2)]
PARTS = ("coupling", "input_weight", "readout")


def network(units: int = 6, spread: float = 0.7) -> LinearNetwork:
    return draw(units, np.random.default_rng(3), spread=spread, strength=2.0, alignment=0.4)


@pytest.mark.parametrize("target", TARGETS)
def test_the_loss_is_the_area_between_the_responses(target: Filter) -> None:
    times = np.linspace(0, 150, 60001)
    between = (impulse_response(network(), times) - target.response(times)) ** 2
    assert loss(network(), target) == pytest.approx(simpson(between, x=times) / 2, rel=1e-8)


@pytest.mark.parametrize("target", TARGETS)
def test_the_filter_itself_has_no_loss_and_no_slope(target: Filter) -> None:
    spiral = np.array([[1 - target.rate, -target.frequency], [target.frequency, 1 - target.rate]])
    done = gradient(LinearNetwork(spiral, np.eye(2)[0], np.eye(2)[0]), target)
    assert done.loss == pytest.approx(0, abs=1e-12)
    assert all(np.abs(getattr(done, part)).max() < 1e-12 for part in PARTS)


@pytest.mark.parametrize("target", TARGETS)
def test_the_gradient_is_what_finite_differences_give(target: Filter) -> None:
    start, width = network(), 1e-5
    slope = gradient(start, target)
    for part in PARTS:
        values, found = getattr(start, part), np.empty_like(getattr(start, part))
        for place in np.ndindex(values.shape):
            ends = []
            for sign in (1, -1):
                moved = values.copy()
                moved[place] += sign * width
                ends.append(loss(replace(start, **{part: moved}), target))
            found[place] = (ends[0] - ends[1]) / (2 * width)
        assert getattr(slope, part) == pytest.approx(found, abs=1e-6)


@pytest.mark.jax
@pytest.mark.parametrize("target", TARGETS)
def test_the_gradient_is_what_automatic_differentiation_gives(target: Filter) -> None:
    """Of the loss as one linear system over Kronecker sums: no Schur form, no adjoint."""
    import jax
    import jax.numpy as jnp

    def area(W: Any, u: Any, v: Any) -> Any:
        c, w = target.rate, target.frequency
        A = W - jnp.eye(len(u))
        both = jax.scipy.linalg.block_diag(A, jnp.array([[-c, -w], [w, -c]]))
        drive = jnp.concatenate([u, jnp.array([1.0, 0.0])])
        seen = jnp.concatenate([v, jnp.array([-1.0, 0.0])])
        one = jnp.eye(len(drive))
        P = jnp.linalg.solve(
            jnp.kron(both, one) + jnp.kron(one, both), -jnp.outer(drive, drive).ravel()
        )
        return seen @ P.reshape(len(drive), -1) @ seen / 2

    # a name of its own since JAX 0.8
    place: Any = jax if hasattr(jax, "enable_x64") else jax.experimental
    with place.enable_x64(True):
        start = network()
        parts = [jnp.array(getattr(start, part)) for part in PARTS]
        value, derivatives = jax.jit(jax.value_and_grad(area, argnums=(0, 1, 2)))(*parts)
        slope = gradient(start, target)
        assert slope.loss == pytest.approx(float(value), abs=1e-9)
        for part, derivative in zip(PARTS, derivatives, strict=True):
            assert getattr(slope, part) == pytest.approx(np.asarray(derivative), abs=1e-6)


@pytest.mark.parametrize("target", TARGETS)
def test_simulated_noise_gives_the_loss_within_its_error(target: Filter) -> None:
    found = sampled_loss(network(), target, np.random.default_rng(0))
    exact = loss(network(), target)
    assert abs(found.mean - exact) < 3 * found.error < 0.2 * exact


def test_simulated_noise_tells_other_networks_apart() -> None:
    found = sampled_loss(network(), Filter(0.3), np.random.default_rng(0))
    uncoupled = replace(network(), coupling=np.zeros((6, 6)), readout=network().input_weight)
    assert abs(found.mean - loss(uncoupled, Filter(0.3))) > 5 * found.error


def test_the_step_of_the_simulation_does_not_matter() -> None:
    fine = sampled_loss(network(), Filter(0.3), np.random.default_rng(1), step=0.3)
    exact = loss(network(), Filter(0.3))
    assert abs(fine.mean - exact) < 3 * fine.error


def test_an_unstable_network_has_no_loss() -> None:
    explosive = LinearNetwork(np.diag([1.2, 0.0]), np.ones(2), np.ones(2))
    with pytest.raises(BadInput, match=r"real part 1\.2; allowed: below 1"):
        loss(explosive, Filter(0.1))
    with pytest.raises(BadInput, match=r"real part 1\.2; allowed: below 1"):
        sampled_loss(explosive, Filter(0.1), np.random.default_rng(0))


def test_a_simulation_needs_trials() -> None:
    with pytest.raises(BadInput, match=r"trials, samples, step are 1, 50, 2\.0"):
        sampled_loss(network(), Filter(0.1), np.random.default_rng(0), trials=1)
