"""A graph's synapses between units and into the readout, made ready for many steps of many patterns.

One matrix product serves all projections that share their arrays, as those into twins do. Sums are
taken in floating point, which counts integers exactly: in single precision wherever none can leave
its exact range, 2**24. The matrices take 4 bytes for each synapse, or for each entry where a matrix
is not sparse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from spinspike.arrays import BoolArray, IntArray

from .graph import NeuronModel, Projection, SynapseGraph
from .integer_matrix import DENSE, EXACT_FLOAT32

MAX_MANTISSA = 255  # mantissa


@dataclass(frozen=True)
class Bundle:
    """Projections from one population that share their synapses."""

    source: slice  # among the N threshold neurons
    matrix: Any  # (targets, sources) float32 or float64, sparse or not
    targets: tuple[tuple[slice, int], ...]  # where it acts, and sign * 2**exponent


@dataclass(frozen=True)
class Wiring:
    """What spikes of the threshold neurons deliver, by delay."""

    size: int  # of the targets: N, or C
    bundles: Mapping[int, tuple[Bundle, ...]]  # by delay

    @property
    def longest(self) -> int:
        """Largest delay, in steps."""
        return max(self.bundles, default=0)

    def field(self, spikes: BoolArray, *earlier: BoolArray) -> IntArray:
        """Sum of what the synapses deliver; (B, size).

        Parameters
        ----------
        spikes : (B, N)
            Of the last step.
        *earlier : (B, N)
            Of the steps before it, latest first; as many as the longest delay.
        """
        found = np.zeros((len(spikes), self.size), dtype=np.int64)
        for delay, bundles in self.bundles.items():
            sent = (spikes, *earlier)[delay]
            for bundle in bundles:
                active = np.ascontiguousarray(sent[:, bundle.source].T, dtype=bundle.matrix.dtype)
                delivered = (bundle.matrix @ active).T.astype(np.int64)
                for target, factor in bundle.targets:
                    found[:, target] += factor * delivered
        return found


def wiring(graph: SynapseGraph, *, into: NeuronModel = "threshold") -> Wiring:
    """The synapses from threshold neurons to each other, or into the readout."""
    sources, targets = graph.slices(), graph.slices()
    if into == "readout":
        targets = {name: slice(0, graph.classes) for name in graph.named("readout")}
    shared: dict[tuple[int, str, int, int, int], list[Projection]] = {}
    for p in graph.projections:
        if p.source in sources and p.target in targets:
            key = (p.delay, p.source, id(p.mantissa), id(p.indices), id(p.indptr))
            shared.setdefault(key, []).append(p)
    bundles: dict[int, tuple[Bundle, ...]] = {}
    for (delay, source, *_), group in shared.items():
        acts = tuple((targets[p.target], p.sign * 2**p.exponent) for p in group)
        bundle = Bundle(sources[source], _matrix(group[0], graph.sizes[source]), acts)
        bundles[delay] = (*bundles.get(delay, ()), bundle)
    return Wiring(max((s.stop for s in targets.values()), default=0), bundles)


def _matrix(p: Projection, sources: int) -> Any:
    """Mantissas in the precision that holds every sum of a row; dense where that is faster."""
    longest = int(np.diff(p.indptr).max(initial=0))
    kind = np.float32 if longest * MAX_MANTISSA < EXACT_FLOAT32 else np.float64
    shape = (len(p.indptr) - 1, sources)
    matrix = csr_array((p.mantissa.astype(kind), p.indices, p.indptr), shape=shape)
    return matrix.toarray() if p.mantissa.size > DENSE * shape[0] * shape[1] else matrix
