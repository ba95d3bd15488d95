"""The command that holds the model against published figures. Its docstring is the users' help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spinspike.cli.commands.options import Folder, Force, Json


def reproduce(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write into.")],
    folder: Folder = None,
    group: Annotated[
        list[str] | None,
        typer.Option(
            help="couplings, self-coupling, link, sweeps, margin or counts; repeat for several. "
            "By default all.",
            show_default=False,
        ),
    ] = None,
    units: Annotated[
        list[int] | None,
        typer.Option(
            help="Units H in place of the published sizes; repeat for several (couplings only).",
            show_default=False,
        ),
    ] = None,
    epochs: Annotated[int, typer.Option(help="Passes over the training images.")] = 20,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each, with seeds 0, 1, ...")] = 1,
    readout: Annotated[
        str, typer.Option(help="States the readout learns on: free, or clamped as published.")
    ] = "free",
    jobs: Annotated[int, typer.Option(help="Trainings at a time; -1: one for each core.")] = 1,
    resume: Annotated[
        bool, typer.Option("--resume", help="Keep the finished runs of the folder.")
    ] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Tiny runs on entangled digits, to see it work.")
    ] = False,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Train the published ablations on Entangled MNIST, and compare test accuracies.

    What are learned couplings, self-couplings, links, sweeps and margins for? Each group changes
    one of them and nothing else; `counts` enumerates the fixed points of tiny networks and holds
    their mean number against its closed form. The folder gets `rows.csv`, a figure for each group,
    `summary.json`, and `runs.jsonl` with every finished run, which `--resume` goes on from. Hours
    at the published sizes; the time is estimated before it is spent.

    Published values were read off figures to +-.003 and come from single seeds: a difference of a
    few hundredths says little, whether something learns or stays at chance says much.

    **Exit code 1** when a claim fails. That of the self-couplings, that states survive the release
    because of them, fails if leaving out the supervisory signal before learning costs a network
    without self-couplings hardly more than one with them; that of the counts, if a mean is off
    the formula by more than four standard errors. Runs of `--quick` are too small to judge the
    former.

    Example: `spinspike reproduce --data DIR --group self-coupling --units 400 -o out/reproduced`
    """
    from spinspike.studies.page.terminal import show
    from spinspike.studies.reproduction.run import Plan, carry_out, tables

    plan = Plan(
        groups=tuple(group or ()),
        units=tuple(units or ()),
        epochs=epochs,
        seeds=seeds,
        readout_states=readout,
        quick=quick,
    )
    summary = carry_out(plan, folder, output, jobs=jobs, resume=resume, force=force)
    held = sum(claim["holds"] for claim in summary["claims"])
    last = f"{held} of {len(summary['claims'])} claims hold: {output}"
    show(summary, *tables(summary), as_json=as_json, last=last)
    raise typer.Exit(0 if held == len(summary["claims"]) else 1)
