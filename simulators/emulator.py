"""The chip's integer arithmetic in NumPy, whole batches at once: the oracle of step simulators."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinspike.mapping.codec import unit_states
from spinspike.mapping.graph import SynapseGraph
from spinspike.mapping.matrix import field_of, input_field, supervisory_field
from spinspike.mapping.membrane import WEIGHT_UNIT, leak, step

from .base import Progress, Protocol, Recording, Regime, Stimulus


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
        first = stimulus.first_bias + input_field(graph, stimulus.first_levels)
        later = stimulus.bias + input_field(graph, stimulus.levels)
        spikes = np.zeros((protocol.total, *stimulus.bias.shape), dtype=np.bool_)
        membrane = np.zeros_like(stimulus.bias)
        now = np.zeros(membrane.shape, dtype=np.bool_)
        readout = np.zeros((len(signal), len(graph.ends.readout_offset)), dtype=np.int64)
        strength = np.abs(signal).sum(axis=1)
        supervisory = np.zeros((protocol.total, len(signal)))
        for number in range(1, protocol.total + 1):
            external = first if number == 1 else later
            if protocol.cue < number <= protocol.release:
                external = external + signal
                supervisory[number - 1] = strength
            if readout.size:
                scores = field_of(graph, now, into="readout") + graph.ends.readout_offset
                readout = leak(readout) + WEIGHT_UNIT * scores
            now, membrane = step(graph, now, membrane, external)
            spikes[number - 1] = now
            if progress:
                progress(number, protocol.total)
        return Recording(
            regime=self.regime,
            times=np.arange(1.0, protocol.total + 1),
            states=unit_states(graph, spikes),
            supervisory=supervisory,
            release=float(protocol.release),
            spikes=spikes,
            readout=readout if readout.size else None,
        )
