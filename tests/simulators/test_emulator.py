"""The emulator against a hand-made table, Lava's equations in plain integers, and the reference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from spinspike.mapping import SynapseGraph, dale
from spinspike.mapping.matrix import supervisory_matrix, weight_matrix
from spinspike.mapping.quantise import quantise
from spinspike.model import Architecture, Network, NetworkFile, draw
from spinspike.model.own_network import from_arrays
from spinspike.simulators import Emulator, Protocol, Stimulus
from spinspike.simulators.stimulus import stimulus


@pytest.fixture(scope="module")
def graph(larger: NetworkFile) -> SynapseGraph:
    """The Dale graph of the larger network."""
    return dale(larger.network, larger.fixed_points)


def small_network(seed: int, units: int = 12, self_coupling: float = 0.5) -> Network:
    architecture = Architecture(
        units=units,
        inputs=5,
        classes=3,
        self_coupling=self_coupling,
        sparsity=0.3,
        input_sparsity=0.0,
        supervisory_scale=1.5,
    )
    return draw(architecture, np.random.default_rng(seed), centre=np.full(5, 0.5))


def lava_by_hand(graph: SynapseGraph, given_: Stimulus, protocol: Protocol) -> NDArray[np.bool_]:
    """One neuron and one step at a time, in Python integers, from Lava's documented equations."""
    weights = weight_matrix(graph).toarray().tolist()
    signal = supervisory_matrix(graph).toarray().tolist()
    spikes = np.zeros((protocol.total, *given_.bias.shape), dtype=bool)
    for b in range(given_.bias.shape[0]):
        n = [0] * graph.neurons
        v = [0] * graph.neurons
        for t in range(1, protocol.total + 1):
            fired = []
            for k in range(graph.neurons):
                a = sum(w * s for w, s in zip(weights[k], n, strict=True))
                if protocol.cue < t <= protocol.cue + protocol.clamped:
                    a += sum(
                        w * bool(c) for w, c in zip(signal[k], given_.supervisor[b], strict=True)
                    )
                bias = int((given_.first_bias if t == 1 else given_.bias)[b, k])
                decayed = (abs(v[k]) * (4096 - 4095)) >> 12
                v[k] = (decayed if v[k] > 0 else -decayed) + (a << 6) + (bias << 6)
                fired.append(int(v[k] > 0))
                if fired[-1]:
                    v[k] = 0
            n = fired
            spikes[t - 1, b] = n
    return spikes


@given(seed=st.integers(0, 2**16), clamped=st.integers(0, 3), loud=st.booleans())
@settings(max_examples=25, deadline=None)
def test_every_spike_is_that_of_the_equations_by_hand(seed: int, clamped: int, loud: bool) -> None:
    rng = np.random.default_rng(seed)
    graph = dale(small_network(seed, units=6))
    given_ = stimulus(graph, rng.random((2, 5)), labels=rng.integers(0, 3, 2))
    if loud:  # fields below -4096 leave a residue that delays switching on
        bias = given_.bias + rng.integers(-30_000, 2_000, given_.bias.shape)
        given_ = Stimulus(given_.first_bias - 20_000, bias, given_.supervisor, given_.cue)
    protocol = Protocol(cue=1, clamped=clamped, free=5)
    recording = Emulator().run(graph, given_, protocol)
    assert recording.spikes is not None
    assert np.array_equal(recording.spikes, lava_by_hand(graph, given_, protocol))


def test_a_residue_delays_switching_on_by_one_step() -> None:
    """A field of -6400 leaves a residue of -100, which a field of +1 (64) cannot overcome."""
    nothing = np.zeros((2, 2))
    network = from_arrays(nothing, np.zeros((2, 1)), nothing, nothing)
    one = np.ones((1, 4), dtype=np.int64)
    given_ = Stimulus(-6400 * one, one, np.zeros((1, 2), dtype=bool), np.zeros((1, 2), np.int8))
    recording = Emulator().run(dale(network), given_, Protocol(cue=1, clamped=0, free=3))
    assert recording.spikes is not None
    assert recording.spikes[:, 0, 0].tolist() == [False, False, True, True]


@pytest.mark.parametrize("self_coupling", [0.0, 0.5, 1.0])
def test_whole_trajectories_are_those_of_the_rounded_reference(self_coupling: float) -> None:
    """Spin by spin in plain loops, from s = 0 on, the label's field on and off."""
    rng = np.random.default_rng(3)
    for seed in range(5):
        network = small_network(seed, self_coupling=self_coupling)
        graph, integers = dale(network), quantise(network)
        images, labels = rng.random((4, 5)), rng.integers(0, 3, 4)
        protocol = Protocol(cue=1, clamped=4, free=8)
        recording = Emulator().run(graph, stimulus(graph, images, labels=labels), protocol)
        coupling, seen = integers.coupling.toarray(), (images - network.centre) * network.gain
        twice = 2 * np.rint(seen @ network.input_weight.toarray().T * integers.scale)
        for b in range(4):
            s = [1 if x >= 0 else -1 for x in twice[b]]
            assert recording.states[0, b].tolist() == s
            for t in range(2, protocol.total + 1):
                on = protocol.cue < t <= protocol.release
                s = [
                    1
                    if sum(coupling[i, j] * s[j] for j in range(12))
                    + integers.self_coupling[i] * s[i]
                    + twice[b, i]
                    + on * 2 * integers.signal[i, labels[b]]
                    >= 0
                    else -1
                    for i in range(12)
                ]
                assert recording.states[t - 1, b].tolist() == s


def test_forgetting_the_first_bias_is_seen(graph: SynapseGraph) -> None:
    """Mutation: with the ordinary bias in the first step most images end somewhere else."""
    points = graph.fixed_points["free"]
    given_ = stimulus(graph, points.inputs)
    right = Emulator().run(graph, given_, Protocol(free=30)).states[-1]
    forgotten = Stimulus(given_.bias, given_.bias, given_.supervisor, given_.cue)
    wrong = Emulator().run(graph, forgotten, Protocol(free=30)).states[-1]
    assert (right == points.states).all(axis=1).mean() > 0.7
    assert (wrong == points.states).all(axis=1).mean() < 0.2


def test_the_supervisory_signal_acts_in_the_clamped_steps_only(graph: SynapseGraph) -> None:
    points = graph.fixed_points["learned"].select(slice(5))
    recording = Emulator().run(
        graph, stimulus(graph, points.inputs, labels=points.labels), Protocol(2, 3, 4)
    )
    assert (recording.supervisory > 0).all(axis=1).tolist() == [0, 0, 1, 1, 1, 0, 0, 0, 0]
    assert recording.release == 5


def test_progress_reaches_the_end(graph: SynapseGraph) -> None:
    seen: list[tuple[int, int]] = []
    given_ = stimulus(graph, graph.fixed_points["free"].inputs[:2])
    Emulator().run(graph, given_, Protocol(free=3), progress=lambda *x: seen.append(x))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
