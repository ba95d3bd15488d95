"""What a file holds, in a few lines: networks, graphs, checkpoints, NIR graphs, arrays."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from spinspike.errors import BadFile, BadInput
from spinspike.mapping import SynapseGraph
from spinspike.mapping.nir.file import read as read_nir
from spinspike.model import NetworkFile

from .files import kind_of, load

Rows = dict[str, str]


def info(path: Path | str) -> Rows:
    """What a file of this project, a NIR graph or an archive of arrays holds.

    Parameters
    ----------
    path
        A file that ends in ``.h5``, ``.nir`` or ``.npz``.

    Returns
    -------
    dict of str to str
        What there is, each with a few words on it; "file" is the first.

    Raises
    ------
    BadFile
        It is missing, damaged, or of a kind that is not known.
    BadInput
        Its name ends in something else.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(f"{folder}/mine.npz", J=np.zeros((3, 3)))
    ...     info(f"{folder}/mine.npz")["J"]
    'float64 (3, 3)'
    """
    path = Path(path)
    reader = READERS.get(path.suffix)
    if reader is None:
        message = f"{path} ends in {path.suffix or 'nothing'}; allowed: {', '.join(READERS)}"
        raise BadInput(message)
    if not path.is_file():
        message = f"{path} is not a file"
        raise BadFile(message)
    return {"file": str(path), **reader(path)}


def _hdf5(path: Path) -> Rows:
    kind = kind_of(path).removeprefix("spinspike ")
    if kind not in ("network", "graph"):
        return {"kind": kind}
    content = load(path)
    rows = _of_graph(content) if isinstance(content, SynapseGraph) else _of_network(content)
    return {"kind": kind, **rows, **_provenance(content.provenance)}


def _of_network(content: NetworkFile) -> Rows:
    network = content.network
    low, high = network.input_range
    own = network.self_coupling
    return {
        "network": network.summary(),
        "self-couplings": f"{own.min():g} to {own.max():g}",
        "links": f"{network.link.nnz:,}",
        "inputs": f"{low:g} to {high:g}",
        **{f"{name} states": points.summary() for name, points in content.fixed_points.items()},
    }


def _of_graph(graph: SynapseGraph) -> Rows:
    return {
        "graph": graph.summary(),
        "populations": ", ".join(f"{p.name} {p.size}" for p in graph.populations),
        "longest delay": f"{max((p.delay for p in graph.projections), default=0)} steps",
        **{f"{name} states": points.summary() for name, points in graph.fixed_points.items()},
    }


def _provenance(provenance: Mapping[str, Any]) -> Rows:
    """What is said of the training, numbers and words alone."""
    plain = {k: v for k, v in provenance.items() if isinstance(v, str | int | float)}
    accuracy = provenance.get("accuracy")
    if isinstance(accuracy, Mapping):
        plain |= {f"accuracy, {k}": v for k, v in accuracy.items() if isinstance(v, float)}
    return {k: f"{v:.4g}" if isinstance(v, float) else str(v) for k, v in plain.items()}


def _nir(path: Path) -> Rows:
    graph = read_nir(path)
    kinds = Counter(node.kind for node in graph.nodes.values())
    return {
        "kind": "NIR graph",
        "nodes": ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())),
        "edges": str(len(graph.edges)),
        "inputs": ", ".join(graph.named("Input")) or "none",
        "outputs": ", ".join(graph.named("Output")) or "none",
    }


def _npz(path: Path) -> Rows:
    """Types and shapes from the heads of the arrays; nothing else is read."""
    rows = {"kind": "arrays"}
    try:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                with archive.open(name) as member:
                    version = np.lib.format.read_magic(member)
                    read = np.lib.format.read_array_header_2_0
                    if version == (1, 0):
                        read = np.lib.format.read_array_header_1_0
                    shape, _, kind = read(member)
                    rows[name.removesuffix(".npy")] = f"{kind} {shape}"
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        message = f"{path} is not a readable archive of arrays: {error}"
        raise BadFile(message) from error
    return rows


READERS: dict[str, Callable[[Path], Rows]] = {".h5": _hdf5, ".nir": _nir, ".npz": _npz}
