"""A graph's projections summed into one integer matrix, for arithmetic on whole states."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from .graph import SynapseGraph


def weight_matrix(graph: SynapseGraph) -> csr_matrix:
    """Signed integer weights between the N threshold neurons; row = target."""
    return _sum(graph, graph.slices(), graph.neurons)


def supervisory_matrix(graph: SynapseGraph) -> csr_matrix:
    """Signed integer weights from the C classes to the N threshold neurons.

    The twins of a supervisory neuron spike together and are added up.
    """
    sources = {p.name: slice(0, p.size) for p in graph.populations if p.neuron == "source"}
    return _sum(graph, sources, graph.classes)


def _sum(graph: SynapseGraph, sources: dict[str, slice], columns: int) -> csr_matrix:
    rows, cols, data = [], [], []
    targets = graph.slices()
    for p in graph.projections:
        if p.source in sources:
            target = np.repeat(np.arange(len(p.indptr) - 1), np.diff(p.indptr))
            rows.append(target + targets[p.target].start)
            cols.append(p.indices + sources[p.source].start)
            data.append(p.sign * (p.mantissa.astype(np.int64) << p.exponent))
    entries = (np.concatenate(data), (np.concatenate(rows), np.concatenate(cols))) if data else None
    shape = (graph.neurons, columns)
    return csr_matrix(shape, dtype=np.int64) if entries is None else csr_matrix(entries, shape)
