"""Neurons on cores, cores on chips: as few cores as hold the graph, then as few cut spikes.

All neurons of a unit (twins, ON and OFF, relays) stay together; a readout neuron is a unit of its
own. Input and supervisory neurons lie outside. The units are cut into parts in two ways, by METIS
on the graph of units, whose edges weigh as many synapses as they stand for, and into contiguous
blocks; each into more and more parts until every core holds its part. The one that takes fewer
cores is kept, else the one with fewer *cut spikes*: messages between cores when every neuron
spikes once. A unit too big for any core gets one of its own, so that a check can name it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from spinspike.arrays import FloatArray, IntArray, SparseMatrix
from spinspike.mapping.graph.graph import SynapseGraph

from .core_usage import Usage, allowed_per_core, usage_of
from .synapse_memory import stored_width, synapse_lists
from .target import Target

SMALL = 1e-300  # keeps a sum of zeros from dividing
UPWARD = 16  # beyond so many parts, try parts in steps of a sixteenth


@dataclass(frozen=True)
class Candidate:
    """One way that was tried."""

    method: str  # "metis", "blocks" or "given"
    cores: int
    fits: bool
    cut_spikes: int
    cut_synapses: int


@dataclass(frozen=True)
class Placement:
    """Where every neuron lies."""

    core: IntArray  # (placed,) core of each threshold neuron, then of each readout neuron
    usage: Usage
    method: str
    candidates: tuple[Candidate, ...]
    cores_per_chip: int | None

    @property
    def cores(self) -> int:
        """Number of cores."""
        return self.usage.neurons.size

    @property
    def chip(self) -> IntArray:
        """Chip of each core: as many cores in a row as a chip has."""
        return np.arange(self.cores) // (self.cores_per_chip or self.cores)

    @property
    def chips(self) -> int:
        """Number of chips."""
        return int(self.chip[-1]) + 1


def place(graph: SynapseGraph, target: Target) -> Placement:
    """Place a graph on a target.

    Never raises for what does not fit; `limits.check` says what that is.

    Parameters
    ----------
    graph : SynapseGraph
    target : Target

    Examples
    --------
    >>> from spinspike.mapping import load_target, map_network
    >>> from spinspike.model.network.architecture import Architecture
    >>> from spinspike.model.network.network import random_network
    >>> architecture = Architecture(units=512, inputs=4, classes=3)
    >>> graph = map_network(random_network(architecture, np.random.default_rng(0), centre=np.zeros(4)))
    >>> place(graph, load_target("loihi1")).cores
    2
    """
    board = _Board(graph, target)
    found = [_search(board, method, cut) for method, cut in _methods(board)]
    best = min(found, key=lambda p: (not p.candidates[0].fits, p.cores, p.usage.cut_spikes))
    return replace(best, candidates=tuple(p.candidates[0] for p in found))


def placed_as(graph: SynapseGraph, target: Target, core: IntArray) -> Placement:
    """The placement that somebody else chose: core of each threshold, then readout neuron."""
    return _Board(graph, target).placement("given", np.asarray(core, dtype=np.int64))


class _Board:
    """A graph that is to be cut: its units, what they weigh and how they hang together."""

    def __init__(self, graph: SynapseGraph, target: Target) -> None:
        self.graph, self.target = graph, target
        self.lists = synapse_lists(graph)
        readouts = np.arange(self.lists.placed - graph.neurons)
        self.unit = np.concatenate([graph.io.unit, graph.units + readouts]).astype(np.int64)
        self.units = graph.units + readouts.size
        self.limits = allowed_per_core(target)

    def placement(self, method: str, core: IntArray) -> Placement:
        core = np.unique(core, return_inverse=True)[1]  # without empty cores
        usage = usage_of(self.lists, core, self.target, self.graph)
        fits = not any(self.excess(usage).values())
        candidate = Candidate(
            method, usage.neurons.size, fits, usage.cut_spikes, usage.cut_synapses
        )
        return Placement(core, usage, method, (candidate,), self.target.cores_per_chip)

    def excess(self, usage: Usage, *, without: int = 0) -> dict[str, bool]:
        """By resource, whether any core is asked for too much; the last ones left out."""
        kept = slice(usage.neurons.size - without)
        return {
            name: bool((getattr(usage, name)[kept] > limit).any())
            for name, limit in self.limits.items()
        }

    @cached_property
    def usage_alone(self) -> Usage:
        """What would be asked for if every unit had a core of its own."""
        return usage_of(self.lists, self.unit, self.target, self.graph)

    @cached_property
    def shares(self) -> FloatArray:
        """Shares of a core that each unit takes at the least; (resources, units)."""
        width = stored_width(self.graph.weight_bits, self.target)
        wanted = {
            "neurons": self.usage_alone.neurons,
            "readouts": self.usage_alone.readouts,
            "synapse_bits": width * self._fan_in,
        }
        known = [wanted[name] / limit for name, limit in self.limits.items() if name in wanted]
        return np.array(known or [wanted["neurons"] / self.unit.size])

    @property
    def _fan_in(self) -> IntArray:
        """Synapses into each unit."""
        found = np.bincount(self.unit, weights=self.lists.fan_in, minlength=self.units)
        return np.asarray(found, dtype=np.int64)

    @cached_property
    def load(self) -> FloatArray:
        """Share of what each unit takes most of, 0 for those too big for any core; (units,)."""
        load = self.shares.max(axis=0)
        load[self.alone] = 0
        return np.asarray(load)

    @cached_property
    def alone(self) -> IntArray:
        """Units that no core can hold, whatever else it holds."""
        over = np.zeros(self.units, dtype=np.bool_)
        for name in self.limits.keys() - {"axons_out"}:  # which depend on where the others are
            over |= getattr(self.usage_alone, name) > self.limits[name]
        return np.flatnonzero(over)

    @cached_property
    def edges(self) -> SparseMatrix:
        """Synapses between units, either way; symmetric, (units, units)."""
        inside = np.flatnonzero(self.lists.source < self.lists.placed)
        rows = self.unit[self.lists.source[inside]]
        ones = np.ones(inside.size, dtype=np.int64)
        left = csr_array((ones, (rows, inside)), (self.units, self.lists.source.size))
        neurons = np.arange(self.unit.size)
        right = csr_array((np.ones_like(neurons), (neurons, self.unit)), (neurons.size, self.units))
        joined = left @ self.lists.synapses @ right
        joined = (joined + joined.T).tocoo()
        kept = joined.row != joined.col
        entries = (joined.data[kept], (joined.row[kept], joined.col[kept]))
        return csr_array(entries, shape=joined.shape)


Cut = Callable[[_Board, int], IntArray]  # parts of the units, given how many


def _methods(board: _Board) -> Iterator[tuple[str, Cut]]:
    yield "blocks", _blocks
    try:
        import pymetis  # noqa: F401  (looked for here, used below)
    except ImportError:
        return
    if board.edges.nnz:
        yield "metis", _metis


def _search(board: _Board, method: str, cut: Cut) -> Placement:
    """The fewest parts that all fit, from the least conceivable number on; else the best try."""
    alone = board.alone
    scarce = np.delete(board.shares, alone, axis=1).sum(axis=1).max()
    parts = max(1, int(np.ceil(scarce * (1 - 1e-12))))
    tried: list[tuple[int, Placement]] = []
    while True:
        part = cut(board, parts)
        part[alone] = board.units + np.arange(alone.size)
        found = board.placement(method, part[board.unit])
        over = board.excess(found.usage, without=alone.size)
        tried.append((sum(over.values()), found))
        if not any(over.values()) or parts >= board.units:
            return min(tried, key=lambda t: (t[0], t[1].cores))[1]
        parts = min(board.units, parts + 1 + parts // UPWARD)


def _blocks(board: _Board, parts: int) -> IntArray:
    """Contiguous blocks of units of about equal load; readouts with places of their own apart."""
    part = np.zeros(board.units, dtype=np.int64)
    apart = board.usage_alone.readouts > 0
    for chosen in (apart, ~apart):
        load = board.load[chosen]
        middle = (np.cumsum(load) - load / 2) / max(float(load.sum()), SMALL)
        part[chosen] = np.minimum((middle * parts).astype(np.int64), parts - 1)
    return part


def _metis(board: _Board, parts: int) -> IntArray:
    """Parts of about equal load with few synapses between them."""
    import pymetis

    kind = pymetis.zero_copy_dtype()
    load = board.load
    weights = np.ceil(1000 * load / max(float(load.max()), SMALL)).astype(kind)
    edges = board.edges
    adjacency = pymetis.CSRAdjacency(edges.indptr.astype(kind), edges.indices.astype(kind))
    options = pymetis.Options(seed=0)
    _, part = pymetis.part_graph(
        parts, adjacency, vweights=weights, eweights=edges.data.astype(kind), options=options
    )
    return np.array(part, dtype=np.int64)
