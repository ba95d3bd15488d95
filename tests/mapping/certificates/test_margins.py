"""Integer margins neuron by neuron, and that a certified state is one that never moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spinspike.mapping.certificates import margins as certificate
from spinspike.mapping.certificates.margins import certified, integer_margins, weakest_units
from spinspike.mapping.graph.encoding import ENCODINGS
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.mapper import map_network
from spinspike.mapping.quantisation.quantise import quantise
from spinspike.mapping.quantisation.rounding import InputMode, Rounding
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.model.network.import_arrays import from_arrays
from spinspike.model.network.network import Network

SmallNetworks = Callable[..., Iterator[Network]]
States = Callable[[int], NDArray[np.int8]]


def points_of(network: Network, states: NDArray[np.int8]) -> FixedPoints:
    inputs = np.random.default_rng(0).random((len(states), network.centre.size))
    return FixedPoints(inputs, np.zeros(len(states), dtype=np.int64), states)


def margins_in_loops(graph: SynapseGraph, table: Any, points: FixedPoints) -> list[list[int]]:
    """X where the neuron spikes, 1 - x where it is silent; everything one neuron at a time."""
    ends, rows = graph.io, []
    for image, state in zip(points.inputs, points.states.tolist(), strict=True):
        sent = [round(x * ends.levels) for x in image] + [ends.levels]
        spikes = [
            state[i] * p > 0 for i, p in zip(ends.unit, ends.input_sign.tolist(), strict=True)
        ]
        row = []
        for k, i in enumerate(ends.unit):
            weights = ends.input_weight.toarray()[i]
            given = ends.scale[i] * sum(
                w * ends.gain * (x - c) for w, x, c in zip(weights, image, ends.centre, strict=True)
            )
            bias = round(given) * int(ends.input_sign[k]) + int(graph.bias[k])
            x = max(-4095, min(4095, bias))
            x += sum(int(w) for w, n in zip(table.weight[k], spikes, strict=True) if n)
            x += sum(int(w) * n for w, n in zip(table.input[k], sent, strict=True))
            row.append(x if spikes[k] else 1 - x)
        rows.append(row)
    return rows


@pytest.mark.parametrize("mode", ["bias", "graded"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_margins_neuron_by_neuron(
    encoding: str,
    mode: InputMode,
    small_networks: SmallNetworks,
    every_state: States,
    by_hand: Callable[[SynapseGraph], Any],
) -> None:
    for network in small_networks(seeds=2):
        graph = map_network(network, encoding=encoding, rounding=Rounding(5, mode))
        points = points_of(network, every_state(6))
        expected = margins_in_loops(graph, by_hand(graph), points)
        assert integer_margins(graph, points).tolist() == expected
        weakest, unit = weakest_units(graph, points)
        for p, row in enumerate(expected):
            assert weakest[p] == min(row)
            assert unit[p] == row.index(min(row)) % 6
        assert certified(graph, points).tolist() == [min(row) >= 1 for row in expected]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_certified_are_exactly_the_fixed_points_of_the_rounded_network(
    encoding: str, small_networks: SmallNetworks, every_state: States
) -> None:
    """By enumeration in spins: s_i = sign(sum_j w_ij s_j + 2 u_i) for all i."""
    count = 0
    for network in small_networks(seeds=6):
        graph = map_network(network, encoding=encoding)
        integers = quantise(network, encoding=ENCODINGS[encoding])
        points = points_of(network, every_state(6))
        total = sum(
            m.mantissa.toarray().astype(np.int64) * 2**m.exponent for m in integers.recurrent
        )
        inputs = (points.inputs - network.centre) * network.gain @ network.input_weight.toarray().T
        field = points.states.astype(np.int64) @ total.T
        field = field + 2 * np.rint(inputs * integers.scale).astype(np.int64)
        fixed = (np.where(field >= 0, 1, -1) == points.states).all(axis=1)
        np.testing.assert_array_equal(certified(graph, points), fixed)
        count += int(fixed.sum())
    assert count > 0


def test_portions_of_states_make_no_difference(
    graph: SynapseGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = graph.fixed_points["learned"].select(slice(50))
    whole = weakest_units(graph, points)
    monkeypatch.setattr(certificate, "MARGINS_PER_BATCH", 7 * graph.neurons)
    for one, other in zip(whole, weakest_units(graph, points), strict=True):
        np.testing.assert_array_equal(one, other)


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
        offset = graph.bias.copy()
        offset[neuron] += -weakest[p] if up else weakest[p]
        only = points.select(np.array([p]))
        assert not certified(replace(graph, bias=offset), only).any()
        offset[neuron] -= -1 if up else 1
        assert certified(replace(graph, bias=offset), only).all()


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
    graph = map_network(network)
    assert integer_margins(graph, points).tolist() == [[1, 1, 1, 1], [1, 0, 1, 0]]
    assert certified(graph, points).tolist() == [True, False]


def test_no_states_have_no_margins(graph: SynapseGraph) -> None:
    none = graph.fixed_points["free"].select(slice(0, 0))
    assert integer_margins(graph, none).shape == (0, 200)
    assert certified(graph, none).shape == (0,)


@pytest.mark.parametrize("run", ["learned", "free"])
def test_both_runs_are_carried_along(graph: SynapseGraph, run: str) -> None:
    assert len(graph.fixed_points[run]) > 300
