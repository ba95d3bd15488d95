"""What of a graph file or a NIR file a conversion cannot carry over, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from spinspike.mapping import SynapseGraph

Findings = tuple[list[str], list[str]]  # what stands against it; what is lost or changed on the way


def report(
    file: Path, purpose: str, allowed: tuple[str, ...], *, nir: bool, dt: float, as_json: bool
) -> None:
    """Print what is found; exit code 1 when something stands against the conversion."""
    from spinspike.errors import BadInput
    from spinspike.studies.page.terminal import show, table

    if purpose not in allowed:
        message = f"--for is {purpose!r}; allowed: {', '.join(allowed)}"
        raise BadInput(message)
    refused, notes = _of_nir(file, purpose, dt) if nir else _of_graph_file(file, purpose)
    summary: dict[str, Any] = {
        "file": str(file),
        "for": purpose,
        "refused": refused,
        "notes": notes,
    }
    verdict = "refused" if refused else "nothing stands against it"
    shown = [table(f"{file} for {purpose}: {verdict}", "", rows=[[text] for text in refused])]
    if notes:
        shown.append(table("Left behind or changed", "", rows=[[text] for text in notes]))
    show(summary, *shown, as_json=as_json)
    if refused:
        raise typer.Exit(1)


def _of_nir(file: Path, purpose: str, dt: float) -> Findings:
    """For a NIR file; sanafe, pynn and net take it as a synapse graph, as `nir read` does."""
    from spinspike.errors import BadInput
    from spinspike.mapping.nir.export import from_nir, is_ours
    from spinspike.mapping.nir.file import read
    from spinspike.mapping.nir.graph import order, unsupported
    from spinspike.mapping.nir.imported import for_chip, import_nir
    from spinspike.simulators.exchange.nir_lava import for_lava

    graph = read(file)
    try:
        if plain := unsupported(graph):
            return plain, []
        order(graph)
        if purpose in ("run", "nir"):
            return [], []
        if purpose == "lava":
            return for_lava(graph, dt=dt), []
        if is_ours(graph):
            mapped = from_nir(graph, str(file))
        elif (misfits := for_chip(graph, dt=dt)) or purpose == "chip":
            return misfits, []
        else:
            mapped = import_nir(graph, dt=dt)
    except BadInput as error:
        return [str(error)], []
    return ([], []) if purpose == "chip" else _of_graph(mapped, purpose)


def _of_graph_file(file: Path, purpose: str) -> Findings:
    from spinspike.mapping.graph.graph_file import load

    return _of_graph(load(file), purpose)


def _of_graph(graph: SynapseGraph, purpose: str) -> Findings:
    from spinspike.errors import BadInput
    from spinspike.mapping.graph.graph import refuse_graded
    from spinspike.mapping.nir.export import lost
    from spinspike.simulators.exchange.netx import left_out_of_net, obstacles_to_net
    from spinspike.simulators.exchange.pynn import left_behind, obstacles

    try:
        refuse_graded(graph)
        if purpose == "nir":
            return _sized(graph), lost(graph)
        if purpose == "lava":
            return _ranged(graph), _states(graph, "the Lava program holds no states")
        if purpose == "sanafe":
            return _placed(graph), _states(graph, "SANA-FE's files hold one pattern's input")
        if purpose == "net":
            return obstacles_to_net(graph), left_out_of_net(graph)
    except BadInput as error:
        return [str(error)], []
    return obstacles(graph), left_behind(graph)


def _sized(graph: SynapseGraph) -> list[str]:
    from spinspike.mapping.nir.export import STEP, check_size

    check_size(graph, STEP)
    return []


def _ranged(graph: SynapseGraph) -> list[str]:
    from spinspike.mapping.graph.registers import check_ranges

    check_ranges(graph)
    return []


def _placed(graph: SynapseGraph) -> list[str]:
    """Obstacles to SANA-FE, or that its one chip is too small."""
    from spinspike.mapping.chips.energy import core_of
    from spinspike.mapping.chips.placement import place
    from spinspike.mapping.chips.target import load_target
    from spinspike.simulators.exchange.sanafe import obstacles

    if found := obstacles(graph):
        return found
    core_of(graph, place(graph, load_target("loihi1")))
    return []


def _states(graph: SynapseGraph, why: str) -> list[str]:
    return [
        f"{len(points)} {run} fixed points: {why}" for run, points in graph.fixed_points.items()
    ]
