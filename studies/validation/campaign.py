"""The protocol on several simulators, which goes on where it was interrupted."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spinspike.campaign import Task
    from spinspike.simulators.validation.examples import Example
    from spinspike.simulators.validation.outcome import Outcome
    from spinspike.simulators.validation.protocol import Trial
    from spinspike.simulators.validation.tasks import Plan
    from spinspike.task import Progress


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
        from spinspike.errors import SimulationFailed
        from spinspike.simulators.validation.examples import find_examples
        from spinspike.simulators.validation.tasks import outcome_of, outcomes, task_of

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
                    examples += find_examples(own, again)
            except SimulationFailed as error:
                failures.append(error)
        if failures:
            message = f"{failures[0]} (with -o and --resume)"
            raise SimulationFailed(message)
        return found, examples

    def _announce(self, plan: Plan) -> None:
        """Say what is to be expected of a run of a minute or more."""
        from spinspike.campaign import unfinished
        from spinspike.simulators.validation.estimate import LONG, estimate
        from spinspike.simulators.validation.tasks import tasks
        from spinspike.studies.page.terminal import spinner

        missing = unfinished(tasks(plan), self.folder, fingerprint=self._fingerprint(plan))
        with spinner(f"{plan.backend.label}: trying a few patterns"):
            expected = estimate(plan, missing)
        if expected and expected.seconds >= LONG:
            sys.stderr.write(f"{plan.backend.label}: {expected.words} on one core\n")

    def _all(self, plan: Plan) -> dict[str, Any]:
        """Every block of a plan, with a bar that moves within blocks where they run here."""
        from spinspike.simulators.validation.tasks import tasks
        from spinspike.studies.page.terminal import bar, progress

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
        from spinspike.campaign import carry_out

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
        from spinspike.studies.page.provenance import installed_version

        return repr((self.graph, plan.simulator, plan.phases, plan.seed, installed_version()))


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
