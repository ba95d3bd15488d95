"""networkx views of a graph: its populations at any size, its neurons while they are few."""

from __future__ import annotations

import networkx as nx
import numpy as np

from spinspike.model.errors import BadInput

from .graph import SynapseGraph

LARGEST_VIEW = 200_000  # synapses; one object per edge does not survive more


def population_view(graph: SynapseGraph) -> nx.MultiDiGraph:
    """Populations as nodes, projections as edges with role, sign, exponent and synapse count."""
    view = nx.MultiDiGraph(encoding=graph.encoding, weight_bits=graph.weight_bits)
    for population in graph.populations:
        view.add_node(population.name, size=population.size, neuron=population.neuron)
    for p in graph.projections:
        view.add_edge(
            p.source,
            p.target,
            key=p.name,
            role=p.role,
            sign=p.sign,
            exponent=p.exponent,
            synapses=int(p.mantissa.size),
        )
    return view


def neuron_view(graph: SynapseGraph) -> nx.MultiDiGraph:
    """Neurons ``(population, index)`` as nodes, synapses with their integer weight as edges.

    Raises
    ------
    BadInput
        The graph has more than 200,000 synapses.
    """
    if graph.synapses > LARGEST_VIEW:
        message = f"the graph has {graph.synapses} synapses; allowed here: {LARGEST_VIEW}"
        raise BadInput(message)
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
