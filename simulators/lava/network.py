"""A graph as lava-nc's own processes take it: arrays for one connection process after the other.

Two things stand between a graph and Lava. Lava runs only what is joined to the process it is asked
to run, and a connection must lead into every population, since it carries the first bias
(`joined`); so must one lead out of every population that gets its spikes from outside. And a projection has one delay while lava-nc's DelayDense and DelaySparse know one for
each synapse: projections that differ in their delay alone become one process (`stock_arrays`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

import networkx as nx
import numpy as np

from spinspike.arrays import IntArray
from spinspike.mapping.graph.graph import INNER, NeuronModel, Projection, Role, SynapseGraph

OUTER: tuple[Literal["supervisory", "input"], ...] = ("supervisory", "input")


def joined(graph: SynapseGraph) -> SynapseGraph:
    """Add projections without synapses until inner neurons project to every one of them.

    They come from the first population of threshold or graded neurons, to which everything is
    joined then; those of input and supervisory neurons that nothing listens to lead there.
    """
    hub, *_ = names = _inner(graph)
    links = nx.Graph([(p.source, p.target) for p in graph.projections])
    links.add_node(hub)
    near = nx.node_connected_component(links, hub)
    reached = near & {p.target for p in graph.projections if p.source in names}
    lacking = [name for name in (*names, *graph.named("readout")) if name not in reached]
    sources = {p.source for p in graph.projections}
    unheard = [p.name for p in graph.populations if p.neuron in OUTER and p.name not in sources]
    ends = [*((hub, name) for name in lacking), *((name, hub) for name in unheard)]
    added = tuple(without_synapses(graph, *pair, _role(graph, *pair)) for pair in ends)
    return replace(graph, projections=(*graph.projections, *added))


def _inner(graph: SynapseGraph) -> tuple[str, ...]:
    return tuple(p.name for p in graph.populations if p.neuron in INNER)


def without_synapses(graph: SynapseGraph, source: str, target: str, role: Role) -> Projection:
    """A projection that joins two populations and does nothing.

    Parameters
    ----------
    graph, source, target
        The two populations of a graph.
    role : str
        What the projection passes for.
    """
    return Projection(
        source=source,
        target=target,
        role=role,
        sign=1,
        exponent=0,
        indptr=np.zeros(graph.sizes[target] + 1, dtype=np.int64),
        indices=np.zeros(0, dtype=np.int32),
        mantissa=np.zeros(0, dtype=np.uint8),
    )


def _role(graph: SynapseGraph, source: str, target: str) -> Role:
    if target in graph.named("readout"):
        return "readout"
    for outer in OUTER:
        if source in graph.named(outer):
            return outer
    return "coupling"


def stock_arrays(graph: SynapseGraph) -> dict[str, Any]:
    """What `parts` builds a network from; plain arrays, and a ``head`` in JSON.

    Connection n has ``weights{n}`` (signed mantissas), ``indices{n}`` and ``indptr{n}``, rows by
    target neuron, and ``delays{n}`` where a synapse is late.
    """
    graph = joined(graph)
    neuron = {population.name: population.neuron for population in graph.populations}
    arrays: dict[str, Any] = {}
    rows = []
    for number, (p, delays) in enumerate(_merged(graph.projections)):
        shape = graph.sizes[p.target], graph.sizes[p.source]
        rows.append(_row(p, neuron[p.source], shape, int(delays.max(initial=0))))
        arrays[f"weights{number}"] = p.sign * p.mantissa.astype(np.int32)
        arrays[f"indices{number}"] = p.indices
        arrays[f"indptr{number}"] = p.indptr
        if delays.any():
            arrays[f"delays{number}"] = delays
    head = {
        "levels": graph.io.levels,
        "populations": {name: graph.sizes[name] for name in _inner(graph)},
        "readout": list(graph.named("readout")),
        "projections": rows,
    }
    offsets = {
        "offset": graph.bias,
        "first_offset": graph.initial_bias,
        "readout_offset": graph.io.readout_bias,
    }
    return {"head": np.array(json.dumps(head)), **offsets, **arrays}


def _row(
    projection: Projection, model: NeuronModel, shape: tuple[int, int], longest: int
) -> dict[str, Any]:
    return {
        "name": projection.name,
        "source": projection.source,
        "source_model": model,
        "target": projection.target,
        "role": projection.role,
        "sign": projection.sign,
        "exponent": projection.exponent,
        "shape": shape,
        "longest_delay": longest,
    }


def _merged(projections: tuple[Projection, ...]) -> Iterator[tuple[Projection, IntArray]]:
    """Projections and the delay of each synapse; those alike but for the delay become one.

    Unless some pair of neurons has several synapses in them: those stay apart.
    """
    alike: dict[tuple[object, ...], list[Projection]] = {}
    for p in projections:
        alike.setdefault((p.source, p.target, p.role, p.sign, p.exponent), []).append(p)
    for group in alike.values():
        table = np.concatenate([_synapses(p) for p in group], axis=1)
        order = np.lexsort(table[1::-1])
        target, source, mantissa, delay = table[:, order]
        if len(group) == 1 or (np.diff(target) | np.diff(source) == 0).any():
            yield from ((p, np.full(p.mantissa.size, p.delay)) for p in group)
            continue
        counts = np.bincount(target, minlength=len(group[0].indptr) - 1)
        whole = replace(
            group[0],
            delay=0,
            indptr=np.append(0, np.cumsum(counts)),
            indices=source.astype(np.int32),
            mantissa=mantissa.astype(np.uint8),
        )
        yield whole, delay


def _synapses(p: Projection) -> IntArray:
    """Target, source, mantissa and delay of each synapse, (4, synapses)."""
    target = np.repeat(np.arange(len(p.indptr) - 1), np.diff(p.indptr))
    delay = np.full(target.size, p.delay)
    return np.stack([target, p.indices, p.mantissa, delay], dtype=np.int64, casting="unsafe")
