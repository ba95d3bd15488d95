"""Estimates against a simulator whose time and memory are known beforehand."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from spinspike.mapping import SynapseGraph
from spinspike.simulators import Emulator, Phases, Recording, Stimulus
from spinspike.simulators.base import Regime
from spinspike.simulators.registry import find
from spinspike.simulators.validation import estimate as module
from spinspike.simulators.validation.estimate import Estimate, estimate
from spinspike.simulators.validation.protocol import default_phases, trials
from spinspike.simulators.validation.tasks import Plan, tasks
from spinspike.task import Progress

CLOCK = [0.0]  # seconds


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "perf_counter", lambda: CLOCK[0])


@dataclass(frozen=True)
class Slow:
    """An emulator that takes 50 ms by `CLOCK`, and 30 ms more for each pattern."""

    name: str = "slow"
    regime: Regime = "asynchronous"  # so that it is not held against the emulator

    def run(
        self,
        graph: SynapseGraph,
        stimulus: Stimulus,
        phases: Phases,
        *,
        progress: Progress | None = None,
    ) -> Recording:
        CLOCK[0] += 0.05 + 0.03 * len(stimulus.bias)
        return replace(Emulator().run(graph, stimulus, phases), regime="asynchronous")


@pytest.fixture
def plan(graph: SynapseGraph) -> Plan:
    phases = default_phases(graph, "step", hold=5)
    return Plan(graph, find("emulator"), Slow(), tuple(trials(["free"])), 300, phases, 0)


def test_the_cost_of_a_run_and_that_of_a_pattern_are_told_apart(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONG", 0.0)
    wanted = tasks(plan)
    assert len(wanted) == 2
    found = estimate(plan, wanted)
    assert found is not None
    assert found.patterns == module.GROWTH  # 170 ms, more than twice the 80 of one
    assert found.seconds == pytest.approx(2 * 0.05 + 300 * 0.03)


def test_a_short_run_is_only_glanced_at_and_none_at_all_where_nothing_is_left(plan: Plan) -> None:
    few = replace(plan, patterns=3)
    found = estimate(few, tasks(few))
    assert found is not None
    assert found.patterns == 1
    assert found.seconds == pytest.approx(3 * 0.08)
    assert estimate(plan, []) is None


def test_memory_grows_with_the_spikes_of_a_block(plan: Plan) -> None:
    few, many = replace(plan, patterns=2), replace(plan, patterns=250)
    sizes = []
    for one in (few, many):
        found = estimate(one, tasks(one))
        assert found is not None
        sizes.append(found.memory)
    spikes = 248 * plan.phases.total * plan.graph.neurons
    assert sizes[1] - sizes[0] > spikes


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(5.0, "about 5 s"), (99.0, "about 99 s"), (1500.0, "about 25 min"), (9000.0, "about 2.5 h")],
)
def test_it_is_said_as_people_say_it(seconds: float, words: str) -> None:
    assert Estimate(seconds, 1_260_000_000, 3).words == f"{words}, 1.3 GB"
