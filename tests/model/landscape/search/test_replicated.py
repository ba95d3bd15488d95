"""Copies that attract each other: their field by its formula, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from spinspike.errors import BadInput
from spinspike.model.landscape.search.convergence import converge, random_states
from spinspike.model.landscape.search.replicated import replicas, replicated
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.dynamics import field, input_field, predict
from spinspike.model.network.import_arrays import from_arrays
from spinspike.model.network.network import Network, random_network


@pytest.mark.parametrize("modules", [1, 2])
def test_each_copy_feels_itself_and_the_mean_of_the_others(
    modules: int, modular: Callable[[int], Iterator[Network]]
) -> None:
    for network in modular(modules):
        H, rng = network.units, np.random.default_rng(0)
        joined = replicas(network, 3, 0.7)
        states, inputs = random_states(joined, 5, rng), rng.random((5, network.inputs))
        found = field(joined, states, input_field(joined, inputs)).reshape(5, 3, H)
        copies = states.reshape(5, 3, H)
        own = input_field(network, inputs)
        for a in range(3):
            others = (copies.sum(axis=1) - copies[:, a]) / 2
            expected = field(network, copies[:, a], own) + 0.7 * others
            assert found[:, a] == pytest.approx(expected)
        same = np.tile(copies[:, 0], 3)
        assert np.array_equal(predict(joined, same), predict(network, copies[:, 0]))
        assert joined.modules == network.modules * 3


def test_strong_attraction_makes_the_copies_one() -> None:
    network, rng = drawn(40, 0.3), np.random.default_rng(0)
    joined = replicas(network, 3, 50.0)
    ends = converge(
        joined, random_states(joined, 5, rng), order="asynchronous", rng=rng, device="numpy"
    )
    copies = ends.states.reshape(5, 3, 40)
    assert ends.fixed.all()
    assert (copies == copies[:, :1]).all()


def drawn(units: int, self_coupling: float) -> Network:
    architecture = Architecture(
        units=units, inputs=1, classes=2, self_coupling=self_coupling, sparsity=0.0
    )
    return random_network(architecture, np.random.default_rng(0), centre=np.zeros(1))


def test_the_majority_is_what_is_released() -> None:
    """Attraction 9 overrules self-couplings of .5: every unit ends where two of three began."""
    latches = from_arrays(0.5 * np.eye(30), np.ones((30, 1)), np.ones((30, 2)), np.ones((2, 30)))
    start = np.ones((4, 30), dtype=np.int8)
    found = replicated(latches, start, rng=np.random.default_rng(3), attraction=9.0, device="numpy")
    others = random_states(latches, 8, np.random.default_rng(3)).reshape(4, 2, 30)
    assert found.fixed.all()
    assert np.array_equal(found.states, np.sign(1 + others.sum(axis=1)))


def test_sweeps_stay_within_the_limit() -> None:
    network, rng = drawn(150, 0.2), np.random.default_rng(0)
    for limit in (32, 100):
        found = replicated(
            network, random_states(network, 3, rng), rng=rng, limit=limit, device="numpy"
        )
        assert not found.fixed.any()
        assert (found.sweeps <= limit).all()
        assert (found.sweeps >= limit // 2).all()


def test_impossible_values_are_refused() -> None:
    network, rng = drawn(5, 0.5), np.random.default_rng(0)
    states = np.ones((2, 5), dtype=np.int8)
    with pytest.raises(BadInput, match="copies is 1; allowed: 2 or more"):
        replicas(network, 1, 0.5)
    with pytest.raises(BadInput, match="copies is 4; allowed: an odd number, 3 or more"):
        replicated(network, states, rng=rng, copies=4)
    with pytest.raises(BadInput, match="limit is 31 sweeps; allowed: 32 or more"):
        replicated(network, states, rng=rng, limit=31)
    with pytest.raises(BadInput, match=r"attraction is 0\.0; allowed: above 0"):
        replicated(network, states, rng=rng, attraction=0.0)


def test_what_is_released_is_the_majority_of_the_copies() -> None:
    """Latches stay where they started, however weakly they are drawn to each other."""
    latches = from_arrays(np.eye(8), np.ones((8, 1)), np.ones((8, 2)), np.ones((2, 8)))
    start = random_states(latches, 5, np.random.default_rng(1))
    others = random_states(latches, 10, np.random.default_rng(2)).reshape(5, 2, 8)
    found = replicated(latches, start, rng=np.random.default_rng(2), attraction=1e-6)
    majority = np.where(start + others.sum(axis=1) > 0, 1, -1)
    assert (majority != start).any()
    np.testing.assert_array_equal(found.states, majority)
