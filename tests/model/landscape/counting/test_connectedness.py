"""Components, clusters and paths against networkx on enumerated fixed points, and latches."""

from __future__ import annotations

from itertools import combinations

import networkx as nx
import numpy as np
import pytest
from numpy.typing import NDArray

from spinspike.errors import BadInput
from spinspike.model.landscape.counting.connectedness import cluster, components, path
from spinspike.model.landscape.counting.enumeration import fixed_points
from spinspike.model.landscape.counting.planted import planted
from spinspike.model.network.import_arrays import from_arrays
from spinspike.model.network.network import Network

pytestmark = pytest.mark.numba

Spins = NDArray[np.int8]


def joined(states: Spins, moves: int) -> nx.Graph:
    graph = nx.Graph()
    graph.add_nodes_from(range(len(states)))
    near = [
        (a, b)
        for a, b in combinations(range(len(states)), 2)
        if (states[a] != states[b]).sum() <= moves
    ]
    graph.add_edges_from(near)
    return graph


def latches(units: int) -> Network:
    ends = np.ones((units, 1)), np.ones((units, 2)), np.ones((2, units))
    return from_arrays(np.eye(units), *ends)


@pytest.fixture(scope="module")
def landscape() -> tuple[Network, Spins]:
    """A network of 11 units with clusters of several sizes, and its fixed points."""
    network, _ = planted(11, 0.5, np.random.default_rng(1))
    return network, fixed_points(network)


@pytest.mark.parametrize("moves", [1, 2, 3])
def test_components_are_those_of_networkx(landscape: tuple[Network, Spins], moves: int) -> None:
    states = np.random.default_rng(moves).permutation(landscape[1])
    labels = components(states, moves)
    expected = {frozenset(part) for part in nx.connected_components(joined(states, moves))}
    assert {frozenset(np.flatnonzero(labels == n).tolist()) for n in range(labels.max() + 1)} == (
        expected
    )
    assert (np.diff(np.bincount(labels)) <= 0).all()  # the largest comes first
    assert moves == 3 or len(expected) > 2


def test_components_of_sixty_units() -> None:
    states = np.ones((4, 60), dtype=np.int8)
    states[1, 59] = states[2, :2] = states[3, :5] = -1
    assert components(states, 1)[:2].tolist() == [0, 0]
    assert sorted(components(states, 1)[2:]) == [1, 2]
    assert components(states, 3).tolist() == [0, 0, 0, 0]
    with pytest.raises(BadInput, match="states have 63 units; allowed: up to 62"):
        components(np.ones((1, 63), dtype=np.int8), 1)


@pytest.mark.parametrize("moves", [1, 2])
def test_clusters_are_components(landscape: tuple[Network, Spins], moves: int) -> None:
    network, states = landscape
    labels = components(states, moves)
    for label in range(min(int(labels.max()) + 1, 4)):
        members = states[labels == label]
        found = cluster(network, members[0], moves=moves)
        assert found.complete
        assert {s.tobytes() for s in found.states} == {s.tobytes() for s in members}
        assert found.farthest == (members != members[0]).sum(axis=1).max()


@pytest.mark.parametrize("moves", [1, 2])
def test_paths_lead_wherever_states_are_connected(
    landscape: tuple[Network, Spins], moves: int
) -> None:
    network, states = landscape
    labels = components(states, moves)
    rng = np.random.default_rng(7)
    arrived = 0
    for start, goal in rng.integers(0, len(states), size=(40, 2)):
        found = path(network, states[start], states[goal], moves=moves)
        assert found.complete
        assert (found.distance == 0) == (labels[start] == labels[goal])
        assert (found.states[0] == states[start]).all()
        assert (found.states[-1] != states[goal]).sum() == found.distance
        steps = (found.states[1:] != found.states[:-1]).sum(axis=1)
        assert ((steps >= 1) & (steps <= moves)).all()
        held = {s.tobytes() for s in states}
        assert all(s.tobytes() in held for s in found.states)
        if found.distance:  # all of the component was met, and none of it is nearer
            members = states[labels == labels[start]]
            assert found.visited == len(members)
            assert found.distance == (members != states[goal]).sum(axis=1).min()
        arrived += found.distance == 0
    assert 0 < arrived < 40


def test_latches_are_connected_and_limits_are_told() -> None:
    up = np.ones(8, dtype=np.int8)
    whole = cluster(latches(8), up, limit=256)
    assert (len(whole.states), whole.farthest, whole.complete) == (256, 8, True)
    part = cluster(latches(8), up, limit=255)
    assert (len(part.states), part.complete) == (255, False)
    assert part.states[0].tolist() == up.tolist()
    direct = path(latches(8), up, -up, moves=3)
    assert (len(direct.states), direct.distance, direct.complete) == (4, 0, True)
    short = path(latches(8), up, -up, limit=3)
    assert (len(short.states), short.distance, short.complete) == (4, 5, False)


def test_an_input_decides_what_is_connected() -> None:
    """Under an external field stronger than J_D a latch holds one state alone."""
    up, external = np.ones(4, dtype=np.int8), np.array([0.0, 0.0, 2.0, 2.0])
    found = cluster(latches(4), up, external=external)
    assert len(found.states) == 4
    assert (found.states[:, 2:] == 1).all()


def test_bad_values_are_refused() -> None:
    network = from_arrays(np.ones((4, 4)), np.ones((4, 1)), np.eye(4), np.eye(4))
    up = np.ones(4, dtype=np.int8)
    mixed = np.array([1, 1, 1, -1], dtype=np.int8)
    with pytest.raises(BadInput, match=r"of shape \(4,\) is no fixed point"):
        cluster(network, mixed)
    with pytest.raises(BadInput, match=r"of shape \(4,\) is no fixed point"):
        path(network, up, mixed)
    with pytest.raises(BadInput, match=r"of shape \(3,\) is no fixed point"):
        cluster(network, up[:3])
    with pytest.raises(BadInput, match="moves is 0 flips; allowed: 1 or more"):
        cluster(network, up, moves=0)
    with pytest.raises(BadInput, match="moves is 0 flips; allowed: 1 or more"):
        components(np.ones((1, 4), dtype=np.int8), 0)
    with pytest.raises(BadInput, match="limit is 0 fixed points; allowed: 1 or more"):
        path(network, up, -up, limit=0)
