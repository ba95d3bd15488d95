"""A synapse graph as the plainest NIR graph there is, for tools that know little of NIR.

One Input, one Affine, one population of LIF neurons in one cycle, one Output:

    input -> weights_input -> neurons -> recurrent -> identity -> neurons -> output

The input has a place for each neuron, added to its field, then one for each supervisory and each
input neuron, so that what is given is no more than one array. What other tools do differently does
not matter here: biases are those of the Affine, since some know no v_leak; the identity keeps the
recurrent weights apart from the neurons, since some send the input through weights that stand beside
them; there are neither delays nor readouts; the edge to the Output comes last, since some take the
first edge for the way on. Thresholds are 1/4: fields are whole numbers, and x - 1/4 > 1/4 exactly
where x > 1/4, so a tool that resets by subtracting the threshold spikes as one that resets to 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinspike.errors import BadInput
from spinspike.mapping.graph.delays import longest_delay
from spinspike.mapping.graph.graph import SynapseGraph

from .export import DEFAULT_DT, check_size
from .export_signed import NEURONS, blocks
from .graph import NirGraph, Node

PORTABLE_KIND = "spinspike graph, portable"
THRESHOLD = 0.25  # below 1/2, see above
SOURCES = ("supervisory", "input")  # behind the neurons in the one Input


def check_portable(graph: SynapseGraph, dt: float = DEFAULT_DT) -> None:
    """Refuse a graph that has no portable form.

    Parameters
    ----------
    graph : SynapseGraph
        Any.
    dt : float, seconds
        A step of the graph.

    Raises
    ------
    BadInput
        It has delays, or as for `spinspike.mapping.nir.export.check_size`.
    """
    check_size(graph, dt)
    if late := longest_delay(graph):
        message = f"the graph has delays of up to {late} steps; allowed in the portable form: none"
        raise BadInput(message)


def to_portable_nir(graph: SynapseGraph, *, dt: float = DEFAULT_DT) -> NirGraph:
    """Everything from outside through one Affine, everything inside through one Linear.

    Parameters
    ----------
    graph : SynapseGraph
        One that `check_portable` lets pass.
    dt : float, seconds
        Time constant of all neurons, so that a step of this length is a step of the graph.

    Raises
    ------
    BadInput
        As for `check_portable`.
    """
    check_portable(graph, dt)
    found, size = blocks(graph), graph.neurons
    none = np.zeros((size, size))
    outside = [np.eye(size)]
    outside += [found[kind, NEURONS, 0] for kind in SOURCES if (kind, NEURONS, 0) in found]
    weight, one = np.concatenate(outside, axis=1), np.ones(size)
    nodes = {
        "input": _end("Input", weight.shape[1]),
        "weights_input": Node("Affine", {"weight": _single(weight), "bias": _single(graph.bias)}),
        NEURONS: Node(
            "LIF",
            {
                "tau": dt * one,
                "r": one,
                "v_leak": 0 * one,
                "v_threshold": THRESHOLD * one,
                "v_reset": 0 * one,
            },
        ),
        "recurrent": Node("Linear", {"weight": _single(found.get((NEURONS, NEURONS, 0), none))}),
        "identity": Node("Linear", {"weight": _single(np.eye(size))}),
        "output": _end("Output", size),
    }
    edges = (
        ("input", "weights_input"), ("weights_input", NEURONS), (NEURONS, "recurrent"),
        ("recurrent", "identity"), ("identity", NEURONS), (NEURONS, "output"),
    )  # fmt: skip
    metadata = {"kind": PORTABLE_KIND, "dt": dt, "encoding": graph.encoding, "neurons": size}
    metadata |= {kind: _width(found, kind) for kind in SOURCES}
    return NirGraph(nodes, edges, metadata)


def _width(found: dict[tuple[str, str, int], NDArray[Any]], kind: str) -> int:
    """Places of a kind of sources in the Input."""
    return found[kind, NEURONS, 0].shape[1] if (kind, NEURONS, 0) in found else 0


def _end(kind: str, size: int) -> Node:
    return Node(kind, {"shape": np.array([size])})


def _single(values: NDArray[Any]) -> NDArray[np.float32]:
    """Whole numbers of a chip fit single precision exactly."""
    return np.asarray(values).astype(np.float32)
