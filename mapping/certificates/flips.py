"""Which wrong units a fixed point corrects for certain, one by one, in pairs and in any number.

A unit is wrong when any of its neurons spikes wrongly. With t_k = 2 n_k - 1 a wrong neuron l takes
t_k t_l W_kl from the margin of neuron k. What it gives is not counted: then a set of wrong units is
corrected if at every neuron k the sum of what they take stays below the margin mu_k, and so is
each of its subsets. Hence all is right again after one step of a step simulator, and, neuron by
neuron and in any order, once each has been updated.

A neuron that should have spiked and did not may have been left with a negative membrane by any
history; its `membrane.delay` is counted among what its own unit takes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix, diags

from spinspike.arrays import BoolArray, FloatArray, IntArray, SpinArray
from spinspike.mapping.graph.fields import weight_matrix
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.graph.integer_matrix import SYNAPSES_PER_BATCH
from spinspike.mapping.graph.membrane import switch_on_latency
from spinspike.model.network.fixed_points import FixedPoints

from .rows import fewest_above, in_order, starts


@dataclass(frozen=True)
class Losses:
    """What wrong units can take from neurons, by neuron, the largest first.

    Entry e takes ``weight[e]`` from neuron ``neuron[e]`` if unit ``unit[e]`` is wrong, in those
    fixed points where that unit and the neuron's own have equal states (``sign`` +1) or opposite
    ones (-1). Neurons that lose the same, as twins do, are entered once, as ``same[k]``.
    """

    neuron: IntArray  # (E,)
    own: IntArray  # (E,) unit of that neuron
    unit: IntArray  # (E,)
    weight: IntArray  # (E,) > 0
    sign: IntArray  # (E,)
    same: IntArray  # (N,)


@dataclass(frozen=True)
class FlipCertificates:
    """What is certain to be corrected, for each of P fixed points."""

    single: BoolArray  # (P, H) whether unit j alone is
    double: FloatArray  # (P,) fraction of all pairs of units
    counted: BoolArray  # (P,) whether every such pair was counted; else double is a lower bound
    radius: IntArray  # (P,) any so many units together are; H: all of them


def losses(graph: SynapseGraph) -> Losses:
    """What wrong units can take from every neuron of a graph."""
    ends = graph.io
    unit, sign = ends.unit, ends.input_sign
    weights = weight_matrix(graph).tocoo()
    effect = weights.data * sign[weights.row] * sign[weights.col]
    shape = (graph.neurons, graph.units)
    slow = np.zeros(graph.units, dtype=np.int64)
    np.maximum.at(slow, unit, switch_on_latency(graph))
    equal, opposite = (
        csr_matrix((np.maximum(s * effect, 0), (weights.row, unit[weights.col])), shape)
        for s in (1, -1)
    )
    late = csr_matrix((slow[unit], (np.arange(graph.neurons), unit)), shape)
    same = _same_rows(equal, opposite, ends.decoder[unit])
    once = diags(same == np.arange(graph.neurons), dtype=np.int64)
    parts = [coo_matrix(once @ m) for m in (equal + late, opposite)]
    row, column, weight = (
        np.concatenate([getattr(m, name) for m in parts]) for name in ("row", "col", "data")
    )
    signs = np.repeat([1, -1], [m.nnz for m in parts])
    kept = np.flatnonzero(weight > 0)
    order = kept[in_order(row[kept], weight[kept])]
    row, column = row[order].astype(np.int64), column[order].astype(np.int64)
    return Losses(row, unit[row], column, weight[order], signs[order], same)


def certified_flips(
    graph: SynapseGraph, points: FixedPoints, margins: IntArray
) -> FlipCertificates:
    """Flips that each fixed point corrects for certain; ``margins`` are its integer margins (P, N).

    Pairs are counted one by one, unless more than two million would have to be: then those that
    fail at some neuron are added up, and pairs that fail at several are subtracted several times.
    """
    entries = losses(graph)
    rooms = room_of(entries, margins)
    found = [
        _certify(entries, state, room) for state, room in zip(points.states, rooms, strict=True)
    ]
    single, double, counted, radius = zip(*found, strict=True) if found else ((), (), (), ())
    return FlipCertificates(
        single=np.array(single, dtype=np.bool_).reshape(len(points), graph.units),
        double=np.array(double, dtype=np.float64),
        counted=np.array(counted, dtype=np.bool_),
        radius=np.array(radius, dtype=np.int64),
    )


def room_of(entries: Losses, margins: IntArray) -> IntArray:
    """What each neuron can lose and keep to its state, the least of all that lose alike; (P, N)."""
    room = np.full(margins.T.shape, np.iinfo(np.int64).max)
    np.minimum.at(room, entries.same, margins.T - 1)
    return room.T


def taken(entries: Losses, state: SpinArray) -> tuple[IntArray, IntArray, IntArray]:
    """Neuron, unit and weight of what wrong units take in a state, in order; (H,) to (E',) each."""
    takes = np.flatnonzero(entries.sign * state[entries.own] * state[entries.unit] > 0)
    return entries.neuron[takes], entries.unit[takes], entries.weight[takes]


def certified_sets(
    entries: Losses, state: SpinArray, room: IntArray, flips: BoolArray
) -> BoolArray:
    """Whether sets of wrong units are certain to be corrected in a state; (B, H) to (B,)."""
    row, unit, weight = taken(entries, state)
    lost = csr_matrix((weight, (row, unit)), (len(room), len(state))) @ flips.T.astype(np.int64)
    return np.asarray((lost <= room[:, None]).all(axis=0))


def _same_rows(equal: csr_matrix, opposite: csr_matrix, model: IntArray) -> IntArray:
    """The neuron that stands for each: ``model`` where it loses the same, else itself."""
    apart = np.zeros(len(model), dtype=np.int64)
    for matrix in (equal, opposite):
        difference = matrix - matrix[model]
        difference.eliminate_zeros()
        apart += np.diff(difference.indptr)
    return np.where(apart, np.arange(len(model)), model)


def _certify(
    entries: Losses, state: SpinArray, room: IntArray
) -> tuple[BoolArray, float, bool, int]:
    """Singles, fraction of pairs and whether they were counted, and radius of one fixed point."""
    units = len(state)
    if room.min() < 0:
        return np.zeros(units, dtype=np.bool_), 0.0, True, 0
    row, unit, weight = taken(entries, state)
    single = np.ones(units, dtype=np.bool_)
    single[unit[weight > room[row]]] = False
    good = single[unit]
    failing, counted = _failing_pairs(row[good], unit[good], weight[good], room, units)
    total, right = units * (units - 1) // 2, int(single.sum())
    pairs = max(0, right * (right - 1) // 2 - failing)
    radius = int(fewest_above(row, weight, room)[1].min(initial=units + 1)) - 1
    return single, pairs / total if total else 1.0, counted, radius


def _failing_pairs(
    row: IntArray, unit: IntArray, weight: IntArray, room: IntArray, units: int
) -> tuple[int, bool]:
    """Pairs of units of which some neuron loses more than its room, and whether all are distinct.

    No entry exceeds the room alone. Those that would exceed it together with entry e are the
    larger ones of its row down to some place, found by bisection of the whole.
    """
    near = weight + weight[starts(row)] > room[row]
    row, unit, weight = row[near], unit[near], weight[near]
    start = starts(row)
    above = int(weight.max(initial=0)) + 1
    end = np.searchsorted(row * above - weight, row * above - (room[row] - weight))
    partners = np.minimum(end, np.arange(row.size)) - start
    total = int(partners.sum())
    if total > SYNAPSES_PER_BATCH:
        return total, False
    one = np.repeat(unit, partners)
    place = np.arange(total) - np.repeat(np.cumsum(partners) - partners - start, partners)
    other = unit[place]
    return np.unique(np.minimum(one, other) * units + np.maximum(one, other)).size, True
