"""What reinforced belief propagation claims, against all fixed points and what dynamics reach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spinspike.errors import BadInput
from spinspike.model.landscape.search.convergence import converge, random_states
from spinspike.model.landscape.search.reinforcement import reinforced
from spinspike.model.landscape.theory.pairs import expected_neighbours
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.network import Network, random_network


def drawn(units: int, self_coupling: float, seed: int = 0, **more: Any) -> Network:
    architecture = Architecture(
        units=units, inputs=1, classes=2, self_coupling=self_coupling, **({"sparsity": 0.0} | more)
    )
    return random_network(architecture, np.random.default_rng(seed), centre=np.zeros(1))


def test_fixed_points_are_found_where_the_dynamics_find_none() -> None:
    network, rng = drawn(200, 0.35), np.random.default_rng(1)
    states = random_states(network, 6, rng)
    walked = converge(network, states, limit=300, device="numpy")
    assert walked.fixed.sum() == 0
    found = reinforced(network, states, limit=300)
    assert found.fixed.all()
    J = network.coupling.toarray() + 0.35 * np.eye(200)
    assert (found.states * (found.states @ J.T) >= 0).all()
    overlaps = found.states.astype(int) @ found.states.T.astype(int) / 200
    assert np.abs(overlaps[np.triu_indices(6, 1)]).max() < 0.95  # not one and the same


def test_what_is_found_lies_where_fixed_points_are_dense() -> None:
    """Typical ones of 200 units have a neighbour at one flip in one case of ten."""
    network = drawn(200, 0.35)
    found = reinforced(network, random_states(network, 4, np.random.default_rng(1)))
    J = network.coupling.toarray() + 0.35 * np.eye(200)
    near = [s * (1 - 2 * np.eye(200)) for s in found.states[found.fixed]]
    counts = [(s * (s @ J.T) >= 0).all(axis=1).sum() for s in near]
    assert expected_neighbours(200, 1, 0.35) < 0.2
    assert np.mean(counts) > 3


def test_two_linked_modules_are_solved_as_well() -> None:
    """Below the link of about 1.2 that the dynamics of 400 units need."""
    network, rng = drawn(200, 0.0, modules=2, link=0.8), np.random.default_rng(1)
    states = random_states(network, 5, rng)
    assert not converge(network, states, limit=300, device="numpy").fixed.any()
    assert reinforced(network, states, limit=300).fixed.all()


def test_nothing_is_found_where_there_is_nothing(
    every_state: Callable[[int], NDArray[np.int8]],
) -> None:
    """At J_D 0 the expected number of fixed points is 1 at any size."""
    states, missed = every_state(10), 0
    for seed in range(5):
        network, rng = drawn(10, 0.0, seed), np.random.default_rng(seed)
        held = ((states @ network.coupling.toarray().T >= 0) == (states > 0)).all(axis=1)
        found = reinforced(network, random_states(network, 10, rng), limit=60)
        some = {tuple(s) for s in states[held].tolist()}
        assert {tuple(s) for s in found.states[found.fixed].tolist()} <= some
        missed += not some
    assert missed  # the check was put to the test
    network = drawn(100, 0.0)
    start = random_states(network, 5, np.random.default_rng(0))
    assert not reinforced(network, start, limit=200).fixed.any()


def test_without_couplings_every_start_is_an_end() -> None:
    network, rng = drawn(20, 0.5), np.random.default_rng(0)
    network = replace(network, coupling=0 * network.coupling)
    states = random_states(network, 4, rng)
    found = reinforced(network, states)
    assert np.array_equal(found.states, states)
    assert found.sweeps.tolist() == [1] * 4
    external = 2 * rng.normal(size=states.shape)
    found = reinforced(network, states, external=external)
    expected = np.where(np.abs(external) > 0.5, np.sign(external), states)
    assert np.array_equal(found.states, expected)


def test_opposite_starts_come_to_opposite_ends() -> None:
    network = drawn(60, 0.5)
    states = random_states(network, 3, np.random.default_rng(2))
    one, other = reinforced(network, states), reinforced(network, -states)
    assert one.fixed.all()
    assert np.array_equal(one.states, -other.states)


def test_a_run_does_not_depend_on_the_others() -> None:
    network = drawn(60, 0.3)
    states = random_states(network, 6, np.random.default_rng(2))
    together = reinforced(network, states, limit=200)
    for p in range(6):
        alone = reinforced(network, states[p : p + 1], limit=200)
        assert (alone.period[0], alone.sweeps[0]) == (together.period[p], together.sweeps[p])
        if alone.fixed[0]:
            assert np.array_equal(alone.states[0], together.states[p])


def test_impossible_values_are_refused() -> None:
    network = drawn(5, 0.5)
    states = np.ones((2, 5), dtype=np.int8)
    with pytest.raises(BadInput, match=r"external has shape \(2, 4\); allowed: .* \(2, 5\)"):
        reinforced(network, states, external=np.zeros((2, 4)))
    with pytest.raises(BadInput, match=r"states have shape \(2, 4\); allowed: \(patterns, 5\)"):
        reinforced(network, states[:, 1:])
    with pytest.raises(BadInput, match="limit is 0"):
        reinforced(network, states, limit=0)
    with pytest.raises(BadInput, match="rate is 1; allowed: above 0, below 1"):
        reinforced(network, states, rate=1)
