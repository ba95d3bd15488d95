"""What every exporter offers, so that a check and the export itself can never disagree.

An exporter is a module with three functions: `lava`, `netx`, `nir`, `pynn`, `sanafe`, and of the room
`hardware` `fpga` and `c`, take synapse graphs, `nir_lava` takes NIR graphs. Packages of others offer theirs by
an entry point of the group `GROUP`, whose name is the tool's and whose object has the three functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol, cast

from spinspike.errors import BadInput, MissingPart
from spinspike.mapping.graph.graph import SynapseGraph

GROUP = "spinspike.exporters"  # of entry points
EXPORTERS = {
    "lava": "lava",
    "nir": "nir",
    "sanafe": "sanafe",
    "pynn": "pynn",
    "net": "netx",
    "c": ".hardware.c",
    "fpga": ".hardware.fpga",
}


class Exporter(Protocol):
    """How a graph is written for another tool."""

    def obstacles(self, graph: SynapseGraph) -> list[str]:
        """What of a graph cannot be carried, and why; `write` succeeds where there is nothing."""

    def omissions(self, graph: SynapseGraph) -> list[str]:
        """What goes through but is left behind or changed on the way."""

    def write(self, graph: SynapseGraph, path: Path | str, *, force: bool = False) -> Path:
        """Write a file or folder, whole or not at all; `BadInput` where there are obstacles."""


def exporter(name: str) -> Exporter:
    """The exporter of a name.

    Parameters
    ----------
    name : str
        One of `EXPORTERS`, a tool that reads NIR (`readers`), or one that another package offers.

    Raises
    ------
    BadInput
        It is none.
    """
    readers: Mapping[str, Exporter] = import_module(".readers", __package__).READERS
    if name in readers:
        return readers[name]
    if name in EXPORTERS:
        return cast("Exporter", import_module(f".{EXPORTERS[name]}", __package__))
    others = {point.name: point for point in entry_points(group=GROUP)}
    if name not in others:
        message = f"exporter is {name!r}; allowed: {', '.join((*EXPORTERS, *readers, *others))}"
        raise BadInput(message)
    return cast("Exporter", others[name].load())


def export(
    graph: SynapseGraph,
    path: Path | str,
    to: str = "lava",
    *,
    board: str = "none",
    force: bool = False,
) -> Path:
    """Write a graph for another tool, as ``spinspike export`` does.

    Parameters
    ----------
    graph : SynapseGraph
    path : path
        Folder or file to write.
    to : {"lava", "nir", "sanafe", "pynn", "net", "c", "fpga", "snntorch", "norse", "nirtorch"}
        The tool; "lava" and "pynn" are programs in a folder of their own, "fpga" is hardware in
        one, the last three NIR files in the portable form.
    board : {"none", "icebreaker", "ulx3s-25", "ulx3s-85"}
        For "fpga"; "none" is the core alone.
    force : bool
        Write over what is there.

    Returns
    -------
    Path
        What was written.

    Raises
    ------
    BadInput
        No such tool, something of the graph cannot be carried, or the place is taken.
    """
    if board != "none" and to != "fpga":
        message = f"board is {board!r} and the export is to {to}; allowed: a board for fpga alone"
        raise BadInput(message)
    made_by: Any = exporter(to)
    of_a_board = {"board": board} if to == "fpga" else {}
    return cast("Path", made_by.write(graph, path, force=force, **of_a_board))


def refusals(*checks: Callable[[], object]) -> list[str]:
    """What checks that raise say, up to the first that does.

    Parameters
    ----------
    *checks
        Functions that raise `BadInput` or `MissingPart` where something does not fit.
    """
    try:
        for check in checks:
            check()
    except (BadInput, MissingPart) as error:
        return [str(error)]
    return []


def states_left_behind(graph: SynapseGraph, why: str) -> list[str]:
    """One line for each kind of fixed points that an export leaves out.

    Parameters
    ----------
    graph : SynapseGraph
        Any.
    why : str
        The reason.
    """
    return [
        f"{len(points)} {run} fixed points: {why}" for run, points in graph.fixed_points.items()
    ]
