"""The membrane in whole numbers, one neuron at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from spinspike.mapping.graph.codec import external_field, neuron_spikes
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.graph.membrane import leak, lowest, step, switch_on_latency
from spinspike.mapping.graph.wiring import wiring


def after(membrane: int, field: int) -> tuple[bool, int]:
    """One neuron as lava's bit-accurate LIF computes it: decay by 4095/4096 toward zero, add."""
    kept = membrane - (1 if membrane > 0 else -1) * ((abs(membrane) * 4095 + 4095) // 4096)
    v = kept + 64 * field
    return v > 0, min(v, 0)


def test_a_decay_leaves_a_4096th() -> None:
    values = np.array([0, 1, 4095, 4096, 8191, 2**23 - 1])
    assert leak(values).tolist() == [v // 4096 for v in values.tolist()]
    assert leak(-values).tolist() == [-(v // 4096) for v in values.tolist()]


def test_steps_neuron_by_neuron(
    graph: SynapseGraph, by_hand: Callable[[SynapseGraph], Any]
) -> None:
    """Three steps from random spikes and membranes, low ones included."""
    points = graph.fixed_points["learned"].select(slice(3))
    rng, weight = np.random.default_rng(0), by_hand(graph).weight
    external = graph.bias + external_field(graph, points.inputs)
    spikes = neuron_spikes(graph, points.states) ^ (rng.random((3, graph.neurons)) < 0.2)
    membrane = np.where(spikes, 0, -rng.integers(0, 2**20, spikes.shape))
    for _ in range(3):
        fields = spikes.astype(np.int64) @ weight.T + external
        expected = [
            [after(int(v), int(x)) for v, x in zip(*row, strict=True)]
            for row in zip(membrane, fields, strict=True)
        ]
        spikes, membrane = step(membrane, wiring(graph).field(spikes) + external)
        assert spikes.tolist() == [[fired for fired, _ in row] for row in expected]
        assert membrane.tolist() == [[v for _, v in row] for row in expected]


@pytest.mark.parametrize(
    ("inhibition", "bias", "field"),
    [(0, 0, -4095), (0, 100, -4095), (200, -4000, -4200), (8160, -1, -8161), (8160, 4095, -4095)],
)
def test_the_lowest_membrane_and_what_it_costs(
    by_drawing: Callable[..., SynapseGraph], inhibition: int, bias: int, field: int
) -> None:
    """The lowest field held for ever; and by search how much field then brings the spike at once.

    The first step can force a unit down by a bias of -4095, whatever its synapses.
    """
    exponent = 5 if inhibition > 255 else 0
    weight = np.array([[inhibition >> exponent]], dtype=np.uint8)
    wires = [("S>S:coupling-", weight, exponent)] if inhibition else []
    graph = by_drawing({"S": (1, "threshold")}, *wires, bias=[bias])
    membrane = 0
    for _ in range(10):
        membrane = after(membrane, field)[1]
    assert lowest(graph).tolist() == [membrane]
    needed = next(x for x in range(1, 100) if after(membrane, x)[0])
    assert switch_on_latency(graph).tolist() == [needed - 1]
