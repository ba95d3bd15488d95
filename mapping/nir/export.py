"""A synapse graph as a NIR graph, and back.

A threshold neuron becomes a CubaLIF that remembers nothing: with tau_syn = tau_mem = dt and
r = w_in = 1, one forward Euler step is v = v_leak + x, and with v_leak its bias and
v_threshold = 1/2 it spikes where the integer field is above 0. Each projection is a Linear of one
sign. What goes around in a cycle takes one step by itself (`nir_graph.loops`); longer delays, and
the step into the readout, are Delay nodes between a population and its weights: ``P@3:around``
within cycles and ``P@1:ahead`` out of them, apart because the step of a cycle comes on top.

Inputs: ``bias_P`` for each threshold population P, added to the field of its neurons in every
step, beyond the bias in v_leak; input and supervisory populations under their own names. Outputs:
``output_P``, the spikes of each threshold population, the membranes of the readout. Where a
population has such a name, the other node gets a prime (`node_names`).

What only a mapped graph has (integers behind the weights, how images come in) is metadata of the
graph; nodes have none, since versions of nir up to 1.0.4 refuse such files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import h5py
import networkx as nx
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from spinspike.errors import BadFile, BadInput, SpinspikeError
from spinspike.hdf5 import FORMAT, Reader
from spinspike.mapping.graph.encoding import Sign
from spinspike.mapping.graph.graph import Population, Projection, Role, SynapseGraph, refuse_graded
from spinspike.mapping.graph.graph_file import contents
from spinspike.mapping.graph.graph_file import read as read_contents
from spinspike.mapping.graph.membrane import switch_on_latency

from .flatten import unused
from .graph import NirGraph, Node
from .time import check_step

DEFAULT_DT = 1e-4  # s: the time step that importers of NIR take when nothing else is said
KIND = "spinspike graph"
MAX_ENTRIES = 2**29  # entries of all weight matrices; NIR has no sparse ones
THRESHOLD = 0.5  # between an integer field of 0 and of 1
DAMAGED = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
LEFT_OUT = ("offset", "readout_offset")  # the nodes have them
POPULATION, BIAS, OUTPUT, PROJECTION = "population", "bias", "output", "projection"
Named = tuple[str, str]


def to_nir(graph: SynapseGraph, *, dt: float = DEFAULT_DT) -> NirGraph:
    """Excitatory and inhibitory synapses apart, as the graph has them.

    Parameters
    ----------
    dt : float, seconds
        Time constant of all neurons, so that a step of this length is a step of the graph.

    Raises
    ------
    BadInput
        dt is not above 0, or the weight matrices would be too large.
    """
    check_size(graph, dt)
    name = node_names(graph.sizes, [p.name for p in graph.projections])
    nodes: dict[str, Node] = {}
    edges: list[tuple[str, str]] = []
    for population in graph.populations:
        for own, node, targets in _of_population(graph, population, dt, name):
            nodes[own] = node
            edges += [(own, target) for target in targets]
    around = _around(graph)
    delays: dict[tuple[str, int, str], str] = {}
    for k, p in enumerate(graph.projections):
        source, own = p.source, name[PROJECTION, str(k)]
        if wait := delay_of(graph, p, around):
            way = "around" if around[p.source] == around[p.target] else "ahead"
            if (p.source, wait, way) not in delays:
                late = unused(f"{p.source}@{wait}:{way}", {*name.values(), *delays.values()})
                delays[p.source, wait, way] = late
                nodes[late] = Node("Delay", {"delay": np.full(graph.sizes[p.source], wait * dt)})
                edges.append((p.source, late))
            source = delays[p.source, wait, way]
        nodes[own] = Node("Linear", {"weight": weights(graph, p)})
        edges += [(source, own), (own, p.target)]
    return NirGraph(nodes, tuple(sorted(set(edges))), _metadata(graph, dt))


def node_names(populations: Iterable[str], projections: Iterable[str]) -> dict[Named, str]:
    """What the nodes are called: populations by their own names, and no two alike.

    Parameters
    ----------
    populations, projections : iterable of str
        Names in the graph.

    Returns
    -------
    dict
        By what a node is for, and the population or number of the projection: (`BIAS`, "E") say.
    """
    found: dict[Named, str] = {(POPULATION, name): name for name in populations}
    own = list(found.values())
    wanted = {(BIAS, name): f"bias_{name}" for name in own}
    wanted |= {(OUTPUT, name): f"output_{name}" for name in own}
    wanted |= {(PROJECTION, str(k)): name for k, name in enumerate(projections)}
    for what, name in wanted.items():
        found[what] = unused(name, found.values())
    return found


def check_size(graph: SynapseGraph, dt: float) -> None:
    """Refuse a time step or a graph that cannot be written."""
    refuse_graded(graph)
    check_step(dt)
    sizes = graph.sizes
    entries = sum(sizes[p.source] * sizes[p.target] for p in graph.projections)
    if entries > MAX_ENTRIES:
        message = f"the weight matrices have {entries:,} entries, NIR stores all; allowed: {MAX_ENTRIES:,}"
        raise BadInput(message)


def _of_population(
    graph: SynapseGraph, population: Population, dt: float, called: dict[Named, str]
) -> Iterator[tuple[str, Node, tuple[str, ...]]]:
    """Nodes of a population: name, node, and what it sends to beyond its projections."""
    name = population.name
    output = called[OUTPUT, name]
    shape = {"shape": np.array([population.size])}
    if population.neuron == "threshold":
        yield name, neurons(graph.bias[graph.slices()[name]], dt), (output,)
        yield called[BIAS, name], Node("Input", shape), (name,)
    elif population.neuron == "readout":
        yield name, membranes(graph.io.readout_bias, dt), (output,)
    else:
        yield name, Node("Input", shape), ()
        return
    yield output, Node("Output", shape), ()


def neurons(offset: NDArray[Any], dt: float) -> Node:
    """Threshold neurons with the given biases: spike where the field of a step is above 0."""
    one = np.ones(offset.size)
    parameters = {
        "tau_syn": dt * one,
        "tau_mem": dt * one,
        "r": one,
        "v_leak": offset.astype(np.float64),
        "v_threshold": THRESHOLD * one,
        "v_reset": 0 * one,
        "w_in": one,
    }
    return Node("CubaLIF", parameters)


def membranes(offset: NDArray[Any], dt: float) -> Node:
    """Readout neurons: their membrane is the field of a step."""
    one = np.ones(offset.size)
    parameters = {"tau": dt * one, "r": one, "v_leak": offset.astype(np.float64)}
    return Node("LI", parameters)


def weights(graph: SynapseGraph, p: Projection) -> NDArray[np.float32]:
    """Signed weights, (targets, sources); single precision holds them all exactly."""
    mantissa: NDArray[Any] = p.matrix(graph.sizes[p.source]).astype(np.float32).toarray()
    return np.asarray(mantissa * np.float32(p.sign * 2**p.exponent))


def _around(graph: SynapseGraph) -> dict[str, int]:
    """Populations by the cycle that they belong to."""
    edges = nx.DiGraph([(p.source, p.target) for p in graph.projections])
    edges.add_nodes_from(graph.sizes)
    parts = nx.strongly_connected_components(edges)
    return {name: number for number, part in enumerate(parts) for name in part}


def delay_of(graph: SynapseGraph, p: Projection, around: dict[str, int]) -> int:
    """Steps of the Delay node of a projection: all but the one that a cycle takes by itself."""
    if p.source not in graph.slices():
        return p.delay
    return p.delay + (around[p.source] != around[p.target])


def _metadata(graph: SynapseGraph, dt: float) -> dict[str, Any]:
    arrays, attributes = contents(graph)
    fixed_points = tuple(f"{run}_" for run in graph.fixed_points)
    kept = {
        name: array
        for name, array in arrays.items()
        if not name.startswith(("projection", *fixed_points)) and name not in LEFT_OUT
    }
    return {"kind": KIND, "dt": dt, **attributes, **kept}


def from_nir(nir: NirGraph, where: str = "graph") -> SynapseGraph:
    """The synapse graph that `to_nir` made a NIR graph of; fixed points do not travel.

    Raises
    ------
    BadFile
        It was not made by `to_nir`, or was changed since.
    OutOfRange
        A number in it does not fit the chip.
    """
    if not is_ours(nir):
        message = f"{where}: no graph that spinspike mapped; metadata kind must be {KIND!r}"
        raise BadFile(message)
    try:
        graph = _read(nir, where)
        again = to_nir(graph, dt=float(nir.metadata["dt"]))
    except SpinspikeError:
        raise
    except DAMAGED as error:
        message = f"{where}: is not what its metadata says: {type(error).__name__} {error}"
        raise BadFile(message) from error
    for name in {**nir.nodes, **again.nodes}:
        if not _same(nir.nodes.get(name), again.nodes.get(name)):
            message = f"{where}: node {name} is not what the metadata says"
            raise BadFile(message)
    if nir.edges != again.edges:
        odd = min(set(nir.edges) ^ set(again.edges))
        message = f"{where}: edge {odd[0]} to {odd[1]} is not what the metadata says"
        raise BadFile(message)
    return graph


def omissions(graph: SynapseGraph) -> list[str]:
    """What of a graph a NIR file does not carry, or carries differently."""
    found = [
        f"{len(points)} {run} fixed points: NIR has no place for states; they stay in the graph file"
        for run, points in graph.fixed_points.items()
    ]
    entries = sum(graph.sizes[p.source] * graph.sizes[p.target] for p in graph.projections)
    if entries > 2 * graph.synapses:
        found.append(f"{graph.synapses:,} synapses become {entries:,} weights: NIR has none sparse")
    if late := int((switch_on_latency(graph) > 0).sum()):
        found.append(
            f"{late} neurons can have fields of -4096 and less, after which the chip's membrane "
            "delays a spike; these neurons forget at once"
        )
    if graph.io.levels > 1:
        found.append("graded spikes enter as numbers above 1, which spiking sources may not send")
    return found


def is_ours(nir: NirGraph) -> bool:
    """Whether a graph says that `to_nir` made it."""
    return bool(isinstance(nir.metadata.get("kind"), str) and nir.metadata["kind"] == KIND)


def _same(one: Node | None, other: Node | None) -> bool:
    if one is None or other is None or one.kind != other.kind:
        return False
    return one.parameters.keys() == other.parameters.keys() and all(
        np.array_equal(value, other.parameters[part]) for part, value in one.parameters.items()
    )


def _read(nir: NirGraph, where: str) -> SynapseGraph:
    """Rebuild the graph's own file in memory, so that it is checked as any other."""
    meta = nir.metadata
    with h5py.File("graph", "w", driver="core", backing_store=False, libver="latest") as file:
        for name, value in {**meta, "kind": "spinspike graph", "format": FORMAT}.items():
            if isinstance(value, str):
                file.attrs[name] = np.bytes_(value.encode())
            elif np.ndim(value):
                file[name] = value
            else:
                file.attrs[name] = np.asarray(value)[()]
        rows = json.loads(meta["populations"])
        sizes = {str(name): (size, neuron) for name, size, neuron in rows}
        for part, kind in zip(LEFT_OUT, ("threshold", "readout"), strict=True):
            of_kind = [nir.nodes[n].parameters["v_leak"] for n, s in sizes.items() if s[1] == kind]
            file[part] = _whole(np.concatenate([np.zeros(0), *of_kind]), part)
        projections = [_projection_name(*row) for row in json.loads(meta["projections"])]
        called = node_names(sizes, projections)
        for k, row in enumerate(json.loads(meta["projections"])):
            node = nir.nodes[called[PROJECTION, str(k)]]
            for part, array in _synapses(node, *row):
                file[f"projection{k}_{part}"] = array
        return read_contents(Reader(file, Path(where)))


def _projection_name(
    source: str, target: str, role: Role, sign: Sign, exponent: int, delay: int
) -> str:
    none = np.zeros(0, dtype=np.int64)
    arrays = none, none.astype(np.int32), none.astype(np.uint8)
    return Projection(source, target, role, sign, exponent, *arrays, delay).name


def _synapses(
    node: Node, source: str, target: str, role: Role, sign: Sign, exponent: int, delay: int
) -> Iterator[tuple[str, NDArray[Any]]]:
    """CSR arrays of a projection, in the names and types of a graph file."""
    weight = node.parameters["weight"].astype(np.float64)
    with np.errstate(all="ignore"):  # an exponent may be anything here
        matrix = csr_array(sign * weight / 2.0**exponent)
    yield "indptr", matrix.indptr.astype(np.int64)
    yield "indices", matrix.indices.astype(np.int32)
    yield (
        "mantissa",
        _whole(matrix.data, _projection_name(source, target, role, sign, exponent, delay)),
    )


def _whole(values: NDArray[Any], what: str) -> NDArray[np.int64]:
    if not ((values == np.rint(values)) & (np.abs(values) < 2**53)).all():
        odd = values[values != np.rint(values)]
        message = f"{what} has {odd[0] if odd.size else values.max()}; allowed: whole numbers"
        raise BadInput(message)
    return values.astype(np.int64)
