"""The membrane of a step simulator: what is left in it from one step to the next."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spinspike.arrays import BoolArray, IntArray

from .codec import BIAS_LIMIT
from .graph import SynapseGraph
from .registers import bias_range, synaptic_reach

WEIGHT_UNIT = 64  # the membrane counts in 1/64 weight units
LEAK_SHIFT = 12  # a decay of 4095/4096 leaves |v| >> 12 of the membrane


def leak(membrane: IntArray) -> IntArray:
    """What a step leaves of a membrane, rounded toward zero."""
    return np.asarray(np.sign(membrane) * (np.abs(membrane) >> LEAK_SHIFT))


def step(membrane: IntArray, field: IntArray) -> tuple[BoolArray, IntArray]:
    """Spikes and membranes after one step of the chip under the field x, each (B, N).

    v <- sgn(v) (|v| >> 12) + 64 x, spike and v <- 0 where v > 0.
    """
    v = leak(membrane) + WEIGHT_UNIT * field
    fired = v > 0
    return fired, np.where(fired, 0, v)


def lowest(graph: SynapseGraph) -> IntArray:
    """Lowest membrane that any history from silence can leave in each neuron, at most 0; (N,).

    The lowest field has every inhibitory synapse active and the lowest bias of all images, or is
    that of the first step, when the units may be forced by the lowest bias there is and nothing
    but the input has spiked. Held for ever, it is the lowest of all membranes.
    """
    given = replace(graph, projections=tuple(p for p in graph.projections if p.role == "input"))
    lowest_bias = np.maximum(bias_range(graph)[0].astype(np.int64), -BIAS_LIMIT)
    later, first = synaptic_reach(graph)[1] - lowest_bias, synaptic_reach(given)[1] + BIAS_LIMIT
    field = np.minimum(-np.maximum(later, first), 0)
    membrane = np.zeros_like(field)
    while ((after := leak(membrane) + WEIGHT_UNIT * field) != membrane).any():
        membrane = after
    return membrane


def switch_on_latency(graph: SynapseGraph) -> IntArray:
    """How much more field than 1 switches each neuron on, whatever its history; (N,).

    With r = |v| >> 12 the residue, 64 x - r > 0 asks for x >= 1 + floor(r / 64). It is 0 where
    no field can reach -4096.
    """
    return np.abs(leak(lowest(graph))) // WEIGHT_UNIT
