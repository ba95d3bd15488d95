"""Real Lava runs: equal to the emulator and to a table made by hand; what does not fit."""

from __future__ import annotations

import dataclasses
import multiprocessing
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from spinspike.mapping.dale import dale
from spinspike.mapping.graph import Ends, Population, Projection, Role, SynapseGraph
from spinspike.model.architecture import Architecture
from spinspike.model.errors import BadInput, MissingPart, OutOfRange
from spinspike.model.network import draw
from spinspike.simulators.base import Protocol, Recording, Stimulus
from spinspike.simulators.emulator import Emulator
from spinspike.simulators.lava import Lava, check_stimulus
from spinspike.simulators.stimulus import stimulus

pytestmark = pytest.mark.lava

UNITS, CLASSES = 12, 3


def projection(
    rng: np.random.Generator,
    ends: tuple[Population, Population],
    role: Role,
    sign: int,
    exponent: int,
    density: float = 0.5,
) -> Projection:
    shape = (ends[1].size, ends[0].size)
    weight = rng.integers(1, 256, shape) * (rng.random(shape) < density)
    weight[0, 0] = 255
    matrix = csr_matrix(weight)
    return Projection(
        source=ends[0].name,
        target=ends[1].name,
        role=role,
        sign=1 if sign > 0 else -1,
        exponent=exponent,
        indptr=matrix.indptr.astype(np.int64),
        indices=matrix.indices.astype(np.int64),
        mantissa=matrix.data.astype(np.uint8),
    )


def random_graph(
    rng: np.random.Generator, *, strength: int = 4, supervisory: bool = True
) -> SynapseGraph:
    """E and I with all four couplings, autapses, twinned supervisory sources of both signs.

    From an exponent (``strength``) of 4 on fields fall below -4096, where Lava's leak matters.
    """
    e, i = Population("E", UNITS), Population("I", UNITS)
    plus, minus = Population("S+", CLASSES, "source"), Population("S-", CLASSES, "source")
    exponents = [int(exponent) for exponent in rng.integers(0, strength + 1, 8)]
    pairs = [(e, e, 1), (e, i, 1), (i, e, -1), (i, i, -1)]
    projections = [
        projection(rng, (source, target), "coupling", sign, exponents[k])
        for k, (source, target, sign) in enumerate(pairs)
    ]
    projections.append(projection(rng, (e, e), "self", 1, exponents[4], 0.02))
    if supervisory:
        projections += [
            projection(rng, (plus, e), "supervisory", 1, exponents[5]),
            projection(rng, (minus, e), "supervisory", -1, exponents[6]),
            projection(rng, (plus, i), "supervisory", 1, exponents[7]),
        ]
    populations = (e, i, plus, minus) if supervisory else (e, i)
    return bare_graph(populations, tuple(projections))


def bare_graph(
    populations: tuple[Population, ...], projections: tuple[Projection, ...] = ()
) -> SynapseGraph:
    """A graph without offsets whose units are the neurons of its first population."""
    units = populations[0].size
    neurons = sum(p.size for p in populations if p.neuron == "threshold")
    return SynapseGraph(
        encoding="dale",
        weight_bits=8,
        populations=populations,
        projections=projections,
        offset=np.zeros(neurons, dtype=np.int64),
        first_offset=np.zeros(neurons, dtype=np.int64),
        ends=Ends(
            centre=np.zeros(2),
            gain=1.0,
            input_range=(0.0, 1.0),
            input_weight=np.ones((units, 2)),
            scale=np.ones(units),
            readout=np.ones((CLASSES, units)),
            unit=np.arange(neurons) % units,
            input_sign=np.ones(neurons, dtype=np.int64),
            decoder=np.arange(units),
        ),
    )


def random_stimulus(rng: np.random.Generator, graph: SynapseGraph, patterns: int = 6) -> Stimulus:
    """Biases over the chip's whole range and any set of supervisory neurons."""
    return Stimulus(
        first_bias=rng.integers(-4096, 4096, (patterns, graph.neurons)),
        bias=rng.integers(-3000, 3000, (patterns, graph.neurons)),
        supervisor=rng.random((patterns, CLASSES)) < 0.5,
        cue=np.zeros((patterns, graph.units), dtype=np.int8),
    )


def assert_equal(one: Recording, other: Recording) -> None:
    assert one.spikes is not None
    assert other.spikes is not None
    np.testing.assert_array_equal(one.spikes, other.spikes)
    np.testing.assert_array_equal(one.states, other.states)
    np.testing.assert_array_equal(one.supervisory, other.supervisory)
    np.testing.assert_array_equal(one.times, other.times)
    assert (one.regime, one.release) == (other.regime, other.release)


@settings(max_examples=5, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 2**32 - 1),
    strength=st.sampled_from([0, 2, 5]),
    supervisory=st.booleans(),
    cue=st.integers(0, 3),
    clamped=st.sampled_from([0, 4]),
)
def test_every_spike_equals_the_emulators(
    seed: int, strength: int, supervisory: bool, cue: int, clamped: int
) -> None:
    rng = np.random.default_rng(seed)
    graph = random_graph(rng, strength=strength, supervisory=supervisory)
    given_ = random_stimulus(rng, graph)
    protocol = Protocol(cue=cue, clamped=clamped, free=12)
    assert_equal(Lava().run(graph, given_, protocol), Emulator().run(graph, given_, protocol))


def test_chunks_of_patterns_join_without_a_seam() -> None:
    rng = np.random.default_rng(7)
    graph = random_graph(rng)
    given_, protocol = random_stimulus(rng, graph), Protocol(cue=1, clamped=3, free=6)
    seen: list[tuple[int, int]] = []
    recording = Lava(patterns_per_run=4).run(
        graph, given_, protocol, progress=lambda done, total: seen.append((done, total))
    )
    assert_equal(recording, Emulator().run(graph, given_, protocol))
    assert seen[-1] == (20, 20)
    assert seen == sorted(seen)


def test_a_mapped_network_runs_as_in_the_emulator() -> None:
    rng = np.random.default_rng(0)
    network = draw(Architecture(units=40, inputs=6, classes=CLASSES), rng, centre=np.full(6, 0.5))
    graph = dale(network)
    given_ = stimulus(graph, rng.random((8, 6)), labels=np.arange(8) % CLASSES)
    protocol = Protocol(cue=2, clamped=5, free=15)
    assert_equal(Lava().run(graph, given_, protocol), Emulator().run(graph, given_, protocol))


def test_leak_delays_switching_on_from_minus_4096_on() -> None:
    # By hand: 64 x (-4096) >> 12 leaves 64 of a unit 64, so a bias of 1 gives 0 and then 1.
    graph = bare_graph((Population("E", 4),))
    given_ = Stimulus(
        first_bias=np.array([[-4096, -4096, -4095, 1]]),
        bias=np.array([[1, 2, 1, 0]]),
        supervisor=np.zeros((1, CLASSES), dtype=np.bool_),
        cue=np.zeros((1, 4), dtype=np.int8),
    )
    recording = Lava().run(graph, given_, Protocol(cue=1, free=2))
    assert recording.spikes is not None
    expected = [[0, 0, 0, 1], [0, 1, 1, 0], [1, 1, 1, 0]]
    np.testing.assert_array_equal(recording.spikes[:, 0].astype(int), expected)


def test_supervisory_signal_acts_in_its_window_alone_and_the_run_goes_on() -> None:
    source, target = Population("S", CLASSES, "source"), Population("E", 2)
    rng = np.random.default_rng(0)
    graph = bare_graph((target, source), (projection(rng, (source, target), "supervisory", 1, 1),))
    given_ = Stimulus(
        first_bias=np.full((2, 2), -9),
        bias=np.full((2, 2), -9),
        supervisor=np.array([[True, False, False], [False, False, False]]),
        cue=np.zeros((2, 2), dtype=np.int8),
    )
    recording = Lava().run(graph, given_, Protocol(cue=2, clamped=3, free=3))
    first_column = graph.projections[0]
    total = 2 * int(first_column.mantissa[first_column.indices == 0].sum())
    np.testing.assert_array_equal(
        recording.supervisory.T, [[0, 0, total, total, total, 0, 0, 0], [0] * 8]
    )
    np.testing.assert_array_equal(recording.states[:, 0, 0], [-1, -1, 1, 1, 1, -1, -1, -1])


def test_a_forgotten_first_bias_would_show() -> None:
    rng = np.random.default_rng(3)
    graph = random_graph(rng)
    given_, protocol = random_stimulus(rng, graph), Protocol(cue=1, free=5)
    forgotten = dataclasses.replace(given_, first_bias=given_.bias)
    right = Emulator().run(graph, given_, protocol).spikes
    wrong = Lava().run(graph, forgotten, protocol).spikes
    assert right is not None
    assert wrong is not None
    assert (right[0] != wrong[0]).any()


def test_no_patterns_make_an_empty_recording() -> None:
    rng = np.random.default_rng(0)
    graph = random_graph(rng)
    recording = Lava().run(graph, random_stimulus(rng, graph, patterns=0), Protocol(free=3))
    assert recording.states.shape == (4, 0, UNITS)


def test_runs_inside_a_worker_of_another_pool() -> None:
    rng = np.random.default_rng(1)
    graph = random_graph(rng)
    given_, protocol = random_stimulus(rng, graph), Protocol(cue=1, free=4)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        recording = pool.apply(Lava().run, (graph, given_, protocol))
    assert_equal(recording, Emulator().run(graph, given_, protocol))


def test_missing_lava_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lava.magma", None)
    rng = np.random.default_rng(0)
    graph = random_graph(rng)
    with pytest.raises(MissingPart, match=r'Python 3\.10 only\).*pip install "spinspike\[lava\]"$'):
        Lava().run(graph, random_stimulus(rng, graph), Protocol())


@pytest.mark.parametrize("register", ["first_bias", "bias"])
def test_a_bias_beyond_13_bits_is_refused(register: str) -> None:
    rng = np.random.default_rng(0)
    graph = random_graph(rng)
    given_ = random_stimulus(rng, graph)
    getattr(given_, register)[2, UNITS + 1] = -4097
    with pytest.raises(OutOfRange, match=r"bias -4097 of population I .*-4096 to 4095"):
        Lava().run(graph, given_, Protocol())


def test_a_sum_beyond_24_bits_is_refused() -> None:
    source, target = Population("S", 4, "source"), Population("E", 2)
    rng = np.random.default_rng(0)
    strong = projection(rng, (source, target), "supervisory", -1, 7, density=1.0)
    strong.mantissa[:] = 255
    graph = bare_graph((target, source), (strong,))
    given_ = Stimulus(
        first_bias=np.zeros((1, 2), dtype=np.int64),
        bias=np.zeros((1, 2), dtype=np.int64),
        supervisor=np.ones((1, 4), dtype=np.bool_),
        cue=np.zeros((1, 2), dtype=np.int8),
    )
    with pytest.raises(OutOfRange, match=r"population E can deliver 130560 .*allowed: 126943"):
        check_stimulus(dataclasses.replace(graph, ends=four_classes(graph.ends)), given_)


def four_classes(ends: Ends) -> Ends:
    return dataclasses.replace(ends, readout=np.ones((4, ends.decoder.size)))


def test_a_weight_beyond_its_bits_is_refused() -> None:
    rng = np.random.default_rng(0)
    graph = dataclasses.replace(random_graph(rng), weight_bits=4)
    with pytest.raises(OutOfRange, match=r"E>E:coupling: weights .* to 255 does not fit"):
        Lava().run(graph, random_stimulus(rng, graph), Protocol())


def test_supervisory_neurons_must_match_the_stimulus() -> None:
    rng = np.random.default_rng(0)
    graph = random_graph(rng)
    given_ = dataclasses.replace(
        random_stimulus(rng, graph), supervisor=np.ones((6, 5), dtype=np.bool_)
    )
    with pytest.raises(BadInput, match=r"stimulus has 5 supervisory neurons, population S\+ has 3"):
        Lava().run(graph, given_, Protocol())


@pytest.mark.parametrize("options", [{"timeout": 0.0}, {"patterns_per_run": -1}])
def test_senseless_options_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(BadInput, match=r"is (0\.0|-1); allowed: more than 0"):
        Lava(**options)  # type: ignore[arg-type]
