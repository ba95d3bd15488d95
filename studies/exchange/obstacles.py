"""What of a graph file or a NIR file a conversion cannot carry over, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from spinspike.mapping import SynapseGraph
    from spinspike.mapping.nir.graph import NirGraph

Findings = tuple[list[str], list[str]]  # what stands against it; what is lost or changed on the way


def report(
    file: Path, purpose: str, allowed: tuple[str, ...], *, nir: NirGraph | None, dt: float,
    as_json: bool,
) -> None:  # fmt: skip
    """Print what is found; exit code 1 when something stands against the conversion."""
    from spinspike.errors import BadInput
    from spinspike.mapping.graph.graph_file import load
    from spinspike.studies.page.terminal import show, table

    if purpose not in allowed:
        message = f"--for is {purpose!r}; allowed: {', '.join(allowed)}"
        raise BadInput(message)
    refused, notes = (
        of_graph(load(file), purpose) if nir is None else of_nir(nir, str(file), purpose, dt)
    )
    summary: dict[str, Any] = {
        "file": str(file),
        "for": purpose,
        "refused": refused,
        "notes": notes,
    }
    shown = [table("Stands against it", "", rows=[[text] for text in refused])] if refused else []
    if notes:
        shown.append(table("Left behind or changed", "", rows=[[text] for text in notes]))
    verdict = "refused" if refused else "nothing stands against it"
    show(summary, *shown, as_json=as_json, last=f"{file} for {purpose}: {verdict}")
    if refused:
        raise typer.Exit(1)


def of_nir(graph: NirGraph, where: str, purpose: str, dt: float) -> Findings:
    """For a NIR graph; sanafe, pynn and net take it as a synapse graph, as `nir read` does."""
    from spinspike.mapping.nir import imported as nir_import
    from spinspike.mapping.nir.notices import notices
    from spinspike.simulators.exchange import nir_executor, nir_lava

    if purpose in ("run", "nir"):
        refused = nir_executor.obstacles(graph, dt=dt)
    elif purpose == "lava":
        refused = nir_lava.obstacles(graph, dt=dt)
    else:
        refused = nir_import.obstacles(graph, dt=dt, where=where)
    if refused or purpose in ("run", "nir", "lava", "chip"):
        return refused, [] if refused else notices(graph, dt=dt)
    return of_graph(nir_import.synapse_graph(graph, dt=dt, where=where), purpose)


def of_graph(graph: SynapseGraph, purpose: str) -> Findings:
    """For a synapse graph: what its exporter says."""
    from spinspike.errors import BadInput
    from spinspike.simulators.exchange.exporter import exporter

    chosen = exporter(purpose)
    refused = chosen.obstacles(graph)
    try:
        return refused, chosen.omissions(graph)
    except BadInput:
        return refused, []  # of a graph of another kind nothing can be said
