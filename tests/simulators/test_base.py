"""One suite for every simulator: the same hand-made networks, the same trained graph."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinspike.mapping import SynapseGraph, dale, without_couplings
from spinspike.model import NetworkFile
from spinspike.model.arrays import FloatArray, SpinArray
from spinspike.model.own_network import from_arrays
from spinspike.simulators import Brian2LIF, Emulator, Lava, Protocol, Recording, Simulator
from spinspike.simulators.stimulus import stimulus
from spinspike.simulators.validation import PROTOCOLS

SIMULATORS = {"emulator": Emulator, "lava": Lava, "brian2": Brian2LIF}


@pytest.fixture(
    params=[
        "emulator",
        pytest.param("lava", marks=pytest.mark.lava),
        pytest.param("brian2", marks=pytest.mark.brian2),
    ]
)
def simulator(request: pytest.FixtureRequest) -> Simulator:
    made: Simulator = SIMULATORS[request.param]()
    return made


def two_units(coupling: FloatArray) -> SynapseGraph:
    """Two units that see one pixel each; label 0 pushes both up, label 1 both down."""
    label_field = np.array([[3.0, -3.0], [3.0, -3.0]])
    return dale(
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
    given = stimulus(graph, np.zeros((len(states), 2)), cue=cue)
    return simulator.run(graph, given, replace(PROTOCOLS[simulator.regime], clamped=0))


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
    protocol = replace(PROTOCOLS[simulator.regime], clamped=0)
    final = simulator.run(graph, stimulus(graph, images), protocol).states[-1]
    assert final.tolist() == [[1, -1], [-1, 1]]


def test_a_label_writes_into_latches_and_is_gone_afterwards(simulator: Simulator) -> None:
    graph = two_units(np.eye(2))
    images = np.array([[-0.2, 0.2], [-0.2, 0.2]])
    given = stimulus(graph, images, labels=np.array([0, 1]))
    recording = simulator.run(graph, given, PROTOCOLS[simulator.regime])
    assert recording.states[-1].tolist() == [[1, 1], [-1, -1]]
    after = recording.supervisory[recording.times > recording.release + 100]
    assert recording.supervisory.max() > 0
    assert (after <= 1e-3 * recording.supervisory.max()).all()
    if recording.regime == "step":
        assert not recording.supervisory[recording.times > recording.release].any()


def test_recordings_have_the_promised_shapes(simulator: Simulator) -> None:
    protocol = Protocol(cue=10, clamped=10, free=20)
    graph = two_units(np.eye(2))
    given = stimulus(graph, np.zeros((3, 2)), labels=np.array([0, 1, 0]))
    calls: list[tuple[int, int]] = []
    recording = simulator.run(graph, given, protocol, progress=lambda *x: calls.append(x))
    count = len(recording.times)
    assert recording.states.shape == (count, 3, 2)
    assert set(np.unique(recording.states)) <= {-1, 1}
    assert recording.supervisory.shape == (count, 3)
    assert (np.diff(recording.times) > 0).all()
    assert recording.times[-1] == protocol.total
    assert recording.release == protocol.release
    assert recording.regime == simulator.regime
    assert (recording.spikes is not None) == (simulator.regime == "step")
    assert calls
    assert calls[-1][0] == calls[-1][1]


def test_learned_states_stay_and_go_with_the_couplings(
    simulator: Simulator, larger: NetworkFile
) -> None:
    graph = dale(larger.network, larger.fixed_points)
    points = graph.fixed_points["learned"].select(slice(8))
    given = stimulus(graph, points.inputs, labels=points.labels)
    protocol = PROTOCOLS[simulator.regime]
    final = simulator.run(graph, given, protocol).states[-1]
    assert (final == points.states).mean() > 0.99
    bare = without_couplings(graph)
    given = stimulus(bare, points.inputs, labels=points.labels)
    lost = simulator.run(bare, given, protocol).states[-1]
    assert (lost == points.states).all(axis=1).sum() <= 2
    assert (final == points.states).all(axis=1).sum() > (lost == points.states).all(axis=1).sum()
