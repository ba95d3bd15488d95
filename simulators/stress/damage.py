"""Graphs whose parts are wrong: weights that miss their mark, lost synapses, dead neurons.

Every synapse is hit by itself, also where two projections share their numbers, as those into twins
do: in hardware they are two.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinspike.arrays import BoolArray
from spinspike.mapping.graph.graph import Projection, SynapseGraph

MAX_MANTISSA = 255  # mantissa


def mismatched(graph: SynapseGraph, deviation: float, rng: np.random.Generator) -> SynapseGraph:
    """Every weight off by a random factor: m <- round(m (1 + deviation z)), z normal, in 0 … 255.

    Signs stay; a synapse that comes to 0 is gone.
    """
    return _each(
        graph, lambda p: p.mantissa * (1 + deviation * rng.standard_normal(p.mantissa.size))
    )


def weak_signal(graph: SynapseGraph, missing: float) -> SynapseGraph:
    """Supervisory weights without a fraction of them: m <- round(m (1 - missing))."""
    return _each(
        graph, lambda p: p.mantissa * (1 - missing) if p.role == "supervisory" else p.mantissa
    )


def without_synapses(
    graph: SynapseGraph, fraction: float, rng: np.random.Generator
) -> SynapseGraph:
    """Remove round(fraction S) of all S synapses of the graph, whichever.

    Those that the same generator removes at a lower fraction are among them.
    """
    lost = np.zeros(graph.synapses, dtype=np.bool_)
    lost[rng.permutation(lost.size)[: round(fraction * lost.size)]] = True
    ends = np.cumsum([p.mantissa.size for p in graph.projections])
    last = {p.name: end for p, end in zip(graph.projections, ends.tolist(), strict=True)}
    return _each(graph, lambda p: p.mantissa * ~lost[last[p.name] - p.mantissa.size : last[p.name]])


def disconnected(graph: SynapseGraph, dead: BoolArray) -> SynapseGraph:
    """Remove all synapses from and to some of the N threshold neurons."""
    rows = graph.slices()
    alive = {name: np.ones(size, dtype=np.bool_) for name, size in graph.sizes.items()}
    alive |= {name: ~dead[where] for name, where in rows.items()}

    def kept(p: Projection) -> NDArray[Any]:
        target = np.repeat(alive[p.target], np.diff(p.indptr))
        return np.where(target & alive[p.source][p.indices], p.mantissa, 0)

    return _each(graph, kept)


def _each(graph: SynapseGraph, mantissas: Callable[[Projection], NDArray[Any]]) -> SynapseGraph:
    """Give each projection other mantissas; synapses that come to 0 are taken out."""
    return replace(graph, projections=tuple(_with(p, mantissas(p)) for p in graph.projections))


def _with(p: Projection, wanted: NDArray[Any]) -> Projection:
    if wanted is p.mantissa:
        return p
    mantissa = np.clip(np.rint(wanted), 0, MAX_MANTISSA).astype(np.uint8)
    kept = mantissa > 0
    before = np.append(0, np.cumsum(kept))  # kept synapses before each
    return replace(
        p,
        indptr=before[p.indptr].astype(p.indptr.dtype),
        indices=p.indices[kept],
        mantissa=mantissa[kept],
    )
