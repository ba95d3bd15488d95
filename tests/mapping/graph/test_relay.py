"""Relays take the place of autapses and change no step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spinspike.mapping.graph.codec import input_bias, input_levels, unit_states
from spinspike.mapping.graph.encoding import ENCODINGS
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.graph.relay import without_autapses
from spinspike.mapping.mapper import map_network
from spinspike.mapping.quantisation.rounding import InputMode, Rounding
from spinspike.model.network.network import Network

Networks = Callable[[int], Iterator[Network]]
ByHand = Callable[[SynapseGraph], Any]
RELAYS = {"signed": {"S"}, "dale": {"E", "I"}, "pushpull": {"ON", "OFF"}}


def run(
    graph: SynapseGraph, table: Any, images: NDArray[np.float64], label: int
) -> NDArray[np.bool_]:
    """Spikes of all neurons in each step from silence, with a clamp from step 2 to 4."""
    given = input_bias(graph, images)
    if graph.io.levels:
        given = given + input_levels(graph, images) @ table.input.T
    n, steps = np.zeros((len(images), graph.neurons), dtype=np.int64), []
    for t in range(10):
        x = n @ table.weight.T + given + (graph.bias if t else graph.initial_bias)
        if 1 <= t < 4:
            x = x + table.signal[:, label]
        n = (x > 0).astype(np.int64)
        steps.append(n > 0)
    return np.array(steps)


@pytest.mark.parametrize("modules", [1, 2])
@pytest.mark.parametrize("mode", ["bias", "graded"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_step_is_that_of_the_graph_with_autapses(
    encoding: str, mode: InputMode, modules: int, modular: Networks, by_hand: ByHand
) -> None:
    rng, moved, relayed = np.random.default_rng(0), 0, set()
    for network in modular(modules):
        graph = map_network(network, encoding=encoding, rounding=Rounding(input=mode))
        bare = without_autapses(graph)
        images, table, other = rng.random((4, 3)), by_hand(graph), by_hand(bare)
        assert not other.weight.diagonal().any()
        for label in range(2):
            with_, without = run(graph, table, images, label), run(bare, other, images, label)
            np.testing.assert_array_equal(unit_states(bare, without), unit_states(graph, with_))
            np.testing.assert_array_equal(without[..., : graph.neurons], with_)
            # each relay spikes as the neuron that it stands in for
            start = graph.slices()
            for name, columns in bare.slices().items():
                if name.endswith("_relay"):
                    own = start[name.removesuffix("_relay")]
                    np.testing.assert_array_equal(without[..., columns], without[..., own])
                    relayed.add(name.removesuffix("_relay").rstrip("01"))
            moved += int((with_[0] != with_[-1]).any())
    assert relayed == RELAYS[encoding]
    assert moved > 2


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_relays_stand_behind_the_others_and_cost_their_incoming_synapses(
    encoding: str, modular: Networks
) -> None:
    for network in modular(1):
        graph = map_network(network, encoding=encoding)
        bare = without_autapses(graph)
        own = {p.source for p in graph.projections if p.role == "self" and p.source == p.target}
        threshold = list(bare.slices())
        assert threshold[: len(graph.slices())] == list(graph.slices())
        assert set(threshold[len(graph.slices()) :]) == {f"{name}_relay" for name in own}
        into = sum(p.mantissa.size for p in graph.projections if p.target in own)
        assert bare.synapses == graph.synapses + into
        np.testing.assert_array_equal(bare.io.decoder, graph.io.decoder)


def test_where_nothing_is_an_autapse_nothing_changes(modular: Networks) -> None:
    """Without self-couplings; and of pushpull negative ones run between ON and OFF."""
    for network in modular(1):
        for encoding in ENCODINGS:
            bare = map_network(replace(network, self_coupling=np.zeros(6)), encoding=encoding)
            assert without_autapses(bare) is bare
        negative = replace(network, self_coupling=-np.abs(network.self_coupling))
        graph = map_network(negative, encoding="pushpull")
        assert without_autapses(graph) is graph
