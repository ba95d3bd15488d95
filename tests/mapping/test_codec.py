"""Images to integers by the formula, states to spikes and back, classes by the readout."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from spinspike.mapping.codec import decode, encode, neuron_spikes, unit_states
from spinspike.mapping.dale import dale
from spinspike.mapping.graph import SynapseGraph
from spinspike.model.dynamics import predict
from spinspike.model.errors import BadInput
from spinspike.model.network import Network
from spinspike.model.network_file import NetworkFile


def opposed(graph: SynapseGraph) -> SynapseGraph:
    """The same units, but the second twin spikes when its unit is down, and decodes it."""
    sign = np.repeat([1, -1], graph.units)
    decoder = np.arange(graph.units) + graph.units
    return replace(graph, ends=replace(graph.ends, input_sign=sign, decoder=decoder))


def test_input_by_its_formula_in_plain_loops(
    small_networks: Callable[..., Iterator[Network]],
) -> None:
    rng = np.random.default_rng(0)
    for network in small_networks():
        graph, weight = dale(network), network.input_weight.toarray()
        images = rng.random((5, 3))
        for b, image in enumerate(images):
            expected = [
                round(
                    graph.ends.scale[i]
                    * 1.5
                    * sum(weight[i, k] * (image[k] - c) for k, c in enumerate(CENTRE))
                )
                for i in range(6)
            ]
            assert encode(graph, images)[b].tolist() == expected + expected
            negated = [-u for u in expected]
            assert encode(opposed(graph), images)[b].tolist() == expected + negated


CENTRE = (0.2, 0.5, 0.4)


@given(states=arrays.arrays(np.int8, (3, 2, 100), elements=st.sampled_from([-1, 1])))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_states_to_spikes_and_back(graph: SynapseGraph, states: NDArray[np.int8]) -> None:
    for g in (graph, opposed(graph)):
        spikes = neuron_spikes(g, states)
        assert spikes.shape == (3, 2, 200)
        np.testing.assert_array_equal(unit_states(g, spikes), states)


def test_twins_spike_together_and_opposed_ones_in_turn(graph: SynapseGraph) -> None:
    states = np.where(np.arange(100) % 3, 1, -1).astype(np.int8)
    up = (states > 0).tolist()
    assert neuron_spikes(graph, states).tolist() == up + up
    assert neuron_spikes(opposed(graph), states).tolist() == up + [not u for u in up]


def test_only_the_decoding_neuron_decides(graph: SynapseGraph) -> None:
    spikes = np.zeros(200, dtype=np.bool_)
    spikes[[0, 101]] = True
    assert np.flatnonzero(unit_states(graph, spikes) > 0).tolist() == [0]
    assert np.flatnonzero(unit_states(opposed(graph), spikes) < 0).tolist() == [1]


def test_classes_are_those_of_the_network(graph: SynapseGraph, trained: NetworkFile) -> None:
    states = trained.fixed_points["free"].states
    answers = decode(graph, states)
    np.testing.assert_array_equal(answers, predict(trained.network, states))
    for p in range(5):
        sums = [
            sum(w * s for w, s in zip(row, states[p].tolist(), strict=True))
            for row in trained.network.readout.tolist()
        ]
        assert answers[p] == sums.index(max(sums))
    assert decode(graph, states[:4].reshape(2, 2, graph.units)).shape == (2, 2)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((2, 63)), r"images have shape \(2, 63\); allowed: \(patterns, 64\)"),
        (np.zeros(64), r"images have shape \(64,\)"),
        (np.full((1, 64), 1.5), r"pixels range from 1\.5 to 1\.5; allowed: 0 to 1"),
        (np.full((1, 64), -0.1), r"pixels range from -0\.1 to -0\.1"),
        (np.full((1, 64), np.nan), r"pixels range from nan to nan"),
        (np.full((1, 64), np.inf), r"pixels range from inf to inf"),
    ],
)
def test_images_that_do_not_fit_are_refused(
    graph: SynapseGraph, images: NDArray[np.float64], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        encode(graph, images)


def test_no_images_are_no_input(graph: SynapseGraph) -> None:
    assert encode(graph, np.zeros((0, 64))).shape == (0, 200)
