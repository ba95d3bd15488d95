"""Synapse graphs as NIR files, for whoever reads NIR."""

from __future__ import annotations

from pathlib import Path

from spinspike.errors import BadInput
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.nir.export import DEFAULT_DT, check_size, omissions, to_nir
from spinspike.mapping.nir.export_signed import to_signed_nir
from spinspike.mapping.nir.file import check_names
from spinspike.mapping.nir.file import write as write_file
from spinspike.mapping.nir.portable import check_portable, to_portable_nir

from .exporter import refusals

__all__ = ["obstacles", "omissions", "write"]


FORMS = {"populations": to_nir, "signed": to_signed_nir, "portable": to_portable_nir}


def obstacles(
    graph: SynapseGraph, *, dt: float = DEFAULT_DT, form: str = "populations"
) -> list[str]:
    """What of a graph a NIR file cannot hold, and why.

    Parameters
    ----------
    graph : SynapseGraph
        Any.
    dt : float, seconds
        A step of the graph.
    form : str
        As for `write`.
    """
    fits = check_portable if form == "portable" else check_size
    return refusals(lambda: fits(graph, dt), lambda: check_names(graph.sizes))


def write(
    graph: SynapseGraph,
    path: Path | str,
    *,
    dt: float = DEFAULT_DT,
    form: str = "populations",
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
    form : str
        "populations" (`spinspike.mapping.nir.export`), with a way back; "signed"
        (`spinspike.mapping.nir.export_signed`) or "portable" (`spinspike.mapping.nir.portable`), without.
    force : bool
        Replace a file.

    Raises
    ------
    BadInput
        There are obstacles, or the file exists and ``force`` is not set.
    """
    if form not in FORMS:
        message = f"form is {form!r}; allowed: {', '.join(FORMS)}"
        raise BadInput(message)
    refuse(obstacles(graph, dt=dt, form=form))
    made = FORMS[form](graph, dt=dt)
    write_file(Path(path), made, force=force)
    return Path(path)


def refuse(problems: list[str]) -> None:
    """Raise the first, if there is any.

    Parameters
    ----------
    problems : list of str
        Obstacles.

    Raises
    ------
    BadInput
        There is one.
    """
    for problem in problems:
        raise BadInput(problem)
