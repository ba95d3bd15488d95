"""NEST's binary neurons: its bookkeeping against matrix arithmetic, its verdicts against ours."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from spinspike.cli.pipeline import validate_on
from spinspike.mapping import Rounding, SynapseGraph, certified, map_network
from spinspike.mapping.matrix import weight_matrix
from spinspike.model import NetworkFile
from spinspike.model.errors import MissingPart
from spinspike.simulators import AsynchronousEmulator, NestBinary, Protocol
from spinspike.simulators.stimulus import stimulus

pytestmark = pytest.mark.nest

HOLD = Protocol(cue=25, clamped=0, free=15)


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
    recording = NestBinary().run(graph, stimulus(graph, points.inputs, cue=cue), HOLD)
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
    graph = map_network(larger.network, larger.fixed_points, rounding=rounding)
    points = graph.fixed_points["free"].select(slice(20))
    given = stimulus(graph, points.inputs, cue=points.states)
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
    given = stimulus(graph, np.repeat(graph.fixed_points["free"].inputs[:1], 40, axis=0), cue=cue)
    recording = NestBinary(resolution=0.01).run(graph, given, Protocol(cue=4, clamped=0, free=0))
    assert recording.spikes is not None
    rising = recording.spikes[:, :, recording.spikes[-1].any(axis=0)].mean(axis=(1, 2))
    assert rising == pytest.approx(1 - np.exp(-recording.times), abs=0.03)


def test_chunks_keep_the_order_of_patterns_and_report_progress(graph: SynapseGraph) -> None:
    points = graph.fixed_points["free"]
    points = points.select(np.flatnonzero(certified(graph, points))[:5])
    given = stimulus(graph, points.inputs, cue=points.states)
    seen: list[tuple[int, int]] = []
    at_once = 2 * weight_matrix(graph).nnz
    backend = NestBinary(synapses_at_once=at_once)
    recording = backend.run(graph, given, HOLD, progress=lambda *done: seen.append(done))
    np.testing.assert_array_equal(recording.states[-1], points.states)
    assert recording.supervisory.shape == (HOLD.total, 5)
    assert seen == [(2, 5), (4, 5), (5, 5)]


def test_without_a_cue_phase_every_neuron_starts_silent(graph: SynapseGraph) -> None:
    given = stimulus(graph, graph.fixed_points["free"].inputs[:3])
    recording = NestBinary().run(graph, given, Protocol(cue=0, clamped=0, free=1))
    assert recording.spikes is not None
    assert 0 < recording.spikes.mean() < 0.5


def test_it_runs_by_its_name(graph: SynapseGraph) -> None:
    (outcome,) = validate_on(graph, "nest", ["cued"], patterns=3, nulls=False, seed=0)
    assert (outcome.simulator, outcome.regime, outcome.broken) == ("nest", "asynchronous", 0)
    assert outcome.exact.all()


def test_importing_it_prints_nothing() -> None:
    code = "from spinspike.simulators.nest_kernel import nest_module; print(nest_module().__name__)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert (done.stdout, done.stderr) == ("nest\n", "")


def test_without_nest_it_says_what_to_install(
    graph: SynapseGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = stimulus(graph, graph.fixed_points["free"].inputs[:1])
    monkeypatch.setitem(sys.modules, "nest", None)
    with pytest.raises(MissingPart, match=r"nest is not installed: pip install 'spinspike\[nest"):
        NestBinary().run(graph, given, HOLD)
