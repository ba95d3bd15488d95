"""What becomes of a fixed point when some of its units are wrong, step by step on the chip."""

from __future__ import annotations

import numpy as np

from spinspike.arrays import BoolArray, IntArray
from spinspike.mapping.graph.codec import external_field, neuron_spikes
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.graph.membrane import WEIGHT_UNIT, step
from spinspike.mapping.graph.wiring import wiring
from spinspike.model.network.fixed_points import FixedPoints

STEPS = 50  # granted to come back
NEURONS_PER_BATCH = 2**22  # neurons simulated at a time


def recovers(
    graph: SynapseGraph,
    point: FixedPoints,
    flips: BoolArray,
    left: IntArray,
    *,
    steps: int = STEPS,
) -> tuple[BoolArray, BoolArray]:
    """Whether one fixed point is back after one step, and within several; each (B,).

    Parameters
    ----------
    graph : SynapseGraph
    point : FixedPoints
        Just one.
    flips : (B, H)
        Units all of whose neurons are wrong in one step.
    left : (N,)
        Membranes of the neurons that should have spiked in it and did not, at most 0: 0, or the
        worst, `membrane.lowest`.
    steps : int
    """
    target, synapses = neuron_spikes(graph, point.states), wiring(graph)
    external = graph.bias + external_field(graph, point.inputs)
    usual = np.minimum(WEIGHT_UNIT * (synapses.field(target) + external), 0)
    now, later = (np.zeros(len(flips), dtype=np.bool_) for _ in range(2))
    at_once = max(1, NEURONS_PER_BATCH // graph.neurons)
    for start in range(0, len(flips), at_once):
        wrong = flips[start : start + at_once, graph.io.unit]
        spikes = target ^ wrong
        membrane = np.where(spikes, 0, np.where(wrong, left, usual))
        which = np.arange(start, start + len(wrong))
        for number in range(steps):
            old_spikes, old_membrane = spikes, membrane
            spikes, membrane = step(membrane, synapses.field(spikes) + external)
            back = (spikes == target).all(axis=1)
            later[which[back]] = True
            if number == 0:
                now[which[back]] = True
            still = (spikes == old_spikes).all(axis=1) & (membrane == old_membrane).all(axis=1)
            going = ~(back | still)
            if not going.any():
                break
            which, spikes, membrane = which[going], spikes[going], membrane[going]
    return now, later
