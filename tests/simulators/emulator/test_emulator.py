"""The emulator against a hand-made table, Lava's equations in plain integers, and the reference."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from spinspike.arrays import BoolArray, IntArray, SpinArray
from spinspike.mapping import ENCODINGS, Rounding, SynapseGraph, map_network
from spinspike.mapping.graph.codec import unit_states
from spinspike.mapping.graph.delays import with_delays
from spinspike.mapping.quantisation.rounding import InputMode
from spinspike.model import Architecture, Network, NetworkFile, random_network
from spinspike.model.network import dynamics
from spinspike.model.network.dynamics import Sweeps
from spinspike.model.network.import_arrays import from_arrays
from spinspike.simulators import Emulator, Phases, Recording, Stimulus
from spinspike.simulators.emulator import plain, step
from spinspike.simulators.emulator.by_source import twins
from spinspike.simulators.stimulus import encode_stimulus


@pytest.fixture(scope="module")
def graph(larger: NetworkFile) -> SynapseGraph:
    """The Dale graph of the larger network."""
    return map_network(larger.network, larger.fixed_points)


@pytest.fixture(params=["NumPy", "compiled"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every test runs both ways, however small its work."""
    monkeypatch.setattr(step, "SMALL", 0 if request.param == "compiled" else np.inf)
    monkeypatch.setattr(step, "PATTERNS", 2)
    return iter([None])


def small_network(seed: int) -> Network:
    architecture = Architecture(
        units=6,
        inputs=5,
        classes=3,
        sparsity=0.3,
        input_sparsity=0.0,
        supervisory_scale=1.5,
    )
    return random_network(architecture, np.random.default_rng(seed), centre=np.full(5, 0.5))


@dataclass(frozen=True)
class Kind:
    """How a network is mapped."""

    encoding: str
    input: InputMode
    autapses: bool = True

    def map(self, network: Network) -> SynapseGraph:
        return map_network(
            network,
            encoding=self.encoding,
            rounding=Rounding(input=self.input),
            autapses=self.autapses,
        )


WAYS: tuple[InputMode, ...] = ("bias", "binary", "graded")
KINDS = [
    *(Kind(encoding, way) for encoding in ENCODINGS for way in WAYS),
    *(Kind(encoding, "graded", autapses=False) for encoding in ENCODINGS),
]
LEVELS = {"bias": 3, "binary": 1, "graded": 16}  # pixels of these ranges are sent as they are
ByHand = Callable[[SynapseGraph, Stimulus, Phases], tuple[BoolArray, IntArray]]


@given(
    seed=st.integers(0, 2**16),
    clamped=st.integers(0, 3),
    loud=st.booleans(),
    kind=st.sampled_from(KINDS),
    delay=st.integers(0, 4),
)
@settings(max_examples=30, deadline=None)
def test_every_spike_is_that_of_the_equations_by_hand(
    by_hand_run: ByHand, seed: int, clamped: int, loud: bool, kind: Kind, delay: int
) -> None:
    rng = np.random.default_rng(seed)
    graph = with_delays(kind.map(small_network(seed)), delay, rng)
    given_ = encode_stimulus(graph, rng.integers(0, 2, (2, 5)), labels=rng.integers(0, 3, 2))
    if loud:  # fields below -4096 leave a residue that delays switching on
        bias = given_.bias + rng.integers(-30_000, 2_000, given_.bias.shape)
        given_ = replace(given_, first_bias=given_.first_bias - 20_000, bias=bias)
    phases = Phases(cue=1, clamped=clamped, free=12)
    recording = Emulator().run(graph, given_, phases)
    assert recording.spikes is not None
    assert recording.readout is not None
    for oracle in (by_hand_run, plain.run):
        spikes, readout = oracle(graph, given_, phases)
        assert np.array_equal(recording.spikes, spikes)
        assert np.array_equal(recording.readout, readout)
    assert np.array_equal(recording.states, unit_states(graph, recording.spikes))


@pytest.mark.numba
@given(seed=st.integers(0, 2**16), kind=st.sampled_from(KINDS), same=st.booleans())
@settings(max_examples=30, deadline=None)
def test_a_twin_is_a_copy_only_where_its_bias_is_the_same(
    seed: int, kind: Kind, same: bool
) -> None:
    """Under Dale's law half the neurons stand for all, unless somebody drives the others apart."""
    rng = np.random.default_rng(seed)
    graph = kind.map(small_network(seed))
    stands = twins(graph)
    if kind.autapses:  # relays may have twins of their own
        assert len(set(stands)) == graph.neurons // (2 if kind.encoding == "dale" else 1)
    given_ = encode_stimulus(graph, rng.integers(0, 2, (5, 5)), labels=rng.integers(0, 3, 5))
    if not same:
        apart = rng.integers(-300, 300, given_.bias.shape)
        given_ = replace(given_, bias=given_.bias + apart, first_bias=given_.first_bias - apart)
    phases = Phases(cue=int(rng.integers(0, 3)), clamped=2, free=9)
    recording = Emulator().run(graph, given_, phases)
    spikes, readout = plain.run(graph, given_, phases)
    assert recording.spikes is not None
    assert recording.readout is not None
    assert np.array_equal(recording.spikes, spikes)
    assert np.array_equal(recording.readout, readout)


def test_a_residue_delays_switching_on_by_one_step() -> None:
    """A field of -6400 leaves a residue of -100, which a field of +1 (64) cannot overcome."""
    nothing = np.zeros((2, 2))
    graph = map_network(from_arrays(nothing, np.zeros((2, 1)), nothing, nothing))
    given_ = replace(
        encode_stimulus(graph, np.zeros((1, 1))),
        first_bias=np.full((1, 4), -6400),
        bias=np.ones((1, 4), dtype=np.int64),
    )
    recording = Emulator().run(graph, given_, Phases(cue=1, clamped=0, free=3))
    assert recording.spikes is not None
    assert recording.spikes[:, 0, 0].tolist() == [False, False, True, True]


@pytest.mark.parametrize("delay", [1, 2, 5])
def test_what_is_late_arrives_though_nothing_moved_for_as_long(
    by_hand_run: ByHand, delay: int
) -> None:
    """Unit 0 is up from the first step on; all synapses are as late, and unit 1 hears of it then.

    Until then nothing changes for as many steps as a spike is late, and one step more would do.
    """
    network = from_arrays(
        J=[[0.0, 0.0], [2.0, 0.0]], Win=[[1.0], [-1.0]], Wback=np.zeros((2, 2)), Wout=np.eye(2),
        input_range=(0.0, 1.0), centre=np.zeros(1), gain=1.0,
    )  # fmt: skip
    graph = map_network(network, encoding="signed", on_chip_readout=False)
    late = replace(graph, projections=tuple(replace(p, delay=delay) for p in graph.projections))
    given_ = encode_stimulus(late, np.ones((1, 1)))
    phases = Phases(cue=1, clamped=0, free=9)
    recording = Emulator().run(late, given_, phases)
    assert recording.spikes is not None
    up = recording.states[:, 0] > 0
    assert up[:, 0].all()
    assert np.flatnonzero(up[:, 1]).tolist() == list(range(1 + delay, 10))
    assert np.array_equal(recording.spikes, by_hand_run(late, given_, phases)[0])


def whole_network(rng: np.random.Generator, levels: int, modules: int) -> Network:
    """Six units whose parameters are whole numbers that a mapping need not round.

    The strongest coupling of each row is half of 255, so that the row's scale is 1; its other
    entries, self-couplings and links are whole halves, all else whole numbers.
    """
    units, strongest = 6, 180 // max(levels, 3)
    twice = rng.integers(-255, 256, (units, units)) * (rng.random((units, units)) < 0.7)
    np.fill_diagonal(twice, 0)
    twice[np.arange(units), (np.arange(units) + 1) % units] = rng.choice([-255, 255], units)
    network = from_arrays(
        J=twice / 2,
        J_D=rng.integers(-255, 256, units) / 2,
        Win=rng.integers(-strongest, strongest + 1, (units, 3)),
        Wback=2 * rng.integers(-40, 41, (units, 2)),
        Wout=rng.integers(-127, 128, (2, units)) + np.array([[0.5], [-0.5]]),
        bias=rng.integers(-50, 51, units),
        centre=rng.integers(0, levels + 1, 3),
        input_range=(0, levels),
        modules=(units // modules,) * modules,
    )
    if modules == 1:
        return network
    link = np.kron([[0, 1], [1, 0]], np.eye(3)) * rng.integers(1, 256, units)[:, None] / 2
    return replace(network, link=csr_array(link))


@given(
    seed=st.integers(0, 2**32 - 1),
    kind=st.sampled_from(KINDS),
    modules=st.sampled_from([1, 2]),
    clamped=st.integers(0, 3),
)
@settings(max_examples=120, deadline=None)
def test_whole_trajectories_are_the_references(
    seed: int, kind: Kind, modules: int, clamped: int
) -> None:
    """Where nothing is rounded, every state from the first on is that of model.dynamics."""
    rng = np.random.default_rng(seed)
    levels = LEVELS[kind.input]
    network = whole_network(rng, levels, modules)
    graph = kind.map(network)
    assert (graph.io.scale == 1).all()
    images, labels = rng.integers(0, levels + 1, (8, 3)), rng.integers(0, 2, 8)
    phases = Phases(cue=modules, clamped=clamped, free=6)
    recording = Emulator().run(graph, encode_stimulus(graph, images, labels=labels), phases)

    external = dynamics.input_field(network, images)
    signal = dynamics.label_code(labels, 2) @ network.supervisory.T
    expected = [dynamics.sign(external)]
    for t in range(2, phases.total + 1):
        on = phases.cue < t <= phases.release
        expected.append(dynamics.relax(network, expected[-1], [external + on * signal]))
    np.testing.assert_array_equal(recording.states, expected)
    run = dynamics.run_clamped(network, images, labels, sweeps=Sweeps(clamped=clamped, free=6))
    np.testing.assert_array_equal(recording.states[phases.release - 1], run[0])
    np.testing.assert_array_equal(recording.states[-1], run[1])
    _check_classes(network, recording)


def _check_classes(network: Network, recording: Recording) -> None:
    """The readout hears of a state one step later; where scores are no near tie it is right."""
    states = recording.states[-2]
    scores = states @ network.readout.T
    clear = np.abs(scores[:, 0] - scores[:, 1]) > 4
    assert recording.readout is not None
    classes = recording.readout.argmax(axis=1)
    assert np.array_equal(classes[clear], dynamics.predict(network, states)[clear])


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("modules", [1, 2])
def test_from_every_state_the_next_ones_are_the_references(
    every_state: Callable[[int], SpinArray], kind: Kind, modules: int
) -> None:
    """All 64 states, forced in the first step, with the label's field on and then off."""
    rng = np.random.default_rng(modules)
    states, levels = every_state(6), LEVELS[kind.input]
    for _ in range(3):
        network = whole_network(rng, levels, modules)
        graph = kind.map(network)
        assert (graph.io.scale == 1).all()
        images = rng.integers(0, levels + 1, (64, 3))
        labels = rng.integers(0, 2, 64)
        given_ = encode_stimulus(graph, images, labels=labels, cue=states)
        recording = Emulator().run(graph, given_, Phases(cue=1, clamped=2, free=2))
        external = dynamics.input_field(network, images)
        signal = dynamics.label_code(labels, 2) @ network.supervisory.T
        expected = [states]
        for given_field in [external + signal] * 2 + [external] * 2:
            expected.append(dynamics.relax(network, expected[-1], [given_field]))
        np.testing.assert_array_equal(recording.states, expected)


def test_forgetting_the_first_bias_is_seen(graph: SynapseGraph) -> None:
    """Mutation: with the ordinary bias in the first step most images end somewhere else."""
    points = graph.fixed_points["free"]
    given_ = encode_stimulus(graph, points.inputs)
    right = Emulator().run(graph, given_, Phases(free=30)).states[-1]
    forgotten = replace(given_, first_bias=given_.bias)
    wrong = Emulator().run(graph, forgotten, Phases(free=30)).states[-1]
    assert (right == points.states).all(axis=1).mean() > 0.7
    assert (wrong == points.states).all(axis=1).mean() < 0.2


def test_the_supervisory_signal_acts_in_the_clamped_steps_only(graph: SynapseGraph) -> None:
    points = graph.fixed_points["learned"].select(slice(5))
    recording = Emulator().run(
        graph, encode_stimulus(graph, points.inputs, labels=points.labels), Phases(2, 3, 4)
    )
    assert (recording.supervisory > 0).all(axis=1).tolist() == [0, 0, 1, 1, 1, 0, 0, 0, 0]
    assert recording.release == 5


def test_progress_reaches_the_end(graph: SynapseGraph) -> None:
    seen: list[tuple[int, int]] = []
    given_ = encode_stimulus(graph, graph.fixed_points["free"].inputs[:2])
    Emulator().run(graph, given_, Phases(free=3), progress=lambda *x: seen.append(x))
    assert seen in ([(1, 4), (2, 4), (3, 4), (4, 4)], [(1, 1)])


def test_noise_of_less_than_a_unit_acts(graph: SynapseGraph) -> None:
    points = graph.fixed_points["free"].select(slice(20))
    given = encode_stimulus(graph, points.inputs)
    bare = replace(given, bias=np.zeros_like(given.bias), first_bias=np.zeros_like(given.bias))
    phases = Phases(free=3)
    # silent without it: a field of 0 is no spike
    assert not np.asarray(Emulator().run(graph, bare, phases).spikes).any()
    first = np.asarray(Emulator(noise=0.6).run(graph, bare, phases).spikes)[0]
    assert first.mean() == pytest.approx(0.2, abs=0.05)  # P(N(0, .6) > .5)


def test_seeds_of_blocks_follow_each_other() -> None:
    assert Emulator(noise=2.0, seed=5).seeded(2) == Emulator(noise=2.0, seed=7)
