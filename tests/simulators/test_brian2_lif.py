"""The spiking physics against closed forms, and latches small enough to know by hand."""

from __future__ import annotations

import sys
import warnings
from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from spinspike.mapping import map_network
from spinspike.mapping.graph import Ends, Population, Projection, Role, SynapseGraph
from spinspike.model.arrays import FloatArray, SpinArray
from spinspike.model.errors import BadInput, MissingPart
from spinspike.model.own_network import from_arrays
from spinspike.simulators import brian2_lif
from spinspike.simulators.base import Protocol, Recording, Stimulus
from spinspike.simulators.brian2_lif import Brian2LIF
from spinspike.simulators.lif import LIFParameters
from spinspike.simulators.stimulus import stimulus

pytestmark = pytest.mark.brian2

SCALE = 50  # integer weight units per unit of field
QUIET = LIFParameters(noise=0.0)
HOLD = Protocol(cue=60, clamped=0, free=250)


def projections(weights: FloatArray, source: str, role: Role) -> list[Projection]:
    """Excitatory and inhibitory synapses of a field ``weights @ spikes``."""
    found = []
    for sign in (1, -1):
        units = np.rint(np.maximum(sign * weights, 0) * SCALE).astype(np.int64)
        found.append(
            Projection(
                source=source,
                target="units",
                role=role,
                sign=1 if sign > 0 else -1,
                exponent=0,
                indptr=np.concatenate([[0], np.cumsum((units > 0).sum(axis=1))]),
                indices=np.nonzero(units)[1],
                mantissa=units[units > 0].astype(np.uint8),
            )
        )
    return found


def network(couplings: FloatArray, signal: FloatArray | None = None) -> SynapseGraph:
    """One neuron per unit; couplings (diagonal: self-couplings) between states of -1 and +1."""
    count = len(couplings)
    signal = np.zeros((count, 1)) if signal is None else signal
    diagonal = np.diag(np.diag(couplings))
    return SynapseGraph(
        encoding="signed",
        weight_bits=8,
        populations=(
            Population("units", count),
            Population("label", signal.shape[1], "supervisory"),
        ),
        projections=(
            *projections(2 * (couplings - diagonal), "units", "coupling"),
            *projections(2 * diagonal, "units", "self"),
            *projections(signal, "label", "supervisory"),
        ),
        offset=np.rint(-SCALE * couplings.sum(axis=1)).astype(np.int64),
        first_offset=np.zeros(count, dtype=np.int64),
        ends=Ends(
            centre=np.zeros(count),
            gain=1.0,
            input_range=(-9.0, 9.0),
            input_weight=csr_array(np.eye(count)),
            scale=np.full(count, float(SCALE)),
            readout=np.zeros((signal.shape[1], count)),
            unit=np.arange(count),
            input_sign=np.ones(count, dtype=np.int64),
            decoder=np.arange(count),
            readout_offset=np.zeros(0, dtype=np.int64),
        ),
    )


def feed(
    graph: SynapseGraph,
    fields: FloatArray,
    cue: SpinArray | None = None,
    labels: list[list[bool]] | None = None,
) -> Stimulus:
    """Constant input fields (B, H), states to start from, supervisory neurons to clamp with."""
    given = np.rint(SCALE * fields).astype(np.int64)
    return Stimulus(
        first_bias=given + graph.first_offset,
        bias=given + graph.offset,
        levels=np.zeros((len(fields), 0), dtype=np.int64),
        supervisor=np.array(labels) if labels else np.zeros((len(fields), 1), dtype=np.bool_),
        cue=np.zeros(fields.shape, dtype=np.int8) if cue is None else cue,
    )


def spins(*states: str) -> SpinArray:
    return np.array([[1 if c == "+" else -1 for c in state] for state in states], dtype=np.int8)


def interval(recording: Recording, neuron: int, *, after: float = 0.0) -> float:
    """Mean time between spikes of a neuron, ms."""
    assert recording.raster is not None
    times, neurons = recording.raster
    return float(np.diff(times[(neurons == neuron) & (times > after)]).mean())


def held(graph: SynapseGraph, fields: FloatArray, cue: SpinArray) -> list[bool]:
    """Whether each cued state is there at every read-out once the cue has left the window."""
    recording = Brian2LIF().run(graph, feed(graph, fields, cue), HOLD)
    late = recording.times > HOLD.cue + Brian2LIF().window
    same: list[bool] = (recording.states[late] == cue).all(axis=(0, 2)).tolist()
    return same


def test_rate_follows_the_current_in_closed_form() -> None:
    fields = np.array([[0.04, 0.2, 1.0, 3.0, -0.04]])
    graph = network(np.zeros((5, 5)))
    recording = Brian2LIF(parameters=QUIET, dt=0.05).run(
        graph, feed(graph, fields), Protocol(cue=0, free=400)
    )
    for neuron, field in enumerate(fields[0, :4]):
        current = 20 + 50 * field
        expected = 5 + 10 * np.log((current - 15) / (current - 20))
        assert interval(recording, neuron) == pytest.approx(expected, abs=0.1)
        assert QUIET.interval(field) == pytest.approx(expected)
    assert recording.states[-1].tolist() == [[1, 1, 1, 1, -1]]
    assert recording.raster is not None
    assert 4 not in recording.raster[1]


def test_mean_and_last_gate_are_those_of_a_gate_opened_at_every_spike() -> None:
    period = QUIET.interval(0.7)
    time = np.arange(0, 40 * period, 0.001)
    gate = np.exp(-(time % period) / QUIET.tau_slow)
    assert QUIET.mean_gate(0.7) == pytest.approx(gate.mean(), rel=1e-4)
    assert QUIET.last_gate(0.7) == pytest.approx(gate.min(), rel=1e-4)


@pytest.mark.parametrize("drive", [0.3, 2.0, 6.0])
def test_a_firing_neuron_weighs_what_the_graph_says_whatever_its_rate(drive: float) -> None:
    graph = network(np.array([[0.0, 0.0], [0.5, 0.0]]))
    given = feed(graph, np.array([[drive, 0.0]]))
    recording = Brian2LIF(parameters=QUIET, dt=0.1).run(graph, given, Protocol(cue=0, free=900))
    field = 1.0 * QUIET.mean_gate(drive) / QUIET.mean_gate(2.0) - 0.5
    assert interval(recording, 1, after=400) == pytest.approx(QUIET.interval(field), rel=0.02)


def test_two_coupled_units_hold_only_the_states_their_coupling_favours() -> None:
    fields, cue = np.full((4, 2), -0.2), spins("++", "--", "+-", "-+")
    friends = np.array([[0.0, 1.0], [1.0, 0.0]])
    assert held(network(friends), fields, cue) == [True, True, False, False]
    assert held(network(0.0 * friends), fields, cue) == [False, True, False, False]
    assert held(network(-friends), fields, cue) == [False, False, True, True]


def test_a_self_coupling_holds_both_states_against_smaller_fields_and_no_larger_ones() -> None:
    graph, cue = network(np.array([[0.5]])), spins("-", "+")
    assert held(graph, np.array([[0.45], [-0.45]]), cue) == [True, True]
    assert held(graph, np.array([[0.55], [-0.70]]), cue) == [False, False]


def test_a_link_weighs_like_a_self_coupling_not_like_a_coupling() -> None:
    """Unit 1 sees unit 0 alone, which fires near the margin: its gate is what a latch has."""
    graph = network(np.array([[0.0, 0.0], [0.5, 0.0]]))
    linked = replace(
        graph,
        projections=tuple(
            replace(p, role="link") if p.role == "coupling" else p for p in graph.projections
        ),
    )
    drive = 0.3
    given = feed(graph, np.array([[drive, 0.0]]))
    protocol = Protocol(cue=0, free=900)
    recording = Brian2LIF(parameters=QUIET, dt=0.1).run(linked, given, protocol)
    field = 1.0 * QUIET.mean_gate(drive) / QUIET.last_gate(0.05) - 0.5
    assert interval(recording, 1, after=400) == pytest.approx(QUIET.interval(field), rel=0.02)


def test_a_hopfield_network_holds_its_patterns_and_loses_them_permuted() -> None:
    rng = np.random.default_rng(3)
    patterns = rng.choice(np.array([-1, 1], dtype=np.int8), (3, 60))
    couplings = (patterns.T.astype(np.float64) @ patterns) / 30
    np.fill_diagonal(couplings, 0)
    assert (patterns * (patterns @ couplings.T) > 0.3).all()
    order = rng.permutation(60)
    shuffled = couplings[:, order] * (1 - np.eye(60))
    assert held(network(couplings), np.zeros((3, 60)), patterns) == [True] * 3
    assert held(network(shuffled), np.zeros((3, 60)), patterns) == [False] * 3


def test_the_supervisory_current_stands_while_clamped_and_decays_to_nothing() -> None:
    graph = network(np.zeros((2, 2)), signal=np.array([[1.5], [-0.5]]))
    given = feed(graph, np.full((2, 2), -0.3), labels=[[True], [False]])
    protocol = Protocol(cue=50, clamped=150, free=300)
    recording = Brian2LIF(parameters=QUIET).run(graph, given, protocol)
    times, current = recording.times, recording.supervisory[:, 0]
    assert recording.release == 200
    assert not current[times <= 50].any()
    assert current[(times > 120) & (times <= 200)].mean() == pytest.approx(2.0, rel=0.35)
    after = current[times >= 200]
    assert after[1:11] / after[:10] == pytest.approx(np.exp(-1.0), rel=0.05)
    assert after[-1] < 1e-10
    assert not recording.supervisory[:, 1].any()
    assert recording.states[-1].tolist() == [[-1, -1], [-1, -1]]


def test_what_the_supervisory_signal_wrote_stays_after_the_release() -> None:
    graph = network(np.array([[0.5]]), signal=np.array([[2.0]]))
    given = feed(graph, np.full((2, 1), -0.1), spins("-", "-"), labels=[[True], [False]])
    recording = Brian2LIF().run(graph, given, Protocol(cue=50, clamped=100, free=300))
    assert recording.states[-1, :, 0].tolist() == [1, -1]
    forgetful = network(np.array([[0.0]]), signal=np.array([[2.0]]))
    given = feed(forgetful, np.full((2, 1), -0.1), spins("-", "-"), labels=[[True], [False]])
    recording = Brian2LIF().run(forgetful, given, Protocol(cue=50, clamped=100, free=300))
    assert recording.states[-1, :, 0].tolist() == [-1, -1]


def test_a_decoding_neuron_of_negative_sign_spikes_when_its_unit_is_down() -> None:
    graph = network(np.array([[0.5]]))
    graph = replace(graph, ends=replace(graph.ends, input_sign=np.array([-1])))
    recording = Brian2LIF().run(graph, feed(graph, np.zeros((2, 1)), spins("+", "-")), HOLD)
    assert recording.states[-1, :, 0].tolist() == [1, -1]
    assert recording.raster is not None
    assert recording.raster[0].size == 0  # the first pattern's unit is up, its neuron silent


def test_chunks_give_the_same_states_in_the_same_order_and_report_progress() -> None:
    graph = network(np.array([[0.0, 1.0], [1.0, 0.0]]))
    cue = spins("++", "--", "++", "--", "++")
    given = feed(graph, np.zeros((5, 2)), cue)
    seen: list[tuple[int, int]] = []
    backend = Brian2LIF(synapses_at_once=4)
    recording = backend.run(graph, given, HOLD, progress=lambda *done: seen.append(done))
    assert recording.states.shape == (31, 5, 2)
    assert recording.supervisory.shape == (31, 5)
    assert np.array_equal(recording.states[-1], cue)
    assert seen == [(2, 5), (4, 5), (5, 5)]


def test_a_seed_fixes_every_spike_and_nothing_global_changes() -> None:
    import brian2

    graph = network(np.zeros((3, 3)))
    given = feed(graph, np.array([[0.01, 0.1, 1.0]]))
    target = brian2.prefs.codegen.target
    np.random.seed(7)  # noqa: NPY002 - the generator that Brian2 uses, and that others may
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", r"'\w+'( argument is)? deprecated", DeprecationWarning)
        runs = [
            Brian2LIF(seed=seed).run(graph, given, Protocol(cue=0, free=100)) for seed in (1, 1, 2)
        ]
    first, again, other = (run.raster for run in runs)
    assert first is not None
    assert again is not None
    assert other is not None
    assert np.array_equal(first, again)
    assert not np.array_equal(first[0], other[0])
    assert brian2.prefs.codegen.target == target
    assert np.random.random() == np.random.RandomState(7).random()  # noqa: NPY002


def test_parts_and_values_that_do_not_fit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = network(np.zeros((2, 2)))
    with pytest.raises(BadInput, match="stimulus has 3 neurons; allowed: the graph's 2"):
        Brian2LIF().run(graph, feed(network(np.zeros((3, 3))), np.zeros((1, 3))), HOLD)
    pushpull = replace(graph, encoding="pushpull")
    with pytest.raises(BadInput, match="encoding is pushpull; allowed on brian2: dale, signed"):
        Brian2LIF().run(pushpull, feed(graph, np.zeros((1, 2))), HOLD)
    graded = replace(graph, ends=replace(graph.ends, levels=15))
    with pytest.raises(BadInput, match="input as spikes of 0 to 15; allowed on brian2: input as b"):
        Brian2LIF().run(graded, feed(graph, np.zeros((1, 2))), HOLD)
    with pytest.raises(BadInput, match="tau_slow is -1"):
        LIFParameters(tau_slow=-1.0)
    with pytest.raises(BadInput, match=r"refractory is 0\.5 ms; allowed: above delay, 1"):
        LIFParameters(refractory=0.5)
    with pytest.raises(BadInput, match=r"reset, threshold, noise are -20, 25, 20"):
        LIFParameters(reset=25.0)
    monkeypatch.setitem(sys.modules, "brian2", None)
    with pytest.raises(MissingPart, match=r"pip install 'spinspike\[brian2\]'"):
        Brian2LIF().run(graph, feed(graph, np.zeros((1, 2))), HOLD)


def test_readout_neurons_change_nothing() -> None:
    """The same graph with and without them: the same spikes, and no membrane is recorded."""
    reference = from_arrays(
        J=[[0.5, 1.0], [1.0, 0.5]], Win=np.eye(2), Wback=np.eye(2), Wout=np.eye(2)
    )
    runs = []
    for on_chip in (True, False):
        graph = map_network(reference, encoding="signed", on_chip_readout=on_chip)
        given = stimulus(graph, np.ones((2, 2)), labels=np.array([0, 1]))
        runs.append(Brian2LIF().run(graph, given, Protocol(cue=20, clamped=50, free=50)))
    first, second = runs
    assert first.raster is not None
    assert second.raster is not None
    assert np.array_equal(first.raster, second.raster)
    assert first.readout is None


class Interrupted:
    """A Brian2 network that an interrupt stopped half way, as Brian2 does without a word."""

    t = 0.0

    def run(self, duration: float, namespace: dict[str, object]) -> None:
        self.t += duration / 2


def test_an_interrupt_ends_the_run() -> None:
    with pytest.raises(KeyboardInterrupt, match=r"0\.5 of 1"):
        brian2_lif._advance(Interrupted(), 1.0)
