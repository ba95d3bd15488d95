"""A synapse graph as the NIR graph that most tools expect: one population, signed weights.

All threshold neurons are one CubaLIF, ``neurons``, in the order of the graph. ``recurrent`` holds
excitation and inhibition together, ``supervisory``, ``input`` and ``readout`` likewise; what a
delay sets apart, ``recurrent@3`` three steps later, has a Delay node in front of it. Biases are
those of an Affine behind the input ``bias``, since snnTorch knows no v_leak. Twins of input
and supervisory populations, which always send the same, are one. Neurons and steps are those of
`export`; there is no way back to the graph, whose signs and integers are added up here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinspike.mapping.graph.graph import SynapseGraph

from .export import DEFAULT_DT, check_size, membranes, neurons
from .graph import NirGraph, Node

NEURONS, READOUT, BIAS = "neurons", "readout", "bias"
SIGNED_KIND = "spinspike graph, signs added up"


def to_signed_nir(graph: SynapseGraph, *, dt: float = DEFAULT_DT) -> NirGraph:
    """Excitatory and inhibitory synapses added up, all threshold neurons together.

    Raises
    ------
    BadInput
        As for `spinspike.mapping.nir.export.to_nir`.
    """
    check_size(graph, dt)
    shape = {"shape": np.array([graph.neurons])}
    nodes = {
        NEURONS: neurons(0 * graph.bias, dt),
        BIAS: Node("Input", shape),
        f"weights_{BIAS}": Node(
            "Affine",
            {
                "weight": np.eye(graph.neurons, dtype=np.float32),
                "bias": graph.bias.astype(np.float32),
            },
        ),
        f"output_{NEURONS}": Node("Output", shape),
    }
    edges = {
        (BIAS, f"weights_{BIAS}"),
        (f"weights_{BIAS}", NEURONS),
        (NEURONS, f"output_{NEURONS}"),
    }
    if graph.named("readout"):
        nodes[READOUT] = membranes(graph.io.readout_bias, dt)
        nodes[f"output_{READOUT}"] = Node("Output", {"shape": np.array([graph.classes])})
        edges.add((READOUT, f"output_{READOUT}"))
    for (source, target, wait), weight in blocks(graph).items():
        name = "recurrent" if source == target else READOUT if target == READOUT else source
        name = f"weights_{name}" + (f"@{wait}" if wait and target != READOUT else "")
        nodes[name] = Node("Linear", {"weight": weight.astype(np.float32)})
        edges.add((name, target))
        if source != NEURONS:
            nodes[source] = Node("Input", {"shape": np.array([weight.shape[1]])})
        if wait:
            size = weight.shape[1]
            delay = f"{source}@{wait}:{'around' if source == target else 'ahead'}"
            nodes[delay] = Node("Delay", {"delay": np.full(size, wait * dt)})
            edges |= {(source, delay), (delay, name)}
        else:
            edges.add((source, name))
    metadata = {"kind": SIGNED_KIND, "dt": dt, "encoding": graph.encoding}
    metadata |= {"weight_bits": graph.weight_bits, "levels": graph.io.levels}
    return NirGraph(nodes, tuple(sorted(edges)), metadata)


def blocks(graph: SynapseGraph) -> dict[tuple[str, str, int], NDArray[Any]]:
    """Sums of signed weights by source, target and steps of delay beyond that of a cycle.

    Parameters
    ----------
    graph : SynapseGraph
        Sources and targets are `NEURONS` and the neuron models of other populations.
    """
    places: dict[str, tuple[str, slice, int]] = {}
    for population in graph.populations:
        whole = slice(0, population.size)
        places[population.name] = (population.neuron, whole, population.size)
    for name, part in graph.slices().items():
        places[name] = (NEURONS, part, graph.neurons)
    found: dict[tuple[str, str, int], NDArray[Any]] = {}
    for p in graph.projections:
        source, columns, width = places[p.source]
        target, rows, height = places[p.target]
        wait = p.delay + (target == READOUT)
        block = found.setdefault((source, target, wait), np.zeros((height, width)))
        matrix = p.matrix(graph.sizes[p.source]).astype(np.float64).toarray()
        block[rows, columns] += p.sign * 2.0**p.exponent * matrix
    return dict(found)
