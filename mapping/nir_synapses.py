"""What lies between the neurons of a NIR graph, multiplied out into matrices.

Between two neurons there may be a chain of Linear, Affine, Scale, Flatten and Delay nodes. Chips,
Lava and the synapse graph know one matrix with one delay: each chain becomes one for each delay in
it, and the biases of Affine nodes become synapses from a source that is always 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array, diags, eye

from spinspike.model.arrays import SparseMatrix

from .nir_graph import NEURONS, NirGraph, Node
from .nir_shapes import shapes

CONSTANT = ""  # the source that is always 1
SENDERS = (*NEURONS, "Threshold", "Input")
RECEIVERS = (*NEURONS, "Threshold", "Output")
Part = tuple[SparseMatrix, float]  # matrix from the source so far, delay so far


@dataclass(frozen=True)
class Synapses:
    """From one sending node, or `CONSTANT`, to one receiving node."""

    source: str
    target: str
    weight: SparseMatrix  # (target size, source size)
    delay: float  # in the unit of the graph's time constants


def synapses(graph: NirGraph) -> list[Synapses]:
    """All of them, one for each pair of nodes and delay.

    Raises
    ------
    BadInput
        As for `spinspike.mapping.nir_shapes.shapes`.
    """
    size = {name: math.prod(shape) for name, shape in shapes(graph).items()}
    found: dict[tuple[str, str, float], Any] = {}
    for name, node in graph.nodes.items():
        source, start = name, eye(size[name], format="csr")
        if node.kind == "Affine":
            bias = np.broadcast_to(node.parameters["bias"], size[name]).astype(np.float64)
            source, start = CONSTANT, csr_array(bias[:, None])
        elif node.kind not in SENDERS:
            continue
        for target, (weight, delay) in _walk(graph, name, [(csr_array(start), 0.0)]):
            key = (source, target, delay)
            found[key] = found[key] + weight if key in found else weight
    return [Synapses(s, t, csr_array(w), d) for (s, t, d), w in found.items() if w.nnz]


def _walk(graph: NirGraph, name: str, parts: list[Part]) -> Iterator[tuple[str, Part]]:
    """Along all edges up to the next receiving nodes."""
    for source, target in graph.edges:
        if source == name:
            node = graph.nodes[target]
            if node.kind in RECEIVERS:
                yield from ((target, part) for part in parts)
            else:
                yield from _walk(graph, target, list(_through(node, parts)))


def _through(node: Node, parts: list[Part]) -> Iterator[Part]:
    """What a node makes of what arrives."""
    p = node.parameters
    for matrix, delay in parts:
        if node.kind in ("Linear", "Affine"):
            yield csr_array(p["weight"].astype(np.float64)) @ matrix, delay
        elif node.kind == "Scale":
            yield _rows(p["scale"], matrix) @ matrix, delay
        elif node.kind == "Delay":
            for wait in np.unique(p["delay"]):
                yield _rows(p["delay"] == wait, matrix) @ matrix, delay + float(wait)
        else:
            yield matrix, delay


def _rows(factor: Any, matrix: SparseMatrix) -> SparseMatrix:
    """A diagonal matrix that multiplies the rows of another."""
    flat = np.broadcast_to(np.ravel(factor), matrix.shape[0]).astype(np.float64)
    return diags(flat, format="csr")
