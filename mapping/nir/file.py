"""NIR files (``.nir``): written as nir 1.0.8 does, read without trust.

Reading happens in a process of its own (`sandbox`), since a damaged file may crash the HDF5
library; what comes back is checked here. Graphs inside graphs are taken out into one, their nodes
called ``outer.inner``.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

import h5py
import numpy as np
from numpy.typing import NDArray

from spinspike.errors import BadFile, BadInput
from spinspike.hdf5 import hdf5

from . import sandbox
from .graph import DEFAULTS, PARAMETERS, TIMES, NirGraph, Node

VERSION = "1.0.8"  # of nir, whose format this is
PATIENCE = 20  # seconds on the clock for each second of processor time
LARGEST = 10_000_000  # edges looked at to take out graphs inside a graph
Tree = dict[str, Any]  # names to texts, arrays and trees


def write(path: Path | str, graph: NirGraph, *, force: bool = False) -> None:
    """Write a graph, whole or not at all.

    Raises
    ------
    BadInput
        A node has a name that HDF5 cannot take; or as for `spinspike.hdf5.write`.
    """
    for name in graph.nodes:
        if not name or "/" in name or "\0" in name or set(name) == {"."}:
            message = f"node name {name!r} is not allowed: HDF5 takes none with / or of dots"
            raise BadInput(message)
    tree = _tree(graph)
    with hdf5(path, _size(tree), force=force) as file:
        _put(file, "version", VERSION)
        _put_all(file.create_group("node"), tree)


def _tree(graph: NirGraph) -> Tree:
    nodes = {
        name: {"type": node.kind, **_parameters(node), "metadata": dict(node.metadata)}
        for name, node in graph.nodes.items()
    }
    edges = np.array(graph.edges, dtype=object).reshape(-1, 2)
    metadata = dict(graph.metadata)
    return {"type": "NIRGraph", "nodes": nodes, "edges": edges, "metadata": metadata}


def _parameters(node: Node) -> dict[str, NDArray[Any]]:
    """All but a v_reset of 0: versions of nir before it was thought of refuse the very name."""
    return {p: value for p, value in node.parameters.items() if p != "v_reset" or value.any()}


def _size(tree: Mapping[str, Any]) -> int:
    """Bytes of all arrays in it, those of texts as pointers."""
    parts = (_size(v) if isinstance(v, Mapping) else np.asarray(v).nbytes for v in tree.values())
    return sum(parts)


def _put_all(group: h5py.Group, tree: Mapping[str, Any]) -> None:
    for name, value in tree.items():
        if not isinstance(value, Mapping):
            _put(group, name, value)
        elif value or name != "metadata":
            _put_all(group.create_group(name), value)


def _put(group: h5py.Group, name: str, value: Any) -> None:
    text = isinstance(value, str) or getattr(value, "dtype", None) == object
    packed = isinstance(value, np.ndarray) and value.size > 64
    group.create_dataset(
        name,
        data=value,
        dtype=h5py.string_dtype() if text else None,
        compression="gzip" if packed else None,
    )


def read(path: Path | str) -> NirGraph:
    """Read a graph of any origin; node kinds that are not known here keep their name.

    Raises
    ------
    BadFile
        It is missing, damaged or no NIR graph; a parameter is missing, not finite or of a shape
        that does not fit the others.
    """
    path = Path(path)
    if not path.is_file():
        message = f"{path} is not a file; give the name of a .nir file"
        raise BadFile(message)
    return parse(path, load(path))


def load(path: Path) -> Tree:
    """Everything in an HDF5 file, read by a process that may die of it."""
    with tempfile.TemporaryDirectory(prefix="spinspike-nir-") as name:
        folder = Path(name)
        command = [sys.executable, "-I", sandbox.__file__, str(path.absolute()), name]
        # one thread is enough, and filters that a file asks for are not looked for on the disk
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "HDF5_PLUGIN_PRELOAD": "::"}
        environment["OPENBLAS_NUM_THREADS"] = "1"
        patience = PATIENCE * sandbox.seconds(path)
        try:
            done = subprocess.run(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=patience,
                check=False,
            )
        except subprocess.TimeoutExpired:
            _fail(path, f"is damaged: reading it took over {patience} s")
        if done.returncode == 2:
            _fail(path, " ".join(done.stderr.decode(errors="replace").split()))
        if done.returncode:
            _fail(path, f"is damaged: the HDF5 library failed on it ({done.returncode})")
        return tree_of(folder)


def tree_of(folder: Path) -> Tree:
    """What `sandbox` wrote, as nested dictionaries."""
    texts, names = json.loads((folder / "texts.json").read_text(encoding="utf-8"))
    with np.load(folder / "arrays.npz", allow_pickle=False) as file:
        arrays = {name: file[f"a{k}"] for k, name in enumerate(names)}
    tree: Tree = {}
    for place, value in {**texts, **arrays}.items():
        *folders, name = place.split("/")
        inside = tree
        for part in folders:
            inside = inside.setdefault(part, {})
        inside[name] = value
    return tree


def parse(path: Path, tree: Tree) -> NirGraph:
    """Check what a file holds and take it for a graph."""
    top = tree.get("node")
    if not isinstance(top, dict) or _kind(top) != "NIRGraph":
        _fail(path, "holds no NIR graph: node/type must be NIRGraph")
    nodes, edges = _graph(path, top, "")
    metadata = top.get("metadata", {})
    metadata = metadata if isinstance(metadata, dict) else {}
    return NirGraph(nodes, tuple(sorted(set(edges))), metadata)


def _graph(
    path: Path, tree: Tree, prefix: str
) -> tuple[dict[str, Node], Iterator[tuple[str, str]]]:
    """Nodes and edges of a graph, those of the graphs in it included."""
    inside = tree.get("nodes", {})
    if not isinstance(inside, dict) or not all(isinstance(n, dict) for n in inside.values()):
        _fail(path, f"graph {prefix or 'node'} has no nodes")
    own = [(prefix + a, prefix + b) for a, b in _edges(path, tree, prefix)]
    nodes: dict[str, Node] = {}
    found = list(own)
    enter: dict[str, list[str]] = {}
    leave: dict[str, list[str]] = {}
    for short, part in inside.items():
        name = prefix + short
        if _kind(part) != "NIRGraph":
            nodes[name] = _node(path, name, part)
            continue
        inner, edges = _graph(path, part, f"{name}.")
        ends = {
            kind: [n for n in inner if _is(part, n, name, kind)] for kind in ("Input", "Output")
        }
        enter[name], leave[name] = ends["Input"], ends["Output"]
        if len(enter[name]) != 1 or len(leave[name]) != 1:
            _fail(path, f"graph {name} has not one Input and one Output of its own")
        nodes |= inner
        found += edges
    joined = {(leave.get(a, [a])[0], enter.get(b, [b])[0]) for a, b in found}
    return _without_inner_ends(path, nodes, joined, [*enter.values(), *leave.values()])


def _is(part: Tree, name: str, outer: str, kind: str) -> bool:
    own = part["nodes"].get(name.removeprefix(f"{outer}."), {})
    return _kind(own) == kind


def _kind(tree: Tree) -> str:
    """The type of a node, "" if it has none."""
    found = tree.get("type")
    return found if isinstance(found, str) else ""


def _without_inner_ends(
    path: Path, nodes: dict[str, Node], edges: set[tuple[str, str]], ends: list[list[str]]
) -> tuple[dict[str, Node], Iterator[tuple[str, str]]]:
    """Inputs and outputs of inner graphs hand on what they get, so they may go."""
    for (name,) in ends:
        before = [a for a, b in edges if b == name]
        after = [b for a, b in edges if a == name]
        if name in before:
            _fail(path, f"node {name} feeds itself")
        if max(len(before) * len(after), len(edges) * len(ends)) > LARGEST:
            _fail(path, f"graphs inside a graph make over {LARGEST} edges")
        edges = {edge for edge in edges if name not in edge}
        edges |= {(a, b) for a in before for b in after}
        del nodes[name]
    return nodes, iter(edges)


def _edges(path: Path, tree: Tree, prefix: str) -> list[tuple[str, str]]:
    found = tree.get("edges", [])
    found = [] if isinstance(found, np.ndarray) and not found.size else found
    right = isinstance(found, list) and all(
        isinstance(row, list) and [type(end) for end in row] == [str, str] for row in found
    )
    if not right:
        _fail(path, f"edges of graph {prefix or 'node'} are not pairs of names")
    for pair in found:
        for end in pair:
            if end not in tree.get("nodes", {}):
                _fail(path, f"edge {prefix}{pair[0]} to {prefix}{pair[1]} ends at no node")
    return [(a, b) for a, b in found]


def _node(path: Path, name: str, tree: Tree) -> Node:
    kind = _kind(tree)
    if not kind:
        _fail(path, f"node {name} has no type")
    metadata = tree.get("metadata", {})
    metadata = metadata if isinstance(metadata, dict) else {}
    if kind not in PARAMETERS:
        return Node(kind, {}, metadata)
    parameters: dict[str, NDArray[Any]] = {}
    for part in PARAMETERS[kind]:
        value = tree.get(part)
        if value is None and part in DEFAULTS:
            value = np.full(np.shape(parameters["r"]), DEFAULTS[part])
        if value is None or isinstance(value, str | list | dict):
            _fail(path, f"node {name}, a {kind}, has no {part}")
        parameters[part] = np.asarray(value)
    _check(path, name, kind, parameters)
    return Node(kind, parameters, metadata)


def _check(path: Path, name: str, kind: str, parameters: Mapping[str, Any]) -> None:
    """Finite numbers of shapes that go together, times above 0."""
    for part, value in parameters.items():
        if not np.isfinite(value).all():
            _fail(path, f"node {name} has a {part} of nan or infinity; allowed: finite numbers")
        if part in TIMES and not (value > 0).all():
            _fail(path, f"node {name} has a {part} of {value.min()}; allowed: above 0")
    if kind in ("Input", "Output"):
        sizes = np.ravel(parameters["shape"]).tolist()
        if (
            parameters["shape"].ndim > 1
            or not all(n == int(n) and 0 < n < 2**31 for n in sizes)
            or math.prod(sizes) >= 2**31
        ):
            _fail(path, f"node {name} has shape {sizes}; allowed: whole numbers above 0")
    if kind == "Delay" and not (parameters["delay"] >= 0).all():
        _fail(path, f"node {name} has a delay of {parameters['delay'].min()}; allowed: 0 or more")
    if kind == "Affine":
        weight, bias = parameters["weight"], parameters["bias"]
        if weight.ndim < 2 or bias.shape not in ((), weight.shape[:-1]):
            _fail(path, f"node {name} has weights {weight.shape} and biases {bias.shape}")
    if kind == "Linear" and parameters["weight"].ndim < 2:
        _fail(path, f"node {name} has weights of shape {parameters['weight'].shape}")
    if kind not in ("Affine", "Linear", "Input", "Output"):
        try:
            np.broadcast_shapes(*(np.shape(value) for value in parameters.values()))
        except ValueError:
            shapes = {part: np.shape(value) for part, value in parameters.items()}
            _fail(path, f"node {name} has parameters of different shapes: {shapes}")


def _fail(path: Path, why: str) -> NoReturn:
    message = f"{path}: {why}"
    raise BadFile(message)
