"""The chip's integer arithmetic in NumPy, whole batches at once: the oracle of step simulators."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinspike.mapping.codec import unit_states
from spinspike.mapping.graph import SynapseGraph
from spinspike.mapping.matrix import supervisory_matrix, weight_matrix

from .base import Progress, Protocol, Recording, Regime, Stimulus

WEIGHT_UNIT = 64  # the membrane counts in 1/64 weight units
LEAK_SHIFT = 12  # a decay of 4095/4096 leaves |v| >> 12 of the membrane


@dataclass(frozen=True)
class Emulator:
    """Runs a graph exactly as fixed-point LIF neurons with decays of 4095/4096 would.

    With v the membrane in 1/64 weight units,

        v <- sgn(v) (|v| >> 12) + 64 x,   spike and v <- 0 where v > 0.

    Since v <= 0 after every step, the residue only ever delays switching on.

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
        # exact: sums of fewer than 2**24 in single precision
        weights = weight_matrix(graph).toarray().astype(np.float32).T
        signal = stimulus.supervisor @ supervisory_matrix(graph).T.toarray()
        spikes = np.zeros((protocol.total, *stimulus.bias.shape), dtype=np.bool_)
        membrane = np.zeros(stimulus.bias.shape, dtype=np.int64)
        strength = np.abs(signal).sum(axis=1)
        supervisory = np.zeros((protocol.total, len(signal)))
        for step in range(1, protocol.total + 1):
            if step == 1:
                x = stimulus.first_bias.copy()
            else:
                x = _field(spikes[step - 2], weights) + stimulus.bias
            if protocol.cue < step <= protocol.release:
                x += signal
                supervisory[step - 1] = strength
            membrane = -((-membrane) >> LEAK_SHIFT) + WEIGHT_UNIT * x
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
        )


def _field(spikes: NDArray[np.bool_], weights: NDArray[np.float32]) -> NDArray[np.int64]:
    return (spikes.astype(np.float32) @ weights).astype(np.int64)
