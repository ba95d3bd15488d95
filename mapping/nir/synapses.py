"""What lies between the neurons of a NIR graph, multiplied out into matrices.

Between two neurons there may be a chain of Linear, Affine, Scale, Flatten and Delay nodes, of
convolutions and pools. Chips, Lava and the synapse graph know one matrix with one delay: each chain
becomes one for each delay in it, and biases become synapses from a source that is always 1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array, diags, eye

from spinspike.arrays import SparseMatrix
from spinspike.errors import BadInput

from .convolution import bias, matrix
from .graph import CONVOLUTIONS, NEURONS, POOLS, NirGraph, Node, loops, order
from .shapes import received, shapes
from .time import steps

CONSTANT = ""  # the source that is always 1
SENDERS = (*NEURONS, "Threshold", "Input")
RECEIVERS = (*NEURONS, "Threshold", "Output")
BIASED = ("Affine", *CONVOLUTIONS)
DELAYS = 1000  # different ones between two nodes
Way = tuple[float, bool]  # delay, and whether it goes around a cycle
Parts = dict[Way, SparseMatrix]  # matrices from the source


@dataclass(frozen=True)
class Synapses:
    """From one sending node, or `CONSTANT`, to one receiving node."""

    source: str
    target: str
    weight: SparseMatrix  # (target size, source size)
    delay: float  # in the unit of the graph's time constants
    around: bool  # takes a step more, since it leaves its source into a cycle (`loops`)

    def steps(self, dt: float) -> int:
        """Steps from source to target."""
        return steps(self.delay, dt) + self.around


def synapses(graph: NirGraph) -> list[Synapses]:
    """All of them, one for each pair of nodes, delay and way.

    Raises
    ------
    BadInput
        As for `spinspike.mapping.nir.shapes.shapes`; or there are over 1000 different delays
        between two nodes.
    """
    sent = shapes(graph)
    size = {name: math.prod(shape) for name, shape in sent.items()}
    plan, late, after = order(graph), loops(graph), graph.targets()
    matrices = {
        name: matrix(name, node, received(graph, name, sent))
        for name, node in graph.nodes.items()
        if node.kind in (*CONVOLUTIONS, *POOLS)
    }
    found: list[Synapses] = []
    for name, node in graph.nodes.items():
        source, start = name, csr_array(eye(size[name], format="csr"))
        if node.kind in BIASED:
            source, start = CONSTANT, csr_array(bias(node, sent[name])[:, None])
        elif node.kind not in SENDERS:
            continue
        arriving: dict[str, Parts] = {}
        for target in after[name]:
            arriving[target] = {(0.0, (name, target) in late): start}
        _pass_on(graph, plan, after, arriving, matrices)
        found += [
            Synapses(source, target, csr_array(weight), *way)
            for target, parts in arriving.items()
            if graph.nodes[target].kind in RECEIVERS
            for way, weight in parts.items()
            if weight.nnz
        ]
    return found


def _pass_on(
    graph: NirGraph,
    plan: list[str],
    after: Mapping[str, list[str]],
    arriving: dict[str, Parts],
    matrices: Mapping[str, SparseMatrix],
) -> None:
    """Through every node that is no neuron, each once, up to the neurons; Outputs hand on, too."""
    for name in plan:
        kind = graph.nodes[name].kind
        if name in arriving and (kind not in RECEIVERS or kind == "Output"):
            passed = _through(graph.nodes[name], arriving[name], matrices.get(name))
            if len(passed) > DELAYS:
                message = f"node {name} gets the same with {len(passed)} delays; allowed: {DELAYS}"
                raise BadInput(message)
            for target in after[name]:
                parts = arriving.setdefault(target, {})
                for way, weight in passed.items():
                    parts[way] = parts[way] + weight if way in parts else weight


def _through(node: Node, parts: Parts, multiplied: SparseMatrix | None) -> Parts:
    """What a node makes of what arrives."""
    p = node.parameters
    if multiplied is not None:
        return {way: multiplied @ part for way, part in parts.items()}
    if node.kind in ("Linear", "Affine"):
        weight = csr_array(p["weight"].astype(np.float64))
        return {way: weight @ part for way, part in parts.items()}
    if node.kind == "Scale":
        return {way: _rows(p["scale"], part) @ part for way, part in parts.items()}
    if node.kind != "Delay":
        return parts
    found: Parts = {}
    for (delay, around), part in parts.items():
        for wait in np.unique(p["delay"]):
            way = (delay + float(wait), around)
            kept = _rows(p["delay"] == wait, part) @ part
            found[way] = found[way] + kept if way in found else kept
    return found


def _rows(factor: Any, matrix: SparseMatrix) -> SparseMatrix:
    """A diagonal matrix that multiplies the rows of another."""
    flat = np.broadcast_to(np.ravel(factor), matrix.shape[0]).astype(np.float64)
    return diags(flat, format="csr")
