"""What each kind of stress does to an experiment, and which levels and simulators it has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spinspike.errors import BadInput
from spinspike.mapping import SynapseGraph
from spinspike.mapping.graph.delays import longest_delay
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.simulators import AsynchronousEmulator, Emulator, Phases
from spinspike.simulators.stress.experiment import Experiment, experiment, stressed
from spinspike.simulators.stress.kinds import KINDS, check_kind, check_levels

STEP = Phases(cue=2, clamped=5, free=20)


@pytest.fixture(scope="module")
def points(graph: SynapseGraph) -> FixedPoints:
    return graph.fixed_points["learned"].select(slice(12))


def hard(graph: SynapseGraph, points: FixedPoints, name: str, level: float) -> Experiment:
    kind = KINDS[name]
    plain = experiment(graph, points, kind.run, Emulator(), STEP)
    return stressed(kind, plain, level, (0, 0))


def emulator(e: Experiment) -> Any:
    return e.simulator


def test_cued_runs_start_in_the_states_and_learned_ones_with_the_label(
    graph: SynapseGraph, points: FixedPoints
) -> None:
    cued = experiment(graph, points, "cued", Emulator(), STEP)
    np.testing.assert_array_equal(cued.stimulus.cue, points.states)
    assert (cued.phases.cue, cued.phases.clamped, cued.phases.free) == (1, 0, 20)
    assert experiment(graph, points, "cued", AsynchronousEmulator(), STEP).phases.cue == 2
    learned = experiment(graph, points, "learned", Emulator(), STEP)
    assert not learned.stimulus.cue.any()
    np.testing.assert_array_equal(learned.stimulus.supervisor.argmax(axis=1), points.labels)
    assert learned.phases == STEP


def test_loss_and_noise_are_the_emulators(graph: SynapseGraph, points: FixedPoints) -> None:
    assert emulator(hard(graph, points, "spike-loss", 0.25)).spike_loss == 0.25
    assert emulator(hard(graph, points, "noise", 3.5)).noise == 3.5


def test_dead_neurons_never_spike_and_all_others_may(
    graph: SynapseGraph, points: FixedPoints
) -> None:
    e = hard(graph, points, "dead-neurons", 0.1)
    assert e.dead.sum() == round(0.1 * graph.neurons)
    spikes = Emulator().run(e.graph, e.stimulus, e.phases).spikes
    assert spikes is not None
    assert not spikes[:, :, e.dead].any()
    assert spikes[:, :, ~e.dead].any(axis=(0, 1)).mean() > 0.9
    assert e.compared.sum() == graph.units - e.dead[graph.io.decoder].sum()


@pytest.mark.parametrize("count", [0, 1, 7])
def test_so_many_units_of_each_pattern_start_wrong(
    graph: SynapseGraph, points: FixedPoints, count: int
) -> None:
    e = hard(graph, points, "flips", count)
    wrong = e.stimulus.cue != points.states
    assert (wrong.sum(axis=1) == count).all()
    np.testing.assert_array_equal(wrong, e.flips)
    first = Emulator().run(e.graph, e.stimulus, e.phases).states[0]
    np.testing.assert_array_equal(first, e.stimulus.cue)


def test_flips_differ_between_patterns_and_grow_with_the_level(
    graph: SynapseGraph, points: FixedPoints
) -> None:
    few, many = (hard(graph, points, "flips", count).flips for count in (5, 20))
    assert len(np.unique(few, axis=0)) > 1
    assert (many | ~few).all()


def test_delays_lengthen_both_phases(graph: SynapseGraph, points: FixedPoints) -> None:
    e = hard(graph, points, "delays", 6)
    assert longest_delay(e.graph) == 6
    assert e.graph.synapses == graph.synapses
    assert (e.phases.clamped, e.phases.free) == (11, 26)


def test_a_wrong_class_is_never_the_label(graph: SynapseGraph, points: FixedPoints) -> None:
    e = hard(graph, points, "wrong-class", 3)
    assert e.phases.clamped == 3
    assert (e.stimulus.supervisor.sum(axis=1) == 1).all()
    assert (e.stimulus.supervisor.argmax(axis=1) != points.labels).all()
    assert len(set((e.stimulus.supervisor.argmax(axis=1) - points.labels).tolist())) > 1


def test_a_signal_cut_short_ends_earlier(graph: SynapseGraph, points: FixedPoints) -> None:
    assert hard(graph, points, "cut-signal", 2).phases.clamped == 3
    assert hard(graph, points, "cut-signal", 9).phases.clamped == 0


def test_default_levels_are_allowed_and_start_without_stress() -> None:
    for kind in KINDS.values():
        for clamped in (5, 30, 200):
            levels = kind.levels_in(Phases(clamped=clamped))
            assert levels[0] == 0
            assert list(levels) == sorted(set(levels))
            check_levels(kind, levels, 100)
    assert KINDS["cut-signal"].levels_in(Phases(clamped=200)) == (0, 40, 80, 120, 160, 200)


@pytest.mark.parametrize(
    ("name", "level", "said"),
    [
        ("spike-loss", 1.5, "spike-loss has level 1.5; allowed: numbers from 0 to 1"),
        ("noise", -1, "noise has level -1; allowed: numbers from 0 to inf"),
        ("mismatch", float("nan"), "mismatch has level nan"),
        ("mismatch", float("inf"), "mismatch has level inf"),
        ("flips", 101, "flips has level 101; allowed: whole numbers from 0 to 100"),
        ("flips", 1.5, "flips has level 1.5; allowed: whole numbers"),
        ("delays", 63, "delays has level 63; allowed: whole numbers from 0 to 62"),
    ],
)
def test_impossible_levels_are_named(name: str, level: float, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        check_levels(KINDS[name], (0, level), 100)


@pytest.mark.parametrize(
    ("name", "simulator", "said"),
    [
        ("rain", Emulator(), "unknown stress 'rain'; allowed: spike-loss, noise"),
        ("noise", AsynchronousEmulator(), "noise has no asynchronous regime; allowed: step"),
        ("noise", Emulator(name="lava"), "lava has no stress noise; allowed: emulator"),
    ],
)
def test_what_a_simulator_cannot_have_is_named(name: str, simulator: Any, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        check_kind(name, simulator)
