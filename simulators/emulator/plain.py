"""The chip's integer arithmetic as one would write it down: the oracle of `step`."""

from __future__ import annotations

import numpy as np

from spinspike.arrays import BoolArray, IntArray
from spinspike.mapping.graph.fields import input_field, supervisory_field
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.simulators.base import Phases, Stimulus


def run(graph: SynapseGraph, stimulus: Stimulus, phases: Phases) -> tuple[BoolArray, IntArray]:
    """Spikes (T, B, N), and membranes of the readout (B, C) at the end, each pattern from silence.

    A neuron's sum x of weights that arrive, bias included, gives

        v <- sgn(v) (|v| >> 12) + 64 x,   spike and v <- 0 where v > 0,

    and a spike of step t arrives in step t + 1 + delay. Readout neurons never spike.

    Parameters
    ----------
    graph : SynapseGraph
    stimulus : Stimulus
    phases : Phases

    References
    ----------
    lava-nc 0.10.0, ``lava/proc/lif/models.py``, ``PyLifModelBitAcc``.
    """
    place = graph.slices()
    size = {name: slice(0, graph.sizes[name]) for name in graph.sizes}
    spikes = np.zeros((phases.total + 1, *stimulus.bias.shape), dtype=np.bool_)
    v = np.zeros(stimulus.bias.shape, dtype=np.int64)
    read = np.zeros((len(v), len(graph.io.readout_bias)), dtype=np.int64)
    for t in range(1, phases.total + 1):
        levels, bias = stimulus.levels, stimulus.bias
        if t == 1:
            levels, bias = stimulus.first_levels, stimulus.first_bias
        x, score = (
            bias + input_field(graph, levels),
            np.tile(graph.io.readout_bias, (len(v), 1)),
        )
        if phases.cue < t <= phases.release:
            x = x + supervisory_field(graph, stimulus.supervisor)
        for p in graph.projections:
            if p.source in place and t > p.delay:
                weights = p.matrix(graph.sizes[p.source]).astype(np.int64) * (
                    p.sign * 2**p.exponent
                )
                arriving = spikes[t - 1 - p.delay][:, place[p.source]] @ weights.T
                if p.target in place:
                    x[:, place[p.target]] += arriving
                else:
                    score[:, size[p.target]] += arriving
        v = np.sign(v) * (np.abs(v) >> 12) + 64 * x
        read = np.sign(read) * (np.abs(read) >> 12) + 64 * score
        spikes[t] = v > 0
        v[spikes[t]] = 0
    return spikes[1:], read
