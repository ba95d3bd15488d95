"""The asynchronous regime, in NumPy and in NEST: what is held does not depend on the order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from spinspike.arrays import BoolArray, IntArray
from spinspike.errors import BadInput
from spinspike.mapping import Rounding, SynapseGraph, certified, map_network
from spinspike.model import Architecture, NetworkFile, random_network
from spinspike.model.network.import_arrays import from_arrays
from spinspike.simulators import (
    AsynchronousEmulator,
    Bounds,
    Emulator,
    NestBinary,
    Outcome,
    Phases,
    Recording,
    Simulator,
    Stimulus,
    accuracy,
    claims,
    validate,
)
from spinspike.simulators.stimulus import encode_stimulus
from spinspike.simulators.validation.claims import KEPT
from spinspike.simulators.validation.outcome import observe, supervisory_off
from spinspike.task import Progress

HOLD = Phases(cue=25, clamped=0, free=15)
CLAMP = Phases(cue=25, clamped=25, free=15)
ENCODINGS = ("signed", "dale", "pushpull")
ByHand = Callable[[SynapseGraph, Stimulus, Phases], tuple[BoolArray, IntArray]]


@pytest.fixture(params=["asynchronous", pytest.param("nest", marks=pytest.mark.nest)])
def simulator(request: pytest.FixtureRequest) -> AsynchronousEmulator | NestBinary:
    return AsynchronousEmulator() if request.param == "asynchronous" else NestBinary()


def held(recording: Recording, phases: Phases) -> list[bool]:
    """Whether no neuron changed from the end of the cue phase on."""
    assert recording.spikes is not None
    after = recording.spikes[phases.cue - 1 :]
    return [bool(x) for x in (after == after[0]).all(axis=(0, 2))]


def two_units(coupling: list[list[float]]) -> SynapseGraph:
    """Two units that see one pixel each; label 0 pushes both up, label 1 both down."""
    return map_network(
        from_arrays(
            J=coupling,
            Win=np.eye(2),
            Wback=[[3.0, -3.0], [3.0, -3.0]],
            Wout=[[1.0, 1.0], [-1.0, -1.0]],
            input_range=(-2.0, 2.0),
        )
    )


@pytest.mark.parametrize(
    ("coupling", "expected"),
    [
        ([[1.0, 0.0], [0.0, 1.0]], [True, True, True, True]),  # two latches hold everything
        ([[0.0, 1.0], [1.0, 0.0]], [True, False, False, True]),  # friends agree
        ([[0.0, -1.0], [-1.0, 0.0]], [False, True, True, False]),  # foes do not
        ([[1.0, -0.5], [-0.5, 1.0]], [True, True, True, True]),  # stronger latches decide
    ],
)
def test_two_units_hold_what_the_equations_say(
    simulator: Simulator, coupling: list[list[float]], expected: list[bool]
) -> None:
    states = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]], dtype=np.int8)
    graph = two_units(coupling)
    recording = simulator.run(graph, encode_stimulus(graph, np.zeros((4, 2)), cue=states), HOLD)
    assert (recording.states[HOLD.cue - 1] == states).all()
    assert held(recording, HOLD) == expected
    # one neuron at a time, friends and foes settle on what they can hold
    last = recording.states[-1].tolist()
    allowed = [s for s, fixed in zip(states.tolist(), expected, strict=True) if fixed]
    assert all(state in allowed for state in last)


@pytest.mark.parametrize("graded", [False, True])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_of_all_states_exactly_the_fixed_points_are_held(
    simulator: Simulator,
    encoding: str,
    graded: bool,
    every_state: Callable[[int], IntArray],
    by_hand_run: ByHand,
) -> None:
    """By hand: a state is a fixed point if the next step repeats it; all 64 of six units."""
    shape = Architecture(units=6, inputs=5, classes=3, sparsity=0.3)
    network = random_network(shape, np.random.default_rng(0), centre=np.full(5, 0.5))
    graph = map_network(
        network, encoding=encoding, rounding=Rounding(input="graded" if graded else "bias")
    )
    states = every_state(6).astype(np.int8)
    image = np.tile(np.random.default_rng(1).random(5), (64, 1))
    given = encode_stimulus(graph, image, cue=states)
    spikes, _ = by_hand_run(graph, given, Phases(cue=1, clamped=0, free=1))
    fixed = (spikes[0] == spikes[1]).all(axis=1).tolist()
    assert 0 < sum(fixed) < 64
    assert held(simulator.run(graph, given, HOLD), HOLD) == fixed


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_learned_states_are_held_exactly_and_nulls_lose_them(
    simulator: Simulator, encoding: str, larger: NetworkFile
) -> None:
    graph = map_network(larger.network, larger.fixed_points, encoding=encoding)
    found = list(
        validate(graph, simulator, patterns=8, runs=["cued"], phases=HOLD, nulls=encoding == "dale")
    )
    intact, *nulls = found
    sure = certified(graph, intact.points)
    assert sure.sum() >= 6
    assert intact.exact[sure].all()
    assert not intact.left[sure].any()
    assert sum(o.broken.sum() for o in found) == 0
    assert len(nulls) == (3 if encoding == "dale" else 0)
    assert all(o.exact.sum() <= 2 for o in nulls)


def test_a_label_is_learned_and_then_gone(simulator: Simulator, graph: SynapseGraph) -> None:
    (learned,) = validate(
        graph, simulator, patterns=10, runs=["learned"], nulls=False, phases=CLAMP
    )
    assert supervisory_off(learned)
    assert not learned.broken.any()
    assert learned.certified.sum() >= 8  # it settles, if not always in the s* of the sweeps
    (step,) = validate(graph, Emulator(), patterns=10, runs=["learned"], nulls=False)
    on = learned.supervisory[CLAMP.cue : CLAMP.release]
    assert on == pytest.approx(np.full(CLAMP.clamped, step.supervisory.max()))
    assert np.count_nonzero(learned.supervisory) == CLAMP.clamped


def test_a_label_writes_into_latches_which_keep_it(simulator: Simulator) -> None:
    graph = two_units([[1.0, 0.0], [0.0, 1.0]])
    given = encode_stimulus(graph, np.array([[-0.2, 0.2]] * 2), labels=np.array([0, 1]))
    recording = simulator.run(graph, given, CLAMP)
    assert recording.states[CLAMP.cue - 1].tolist() == [[-1, 1], [-1, 1]]  # the input's signs
    assert recording.states[-1].tolist() == [[1, 1], [-1, -1]]
    assert not recording.supervisory[CLAMP.release :].any()


def test_a_forced_state_stands_in_place_of_input_spikes_however_strong(
    simulator: Simulator,
) -> None:
    """A pixel that outweighs the largest bias: it decides as soon as the cue phase is over."""
    network = from_arrays(
        J=[[0.0, 0.1], [0.1, 0.0]], Win=[[8.0], [-8.0]], Wback=np.eye(2), Wout=np.eye(2)
    )
    graph = map_network(network, encoding="signed", rounding=Rounding(input="graded"))
    given = encode_stimulus(graph, np.ones((1, 1)), cue=np.array([[-1, 1]], dtype=np.int8))
    recording = simulator.run(graph, given, HOLD)
    assert recording.states[HOLD.cue - 1].tolist() == [[-1, 1]]
    assert recording.states[-1].tolist() == [[1, -1]]


def test_a_seed_fixes_every_update(
    simulator: AsynchronousEmulator | NestBinary, graph: SynapseGraph
) -> None:
    given = encode_stimulus(graph, graph.fixed_points["free"].inputs[:5])
    phases = Phases(cue=2, clamped=0, free=4)
    first, again, other = (
        replace(simulator, seed=seed).run(graph, given, phases).spikes for seed in (1, 1, 2)
    )
    assert first is not None
    assert again is not None
    assert other is not None
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_recordings_have_the_promised_shapes(simulator: Simulator) -> None:
    graph = two_units([[1.0, 0.0], [0.0, 1.0]])
    given = encode_stimulus(graph, np.zeros((3, 2)), labels=np.array([0, 1, 0]))
    calls: list[tuple[int, int]] = []
    phases = Phases(cue=1, clamped=2, free=3)
    recording = simulator.run(graph, given, phases, progress=lambda *x: calls.append(x))
    assert recording.times.tolist() == [1, 2, 3, 4, 5, 6]
    assert recording.states.shape == (6, 3, 2)
    assert recording.supervisory.shape == (6, 3)
    assert recording.spikes is not None
    assert recording.spikes.shape == (6, 3, 4)
    assert recording.release == 3
    assert recording.readout is None
    assert calls[-1][0] == calls[-1][1]


def test_a_stimulus_for_another_graph_is_refused(simulator: Simulator, graph: SynapseGraph) -> None:
    given = encode_stimulus(two_units([[1.0, 0.0], [0.0, 1.0]]), np.zeros((1, 2)))
    with pytest.raises(BadInput, match="stimulus has 4 neurons; allowed: the graph's 200"):
        simulator.run(graph, given, HOLD)


def cued(graph: SynapseGraph) -> tuple[Recording, Callable[[Recording], Outcome]]:
    """A run from certified states, and how to observe what was made of it."""
    points = graph.fixed_points["free"]
    points = points.select(np.flatnonzero(certified(graph, points))[:4])
    given = encode_stimulus(graph, points.inputs, cue=points.states)
    recording = AsynchronousEmulator().run(graph, given, HOLD)

    def observed(changed: Recording) -> Outcome:
        return observe(
            graph, points, changed, simulator="x", run="cued", null="", saw_label=False,
            like_emulator=None,
        )  # fmt: skip

    return recording, observed


def test_a_broken_state_is_counted_and_one_that_was_not_yet_there_is_not(
    graph: SynapseGraph,
) -> None:
    recording, observed = cued(graph)
    assert recording.spikes is not None
    assert observed(recording).broken.sum() == 0
    decoder = graph.io.decoder[0]
    (twin,) = set(np.flatnonzero(graph.io.unit == 0)) - {decoder}
    states, spikes = recording.states.copy(), recording.spikes.copy()
    states[30:, 0, 0] *= -1
    spikes[30:, 0, [decoder, twin]] ^= True
    assert observed(replace(recording, states=states, spikes=spikes)).broken.sum() == 1
    alone = recording.spikes.copy()
    alone[30:, 0, twin] ^= True  # the unit's state is read from the other
    assert observed(replace(recording, spikes=alone)).broken.sum() == 1
    spikes[:, 0, twin] = recording.spikes[:, 0, twin] ^ True  # never agreed before
    assert observed(replace(recording, states=states, spikes=spikes)).broken.sum() == 0


def test_claims_are_those_of_the_regime(graph: SynapseGraph) -> None:
    found = list(validate(graph, AsynchronousEmulator(), runs=["free", "cued", "learned"]))
    statements = {c.statement: c.verdict for c in claims(found, Bounds(reached=0.6))}
    assert statements == dict.fromkeys(
        [KEPT, "label stayed on, or never came", "cued: ends exactly in s*"], "holds"
    )
    reference = np.mean(found[0].reference_classes == found[0].points.labels)
    assert accuracy(found[0]) == pytest.approx(reference, abs=0.05)


def test_caught_a_supervisory_signal_left_on(graph: SynapseGraph) -> None:
    class LeftOn(AsynchronousEmulator):
        def run(
            self,
            graph: SynapseGraph,
            stimulus: Stimulus,
            phases: Phases,
            *,
            progress: Progress | None = None,
        ) -> Recording:
            late = replace(phases, clamped=phases.clamped + 1, free=phases.free - 1)
            return super().run(graph, stimulus, late)

    found = list(validate(graph, LeftOn(), patterns=5, runs=["learned"], nulls=False, phases=CLAMP))
    (claim,) = [c for c in claims(found) if c.statement.startswith("label stayed")]
    assert claim.verdict == "fails"
