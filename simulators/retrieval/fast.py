"""The emulator's arithmetic on many recalls: unit by unit, only what still moves, only the ends.

Where all neurons of a unit receive the same and have the same sign, as in the encodings ``signed``
and ``dale``, they spike alike and keep the same membrane: one of them stands for all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinspike.arrays import FloatArray, IntArray, SpinArray
from spinspike.errors import BadInput
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.graph.membrane import LEAK_SHIFT, WEIGHT_UNIT
from spinspike.mapping.graph.unit_network import unit_network
from spinspike.simulators.base import Stimulus

EXACT = 2**24  # single precision counts integers up to here
PATTERNS_PER_BATCH = 2048
SHRINK = 0.75  # share of moving patterns at which those at rest are put aside


@dataclass(frozen=True)
class Ends:
    """Where recalls ended, and since which step they have been there."""

    states: SpinArray  # (B, H)
    since: IntArray  # (B,) first step of the state at the end


@dataclass(frozen=True)
class UnitEmulator:
    """A graph of neurons that stand for their units, ready for many recalls."""

    weight: FloatArray  # (H, H) transposed: from unit (row) to unit (column); float32 if exact
    decoder: IntArray  # (H,)

    def run(self, stimulus: Stimulus, steps: int) -> Ends:
        """What `Emulator` gives for the same stimulus, one step of cue and no label.

        Parameters
        ----------
        stimulus : Stimulus
            Without input neurons and without labels.
        steps : int
            All of them, the first included.
        """
        first, later = (b[:, self.decoder] for b in (stimulus.first_bias, stimulus.bias))
        starts = range(0, len(first), PATTERNS_PER_BATCH)
        batches = [slice(start, start + PATTERNS_PER_BATCH) for start in starts]
        parts = [self._batch(first[rows], later[rows], steps) for rows in batches]
        return Ends(*(np.concatenate(part) for part in zip(*parts, strict=True)))

    def _batch(self, first: IntArray, later: IntArray, steps: int) -> tuple[SpinArray, IntArray]:
        kind = self.weight.dtype
        count = len(first)
        up = np.zeros(first.shape, dtype=np.bool_)
        since = np.ones(count, dtype=np.int64)
        rows = np.arange(count)  # patterns that may still move
        bias = np.asarray(later, dtype=kind)
        membrane = np.asarray(first, dtype=kind) * WEIGHT_UNIT
        now = membrane > 0
        np.minimum(membrane, 0, out=membrane)
        for step in range(2, steps + 1):
            field = now.astype(kind) @ self.weight
            field += bias
            field *= WEIGHT_UNIT
            residue = np.ceil(membrane / 2**LEAK_SHIFT)  # -(|v| >> 12), since v <= 0
            field += residue
            fired = field > 0
            np.minimum(field, 0, out=field)
            moved = (fired != now).any(axis=1)
            still = ~moved & (field == membrane).all(axis=1)
            since[rows[moved]] = step
            now, membrane = fired, field
            if still.mean() > 1 - SHRINK:
                up[rows[still]] = now[still]
                kept = ~still
                rows, now, membrane, bias = rows[kept], now[kept], membrane[kept], bias[kept]
                if not rows.size:
                    break
        up[rows] = now
        return up.astype(np.int8) * np.int8(2) - np.int8(1), since


def unit_emulator(graph: SynapseGraph) -> UnitEmulator | None:
    """One for a graph; None where neurons of a unit may part, or input comes as spikes.

    Parameters
    ----------
    graph : SynapseGraph
        Of threshold neurons.
    """
    ends = graph.ends
    twin = ends.decoder[ends.unit]
    alike = all((a == a[twin]).all() for a in (ends.input_sign, graph.offset, graph.first_offset))
    if not alike or (ends.input_sign < 0).any() or graph.named("input"):
        return None
    try:
        network = unit_network(graph)
    except BadInput:
        return None
    weight = (network.coupling + network.link).toarray()
    weight[np.diag_indices(graph.units)] += network.self_coupling
    reach = np.abs(weight).sum(axis=1) + 2 * 4095
    exact = WEIGHT_UNIT * float(reach.max(initial=0.0)) * (1 + 2**-LEAK_SHIFT) < EXACT
    return UnitEmulator(
        np.ascontiguousarray(weight.T, dtype=np.float32 if exact else np.float64), ends.decoder
    )
