"""Integer margins neuron by neuron, and that a certified state is one that never moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spinspike.mapping.certificate import certified, integer_margins, weakest_units
from spinspike.mapping.dale import dale
from spinspike.mapping.graph import SynapseGraph
from spinspike.mapping.quantise import quantise
from spinspike.model.fixed_points import FixedPoints
from spinspike.model.network import Network
from spinspike.model.own_network import from_arrays

SmallNetworks = Callable[..., Iterator[Network]]
States = Callable[[int], NDArray[np.int8]]


def points_of(network: Network, states: NDArray[np.int8]) -> FixedPoints:
    inputs = np.random.default_rng(0).random((len(states), network.centre.size))
    return FixedPoints(inputs, np.zeros(len(states), dtype=np.int64), states)


def margins_in_loops(graph: SynapseGraph, table: Any, points: FixedPoints) -> list[list[int]]:
    """X where the neuron spikes, 1 - x where it is silent; everything one neuron at a time."""
    ends, rows = graph.ends, []
    for image, state in zip(points.inputs, points.states.tolist(), strict=True):
        row = []
        for k in range(graph.neurons):
            given = ends.scale[k % graph.units] * sum(
                w * ends.gain * (x - c)
                for w, x, c in zip(
                    ends.input_weight[k % graph.units], image, ends.centre, strict=True
                )
            )
            x = round(given) + int(graph.offset[k])
            x += sum(
                int(table.weight[k, j]) for j in range(graph.neurons) if state[j % graph.units] > 0
            )
            row.append(x if state[k % graph.units] > 0 else 1 - x)
        rows.append(row)
    return rows


def test_margins_neuron_by_neuron(
    small_networks: SmallNetworks, every_state: States, by_hand: Callable[[SynapseGraph], Any]
) -> None:
    for network in small_networks():
        graph = dale(network, weight_bits=5)
        points = points_of(network, every_state(6))
        expected = margins_in_loops(graph, by_hand(graph), points)
        assert integer_margins(graph, points).tolist() == expected
        weakest, unit = weakest_units(graph, points)
        for p, row in enumerate(expected):
            assert weakest[p] == min(row)
            assert unit[p] == row.index(min(row)) % 6
        assert certified(graph, points).tolist() == [min(row) >= 1 for row in expected]


def test_certified_are_exactly_the_fixed_points_of_the_rounded_network(
    small_networks: SmallNetworks, every_state: States
) -> None:
    """By enumeration in spins: s_i = sign(sum_j w_ij s_j + d_i s_i + 2 u_i) for all i."""
    count = 0
    for network in small_networks(seeds=6):
        graph, integers = dale(network), quantise(network)
        points = points_of(network, every_state(6))
        total = integers.coupling.toarray() + np.diag(integers.self_coupling)
        inputs = (points.inputs - network.centre) * network.gain @ network.input_weight.toarray().T
        field = points.states.astype(np.int64) @ total.T
        field = field + 2 * np.rint(inputs * integers.scale).astype(np.int64)
        fixed = (np.where(field >= 0, 1, -1) == points.states).all(axis=1)
        np.testing.assert_array_equal(certified(graph, points), fixed)
        count += int(fixed.sum())
    assert count > 0


def test_almost_all_learned_states_are_certified(graph: SynapseGraph) -> None:
    for points in graph.fixed_points.values():
        assert certified(graph, points).mean() > 0.98


def test_a_flipped_unit_or_a_changed_bias_loses_the_certificate(graph: SynapseGraph) -> None:
    points = graph.fixed_points["learned"].select(slice(0, 50))
    points = points.select(certified(graph, points))
    weakest, unit = weakest_units(graph, points)
    before = integer_margins(graph, points)
    # a bias lowered by its margin lets an up neuron fall silent, and spares all others
    for p in range(5):
        neuron = int(np.argmin(before[p]))
        up = points.states[p, unit[p]] > 0
        offset = graph.offset.copy()
        offset[neuron] += -weakest[p] if up else weakest[p]
        only = points.select(np.array([p]))
        assert not certified(replace(graph, offset=offset), only).any()
        offset[neuron] -= -1 if up else 1
        assert certified(replace(graph, offset=offset), only).all()


def test_margins_tell_by_how_much_a_tie_holds() -> None:
    """Fields of exactly zero hold a unit that is up by 1, and do not hold one that is down."""
    network = from_arrays(
        J=np.zeros((2, 2)),
        Win=np.zeros((2, 1)),
        Wback=np.zeros((2, 2)),
        Wout=np.zeros((2, 2)),
        centre=np.zeros(1),
        gain=1.0,
        input_range=(0.0, 1.0),
    )
    points = points_of(network, np.array([[1, 1], [1, -1]], dtype=np.int8))
    graph = dale(network)
    assert integer_margins(graph, points).tolist() == [[1, 1, 1, 1], [1, 0, 1, 0]]
    assert certified(graph, points).tolist() == [True, False]


def test_no_states_have_no_margins(graph: SynapseGraph) -> None:
    none = graph.fixed_points["free"].select(slice(0, 0))
    assert integer_margins(graph, none).shape == (0, 200)
    assert certified(graph, none).shape == (0,)


@pytest.mark.parametrize("run", ["learned", "free"])
def test_both_runs_are_carried_along(graph: SynapseGraph, run: str) -> None:
    assert len(graph.fixed_points[run]) > 300
