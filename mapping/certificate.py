"""What can be proved of a mapped fixed point by integer arithmetic alone."""

from __future__ import annotations

import numpy as np

from spinspike.model.arrays import BoolArray, IntArray
from spinspike.model.fixed_points import FixedPoints

from .codec import encode, neuron_spikes
from .graph import SynapseGraph
from .matrix import weight_matrix


def integer_margins(graph: SynapseGraph, points: FixedPoints) -> IntArray:
    """Integer margin of every neuron in every state, (P, N).

    With x the integer field without supervisory signal, the margin is x where the neuron spikes
    and 1 - x where it is silent. The leak residue of a threshold neuron is at most zero, and zero
    after a spike, so it cannot break a state whose margins are all at least 1.
    """
    spikes = neuron_spikes(graph, points.states)
    x = spikes.astype(np.int64) @ weight_matrix(graph).T
    x = x + encode(graph, points.inputs) + graph.offset
    return np.asarray(np.where(spikes, x, 1 - x), dtype=np.int64)


def certified(graph: SynapseGraph, points: FixedPoints) -> BoolArray:
    """Whether each state is a fixed point of the graph for certain: all margins >= 1; (P,)."""
    return np.asarray((integer_margins(graph, points) >= 1).all(axis=1))


def weakest_units(graph: SynapseGraph, points: FixedPoints) -> tuple[IntArray, IntArray]:
    """Smallest integer margin of each state and the unit it belongs to, each (P,)."""
    found = integer_margins(graph, points)
    neuron = found.argmin(axis=1)
    return found[np.arange(len(found)), neuron], graph.ends.unit[neuron]
