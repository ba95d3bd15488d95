"""What every simulator promises, whatever it is made of; all of them run the same small batch.

What one cannot do is in the registry, with its reason, and not skipped here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pytest

from spinspike.errors import BadInput
from spinspike.mapping import (
    Rounding,
    SynapseGraph,
    certified,
    map_network,
    permuted_couplings,
    weakest_units,
)
from spinspike.mapping.graph.delays import with_delays
from spinspike.mapping.quantisation.rounding import InputMode
from spinspike.model import Architecture, FixedPoints, random_network
from spinspike.simulators import Phases, Recording, Simulator, Stimulus, validate
from spinspike.simulators.registry import BACKENDS, Backend, find
from spinspike.simulators.stimulus import encode_stimulus
from spinspike.simulators.validation.protocol import default_phases

# a package that somebody else has written, with an entry point
sys.path.append(str(Path(__file__).with_name("third_party")))
LABELLED, SILENT, CUED = slice(0, 2), slice(2, 3), slice(3, 9)
MARKS = {"brian2": pytest.mark.brian2, "lava": pytest.mark.lava, "nest": pytest.mark.nest}


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(b, marks=MARKS.get(b.part, ()), id=b.label) for b in (*BACKENDS, find("plain"))
    ],
)
def backend(request: pytest.FixtureRequest) -> Backend:
    found: Backend = request.param
    return found


@pytest.fixture(scope="module")
def simulator(backend: Backend) -> Simulator:
    return backend.make()


@pytest.fixture(scope="module")
def cued(graph: SynapseGraph) -> FixedPoints:
    """Certified free fixed points, their margins neither of the smallest nor of the largest."""
    points = graph.fixed_points["free"]
    points = points.select(np.flatnonzero(certified(graph, points)))
    order = np.argsort(weakest_units(graph, points)[0])
    return points.select(order[2 * len(order) // 3 :][:6])


@pytest.fixture(scope="module")
def batch(graph: SynapseGraph, cued: FixedPoints) -> Stimulus:
    """Two learned patterns with labels, one that keeps every neuron silent, six cued ones."""
    learned = graph.fixed_points["learned"].select(slice(2))
    quiet = encode_stimulus(graph, cued.inputs[:1])
    strong = np.full_like(quiet.bias, -4095)
    silent = Stimulus(strong, strong, quiet.levels, quiet.supervisor, quiet.cue)
    return joined(
        encode_stimulus(graph, learned.inputs, labels=learned.labels),
        silent,
        encode_stimulus(graph, cued.inputs, cue=cued.states),
    )


def joined(*parts: Stimulus) -> Stimulus:
    columns = {f.name: [getattr(part, f.name) for part in parts] for f in fields(Stimulus)}
    return Stimulus(**{name: np.concatenate(arrays) for name, arrays in columns.items()})


@dataclass(frozen=True)
class Run:
    recording: Recording
    progress: list[tuple[int, int]]


@pytest.fixture(scope="module")
def phases(graph: SynapseGraph, simulator: Simulator) -> Phases:
    return default_phases(graph, simulator.regime, hold=None)


@pytest.fixture(scope="module")
def run(graph: SynapseGraph, simulator: Simulator, batch: Stimulus, phases: Phases) -> Run:
    calls: list[tuple[int, int]] = []
    recording = simulator.run(graph, batch, phases, progress=lambda *done: calls.append(done))
    return Run(recording, calls)


def test_silence_is_all_units_down_and_nothing_else(run: Run) -> None:
    """With a bias far below all that synapses could deliver no neuron ever fires."""
    recording = run.recording
    # nobody knows of what was before, in the read-out window
    assert (recording.states[1:, SILENT] == -1).all()
    assert not recording.supervisory[:, SILENT].any()
    if recording.spikes is not None:
        assert not recording.spikes[1:, SILENT].any()


def test_the_supervisory_signal_is_there_while_clamped_and_then_gone(
    run: Run, phases: Phases
) -> None:
    recording = run.recording
    signal = recording.supervisory[:, LABELLED]
    clamped = (recording.times > phases.cue) & (recording.times <= phases.release)
    assert (signal[clamped].max(axis=0) > 0).all()
    assert not signal[recording.times < phases.cue].any()
    grace = 100 if recording.regime == "continuous" else 0
    after = signal[recording.times > phases.release + grace]
    assert len(after) > 5
    assert (after <= 1e-3 * signal.max() * (grace > 0)).all()
    assert not recording.supervisory[:, CUED].any()


def test_a_certified_fixed_point_that_is_cued_is_held(
    run: Run, cued: FixedPoints, phases: Phases
) -> None:
    after = run.recording.states[run.recording.times >= phases.release][:, CUED]
    assert (after == cued.states).all()


def test_the_same_states_are_lost_where_couplings_mean_nothing(
    graph: SynapseGraph, simulator: Simulator, cued: FixedPoints, phases: Phases
) -> None:
    null = permuted_couplings(graph, np.random.default_rng(0))
    recording = simulator.run(null, encode_stimulus(null, cued.inputs, cue=cued.states), phases)
    assert (recording.states[-1] == cued.states).all(axis=1).sum() <= 1


def test_a_pattern_does_not_depend_on_those_it_runs_with(
    graph: SynapseGraph,
    backend: Backend,
    simulator: Simulator,
    batch: Stimulus,
    run: Run,
    phases: Phases,
) -> None:
    """Bit by bit where nothing is drawn for a single pattern; elsewhere where noise may not tell."""
    rows = slice(1, 5)
    alone = simulator.run(graph, batch.select(rows), phases)
    deterministic = backend.regime == "step" or backend.label == "emulator (asynchronous)"
    kept = slice(0, 4) if deterministic else slice(1, 4)  # silent and cued ones
    start = 0 if deterministic else int(np.searchsorted(alone.times, phases.release))
    np.testing.assert_array_equal(
        alone.states[start:, kept], run.recording.states[start:, rows][:, kept]
    )
    if deterministic:
        assert alone.spikes is not None
        assert run.recording.spikes is not None
        np.testing.assert_array_equal(alone.spikes, run.recording.spikes[:, rows])


def test_the_recording_has_the_promised_form(
    run: Run, graph: SynapseGraph, batch: Stimulus, simulator: Simulator, phases: Phases
) -> None:
    recording, patterns = run.recording, len(batch.bias)
    count = len(recording.times)
    assert recording.regime == simulator.regime
    assert recording.states.shape == (count, patterns, graph.units)
    assert set(np.unique(recording.states)) == {-1, 1}
    assert recording.supervisory.shape == (count, patterns)
    assert (np.diff(recording.times) > 0).all()
    assert (recording.times[-1], recording.release) == (phases.total, phases.release)
    continuous = recording.regime == "continuous"
    assert (recording.spikes is None) == continuous
    assert (recording.raster is not None) == continuous
    assert (recording.readout is not None) == (recording.regime == "step")
    if recording.spikes is not None:
        assert recording.spikes.shape == (count, patterns, graph.neurons)
        assert count == phases.total
    if recording.readout is not None:
        assert recording.readout.shape == (patterns, graph.classes)


def test_progress_grows_to_the_total(run: Run) -> None:
    done, totals = zip(*run.progress, strict=True)
    assert len(set(totals)) == 1
    assert list(done) == sorted(done)
    assert (done[-1], done[0] >= 0) == (totals[0], True)


@dataclass(frozen=True)
class Kind:
    """A kind of graph."""

    encoding: str
    input: InputMode
    change: Callable[[SynapseGraph], SynapseGraph] = lambda graph: graph


def late(graph: SynapseGraph) -> SynapseGraph:
    return with_delays(graph, 3, np.random.default_rng(0))


@pytest.mark.parametrize(
    "kind",
    [Kind("signed", "binary"), Kind("dale", "graded", late), Kind("pushpull", "bias")],
    ids=lambda kind: f"{kind.encoding}-{kind.input}",
)
def test_every_encoding_and_input_is_taken_with_delays_too(
    simulator: Simulator, kind: Kind
) -> None:
    architecture = Architecture(units=6, inputs=5, classes=3)
    network = random_network(architecture, np.random.default_rng(0), centre=np.full(5, 0.5))
    rounding = Rounding(input=kind.input)
    graph = kind.change(map_network(network, encoding=kind.encoding, rounding=rounding))
    images = np.rint(np.random.default_rng(1).random((2, 5)))
    given = encode_stimulus(graph, images, labels=np.array([0, 2]))
    recording = simulator.run(graph, given, Phases(cue=10, clamped=10, free=10))
    assert recording.states.shape[1:] == (2, 6)
    assert set(np.unique(recording.states)) == {-1, 1}


def test_a_stimulus_for_another_graph_is_refused(
    simulator: Simulator, graph: SynapseGraph, batch: Stimulus, phases: Phases
) -> None:
    short = Stimulus(
        batch.first_bias[:, :6], batch.bias[:, :6], batch.levels, batch.supervisor, batch.cue[:, :3]
    )
    with pytest.raises(BadInput, match="6 neurons; allowed: the graph's 200"):
        simulator.run(graph, short, phases)


def test_a_backend_of_another_package_is_validated_by_its_name(graph: SynapseGraph) -> None:
    (outcome,) = validate(graph, find("plain").make(), patterns=3, runs=("cued",), nulls=False)
    assert (outcome.simulator, outcome.regime) == ("plain", "step")
    assert outcome.held.all()
    with pytest.raises(BadInput, match="plain has no continuous regime: its package offers none"):
        find("plain", "continuous")
    with pytest.raises(BadInput, match=r"unknown simulator 'plan'; allowed: emulator, .*, plain"):
        find("plan")
