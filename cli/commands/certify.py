"""The command `certify`: what the fixed points of a graph withstand for certain."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import Force, Json, Seed


def certify(
    graph: Annotated[Path, typer.Argument(help="Graph file that `map` wrote.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for tables and a figure.")
    ] = None,
    patterns: Annotated[
        int | None, typer.Option(min=1, help="Fixed points of each run, at most; all by default.")
    ] = None,
    attack: Annotated[
        bool, typer.Option("--attack", help="Also try to break them: how tight are the bounds?")
    ] = False,
    network: Annotated[
        Path | None,
        typer.Option(
            help="Network file the graph was made of: find the fewest bits at which `map` holds "
            "each fixed point, in the graph's encoding; its self-couplings grow as bits get fewer."
        ),
    ] = None,
    seed: Seed = 0,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Prove what the fixed points of a graph withstand: flips, noise, losses, scale errors.

    Every bound holds for certain, by integer arithmetic and without simulation; the notes name
    those that promise nothing. With `-o` it writes certificates.csv (a row for each fixed point),
    flips.npz (which single flips are corrected), summary.json and a figure. Exit code 1 when not
    one fixed point of some run is certain to be fixed, or when an attack breaks what was certified.

    Example: `spinspike certify graph.h5 --attack --patterns 100 -o certificates`
    """
    from spinspike.mapping.graph.graph_file import load
    from spinspike.outputs import filling
    from spinspike.studies.certificates.run import certificate_summary, certificates, write
    from spinspike.studies.certificates.tables import certificate_tables
    from spinspike.studies.page.folder import check_folder
    from spinspike.studies.page.terminal import show
    from spinspike.studies.validation.tables import integer_tables

    loaded = load(graph)
    if output:
        check_folder(output, force=force)
    found = certificates(loaded, network, patterns=patterns, attacked=attack, seed=seed)
    summary = certificate_summary(found)
    if output:
        with filling(output) as new:
            write(new, found, summary)
    rounding = integer_tables(loaded.provenance.get("integers"))
    counts = ", ".join(
        f"{int(c.bounds.certified.sum())} of {len(c.points)} {run}" for run, c in found.items()
    )
    last = f"certified: {counts}" + (f"; table: {output}" if output else "")
    show(summary, *certificate_tables(summary), *rounding, as_json=as_json, last=last)
    for run in summary.values():
        if not run["certified"] or run.get("attack", {}).get("unsound"):
            raise typer.Exit(1)
