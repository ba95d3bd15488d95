"""Synapse graphs as NIR files, for whoever reads NIR."""

from __future__ import annotations

from pathlib import Path

from spinspike.errors import BadInput
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.nir.export import STEP, check_size, omissions, to_nir
from spinspike.mapping.nir.export_signed import to_signed_nir
from spinspike.mapping.nir.file import check_names
from spinspike.mapping.nir.file import write as write_file

from .exporter import refusals

__all__ = ["obstacles", "omissions", "write"]


def obstacles(graph: SynapseGraph, *, dt: float = STEP) -> list[str]:
    """What of a graph a NIR file cannot hold, and why.

    Parameters
    ----------
    graph : SynapseGraph
        Any.
    dt : float, seconds
        A step of the graph.
    """
    return refusals(lambda: check_size(graph, dt), lambda: check_names(graph.sizes))


def write(
    graph: SynapseGraph,
    path: Path | str,
    *,
    dt: float = STEP,
    signed: bool = False,
    force: bool = False,
) -> Path:
    """Write a NIR file, whole or not at all.

    Parameters
    ----------
    graph : SynapseGraph
        One that has no `obstacles`.
    path
        The file.
    dt : float, seconds
        A step of the graph.
    signed : bool
        One population and signed weights (`spinspike.mapping.nir.export_signed`).
    force : bool
        Replace a file.

    Raises
    ------
    BadInput
        There are obstacles, or the file exists and ``force`` is not set.
    """
    for obstacle in obstacles(graph, dt=dt):
        raise BadInput(obstacle)
    made = (to_signed_nir if signed else to_nir)(graph, dt=dt)
    write_file(Path(path), made, force=force)
    return Path(path)
