"""What a signal becomes, and the emulator of graded neurons held to oracles from outside."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from spinspike.arrays import FloatArray, IntArray
from spinspike.errors import BadInput, OutOfRange
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.graph.nulls import permuted_couplings, without_couplings
from spinspike.mapping.integrator.integrator_graph import map_integrator
from spinspike.mapping.mapper import map_network
from spinspike.model.integrator.learning import descend
from spinspike.model.integrator.linear_network import Filter, LinearNetwork, draw, outlier
from spinspike.model.network.import_arrays import from_arrays
from spinspike.simulators.base_graded import Response, levels
from spinspike.simulators.emulator.graded import GradedEmulator
from spinspike.simulators.integrator.impulse import ResponseFit, fit_response


def learned(target: Filter, units: int = 40) -> LinearNetwork:
    rng = np.random.default_rng(0)
    spread = 0.1 if target.frequency else 0.0
    blank = draw(units, rng, spread=spread, strength=0.01)
    return descend(blank, target, tolerance=1e-7, every=1000).network


def impulse(graph: SynapseGraph, time: float) -> FloatArray:
    """A unit impulse in the first step of so long a signal."""
    assert graph.graded is not None
    step = graph.graded.step
    signal = np.zeros(round(time / step))
    signal[0] = 1 / step
    return signal


def fitted(response: Response, *, oscillates: bool = False) -> ResponseFit:
    return fit_response(response.times, response.readout, oscillates=oscillates)


def by_messages(graph: SynapseGraph, given: IntArray) -> tuple[list[list[int]], list[int]]:
    """Values and readout in each step, in Python's whole numbers: targets add up the changes sent."""
    assert graph.graded is not None
    shift, now = graph.graded.shift, {p.name: [0] * p.size for p in graph.populations}
    field = {p.name: [0] * p.size for p in graph.populations}
    residue = {p.name: [0] * p.size for p in graph.populations}
    sent = {p.name: [0] * p.size for p in graph.populations}
    values, scores, before = [], [], [0, 0]

    def deliver(into: set[str]) -> None:
        for p in graph.projections:
            for row in range(graph.sizes[p.target]) if p.target in into else ():
                for k in range(int(p.indptr[row]), int(p.indptr[row + 1])):
                    weight = p.sign * int(p.mantissa[k]) * 2**p.exponent
                    field[p.target][row] += weight * sent[p.source][int(p.indices[k])]

    for level in given.tolist():
        for name in graph.named("input"):
            sent[name] = [new - old for new, old in zip(level, before, strict=True)]
        before = level
        deliver({"E", "I"})
        for name in ("E", "I"):
            for k, z in enumerate(field[name]):
                v = residue[name][k] + max(z, 0)
                sent[name][k] = v // 2**shift - now[name][k]
                now[name][k], residue[name][k] = v // 2**shift, v % 2**shift
        deliver({"readout"})
        values.append(now["E"] + now["I"])
        scores.append(field["readout"][0])
    return values, scores


@given(
    units=st.integers(1, 4),
    seed=st.integers(0, 2**32),
    bits=st.integers(2, 8),
    exact=st.booleans(),
    steps=st.integers(1, 25),
)
@settings(max_examples=25, deadline=None, derandomize=True)
def test_the_emulator_does_what_messages_would(
    units: int, seed: int, bits: int, exact: bool, steps: int
) -> None:
    rng = np.random.default_rng(seed)
    network = LinearNetwork(
        rng.standard_normal((units, units)) * (0.5 / units), np.ones(units), np.ones(units)
    )
    graph = map_integrator(network, bits=bits, exact=exact)
    signal = rng.uniform(*graph.io.input_range, steps) / 4
    found = GradedEmulator().run(graph, signal)
    values, scores = by_messages(graph, levels(graph, signal))
    assert graph.graded is not None
    assert found.values is not None
    assert found.values.tolist() == values
    assert (found.readout * graph.graded.readout_scale).round().tolist() == scores
    changed = np.diff(values, axis=0, prepend=0) != 0
    assert found.spikes.tolist() == changed.sum(axis=1).tolist()
    on, off = found.values[:, :units], found.values[:, units : 2 * units]
    assert not np.minimum(on, off).any()  # of a pair one is silent
    assert (found.values[:, : 2 * units] == found.values[:, 2 * units :]).all()  # twins


@pytest.mark.parametrize("bits", [8, 6])
def test_units_follow_the_continuous_network(bits: int) -> None:
    """Against the matrix exponential of a network with a random input, constant within steps."""
    rng = np.random.default_rng(1)
    network = LinearNetwork(
        rng.standard_normal((12, 12)) * 0.15, rng.standard_normal(12), rng.standard_normal(12)
    )
    graph = map_integrator(network, bits=bits)
    assert graph.graded is not None
    step = graph.graded.step
    signal = rng.uniform(-0.5, 0.5, 60)
    flow = np.zeros((13, 13))
    flow[:12] = step * np.column_stack([network.generator, network.input_weight])
    state, exact = np.zeros(12), []
    for x in signal:
        state = (expm(flow) @ np.append(state, x))[:12]
        exact.append(state)
    found = GradedEmulator().run(graph, signal)
    allowed = 0.01 * 2 ** (8 - bits) * np.abs(exact).max()
    assert np.abs(found.units - exact).max() < allowed
    assert np.abs(found.readout - exact @ network.readout).max() < 12 * allowed
    assert found.times == pytest.approx(step * np.arange(1, 61))


@pytest.mark.parametrize("rate", [0.5, 0.2, 0.1, 0.05])
def test_memories_keep_their_time_scale(rate: float) -> None:
    """Within 1 % at 8 bits and at 4; and within .1 % of the peak nothing is left at the end."""
    network = learned(Filter(rate))
    for bits in (8, 4):
        graph = map_integrator(network, bits=bits)
        found = GradedEmulator().run(graph, impulse(graph, 8 / rate))
        fit = fitted(found)
        assert fit.time_scale == pytest.approx(1 / (1 - outlier(network).real), rel=0.01)
        assert abs(fit.drift) < 2e-3
        assert np.abs(found.readout[-5:]).max() < 3e-3


def test_memories_outlast_a_resolution_of_sixty_levels() -> None:
    """Residues are kept: numbers of 0 to 63 hold a memory for 20 time constants within 2 %."""
    network = learned(Filter(0.05))
    coarse, fine = (map_integrator(network, headroom=h) for h in (16, 2))
    found = {
        g: GradedEmulator().run(graph, impulse(graph, 100))
        for g, graph in enumerate((coarse, fine))
    }
    values = found[0].values
    assert values is not None
    assert 40 < values.max() < 80
    assert fitted(found[0]).time_scale == pytest.approx(1 / (1 - outlier(network).real), rel=0.02)
    assert found[0].spikes.sum() < 0.9 * found[1].spikes.sum()


def test_oscillators_keep_their_frequency_and_damping() -> None:
    network = learned(Filter(0.2, 1.0), units=20)
    for bits in (8, 4):
        graph = map_integrator(network, bits=bits)
        fit = fitted(GradedEmulator().run(graph, impulse(graph, 30)), oscillates=True)
        assert fit.frequency == pytest.approx(outlier(network).imag, rel=0.01)
        assert fit.rate == pytest.approx(1 - outlier(network).real, rel=0.02)


def test_nothing_is_remembered_without_the_learned_couplings() -> None:
    """Without any, the leak alone is left, time-scale 1; from the wrong partners, little more."""
    graph = map_integrator(learned(Filter(0.05)))
    found = GradedEmulator().run(without_couplings(graph), impulse(graph, 10))
    assert fitted(found).time_scale == pytest.approx(1, rel=0.01)
    for seed in range(3):
        null = permuted_couplings(graph, np.random.default_rng(seed))
        found = GradedEmulator().run(null, impulse(graph, 60))
        assert np.abs(found.readout[found.times > 20]).max() < 0.05  # learned: .37 at 20


def test_silence_stays_silent() -> None:
    graph = map_integrator(learned(Filter(0.5), units=4))
    found = GradedEmulator().run(graph, np.zeros(10))
    assert not found.spikes.any()
    assert not found.units.any()


@pytest.fixture
def small() -> SynapseGraph:
    return map_integrator(LinearNetwork(np.diag([0.99, 0.1]), np.ones(2), np.ones(2)))


def test_signals_that_grow_beyond_24_bits_are_refused(small: SynapseGraph) -> None:
    full = small.io.input_range[1]
    assert GradedEmulator().run(small, np.array([full])).units.any()
    with pytest.raises(OutOfRange, match=r"field reaches .* beyond 24 bits"):
        GradedEmulator().run(small, np.full(100, full))


@pytest.mark.parametrize("seed", range(5))
def test_the_least_headroom_has_room_for_an_impulse(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = draw(int(rng.integers(2, 12)), rng, spread=0.8, alignment=0.0)
    graph = map_integrator(network, headroom=1.1)
    values = GradedEmulator().run(graph, impulse(graph, 20)).values
    assert graph.graded is not None
    assert values is not None
    assert int(values.max()) << graph.graded.shift > 2**22


def test_what_is_left_of_a_field_may_be_what_is_too_much() -> None:
    graph = map_integrator(LinearNetwork(np.zeros((1, 1)), np.ones(1), np.ones(1)), headroom=1.1)
    refused = set()
    for second in np.linspace(0.8, 1, 200):
        try:
            GradedEmulator().run(graph, np.array([0.3, second]) * graph.io.input_range[1])
        except OutOfRange as error:
            refused.add(str(error).split()[0])
    assert refused == {"field", "membrane"}


def test_a_readout_of_very_many_units_is_refused() -> None:
    many = np.ones(200)
    graph = map_integrator(LinearNetwork(np.zeros((200, 200)), many, many), headroom=1.1)
    with pytest.raises(OutOfRange, match=r"readout reaches .* beyond 24 bits"):
        GradedEmulator().run(graph, np.array(graph.io.input_range[1:]))


@pytest.mark.parametrize(
    ("signal", "what"),
    [
        ([], r"signal has shape \(0,\); allowed: \(T,\)"),
        ([[0.0]], r"signal has shape \(1, 1\)"),
        ([0.0, np.nan], "signal goes from nan to nan"),
        ([99.0], "signal goes from 99 to 99; allowed: -3.97"),
    ],
)
def test_a_wrong_signal_is_refused(small: SynapseGraph, signal: object, what: str) -> None:
    with pytest.raises(BadInput, match=what):
        levels(small, np.asarray(signal))


def test_graphs_of_threshold_neurons_are_refused() -> None:
    one = np.eye(2)
    graph = map_network(from_arrays([[1.0, 1.0], [-0.5, 1.0]], one, one, one))
    with pytest.raises(BadInput, match="the graph has dale neurons; allowed: graded ones"):
        GradedEmulator().run(graph, np.zeros(3))
