"""The emulator's arithmetic on many recalls: unit by unit, only what still moves, only the ends.

Where all neurons of a unit receive the same and have the same sign, as in the encodings ``signed``
and ``dale``, they spike alike and keep the same membrane: one of them stands for all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinspike.arrays import FloatArray, IntArray, SpinArray
from spinspike.errors import BadInput
from spinspike.mapping.graph.codec import BIAS_LIMIT
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.graph.membrane import LEAK_SHIFT, WEIGHT_UNIT
from spinspike.mapping.graph.unit_network import unit_network

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

    def run(self, cues: SpinArray, bias: IntArray, steps: int) -> Ends:
        """What `Emulator` gives for states that are forced in the first step, without a label.

        Parameters
        ----------
        cues : (B, H)
            The states, in -1 and +1.
        bias : (B, N) or (1, N)
            Of the neurons, from the second step on; one row serves all.
        steps : int
            All of them, the first included.
        """
        units = np.asarray(bias[:, self.decoder], dtype=self.weight.dtype)
        starts = range(0, len(cues), PATTERNS_PER_BATCH)
        batches = [slice(start, start + PATTERNS_PER_BATCH) for start in starts]
        parts = [
            self._batch(cues[rows], units[rows] if len(units) > 1 else units, steps)
            for rows in batches
        ]
        return Ends(*(np.concatenate(part) for part in zip(*parts, strict=True)))

    def _batch(self, cues: SpinArray, later: FloatArray, steps: int) -> tuple[SpinArray, IntArray]:
        kind = self.weight.dtype
        count = len(cues)
        up = np.zeros(cues.shape, dtype=np.bool_)
        since = np.ones(count, dtype=np.int64)
        rows = np.arange(count)  # patterns that may still move
        bias = np.broadcast_to(later, (count, later.shape[1]))
        now = cues > 0
        membrane = np.where(now, 0, -WEIGHT_UNIT * BIAS_LIMIT).astype(kind)
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
                rows, now, membrane = rows[kept], now[kept], membrane[kept]
                bias = bias[kept] if len(later) > 1 else bias[: len(rows)]
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
    ends = graph.io
    twin = ends.decoder[ends.unit]
    alike = all((a == a[twin]).all() for a in (ends.input_sign, graph.bias, graph.initial_bias))
    if not alike or (ends.input_sign < 0).any() or graph.named("input"):
        return None
    try:
        network = unit_network(graph)
    except BadInput:
        return None
    weight = (network.coupling + network.link).toarray()
    weight[np.diag_indices(graph.units)] += network.self_coupling
    reach = np.abs(weight).sum(axis=1) + 2 * BIAS_LIMIT
    exact = WEIGHT_UNIT * float(reach.max(initial=0.0)) * (1 + 2**-LEAK_SHIFT) < EXACT
    return UnitEmulator(
        np.ascontiguousarray(weight.T, dtype=np.float32 if exact else np.float64), ends.decoder
    )
