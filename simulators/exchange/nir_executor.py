"""NIR in time steps, in NumPy: what a NIR graph does, as an oracle for other tools.

NIR says nothing of time steps. This executor takes one step dt after the other:

1. In each step every node is computed once, in the direction of the edges; what a node sends
   arrives in the same step. A neuron's output that goes around in a cycle arrives in the next
   step (`loops`); in the first step nothing arrives that way.
2. Forward Euler, current before membrane. With x the sum of what arrives, all states 0 at first,

       I <- I + dt / tau_syn (w_in x - I)                CubaLI, CubaLIF; else I is x
       v <- v + dt / tau_mem (v_leak - v + R I)          tau in LI, LIF
       v <- v + dt R I                                   I, IF
       spike and v <- v_reset where v > v_threshold    or as `spinspike.mapping.nir.graph.Firing` says

   Spikes are 1 whatever dt is. tau = dt is a neuron without memory: v = v_leak + R x.
3. Delays add up from one neuron, threshold or input to the next, and are rounded to whole steps
   once, there (`spinspike.mapping.nir.time.steps`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinspike.arrays import FloatArray
from spinspike.errors import BadInput
from spinspike.mapping.nir.convolution import bias, matrix
from spinspike.mapping.nir.graph import NEURONS, SPIKING, NirGraph, Node, loops, order
from spinspike.mapping.nir.shapes import SHAPING, received, shapes
from spinspike.mapping.nir.time import check_step, rate, steps, too_late, too_short
from spinspike.spelling import check_names

Parts = dict[float, FloatArray]  # what is on its way, by the delay that it has met
Collect = Callable[[Parts], FloatArray]
Update = Callable[[Parts], Parts]
DELAYS = 1000  # different ones on the way to one node


@dataclass(frozen=True)
class Run:
    """What a graph did."""

    sent: Mapping[str, FloatArray]  # of each recorded node, (steps, B, …)
    spikes: Mapping[str, int]  # of each node that spikes, in all


def execute(
    graph: NirGraph,
    inputs: Mapping[str, NDArray[Any]],
    *,
    dt: float,
    record: Sequence[str] = (),
) -> dict[str, FloatArray]:
    """Run a graph on given inputs.

    Parameters
    ----------
    graph : NirGraph
        Any that has no `obstacles`.
    inputs : mapping
        For each Input node (steps, B, …), … being its shape; all alike long.
    dt : float
        Time step, in the unit of the graph's time constants (for most tools seconds).
    record : sequence of str
        Nodes to record beside the Output nodes; ``NODE.v`` for the membrane of a neuron, after the
        step and its reset.

    Returns
    -------
    dict
        What each recorded node sends, (steps, B, …). I, LI and CubaLI send their membrane.

    Raises
    ------
    BadInput
        The graph has nodes that cannot be run, dt is longer than a time constant, an input does
        not fit, is not known or missing, or numbers grow beyond those of a double.

    Examples
    --------
    A neuron that counts to three:

    >>> shape = {"shape": np.array([1])}
    >>> count = {"r": np.ones(1), "v_threshold": np.array([2.5]), "v_reset": np.zeros(1)}
    >>> graph = NirGraph(
    ...     {"in": Node("Input", shape), "count": Node("IF", count), "out": Node("Output", shape)},
    ...     (("in", "count"), ("count", "out")),
    ... )
    >>> execute(graph, {"in": np.ones((7, 1, 1))}, dt=1.0)["out"].ravel().tolist()
    [0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0]
    """
    return dict(run(graph, inputs, dt=dt, record=record).sent)


def obstacles(graph: NirGraph, *, dt: float) -> list[str]:
    """What of a graph cannot be run; empty if all of it can.

    Parameters
    ----------
    graph : NirGraph
        Any.
    dt : float
        As for `execute`.
    """
    try:
        check_step(dt)
        size = shapes(graph)
        if problems := [p for name, node in graph.nodes.items() for p in too_short(name, node, dt)]:
            return problems
        silence = {name: np.zeros((1, 1, *size[name])) for name in graph.named("Input")}
        run(graph, silence, dt=dt)
    except BadInput as error:
        return [str(error)]
    return []


def run(
    graph: NirGraph,
    inputs: Mapping[str, NDArray[Any]],
    *,
    dt: float,
    record: Sequence[str] = (),
) -> Run:
    """Run likewise, and count the spikes of every node.

    Parameters
    ----------
    graph, inputs, dt, record
        As for `execute`.

    Raises
    ------
    BadInput
        As for `execute`.
    """
    check_step(dt)
    size, late = shapes(graph), loops(graph)
    length, patterns, given = _check_inputs(graph, inputs, size)
    membrane: dict[str, FloatArray] = {}
    nodes = {name: _node(graph, name, size, patterns, dt, membrane) for name in order(graph)}
    names = [*graph.named("Output"), *record]
    shown = {name: _shown(graph, name) for name in names}
    collect = {name: _collect(name, (patterns, *size[shown[name]]), dt) for name in names}
    recorded: dict[str, list[FloatArray]] = {name: [] for name in names}
    spikes = dict.fromkeys(graph.named(*SPIKING, "Threshold"), 0)
    sources = graph.sources()
    sent: dict[str, Parts] = {
        name: {0.0: np.zeros((patterns, *shape))} for name, shape in size.items()
    }
    for step in range(length):
        before = dict(sent)
        for name, (shape, update) in nodes.items():
            arriving: Parts = {0.0: given[name][step] if name in given else np.zeros(shape)}
            for source in sources[name]:
                for delay, value in (before if (source, name) in late else sent)[source].items():
                    arriving[delay] = arriving[delay] + value if delay in arriving else value
            with np.errstate(over="ignore", invalid="ignore"):
                sent[name] = update(arriving)
            if not all(np.isfinite(value).all() for value in sent[name].values()):
                message = f"node {name} exceeds what a double holds in step {step + 1}"
                raise BadInput(message)
            if name in spikes:
                spikes[name] += int(sent[name][0.0].sum())
        for name, values in recorded.items():
            parts = sent[name] if name in sent else {0.0: membrane[shown[name]]}
            values.append(collect[name](parts))
    found = {
        name: np.array(values).reshape(length, patterns, *size[shown[name]])
        for name, values in recorded.items()
    }
    return Run(found, spikes)


def _check_inputs(
    graph: NirGraph, inputs: Mapping[str, NDArray[Any]], size: Mapping[str, tuple[int, ...]]
) -> tuple[int, int, dict[str, FloatArray]]:
    """Steps, patterns, and the inputs in the shape of their nodes."""
    names = graph.named("Input")
    check_names(inputs, names, what="input")
    lengths, found = set(), {}
    for name, array in inputs.items():
        value = np.asarray(array)
        if value.dtype.kind not in "biuf":
            message = f"input {name} has type {value.dtype}; allowed: numbers"
            raise BadInput(message)
        whole = tuple(int(n) for n in np.atleast_1d(graph.nodes[name].parameters["shape"]))
        if value.ndim < 2 or value.shape[2:] not in (size[name], whole):
            message = f"input {name} has shape {value.shape}; allowed: (steps, B, *{size[name]})"
            raise BadInput(message)
        if not np.isfinite(value).all():
            step = int(np.argwhere(~np.isfinite(value))[0, 0]) + 1
            message = f"input {name} has nan or infinity in step {step}; allowed: finite numbers"
            raise BadInput(message)
        lengths.add((value.shape[0], value.shape[1]))
        found[name] = value.astype(np.float64).reshape(*value.shape[:2], *size[name])
    if len(lengths) != 1:
        message = f"inputs have (steps, patterns) {sorted(lengths)}; allowed: one for all"
        raise BadInput(message)
    return *lengths.pop(), found


def _shown(graph: NirGraph, name: str) -> str:
    """The node of a name to record."""
    node = name if name in graph.nodes else name.removesuffix(".v")
    if node not in graph.nodes or (node != name and graph.nodes[node].kind not in NEURONS):
        neurons = (f"{neuron}.v" for neuron in graph.named(*NEURONS))
        check_names([name], (), (*graph.nodes, *neurons), what="node")
    return node


def _node(
    graph: NirGraph,
    name: str,
    size: Mapping[str, tuple[int, ...]],
    patterns: int,
    dt: float,
    membrane: dict[str, FloatArray],
) -> tuple[tuple[int, ...], Update]:
    """The shape that a node takes, and what it does in a step; it keeps its state to itself."""
    node, p = graph.nodes[name], graph.nodes[name].parameters
    takes = (patterns, *received(graph, name, size))
    sends = (patterns, *size[name])
    collect = _collect(name, takes, dt)
    if node.kind in NEURONS:
        neuron = _neuron(name, node, takes, dt, membrane)
        return takes, lambda parts: {0.0: neuron(collect(parts))}
    if node.kind == "Threshold":
        return takes, lambda parts: {0.0: (collect(parts) > p["threshold"]).astype(np.float64)}
    if node.kind == "Delay":
        return takes, _delay(name, p["delay"], takes[1:], dt)
    if node.kind == "Scale":
        return takes, lambda parts: {d: np.asarray(x * p["scale"]) for d, x in parts.items()}
    if node.kind in ("Linear", "Affine"):
        weight = p["weight"].astype(np.float64)
        return takes, _linear(lambda x: x @ weight.T, node, sends)
    if node.kind in SHAPING and node.kind != "Flatten":
        sparse = matrix(name, node, takes[1:])
        return takes, _linear(lambda x: (sparse @ x.reshape(patterns, -1).T).T, node, sends)
    return takes, lambda parts: {d: x.reshape(sends) for d, x in parts.items()}


def _linear(
    multiply: Callable[[FloatArray], FloatArray], node: Node, sends: tuple[int, ...]
) -> Update:
    """A matrix for all that is on its way, and biases, which start here."""
    own = bias(node, sends[1:]).reshape(sends[1:]) if "bias" in node.parameters else 0.0

    def update(parts: Parts) -> Parts:
        found = {d: np.asarray(multiply(x)).reshape(sends) for d, x in parts.items()}
        found[0.0] = found[0.0] + own
        return found

    return update


def _collect(name: str, shape: tuple[int, ...], dt: float) -> Collect:
    """Hold back what is on its way by its delay, and add up."""
    held: dict[float, deque[FloatArray]] = {}

    def collect(parts: Parts) -> FloatArray:
        total = np.zeros(shape)
        for delay, value in parts.items():
            if delay not in held:
                for problem in too_late(f"on the way to node {name} there is a delay", delay, dt):
                    raise BadInput(problem)
                late = steps(delay, dt)
                held[delay] = deque([np.zeros(shape)] * (late + 1), maxlen=late + 1)
            held[delay].appendleft(value)
            total = total + held[delay][-1]
        return total

    return collect


def _delay(name: str, delay: NDArray[Any], shape: tuple[int, ...], dt: float) -> Update:
    late = np.broadcast_to(np.asarray(delay, dtype=np.float64), shape)
    for problem in too_late(f"node {name} delays", float(late.max(initial=0)), dt):
        raise BadInput(problem)
    waits = [(float(wait), late == wait) for wait in np.unique(late)]

    def update(parts: Parts) -> Parts:
        found: Parts = {0.0: np.zeros_like(parts[0.0])}
        for before, value in parts.items():
            for wait, where in waits:
                whole = before + wait
                kept = np.where(where, value, 0.0)
                found[whole] = found[whole] + kept if whole in found else kept
        if len(found) > DELAYS:
            message = f"node {name} gets the same with {len(found)} delays; allowed: {DELAYS}"
            raise BadInput(message)
        return found

    return update


def _neuron(
    name: str, node: Node, shape: tuple[int, ...], dt: float, membranes: dict[str, FloatArray]
) -> Callable[[FloatArray], FloatArray]:
    for problem in too_short(name, node, dt):
        raise BadInput(problem)
    p = {part: np.asarray(value, dtype=np.float64) for part, value in node.parameters.items()}
    synapse = rate(p["tau_syn"], dt) if "tau_syn" in p else None
    time = p.get("tau_mem", p.get("tau"))
    pull = None if time is None else rate(time, dt)
    current: FloatArray = np.zeros(shape)
    membrane: FloatArray = np.zeros(shape)
    before: FloatArray = np.zeros(shape)  # spikes of the last step, for a late reset
    reset = _reset(node, p)
    late = node.firing.reset.endswith("-late")

    def update(x: FloatArray) -> FloatArray:
        nonlocal current, membrane, before
        current = x if synapse is None else current + synapse * (p["w_in"] * x - current)
        if pull is None:
            membrane = membrane + dt * p["r"] * current
        else:
            membrane = membrane + pull * (p["v_leak"] - membrane + p["r"] * current)
        sent = membrane
        if node.kind in SPIKING:
            membrane = reset(membrane, before) if late else membrane
            before = sent = _spikes(node, membrane, p["v_threshold"])
            membrane = membrane if late else reset(membrane, sent)
        membranes[name] = membrane
        return sent

    return update


def _spikes(node: Node, membrane: FloatArray, threshold: NDArray[Any]) -> FloatArray:
    if node.firing.spikes == "several":
        with np.errstate(divide="ignore"):  # a threshold of 0 spikes without end, which is refused
            return np.where(membrane >= threshold, np.floor(membrane / threshold), 0.0)
    return (membrane > threshold).astype(np.float64)


def _reset(
    node: Node, p: Mapping[str, NDArray[Any]]
) -> Callable[[FloatArray, FloatArray], FloatArray]:
    """What becomes of a membrane by spikes."""
    if node.firing.reset.startswith("value"):
        return lambda v, spikes: np.where(spikes > 0, p["v_reset"], v)
    if node.firing.reset.startswith("subtract"):
        return lambda v, spikes: v - spikes * p["v_threshold"]
    return lambda v, spikes: v
