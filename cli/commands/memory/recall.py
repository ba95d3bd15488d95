"""The command that recalls memories from damaged cues."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from spinspike.cli.commands.options import Force, Json, Kept, Seed

if TYPE_CHECKING:
    from spinspike.simulators.base import Regime


def recall(
    graph: Annotated[Path, typer.Argument(help="Graph file that `map` wrote.")],
    on: Annotated[
        list[str] | None,
        typer.Option(
            "--on", help="emulator, lava, brian2 or nest; give it once for each simulator."
        ),
    ] = None,
    regime: Annotated[
        list[str] | None,
        typer.Option(help="step, asynchronous or continuous; each simulator's own by default."),
    ] = None,
    flip: Annotated[
        str | None,
        typer.Option(
            help="Fractions of units to flip: first:last:step, or numbers with commas; "
            "0:0.4:0.05 when neither of these three is given."
        ),
    ] = None,
    erase: Annotated[
        str | None, typer.Option(help="Fractions of units that are down in the cue.")
    ] = None,
    noise: Annotated[
        str | None, typer.Option(help="Fractions of units that are random in the cue.")
    ] = None,
    network: Annotated[
        Path | None,
        typer.Option(help="Network file the graph was mapped from: the reference beside it."),
    ] = None,
    patterns: Annotated[int, typer.Option(min=1, help="Memories, at most.")] = 100,
    cues: Annotated[int, typer.Option(min=1, help="Cues of each memory and fraction.")] = 1,
    hold: Annotated[
        int | None,
        typer.Option(min=1, help="How long to wait: 60 steps, 50 sweeps or 500 ms when not given."),
    ] = None,
    nulls: Annotated[
        bool, typer.Option(help="Also run the nulls: no couplings, permuted, another memory.")
    ] = True,
    kept: Kept = 0.9,
    like_reference: Annotated[
        float | None,
        typer.Option(
            help="Ask that of the cues which the reference recalls this fraction is recalled."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for a report with plots.")
    ] = None,
    seed: Seed = 0,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Recall memories from damaged cues, on simulators and beside nulls.

    A cue is a memory with some of its units damaged. It is forced for the cue phase; then the
    network is left alone. Told are the cues that end exactly in their memory, the overlap, and how
    long it took, by damage; intervals are over distinct memories. Exit code 1 when a certified
    memory is lost, or a bound missed; 3 when the memories are too few to tell.

    Example: `spinspike recall graph.h5 --network memory.h5 --on lava --flip 0:0.4:0.05 -o report`
    """
    from spinspike.errors import BadInput
    from spinspike.mapping.graph.graph_file import load
    from spinspike.outputs import filling
    from spinspike.simulators import verdict
    from spinspike.simulators.registry import choose, require
    from spinspike.studies.page.folder import check_folder
    from spinspike.studies.page.terminal import conclude, show, show_answers
    from spinspike.studies.retrieval.page import write
    from spinspike.studies.retrieval.run import fractions_of, retrieval_summary, retrieved
    from spinspike.studies.retrieval.tables import recall_tables
    from spinspike.studies.validation.tables import claim_table

    asked = {"flip": flip, "erase": erase, "noise": noise}
    given = {damage: text for damage, text in asked.items() if text is not None}
    if len(given) > 1:
        message = f"--{' and --'.join(given)} are given; allowed: one of --flip, --erase, --noise"
        raise BadInput(message)
    damage, text = next(iter(given.items()), ("flip", "0:0.4:0.05"))
    for name, bound in (("kept", kept), ("like-reference", like_reference)):
        if bound is not None and not 0 < bound < 1:
            message = f"--{name} is {bound:g}; allowed: above 0 and below 1, as intervals are"
            raise BadInput(message)
    if like_reference is not None and network is None:
        message = f"--like-reference is {like_reference:g} without --network; give the network file"
        raise BadInput(message)
    fractions = fractions_of(text)
    backends = choose(on or ["emulator"], cast("list[Regime]", regime or []))
    require(backends)
    loaded = load(graph)
    if output:
        check_folder(output, force=force)
    found = retrieved(
        loaded, backends, network=network, kept=kept, like_reference=like_reference,
        damage=damage, fractions=fractions, patterns=patterns, cues=cues, hold=hold, nulls=nulls,
        seed=seed,
    )  # fmt: skip
    summary = retrieval_summary(found, graph)
    if output:
        with filling(output) as new:
            write(new, found, summary)
    show(summary, *recall_tables(found), *claim_table(summary), as_json=as_json)
    if not as_json:
        for number, run in enumerate(found.runs):
            if len(found.runs) > 1:
                sys.stdout.write(f"{run[0].simulator}:\n")
            show_answers([answer for _, answer in found.answers[3 * number : 3 * number + 3]])
    page = output / "report.html" if output else None
    said = verdict(found.claims) if found.claims else "holds"
    conclude(summary["sentence"], said, report=page, as_json=as_json)
