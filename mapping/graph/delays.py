"""Delays: how many steps later than the next one a spike arrives.

A state that has lasted longer than the longest delay is held by the same integers as without any,
so certificates of fixed points stay true; the way there changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from spinspike.errors import BadInput

from .graph import Projection, Role, SynapseGraph, refuse_graded

LONGEST_DELAY = 62  # Lava's delayed connections count to 63, its file format to 62
DELAYED: tuple[Role, ...] = ("coupling", "link", "self")  # what may be late: units to units


def longest_delay(graph: SynapseGraph) -> int:
    """Largest delay of any projection, in steps."""
    return max((p.delay for p in graph.projections), default=0)


def with_delays(graph: SynapseGraph, longest: int, rng: np.random.Generator) -> SynapseGraph:
    """Give every synapse between units a delay of its own, each of 0 … ``longest`` alike likely.

    A projection becomes one for each delay, because connections of a chip have one delay each.

    Raises
    ------
    BadInput
        ``longest`` is not within 0 … 62, or the neurons are graded.
    """
    refuse_graded(graph)
    if not 0 <= longest <= LONGEST_DELAY:
        message = f"longest delay is {longest} steps; allowed: 0 to {LONGEST_DELAY}"
        raise BadInput(message)
    found: list[Projection] = []
    for p in graph.projections:
        found += _spread(p, longest, rng) if p.role in DELAYED else [p]
    return replace(graph, projections=tuple(found))


def _spread(p: Projection, longest: int, rng: np.random.Generator) -> Iterator[Projection]:
    """The same synapses by delay, without those delays that none has."""
    late = rng.integers(0, longest + 1, p.mantissa.size)
    target = np.repeat(np.arange(len(p.indptr) - 1), np.diff(p.indptr))
    for delay in np.unique(late):
        kept = late == delay
        counts = np.bincount(target[kept], minlength=len(p.indptr) - 1)
        yield replace(
            p,
            delay=int(delay),
            indptr=np.append(0, np.cumsum(counts)).astype(p.indptr.dtype),
            indices=p.indices[kept],
            mantissa=p.mantissa[kept],
        )
