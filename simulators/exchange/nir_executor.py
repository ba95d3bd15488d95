"""NIR in time steps, in NumPy: what a NIR graph does, as an oracle for other tools.

NIR says nothing of time steps. This executor takes one step dt after the other:

1. In each step every node is computed once, in the direction of the edges; what a node sends
   arrives in the same step. A neuron's output that goes around in a cycle arrives in the next
   step (`loops`); in the first step nothing arrives that way.
2. Forward Euler, current before membrane. With x the sum of what arrives, all states 0 at first,

       I <- I + dt / tau_syn (w_in x - I)                CubaLI, CubaLIF; else I is x
       v <- v + dt / tau_mem (v_leak - v + R I)          tau in LI, LIF
       v <- v + dt R I                                   I, IF
       spike and v <- v_reset where v > v_threshold

   Spikes are 1 whatever dt is. tau = dt is a neuron without memory: v = v_leak + R x.
3. A Delay holds a value for delay / dt steps, rounded to the nearest whole number.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinspike.arrays import FloatArray
from spinspike.errors import BadInput
from spinspike.mapping.nir.graph import NEURONS, SPIKING, NirGraph, Node, loops, order
from spinspike.mapping.nir.shapes import received, shapes

LONGEST = 100_000  # steps of a delay
Update = Callable[[FloatArray], FloatArray]


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
    inputs : mapping
        For each Input node (steps, B, …), … being its shape; all alike long. Inputs that are not
        named get zeros.
    dt : float
        Time step, in the unit of the graph's time constants (for most tools seconds).
    record : sequence of str
        Nodes to record beside the Output nodes.

    Returns
    -------
    dict
        What each recorded node sends, (steps, B, …). I, LI and CubaLI send their membrane.

    Raises
    ------
    BadInput
        The graph has nodes that cannot be run, dt is longer than a time constant, or an input
        does not fit.

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
    size, late = shapes(graph), loops(graph)
    steps, patterns = _check_inputs(graph, inputs, size)
    _check_record(graph, record)
    update = {
        name: _update(name, node, (patterns, *size[name]), dt)
        for name, node in graph.nodes.items()
        if node.kind != "Input"
    }
    recorded: dict[str, list[FloatArray]] = {n: [] for n in (*graph.named("Output"), *record)}
    sent: dict[str, FloatArray] = {n: np.zeros((patterns, *shape)) for n, shape in size.items()}
    sources, plan = graph.sources(), order(graph)
    for step in range(steps):
        before = dict(sent)
        for name in plan:
            if name not in update:
                given = inputs.get(name)
                sent[name] = sent[name] if given is None else np.asarray(given[step], np.float64)
                continue
            shape = (patterns, *received(graph.nodes[name], size[name]))
            arriving: FloatArray = np.zeros(shape)
            for source in sources[name]:
                value = before[source] if (source, name) in late else sent[source]
                arriving += value.reshape(shape)
            sent[name] = update[name](arriving)
        for name, values in recorded.items():
            values.append(sent[name])
    empty = (0, patterns)
    return {n: np.array(v) if v else np.zeros((*empty, *size[n])) for n, v in recorded.items()}


def _check_inputs(
    graph: NirGraph, inputs: Mapping[str, NDArray[Any]], size: Mapping[str, tuple[int, ...]]
) -> tuple[int, int]:
    """Steps and patterns."""
    names = graph.named("Input")
    lengths = set()
    for name, given in inputs.items():
        if name not in names:
            message = f"no input is called {name!r}; allowed: {', '.join(names)}"
            raise BadInput(message)
        if given.ndim < 2 or given.shape[2:] != size[name]:
            message = f"input {name} has shape {given.shape}; allowed: (steps, B, *{size[name]})"
            raise BadInput(message)
        lengths.add((given.shape[0], given.shape[1]))
    if len(lengths) != 1:
        message = f"inputs have (steps, patterns) {sorted(lengths)}; allowed: one for all"
        raise BadInput(message)
    return lengths.pop()


def _check_record(graph: NirGraph, record: Sequence[str]) -> None:
    for name in record:
        if name not in graph.nodes:
            message = f"no node is called {name!r}; allowed: {', '.join(graph.nodes)}"
            raise BadInput(message)


def _update(name: str, node: Node, shape: tuple[int, ...], dt: float) -> Update:
    """What a node does with what arrives in a step, keeping its state to itself."""
    p = node.parameters
    if node.kind in NEURONS:
        return _neuron(name, node, shape, dt)
    if node.kind == "Delay":
        return _delay(name, p["delay"], shape, dt)
    if node.kind in ("Linear", "Affine"):
        weight, bias = p["weight"].astype(np.float64), p.get("bias", 0.0)
        return lambda x: np.asarray(x @ weight.T + bias)
    if node.kind == "Scale":
        return lambda x: np.asarray(x * p["scale"])
    if node.kind == "Threshold":
        return lambda x: np.asarray(x > p["threshold"], dtype=np.float64)
    return lambda x: x.reshape(shape)


def _neuron(name: str, node: Node, shape: tuple[int, ...], dt: float) -> Update:
    p = {part: np.asarray(value, dtype=np.float64) for part, value in node.parameters.items()}
    for part in ("tau", "tau_syn", "tau_mem"):
        if part in p and (p[part] < dt * (1 - 1e-9)).any():
            message = f"node {name} has a {part} of {p[part].min():g}; allowed: dt = {dt:g} or more"
            raise BadInput(message)
    current: FloatArray = np.zeros(shape)
    membrane: FloatArray = np.zeros(shape)

    def update(x: FloatArray) -> FloatArray:
        nonlocal current, membrane
        current = current + dt / p["tau_syn"] * (p["w_in"] * x - current) if "tau_syn" in p else x
        time = p.get("tau_mem", p.get("tau"))
        if time is None:
            membrane = membrane + dt * p["r"] * current
        else:
            membrane = membrane + dt / time * (p["v_leak"] - membrane + p["r"] * current)
        if node.kind not in SPIKING:
            return membrane
        fired = membrane > p["v_threshold"]
        membrane = np.where(fired, p["v_reset"], membrane)
        return fired.astype(np.float64)

    return update


def _delay(name: str, delay: NDArray[Any], shape: tuple[int, ...], dt: float) -> Update:
    late = np.broadcast_to(np.rint(delay / dt), shape[1:])
    longest = int(late.max(initial=0))
    if longest > LONGEST:
        message = f"node {name} delays by {late.max():g} steps; allowed: 0 to {LONGEST}"
        raise BadInput(message)
    held: deque[FloatArray] = deque([np.zeros(shape)] * (longest + 1), maxlen=longest + 1)
    wanted = [(steps, late == steps) for steps in np.unique(late).astype(int)]

    def update(x: FloatArray) -> FloatArray:
        held.appendleft(x)
        found = np.empty(shape)
        for steps, where in wanted:
            found[:, where] = held[steps][:, where]
        return found

    return update
