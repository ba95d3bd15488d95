"""The command that runs the protocol on simulators, and goes on where it was interrupted."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
import typer.core

from .options import Force, Json, Kept, Seed

if TYPE_CHECKING:
    from rich.table import Table

    from spinspike.simulators.base import Regime


class WithSimulators(typer.core.TyperCommand):
    """Help that ends with the simulators: what there is, what there cannot be, and why."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help, then the tables."""
        super().format_help(ctx, formatter)
        from rich.console import Console

        Console().print(simulator_table())


def validate(
    graph: Annotated[Path, typer.Argument(help="Graph file that `map` wrote.")],
    on: Annotated[
        list[str] | None,
        typer.Option(
            "--on", help="emulator, lava, brian2, nest or rtl; give it once for each simulator."
        ),
    ] = None,
    regime: Annotated[
        list[str] | None,
        typer.Option(
            help="step, asynchronous or continuous, once for each; each simulator's own when not "
            "given."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for a report with plots.")
    ] = None,
    patterns: Annotated[int, typer.Option(min=1, help="Patterns of each run, at most.")] = 100,
    hold: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="How long to wait after the release: 40 steps, 50 sweeps or 500 ms when not given.",
        ),
    ] = None,
    run: Annotated[
        list[str] | None,
        typer.Option(
            "--run", help="free, learned, cued, recalled, release, wrong; all when not given."
        ),
    ] = None,
    nulls: Annotated[
        bool, typer.Option(help="Also run the nulls: no couplings, permuted, random start.")
    ] = True,
    kept: Kept = 0.9,
    reached: Annotated[
        float | None,
        typer.Option(help="Ask that at least this fraction of each run ends exactly in s*."),
    ] = None,
    same_class: Annotated[
        float | None,
        typer.Option(help="Ask that at least this fraction ends in the class of s*."),
    ] = None,
    accuracy: Annotated[
        float | None,
        typer.Option(help="Ask that free runs fall behind the reference by at most this much."),
    ] = None,
    seed: Seed = 0,
    jobs: Annotated[int, typer.Option(min=1, help="Processes to share the blocks among.")] = 1,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler whose workers take the blocks.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with what the report folder holds already.")
    ] = False,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Check that the learned fixed points stay once the supervisory signal is removed.

    Runs the same patterns on each simulator, block by block, compares step simulators spike for
    spike and all of them by their final states, with null graphs beside them. Three answers: was a
    certified state lost (the only failure, unless more is asked for), are the couplings needed
    for it, and which certified state was reached. What is finished lies in the report folder: after an interruption the same command
    with --resume goes on from there. What `spinspike stress -o report/stress` and
    `spinspike energy --json > report/energy.json` left beside it is shown in the report as well.
    Exit code 1 when a certified state is lost or a bound missed, 3 when the patterns are too few.

    Example: `spinspike validate graph.h5 --on lava --on brian2 --patterns 50 -o report`
    """
    from spinspike.mapping.graph.graph_file import load
    from spinspike.simulators import Bounds
    from spinspike.studies.mapping import mapping_summary
    from spinspike.studies.page.folder import check_folder
    from spinspike.studies.page.provenance import how_to_repeat
    from spinspike.studies.page.terminal import conclude, show, show_answers
    from spinspike.studies.validation.campaign import Campaign, kept_in
    from spinspike.studies.validation.report import Report, validation_summary, write_report
    from spinspike.studies.validation.run import planned, validated
    from spinspike.studies.validation.tables import claim_table, outcome_table

    bounds = Bounds(kept, reached, same_class, accuracy)
    loaded = load(graph)
    plans = planned(
        loaded,
        on or "emulator",
        regimes=cast("list[Regime]", regime or []),
        patterns=patterns,
        hold=hold,
        runs=run,
        nulls=nulls,
        seed=seed,
    )
    if output:
        check_folder(output, force=force or resume)
    facts = {"repeat": how_to_repeat(graph, sys.argv[1:])}
    with kept_in(output, resume=resume) as folder:
        campaign = Campaign(folder, facts["repeat"]["graph"]["sha256"], jobs, scheduler)
        found = validated(plans, bounds, campaign)
    summary = validation_summary(found.outcomes, found.claims, found.not_asked)
    if output:
        report = Report(
            graph=loaded,
            mapping=mapping_summary(loaded),
            outcomes=found.outcomes,
            claims=found.claims,
            not_asked=found.not_asked,
            examples=found.examples,
            facts=facts,
        )
        write_report(output, report)
    show(summary, *outcome_table(summary), *claim_table(summary), as_json=as_json)
    if not as_json:
        show_answers(found.answers)
    page = output / "report.html" if output else None
    conclude(summary["sentence"], summary["verdict"], report=page, as_json=as_json)


def simulator_table() -> Table:
    """What `--on` and `--regime` allow, what cannot be had, and what each cannot do."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from spinspike.simulators.registry import BACKENDS, DEFAULT, IMPOSSIBLE, NAMES, REGIMES

    limits = {(b.name, b.regime): "; ".join(b.limits) or "everything" for b in BACKENDS}
    made = Table("--on", "--regime", "", box=SIMPLE_HEAD, title_justify="left", title_style="bold")
    made.title = "Simulators (* a simulator's own regime), and what they cannot do"
    for name in NAMES:
        for regime in REGIMES:
            own = " *" if DEFAULT[name] == regime else ""
            says = limits.get((name, regime)) or f"cannot be had: {IMPOSSIBLE[name, regime]}"
            made.add_row(name, regime + own, says)
    return made
