"""What can be proved of a mapped fixed point by integer arithmetic alone."""

from __future__ import annotations

import numpy as np

from spinspike.arrays import BoolArray, IntArray
from spinspike.mapping.graph.codec import external_field, neuron_spikes
from spinspike.mapping.graph.fields import field_of
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.model.network.fixed_points import FixedPoints

MARGINS_PER_BATCH, LEAST_PATTERNS = 2**21, 16  # margins in memory at a time, and patterns


def integer_margins(graph: SynapseGraph, points: FixedPoints) -> IntArray:
    """Integer margin of every neuron in every state, (P, N).

    With x the integer field without supervisory signal, the margin is x where the neuron spikes
    and 1 - x where it is silent. The leak residue of a threshold neuron is at most zero, and zero
    after a spike, so it cannot break a state whose margins are all at least 1.

    Parameters
    ----------
    graph : SynapseGraph
    points : FixedPoints
        P states of the graph's H units.
    """
    spikes = neuron_spikes(graph, points.states)
    x = field_of(graph, spikes) + external_field(graph, points.inputs) + graph.bias
    return np.asarray(np.where(spikes, x, 1 - x), dtype=np.int64)


def certified(graph: SynapseGraph, points: FixedPoints) -> BoolArray:
    """Whether each state is a fixed point of the graph for certain: all margins >= 1; (P,).

    Parameters
    ----------
    graph : SynapseGraph
    points : FixedPoints
        P states of the graph's H units.
    """
    return np.asarray(weakest_units(graph, points)[0] >= 1)


def weakest_units(graph: SynapseGraph, points: FixedPoints) -> tuple[IntArray, IntArray]:
    """Smallest integer margin of each state and the unit it belongs to, each (P,).

    Parameters
    ----------
    graph : SynapseGraph
    points : FixedPoints
        P states of the graph's H units.
    """
    smallest = np.empty(len(points), dtype=np.int64)
    units = np.empty(len(points), dtype=np.int64)
    at_once = max(LEAST_PATTERNS, MARGINS_PER_BATCH // graph.neurons)
    for start in range(0, len(points), at_once):
        rows = slice(start, start + at_once)
        found = integer_margins(graph, points.select(rows))
        neuron = found.argmin(axis=1)
        smallest[rows] = found[np.arange(len(found)), neuron]
        units[rows] = graph.io.unit[neuron]
    return smallest, units
