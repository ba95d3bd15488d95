"""NIR files as the tools mean them that wrote them.

NIR has continuous time; every tool has steps, and writes numbers from which its own steps can be had
back, if one knows how. Here they are put into numbers that forward Euler runs in the same steps: a
neuron that keeps the part k of its membrane and adds g times its input becomes

    tau = dt / (1 - k),  r = g / (1 - k)

What no number of NIR says, that a tool subtracts the threshold or spikes several times in a step,
becomes the `Firing` of a node. Everything that is read so is said (`NirGraph.read_as`). Which
network had other than the tool's own settings no file says; `Choices` does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from spinspike.errors import BadInput
from spinspike.mapping.nir.flatten import unused
from spinspike.mapping.nir.graph import (
    NEURONS,
    SPIKING,
    Firing,
    NirGraph,
    Node,
    Reset,
    Spikes,
    loops,
)
from spinspike.mapping.nir.notices import with_choices
from spinspike.mapping.nir.shapes import received, shapes
from spinspike.mapping.nir.time import check_step

from .guess import guess, guessed_step

PLAIN, AUTO = "nir", "auto"
STEP = 1e-4  # of files of which nothing else is known


@dataclass(frozen=True)
class Choices:
    """How a file is to be read.

    Parameters
    ----------
    source : str
        The tool that wrote it, of `PRODUCERS`; "nir", as NIR has it; "auto", as `guess` says.
    dt : float, str or None
        Time step in the unit of the file; "auto", what the file tells; None, likewise for a tool,
        1e-4 for "nir".
    integrate : str or None
        What is added for an input of 1: "dt", what NIR's equation has, "step", r in each step; None,
        what the tool does. For Sinabs it is the input of its LIF: "step", ``norm_input=False``.
    late : str
        Which edges of a cycle take a step, see `spinspike.mapping.nir.graph.loops`.
    reset, spikes : str or None
        As in `spinspike.mapping.nir.graph.Firing`, for all neurons; None, what the tool does.
    """

    source: str = PLAIN
    dt: float | str | None = None
    integrate: str | None = None
    late: str = "all"
    reset: str | None = None
    spikes: str | None = None


def read_as(graph: NirGraph, choices: Choices) -> tuple[NirGraph, float]:
    """A graph that does by forward Euler what its producer does, and the step for it.

    Parameters
    ----------
    graph : NirGraph
        As its file has it.
    choices : Choices
        How to read it.

    Raises
    ------
    BadInput
        A choice is none, the step or the tool is asked for and the file does not tell, or there is
        something in the file that the tool does not write.

    Examples
    --------
    Norse keeps 9/10 of a membrane with a tau of 1e-5, since its unit is the millisecond twice:

    >>> p = {"tau": 1e-5, "r": 1.0, "v_leak": 0.0, "v_threshold": 1.0, "v_reset": 0.0}
    >>> neuron = Node("LIF", {name: np.full(1, value) for name, value in p.items()})
    >>> ends = {kind: Node(kind, {"shape": np.ones(1)}) for kind in ("Input", "Output")}
    >>> graph = NirGraph({**ends, "n": neuron}, (("Input", "n"), ("n", "Output")))
    >>> read_as(graph, Choices(source="norse"))[1]
    1e-06
    """
    source = choices.source
    if source == AUTO and not (source := guess(graph)):
        message = f"nothing in the file tells who wrote it; --from takes {', '.join(NAMES)}"
        raise BadInput(message)
    if source not in NAMES:
        message = f"--from is {source!r}; allowed: {AUTO}, {', '.join(NAMES)}"
        raise BadInput(message)
    _check_firing(choices)
    dt = _step(graph, choices, source)
    check_step(dt)
    found = (
        with_choices(graph, dt=dt, integrate=choices.integrate or "dt", late=choices.late)
        if source == PLAIN
        else PRODUCERS[source](_late(graph, choices.late, dt), dt, choices)
    )
    found = _fired(found, choices)
    if source == PLAIN and (other := guess(graph)):
        hint = (
            f"the numbers of the file are those that {TITLES[other]} writes: --from {other} reads them "
            "as it means them"
        )
        found = replace(found, read_as=(*found.read_as, hint))
    return found, dt


def _step(graph: NirGraph, choices: Choices, source: str) -> float:
    given = choices.dt
    if isinstance(given, str) and given != AUTO:
        try:
            return float(given)
        except ValueError:
            message = f"--dt is {given!r}; allowed: a number, or {AUTO}"
            raise BadInput(message) from None
    if given is not None and given != AUTO:
        return float(given)
    if given is None and source == PLAIN:
        return STEP
    told = graph.metadata.get("dt")
    if told is not None and np.size(told) == 1 and np.asarray(told).dtype.kind in "fiu":
        return float(np.asarray(told))
    found = guessed_step(graph, guess(graph) if source == PLAIN else source)
    if found is None:
        message = (
            "the file does not tell its time step; --dt takes that of the tool that wrote it, in the "
            "unit of the file: 1e-4 for snnTorch, 1e-6 for Norse, 1 for Sinabs and Spyx, its dt "
            "for Rockpool"
        )
        raise BadInput(message)
    return found


def _late(graph: NirGraph, late: str, dt: float) -> NirGraph:
    return with_choices(graph, dt=dt, integrate="dt", late=late)


def _check_firing(choices: Choices) -> None:
    for option, kind in (("reset", Reset), ("spikes", Spikes)):
        value, allowed = getattr(choices, option), get_args(kind)
        if value is not None and value not in allowed:
            message = f"--{option} is {value!r}; allowed: {', '.join(allowed)}"
            raise BadInput(message)
    if choices.integrate not in (None, "dt", "step"):
        message = f"--integrate is {choices.integrate!r}; allowed: dt, step"
        raise BadInput(message)


def _fired(graph: NirGraph, choices: Choices) -> NirGraph:
    """The graph with the choices about spikes, which go above what a tool does."""
    changes = {
        part: value
        for part, value in (("reset", choices.reset), ("spikes", choices.spikes))
        if value is not None
    }
    if not changes:
        return graph
    nodes: dict[str, Node] = {}
    for name, node in graph.nodes.items():
        nodes[name] = node
        if node.kind in SPIKING:
            firing = replace(node.firing, **changes)  # type: ignore[arg-type]  # checked above
            one = node.firing.spikes == "several" and firing.spikes == "one"
            nodes[name] = replace(_at_threshold(node) if one else node, firing=firing)
    told = ", ".join(f"{part} {value}" for part, value in changes.items())
    return replace(graph, nodes=nodes, read_as=(*graph.read_as, f"neurons by choice: {told}"))


def _at_threshold(node: Node) -> Node:
    """One that spikes at the threshold, too: its threshold is the number before."""
    theta = np.asarray(node.parameters["v_threshold"], dtype=np.float64)
    return _with(node, v_threshold=np.nextafter(theta, -np.inf))


def _with(node: Node, **parameters: NDArray[Any]) -> Node:
    return replace(node, parameters={**node.parameters, **parameters})


def _part(node: Node, name: str) -> NDArray[np.float64]:
    return np.asarray(node.parameters[name], dtype=np.float64)


def _membrane(node: Node, keep: Any, gain: Any, dt: float) -> Node:
    """One that keeps a part of its membrane, and adds so much of its input or current."""
    tau = "tau_mem" if "tau_mem" in node.parameters else "tau"
    return _with(node, **{tau: dt / (1 - keep)}, r=gain / (1 - keep))


def _synapse(node: Node, keep: Any, gain: Any, dt: float) -> Node:
    """Likewise for its current."""
    return _with(node, tau_syn=dt / (1 - keep), w_in=gain / (1 - keep))


def _changed(
    graph: NirGraph, change: Callable[[Node], Node], firing: Firing, *read_as: str
) -> NirGraph:
    """The graph with other neurons."""
    nodes = {
        name: change(node) if node.kind in NEURONS else node for name, node in graph.nodes.items()
    }
    nodes = {
        name: replace(node, firing=firing) if node.kind in SPIKING else node
        for name, node in nodes.items()
    }
    return replace(graph, nodes=nodes, read_as=(*graph.read_as, *read_as))


def _without_leak(node: Node, dt: float) -> Node:
    """One that keeps all of its membrane and adds its input as it is, for beta = 1."""
    one = np.ones(np.shape(node.parameters["tau"]))
    kept = {part: node.parameters[part] for part in ("v_threshold", "v_reset")}
    return replace(node, kind="IF", parameters={"r": one / dt, **kept})


def _euler(node: Node, dt: float) -> NDArray[np.float64]:
    """The part of a membrane that a step of Euler keeps."""
    return 1 - dt / _part(node, "tau_mem" if "tau_mem" in node.parameters else "tau")


def _snntorch(graph: NirGraph, dt: float, choices: Choices) -> NirGraph:
    """Mem <- beta mem + x - threshold where mem was above it; one spike where it is above it now."""

    def change(node: Node) -> Node:
        if node.kind in ("I", "IF"):
            return _with(node, r=_part(node, "r") / dt)
        tau = _part(node, "tau_mem" if "tau_mem" in node.parameters else "tau")
        if np.isinf(tau).all():
            return _without_leak(node, dt)
        made = _with(node, r=tau / dt)
        return (
            _with(made, w_in=_part(node, "tau_syn") / dt) if "tau_syn" in node.parameters else made
        )

    return _changed(
        graph,
        change,
        Firing(reset="subtract-late"),
        "as snnTorch: neurons add their input as it is, and subtract the threshold in the step after "
        "a spike, its default; --reset value: reset_mechanism zero of Leaky, or with reset_delay False; value-late: of "
        "all others; none: none",
    )


def _norse(graph: NirGraph, dt: float, choices: Choices) -> NirGraph:
    """LIFBox is Euler; LIF adds its input to the current as it is, IAF to the membrane."""

    def change(node: Node) -> Node:
        if node.kind in ("I", "IF"):
            return _with(node, r=_part(node, "r") / dt)
        if "tau_syn" in node.parameters:
            return _with(node, w_in=_part(node, "w_in") * _part(node, "tau_syn") / dt)
        return node

    return _changed(
        graph,
        change,
        Firing(),
        "as Norse: LIFCell adds its input to the current, IAFCell to the membrane, as it is; v_reset "
        "is 0, which Norse does not write; --reset subtract: reset_method reset_subtract",
    )


def _sinabs(graph: NirGraph, dt: float, choices: Choices) -> NirGraph:
    """V <- a v + (1 - a) x with a = exp(-dt / tau), as many spikes as thresholds fit into v."""
    normed = choices.integrate != "step"

    def change(node: Node) -> Node:
        if node.kind in ("I", "IF"):
            return _with(node, r=_part(node, "r") / dt)
        keep = np.exp(-dt / _part(node, "tau"))
        return _membrane(node, keep, 1 - keep if normed and node.kind == "LIF" else 1.0, dt)

    _no_currents(graph, "Sinabs")
    return _changed(
        graph,
        change,
        Firing("several", "subtract"),
        "as Sinabs: membranes decay by exp(-dt / tau), neurons spike as often as the threshold fits "
        "in and subtract it each time, its defaults; --spikes one: SingleSpike; --reset value: "
        "MembraneReset; --integrate step: norm_input False; tau_syn and min_v_mem are not in its files",
    )


def _rockpool(graph: NirGraph, dt: float, choices: Choices) -> NirGraph:
    """I <- b (I + x), v <- a v + I, with a, b = exp(-dt / tau), several spikes."""

    def change(node: Node) -> Node:
        if node.kind in ("I", "IF"):
            message = f"a node is {node.kind}, which Rockpool does not write"
            raise BadInput(message)
        keep = np.exp(-dt / _part(node, "tau_mem" if "tau_mem" in node.parameters else "tau"))
        made = _membrane(node, keep, keep if node.kind == "LI" else 1.0, dt)
        if "tau_syn" not in node.parameters:
            return made
        syn = np.exp(-dt / _part(node, "tau_syn"))
        return _synapse(made, syn, syn, dt)

    return _changed(
        graph,
        change,
        Firing("several", "subtract"),
        f"as Rockpool with dt {dt:g}: currents and membranes decay by exp(-dt / tau), neurons spike as "
        "often as the threshold fits in and subtract it each time; biases of neurons and recurrent "
        "weights of LIFTorch are not in its files",
    )


def _spyx(graph: NirGraph, dt: float, choices: Choices) -> NirGraph:
    """V <- beta v + x - threshold where v was above it, and the spike is sent a step later."""

    def change(node: Node) -> Node:
        if node.kind in ("I", "IF"):
            return _with(node, r=_part(node, "r") / dt)
        if np.isinf(_part(node, "tau_mem" if "tau_mem" in node.parameters else "tau")).all():
            return _without_leak(node, dt)
        made = _membrane(node, _euler(node, dt), 1.0, dt)
        if "tau_syn" not in node.parameters:
            return made
        return _synapse(made, 1 - dt / _part(node, "tau_syn"), 1.0, dt)

    found = _changed(
        graph,
        change,
        Firing(reset="subtract-late"),
        "as Spyx: neurons add their input as it is, subtract the threshold in the step after a spike "
        "and send it in that step",
    )
    at_once = {
        name: replace(node, firing=Firing(reset="subtract"))
        for name, node in found.nodes.items()
        if node.kind == "CubaLIF"
    }
    found = replace(found, nodes={**found.nodes, **at_once})
    return _delayed(_channels_last(_around_recurrent(found)), dt)


def _no_currents(graph: NirGraph, tool: str) -> None:
    for name in graph.named("CubaLI", "CubaLIF"):
        message = f"node {name} is a {graph.nodes[name].kind}, which {tool} does not write"
        raise BadInput(message)


def _around_recurrent(graph: NirGraph) -> NirGraph:
    """Input that Spyx writes through a recurrent matrix goes to the neurons, as in its layers."""
    late = loops(graph)
    matrices = {target: source for source, target in late if graph.nodes[target].kind == "Linear"}
    edges = []
    for source, target in graph.edges:
        past = target in matrices and source != matrices[target]
        edges.append((source, matrices[target]) if past else (source, target))
    if tuple(edges) == graph.edges:
        return graph
    said = "input that the file leads through recurrent matrices goes past them"
    return replace(graph, edges=tuple(edges), read_as=(*graph.read_as, said))


def _channels_last(graph: NirGraph) -> NirGraph:
    """Behind a Flatten Spyx counts channels fastest, and writes its weights so."""
    sent = shapes(graph)
    nodes, flat = dict(graph.nodes), []
    for name in graph.named("Flatten"):
        shape = received(graph, name, sent)
        if len(shape) < 3:
            continue
        after = graph.targets()[name]
        if any(graph.nodes[target].kind not in ("Linear", "Affine") for target in after):
            message = f"node {name} is a Flatten before no weights; Spyx's order cannot be had back"
            raise BadInput(message)
        places = np.arange(np.prod(shape)).reshape(*shape[1:], shape[0])  # as Spyx counts
        order = np.moveaxis(places, -1, 0).ravel()
        for target in after:
            nodes[target] = _with(
                nodes[target], weight=nodes[target].parameters["weight"][:, order]
            )
        flat.append(name)
    if not flat:
        return graph
    said = f"weights behind {', '.join(flat)} count channels fastest, as Spyx lays them out"
    return replace(graph, nodes=nodes, read_as=(*graph.read_as, said))


def _delayed(graph: NirGraph, dt: float) -> NirGraph:
    """Spikes on their way on, not around a cycle, come a step later."""
    late, nodes, edges = loops(graph), dict(graph.nodes), []
    for source, target in graph.edges:
        if nodes[source].kind not in SPIKING or (source, target) in late:
            edges.append((source, target))
            continue
        name = unused(f"{source}>{target}", nodes)
        nodes[name] = Node("Delay", {"delay": np.array(dt)})
        edges += [(source, name), (name, target)]
    return replace(graph, nodes=nodes, edges=tuple(edges))


PRODUCERS: Mapping[str, Callable[[NirGraph, float, Choices], NirGraph]] = {
    "snntorch": _snntorch,
    "norse": _norse,
    "sinabs": _sinabs,
    "rockpool": _rockpool,
    "spyx": _spyx,
}
TITLES = {
    "snntorch": "snnTorch",
    "norse": "Norse",
    "sinabs": "Sinabs",
    "rockpool": "Rockpool",
    "spyx": "Spyx",
}
NAMES = (PLAIN, *PRODUCERS)
