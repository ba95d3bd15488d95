"""The command `stress`: what fixed points withstand when it is tried, beside what was proved."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from .options import Json, Kept, Seed


def stress(
    graph: Annotated[Path, typer.Argument(help="Graph file that `map` wrote.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for results, tables and figures.")
    ],
    kind: Annotated[
        list[str] | None,
        typer.Option(
            help="spike-loss, noise, mismatch, lost-synapses, dead-neurons, delays, flips, "
            "wrong-class, weak-signal, cut-signal; repeat for several. By default all that the "
            "simulator can have.",
            show_default=False,
        ),
    ] = None,
    levels: Annotated[
        str | None, typer.Option(help="Levels in place of those of the kind: 0,0.01,0.05")
    ] = None,
    patterns: Annotated[int, typer.Option(min=1, help="Fixed points, at most.")] = 100,
    draws: Annotated[
        int, typer.Option(min=1, help="Times that each level is drawn anew, on the same patterns.")
    ] = 5,
    states: Annotated[
        str, typer.Option(help="Fixed points to hold: learned, or free (of test images).")
    ] = "learned",
    on: Annotated[str, typer.Option(help="emulator, lava, brian2 or nest.")] = "emulator",
    regime: Annotated[
        str | None, typer.Option(help="step, asynchronous or continuous; else the simulator's own.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes on this machine.")] = 1,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler in their place: tcp://host:port")
    ] = None,
    kept: Kept = 0.9,
    seed: Seed = 0,
    force: Annotated[
        bool, typer.Option("--force", help="Run everything anew, whatever the folder holds.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Try what fixed points withstand: noise, damage, delays, wrong units, wrong signals.

    Each kind of stress is a curve: the fraction of patterns exactly held at each level, over
    several draws, with a 95 % band, beside a graph without couplings under the same stress, and
    beside what the certificates promised before anything was run. Exit code 1 when a pattern
    fails that was certain to hold, 3 when the patterns are too few to tell.

    The folder keeps every finished run: after an interruption the same command goes on from
    there, and more kinds, levels or draws are added to what is there. It gets stress.csv,
    summary.json and a figure for each kind.

    Example: `spinspike stress graph.h5 -o stress --kind mismatch --kind flips --jobs 2`
    """
    from spinspike.mapping.graph.graph_file import load
    from spinspike.outputs import filling
    from spinspike.simulators.stress.campaign import curves
    from spinspike.simulators.validation.claims import Bounds, fewest
    from spinspike.studies.page.provenance import how_to_repeat
    from spinspike.studies.page.terminal import conclude, show
    from spinspike.studies.stress.run import (
        check_output,
        numbers,
        planned,
        stress_summary,
        stress_tables,
        stressed,
        write_stress,
    )
    from spinspike.studies.validation.tables import claim_table

    needed = fewest(Bounds(kept).kept)
    plan = planned(
        load(graph), kind or (), numbers(levels) if levels is not None else (), on=on, regime=regime, patterns=patterns, draws=draws, states=states,
        seed=seed,
    )  # fmt: skip
    check_output(output, force=force)
    if (count := max(len(plan.points(kind)) for kind in plan.checked())) < needed:
        sys.stderr.write(f"{count} patterns cannot decide that certified states are kept; ")
        sys.stderr.write(f"{needed} can\n")
    checksum = how_to_repeat(graph, ())["graph"]["sha256"]
    results = stressed(plan, checksum, output / "results", jobs=jobs, scheduler=scheduler)
    found = curves(plan, results)
    summary = stress_summary(plan, found, graph, kept=kept)
    with filling(output) as new:
        write_stress(new, plan, found, results, summary)
    show(summary, *stress_tables(found), *claim_table(summary), as_json=as_json)
    conclude(
        summary["sentence"], summary["verdict"], report=output / "summary.json", as_json=as_json
    )
