"""Flipped units on the chip: one step and many, against whole numbers worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from spinspike.mapping.certificates import recovery
from spinspike.mapping.certificates.recovery import recovers
from spinspike.mapping.graph.codec import bias, neuron_spikes
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.graph.membrane import lowest
from spinspike.model.network.fixed_points import FixedPoints

ByDrawing = Callable[..., SynapseGraph]


def chain(by_drawing: ByDrawing) -> SynapseGraph:
    """Unit 0 is held up by its bias, 1 by unit 0, 2 by unit 1."""
    weight = np.array([[0, 0, 0], [9, 0, 0], [0, 9, 0]], dtype=np.uint8)
    return by_drawing({"S": (3, "threshold")}, ("S>S:coupling+", weight), bias=[5, -4, -4])


def up(*units: int) -> FixedPoints:
    return FixedPoints(np.zeros((1, 1)), np.array([0]), np.array([units], dtype=np.int8))


def test_a_flip_that_travels_comes_back_later(by_drawing: ByDrawing) -> None:
    """Unit 0 is right at once, yet has missed a spike: 1 falls, then 2; all is well in step 3."""
    graph, flips = chain(by_drawing), np.eye(3, dtype=np.bool_)
    left = np.zeros(3, dtype=np.int64)
    for steps, later in ((1, [False, False, True]), (2, [False, True, True]), (3, [True] * 3)):
        now, found = recovers(graph, up(1, 1, 1), flips, left, steps=steps)
        assert now.tolist() == [False, False, True]
        assert found.tolist() == later


def test_a_latch_never_comes_back(by_drawing: ByDrawing) -> None:
    weight = np.array([[10]], dtype=np.uint8)
    latch = by_drawing({"S": (1, "threshold")}, ("S>S:coupling+", weight), bias=[-5])
    for state in (1, -1):
        now, later = recovers(latch, up(state), np.ones((1, 1), dtype=np.bool_), lowest(latch))
        assert not now.any()
        assert not later.any()


def test_what_is_left_delays_a_spike(by_drawing: ByDrawing) -> None:
    """64 x - (|v| >> 12) > 0: x = 1 bears a membrane of -64 * 4096 + 1 and nothing lower."""
    alone = by_drawing({"S": (1, "threshold")}, bias=[1])
    flip = np.ones((1, 1), dtype=np.bool_)
    for left, expected in ((-262143, True), (-262144, False)):
        now, later = recovers(alone, up(1), flip, np.array([left]))
        assert now.tolist() == [expected]
        assert later.tolist() == [True]


def test_one_step_of_a_trained_graph_by_hand(
    graph: SynapseGraph,
    by_hand: Callable[[SynapseGraph], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All single flips at once, in portions, as fields added up from single synapses have it."""
    monkeypatch.setattr(recovery, "NEURONS_PER_BATCH", 7 * graph.neurons)
    point = graph.fixed_points["learned"].select(slice(1))
    spikes = neuron_spikes(graph, point.states)
    flips = np.eye(graph.units, dtype=np.bool_)
    start = (spikes ^ flips[:, graph.io.unit]).astype(np.int64)
    x = start @ by_hand(graph).weight.T + bias(graph, point.inputs)
    expected = ((x > 0) == spikes).all(axis=1)
    now, later = recovers(graph, point, flips, np.zeros(graph.neurons, dtype=np.int64))
    np.testing.assert_array_equal(now, expected)
    assert 0 < now.sum() < len(now)
    assert (later >= now).all()
