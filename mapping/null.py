"""Null graphs: what a validation must not pass on.

A latch holds any state, so "the learned states are held" says nothing before the same simulator,
with the same parameters and stimuli, has lost them on a graph whose couplings mean nothing.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spinspike.model.arrays import IntArray

from .graph import Projection, SynapseGraph
from .matrix import weight_matrix


def without_couplings(graph: SynapseGraph) -> SynapseGraph:
    """Delete every coupling between units; self-couplings (a latch) and both ends stay.

    The bias is centred again for what is left: 1 + floor(-S/2), S the remaining weight into a
    neuron. Without that the null would fail for the wrong reason.
    """
    kept = tuple(p for p in graph.projections if p.role != "coupling")
    bare = replace(graph, projections=kept)
    total = np.asarray(weight_matrix(bare).sum(axis=1)).ravel()
    return replace(bare, offset=1 + (-total) // 2)


def permuted_couplings(graph: SynapseGraph, rng: np.random.Generator) -> SynapseGraph:
    """Let every coupling come from another unit, by one random cyclic permutation of the units.

    Each neuron keeps its number of synapses, their weights, and so its bias; only the partners
    are wrong.
    """
    order = rng.permutation(graph.units)
    partner = np.empty_like(order)
    partner[order] = np.roll(order, 1)
    return replace(
        graph,
        projections=tuple(
            replace(p, indices=_rewired(p, partner)) if p.role == "coupling" else p
            for p in graph.projections
        ),
    )


def _rewired(projection: Projection, partner: IntArray) -> IntArray:
    """New presynaptic units; where that is the target itself, the target's own partner instead."""
    target = np.repeat(np.arange(len(projection.indptr) - 1), np.diff(projection.indptr))
    source = partner[projection.indices]
    return np.where(source == target, partner[target], source)
