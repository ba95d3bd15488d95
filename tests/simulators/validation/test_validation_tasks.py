"""A validation as tasks shows what it shows in one go, and goes on where it was stopped."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spinspike.campaign import carry_out
from spinspike.mapping import SynapseGraph
from spinspike.simulators import Emulator, validate
from spinspike.simulators.registry import find
from spinspike.simulators.validation import protocol as validation
from spinspike.simulators.validation.outcome import BY_PATTERN
from spinspike.simulators.validation.protocol import default_phases, trials
from spinspike.simulators.validation.tasks import Plan, outcomes, runs_of_patterns, tasks

RUNS = ("free", "learned", "wrong")


@pytest.fixture
def plan(graph: SynapseGraph, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """Ten patterns of each run, in blocks of four."""
    monkeypatch.setattr(validation, "PATTERNS_PER_BLOCK", {"step": 4})
    phases = default_phases(graph, "step", hold=12)
    return Plan(graph, find("emulator"), Emulator(), tuple(trials(RUNS)), 10, phases, 5)


def test_blocks_put_together_are_the_run_in_one_go(
    graph: SynapseGraph, plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tasks(plan)
    assert len(made) == 3 * len(plan.trials)
    assert runs_of_patterns(plan, made) == 10 * len(plan.trials)
    found = outcomes(plan, carry_out(made, tmp_path / "kept", fingerprint="x"))
    monkeypatch.undo()
    options = {"patterns": 10, "phases": plan.phases, "seed": 5}
    whole = list(validate(graph, Emulator(), runs=RUNS, **options))  # type: ignore[arg-type]
    assert [(o.run, o.null) for o in found] == [(o.run, o.null) for o in whole]
    for one, other in zip(found, whole, strict=True):
        for name in (*BY_PATTERN, "final", "times"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        np.testing.assert_allclose(one.supervisory, other.supervisory)
        assert (one.saw_label, one.since, one.release) == (
            other.saw_label, other.since, other.release,
        )  # fmt: skip


def test_keys_say_what_a_task_is_and_tasks_travel(plan: Plan) -> None:
    made = tasks(plan)
    keys = [task.key for task in made]
    assert len(set(keys)) == len(keys)
    assert keys[:3] == [
        "emulator-step-free-patterns_0_to_3",
        "emulator-step-free-patterns_4_to_7",
        "emulator-step-free-patterns_8_to_9",
    ]
    assert "emulator-step-learned-random_start-patterns_0_to_3" in keys
    again = pickle.loads(pickle.dumps(made[0]))
    np.testing.assert_array_equal(
        again.work(*again.arguments)["final"], made[0].work(*made[0].arguments)["final"]
    )


def test_progress_is_that_of_the_simulator(plan: Plan) -> None:
    calls: list[tuple[int, int]] = []
    first = tasks(plan, lambda *done: calls.append(done))[0]
    first.work(*first.arguments)
    assert calls == [(k, plan.phases.total - 5) for k in range(1, plan.phases.total - 4)]


def test_fewer_patterns_are_the_first_blocks(plan: Plan) -> None:
    fewer = replace(plan, patterns=4)
    assert {t.key for t in tasks(fewer)} < {t.key for t in tasks(plan)}
