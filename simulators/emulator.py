"""The chip's integer arithmetic in NumPy, whole batches at once: the oracle of step simulators."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinspike.mapping.codec import unit_states
from spinspike.mapping.graph import SynapseGraph
from spinspike.mapping.matrix import field_of, input_field, supervisory_field
from spinspike.model.arrays import IntArray

from .base import Progress, Protocol, Recording, Regime, Stimulus

WEIGHT_UNIT = 64  # the membrane counts in 1/64 weight units
LEAK_SHIFT = 12  # a decay of 4095/4096 leaves |v| >> 12 of the membrane


@dataclass(frozen=True)
class Emulator:
    """Runs a graph exactly as fixed-point LIF neurons with decays of 4095/4096 would.

    With v the membrane in 1/64 weight units,

        v <- sgn(v) (|v| >> 12) + 64 x,   spike and v <- 0 where v > 0.

    Since v <= 0 after every step, the residue only ever delays switching on. Readout neurons
    have a threshold they never reach, and keep their membrane.

    References
    ----------
    lava-nc 0.10.0, ``lava/proc/lif/models.py``, ``PyLifModelBitAcc``.
    """

    name: str = "emulator"
    regime: Regime = "step"

    def run(
        self,
        graph: SynapseGraph,
        stimulus: Stimulus,
        protocol: Protocol,
        *,
        progress: Progress | None = None,
    ) -> Recording:
        """Run every pattern of the stimulus through the protocol, each from silence."""
        signal = supervisory_field(graph, stimulus.supervisor)
        given = input_field(graph, stimulus.levels)
        spikes = np.zeros((protocol.total, *stimulus.bias.shape), dtype=np.bool_)
        membrane = np.zeros(stimulus.bias.shape, dtype=np.int64)
        readout = np.zeros((len(signal), len(graph.ends.readout_offset)), dtype=np.int64)
        strength = np.abs(signal).sum(axis=1)
        supervisory = np.zeros((protocol.total, len(signal)))
        for step in range(1, protocol.total + 1):
            if step == 1:
                x = stimulus.first_bias + input_field(graph, stimulus.first_levels)
                scores = np.zeros_like(readout)
            else:
                x = field_of(graph, spikes[step - 2]) + stimulus.bias + given
                if readout.size:
                    scores = field_of(graph, spikes[step - 2], into="readout")
            if protocol.cue < step <= protocol.release:
                x += signal
                supervisory[step - 1] = strength
            membrane = _leak(membrane) + WEIGHT_UNIT * x
            readout = _leak(readout) + WEIGHT_UNIT * (scores + graph.ends.readout_offset)
            spikes[step - 1] = membrane > 0
            membrane[spikes[step - 1]] = 0
            if progress:
                progress(step, protocol.total)
        return Recording(
            regime=self.regime,
            times=np.arange(1.0, protocol.total + 1),
            states=unit_states(graph, spikes),
            supervisory=supervisory,
            release=float(protocol.release),
            spikes=spikes,
            readout=readout if readout.size else None,
        )


def _leak(membrane: IntArray) -> IntArray:
    """What a step leaves of a membrane, rounded toward zero."""
    return np.asarray(np.sign(membrane) * (np.abs(membrane) >> LEAK_SHIFT))
