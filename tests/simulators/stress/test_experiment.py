"""Stressed runs: what is asked of a pattern, where chance comes from, and the null beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spinspike.mapping import SynapseGraph
from spinspike.mapping.certificates.margins import certified
from spinspike.mapping.graph.nulls import without_couplings
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.simulators import AsynchronousEmulator, Emulator, Phases, Recording, Stimulus
from spinspike.simulators.base import Regime
from spinspike.simulators.stress import experiment as module
from spinspike.simulators.stress.experiment import Kind, experiment, stressed, work
from spinspike.simulators.stress.kinds import KINDS
from spinspike.simulators.validation.protocol import validate
from spinspike.task import Progress

STEP = Phases(cue=1, clamped=5, free=20)


@pytest.fixture(scope="module")
def points(graph: SynapseGraph) -> FixedPoints:
    return graph.fixed_points["learned"].select(slice(20))


@dataclass(frozen=True)
class Scripted:
    """Shows four patterns three moments after the release, whatever it is given."""

    script: NDArray[np.int8]  # (K, B, H)
    name: str = "scripted"
    regime: Regime = "step"

    def run(
        self,
        graph: SynapseGraph,
        stimulus: Stimulus,
        phases: Phases,
        *,
        progress: Progress | None = None,
    ) -> Recording:
        return Recording(
            regime=self.regime,
            times=np.arange(1.0, 1 + len(self.script)),
            states=self.script,
            supervisory=np.zeros(self.script.shape[:2]),
            release=1.0,
        )


def unchanged(e: Any, level: float, rng: Any) -> Any:
    return e


def test_held_throughout_and_held_at_the_end_are_told_apart(
    graph: SynapseGraph, points: FixedPoints
) -> None:
    """Held; away for a moment; one unit wrong at the end; all wrong at the end. Cue is ignored."""
    four = points.select(slice(4))
    script = np.repeat(four.states[None], 4, axis=0)
    script[0] = -script[0]
    script[2, 1, 5] *= -1
    script[3, 2, 5] *= -1
    script[3, 3] *= -1
    kind = Kind("none", "", "", (0.0,), 1, "cued", True, unchanged)
    found = work(graph, four, Scripted(script), STEP, kind, 0.0, (0, 0))
    assert found["throughout"].tolist() == [True, False, False, False]
    assert found["ended"].tolist() == [True, True, False, False]
    np.testing.assert_allclose(found["units"], [1, 1, 1 - 1 / graph.units, 0])
    assert found["class_kept"][:2].all()
    assert found["certain"].tolist() == [0, 0, 0, 0]
    np.testing.assert_array_equal(found["throughout"], found["null_throughout"])


def test_units_whose_decoder_is_dead_are_not_compared(
    graph: SynapseGraph, points: FixedPoints
) -> None:
    two = points.select(slice(2))
    script = np.repeat(two.states[None], 3, axis=0)
    script[1:, 0, 5] *= -1
    script[1:, 1, 6] *= -1

    def kill(e: Any, level: float, rng: Any) -> Any:
        dead = e.dead.copy()
        dead[graph.io.decoder[5]] = True
        return replace(e, dead=dead)

    kind = Kind("none", "", "", (0.0,), 1, "cued", True, kill)
    found = work(graph, two, Scripted(script), STEP, kind, 0.0, (0, 0))
    assert found["throughout"].tolist() == [True, False]
    np.testing.assert_allclose(found["units"], [1, 1 - 1 / (graph.units - 1)])


@pytest.mark.parametrize("name", [n for n, kind in KINDS.items() if kind.run == "cued"])
def test_without_stress_every_certified_state_is_held(
    graph: SynapseGraph, points: FixedPoints, name: str
) -> None:
    found = work(graph, points, Emulator(), STEP, KINDS[name], 0.0, (0, 0))
    sure = certified(graph, points)
    assert sure.all()
    assert found["throughout"].all()
    assert found["class_kept"].all()
    assert (found["units"] == 1).all()
    if KINDS[name].certain:
        assert (found["certain"] == 1).all()
    assert not found["null_throughout"].all()


@pytest.mark.parametrize("name", ["delays", "weak-signal", "cut-signal"])
def test_without_stress_the_learned_run_is_that_of_validation(
    graph: SynapseGraph, points: FixedPoints, name: str
) -> None:
    found = work(graph, points, Emulator(), STEP, KINDS[name], 0.0, (0, 0))
    outcomes = validate(graph, Emulator(), patterns=20, runs=["learned"], phases=STEP)
    by_null = {outcome.null: outcome for outcome in outcomes}
    np.testing.assert_array_equal(found["ended"], by_null[""].exact)
    np.testing.assert_array_equal(found["class_kept"], by_null[""].class_kept)
    np.testing.assert_array_equal(found["null_ended"], by_null["no couplings"].exact)


@pytest.mark.parametrize(
    ("name", "level"),
    [("mismatch", 0.05), ("lost-synapses", 0.01), ("dead-neurons", 0.01), ("flips", 2)],
)
def test_what_is_certain_is_held_in_both_regimes(
    graph: SynapseGraph, points: FixedPoints, name: str, level: float
) -> None:
    kind = KINDS[name]
    what = "throughout" if kind.throughout else "ended"
    sweeps = Phases(cue=2, clamped=2, free=6)
    for simulator, phases in ((Emulator(), STEP), (AsynchronousEmulator(), sweeps)):
        for draw in range(2):
            found = work(graph, points, simulator, phases, kind, level, (0, draw))
            assert found[what][found["certain"] == 1].all()
            assert found["certain"].any()


@pytest.mark.parametrize(
    ("name", "level"),
    [("mismatch", 0.1), ("lost-synapses", 0.05), ("dead-neurons", 0.05), ("delays", 3),
     ("flips", 10), ("wrong-class", 2), ("weak-signal", 0.5), ("cut-signal", 3)],
)  # fmt: skip
def test_a_stressed_experiment_runs_as_the_chips_equations_say(
    graph: SynapseGraph,
    points: FixedPoints,
    by_hand_run: Callable[..., tuple[NDArray[np.bool_], NDArray[np.int64]]],
    name: str,
    level: float,
) -> None:
    """One neuron at a time in Python integers: nothing of a stress is known to the emulator alone."""
    kind = KINDS[name]
    plain = experiment(graph, points.select(slice(1)), kind.run, Emulator(), STEP)
    hard = stressed(kind, plain, level, (0, 0))
    short = replace(hard.phases, free=4)
    seen = hard.simulator.run(hard.graph, hard.stimulus, short)
    assert seen.spikes is not None
    assert seen.readout is not None
    spikes, readout = by_hand_run(hard.graph, hard.stimulus, short)
    np.testing.assert_array_equal(seen.spikes, spikes)
    np.testing.assert_array_equal(seen.readout, readout)


def test_parts_of_the_patterns_share_one_damaged_graph(
    graph: SynapseGraph, points: FixedPoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = KINDS["mismatch"]
    whole = work(graph, points, Emulator(), STEP, kind, 0.4, (3, 1))
    monkeypatch.setattr(module, "SPIKES_PER_BATCH", 7 * STEP.total * graph.neurons)
    parts = work(graph, points, Emulator(), STEP, kind, 0.4, (3, 1))
    assert not whole["throughout"].all()
    for name, values in whole.items():
        np.testing.assert_array_equal(values, parts[name], err_msg=name)


def test_parts_of_the_patterns_have_noise_of_their_own(
    graph: SynapseGraph, points: FixedPoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same pattern twice, in two parts, would otherwise do the same twice."""
    twice = points.select(np.repeat(np.arange(20), 2))
    monkeypatch.setattr(module, "SPIKES_PER_BATCH", STEP.total * graph.neurons)
    found = work(graph, twice, Emulator(), STEP, KINDS["spike-loss"], 0.003, (0, 0))
    one, other = found["throughout"][::2], found["throughout"][1::2]
    assert (one != other).any()


def test_chance_depends_on_seed_and_draw_alone(graph: SynapseGraph, points: FixedPoints) -> None:
    def run(*seed: int) -> list[bool]:
        found = work(
            graph, points, Emulator(), STEP, KINDS["spike-loss"], 0.003, (seed[0], seed[1])
        )
        return list(map(bool, found["throughout"].tolist()))

    assert run(0, 0) == run(0, 0)
    assert run(0, 0) != run(0, 1)
    assert run(0, 0) != run(1, 0)


def test_the_null_has_no_couplings_and_the_same_stress(
    graph: SynapseGraph, points: FixedPoints
) -> None:
    kind = KINDS["flips"]
    found = work(graph, points, Emulator(), STEP, kind, 5, (0, 0))
    bare = experiment(without_couplings(graph), points, "cued", Emulator(), STEP)
    hard = stressed(kind, bare, 5, (0, 0))
    seen = Emulator().run(hard.graph, hard.stimulus, hard.phases)
    expected = (seen.states[-1] == points.states).all(axis=1)
    np.testing.assert_array_equal(found["null_ended"], expected)
