"""Files of this project, whatever they hold: a network or a graph goes in, the same comes out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from spinspike.errors import BadFile, BadInput
from spinspike.mapping import SynapseGraph
from spinspike.mapping import load as load_graph
from spinspike.mapping import save as save_graph
from spinspike.model import Network, NetworkFile
from spinspike.model import load as load_network
from spinspike.model import save as save_network

READERS: dict[str, Any] = {"spinspike network": load_network, "spinspike graph": load_graph}


def load(path: Path | str) -> NetworkFile | SynapseGraph:
    """Read a network file or a graph file; the file itself says which it is.

    Parameters
    ----------
    path
        A file that `save`, ``spinspike train``, ``import`` or ``map`` wrote.

    Raises
    ------
    BadFile
        It is missing, corrupt, or holds something else.

    Examples
    --------
    >>> import tempfile
    >>> from spinspike.model.network.import_arrays import from_arrays
    >>> pair = from_arrays([[0, 1], [1, 0]], np.ones((2, 1)), np.eye(2), np.eye(2))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(f"{folder}/pair.h5", pair)
    ...     load(f"{folder}/pair.h5")
    <NetworkFile: 2 units in 1 modules, 1 inputs, 2 classes, 2 couplings; no states, from elsewhere>
    """
    kind = kind_of(path)
    reader = READERS.get(kind)
    if reader is None:
        message = f"{path} holds a {kind.removeprefix('spinspike ')}; allowed: a network or a graph"
        raise BadFile(message)
    found: NetworkFile | SynapseGraph = reader(path)
    return found


def save(
    path: Path | str, content: Network | NetworkFile | SynapseGraph, *, force: bool = False
) -> None:
    """Write a network, with its fixed points or without, or a graph; whole or not at all.

    Parameters
    ----------
    path
        Name of the file, ``.h5`` by custom; its folder must exist.
    content
        What to write.
    force
        Replace a file that exists.

    Raises
    ------
    BadInput
        The content is of another kind, the file exists and ``force`` is not set, or the file
        system refuses it.
    """
    match content:
        case SynapseGraph():
            save_graph(path, content, force=force)
        case NetworkFile():
            save_network(path, content, force=force)
        case Network():
            save_network(path, NetworkFile(content, {}, {}), force=force)
        case _:
            message = f"{content!r} cannot be saved; allowed: a Network, NetworkFile, SynapseGraph"
            raise BadInput(message)


def kind_of(path: Path | str) -> str:
    """Kind that an HDF5 file of this project names: "spinspike network", "spinspike graph".

    Raises
    ------
    BadFile
        It is missing, or no HDF5 file of this project.
    """
    path = Path(path)
    if not path.is_file():
        message = f"{path} is not a file; give the name of a network or graph file"
        raise BadFile(message)
    try:
        with h5py.File(path, "r") as file:
            kind = file.attrs.get("kind")
    except (OSError, RuntimeError) as error:
        message = f"{path} is not a readable HDF5 file: {error}"
        raise BadFile(message) from error
    if not isinstance(kind, bytes | np.bytes_):
        message = f"{path} was not written by spinspike: it does not say what it holds"
        raise BadFile(message)
    return kind.decode(errors="replace")
