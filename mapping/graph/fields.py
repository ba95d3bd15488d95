"""What a graph's projections do to whole states, in exact integers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.sparse import csr_matrix

from spinspike.arrays import BoolArray, IntArray

from .graph import NeuronModel, SynapseGraph
from .integer_matrix import product

Activity = IntArray | BoolArray


def field_from(
    graph: SynapseGraph, active: Mapping[str, Activity], *, into: NeuronModel = "threshold"
) -> IntArray:
    """Sum of what active populations deliver; (B, N), or (B, C) into the readout.

    Parameters
    ----------
    active : mapping
        For each population that acts, (B, size): spikes, or the value of each graded spike.

    Notes
    -----
    Projections that share their arrays, as those into twins do, are multiplied once.
    """
    targets = graph.slices()
    if into == "readout":
        targets = {name: slice(graph.classes) for name in graph.named("readout")}
    rows = max((s.stop for s in targets.values()), default=0)
    patterns = len(next(iter(active.values())))
    found = np.zeros((patterns, rows), dtype=np.int64)
    done: dict[tuple[str, int, int, int], IntArray] = {}
    for p in graph.projections:
        if p.source not in active or p.target not in targets:
            continue
        key = (p.source, id(p.mantissa), id(p.indices), id(p.indptr))
        if key not in done:
            done[key] = product(p.matrix(graph.sizes[p.source]), active[p.source])
        found[:, targets[p.target]] += p.sign * (done[key] << p.exponent)
    return found


def field_of(
    graph: SynapseGraph, spikes: BoolArray, *, into: NeuronModel = "threshold"
) -> IntArray:
    """Sum of what spikes of the threshold neurons deliver; (B, N) to (B, N), or to (B, C)."""
    parts = {name: spikes[:, columns] for name, columns in graph.slices().items()}
    return field_from(graph, parts, into=into)


def supervisory_field(graph: SynapseGraph, supervisor: BoolArray) -> IntArray:
    """What the supervisory neurons deliver, twins alike; (B, C) to (B, N)."""
    names = graph.named("supervisory")
    if not names:
        return np.zeros((len(supervisor), graph.neurons), dtype=np.int64)
    return field_from(graph, dict.fromkeys(names, supervisor))


def input_field(graph: SynapseGraph, levels: IntArray) -> IntArray:
    """What the input neurons deliver, twins alike; (B, D + 1) to (B, N)."""
    names = graph.named("input")
    if not names:
        return np.zeros((len(levels), graph.neurons), dtype=np.int64)
    return field_from(graph, dict.fromkeys(names, levels))


def weight_matrix(graph: SynapseGraph) -> csr_matrix:
    """Signed integer weights between the N threshold neurons; row = target."""
    return _sum(graph, graph.slices(), graph.neurons)


def supervisory_matrix(graph: SynapseGraph) -> csr_matrix:
    """Signed integer weights from the C classes to the N threshold neurons; twins added up."""
    sources = dict.fromkeys(graph.named("supervisory"), slice(0, graph.classes))
    return _sum(graph, sources, graph.classes)


def _sum(graph: SynapseGraph, sources: Mapping[str, slice], columns: int) -> csr_matrix:
    rows, cols, data = [], [], []
    targets = graph.slices()
    for p in graph.projections:
        if p.source in sources and p.target in targets:
            target = np.repeat(np.arange(len(p.indptr) - 1), np.diff(p.indptr))
            rows.append(target + targets[p.target].start)
            cols.append(p.indices + sources[p.source].start)
            data.append(p.sign * (p.mantissa.astype(np.int64) << p.exponent))
    entries = (np.concatenate(data), (np.concatenate(rows), np.concatenate(cols))) if data else None
    shape = (graph.neurons, columns)
    return csr_matrix(shape, dtype=np.int64) if entries is None else csr_matrix(entries, shape)
