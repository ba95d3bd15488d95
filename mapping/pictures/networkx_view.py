"""networkx views of a graph: its populations at any size, its neurons while they are few."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from spinspike.arrays import FloatArray
from spinspike.errors import BadInput
from spinspike.mapping.graph.graph import Projection, SynapseGraph

if TYPE_CHECKING:
    import networkx as nx

LARGEST_VIEW = 200_000  # synapses; about 140 MB
RANGES = 16  # of a histogram, at most
SYNAPSES_PER_BATCH = 2**22  # synapses counted at a time: NumPy counts copies of 8 bytes each


def population_view(graph: SynapseGraph) -> nx.MultiDiGraph:
    """Populations as nodes, projections as edges; small at any size of the graph.

    Parameters
    ----------
    graph : SynapseGraph

    Returns
    -------
    networkx.MultiDiGraph
        Nodes have ``size``, the ``neuron`` model, and how many of the synapses that leave them
        are ``excitatory`` and ``inhibitory``. Edges, whose keys are the names of the projections,
        have ``role``, ``sign``, ``exponent``, ``synapses``, the ``smallest``, ``mean`` and
        ``largest`` integer weight, sign included, and the ``histogram``.

    Notes
    -----
    With k-bit weights and a width 2**max(0, k - 4) entry r of a histogram counts the synapses
    whose mantissa lies in r * width … (r + 1) * width - 1; so there are at most 16 ranges, and
    entry 0 is 0 where the width is 1. All values are plain numbers, words and lists, as JSON takes
    them; GraphML knows no lists: delete or join the histograms before.

    Examples
    --------
    >>> from spinspike.mapping.mapper import map_network
    >>> from spinspike.model.network.import_arrays import from_arrays
    >>> network = from_arrays([[1., 1.], [-.5, 1.]], np.eye(2), np.eye(2), np.eye(2))
    >>> view = population_view(map_network(network))
    >>> edge = view.edges["I", "E", "I>E:coupling-"]
    >>> edge["synapses"], edge["sign"], edge["smallest"], sum(edge["histogram"])
    (1, -1, -128, 1)
    """
    import networkx as nx  # here: a quarter of a second that few runs need

    view = nx.MultiDiGraph(encoding=graph.encoding, weight_bits=graph.weight_bits)
    for population in graph.populations:
        excitatory, inhibitory = (
            sum(
                p.mantissa.size
                for p in graph.projections
                if (p.source, p.sign) == (population.name, sign)
            )
            for sign in (1, -1)
        )
        view.add_node(
            population.name,
            size=population.size,
            neuron=population.neuron,
            excitatory=excitatory,
            inhibitory=inhibitory,
        )
    for p in graph.projections:
        view.add_edge(p.source, p.target, key=p.name, **_attributes(p, graph.weight_bits))
    return view


def to_networkx(graph: SynapseGraph) -> nx.MultiDiGraph:
    """Neurons ``(population, index)`` as nodes, synapses with their integer weight as edges.

    Parameters
    ----------
    graph : SynapseGraph

    Raises
    ------
    BadInput
        The graph has more than 200,000 synapses: each becomes Python objects of about 700 bytes,
        so that networkx soon needs more memory than there is.
    """
    if graph.synapses > LARGEST_VIEW:
        message = (
            f"the graph has {graph.synapses} synapses; allowed here: {LARGEST_VIEW}, since each "
            "becomes Python objects of about 700 bytes; population_view works at any size"
        )
        raise BadInput(message)
    import networkx as nx

    view = nx.MultiDiGraph()
    for population in graph.populations:
        view.add_nodes_from((population.name, k) for k in range(population.size))
    for p in graph.projections:
        targets = np.repeat(np.arange(len(p.indptr) - 1), np.diff(p.indptr))
        weights = p.sign * (p.mantissa.astype(np.int64) << p.exponent)
        view.add_edges_from(
            ((p.source, int(j)), (p.target, int(i)), {"role": p.role, "weight": int(w)})
            for j, i, w in zip(p.indices, targets, weights, strict=True)
        )
    return view


def density(p: Projection, sources: int, *, rows: int, columns: int) -> FloatArray:
    """Share of the pairs of neurons that a projection connects, by ranges of both.

    Parameters
    ----------
    sources : int
        Size of the source population.
    rows, columns : int
        Into how many ranges of nearly equal length the targets and the sources are divided; as
        many as there are neurons: the adjacency matrix itself.

    Returns
    -------
    (rows, columns) array
        0 (no synapse) … 1 (all of them).
    """
    targets = len(p.indptr) - 1
    edges = -(-np.arange(rows + 1) * targets // rows)  # rounded up
    across = np.bincount(np.arange(sources) * columns // sources, minlength=columns)
    found = np.empty((rows, columns))
    for row, (first, last) in enumerate(pairwise(edges)):
        own = p.indices[p.indptr[first] : p.indptr[last]].astype(np.int64)
        counts = np.bincount(own * columns // sources, minlength=columns)
        found[row] = counts / (across * (last - first))
    return found


def _attributes(p: Projection, weight_bits: int) -> dict[str, Any]:
    """What an edge between populations says; an empty projection has weights 0."""
    counts = np.zeros(256, dtype=np.int64)  # of each mantissa
    for start in range(0, p.mantissa.size, SYNAPSES_PER_BATCH):
        counts += np.bincount(p.mantissa[start : start + SYNAPSES_PER_BATCH], minlength=256)
    counts = counts[: 2**weight_bits]
    present = np.flatnonzero(counts)
    unit = p.sign * 2**p.exponent
    ends = sorted(unit * int(m) for m in (present[0], present[-1])) if len(present) else [0, 0]
    total = int(counts @ np.arange(len(counts)))
    width = max(1, 2**weight_bits // RANGES)
    return {
        "role": p.role,
        "sign": p.sign,
        "exponent": p.exponent,
        "synapses": int(p.mantissa.size),
        "smallest": ends[0],
        "mean": unit * total / max(1, p.mantissa.size),
        "largest": ends[1],
        "histogram": np.add.reduceat(counts, np.arange(0, len(counts), width)).tolist(),
    }
