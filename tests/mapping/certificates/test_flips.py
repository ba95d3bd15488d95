"""Flips that are corrected, and those that are not, in graphs small enough to see it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest

from spinspike.mapping.certificates.flips import certified_flips, certified_sets, losses, room_of
from spinspike.mapping.certificates.margins import integer_margins
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.graph.relay import without_autapses
from spinspike.model.network.fixed_points import FixedPoints

ByDrawing = Callable[..., SynapseGraph]


def at(*state: int) -> FixedPoints:
    spins = np.array([state], dtype=np.int8)
    return FixedPoints(np.zeros((1, 1)), np.zeros(1, dtype=np.int64), spins)


def drawn(by_drawing: ByDrawing, weight: object, offset: list[int]) -> SynapseGraph:
    """One neuron for each unit, and positive and negative weights between them."""
    whole = np.array(weight)
    wires = [
        (f"S>S:coupling{sign}", np.maximum(part, 0).astype(np.uint8))
        for sign, part in (("+", whole), ("-", -whole))
    ]
    return by_drawing({"S": (len(whole), "threshold")}, *wires, bias=offset)


def test_a_latch_corrects_nothing(by_drawing: ByDrawing) -> None:
    """It holds both of its states, so a flip is for ever; a certificate must not say otherwise."""
    latch = drawn(by_drawing, [[10]], [-5])
    for state in (1, -1):
        points = at(state)
        margins = integer_margins(latch, points)
        assert (margins >= 1).all()
        found = certified_flips(latch, points, margins)
        assert found.single.tolist() == [[False]]
        assert found.radius.tolist() == [0]


def test_a_majority_by_hand(by_drawing: ByDrawing) -> None:
    """Five units excite each other with 2 each, bias -3: up, x = 5, margin 5; each flip takes 2.

    Two flips take 4 and are corrected, three take 6 and are not; of the three themselves each
    loses just 4.
    """
    ring = drawn(by_drawing, 2 * (1 - np.eye(5)), [-3] * 5)
    points = at(1, 1, 1, 1, 1)
    found = certified_flips(ring, points, integer_margins(ring, points))
    assert found.single.all()
    assert found.double.tolist() == [1.0]
    assert found.counted.all()
    assert found.radius.tolist() == [2]


def test_pairs_by_hand(by_drawing: ByDrawing) -> None:
    """Neuron 0 receives 1, 2, 3, 4 and has margin 7: only the pair that takes 3 + 4 fails there.

    The others receive nothing and have a bias that holds them.
    """
    weight = np.zeros((5, 5))
    weight[0, 1:] = 1, 2, 3, 4
    fan = drawn(by_drawing, weight, [-3, 1, 1, 1, 1])
    points = at(1, 1, 1, 1, 1)
    margins = integer_margins(fan, points)
    assert margins.tolist() == [[7, 1, 1, 1, 1]]
    found = certified_flips(fan, points, margins)
    assert found.single.all()
    assert found.double.tolist() == [pytest.approx(9 / 10)]
    assert found.radius.tolist() == [1]


def test_what_a_flip_gives_is_not_counted(by_drawing: ByDrawing) -> None:
    """Units 1 and 2 wrong together change nothing, yet once 2 is right again 1 alone is too much."""
    weight = np.zeros((3, 3))
    weight[0, 1:] = 4, -4
    pair = drawn(by_drawing, weight, [1, 1, 1])
    points = at(1, 1, 1)
    margins = integer_margins(pair, points)
    assert margins.tolist() == [[1, 1, 1]]
    found = certified_flips(pair, points, margins)
    assert found.single.tolist() == [[True, False, True]]
    assert found.double.tolist() == [pytest.approx(1 / 3)]  # 0 and 2


def test_a_late_neuron_needs_more(by_drawing: ByDrawing) -> None:
    """Up to 8160 of inhibition can leave v >> 12 = 127, so a missing spike needs x = 2, not 1."""
    strong = np.array([[0, 255], [0, 0]], dtype=np.uint8)
    for bias, corrected in ((2, True), (1, False)):
        wire = ("S>S:coupling-", strong, 5)
        graph = by_drawing({"S": (2, "threshold")}, wire, bias=[bias, 0])
        points = at(1, -1)
        margins = integer_margins(graph, points)
        assert margins.tolist() == [[bias, 1]]
        found = certified_flips(graph, points, margins)
        assert found.single.tolist() == [[corrected, False]]  # 8160 is more than unit 0 bears


def test_twins_and_relays_count_once(graph: SynapseGraph) -> None:
    """A relay is one more twin: the certificates are the same, and so is the work."""
    points = graph.fixed_points["learned"].select(slice(40))
    relays = without_autapses(graph)
    entries = losses(graph)
    assert np.unique(entries.neuron).size <= graph.units < graph.neurons
    assert losses(relays).weight.size == entries.weight.size
    one = certified_flips(graph, points, integer_margins(graph, points))
    other = certified_flips(relays, points, integer_margins(relays, points))
    np.testing.assert_array_equal(one.single, other.single)
    np.testing.assert_array_equal(one.double, other.double)
    np.testing.assert_array_equal(one.radius, other.radius)


def test_pairs_of_a_trained_graph_one_by_one(graph: SynapseGraph) -> None:
    points = graph.fixed_points["learned"].select(slice(5))
    margins = integer_margins(graph, points)
    found = certified_flips(graph, points, margins)
    entries, units = losses(graph), graph.units
    rooms = room_of(entries, margins)
    pairs = np.zeros((units * (units - 1) // 2, units), dtype=np.bool_)
    for row, pair in zip(pairs, combinations(range(units), 2), strict=True):
        row[list(pair)] = True
    for p in range(len(points)):
        one_by_one = certified_sets(entries, points.states[p], rooms[p], pairs)
        assert found.double[p] == pytest.approx(one_by_one.mean())
