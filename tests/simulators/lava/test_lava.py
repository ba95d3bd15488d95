"""Real Lava runs: equal to the emulator and to a table made by hand; what does not fit."""

from __future__ import annotations

import dataclasses
import sys
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array, csr_matrix

from spinspike.arrays import IntArray
from spinspike.errors import BadInput, MissingPart, OutOfRange
from spinspike.mapping import map_network
from spinspike.mapping.graph.delays import with_delays
from spinspike.mapping.graph.graph import IOMap, Population, Projection, Role, SynapseGraph
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.network import random_network
from spinspike.simulators.base import Phases, Recording, Stimulus
from spinspike.simulators.emulator.step import Emulator
from spinspike.simulators.lava.backend import Lava
from spinspike.simulators.lava.registers import check_stimulus
from spinspike.simulators.stimulus import encode_stimulus

pytestmark = pytest.mark.lava

UNITS, CLASSES, PIXELS, LEVELS = 12, 3, 4, 5


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
        indices=matrix.indices.astype(np.int32),
        mantissa=matrix.data.astype(np.uint8),
    )


def random_graph(
    rng: np.random.Generator, *, strength: int = 4, supervisory: bool = True
) -> SynapseGraph:
    """E and I with all four couplings, autapses, twinned sources of both signs, and a readout.

    From an exponent (``strength``) of 4 on fields fall below -4096, where Lava's leak matters.
    """
    e, i, out = (
        Population("E", UNITS),
        Population("I", UNITS),
        Population("out", CLASSES, "readout"),
    )
    plus, minus = (Population(f"S{sign}", CLASSES, "supervisory") for sign in "+-")
    light, dark = (Population(f"P{sign}", PIXELS + 1, "input") for sign in "+-")
    pairs: list[tuple[Population, Population, Role, int, float]] = [
        (e, e, "coupling", 1, 0.5),
        (e, i, "coupling", 1, 0.5),
        (i, e, "coupling", -1, 0.5),
        (i, i, "coupling", -1, 0.5),
        (e, e, "self", 1, 0.02),
        (light, e, "input", 1, 0.5),
        (dark, i, "input", -1, 0.5),
        (e, out, "readout", 1, 0.5),
        (i, out, "readout", -1, 0.5),
    ]
    if supervisory:
        pairs += [
            (plus, e, "supervisory", 1, 0.5),
            (minus, e, "supervisory", -1, 0.5),
            (plus, i, "supervisory", 1, 0.5),
        ]
    exponents = rng.integers(0, strength + 1, len(pairs)).tolist()
    return bare_graph(
        (e, i, *((plus, minus) if supervisory else ()), light, dark, out),
        tuple(
            projection(
                rng, (source, target), role, sign, exponent // (1 + (role == "input")), share
            )
            for (source, target, role, sign, share), exponent in zip(pairs, exponents, strict=True)
        ),
        readout_bias=rng.integers(-4095, 4096, CLASSES),
    )


def bare_graph(
    populations: tuple[Population, ...],
    projections: tuple[Projection, ...] = (),
    readout_bias: IntArray | None = None,
) -> SynapseGraph:
    """A graph without offsets whose units are the neurons of its first population."""
    units = populations[0].size
    neurons = sum(p.size for p in populations if p.neuron == "threshold")
    nothing = np.zeros(0, dtype=np.int64)
    return SynapseGraph(
        encoding="dale",
        weight_bits=8,
        populations=populations,
        projections=projections,
        bias=np.zeros(neurons, dtype=np.int64),
        initial_bias=np.zeros(neurons, dtype=np.int64),
        io=IOMap(
            centre=np.zeros(PIXELS),
            gain=1.0,
            input_range=(0.0, 1.0),
            input_weight=csr_array((units, PIXELS)),
            scale=np.ones(units),
            readout=np.ones((CLASSES, units)),
            unit=np.arange(neurons) % units,
            input_sign=np.ones(neurons, dtype=np.int64),
            decoder=np.arange(units),
            readout_bias=nothing if readout_bias is None else readout_bias,
            levels=LEVELS if any(p.neuron == "input" for p in populations) else 0,
        ),
    )


def random_stimulus(rng: np.random.Generator, graph: SynapseGraph, patterns: int = 6) -> Stimulus:
    """Biases over the chip's whole range, any set of supervisory neurons and of levels.

    Every other pattern starts in a forced state.
    """
    cue = rng.choice(np.array([-1, 1], dtype=np.int8), (patterns, graph.units))
    cue[::2] = 0
    return Stimulus(
        first_bias=rng.integers(-4096, 4096, (patterns, graph.neurons)),
        bias=rng.integers(-3000, 3000, (patterns, graph.neurons)),
        levels=rng.integers(0, LEVELS + 1, (patterns, PIXELS + 1)),
        supervisor=rng.random((patterns, CLASSES)) < 0.5,
        cue=cue,
    )


def plain(bias: list[list[int]], *, first: list[list[int]] | None = None) -> Stimulus:
    """Biases alone."""
    shape = np.array(bias).shape
    return Stimulus(
        first_bias=np.array(bias if first is None else first),
        bias=np.array(bias),
        levels=np.zeros((shape[0], 0), dtype=np.int64),
        supervisor=np.zeros((shape[0], CLASSES), dtype=np.bool_),
        cue=np.zeros(shape, dtype=np.int8),
    )


def assert_equal(one: Recording, other: Recording) -> None:
    assert one.spikes is not None
    assert other.spikes is not None
    np.testing.assert_array_equal(one.spikes, other.spikes)
    np.testing.assert_array_equal(one.states, other.states)
    np.testing.assert_array_equal(one.supervisory, other.supervisory)
    np.testing.assert_array_equal(one.times, other.times)
    assert (one.readout is None) == (other.readout is None)
    if one.readout is not None and other.readout is not None:
        np.testing.assert_array_equal(one.readout, other.readout)
    assert (one.regime, one.release) == (other.regime, other.release)


@settings(max_examples=5, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 2**32 - 1),
    strength=st.sampled_from([0, 2, 5]),
    supervisory=st.booleans(),
    cue=st.integers(0, 3),
    clamped=st.sampled_from([0, 4]),
    longest=st.sampled_from([0, 3, 62]),
)
def test_every_spike_equals_the_emulators(
    seed: int, strength: int, supervisory: bool, cue: int, clamped: int, longest: int
) -> None:
    rng = np.random.default_rng(seed)
    graph = random_graph(rng, strength=strength, supervisory=supervisory)
    graph = with_delays(graph, longest, rng)
    given_ = random_stimulus(rng, graph)
    phases = Phases(cue=cue, clamped=clamped, free=12 + longest)
    assert_equal(Lava().run(graph, given_, phases), Emulator().run(graph, given_, phases))


def test_chunks_of_patterns_join_without_a_seam() -> None:
    rng = np.random.default_rng(7)
    graph = random_graph(rng)
    given_, phases = random_stimulus(rng, graph), Phases(cue=1, clamped=3, free=6)
    seen: list[tuple[int, int]] = []
    recording = Lava(patterns_per_run=4).run(
        graph, given_, phases, progress=lambda done, total: seen.append((done, total))
    )
    assert_equal(recording, Emulator().run(graph, given_, phases))
    assert seen[-1] == (20, 20)
    assert seen == sorted(seen)


def test_a_mapped_network_runs_as_in_the_emulator() -> None:
    rng = np.random.default_rng(0)
    network = random_network(
        Architecture(units=40, inputs=6, classes=CLASSES), rng, centre=np.full(6, 0.5)
    )
    graph = map_network(network)
    given_ = encode_stimulus(graph, rng.random((8, 6)), labels=np.arange(8) % CLASSES)
    phases = Phases(cue=2, clamped=5, free=15)
    assert_equal(Lava().run(graph, given_, phases), Emulator().run(graph, given_, phases))


def test_leak_delays_switching_on_from_minus_4096_on() -> None:
    # By hand: 64 x (-4096) >> 12 leaves 64 of a unit 64, so a bias of 1 gives 0 and then 1.
    graph = bare_graph((Population("E", 4),))
    given_ = plain([[1, 2, 1, 0]], first=[[-4096, -4096, -4095, 1]])
    recording = Lava().run(graph, given_, Phases(cue=1, free=2))
    assert recording.spikes is not None
    expected = [[0, 0, 0, 1], [0, 1, 1, 0], [1, 1, 1, 0]]
    np.testing.assert_array_equal(recording.spikes[:, 0].astype(int), expected)


def test_a_spike_of_the_first_step_arrives_one_delay_later_than_the_next() -> None:
    """By hand: neuron 0 spikes in step 1 alone and reaches neuron 1 + k after the k-th delay."""
    delays = (0, 1, 4)
    synapses = tuple(
        Projection(
            "E", "E", "coupling", 1, 0,
            indptr=(np.arange(5) > 1 + k).astype(np.int64),
            indices=np.array([0], dtype=np.int32),
            mantissa=np.array([5], dtype=np.uint8),
            delay=delay,
        )
        for k, delay in enumerate(delays)
    )  # fmt: skip
    graph = bare_graph((Population("E", 4),), synapses)
    given_ = plain([[-1] * 4], first=[[1, -1, -1, -1]])
    for lava in (Lava(), Lava(stock=True)):
        spikes = lava.run(graph, given_, Phases(cue=1, free=6)).spikes
        assert spikes is not None
        assert np.argwhere(spikes[:, 0]).tolist() == [[0, 0], [1, 1], [2, 2], [5, 3]]


def test_supervisory_signal_acts_in_its_window_alone_and_the_run_goes_on() -> None:
    source, target = Population("S", CLASSES, "supervisory"), Population("E", 2)
    rng = np.random.default_rng(0)
    graph = bare_graph((target, source), (projection(rng, (source, target), "supervisory", 1, 1),))
    given_ = dataclasses.replace(
        plain([[-9, -9], [-9, -9]]),
        supervisor=np.array([[True, False, False], [False, False, False]]),
    )
    recording = Lava().run(graph, given_, Phases(cue=2, clamped=3, free=3))
    first_column = graph.projections[0]
    total = 2 * int(first_column.mantissa[first_column.indices == 0].sum())
    np.testing.assert_array_equal(
        recording.supervisory.T, [[0, 0, total, total, total, 0, 0, 0], [0] * 8]
    )
    np.testing.assert_array_equal(recording.states[:, 0, 0], [-1, -1, 1, 1, 1, -1, -1, -1])


def test_a_forgotten_first_bias_would_show() -> None:
    rng = np.random.default_rng(3)
    graph = random_graph(rng)
    given_, phases = random_stimulus(rng, graph), Phases(cue=1, free=5)
    forgotten = dataclasses.replace(given_, first_bias=given_.bias)
    right = Emulator().run(graph, given_, phases).spikes
    wrong = Lava().run(graph, forgotten, phases).spikes
    assert right is not None
    assert wrong is not None
    assert (right[0] != wrong[0]).any()


def test_no_patterns_make_an_empty_recording() -> None:
    rng = np.random.default_rng(0)
    graph = random_graph(rng)
    recording = Lava().run(graph, random_stimulus(rng, graph, patterns=0), Phases(free=3))
    assert recording.states.shape == (4, 0, UNITS)


def test_missing_lava_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lava.magma", None)
    rng = np.random.default_rng(0)
    graph = random_graph(rng)
    with pytest.raises(MissingPart, match=r"Lava is not installed: spinspike setup lava "):
        Lava().run(graph, random_stimulus(rng, graph), Phases())


@pytest.mark.parametrize("register", ["first_bias", "bias"])
def test_a_bias_beyond_13_bits_is_refused(register: str) -> None:
    rng = np.random.default_rng(0)
    graph = random_graph(rng)
    given_ = random_stimulus(rng, graph)
    getattr(given_, register)[2, UNITS + 1] = -4097
    with pytest.raises(OutOfRange, match=r"bias -4097 of population I .*-4096 to 4095"):
        Lava().run(graph, given_, Phases())


def test_a_sum_beyond_24_bits_is_refused() -> None:
    source, target = Population("S", 4, "supervisory"), Population("E", 2)
    graph = bare_graph((target, source), (strong(source, target, "supervisory"),))
    given_ = dataclasses.replace(plain([[0, 0]]), supervisor=np.ones((1, 4), dtype=np.bool_))
    with pytest.raises(OutOfRange, match=r"population E can deliver 130560 .*allowed: 126943"):
        check_stimulus(graph, given_)


def strong(source: Population, target: Population, role: Role) -> Projection:
    """Every synapse weighs -255 * 128."""
    found = projection(np.random.default_rng(0), (source, target), role, -1, 7, density=1.0)
    found.mantissa[:] = 255
    return found


def test_input_spikes_count_by_their_levels() -> None:
    """Three pixels at level 1 and one that is always on: 4 weights fit; a level of 2 does not."""
    source, target = Population("P", PIXELS + 1, "input"), Population("E", 2)
    graph = bare_graph((target, source), (strong(source, target, "input"),))
    levels = np.array([[1, 0, 1, 0, 1]])
    check_stimulus(graph, dataclasses.replace(plain([[0, 0]]), levels=levels))
    with pytest.raises(OutOfRange, match=r"population E can deliver 195840 .*allowed: 126943"):
        check_stimulus(graph, dataclasses.replace(plain([[0, 0]]), levels=2 * levels))


def test_a_jump_of_the_bias_counts_as_current_of_the_first_step() -> None:
    """The accumulator that carries it must hold the input too: 4 * 245 * 128 fit without it."""
    source, target = Population("P", PIXELS + 1, "input"), Population("E", 2)
    synapses = strong(source, target, "input")
    synapses.mantissa[:] = 245
    graph = bare_graph((target, source), (synapses,))
    steady = dataclasses.replace(plain([[-4096, 0]]), levels=np.array([[1, 1, 1, 0, 1]]))
    check_stimulus(graph, steady)
    jump = dataclasses.replace(steady, first_bias=np.array([[4095, 0]]))
    with pytest.raises(OutOfRange, match=r"population E can deliver 133631 .*allowed: 126943"):
        check_stimulus(graph, jump)


def test_a_readout_beyond_its_registers_is_refused() -> None:
    e, out = Population("E", 4), Population("out", CLASSES, "readout")
    graph = bare_graph((e, out), (strong(e, out, "readout"),), np.array([0, 0, 1]))
    with pytest.raises(OutOfRange, match=r"population out can deliver 130560 .*allowed: 126943"):
        check_stimulus(graph, plain([[0] * 4]))
    graph = bare_graph((e, out), (), np.array([0, 4096, 1]))
    with pytest.raises(OutOfRange, match=r"bias 4096 of population out does not fit 13 bits"):
        check_stimulus(graph, plain([[0] * 4]))


def test_checking_a_million_synapses_takes_little_memory() -> None:
    """20,000 neurons: a dense matrix of their weights would take 400 MB and more."""
    size, fan_in = 20_000, 50
    rng = np.random.default_rng(0)
    e = Population("E", size)
    sparse = Projection(
        "E", "E", "coupling", 1, 0,
        indptr=np.arange(size + 1) * fan_in,
        indices=rng.integers(0, size, size * fan_in, dtype=np.int32),
        mantissa=np.full(size * fan_in, 7, dtype=np.uint8),
    )  # fmt: skip
    graph = bare_graph((e,), (sparse,))
    given_ = plain([[0] * size])
    tracemalloc.start()
    check_stimulus(graph, given_)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6


def test_populations_that_nothing_joins_run_as_well() -> None:
    """Lava runs what is connected to the process it is asked to run, and nothing else."""
    e, i, out = Population("E", 2), Population("I", 1), Population("out", CLASSES, "readout")
    graph = bare_graph((e, i, out), (), np.array([-3, 5, 0]))
    given_ = plain([[1, -1, 1]], first=[[-1, 1, -1]])
    for lava in (Lava(), Lava(stock=True)):
        recording = lava.run(graph, given_, Phases(1, 0, 2))
        assert recording.spikes is not None
        assert recording.spikes[:, 0].astype(int).tolist() == [[0, 1, 0], [1, 0, 1], [1, 0, 1]]
        assert recording.readout is not None
        assert recording.readout.tolist() == [[-3 * 64, 5 * 64, 0]]


@pytest.mark.parametrize(("longest", "cue", "clamped"), [(0, 0, 3), (5, 2, 4)])
def test_stock_processes_one_pattern_at_a_time_give_the_same(
    longest: int, cue: int, clamped: int
) -> None:
    """Five patterns in one network: what one leaves behind must not reach the next."""
    rng = np.random.default_rng(longest)
    graph = with_delays(random_graph(rng, strength=5), longest, rng)
    given_ = random_stimulus(rng, graph, patterns=5)
    phases = Phases(cue=cue, clamped=clamped, free=4 + longest)
    seen: list[tuple[int, int]] = []
    recording = Lava(stock=True).run(
        graph, given_, phases, progress=lambda done, total: seen.append((done, total))
    )
    assert_equal(recording, Emulator().run(graph, given_, phases))
    assert seen[-1] == (5 * phases.total, 5 * phases.total)


def test_a_weight_beyond_its_bits_is_refused() -> None:
    rng = np.random.default_rng(0)
    graph = dataclasses.replace(random_graph(rng), weight_bits=4)
    with pytest.raises(OutOfRange, match=r"E>E:coupling\+: weights .* to 255 does not fit"):
        Lava().run(graph, random_stimulus(rng, graph), Phases())


def test_supervisory_neurons_must_match_the_stimulus() -> None:
    rng = np.random.default_rng(0)
    graph = random_graph(rng)
    given_ = dataclasses.replace(
        random_stimulus(rng, graph), supervisor=np.ones((6, 5), dtype=np.bool_)
    )
    with pytest.raises(BadInput, match=r"stimulus has 5 supervisory neurons, population S\+ has 3"):
        Lava().run(graph, given_, Phases())


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        (np.ones((6, PIXELS)), r"stimulus has 4 input neurons, population P\+ has 5"),
        (np.full((6, PIXELS + 1), LEVELS + 1), "input levels range from 0 to 6; allowed: 0 to 5"),
        (np.full((6, PIXELS + 1), -1), "input levels range from -1 to 0; allowed: 0 to 5"),
    ],
)
def test_levels_that_the_graph_lacks_are_refused(levels: IntArray, message: str) -> None:
    rng = np.random.default_rng(0)
    graph = random_graph(rng)
    given_ = dataclasses.replace(random_stimulus(rng, graph), levels=levels)
    with pytest.raises(BadInput, match=message):
        Lava().run(graph, given_, Phases())


@pytest.mark.parametrize("options", [{"timeout": 0.0}, {"patterns_per_run": -1}])
def test_senseless_options_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(BadInput, match=r"is (0\.0|-1); allowed: more than 0"):
        Lava(**options)  # type: ignore[arg-type]
