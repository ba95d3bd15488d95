"""A graph's projections summed into one integer matrix, for arithmetic on whole states."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix, lil_matrix

from .graph import Projection, SynapseGraph


def synapses(projection: Projection, shape: tuple[int, int]) -> csr_matrix:
    """Signed weights of one projection, sign * mantissa * 2**exponent; (targets, sources)."""
    data = projection.sign * (projection.mantissa.astype(np.int64) << projection.exponent)
    return csr_matrix((data, projection.indices, projection.indptr), shape=shape)


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
    total = lil_matrix((graph.neurons, columns), dtype=np.int64)
    targets = graph.slices()
    for projection in graph.projections:
        if projection.source in sources:
            rows, cols = targets[projection.target], sources[projection.source]
            shape = (rows.stop - rows.start, cols.stop - cols.start)
            total[rows, cols] += synapses(projection, shape)
    return total.tocsr()
