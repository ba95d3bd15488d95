"""NIR graphs on Lava: LIF and Dense processes in floating point, as a folder of its own.

With a_s = dt / tau_syn (1 for a LIF), a_m = dt / tau_mem, one step of `nir_executor` is Lava's

    u <- u (1 - du) + a,   v <- v (1 - dv) + u,   spike and v <- 0 where v > vth

with du = a_s, dv = a_m, the synapses multiplied by a_s w_in a_m R, and v_leak as a current of
a_m v_leak. For an IF dv = 0 and the factor is dt R; a Threshold is a LIF without memory. Where
thresholds differ within a node, each neuron's numbers are divided by its own. Nodes with several time
constants, a reset to other than 0 or a `Firing` that Lava's LIF has not get a process of the folder's
own, ``lif_neurons.py``. LI and CubaLI are
neurons that never spike; their membranes, which may go to an Output alone, are read in each step.

Every connection of Lava takes a step, in NIR only those around a cycle do. So a node lags behind
by a number of steps, ``lag``, and what comes too early is delayed: spikes are the same, ``lag``
steps later, and handed back without it. Steps are exact where numbers are; the two ways of adding
up a membrane may differ in the last bits of a double.
"""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from spinspike.arrays import FloatArray
from spinspike.errors import BadInput, SimulationFailed
from spinspike.mapping.nir.graph import NIR_FIRING, SPIKING, Firing, NirGraph, Node, unsupported
from spinspike.mapping.nir.notices import notices
from spinspike.mapping.nir.shapes import shapes
from spinspike.mapping.nir.synapses import CONSTANT, Synapses, synapses
from spinspike.mapping.nir.time import check_step, is_step, rate, too_late, too_short
from spinspike.npz import write_npz
from spinspike.outputs import writing

from .folder import whole_folder

HERE = Path(__file__).parent
SILENT = ("LI", "CubaLI")  # as neurons that never spike, whose membranes are read
ALLOWED = (
    "Input", "Output", "Linear", "Affine", "Scale", "Threshold", "Delay", "Flatten", "Conv1d",
    "Conv2d", "SumPool2d", "AvgPool2d", "IF", "LIF", "CubaLIF", *SILENT,
)  # fmt: skip
NEVER = 1e300  # a threshold
DENSE = 2**27  # entries of all matrices together, which Lava holds dense
FILES = (
    "network.py", "lif_neurons.py", "lava_mends.py", "watchdog.py", "network.json", "network.npz",
)  # fmt: skip
MADE = (*FILES, "spikes.npz")  # with what network.py writes into it


@dataclass(frozen=True)
class OwnNeurons:
    """What Lava's LIF process has not: numbers for each neuron, and another firing."""

    du: FloatArray  # (size,)
    dv: FloatArray
    reset_to: FloatArray  # in units of vth, as everything there
    firing: Firing


@dataclass(frozen=True)
class LavaNeurons:
    """One process: Lava's LIF, or one of the folder's own."""

    size: int
    du: float
    dv: float
    vth: float
    lag: int  # steps behind NIR
    factor: FloatArray  # (size,) of everything that arrives
    leak: FloatArray  # (size,) what v_leak adds to the membrane in each step
    silent: bool = False  # its output is its membrane
    own: OwnNeurons | None = None  # of a process of the folder's own


@dataclass(frozen=True)
class LavaNetwork:
    """Processes and connections of a NIR graph; weights are scaled as Lava needs them."""

    inputs: Mapping[str, int]
    outputs: Mapping[str, str]  # output: the neurons whose spikes it gets
    neurons: Mapping[str, LavaNeurons]
    connections: tuple[tuple[Synapses, int], ...]  # with the delay in steps
    constants: tuple[tuple[Synapses, int], ...]
    late: Mapping[str, int]  # steps after which outputs get them


def obstacles(graph: NirGraph, *, dt: float) -> list[str]:
    """What of a graph Lava cannot run, by node name; empty if it can run all.

    Parameters
    ----------
    graph : NirGraph
        Any.
    dt : float
        Time step, in the unit of the graph's time constants.
    """
    try:
        check_step(dt)
        if problems := unsupported(graph, allowed=ALLOWED) or list(_misfits(graph, dt)):
            return problems
        to_lava(graph, dt=dt)
    except BadInput as error:
        return [str(error)]
    return []


def omissions(graph: NirGraph, *, dt: float) -> list[str]:
    """What is read in one of several ways, or grows (`spinspike.mapping.nir.notices`).

    Parameters
    ----------
    graph, dt
        As for `obstacles`.
    """
    return notices(graph, dt=dt)


def to_lava(graph: NirGraph, *, dt: float) -> LavaNetwork:
    """Work out the processes.

    Parameters
    ----------
    graph, dt
        As for `obstacles`.

    Raises
    ------
    BadInput
        There are `obstacles`.
    """
    check_step(dt)
    for problem in unsupported(graph, allowed=ALLOWED) or _misfits(graph, dt):
        raise BadInput(problem)
    size = {name: math.prod(shape) for name, shape in shapes(graph).items()}
    found = synapses(graph)
    outputs = {s.target: s.source for s in found if graph.nodes[s.target].kind == "Output"}
    late_outputs = {s.target: s.steps(dt) for s in found if s.target in outputs}
    inner = [s for s in found if s.target not in outputs]
    lag = _lags(graph, inner, dt)
    neurons = {
        name: _neurons(node, size[name], lag[name], dt)
        for name, node in graph.nodes.items()
        if node.kind in ("Threshold", "IF", "LIF", "CubaLIF", *SILENT)
    }
    connections, constants = [], []
    for s in inner:
        weight = s.weight.multiply(neurons[s.target].factor[:, None]).tocsr()
        scaled = replace(s, weight=weight)
        if s.source == CONSTANT:
            constants.append((scaled, s.steps(dt)))
        else:
            late = s.steps(dt) + lag[s.target] - lag[s.source] - 1
            connections.append((scaled, late))
    inputs = {name: size[name] for name in graph.named("Input")}
    return LavaNetwork(inputs, outputs, neurons, tuple(connections), tuple(constants), late_outputs)


def _misfits(graph: NirGraph, dt: float) -> Iterator[str]:
    for name, node in graph.nodes.items():
        p = node.parameters
        yield from too_short(name, node, dt)
        theta = p.get("v_threshold", p.get("threshold"))
        if theta is not None and not (theta > 0).all():
            yield f"node {name} has a threshold of {theta.min():g}; allowed: above 0"
        if node.kind == "Delay":
            yield from too_late(f"node {name} delays", float(p["delay"].max(initial=0)), dt)
    found = synapses(graph)
    for s in found:
        yield from too_late(
            f"from {s.source or 'a bias'} to {s.target} there is a delay", s.delay, dt
        )
        if s.source in graph.named(*SILENT) and graph.nodes[s.target].kind != "Output":
            yield f"node {s.source} sends its membrane to node {s.target}; allowed: to an Output"
    entries = sum(math.prod(s.weight.shape) for s in found)
    if entries > DENSE:
        yield f"the connections have {entries:,} entries, Lava holds all; allowed: {DENSE:,}"
    yield from _odd_outputs(graph, found)


def _odd_outputs(graph: NirGraph, found: list[Synapses]) -> Iterator[str]:
    for output in graph.named("Output"):
        into = [s for s in found if s.target == output]
        plain = [
            s
            for s in into
            if s.source != CONSTANT
            and graph.nodes[s.source].kind != "Input"
            and not s.around
            and s.weight.shape[0] == s.weight.shape[1]
            and (s.weight != _identity(s)).nnz == 0
        ]
        if len(into) != 1 or len(plain) != 1:
            yield (
                f"node {output} gets other than the spikes of one node or the membranes of one LI; "
                "Lava has no output for it"
            )


def _identity(s: Synapses) -> Any:
    from scipy.sparse import eye

    return eye(s.weight.shape[0], format="csr")


def _lags(graph: NirGraph, inner: list[Synapses], dt: float) -> dict[str, int]:
    """Least lags for which every connection has its step."""
    lag = dict.fromkeys(graph.nodes, 0)
    lag |= {s.target: 1 for s in inner}
    for _ in range(len(lag) + 1):
        moved = False
        for s in inner:
            if s.source != CONSTANT and lag[s.target] < lag[s.source] + 1 - s.steps(dt):
                lag[s.target] = lag[s.source] + 1 - s.steps(dt)
                moved = True
        if not moved:
            return lag
    names = ", ".join(_in_cycles(inner))
    message = (
        f"nodes {names} lie in cycles of more connections than steps (Threshold nodes there, or "
        "--late closing); a connection of Lava takes a step"
    )
    raise BadInput(message)


def _in_cycles(inner: list[Synapses]) -> list[str]:
    edges = nx.DiGraph([(s.source, s.target) for s in inner])
    return sorted(
        n for part in nx.strongly_connected_components(edges) if len(part) > 1 for n in part
    )


def _neurons(node: Node, size: int, lag: int, dt: float) -> LavaNeurons:
    def of(part: str, other: float = 0.0) -> FloatArray:
        value = np.ravel(node.parameters.get(part, other)).astype(np.float64)
        return np.asarray(np.broadcast_to(value, size))

    theta = of("v_threshold" if "v_threshold" in node.parameters else "threshold", NEVER)
    one = bool((theta == theta[0]).all())
    unit = np.ones(size) if one else theta
    time = of("tau_mem" if node.kind in ("CubaLIF", "CubaLI") else "tau", np.inf)
    du = rate(of("tau_syn", dt), dt)
    dv = np.ones(size) if node.kind == "Threshold" else rate(time, dt)
    pull = np.full(size, dt) if node.kind == "IF" else dv
    factor = du * of("w_in", 1.0) * pull * of("r", 1.0) / unit
    vth = float(theta[0]) if one else 1.0
    leak = dv * of("v_leak") / unit
    du0, dv0 = float(du[0]), float(dv[0])
    reset_to = of("v_reset") / unit
    firing = node.firing if node.kind in SPIKING else NIR_FIRING
    stock = is_step(du, du0).all() and is_step(dv, dv0).all() and not reset_to.any()
    own = None if stock and firing == NIR_FIRING else OwnNeurons(du, dv, reset_to, firing)
    silent = node.kind in SILENT
    return LavaNeurons(size, du0, dv0, vth, max(lag, 1), factor, leak, silent, own)


def _waves(network: LavaNetwork) -> Iterator[tuple[str, FloatArray, FloatArray]]:
    """What is always there, for each node: what is sent over time, and with which weights.

    v_leak acts on the membrane, past the memory of the current: a first value of 1 / du and then
    1, times du, keep the current at 1.
    """
    for name, neurons in network.neurons.items():
        waves: list[FloatArray] = []
        weights: list[FloatArray] = []
        own = [(s, wait) for s, wait in network.constants if s.target == name]
        longest = max([wait for _, wait in own], default=0) + 2
        for s, wait in own:
            waves.append((np.arange(longest) >= wait).astype(np.float64))
            weights.append(s.weight.toarray()[:, 0])
        if neurons.leak.any() and neurons.own is None:
            waves.append(np.where(np.arange(longest) == 0, 1.0, neurons.du))
            weights.append(neurons.leak)
        if waves:
            yield name, np.array(waves), np.array(weights).T


def write(graph: NirGraph, path: Path | str, *, dt: float, force: bool = False) -> Path:
    """Write a folder, whole or not at all, that needs lava-nc, NumPy and SciPy only.

    `network.py` in it runs it.

    Parameters
    ----------
    graph : NirGraph
        One that has no `obstacles`.
    path
        The folder.
    dt : float
        Time step, in the unit of the graph's time constants.
    force : bool
        Replace a folder that was written earlier and holds nothing else.

    Raises
    ------
    BadInput
        There are obstacles; the folder exists and ``force`` is not set, holds other files, or has
        no parent.
    """
    return write_network(to_lava(graph, dt=dt), path, force=force)


def write_network(network: LavaNetwork, folder: Path | str, *, force: bool = False) -> Path:
    """Write likewise what `to_lava` made.

    Parameters
    ----------
    network : LavaNetwork
        What to write.
    folder, force
        As for `write`.

    Raises
    ------
    BadInput
        The folder exists and ``force`` is not set, holds other files, or has no parent.
    """
    folder = Path(folder)
    with whole_folder(folder, MADE, force=force) as new:
        _fill(network, new)
    return folder


def _fill(network: LavaNetwork, folder: Path) -> None:
    for name in ("network.py", "lif_neurons.py"):
        shutil.copyfile(HERE / "lava_template" / "nir" / name, folder / name)
    shutil.copyfile(HERE.parent / "lava" / "mends.py", folder / "lava_mends.py")
    shutil.copyfile(HERE.parent / "lava" / "watchdog.py", folder / "watchdog.py")
    arrays: dict[str, Any] = {}
    for number, (s, _) in enumerate(network.connections):
        for part in ("data", "indices", "indptr"):
            arrays[f"{part}{number}"] = getattr(s.weight, part)
        arrays[f"shape{number}"] = np.array(s.weight.shape)
    constants = []
    for number, (name, wave, weight) in enumerate(_waves(network)):
        constants.append(name)
        arrays[f"constant{number}_wave"], arrays[f"constant{number}_weight"] = wave, weight
    owns: dict[str, dict[str, Any]] = {}
    for name, n in network.neurons.items():
        if n.own is not None:
            number = len(owns)
            owns[name] = {
                "number": number,
                "spikes": n.own.firing.spikes,
                "reset": n.own.firing.reset,
            }
            for part in ("du", "dv", "reset_to"):
                arrays[f"own{number}_{part}"] = getattr(n.own, part)
            arrays[f"own{number}_leak"] = n.leak
    write_npz(folder / "network.npz", arrays, packed=False)
    head = {
        "inputs": dict(network.inputs),
        "outputs": dict(network.outputs),
        "late": dict(network.late),
        "neurons": {
            name: {
                **{part: getattr(n, part) for part in ("size", "du", "dv", "vth", "lag", "silent")},
                "own": owns.get(name),
            }
            for name, n in network.neurons.items()
        },
        "connections": [
            {"source": s.source, "target": s.target, "delay": late}
            for s, late in network.connections
        ],
        "constants": constants,
    }
    (folder / "network.json").write_text(json.dumps(head, indent=1), encoding="utf-8")


def run(
    network: LavaNetwork, inputs: Mapping[str, NDArray[Any]], *, timeout: float = 600
) -> dict[str, FloatArray]:
    """Run the exported program on inputs as for `nir_executor.execute`; neurons in one axis.

    Raises
    ------
    SimulationFailed
        Lava is missing, crashed or hung.
    """
    with tempfile.TemporaryDirectory(prefix="spinspike-lava-") as name:
        folder = write_network(network, Path(name) / "network")
        flat = {n: np.reshape(x, (*x.shape[:2], -1)) for n, x in inputs.items()}
        with writing(folder / "inputs.npz"):
            write_npz(folder / "inputs.npz", flat, packed=False)
        command = [sys.executable, "network.py", "inputs.npz", "--timeout", str(timeout)]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            message = f"Lava failed: {done.stderr.strip().splitlines()[-1:] or done.returncode}"
            raise SimulationFailed(message)
        with np.load(folder / "spikes.npz", allow_pickle=False) as file:
            return dict(file)
