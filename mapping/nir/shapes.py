"""Shapes of what the nodes of a NIR graph send, found from its inputs on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinspike.errors import BadInput

from .convolution import sent as convolved
from .graph import CONVOLUTIONS, NEURONS, POOLS, NirGraph, Node, order, unsupported

Shape = tuple[int, ...]
MAX_NUMBERS = 2**26  # numbers that all nodes together send in a step
SHAPING = (*CONVOLUTIONS, *POOLS, "Flatten")  # what sends another shape than it gets


def shapes(graph: NirGraph) -> Mapping[str, Shape]:
    """Shape of what each node sends.

    An Output has the shape of what it gets: some tools write that of their sample data, batch and
    all, into it. Some write it into Inputs and Flatten nodes, too. Where the nodes do not fit each
    other as they stand, a leading axis of 1 in the Inputs is taken for a batch and left out, and
    so is that axis in Flatten nodes, the two together or one of them alone, whatever fits first.

    Parameters
    ----------
    graph : NirGraph
        Any.

    Raises
    ------
    BadInput
        A node cannot be run (`unsupported`), receives what does not fit it, or has only single
        numbers for parameters and receives nothing that tells how many neurons it has.
    """
    if problems := unsupported(graph):
        raise BadInput(problems[0])
    plan = order(graph)
    refused: list[BadInput] = []
    for batch, flat in BATCHES:
        try:
            return _shapes(graph, plan, batch=batch, flat=flat)
        except BadInput as error:
            refused.append(error)
    raise refused[0]


BATCHES = ((False, False), (True, True), (True, False), (False, True))


def batched(graph: NirGraph) -> list[str]:
    """Inputs whose leading axis of 1 is taken for a batch by `shapes`."""
    found = shapes(graph)
    return [
        name
        for name in graph.named("Input")
        if np.size(graph.nodes[name].parameters["shape"]) != len(found[name])
    ]


def typed(graph: NirGraph) -> NirGraph:
    """A graph whose nodes have the shapes that readers of NIR ask for.

    Inputs and Outputs lose the axis of a batch, neurons with one number for all get one each, and
    convolutions and Flatten nodes the shape of what they get. A graph whose shapes do not fit each
    other stays as it is.

    Parameters
    ----------
    graph : NirGraph
        Any.
    """
    try:
        sent = shapes(graph)
    except BadInput:
        return graph
    nodes = {name: _typed(graph, name, sent) for name in graph.nodes}
    return replace(graph, nodes=nodes)


def _typed(graph: NirGraph, name: str, sent: Mapping[str, Shape]) -> Node:
    node = graph.nodes[name]
    changes: dict[str, NDArray[Any]] = {}
    if node.kind in ("Input", "Output"):
        changes = {"shape": np.array(sent[name])}
    elif node.kind in (*NEURONS, "Threshold", "Delay", "Scale"):
        changes = {
            part: np.broadcast_to(value, sent[name])
            for part, value in node.parameters.items()
            if np.shape(value) != sent[name]
        }
    elif node.kind in CONVOLUTIONS:
        inner = received(graph, name, sent)[1:]
        changes = {"input_shape": np.array(inner if node.kind == "Conv2d" else inner[0])}
    elif node.kind == "Flatten":
        changes = {"input_type": np.array(received(graph, name, sent))}
    return replace(node, parameters={**node.parameters, **changes}) if changes else node


def received(graph: NirGraph, name: str, sent: Mapping[str, Shape]) -> Shape:
    """Shape of what a node takes.

    Parameters
    ----------
    graph, name
        The node.
    sent : mapping
        What `shapes` found.
    """
    node = graph.nodes[name]
    if node.kind in ("Linear", "Affine"):
        return (node.parameters["weight"].shape[1],)
    if node.kind not in SHAPING:
        return sent[name]
    return next((sent[source] for source, target in graph.edges if target == name), sent[name])


def _shapes(graph: NirGraph, plan: list[str], *, batch: bool, flat: bool) -> dict[str, Shape]:
    """Shapes, with a batch axis left out of the Inputs, or of the Flatten nodes."""
    found: dict[str, Shape] = {}
    sources, total = graph.sources(), 0
    for name in plan:
        node = graph.nodes[name]
        known = [found[source] for source in sources[name] if source in found]
        if node.kind == "Flatten":
            found[name] = _flat(name, node, known[0] if known else (1,), int(flat))
        else:
            found[name] = _sent(name, node, known[0] if known else None, batch=batch)
        total += math.prod(found[name])
        if total > MAX_NUMBERS:
            message = (
                f"up to node {name} the nodes send {total:,} numbers; allowed: {MAX_NUMBERS:,}"
            )
            raise BadInput(message)
    takes = {name: received(graph, name, found) for name in graph.nodes}
    for source, target in graph.edges:
        if found[source] != takes[target]:
            message = (
                f"node {target} takes shape {takes[target]} and gets {found[source]} from {source}"
            )
            raise BadInput(message)
    return found


def _sent(name: str, node: Node, incoming: Shape | None, *, batch: bool) -> Shape:
    if node.kind == "Input" or (node.kind == "Output" and incoming is None):
        shape = tuple(int(n) for n in np.atleast_1d(node.parameters["shape"]))
        return shape[1:] if batch and len(shape) > 1 and shape[0] == 1 else shape
    if node.kind == "Output":
        return incoming or ()
    if node.kind in ("Linear", "Affine"):
        return (node.parameters["weight"].shape[0],)
    if node.kind in SHAPING:
        if incoming is None:
            message = f"node {name} is a {node.kind} that gets nothing; allowed: with an edge to it"
            raise BadInput(message)
        return convolved(name, node, incoming)
    own = np.broadcast_shapes(*(np.shape(value) for value in node.parameters.values()))
    if not own and incoming is None:
        message = f"node {name} is a {node.kind} of a number of neurons that nothing tells"
        raise BadInput(message)
    return own or incoming or ()


def _flat(name: str, node: Node, shape: Shape, batch: int) -> Shape:
    """Axes from ``start_dim`` to ``end_dim`` become one; 1 where the first is a batch's."""
    ends = []
    for part in ("start_dim", "end_dim"):
        value = int(node.parameters[part])
        axis = value - batch if value >= batch else value + len(shape) if value < 0 else 0
        if not 0 <= axis < len(shape):
            message = f"node {name} has {part} {value} and gets shape {shape}"
            raise BadInput(message)
        ends.append(axis)
    start, end = ends
    return (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :])
