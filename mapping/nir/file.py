"""NIR files (``.nir``): written as nir 1.0.8 does, read without trust.

Reading happens in a process of its own (`sandbox`), since a damaged file may crash the HDF5
library; what comes back is checked here. Graphs inside graphs are taken out into one
(`nir_flatten`), their nodes called ``outer.inner``.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import h5py
import numpy as np
from numpy.typing import NDArray

from spinspike.errors import BadFile, BadInput
from spinspike.hdf5 import hdf5

from . import sandbox
from .flatten import Tree, flatten, kind_of
from .graph import CONVOLUTIONS, DEFAULTS, PARAMETERS, POOLS, TIMES, NirGraph, Node
from .shapes import typed

VERSION = "1.0.8"  # of nir, whose format this is
PATIENCE = 20  # seconds on the clock for each second of processor time


def write(path: Path | str, graph: NirGraph, *, force: bool = False) -> None:
    """Write a graph, whole or not at all.

    Raises
    ------
    BadInput
        A node has a name that HDF5 cannot take; or as for `spinspike.hdf5.write`.
    """
    check_names(graph.nodes)
    tree = _tree(typed(graph))
    with hdf5(path, _size(tree), force=force) as file:
        _put(file, "version", VERSION)
        _put_all(file.create_group("node"), tree)


def check_names(names: Iterable[str]) -> None:
    """Refuse names that no group of an HDF5 file can have.

    Parameters
    ----------
    names : iterable of str
        Of nodes.

    Raises
    ------
    BadInput
        One is empty, has a / or a NUL in it, or consists of dots.
    """
    for name in names:
        if not name or "/" in name or "\0" in name or set(name) == {"."}:
            message = f"node name {name!r} is not allowed: HDF5 takes none with / or of dots"
            raise BadInput(message)


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
    value = str(value) if getattr(value, "dtype", np.dtype(int)).kind == "U" else value
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
    if not isinstance(top, dict) or kind_of(top) != "NIRGraph":
        _fail(path, "holds no NIR graph: node/type must be NIRGraph")
    try:
        nodes, edges = flatten(top)
    except BadInput as error:
        _fail(path, str(error))
    metadata = top.get("metadata", {})
    metadata = metadata if isinstance(metadata, dict) else {}
    found = {name: _node(path, name, part) for name, part in nodes.items()}
    return NirGraph(found, tuple(sorted(edges)), metadata)


def _node(path: Path, name: str, tree: Tree) -> Node:
    kind = kind_of(tree)
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
        if part == "padding" and isinstance(value, str):
            value = np.array(value)  # "same" or "valid"
        if value is None or isinstance(value, str | list | dict):
            _fail(path, f"node {name}, a {kind}, has no {part}")
        parameters[part] = _plain(np.asarray(value))
    _check(path, name, kind, parameters)
    return Node(kind, parameters, metadata)


def _plain(value: NDArray[Any]) -> NDArray[Any]:
    """In this machine's order of bytes; half precision and what is wider than double as double."""
    if value.dtype.kind == "f" and value.dtype.itemsize not in (4, 8):
        return value.astype(np.float64)
    return value.astype(value.dtype.newbyteorder("="), copy=False)


def _check(path: Path, name: str, kind: str, parameters: Mapping[str, Any]) -> None:
    """Finite numbers of shapes that go together, times above 0."""
    for part, value in parameters.items():
        if kind == "LIF" and part in ("tau", "r") and np.isposinf(value).all():
            continue  # snnTorch's and Spyx's of a neuron that does not leak; `unsupported` refuses it
        if value.dtype.kind != "U" and not np.isfinite(value).all():
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
    if kind in CONVOLUTIONS:
        weight = parameters["weight"]
        if weight.ndim != 2 + int(kind[4]) or parameters["bias"].shape not in (
            (),
            weight.shape[:1],
        ):
            both = f"weights {weight.shape} and biases {parameters['bias'].shape}"
            _fail(path, f"node {name}, a {kind}, has {both}")
    elif kind not in ("Affine", "Linear", "Input", "Output", "Flatten", *POOLS):
        try:
            np.broadcast_shapes(*(np.shape(value) for value in parameters.values()))
        except ValueError:
            shapes = {part: np.shape(value) for part, value in parameters.items()}
            _fail(path, f"node {name} has parameters of different shapes: {shapes}")


def _fail(path: Path, why: str) -> NoReturn:
    message = f"{path}: {why}"
    raise BadFile(message)
