"""Null graphs: what a validation must not pass on.

A latch holds any state, so "the learned states are held" says nothing before the same simulator,
with the same parameters and stimuli, has lost them on a graph whose couplings mean nothing.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spinspike.arrays import IntArray

from .fields import field_from
from .graph import Projection, SynapseGraph


def without_couplings(graph: SynapseGraph) -> SynapseGraph:
    """Delete every learned coupling between units; self-couplings, links (latches) and ends stay.

    The bias is centred again for what is left: with S the weight into a neuron and b its bias in
    the first step, b + floor(-S/2) where its spike means up, else the bias at which it spikes
    where the other would not. Without that the null would fail for the wrong reason.
    Graded neurons have no bias, only a leak, which stays.

    Parameters
    ----------
    graph : SynapseGraph
    """
    kept = tuple(p for p in graph.projections if p.role != "coupling")
    bare = replace(graph, projections=kept)
    if graph.graded is not None:
        return bare
    everyone = {n: np.ones((1, size), dtype=np.int64) for n, size in _threshold(graph).items()}
    total = field_from(bare, everyone)[0]
    up = graph.io.input_sign > 0
    return replace(bare, bias=graph.initial_bias + np.where(up, -total // 2, -(total // 2)))


def permuted_couplings(graph: SynapseGraph, rng: np.random.Generator) -> SynapseGraph:
    """Let every coupling come from another unit, by a random cyclic permutation of each module.

    Each neuron keeps its number of synapses, their weights, and so its bias; only the partners
    are wrong. ON and OFF of a graded pair change their partners together.

    Parameters
    ----------
    graph : SynapseGraph
    rng : numpy.random.Generator
        Draws the shift of each module.
    """
    if graph.graded is not None:
        order = rng.permutation(graph.units)
        partner = np.empty_like(order)
        partner[order] = np.roll(order, 1)
        both = np.append(partner, graph.units + partner)
        return replace(
            graph,
            projections=tuple(
                _rewired(p, both, within=False) if p.role == "coupling" else p
                for p in graph.projections
            ),
        )
    partners: dict[int, IntArray] = {}  # of the units of a module, by its first unit
    own = {name: int(graph.io.unit[s.start]) for name, s in graph.slices().items()}
    for name, size in _threshold(graph).items():
        if own[name] not in partners:
            order = rng.permutation(size)
            partners[own[name]] = np.empty_like(order)
            partners[own[name]][order] = np.roll(order, 1)
    return replace(
        graph,
        projections=tuple(
            _rewired(p, partners[own[p.source]], within=own[p.source] == own[p.target])
            if p.role == "coupling"
            else p
            for p in graph.projections
        ),
    )


def _threshold(graph: SynapseGraph) -> dict[str, int]:
    return {name: s.stop - s.start for name, s in graph.slices().items()}


def _rewired(projection: Projection, partner: IntArray, *, within: bool) -> Projection:
    """The same synapses from new units; a unit never becomes its own source."""
    source = partner[projection.indices]
    if within:
        target = np.repeat(np.arange(len(projection.indptr) - 1), np.diff(projection.indptr))
        source = np.where(source == target, partner[target], source)
    return replace(projection, indices=source.astype(np.int32))
