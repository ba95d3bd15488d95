"""Brian2's clocked steps against the emulator and the chip's equations by hand."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinspike.arrays import BoolArray, IntArray
from spinspike.errors import BadInput, MissingPart
from spinspike.mapping import ENCODINGS, Rounding, SynapseGraph, map_network
from spinspike.mapping.graph.delays import with_delays
from spinspike.mapping.graph.graph import Projection
from spinspike.mapping.quantisation.rounding import InputMode
from spinspike.model import Architecture, NetworkFile, random_network
from spinspike.simulators import Emulator, Phases, Recording, Stimulus
from spinspike.simulators.brian2.clocked import Brian2Clocked
from spinspike.simulators.stimulus import encode_stimulus

pytestmark = pytest.mark.brian2

WAYS: tuple[InputMode, ...] = ("bias", "binary", "graded")
ByHand = Callable[[SynapseGraph, Stimulus, Phases], tuple[BoolArray, IntArray]]


def small_graph(
    rng: np.random.Generator, encoding: str, way: InputMode, delay: int, autapses: bool = True
) -> SynapseGraph:
    """Six units that see five pixels, at random."""
    architecture = Architecture(
        units=6, inputs=5, classes=3, sparsity=0.3, input_sparsity=0.0, supervisory_scale=1.5
    )
    graph = map_network(
        random_network(architecture, rng, centre=np.full(5, 0.5)),
        encoding=encoding,
        rounding=Rounding(input=way),
        autapses=autapses,
    )
    return with_delays(graph, delay, rng)


def same(recording: Recording, spikes: BoolArray | None, readout: IntArray | None) -> bool:
    assert recording.spikes is not None
    assert recording.readout is not None
    assert spikes is not None
    assert readout is not None
    return np.array_equal(recording.spikes, spikes) and np.array_equal(recording.readout, readout)


@given(
    seed=st.integers(0, 2**16),
    clamped=st.integers(0, 3),
    loud=st.booleans(),
    cued=st.booleans(),
    encoding=st.sampled_from(sorted(ENCODINGS)),
    way=st.sampled_from(WAYS),
    autapses=st.booleans(),
    delay=st.integers(0, 4),
)
@settings(max_examples=12, deadline=None)
def test_every_spike_is_that_of_the_equations_by_hand(
    by_hand_run: ByHand,
    seed: int,
    clamped: int,
    loud: bool,
    cued: bool,
    encoding: str,
    way: InputMode,
    autapses: bool,
    delay: int,
) -> None:
    rng = np.random.default_rng(seed)
    graph = small_graph(rng, encoding, way, delay, autapses)
    cue = rng.choice(np.array([-1, 1], dtype=np.int8), (2, 6)) if cued else None
    images, labels = rng.integers(0, 2, (2, 5)), rng.integers(0, 3, 2)
    fed = encode_stimulus(graph, images, labels=labels, cue=cue)
    if loud:  # fields below -4096 leave a residue that delays switching on
        bias = fed.bias + rng.integers(-30_000, 2_000, fed.bias.shape)
        fed = replace(fed, first_bias=fed.first_bias - 20_000, bias=bias)
    phases = Phases(cue=int(rng.integers(0, 3)), clamped=clamped, free=8)
    recording = Brian2Clocked().run(graph, fed, phases)
    assert same(recording, *by_hand_run(graph, fed, phases))
    expected = Emulator().run(graph, fed, phases)
    np.testing.assert_array_equal(recording.supervisory, expected.supervisory)
    np.testing.assert_array_equal(recording.states, expected.states)


def mutated(graph: SynapseGraph, change: Callable[[Projection], Projection]) -> SynapseGraph:
    """The graph with its first projection changed."""
    first, *rest = graph.projections
    return replace(graph, projections=(change(first), *rest))


def test_one_wrong_weight_or_delay_shows() -> None:
    rng = np.random.default_rng(5)
    graph = small_graph(rng, "dale", "bias", 2)
    fed = encode_stimulus(graph, rng.random((40, 5)), labels=rng.integers(0, 3, 40))
    phases = Phases(cue=1, clamped=3, free=8)
    recording = Brian2Clocked().run(graph, fed, phases)
    own = Emulator().run(graph, fed, phases)
    assert same(recording, own.spikes, own.readout)
    wrong = [
        mutated(graph, lambda p: replace(p, delay=p.delay + 1)),
        mutated(graph, lambda p: replace(p, mantissa=(255 - p.mantissa // 2).astype(np.uint8))),
    ]
    for other in wrong:
        changed = Emulator().run(other, fed, phases)
        assert not same(recording, changed.spikes, changed.readout)
        assert same(Brian2Clocked().run(other, fed, phases), changed.spikes, changed.readout)


def test_a_trained_graph_runs_as_in_the_emulator_in_chunks_too(graph: SynapseGraph) -> None:
    points = graph.fixed_points["learned"].select(slice(7))
    fed = encode_stimulus(graph, points.inputs, labels=points.labels)
    phases = Phases(cue=1, clamped=5, free=20)
    expected = Emulator().run(graph, fed, phases)
    seen: list[tuple[int, int]] = []
    backend = Brian2Clocked(synapses_at_once=3 * graph.synapses)
    recording = backend.run(graph, fed, phases, progress=lambda *done: seen.append(done))
    assert same(recording, expected.spikes, expected.readout)
    np.testing.assert_array_equal(recording.supervisory, expected.supervisory)
    assert recording.supervisory.any()
    assert seen == [(3, 7), (6, 7), (7, 7)]


def test_a_graph_without_readout_has_none(trained: NetworkFile) -> None:
    graph = map_network(trained.network, trained.fixed_points, on_chip_readout=False)
    fed = encode_stimulus(graph, graph.fixed_points["free"].inputs[:2])
    recording = Brian2Clocked().run(graph, fed, Phases(cue=1, free=3))
    assert recording.readout is None
    assert not recording.supervisory.any()
    expected = Emulator().run(graph, fed, Phases(cue=1, free=3))
    assert expected.spikes is not None
    assert recording.spikes is not None
    assert np.array_equal(recording.spikes, expected.spikes)


def test_what_does_not_fit_is_refused(graph: SynapseGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    fed = encode_stimulus(graph, graph.fixed_points["free"].inputs[:1])
    short = replace(fed, bias=fed.bias[:, :3])
    with pytest.raises(BadInput, match=r"stimulus has 3 neurons; allowed: the graph's 200"):
        Brian2Clocked().run(graph, short, Phases())
    with pytest.raises(BadInput, match=r"target is .cpp_standalone.; allowed: numpy, cython$"):
        Brian2Clocked(target="cpp_standalone").run(graph, fed, Phases())
    monkeypatch.setitem(sys.modules, "brian2", None)
    with pytest.raises(MissingPart, match=r"pip install 'spinspike\[brian2\]'"):
        Brian2Clocked().run(graph, fed, Phases())
