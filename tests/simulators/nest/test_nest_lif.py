"""The spiking physics in NEST against closed forms, small latches, and Brian2's network."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from scipy.sparse import csr_array

from spinspike.arrays import FloatArray, SpinArray
from spinspike.errors import BadInput, MissingPart
from spinspike.mapping import Rounding, SynapseGraph, map_network
from spinspike.mapping.graph.graph import IOMap, Population, Projection, Role
from spinspike.model import NetworkFile
from spinspike.simulators import Outcome, Phases, Recording, Stimulus, validate, wilson
from spinspike.simulators.brian2.lif import Brian2LIF
from spinspike.simulators.nest.lif import NestLIF, recent
from spinspike.simulators.nest.recorder import Events
from spinspike.simulators.physics.lif_parameters import LIFParameters
from spinspike.simulators.stimulus import encode_stimulus

pytestmark = pytest.mark.nest

SCALE = 50  # integer weight units per unit of field
QUIET = LIFParameters(noise=0.0)
HOLD = Phases(cue=60, clamped=0, free=250)


def projections(weight: FloatArray, source: str, role: Role) -> Iterator[Projection]:
    """Excitatory and inhibitory synapses of a matrix of fields."""
    for sign in (1, -1):
        units = np.rint(np.maximum(sign * weight, 0) * SCALE).astype(np.int64)
        yield Projection(
            source=source,
            target="units",
            role=role,
            sign=1 if sign > 0 else -1,
            exponent=0,
            indptr=np.append(0, np.cumsum((units > 0).sum(axis=1))),
            indices=np.nonzero(units)[1].astype(np.int32),
            mantissa=units[units > 0].astype(np.uint8),
        )


def network(coupling: FloatArray, back: float = 0.0) -> SynapseGraph:
    """One neuron a unit, couplings between states of -1 and +1; a label pushes all by ``back``."""
    units = len(coupling)
    latch = np.diag(np.diag(coupling))
    return SynapseGraph(
        encoding="signed",
        weight_bits=8,
        populations=(Population("units", units), Population("label", 1, "supervisory")),
        projections=(
            *projections(2 * (coupling - latch), "units", "coupling"),
            *projections(2 * latch, "units", "self"),
            *projections(np.full((units, 1), back), "label", "supervisory"),
        ),
        bias=np.rint(-SCALE * coupling.sum(axis=1)).astype(np.int64),
        initial_bias=np.zeros(units, dtype=np.int64),
        io=IOMap(
            centre=np.zeros(units),
            gain=1.0,
            input_range=(-9.0, 9.0),
            input_weight=csr_array(np.eye(units)),
            scale=np.full(units, float(SCALE)),
            readout=np.zeros((1, units)),
            unit=np.arange(units),
            input_sign=np.ones(units, dtype=np.int64),
            decoder=np.arange(units),
            readout_bias=np.zeros(0, dtype=np.int64),
        ),
    )


def feed(
    graph: SynapseGraph,
    fields: FloatArray,
    *,
    cue: SpinArray | None = None,
    label: list[bool] | None = None,
) -> Stimulus:
    """Constant input fields (B, N), states to start from, patterns that get the label."""
    given = encode_stimulus(graph, fields, cue=cue)
    return replace(given, supervisor=np.array(label or [False] * len(fields))[:, None])


def intervals(recording: Recording, neuron: int, *, after: float = 0.0) -> FloatArray:
    assert recording.raster is not None
    times, neurons = recording.raster
    return np.diff(times[(neurons == neuron) & (times > after)])


def held(coupling: FloatArray, cue: SpinArray, pixels: float = -0.2) -> list[bool]:
    graph = network(coupling)
    given = feed(graph, np.full(cue.shape, pixels), cue=cue)
    recording = NestLIF().run(graph, given, HOLD)
    late = recording.times > HOLD.cue + NestLIF().window
    return [bool(x) for x in (recording.states[late] == cue).all(axis=(0, 2))]


def spins(*states: str) -> SpinArray:
    return np.array([[1 if c == "+" else -1 for c in state] for state in states], dtype=np.int8)


def test_rate_follows_the_current_in_closed_form() -> None:
    graph = network(np.zeros((5, 5)))
    fields = np.array([[0.04, 0.2, 1.0, 3.0, -0.04]])
    recording = NestLIF(parameters=QUIET, resolution=0.05).run(
        graph, feed(graph, fields), Phases(cue=0, free=400)
    )
    for neuron, field in enumerate(fields[0, :4]):
        current = 20 + 50 * field
        expected = 5 + 10 * np.log((current - 15) / (current - 20))
        assert intervals(recording, neuron) == pytest.approx(expected, abs=0.051)
    assert recording.states[-1].tolist() == [[1, 1, 1, 1, -1]]
    assert intervals(recording, 4).size == 0


@pytest.mark.parametrize("steps", [0, 20])
def test_synapses_saturate_as_the_gate_does_and_delays_add_milliseconds(steps: int) -> None:
    """The membrane of a silent neuron, from the other one's spikes by the closed form.

    A spike T after the one before adds w (1 - exp(-T / 100)), the first one w; each such current
    lifts the membrane by 100 / (100 - 10) (exp(-s / 100) - exp(-s / 10)) a time s later.
    """
    import nest

    graph = network(np.array([[0.0, 0.0], [0.5, 0.0]]))
    graph = replace(graph, projections=tuple(replace(p, delay=steps) for p in graph.projections))
    given = feed(graph, np.array([[0.1, -2.0]]))
    recording = NestLIF(parameters=QUIET, resolution=0.1).run(graph, given, Phases(cue=0, free=300))
    assert recording.raster is not None
    spikes = recording.raster[0][recording.raster[1] == 0]
    assert 20 < len(spikes) < 40
    weight = 2 * 0.5 * 50 / QUIET.mean_gate(2.0)
    opening = np.append(1, 1 - np.exp(-np.diff(spikes) / 100))
    since = nest.biological_time - spikes - 1 - steps
    shape = (np.exp(-since / 100) - np.exp(-since / 10)) * 100 / 90
    drive = 20 + 50 * (-2.0 - 0.5)
    expected = drive + (weight * opening * shape)[since > 0].sum()
    assert nest.NodeCollection([2]).V_m == pytest.approx(expected, abs=1e-3)
    assert weight * opening[since > 0].sum() > 10


@pytest.mark.parametrize("resolution", [0.1, 1.0])
def test_a_silent_membrane_varies_by_the_noise(resolution: float) -> None:
    import nest

    graph = network(np.zeros((20, 20)))
    given = feed(graph, np.full((150, 20), -0.2))
    parameters = LIFParameters(noise=1.5)
    NestLIF(parameters=parameters, resolution=resolution).run(graph, given, Phases(cue=0, free=100))
    potentials = np.array(nest.GetNodes({"model": "iaf_psc_exp_multisynapse"}).V_m)
    assert potentials.size == 3000
    assert potentials.std() == pytest.approx(1.5, rel=0.05)
    assert potentials.mean() == pytest.approx(10, abs=0.1)


def test_two_coupled_units_hold_only_the_states_their_coupling_favours() -> None:
    cue, friends = spins("++", "--", "+-", "-+"), np.array([[0.0, 1.0], [1.0, 0.0]])
    assert held(friends, cue) == [True, True, False, False]
    assert held(0.0 * friends, cue) == [False, True, False, False]
    assert held(-friends, cue) == [False, False, True, True]


def test_a_self_coupling_holds_both_states_against_smaller_fields_and_no_larger_ones() -> None:
    latch, cue = np.array([[0.5]]), spins("-", "+")
    assert held(latch, cue, 0.4) == [True, True]
    assert held(latch, cue, -0.4) == [True, True]
    assert held(latch, cue, 0.6) == [False, True]
    assert held(latch, cue, -0.7) == [True, False]


def test_no_synapse_is_stronger_than_the_cue() -> None:
    """Foes that forbid both states of the cue, and outweigh its usual drive ten times."""
    graph, cue = network(np.array([[0.0, -2.5], [-2.5, 0.0]])), spins("++", "--")
    weak = NestLIF(parameters=LIFParameters(cue_field=0.5))
    given = feed(graph, np.zeros((2, 2)), cue=cue)
    recording = weak.run(graph, given, Phases(cue=150, free=200))
    forced = (recording.times > 60) & (recording.times <= 150)
    assert (recording.states[forced] == cue).all()
    assert (recording.states[-1] != cue).any(axis=1).all()


def test_the_first_bias_decides_in_the_cue_phase_by_its_sign_alone() -> None:
    graph = network(np.array([[0.0, 1.0], [1.0, 0.0]]))
    given = replace(feed(graph, np.array([[2.0, -2.0]])), first_bias=np.array([[-1, 1]]))
    recording = NestLIF().run(graph, given, Phases(cue=150, free=300))
    forced = (recording.times > 60) & (recording.times <= 150)
    assert (recording.states[forced] == [[-1, 1]]).all()
    assert recording.states[-1].tolist() == [[1, -1]]


def test_the_supervisory_current_stands_while_clamped_and_decays_to_nothing() -> None:
    graph = network(np.zeros((2, 2)), back=1.5)
    given = feed(graph, np.full((2, 2), -0.3), label=[True, False])
    phases = Phases(cue=50, clamped=150, free=300)
    recording = NestLIF(parameters=QUIET).run(graph, given, phases)
    times, current = recording.times, recording.supervisory[:, 0]
    assert recording.release == 200
    assert not current[times <= 50].any()
    assert current[(times > 120) & (times <= 200)].mean() == pytest.approx(2 * 1.5, rel=0.35)
    after = current[times >= 200]
    assert after[1:11] / after[:10] == pytest.approx(np.exp(-1.0), rel=1e-4)
    assert after[-1] < 1e-10
    assert not recording.supervisory[:, 1].any()
    assert recording.states[-1].tolist() == [[-1, -1], [-1, -1]]


@pytest.mark.parametrize(("latch", "last"), [(0.5, [1, -1]), (0.0, [-1, -1])])
def test_what_the_supervisory_signal_wrote_stays_only_in_a_latch(
    latch: float, last: list[int]
) -> None:
    graph = network(np.array([[latch]]), back=2.0)
    given = feed(graph, np.full((2, 1), -0.1), cue=spins("-", "-"), label=[True, False])
    recording = NestLIF().run(graph, given, Phases(cue=50, clamped=100, free=300))
    assert recording.states[recording.times == 150, :, 0].tolist() == [[1, -1]]
    assert recording.states[-1, :, 0].tolist() == last


def test_without_a_cue_phase_a_label_acts_from_the_start() -> None:
    graph = network(np.array([[0.5]]), back=2.0)
    given = feed(graph, np.full((1, 1), -0.1), label=[True])
    recording = NestLIF().run(graph, given, Phases(cue=0, clamped=100, free=100))
    assert recording.supervisory[0, 0] > 0
    assert recording.states[-1].tolist() == [[1]]


def test_chunks_give_the_same_states_in_the_same_order_and_report_progress() -> None:
    graph, cue = network(np.array([[0.0, 1.0], [1.0, 0.0]])), spins("++", "--", "++", "--", "++")
    given = feed(graph, np.zeros((5, 2)), cue=cue)
    seen: list[tuple[int, int]] = []
    backend = NestLIF(synapses_at_once=2 * graph.synapses)
    recording = backend.run(graph, given, HOLD, progress=lambda *done: seen.append(done))
    assert recording.states.shape == (31, 5, 2)
    assert recording.supervisory.shape == (31, 5)
    assert np.array_equal(recording.states[-1], cue)
    assert seen == [(2, 5), (4, 5), (5, 5)]


@pytest.mark.parametrize("threads", [1, 2])
def test_a_seed_fixes_every_spike(threads: int) -> None:
    graph = network(np.zeros((3, 3)))
    given = feed(graph, np.array([[0.01, 0.1, 1.0]]))
    first, again, other = (
        NestLIF(seed=seed, threads=threads).run(graph, given, HOLD).raster for seed in (1, 1, 2)
    )
    assert first is not None
    assert again is not None
    assert other is not None
    assert first[0].size > 50
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert first[0].tolist() != other[0].tolist()


@for_all(
    spikes=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 80)), max_size=25),
    window=st.integers(1, 60),
)
def test_a_read_out_window_counts_every_spike_within_it(
    spikes: list[tuple[int, int]], window: int
) -> None:
    """Half milliseconds; a spike at t counts at read-outs from t up to, not at, t + window."""
    times = np.arange(5.0, 41.0, 5.0)
    ordered = sorted(spikes, key=lambda spike: spike[1])
    senders = np.array([s for s, _ in ordered], dtype=np.int64)
    seen = Events(senders, np.array([t / 2 for _, t in ordered]), np.empty(0))
    found = recent(seen, times, window / 2, 3)
    assert found.tolist() == [
        [any(s == n and 0 <= 2 * time - t < window for s, t in spikes) for n in range(3)]
        for time in times
    ]


def near(one: Outcome, other: Outcome) -> bool:
    """Whether the Wilson intervals of what ended exactly in s* overlap."""
    (_, low, high), (_, floor, top) = wilson(one.exact), wilson(other.exact)
    return low <= top and floor <= high


@pytest.mark.brian2
def test_nest_and_brian2_hold_the_same_share_and_both_lose_it_permuted(
    larger: NetworkFile,
) -> None:
    graph = map_network(larger.network, larger.fixed_points, encoding="signed")
    phases = Phases(cue=80, clamped=0, free=220)
    found = {
        (o.simulator, o.run, o.null): o
        for simulator in (NestLIF(), Brian2LIF())
        for o in validate(graph, simulator, patterns=12, runs=["cued"], phases=phases)
    }
    for simulator in ("nest", "brian2"):
        intact = found[simulator, "cued", ""]
        assert intact.overlap[-1].mean() > 0.99
        assert intact.exact.mean() > 0.7
        for null in ("no couplings", "permuted", "random start"):
            assert found[simulator, "cued", null].exact.mean() < 0.4
    for null in ("", "no couplings", "permuted", "random start"):
        assert near(found["nest", "cued", null], found["brian2", "cued", null])


@pytest.mark.parametrize("encoding", ["signed", "dale", "pushpull"])
@pytest.mark.parametrize("kind", ["bias", "graded"])
def test_every_encoding_and_input_is_held_after_the_label_is_gone(
    trained: NetworkFile, encoding: str, kind: str
) -> None:
    rounding = Rounding(input="graded" if kind == "graded" else "bias")
    graph = map_network(trained.network, trained.fixed_points, encoding=encoding, rounding=rounding)
    phases = Phases(cue=100, clamped=100, free=300)
    (found,) = validate(graph, NestLIF(), patterns=10, runs=["learned"], nulls=False, phases=phases)
    assert found.overlap[-1].mean() > 0.97
    assert found.supervisory.max() > 1
    assert found.supervisory[-1] < 1e-9
    assert found.class_kept.mean() >= 0.9


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"conductances": True}, "conductances is True; allowed on nest: False"),
        ({"mismatch": 0.1}, "mismatch is 0.1; allowed on nest: 0.0"),
        ({"delay_jitter": 0.5}, "delay_jitter is 0.5; allowed on nest: 0.0"),
        ({"tau_inhibition": 10.0}, "tau_inhibition is 10.0; allowed on nest: 100.0"),
    ],
)
def test_parameters_that_nest_would_leave_out_are_refused(
    changed: dict[str, Any], message: str
) -> None:
    graph = network(np.zeros((1, 1)))
    backend = NestLIF(parameters=LIFParameters(**changed))
    with pytest.raises(BadInput, match=message):
        backend.run(graph, feed(graph, np.zeros((1, 1))), HOLD)


def test_the_parameters_are_those_of_the_graph_or_the_users_and_brian2s(
    graph: SynapseGraph,
) -> None:
    found = NestLIF().calibrated(graph).parameters
    assert found == Brian2LIF().calibrated(graph).parameters
    assert found != LIFParameters()
    assert NestLIF(parameters=QUIET).calibrated(graph).parameters == QUIET


@pytest.mark.parametrize(("bias", "state"), [(0.15, 1), (0.05, -1)])
def test_a_bias_of_the_parameters_is_added_to_every_field(bias: float, state: int) -> None:
    graph = network(np.zeros((2, 2)))
    backend = NestLIF(parameters=replace(QUIET, bias=bias))
    recording = backend.run(graph, feed(graph, np.full((1, 2), -0.1)), Phases(cue=0, free=300))
    assert recording.states[-1].tolist() == [[state, state]]


def test_a_stimulus_for_another_graph_is_refused(graph: SynapseGraph) -> None:
    given = encode_stimulus(network(np.zeros((2, 2))), np.zeros((1, 2)))
    with pytest.raises(BadInput, match="stimulus has 2 neurons; allowed: the graph's 200"):
        NestLIF().run(graph, given, HOLD)


def test_without_nest_it_says_what_to_install(
    graph: SynapseGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = encode_stimulus(graph, graph.fixed_points["free"].inputs[:1])
    monkeypatch.setitem(sys.modules, "nest", None)
    with pytest.raises(MissingPart, match=r"nest is not installed: pip install 'spinspike\[nest"):
        NestLIF().run(graph, given, HOLD)
