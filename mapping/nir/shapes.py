"""Shapes of what the nodes of a NIR graph send, found from its inputs on."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from spinspike.errors import BadInput

from .graph import NirGraph, Node, order, unsupported

Shape = tuple[int, ...]
LARGEST = 2**26  # numbers that all nodes together send in a step


def shapes(graph: NirGraph) -> Mapping[str, Shape]:
    """Shape of what each node sends.

    An Output has the shape of what it gets: some tools write that of their sample data, batch and
    all, into it.

    Raises
    ------
    BadInput
        A node cannot be run (`unsupported`), receives what does not fit it, or has only single
        numbers for parameters and receives nothing that tells how many neurons it has.
    """
    if problems := unsupported(graph):
        raise BadInput(problems[0])
    found: dict[str, Shape] = {}
    sources, total = graph.sources(), 0
    for name in order(graph):
        known = [found[source] for source in sources[name] if source in found]
        found[name] = _sent(name, graph.nodes[name], known[0] if known else None)
        total += math.prod(found[name])
        if total > LARGEST:
            message = f"up to node {name} the nodes send {total:,} numbers; allowed: {LARGEST:,}"
            raise BadInput(message)
    for source, target in graph.edges:
        wanted = received(graph.nodes[target], found[target])
        fits = found[source] == wanted
        if graph.nodes[target].kind == "Flatten":
            fits = math.prod(found[source]) == math.prod(wanted)
        if not fits:
            message = f"node {target} takes shape {wanted} and gets {found[source]} from {source}"
            raise BadInput(message)
    return found


def received(node: Node, sent: Shape) -> Shape:
    """Shape of what a node takes, given that of what it sends."""
    if node.kind in ("Linear", "Affine"):
        return (node.parameters["weight"].shape[1],)
    return sent


def _sent(name: str, node: Node, incoming: Shape | None) -> Shape:
    if node.kind == "Input" or (node.kind == "Output" and incoming is None):
        return tuple(int(n) for n in np.atleast_1d(node.parameters["shape"]))
    if node.kind == "Output":
        return incoming or ()
    if node.kind in ("Linear", "Affine"):
        return (node.parameters["weight"].shape[0],)
    if node.kind == "Flatten":
        return _flat(node, incoming or (1,))
    own = np.broadcast_shapes(*(np.shape(value) for value in node.parameters.values()))
    if not own and incoming is None:
        message = f"node {name} is a {node.kind} of a number of neurons that nothing tells"
        raise BadInput(message)
    return own or incoming or ()


def _flat(node: Node, shape: Shape) -> Shape:
    """Axes from ``start_dim`` to ``end_dim`` become one."""
    start, end = (int(node.parameters[part]) for part in ("start_dim", "end_dim"))
    start, end = start % len(shape), end % len(shape)
    return (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :])
