"""Plans of stress: their tasks, what they cost, and the curves of their results."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from time import sleep

import numpy as np
import pytest

from spinspike.campaign import Task, carry_out
from spinspike.errors import BadInput
from spinspike.mapping import SynapseGraph
from spinspike.mapping.certificates.robustness import robustness
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.simulators import AsynchronousEmulator, Emulator, Phases
from spinspike.simulators.stress.campaign import StressPlan, curves, seconds_and_bytes, tasks
from spinspike.simulators.stress.experiment import work
from spinspike.simulators.stress.kinds import KINDS

STEP = Phases(cue=1, clamped=5, free=20)


@pytest.fixture
def plan(graph: SynapseGraph) -> StressPlan:
    kinds = ("mismatch", "cut-signal")
    return StressPlan(graph, Emulator(), STEP, kinds, patterns=10, draws=2)


def test_a_task_for_each_kind_level_and_draw(plan: StressPlan) -> None:
    keys = [task.key for task in tasks(plan)]
    mismatch = [
        f"mismatch-level_{float(x)}-draw_{d}" for x in KINDS["mismatch"].levels for d in (0, 1)
    ]
    # nothing is left to chance where a signal is cut short in the regime of steps
    cut = [f"cut-signal-level_{float(x)}-draw_0" for x in range(6)]
    assert keys == [*mismatch, *cut, "certificates"]
    sweeps = replace(plan, simulator=AsynchronousEmulator(), kinds=("cut-signal",))
    assert len(tasks(sweeps)) == 12


def test_tasks_do_the_same_in_another_process(plan: StressPlan) -> None:
    """Once pickled, as for a worker of Dask, nothing is lost of what they need."""
    for kind in KINDS.values():
        few = replace(plan, kinds=(kind.name,), patterns=2, draws=1)
        task = tasks(few)[1]
        sent: Task = pickle.loads(pickle.dumps(task))
        here, there = task.work(*task.arguments), sent.work(*sent.arguments)
        for name, values in here.items():
            np.testing.assert_array_equal(there[name], values)


def test_curves_are_those_of_the_tasks(plan: StressPlan, tmp_path: Path) -> None:
    chosen = replace(plan, kinds=("mismatch",), levels=(0.0, 0.1, 0.5))
    found = carry_out(tasks(chosen), tmp_path, fingerprint="a")
    (made,) = curves(chosen, found)
    points = plan.graph.fixed_points["learned"].select(slice(10))
    for k, level in enumerate((0.0, 0.1, 0.5)):
        draws = [
            work(plan.graph, points, Emulator(), STEP, KINDS["mismatch"], level, (0, d))
            for d in (0, 1)
        ]
        assert made.held[k] == pytest.approx(np.mean([d["throughout"] for d in draws]))
        assert made.null[k] == pytest.approx(np.mean([d["null_throughout"] for d in draws]))
    assert made.held[0] == 1 > made.held[2]
    bounds = robustness(plan.graph, points)
    assert list(made.marks.values()) == [np.median(bounds.noise), np.median(bounds.gaussian)]
    assert made.sound
    assert made.cases > 0


def test_free_fixed_points_can_be_held_too_but_not_learned(plan: StressPlan) -> None:
    other = replace(plan, states="free")
    assert other.points(KINDS["flips"]) is not None
    free, learned = (plan.graph.fixed_points[run].states[:10] for run in ("free", "learned"))
    np.testing.assert_array_equal(other.points(KINDS["flips"]).states, free)
    np.testing.assert_array_equal(other.points(KINDS["cut-signal"]).states, learned)


def test_an_estimate_is_what_so_many_patterns_take(
    graph: SynapseGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tasks of .02 s and .002 s more for each pattern: 14 of 60 patterns take 1.96 s."""

    def sleepy(graph: SynapseGraph, points: FixedPoints, *_: object) -> None:
        sleep(0.02 + 0.002 * len(points))

    monkeypatch.setattr("spinspike.simulators.stress.campaign.work", sleepy)
    plan = StressPlan(graph, Emulator(), STEP, ("noise",), patterns=60, draws=2)
    made = tasks(plan)
    seconds, memory = seconds_and_bytes(plan, made)
    assert 0.7 * 1.96 < seconds < 2 * 1.96
    assert memory > 10_000_000  # this very process takes more
    half, _ = seconds_and_bytes(plan, made[: len(made) // 4])
    assert 0 < half < seconds
    assert seconds_and_bytes(plan, [])[0] == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kinds": ("rain",)}, "unknown stress 'rain'"),
        ({"levels": (0.1, -1.0), "kinds": ("noise",)}, "noise has level -1"),
        ({"draws": 0}, "draws is 0; allowed: 1 or more"),
        ({"patterns": 0}, "patterns is 0; allowed: 1 or more"),
        ({"states": "lost"}, "the graph carries no lost fixed points"),
    ],
)
def test_a_wrong_plan_is_refused(plan: StressPlan, change: dict[str, object], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        tasks(replace(plan, **change))  # type: ignore[arg-type]


def test_its_own_levels_are_those_that_a_network_is_large_enough_for(plan: StressPlan) -> None:
    flips = replace(plan, kinds=("flips",))
    units = plan.graph.units
    assert flips.levels_of(KINDS["flips"]) == tuple(x for x in KINDS["flips"].levels if x <= units)
    few = replace(plan.graph, io=replace(plan.graph.io, decoder=np.arange(6)))
    assert replace(flips, graph=few).levels_of(KINDS["flips"]) == (0, 1, 2, 5)
    with pytest.raises(BadInput, match="flips has level 10; allowed: whole numbers from 0 to 6"):
        replace(flips, graph=few, levels=(0, 10)).checked()
