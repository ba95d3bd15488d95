"""NEST's binary neurons: its bookkeeping against matrix arithmetic, its verdicts against ours."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from spinspike.errors import MissingPart, SimulationFailed
from spinspike.mapping import Rounding, SynapseGraph, certified, map_network
from spinspike.mapping.graph.fields import weight_matrix
from spinspike.model import NetworkFile
from spinspike.model.network.import_arrays import from_arrays
from spinspike.simulators import AsynchronousEmulator, NestBinary, Phases
from spinspike.simulators.nest import binary as nest_binary
from spinspike.simulators.nest.binary import values_after
from spinspike.simulators.nest.kernel import set_each
from spinspike.simulators.nest.recorder import Events
from spinspike.simulators.stimulus import encode_stimulus
from spinspike.studies.validation.run import validate as validate_named

pytestmark = pytest.mark.nest

HOLD = Phases(cue=25, clamped=0, free=15)


@pytest.mark.parametrize("encoding", ["signed", "dale", "pushpull"])
def test_every_input_sum_in_nest_is_that_of_the_weights(
    trained: NetworkFile, encoding: str
) -> None:
    """After thousands of changes, many in the same step, none was lost or misread."""
    import nest

    graph = map_network(trained.network, trained.fixed_points, encoding=encoding)
    rng = np.random.default_rng(0)
    points = graph.fixed_points["free"].select(slice(6))
    cue = rng.choice(np.array([-1, 1], dtype=np.int8), points.states.shape)
    recording = NestBinary().run(graph, encode_stimulus(graph, points.inputs, cue=cue), HOLD)
    assert recording.spikes is not None
    settled = (recording.spikes[-5:] == recording.spikes[-1]).all(axis=(0, 2))
    assert settled.sum() >= 4
    neurons = nest.GetNodes({"model": "mcculloch_pitts_neuron"})
    found = np.reshape(neurons.h, recording.spikes.shape[1:])
    expected = recording.spikes[-1].astype(np.int64) @ weight_matrix(graph).toarray().T
    np.testing.assert_array_equal(found[settled], expected[settled])


def test_nest_and_the_emulator_hold_the_same_cued_states(larger: NetworkFile) -> None:
    """Three bits by plain rounding: many states are lost, and the same ones in both."""
    rounding = Rounding(weight_bits=3, clip=False)
    graph = map_network(larger, rounding=rounding, consolidation=None)
    points = graph.fixed_points["free"].select(slice(20))
    given = encode_stimulus(graph, points.inputs, cue=points.states)
    sure = certified(graph, points)
    assert 3 <= sure.sum() <= 17
    for simulator in (NestBinary(), AsynchronousEmulator()):
        recording = simulator.run(graph, given, HOLD)
        assert recording.spikes is not None
        after = recording.spikes[HOLD.cue - 1 :]
        held = (after == after[0]).all(axis=(0, 2))
        np.testing.assert_array_equal(held, sure)


def test_updates_are_a_poisson_process_of_one_a_sweep(graph: SynapseGraph) -> None:
    """A forced neuron has followed by sweep t with probability 1 - exp(-t)."""
    cue = np.ones((40, graph.units), dtype=np.int8)
    given = encode_stimulus(
        graph, np.repeat(graph.fixed_points["free"].inputs[:1], 40, axis=0), cue=cue
    )
    recording = NestBinary(resolution=0.01).run(graph, given, Phases(cue=4, clamped=0, free=0))
    assert recording.spikes is not None
    rising = recording.spikes[:, :, recording.spikes[-1].any(axis=0)].mean(axis=(1, 2))
    assert rising == pytest.approx(1 - np.exp(-recording.times), abs=0.03)


def test_chunks_keep_the_order_of_patterns_and_report_progress(graph: SynapseGraph) -> None:
    points = graph.fixed_points["free"]
    points = points.select(np.flatnonzero(certified(graph, points))[:5])
    given = encode_stimulus(graph, points.inputs, cue=points.states)
    seen: list[tuple[int, int]] = []
    at_once = 2 * weight_matrix(graph).nnz
    backend = NestBinary(synapses_at_once=at_once)
    recording = backend.run(graph, given, HOLD, progress=lambda *done: seen.append(done))
    np.testing.assert_array_equal(recording.states[-1], points.states)
    assert recording.supervisory.shape == (HOLD.total, 5)
    assert seen == [(2, 5), (4, 5), (5, 5)]


def test_without_a_cue_phase_every_neuron_starts_silent(graph: SynapseGraph) -> None:
    given = encode_stimulus(graph, graph.fixed_points["free"].inputs[:3])
    recording = NestBinary().run(graph, given, Phases(cue=0, clamped=0, free=1))
    assert recording.spikes is not None
    assert 0 < recording.spikes.mean() < 0.5


def test_it_runs_by_its_name(graph: SynapseGraph) -> None:
    (outcome,) = validate_named(graph, "nest", runs=["cued"], patterns=3, nulls=False).outcomes
    assert (outcome.simulator, outcome.regime) == ("nest", "asynchronous")
    assert not outcome.broken.any()
    assert outcome.exact.all()


@for_all(
    changes=st.lists(st.tuples(st.integers(1, 39), st.integers(0, 2)), max_size=30, unique=True)
)
def test_values_follow_from_the_spikes_that_tell_of_changes(changes: list[tuple[int, int]]) -> None:
    """A neuron alternates: two spikes at once when it turns on, a single one when it turns off."""
    value, rows, expected = [False] * 3, [], []
    for tenth in range(1, 41):
        for neuron in range(3):
            if (tenth, neuron) in changes:
                value[neuron] = not value[neuron]
                rows += [(neuron, tenth / 10)] * (1 + value[neuron])
        if tenth % 10 == 0:
            expected.append(list(value))
    senders, times = (np.array([row[k] for row in rows]) for k in range(2))
    seen = Events(senders.astype(np.int64), times, np.empty(0))
    assert values_after(seen, np.arange(1.0, 5.0), 3).tolist() == expected


@pytest.mark.parametrize("threads", [1, 2])
def test_a_seed_fixes_every_update(graph: SynapseGraph, threads: int) -> None:
    given = encode_stimulus(graph, graph.fixed_points["free"].inputs[:3])
    phases = Phases(cue=3, clamped=0, free=3)
    first, again, other = (
        NestBinary(seed=seed, threads=threads).run(graph, given, phases).spikes
        for seed in (1, 1, 2)
    )
    assert first is not None
    assert again is not None
    assert other is not None
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_a_threshold_that_nest_did_not_take_is_noticed(
    graph: SynapseGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A supervisory signal left on: the thresholds of the free phase never arrive."""
    points = graph.fixed_points["learned"].select(slice(1))
    given = encode_stimulus(graph, points.inputs, labels=points.labels)
    calls = []

    def forgetful(nodes: Any, **values: Any) -> None:
        calls.append(values)
        if len(calls) < 3:  # cue, clamped, free
            set_each(nodes, **values)

    monkeypatch.setattr(nest_binary, "set_each", forgetful)
    with pytest.raises(SimulationFailed, match=r"NEST holds threshold -?\d.*; needed: "):
        NestBinary().run(graph, given, Phases(cue=3, clamped=3, free=3))


def test_without_nest_it_says_what_to_install(
    graph: SynapseGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = encode_stimulus(graph, graph.fixed_points["free"].inputs[:1])
    monkeypatch.setitem(sys.modules, "nest", None)
    with pytest.raises(MissingPart, match=r"nest is not installed: pip install 'spinspike\[nest"):
        NestBinary().run(graph, given, HOLD)


def test_a_field_of_0_switches_off_and_one_of_1_on() -> None:
    """Each neuron has a field of its own, -2 to 2, and is forced to the wrong side before."""
    nothing = np.zeros((5, 5))
    graph = map_network(from_arrays(nothing, np.zeros((5, 1)), nothing, nothing), encoding="signed")
    fields = np.arange(-2, 3)
    given = replace(
        encode_stimulus(graph, np.zeros((1, 1))), first_bias=-fields[None], bias=fields[None].copy()
    )
    recording = NestBinary().run(graph, given, HOLD)
    assert recording.spikes is not None
    assert recording.spikes[HOLD.cue - 1, 0].tolist() == [True, True, False, False, False]
    assert recording.spikes[-1, 0].tolist() == [False, False, False, True, True]
