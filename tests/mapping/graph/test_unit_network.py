"""Graphs as networks of spins: against every state by hand, and against the emulator's steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spinspike.errors import BadInput
from spinspike.mapping import ENCODINGS, Rounding, SynapseGraph, integer_margins, map_network
from spinspike.mapping.graph.codec import neuron_spikes
from spinspike.mapping.graph.delays import with_delays
from spinspike.mapping.graph.unit_network import unit_field, unit_network
from spinspike.model import FixedPoints, Network, NetworkFile
from spinspike.model.landscape.search.convergence import converge, random_states
from spinspike.model.network.dynamics import field, relax
from spinspike.simulators import Emulator, Phases
from spinspike.simulators.stimulus import encode_stimulus

EveryState = Callable[[int], NDArray[np.int8]]
WAYS = [
    *((encoding, way, True) for encoding in ENCODINGS for way in ("bias", "graded")),
    *((encoding, "bias", False) for encoding in ENCODINGS),
]


def mapped(
    network: Network, encoding: str, way: Any, autapses: bool, bits: int = 8
) -> SynapseGraph:
    rounding = Rounding(weight_bits=bits, input=way)
    return map_network(network, encoding=encoding, rounding=rounding, autapses=autapses)


def seen_by(graph: SynapseGraph, states: NDArray[np.int8]) -> FixedPoints:
    """States, each under an image of its own."""
    images = np.random.default_rng(5).integers(0, 4, (len(states), graph.io.centre.size)) / 3
    return FixedPoints(images, np.zeros(len(states), dtype=np.int64), states)


@pytest.mark.parametrize(("encoding", "way", "autapses"), WAYS)
@pytest.mark.parametrize("modules", [1, 2])
def test_margins_of_every_state_are_its_integer_margins(
    encoding: str,
    way: str,
    autapses: bool,
    modules: int,
    modular: Callable[[int], Iterator[Network]],
    every_state: EveryState,
) -> None:
    for network in modular(modules):
        graph = mapped(network, encoding, way, autapses)
        points = seen_by(graph, every_state(graph.units))
        spins = unit_network(graph)
        found = points.states * field(spins, points.states, unit_field(graph, points.inputs))
        wanted = 2 * integer_margins(graph, points) - 1  # h = 2x - 1
        np.testing.assert_array_equal(found, wanted[:, graph.io.decoder])
        np.testing.assert_array_equal(found[:, graph.io.unit] > 0, wanted > 0)


@pytest.mark.parametrize("encoding", sorted(ENCODINGS))
@pytest.mark.parametrize("bits", [8, 4])
def test_synchronous_sweeps_are_the_steps_of_the_emulator(
    encoding: str, bits: int, trained: NetworkFile
) -> None:
    graph = mapped(trained.network, encoding, "bias", True, bits)
    spins = unit_network(graph)
    images = trained.fixed_points["free"].inputs[:20]
    start = random_states(spins, 20, np.random.default_rng(0))
    run = Emulator().run(graph, encode_stimulus(graph, images, cue=start), Phases(cue=1, free=30))
    now, external = start, unit_field(graph, images)
    for states in run.states[1:]:
        now = relax(spins, now, [external])
        np.testing.assert_array_equal(now, states)
    ended = converge(spins, start, external=external, order="synchronous", limit=30)
    assert ended.fixed.any()
    np.testing.assert_array_equal(ended.states[ended.fixed], run.states[-1][ended.fixed])


def test_it_holds_the_states_that_the_chip_holds_and_no_others(
    small_networks: Callable[..., Iterator[Network]], every_state: EveryState
) -> None:
    counts = []
    for network in small_networks(seeds=6):
        graph = mapped(network, "dale", "bias", True)
        states = every_state(graph.units)
        images = np.full((len(states), graph.io.centre.size), 0.3)
        run = Emulator().run(graph, encode_stimulus(graph, images, cue=states), Phases(free=1))
        assert run.spikes is not None
        stays = (run.spikes[1] == neuron_spikes(graph, states)).all(axis=1)
        ended = converge(
            unit_network(graph), states, external=unit_field(graph, images), order="synchronous"
        )
        np.testing.assert_array_equal(ended.fixed & (ended.sweeps == 0), stays)
        counts.append(int(stays.sum()))
    assert sum(counts) > 0


def test_a_graph_whose_spikes_arrive_late_is_refused(graph: SynapseGraph) -> None:
    late = with_delays(graph, 2, np.random.default_rng(0))
    with pytest.raises(BadInput, match="up to 2 steps late; allowed: graphs without delays"):
        unit_network(late)


def test_neurons_of_a_unit_that_do_not_receive_the_same_are_refused(graph: SynapseGraph) -> None:
    offset = graph.bias.copy()
    offset[-1] += 1
    with pytest.raises(
        BadInput, match=f"neurons {graph.units - 1} and {graph.neurons - 1} of unit"
    ):
        unit_network(replace(graph, bias=offset))
