"""Self-couplings for targets that forbid a neuron a synapse onto itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from .graph import Population, Projection, SynapseGraph


def without_autapses(graph: SynapseGraph) -> SynapseGraph:
    """Let a relay neuron carry each self-coupling in place of an autapse.

    A relay is a twin: it receives what its neuron receives, so the two spike together, and each
    carries the self-coupling to the other. Hence not only the fixed points but every step is that
    of the graph with autapses, at the cost of one more neuron and its incoming synapses.

    Parameters
    ----------
    graph : SynapseGraph
    """
    relay = {p.source: f"{p.source}_relay" for p in graph.projections if _autapses(p)}
    if not relay:
        return graph
    columns = graph.slices()
    copied = np.concatenate([np.arange(graph.neurons)[columns[name]] for name in relay])
    added = [Population(new, graph.sizes[name]) for name, new in relay.items()]
    last = max(k for k, p in enumerate(graph.populations) if p.neuron == "threshold") + 1
    ends = graph.io
    return replace(
        graph,
        populations=(*graph.populations[:last], *added, *graph.populations[last:]),
        projections=tuple(q for p in graph.projections for q in _rewired(p, relay)),
        bias=np.append(graph.bias, graph.bias[copied]),
        initial_bias=np.append(graph.initial_bias, graph.initial_bias[copied]),
        io=replace(
            ends,
            unit=np.append(ends.unit, ends.unit[copied]),
            input_sign=np.append(ends.input_sign, ends.input_sign[copied]),
        ),
    )


def _rewired(p: Projection, relay: dict[str, str]) -> Iterator[Projection]:
    """What becomes of a projection."""
    yield replace(p, source=relay[p.source]) if _autapses(p) else p
    if p.target in relay:
        yield replace(p, target=relay[p.target])


def _autapses(p: Projection) -> bool:
    return p.role == "self" and p.source == p.target
