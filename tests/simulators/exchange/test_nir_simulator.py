"""Exported graphs, run as NIR, spike as the chip does: in both forms, whatever the encoding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spinspike.mapping.graph.delays import with_delays
from spinspike.mapping.graph.encoding import ENCODINGS
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.graph.nulls import without_couplings
from spinspike.mapping.mapper import map_network
from spinspike.mapping.quantisation.rounding import InputMode, Rounding
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.network import random_network
from spinspike.simulators.base import Phases, Stimulus
from spinspike.simulators.emulator.step import Emulator
from spinspike.simulators.exchange.nir_simulator import Nir
from spinspike.simulators.stimulus import encode_stimulus

ByHand = Callable[[SynapseGraph, Stimulus, Phases], tuple[NDArray[Any], NDArray[Any]]]
PROTOCOL = Phases(cue=2, clamped=3, free=8)


def drawn(encoding: str, mode: InputMode, modules: int, longest: int) -> SynapseGraph:
    rng = np.random.default_rng(modules)
    architecture = Architecture(
        units=8,
        inputs=3,
        classes=2,
        modules=modules,
        link=0.3 if modules > 1 else 0.0,
        between_sparsity=0.5,
        sparsity=0.0,
        self_coupling=0.3,
        supervisory_scale=0.2,
    )
    network = random_network(architecture, rng, centre=rng.random(3))
    graph = map_network(
        network, encoding=encoding, rounding=Rounding(8, mode), autapses=longest == 0
    )
    return with_delays(graph, longest, rng) if longest else graph


@pytest.mark.parametrize("form", ["populations", "signed", "portable"])
@pytest.mark.parametrize("modules", [1, 2])
@pytest.mark.parametrize("mode", ["bias", "graded"])
@pytest.mark.parametrize("encoding", list(ENCODINGS))
def test_spikes_are_the_chips(encoding: str, mode: InputMode, modules: int, form: Any) -> None:
    for longest in (0,) if form == "portable" else (0, 3):
        graph = drawn(encoding, mode, modules, longest)
        rng = np.random.default_rng(0)
        images = rng.integers(0, 2, (4, 3)).astype(np.float64)
        cue = rng.choice(np.array([-1, 1], dtype=np.int8), (4, graph.units)) if longest else None
        given = encode_stimulus(graph, images, labels=rng.integers(0, 2, 4), cue=cue)
        wanted = Emulator().run(graph, given, PROTOCOL)
        found = Nir(form=form).run(graph, given, PROTOCOL)
        assert wanted.spikes is not None
        assert found.spikes is not None
        assert 0 < wanted.spikes.mean() < 1
        np.testing.assert_array_equal(found.spikes, wanted.spikes)
        np.testing.assert_array_equal(found.states, wanted.states)
        np.testing.assert_array_equal(found.supervisory, wanted.supervisory)
        if form == "portable":
            continue  # it has no readout
        assert found.readout is not None
        assert wanted.readout is not None
        np.testing.assert_array_equal(found.readout, wanted.readout)


def test_the_trained_graph_holds_its_states_and_without_couplings_does_not(
    graph: SynapseGraph,
) -> None:
    points = graph.fixed_points["learned"].select(slice(20))
    phases = Phases(cue=1, clamped=0, free=6)
    held = []
    for case in (graph, without_couplings(graph)):
        given = encode_stimulus(case, points.inputs, cue=points.states)
        recording = Nir().run(case, given, phases)
        held.append((recording.states[-1] == points.states).all(axis=1).mean())
        wanted = Emulator().run(case, given, phases)
        assert recording.spikes is not None
        assert wanted.spikes is not None
        np.testing.assert_array_equal(recording.spikes, wanted.spikes)
    assert held[0] > 0.9
    assert held[1] < held[0]


def test_a_mapped_graph_runs_step_by_step_as_by_hand(by_hand_run: ByHand) -> None:
    small = drawn("pushpull", "binary", 2, 2)
    images = np.array([[0.0, 1.0, 1.0]])
    given = encode_stimulus(small, images, labels=np.array([1]))
    spikes, _ = by_hand_run(small, given, PROTOCOL)
    found = Nir().run(small, given, PROTOCOL).spikes
    assert found is not None
    np.testing.assert_array_equal(found, spikes)
