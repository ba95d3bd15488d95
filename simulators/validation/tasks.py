"""Validation as independent tasks: one block of patterns of one trial on one simulator each.

The first block of a trial and the last are alike: what is drawn for a pattern depends on the seed
and its number alone, so that a validation may stop anywhere and go on elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from spinspike.campaign import Task
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.simulators.base import Phases, Simulator, needs_own_process
from spinspike.simulators.registry import Backend
from spinspike.task import Progress

from .outcome import Outcome, joined
from .outcome_file import Arrays, from_arrays, to_arrays
from .protocol import Trial, blocks, points_of, run_block


@dataclass(frozen=True)
class Plan:
    """What is to run on one simulator."""

    graph: SynapseGraph
    backend: Backend
    simulator: Simulator
    trials: tuple[Trial, ...]
    patterns: int  # of each run, at most
    phases: Phases
    seed: int

    def blocks(self, trial: Trial) -> list[slice]:
        """Rows of the trial's fixed points that run together."""
        return blocks(self.graph, trial.run, self.patterns, self.phases, self.simulator.regime)


def tasks(plan: Plan, progress: Progress | None = None) -> list[Task]:
    """Every block of every trial; with ``progress``, which no other process can call, in this one."""
    return [task_of(plan, trial, rows, progress) for trial, rows in _parts(plan)]


def task_of(plan: Plan, trial: Trial, rows: slice, progress: Progress | None = None) -> Task:
    """One block, named by what it is."""
    null = "-" + trial.null.replace(" ", "_") if trial.null else ""
    name = f"{plan.backend.name}-{plan.backend.regime}-{trial.run}{null}"
    given = (plan.graph, plan.simulator, trial, rows, plan.phases, plan.seed)
    key = f"{name}-patterns_{rows.start}_to_{rows.stop - 1}"
    own = needs_own_process(plan.simulator)
    return Task(key, work, (*given, progress) if progress else given, own)


def work(
    graph: SynapseGraph,
    simulator: Simulator,
    trial: Trial,
    rows: slice,
    phases: Phases,
    seed: int,
    progress: Progress | None = None,
) -> Arrays:
    """What a task does, wherever it runs."""
    return to_arrays(run_block(graph, simulator, trial, rows, phases, seed, progress))


def outcomes(plan: Plan, results: Mapping[str, Mapping[str, NDArray[Any]]]) -> list[Outcome]:
    """The blocks of each trial put together again."""
    return [
        joined([outcome_of(plan, trial, rows, results) for rows in plan.blocks(trial)])
        for trial in plan.trials
    ]


def outcome_of(
    plan: Plan, trial: Trial, rows: slice, results: Mapping[str, Mapping[str, NDArray[Any]]]
) -> Outcome:
    """What one block showed."""
    return from_arrays(
        results[task_of(plan, trial, rows).key],
        points_of(plan.graph, trial.run, rows),
        simulator=plan.backend.name,
        regime=plan.backend.regime,
        run=trial.run,
        null=trial.null,
    )


def _parts(plan: Plan) -> Iterator[tuple[Trial, slice]]:
    for trial in plan.trials:
        for rows in plan.blocks(trial):
            yield trial, rows


def runs_of_patterns(plan: Plan, wanted: Sequence[Task]) -> int:
    """How many patterns the given tasks of a plan run in all."""
    keys = {task.key for task in wanted}
    sizes = ((task_of(plan, t, rows).key, rows.stop - rows.start) for t, rows in _parts(plan))
    return sum(size for key, size in sizes if key in keys)
