"""One suite for every simulator: the same hand-made networks, the same trained graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from itertools import islice

import numpy as np
import pytest

from spinspike.arrays import BoolArray, FloatArray, IntArray, SpinArray
from spinspike.mapping import Rounding, SynapseGraph, map_network
from spinspike.mapping.quantisation.rounding import InputMode
from spinspike.model import Architecture, NetworkFile, random_network
from spinspike.model.network.import_arrays import from_arrays
from spinspike.simulators import (
    Brian2LIF,
    Emulator,
    Lava,
    Phases,
    Recording,
    Simulator,
    Stimulus,
    validate,
)
from spinspike.simulators.stimulus import encode_stimulus
from spinspike.simulators.validation.protocol import DEFAULT_PHASES

SIMULATORS = {"emulator": Emulator, "lava": Lava, "brian2": Brian2LIF}
STEP = ["emulator", pytest.param("lava", marks=pytest.mark.lava)]


@pytest.fixture(params=[*STEP, pytest.param("brian2", marks=pytest.mark.brian2)])
def simulator(request: pytest.FixtureRequest) -> Simulator:
    made: Simulator = SIMULATORS[request.param]()
    return made


@pytest.fixture(params=STEP)
def step_simulator(request: pytest.FixtureRequest) -> Simulator:
    made: Simulator = SIMULATORS[request.param]()
    return made


@dataclass(frozen=True)
class Case:
    """A kind of graph."""

    encoding: str
    input: InputMode = "bias"
    autapses: bool = True
    modules: int = 1
    readout: bool = True

    def __str__(self) -> str:
        return "-".join(
            [self.encoding, self.input]
            + ["relay"] * (not self.autapses)
            + ["two modules"] * (self.modules == 2)
            + ["no readout"] * (not self.readout)
        )

    def graph(self) -> SynapseGraph:
        """A small network that sees five pixels, mapped."""
        architecture = Architecture(
            units=6,
            inputs=5,
            classes=3,
            modules=self.modules,
            link=0.8 if self.modules == 2 else 0.0,
            sparsity=0.3,
            supervisory_scale=1.5,
        )
        return map_network(
            random_network(architecture, np.random.default_rng(0), centre=np.full(5, 0.5)),
            encoding=self.encoding,
            rounding=Rounding(input=self.input),
            on_chip_readout=self.readout,
            autapses=self.autapses,
        )

    def stimulus(self, graph: SynapseGraph) -> Stimulus:
        """Two images with labels, and one with a state to start from."""
        rng = np.random.default_rng(1)
        images = rng.random((3, 5))
        images = np.rint(images) if self.input == "binary" else images
        cue = rng.choice(np.array([-1, 1], dtype=np.int8), (1, graph.units))
        return both(
            encode_stimulus(graph, images[:2], labels=np.array([0, 2])),
            encode_stimulus(graph, images[2:], cue=cue),
        )


def both(one: Stimulus, other: Stimulus) -> Stimulus:
    """The patterns of both."""
    parts = {f.name: (getattr(one, f.name), getattr(other, f.name)) for f in fields(Stimulus)}
    return Stimulus(**{name: np.concatenate(pair) for name, pair in parts.items()})


ENCODINGS = ("signed", "dale", "pushpull")
WAYS: tuple[InputMode, ...] = ("bias", "binary", "graded")
CASES = [
    *(Case(encoding, way) for encoding in ENCODINGS for way in WAYS),
    *(Case(encoding, autapses=False) for encoding in ENCODINGS),
    *(Case(encoding, "graded", autapses=False, modules=2) for encoding in ENCODINGS),
    Case("dale", modules=2),
    Case("signed", readout=False),
]
ByHand = Callable[[SynapseGraph, Stimulus, Phases], tuple[BoolArray, IntArray]]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_spike_and_the_readout_are_those_of_the_equations_by_hand(
    step_simulator: Simulator, case: Case, by_hand_run: ByHand
) -> None:
    graph = case.graph()
    given, phases = case.stimulus(graph), Phases(cue=case.modules, clamped=3, free=5)
    spikes, readout = by_hand_run(graph, given, phases)
    assert 0 < spikes.mean() < 1
    recording = step_simulator.run(graph, given, phases)
    assert recording.spikes is not None
    np.testing.assert_array_equal(recording.spikes, spikes)
    assert (recording.readout is not None) == case.readout
    if recording.readout is not None:
        np.testing.assert_array_equal(recording.readout, readout)
    on = (recording.supervisory > 0).tolist()
    clamped = [phases.cue < t <= phases.release for t in recording.times]
    assert on == [[c, c, False] for c in clamped]


def test_a_forced_state_stands_in_place_of_input_spikes_however_strong(
    step_simulator: Simulator,
) -> None:
    """A pixel that outweighs the largest bias: from step 2 on it decides."""
    network = from_arrays(
        J=[[0.0, 0.1], [0.1, 0.0]], Win=[[8.0], [-8.0]], Wback=np.eye(2), Wout=np.eye(2)
    )
    graph = map_network(network, encoding="signed", rounding=Rounding(input="graded"))
    cue = np.array([[-1, 1]], dtype=np.int8)
    given = encode_stimulus(graph, np.ones((1, 1)), cue=cue)
    recording = step_simulator.run(graph, given, Phases(cue=1, clamped=0, free=2))
    assert recording.states[:, 0].tolist() == [[-1, 1], [1, -1], [1, -1]]


def two_units(coupling: FloatArray) -> SynapseGraph:
    """Two units that see one pixel each; label 0 pushes both up, label 1 both down."""
    label_field = np.array([[3.0, -3.0], [3.0, -3.0]])
    return map_network(
        from_arrays(
            J=coupling,
            Win=np.eye(2),
            Wback=label_field,
            Wout=np.array([[1.0, 1.0], [-1.0, -1.0]]),
            centre=np.zeros(2),
            gain=1.0,
            input_range=(-2.0, 2.0),
        )
    )


def hold(simulator: Simulator, graph: SynapseGraph, states: list[list[int]]) -> Recording:
    """Start in each of the states, with no input, and wait."""
    cue: SpinArray = np.array(states, dtype=np.int8)
    given = encode_stimulus(graph, np.zeros((len(states), 2)), cue=cue)
    return simulator.run(graph, given, replace(DEFAULT_PHASES[simulator.regime], clamped=0))


@pytest.mark.parametrize(
    ("coupling", "held"),
    [
        ([[1.0, 0.0], [0.0, 1.0]], [True, True, True, True]),  # two latches hold everything
        ([[0.0, 1.0], [1.0, 0.0]], [True, False, False, True]),  # friends agree
        ([[0.0, -1.0], [-1.0, 0.0]], [False, True, True, False]),  # foes do not
        ([[0.5, -1.0], [-1.0, 0.5]], [False, True, True, False]),  # nor with weaker latches
        ([[1.0, -0.5], [-0.5, 1.0]], [True, True, True, True]),  # stronger latches decide
    ],
)
def test_two_units_hold_what_the_equations_say(
    simulator: Simulator, coupling: list[list[float]], held: list[bool]
) -> None:
    states = [[1, 1], [1, -1], [-1, 1], [-1, -1]]
    recording = hold(simulator, two_units(np.array(coupling)), states)
    # of the last moments, since units that disagree may take turns
    assert (recording.states[-4:] == states).all(axis=(0, 2)).tolist() == held


def test_the_input_decides_without_couplings(simulator: Simulator) -> None:
    graph = two_units(np.array([[0.0, 1e-3], [1e-3, 0.0]]))
    images = np.array([[1.0, -1.0], [-1.0, 1.0]])
    phases = replace(DEFAULT_PHASES[simulator.regime], clamped=0)
    final = simulator.run(graph, encode_stimulus(graph, images), phases).states[-1]
    assert final.tolist() == [[1, -1], [-1, 1]]


def test_a_label_writes_into_latches_and_is_gone_afterwards(simulator: Simulator) -> None:
    graph = two_units(np.eye(2))
    images = np.array([[-0.2, 0.2], [-0.2, 0.2]])
    given = encode_stimulus(graph, images, labels=np.array([0, 1]))
    recording = simulator.run(graph, given, DEFAULT_PHASES[simulator.regime])
    assert recording.states[-1].tolist() == [[1, 1], [-1, -1]]
    after = recording.supervisory[recording.times > recording.release + 100]
    assert recording.supervisory.max() > 0
    assert (after <= 1e-3 * recording.supervisory.max()).all()
    if recording.regime == "step":
        assert not recording.supervisory[recording.times > recording.release].any()


def test_recordings_have_the_promised_shapes(simulator: Simulator) -> None:
    phases = Phases(cue=10, clamped=10, free=20)
    graph = two_units(np.eye(2))
    given = encode_stimulus(graph, np.zeros((3, 2)), labels=np.array([0, 1, 0]))
    calls: list[tuple[int, int]] = []
    recording = simulator.run(graph, given, phases, progress=lambda *x: calls.append(x))
    count = len(recording.times)
    assert recording.states.shape == (count, 3, 2)
    assert set(np.unique(recording.states)) <= {-1, 1}
    assert recording.supervisory.shape == (count, 3)
    assert (np.diff(recording.times) > 0).all()
    assert recording.times[-1] == phases.total
    assert recording.release == phases.release
    assert recording.regime == simulator.regime
    assert (recording.spikes is not None) == (simulator.regime == "step")
    assert (recording.readout is not None) == (simulator.regime == "step")
    if recording.readout is not None:
        assert recording.readout.shape == (3, 2)
    assert calls
    assert calls[-1][0] == calls[-1][1]


def test_learned_states_stay_and_go_with_the_couplings(
    simulator: Simulator, larger: NetworkFile
) -> None:
    graph = map_network(larger.network, larger.fixed_points)
    intact, bare = islice(validate(graph, simulator, patterns=8, runs=["learned"]), 2)
    assert (intact.null, bare.null) == ("", "no couplings")
    assert (intact.final == intact.points.states).mean() > 0.99
    assert bare.exact.sum() <= 2
    assert intact.exact.sum() > bare.exact.sum()
    assert intact.like_emulator in (True, None)
    assert bare.like_emulator in (True, None)
