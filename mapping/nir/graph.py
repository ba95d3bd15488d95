"""A NIR graph: nodes that compute and edges that carry, in continuous time.

NIR, the Neuromorphic Intermediate Representation, describes a network by what its parts obey, and
leaves time steps to whoever runs it. With x the sum of what arrives, spikes S being 1 or 0,

    Linear     W x
    Affine     W x + b
    Scale      s x
    Threshold  1 where x > theta
    Delay      x(t - delay)
    Flatten    x in other shape
    Conv1d     convolutions and pools: see `nir_convolution`
    I          v' = R x
    LI         tau v' = (v_leak - v) + R x
    IF         as I, spike and v <- v_reset where v > v_threshold
    LIF        as LI, spike and v <- v_reset where v > v_threshold
    CubaLI     tau_syn I' = w_in x - I,  tau_mem v' = (v_leak - v) + R I
    CubaLIF    as CubaLI, spike and v <- v_reset where v > v_threshold

References
----------
Pedersen et al., Neuromorphic intermediate representation, Nature Communications 15, 8122 (2024);
nir 1.0.8, ``nir/ir``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from spinspike.errors import BadInput

INTEGRATORS = ("I", "LI", "CubaLI")
SPIKING = ("IF", "LIF", "CubaLIF")
NEURONS = (*INTEGRATORS, *SPIKING)  # what has a state of its own
CONVOLUTIONS = ("Conv1d", "Conv2d")
POOLS = ("SumPool2d", "AvgPool2d")
PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "Input": ("shape",),
    "Output": ("shape",),
    "Linear": ("weight",),
    "Affine": ("weight", "bias"),
    "Scale": ("scale",),
    "Threshold": ("threshold",),
    "Delay": ("delay",),
    "Flatten": ("start_dim", "end_dim"),
    **dict.fromkeys(CONVOLUTIONS, ("weight", "bias", "stride", "padding", "dilation", "groups")),
    **dict.fromkeys(POOLS, ("kernel_size", "stride", "padding")),
    "I": ("r",),
    "LI": ("tau", "r", "v_leak"),
    "CubaLI": ("tau_syn", "tau_mem", "r", "v_leak", "w_in"),
    "IF": ("r", "v_threshold", "v_reset"),
    "LIF": ("tau", "r", "v_leak", "v_threshold", "v_reset"),
    "CubaLIF": ("tau_syn", "tau_mem", "r", "v_leak", "v_threshold", "v_reset", "w_in"),
}
DEFAULTS = {"v_reset": 0.0, "w_in": 1.0}  # of what older files leave out
TIMES = ("tau", "tau_syn", "tau_mem")
Late = Literal["all", "closing"]
Spikes = Literal["one", "several"]
Reset = Literal["value", "value-late", "subtract", "subtract-late", "none"]


@dataclass(frozen=True)
class Firing:
    """How a neuron spikes and resets, where a tool does it otherwise than NIR has it.

    Parameters
    ----------
    spikes : str
        "one" where v > v_threshold; "several", as often as the threshold goes into v, v = v_threshold
        included.
    reset : str
        "value", to v_reset; "subtract", by v_threshold for each spike; "none". With "-late" it is
        the membrane of the next step, decay and input included, that is reset.
    """

    spikes: Spikes = "one"
    reset: Reset = "value"

    def __str__(self) -> str:
        """As options say it."""
        return f"spikes {self.spikes}, reset {self.reset}"


NIR_FIRING = Firing()


@dataclass(frozen=True)
class Node:
    """One part of a NIR graph; of kinds that are not known here the name alone is kept."""

    kind: str
    parameters: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    firing: Firing = NIR_FIRING


@dataclass(frozen=True)
class NirGraph:
    """Nodes by name, and edges (from, to); metadata says nothing that running it needs.

    An Input hands on what it is given, and with it what edges bring; so does an Output.
    """

    nodes: Mapping[str, Node]
    edges: tuple[tuple[str, str], ...]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    late: Late = "all"  # edges of a cycle that take a step, see `loops`
    read_as: tuple[str, ...] = ()  # what was read otherwise than the file has it, and how

    def named(self, *kinds: str) -> tuple[str, ...]:
        """Names of the nodes of some kinds."""
        return tuple(name for name, node in self.nodes.items() if node.kind in kinds)

    def sources(self) -> dict[str, list[str]]:
        """Where each node gets its input from."""
        found: dict[str, list[str]] = {name: [] for name in self.nodes}
        for source, target in self.edges:
            found[target].append(source)
        return found

    def targets(self) -> dict[str, list[str]]:
        """Where each node sends to."""
        found: dict[str, list[str]] = {name: [] for name in self.nodes}
        for source, target in self.edges:
            found[source].append(target)
        return found


def loops(graph: NirGraph) -> set[tuple[str, str]]:
    """Edges out of a neuron in a cycle that take a step.

    Time steps must break every cycle somewhere, and NIR does not say where. With ``graph.late``
    "all" it is at every neuron of the cycle; with "closing" only where the way leads on to a neuron
    that is no farther from the inputs, counted in neurons on the way, than the one before. In a
    cycle of a single population the two are one.
    """
    edges = nx.DiGraph(list(graph.edges))
    edges.add_nodes_from(graph.nodes)
    ring = {
        name: number
        for number, part in enumerate(nx.strongly_connected_components(edges))
        for name in part
    }
    around = {
        (source, target)
        for source, target in graph.edges
        if ring[source] == ring[target] and graph.nodes[source].kind in NEURONS
    }
    if graph.late == "all":
        return around
    far = _distances(graph)
    return {
        (source, target)
        for source, target in around
        if any(
            ring[name] == ring[source] and far[name] <= far[source]
            for name in _next_neurons(graph, target)
        )
    }


def in_wide_cycles(graph: NirGraph) -> list[str]:
    """Neurons in cycles of several populations, where ``graph.late`` makes a difference."""
    late = {(a, b) for a, b in loops(replace(graph, late="all"))}
    return sorted({a for a, _ in late ^ loops(replace(graph, late="closing"))})


def _distances(graph: NirGraph) -> dict[str, int]:
    """Fewest neurons on the way from any Input to each node, itself included."""
    found = dict.fromkeys(graph.nodes, len(graph.nodes) + 1)
    after, front, far = graph.targets(), list(graph.named("Input")), 0
    while front:
        reached = list(front)
        neurons: list[str] = []
        while reached:
            name = reached.pop()
            if found[name] <= far:
                continue
            found[name] = far
            for target in after[name]:
                spikes = graph.nodes[target].kind in NEURONS
                (neurons if spikes else reached).append(target)
        front, far = neurons, far + 1
    return found


def _next_neurons(graph: NirGraph, start: str) -> set[str]:
    """Neurons that a node reaches with none between; itself, if it is one."""
    after, reached, seen = graph.targets(), [start], {start}
    while reached:
        name = reached.pop()
        if graph.nodes[name].kind not in NEURONS:
            reached += [target for target in after[name] if target not in seen]
            seen |= set(after[name])
    return {name for name in seen if graph.nodes[name].kind in NEURONS}


def order(graph: NirGraph) -> list[str]:
    """Nodes in an order of computation within one step.

    Raises
    ------
    BadInput
        Some nodes feed each other without a neuron between them.
    """
    late = loops(graph)
    edges = nx.DiGraph([edge for edge in graph.edges if edge not in late])
    edges.add_nodes_from(graph.nodes)
    try:
        return list(nx.lexicographical_topological_sort(edges))
    except nx.NetworkXUnfeasible:
        names = sorted({node for edge in nx.find_cycle(edges) for node in edge})
        message = f"nodes {', '.join(names)} feed each other with no neuron between them"
        raise BadInput(message) from None


def unsupported(graph: NirGraph, *, allowed: tuple[str, ...] = tuple(PARAMETERS)) -> list[str]:
    """What of a graph cannot be run, by node name; empty if all of it can."""
    return list(_misfits(graph, allowed))


def _misfits(graph: NirGraph, allowed: tuple[str, ...]) -> Iterator[str]:
    for name, node in graph.nodes.items():
        if node.kind not in allowed:
            yield f"node {name} is a {node.kind}; allowed: {', '.join(allowed)}"
        elif missing := [part for part in PARAMETERS[node.kind] if part not in node.parameters]:
            yield f"node {name} is a {node.kind} and has no {missing[0]}"
        elif endless := [p for p in ("tau", "r") if np.isinf(node.parameters.get(p, 0.0)).any()]:
            yield (
                f"node {name} has a {endless[0]} of infinity; allowed: finite numbers, or with --from snntorch and "
                "spyx a neuron that does not leak"
            )
        elif node.kind in ("Linear", "Affine") and node.parameters["weight"].ndim != 2:
            shape = node.parameters["weight"].shape
            yield f"node {name} has weights of shape {shape}; allowed: a matrix"
    for source, target in graph.edges:
        for name in (source, target):
            if name not in graph.nodes:
                yield f"edge {source} to {target} ends at {name}, which is no node"
    for (source, target), count in Counter(graph.edges).items():
        if count > 1:
            yield f"edge {source} to {target} stands there {count} times; allowed: once"
