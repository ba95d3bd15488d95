"""The command that runs the protocol on simulators, and goes on where it was interrupted."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
import typer.core

from .options import Force, Json, Seed

if TYPE_CHECKING:
    from rich.table import Table

    from spinspike.model.campaign import Task
    from spinspike.model.task import Progress
    from spinspike.simulators.base import Regime
    from spinspike.simulators.held_and_lost import Example
    from spinspike.simulators.outcome import Outcome
    from spinspike.simulators.validation import Trial
    from spinspike.simulators.validation_tasks import Plan


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
            "--on", help="emulator, lava, brian2 or nest; give it once for each simulator."
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
    spike and all of them by their final states, and holds every result against null graphs that
    must fail. What is finished lies in the report folder: after an interruption the same command
    with --resume goes on from there. What `spinspike stress -o report/stress` and
    `spinspike energy --json > report/energy.json` left beside it is shown in the report as well.
    Exit code 1 when a claim fails.

    Example: `spinspike validate graph.h5 --on lava --on brian2 --patterns 50 -o report`
    """
    from spinspike.mapping.graph_file import load
    from spinspike.simulators import RUNS, claims
    from spinspike.simulators.registry import choose, require
    from spinspike.simulators.validation import default_protocol, trials
    from spinspike.simulators.validation_tasks import Plan

    from .console import show
    from .pipeline import mapping_summary
    from .repeat import how_to_repeat
    from .report import Report, check_folder, validation_summary, write_report
    from .tables import claim_table, outcome_table

    backends = choose(on or ["emulator"], cast("list[Regime]", regime or []))
    require(backends)
    wanted = tuple(trials(run or tuple(RUNS), nulls=nulls))
    loaded = load(graph)
    plans = [
        Plan(
            loaded, backend, backend.make(), wanted, patterns,
            default_protocol(loaded, backend.regime, hold=hold), seed,
        )
        for backend in backends
    ]  # fmt: skip
    for plan in plans:
        for trial in wanted:
            plan.blocks(trial)  # refuses what no run can start from
    if output:
        check_folder(output, force=force or resume)
    facts = {"repeat": how_to_repeat(graph, sys.argv[1:])}
    with kept_in(output, resume=resume) as folder:
        campaign = Campaign(folder, facts["repeat"]["graph"]["sha256"], jobs, scheduler)
        outcomes, examples = campaign.run(plans)
    verdict = claims(outcomes)
    summary = validation_summary(outcomes, verdict)
    if output:
        report = Report(
            graph=loaded,
            mapping=mapping_summary(loaded),
            outcomes=outcomes,
            claims=verdict,
            examples=examples,
            facts=facts,
        )
        write_report(output, report)
    show(summary, *outcome_table(summary), *claim_table(summary), as_json=as_json)
    if any(claim.verdict == "fails" for claim in verdict):
        raise typer.Exit(1)


class Campaign:
    """Blocks of patterns carried out one simulator after the other, each kept once it is done."""

    def __init__(self, folder: Path, graph: str, jobs: int, scheduler: str | None) -> None:
        self.folder, self.graph, self.jobs, self.scheduler = folder, graph, jobs, scheduler

    def run(self, plans: Sequence[Plan]) -> tuple[list[Outcome], list[Example]]:
        """Outcomes of all plans, and of each continuous one a held and a lost pattern.

        Raises
        ------
        SimulationFailed
            A block failed; it is named. The other simulators were run all the same.
        """
        from spinspike.model.errors import SimulationFailed
        from spinspike.simulators.held_and_lost import held_and_lost
        from spinspike.simulators.validation_tasks import outcome_of, outcomes, task_of

        found: list[Outcome] = []
        examples: list[Example] = []
        failures: list[SimulationFailed] = []
        for plan in plans:

            def again(trial: Trial, rows: slice, plan: Plan = plan) -> Outcome:
                one = [task_of(plan, trial, rows)]
                return outcome_of(plan, trial, rows, self._carry_out(plan, one, lambda *_: None))

            try:
                self._announce(plan)
                own = outcomes(plan, self._all(plan))
                found += own
                if plan.backend.regime == "continuous":
                    examples += held_and_lost(own, again)
            except SimulationFailed as error:
                failures.append(error)
        if failures:
            message = f"{failures[0]} (with -o and --resume)"
            raise SimulationFailed(message)
        return found, examples

    def _announce(self, plan: Plan) -> None:
        """Say what is to be expected of a run of a minute or more."""
        from spinspike.model.campaign import unfinished
        from spinspike.simulators.estimate import LONG, estimate
        from spinspike.simulators.validation_tasks import tasks

        from .console import spinner

        missing = unfinished(tasks(plan), self.folder, fingerprint=self._fingerprint(plan))
        with spinner(f"{plan.backend.label}: trying a few patterns"):
            expected = estimate(plan, missing)
        if expected and expected.seconds >= LONG:
            sys.stderr.write(f"{plan.backend.label}: {expected.words} on one core\n")

    def _all(self, plan: Plan) -> dict[str, Any]:
        """Every block of a plan, with a bar that moves within blocks where they run here."""
        from spinspike.simulators.validation_tasks import tasks

        from .console import bar, progress

        done, here = [0], self.jobs == 1 and self.scheduler is None
        with progress() as bars:
            update = bar(bars, f"{plan.backend.label}: blocks")

            def within(part: int, parts: int) -> None:
                update(done[0] + part / max(1, parts), len(work))

            def between(finished: int, total: int) -> None:
                done[0] = finished
                update(finished, total)

            work = tasks(plan, within if here else None)
            return self._carry_out(plan, work, between)

    def _carry_out(self, plan: Plan, work: list[Task], progress: Progress) -> dict[str, Any]:
        from spinspike.model.campaign import carry_out

        return carry_out(
            work,
            self.folder,
            fingerprint=self._fingerprint(plan),
            scheduler=self.scheduler,
            jobs=self.jobs,
            progress=progress,
        )

    def _fingerprint(self, plan: Plan) -> str:
        """All that the results depend on."""
        from .pipeline import version

        return repr((self.graph, plan.simulator, plan.protocol, plan.seed, version()))


@contextmanager
def kept_in(output: Path | None, *, resume: bool) -> Iterator[Path]:
    """Where blocks are kept: in the report folder, empty unless resumed, or nowhere for long."""
    from tempfile import TemporaryDirectory

    if output is None:
        with TemporaryDirectory(prefix="spinspike-") as name:
            yield Path(name)
        return
    folder = output / "outcomes"
    if not resume:
        for file in folder.glob("*.npz"):
            file.unlink()
    yield folder


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
