"""The spiking physics against closed forms, and latches small enough to know by hand."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from spinspike.arrays import FloatArray, SpinArray
from spinspike.errors import BadInput, MissingPart
from spinspike.mapping import map_network
from spinspike.mapping.graph.graph import IOMap, Population, Projection, Role, SynapseGraph
from spinspike.model.network.import_arrays import from_arrays
from spinspike.simulators.base import Phases, Recording, Stimulus
from spinspike.simulators.brian2 import synapses as brian2_network
from spinspike.simulators.brian2.lif import Brian2LIF
from spinspike.simulators.physics.lif_parameters import LIFParameters
from spinspike.simulators.stimulus import encode_stimulus

pytestmark = pytest.mark.brian2

SCALE = 50  # integer weight units per unit of field
QUIET = LIFParameters(noise=0.0)
HOLD = Phases(cue=60, clamped=0, free=250)


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
                indices=np.nonzero(units)[1].astype(np.int32),
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
        bias=np.rint(-SCALE * couplings.sum(axis=1)).astype(np.int64),
        initial_bias=np.zeros(count, dtype=np.int64),
        io=IOMap(
            centre=np.zeros(count),
            gain=1.0,
            input_range=(-9.0, 9.0),
            input_weight=csr_array(np.eye(count)),
            scale=np.full(count, float(SCALE)),
            readout=np.zeros((signal.shape[1], count)),
            unit=np.arange(count),
            input_sign=np.ones(count, dtype=np.int64),
            decoder=np.arange(count),
            readout_bias=np.zeros(0, dtype=np.int64),
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
        first_bias=given + graph.initial_bias,
        bias=given + graph.bias,
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
        graph, feed(graph, fields), Phases(cue=0, free=400)
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
    recording = Brian2LIF(parameters=QUIET, dt=0.1).run(graph, given, Phases(cue=0, free=900))
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
    phases = Phases(cue=0, free=900)
    recording = Brian2LIF(parameters=QUIET, dt=0.1).run(linked, given, phases)
    field = 1.0 * QUIET.mean_gate(drive) / QUIET.last_gate(0.05) - 0.5
    assert interval(recording, 1, after=400) == pytest.approx(QUIET.interval(field), rel=0.02)


def first_spike(recording: Recording, neuron: int) -> float:
    """When a neuron first fires, ms."""
    assert recording.raster is not None
    times, neurons = recording.raster
    return float(times[neurons == neuron].min())


@pytest.mark.parametrize("late", [3, 62])
def test_a_step_of_delay_lasts_as_long_as_the_transmission(late: int) -> None:
    """Beyond a refractory period too, where each synapse keeps a gate of its own."""
    graph = network(np.array([[0.0, 0.0], [0.6, 0.0]]))
    delayed = replace(graph, projections=tuple(replace(p, delay=late) for p in graph.projections))
    # all is at rest, neuron 1 as low as it goes, when neuron 0 starts to fire at 50 ms
    given = feed(graph, np.array([[2.0, -0.3]]), spins("--"))
    backend = Brian2LIF(replace(QUIET, delay=2.0))
    one, other = (backend.run(g, given, Phases(cue=50, free=300)) for g in (graph, delayed))
    assert first_spike(one, 0) == first_spike(other, 0)
    assert first_spike(other, 1) - first_spike(one, 1) == pytest.approx(late * 2.0)
    assert interval(other, 1, after=250) == pytest.approx(interval(one, 1, after=250), rel=0.01)


def test_inhibition_with_a_time_constant_of_its_own_weighs_what_the_graph_says() -> None:
    graph = network(np.array([[0.0, 0.0], [-0.25, 0.0]]))
    p = replace(QUIET, tau_inhibition=10.0)
    given = feed(graph, np.array([[2.0, 1.0]]))
    recording = Brian2LIF(p, dt=0.1).run(graph, given, Phases(cue=0, free=600))
    assert interval(recording, 1, after=300) == pytest.approx(p.interval(0.75), rel=0.02)
    gate = np.exp(-np.arange(0, p.interval(2.0), 0.001) / 10.0)
    assert p.mean_gate(2.0, 10.0) == pytest.approx(gate.mean(), rel=1e-3)
    assert p.last_gate(2.0, 10.0) == pytest.approx(gate[-1], rel=1e-3)


def stays_with_the_device(p: LIFParameters, seen: Callable[[Recording, int], float]) -> FloatArray:
    """What is seen of 200 neurons that one excites, the same for another seed, not device."""
    couplings = np.zeros((201, 201))
    couplings[1:, 0] = 1.2
    graph, fields = network(couplings), np.full((1, 201), -0.2)
    fields[:, 0] = 3.0
    given = feed(graph, fields, -np.ones((1, 201), dtype=np.int8))
    found = []
    for seed, device in ((0, 0), (1, 0), (0, 1)):
        backend = Brian2LIF(p, seed=seed, device=device)
        recording = backend.run(graph, given, Phases(cue=50, free=100))
        found.append(np.array([seen(recording, k) for k in range(1, 201)]))
    np.testing.assert_array_equal(found[0], found[1])
    assert abs(np.corrcoef(found[0], found[2])[0, 1]) < 0.3
    return found[0]


def test_the_delays_of_a_device_spread_evenly() -> None:
    p = replace(QUIET, delay=4.0, delay_jitter=3.0)
    late = stays_with_the_device(p, first_spike)
    assert np.ptp(late) == pytest.approx(6.0, abs=0.5)
    assert late.std() == pytest.approx(3.0 / np.sqrt(3), rel=0.15)


def test_the_neurons_of_a_device_differ_by_their_mismatch() -> None:
    """Far above the threshold a neuron fires once every refractory period of its own."""
    period = stays_with_the_device(replace(QUIET, mismatch=0.1, field_scale=900.0), interval)
    assert period.std() == pytest.approx(0.1 * 5.0, rel=0.25)


def test_with_conductances_the_sign_of_the_field_decides_as_with_currents() -> None:
    """Neuron 0 excites and neuron 1 inhibits, by much; a small current tips the balance."""
    couplings = np.zeros((6, 6))
    couplings[2:, 0], couplings[2:, 1] = 1.0, -1.0
    graph = network(couplings)
    fields = np.array([[2.0, 2.0, 0.1, -0.1, 0.4, -0.4]])
    expected = [1, 1, 1, -1, 1, -1]
    intervals = []
    for conductances in (True, False):
        p = replace(QUIET, conductances=conductances)
        recording = Brian2LIF(p, dt=0.1).run(graph, feed(graph, fields), Phases(cue=0, free=300))
        assert recording.states[-1, 0].tolist() == expected
        intervals.append(interval(recording, 2, after=100))
    assert intervals[0] < 0.8 * intervals[1]  # open conductances make the membrane fast


def test_of_a_pair_that_both_want_to_fire_one_wins_by_its_interneuron() -> None:
    graph = network(np.zeros((2, 2)))
    pair = replace(
        graph,
        encoding="pushpull",
        io=replace(
            graph.io,
            unit=np.array([0, 0]),
            input_sign=np.array([1, -1]),
            decoder=np.array([0]),
            scale=np.full(1, float(SCALE)),
        ),
    )
    given = feed(pair, np.array([[0.06, 0.05], [0.05, 0.06]]))
    given = replace(given, cue=np.array([[1], [-1]], dtype=np.int8))
    for competition, winner in ((0.4, [1, -1]), (0.0, [1, 1])):
        p = replace(QUIET, competition=competition)
        recording = Brian2LIF(p).run(pair, given, Phases(cue=50, free=200))
        assert recording.states[-1, :, 0].tolist() == winner


def test_input_neurons_weigh_what_they_send_from_the_first_ms_on() -> None:
    """A pixel of level 3 through a weight of 10, against the same 30 through the bias."""
    graph = network(np.zeros((1, 1)))
    pixel = Projection(
        "pixels", "units", "input", 1, 0,
        np.array([0, 1]), np.array([0], dtype=np.int32), np.array([10], dtype=np.uint8),
    )  # fmt: skip
    seeing = replace(
        graph,
        populations=(*graph.populations, Population("pixels", 2, "input")),
        projections=(*graph.projections, pixel),
        io=replace(graph.io, levels=3),
    )
    given = replace(feed(graph, np.zeros((2, 1))), levels=np.array([[3, 3], [0, 3]]))
    recording = Brian2LIF(QUIET, dt=0.1).run(seeing, given, Phases(cue=0, free=300))
    assert interval(recording, 0) == pytest.approx(QUIET.interval(30 / SCALE), rel=0.02)
    assert first_spike(recording, 0) < 20
    assert recording.states[-1, :, 0].tolist() == [1, -1]
    forced = replace(given, cue=np.array([[-1], [1]], dtype=np.int8))
    recording = Brian2LIF(QUIET).run(seeing, forced, Phases(cue=100, free=100))
    assert recording.states[9, :, 0].tolist() == [-1, 1]
    assert recording.states[-1, :, 0].tolist() == [1, -1]


def test_compiled_code_gives_the_same_spikes_and_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import brian2

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setitem(brian2.prefs, "codegen.cpp.extra_compile_args", ["-O0"])
    graph = network(np.array([[0.5, 0.3], [0.4, 0.0]]), signal=np.array([[2.0], [0.3]]))
    given = feed(graph, np.full((2, 2), -0.1), spins("--", "+-"), labels=[[True], [False]])
    phases = Phases(cue=50, clamped=50, free=50)
    plain, compiled = (
        Brian2LIF(QUIET, target=target).run(graph, given, phases)
        for target in ("numpy", "cpp_standalone")
    )
    assert plain.raster is not None
    assert compiled.raster is not None
    for one, other in zip(plain.raster, compiled.raster, strict=True):
        np.testing.assert_allclose(one, other)
    np.testing.assert_array_equal(plain.states, compiled.states)
    np.testing.assert_allclose(plain.supervisory, compiled.supervisory)
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]  # Brian2 keeps a log
    assert type(brian2.get_device()).__name__ == "RuntimeDevice"


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
    phases = Phases(cue=50, clamped=150, free=300)
    recording = Brian2LIF(parameters=QUIET).run(graph, given, phases)
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
    recording = Brian2LIF().run(graph, given, Phases(cue=50, clamped=100, free=300))
    assert recording.states[-1, :, 0].tolist() == [1, -1]
    forgetful = network(np.array([[0.0]]), signal=np.array([[2.0]]))
    given = feed(forgetful, np.full((2, 1), -0.1), spins("-", "-"), labels=[[True], [False]])
    recording = Brian2LIF().run(forgetful, given, Phases(cue=50, clamped=100, free=300))
    assert recording.states[-1, :, 0].tolist() == [-1, -1]


def test_a_decoding_neuron_of_negative_sign_spikes_when_its_unit_is_down() -> None:
    graph = network(np.array([[0.5]]))
    graph = replace(graph, io=replace(graph.io, input_sign=np.array([-1])))
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
            Brian2LIF(seed=seed).run(graph, given, Phases(cue=0, free=100)) for seed in (1, 1, 2)
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
    with pytest.raises(
        BadInput, match=r"target is 'java'; allowed: numpy, cython, cpp_standalone$"
    ):
        Brian2LIF(target="java").run(graph, feed(graph, np.zeros((1, 2))), HOLD)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="tau_slow is -1"):
        LIFParameters(tau_slow=-1.0)
    with pytest.raises(BadInput, match=r"refractory is 0\.5 ms; allowed: above delay, 1"):
        LIFParameters(refractory=0.5)
    with pytest.raises(BadInput, match=r"reset, threshold, noise are -20, 25, 20"):
        LIFParameters(reset=25.0)
    with pytest.raises(BadInput, match=r"delay_jitter is 1\.5 ms; allowed: 0 to 1"):
        LIFParameters(delay_jitter=1.5)
    with pytest.raises(BadInput, match=r"mismatch is 0\.3; allowed: 0 to 0\.2"):
        LIFParameters(mismatch=0.3)
    with pytest.raises(
        BadInput, match="excitatory_reversal is 10 mV; allowed: above threshold, 20"
    ):
        LIFParameters(conductances=True, excitatory_reversal=10.0)
    with monkeypatch.context() as without:
        without.setattr("shutil.which", lambda name: None)
        with pytest.raises(
            MissingPart, match=r"cython needs a C\+\+ compiler .*or take target numpy"
        ):
            Brian2LIF(target="cython").run(graph, feed(graph, np.zeros((1, 2))), HOLD)
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
        given = encode_stimulus(graph, np.ones((2, 2)), labels=np.array([0, 1]))
        runs.append(Brian2LIF().run(graph, given, Phases(cue=20, clamped=50, free=50)))
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
    with pytest.raises(KeyboardInterrupt, match=r"after 0\.5 of 1"):
        brian2_network.advance(Interrupted(), 1.0)
