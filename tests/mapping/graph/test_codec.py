"""Images to integers by the formula, states to spikes and back, classes by the readout."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from spinspike.errors import BadInput
from spinspike.mapping.graph.codec import (
    bias,
    decode,
    external_field,
    input_bias,
    input_levels,
    neuron_spikes,
    unit_states,
)
from spinspike.mapping.graph.encoding import ENCODINGS
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.mapper import map_network
from spinspike.mapping.quantisation.rounding import Rounding
from spinspike.model.network.dynamics import predict
from spinspike.model.network.network import Network
from spinspike.model.network.network_file import NetworkFile

Networks = Callable[[int], Iterator[Network]]
every_encoding = pytest.mark.parametrize("encoding", ENCODINGS)
CENTRE = (0.2, 0.5, 0.4)


@pytest.fixture(scope="session")
def graphs(trained: NetworkFile) -> dict[str, SynapseGraph]:
    """The trained network in every encoding."""
    return {
        encoding: map_network(trained.network, trained.fixed_points, encoding=encoding)
        for encoding in ENCODINGS
    }


@every_encoding
def test_input_as_bias_by_its_formula_in_plain_loops(encoding: str, modular: Networks) -> None:
    rng = np.random.default_rng(0)
    for network in modular(1):
        graph, weight = map_network(network, encoding=encoding), network.input_weight.toarray()
        images = rng.random((5, 3))
        found, saturated = input_bias(graph, images), bias(graph, images)
        for b, image in enumerate(images):
            units = [
                round(
                    graph.io.scale[i]
                    * 1.5
                    * sum(weight[i, k] * (image[k] - c) for k, c in enumerate(CENTRE))
                )
                for i in range(6)
            ]
            expected = {
                "signed": units,
                "dale": units + units,
                "pushpull": units + [-u for u in units],
            }[encoding]
            assert found[b].tolist() == expected
            full = [u + int(o) for u, o in zip(expected, graph.bias, strict=True)]
            assert saturated[b].tolist() == [max(-4095, min(4095, x)) for x in full]
        assert input_levels(graph, images).shape == (5, 0)


@every_encoding
def test_input_as_spikes_level_by_level(
    encoding: str, modular: Networks, by_hand: Callable[[SynapseGraph], Any]
) -> None:
    """What each input neuron sends, and what arrives; the last one sends the highest level."""
    images = np.array([[0.0, 1.0, 0.5], [0.32, 0.34, 0.99]])
    network = next(modular(1))
    graph = map_network(network, encoding=encoding, rounding=Rounding(input="graded"))
    levels = input_levels(graph, images)
    assert levels.tolist() == [[0, 16, 8, 16], [5, 5, 16, 16]]
    assert not input_bias(graph, images).any()
    table = by_hand(graph)
    np.testing.assert_array_equal(external_field(graph, images), levels @ table.input.T)
    assert table.input.any()
    binary = map_network(network, encoding=encoding, rounding=Rounding(input="binary"))
    assert input_levels(binary, np.rint(images)).tolist() == [[0, 1, 0, 1], [0, 0, 1, 1]]


def test_grey_pixels_are_refused_by_binary_spikes(modular: Networks) -> None:
    graph = map_network(next(modular(1)), rounding=Rounding(input="binary"))
    message = r"a pixel is 0\.25; binary spikes allow 0 and 1 alone: map with graded input"
    with pytest.raises(BadInput, match=message):
        external_field(graph, np.array([[0.0, 1.0, 1.0], [0.0, 0.25, 1.0]]))


@every_encoding
@given(states=arrays.arrays(np.int8, (3, 2, 100), elements=st.sampled_from([-1, 1])))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_states_to_spikes_and_back(
    graphs: dict[str, SynapseGraph], encoding: str, states: NDArray[np.int8]
) -> None:
    spikes = neuron_spikes(graphs[encoding], states)
    assert spikes.shape == (3, 2, graphs[encoding].neurons)
    np.testing.assert_array_equal(unit_states(graphs[encoding], spikes), states)


def test_twins_spike_together_and_opponents_in_turn(graphs: dict[str, SynapseGraph]) -> None:
    states = np.where(np.arange(100) % 3, 1, -1).astype(np.int8)
    up = (states > 0).tolist()
    down = [not u for u in up]
    expected = {"signed": up, "dale": up + up, "pushpull": up + down}
    for encoding, graph in graphs.items():
        assert neuron_spikes(graph, states).tolist() == expected[encoding]


def test_only_the_decoding_neuron_decides(graphs: dict[str, SynapseGraph]) -> None:
    """The first kind of each encoding: S, E, ON."""
    for graph in graphs.values():
        spikes = np.zeros(graph.neurons, dtype=np.bool_)
        spikes[[0, graph.neurons - 1]] = True
        up = [0] if graph.neurons > 100 else [0, 99]
        assert np.flatnonzero(unit_states(graph, spikes) > 0).tolist() == up


@every_encoding
def test_classes_are_those_of_the_network(
    encoding: str, graphs: dict[str, SynapseGraph], trained: NetworkFile
) -> None:
    """On the chip but for rounding; without readout neurons to the last digit."""
    states, graph = trained.fixed_points["free"].states, graphs[encoding]
    exact = predict(trained.network, states)
    assert (decode(graph, states) == exact).mean() > 0.99
    outside = map_network(trained.network, encoding=encoding, on_chip_readout=False)
    np.testing.assert_array_equal(decode(outside, states), exact)
    assert decode(graph, states[:6]).shape == (6,)


def test_all_encodings_answer_alike(graphs: dict[str, SynapseGraph], trained: NetworkFile) -> None:
    """Readout weights are rounded alike, and scores differ by a constant."""
    states = np.concatenate([p.states for p in trained.fixed_points.values()])
    answers = [decode(graph, states).tolist() for graph in graphs.values()]
    assert answers[0] == answers[1] == answers[2]


def test_classes_by_the_integer_readout_in_plain_loops(graph: SynapseGraph) -> None:
    """Scores sum_j w_cj n_j + b_c, with the weights as they are stored."""
    points = graph.fixed_points["free"].select(slice(5))
    scores = [[int(b) for b in graph.io.readout_bias] for _ in range(5)]
    for p in graph.projections:
        if p.target != "readout":
            continue
        for c in range(10):
            for k in range(p.indptr[c], p.indptr[c + 1]):
                for row, state in zip(scores, points.states, strict=True):
                    up = state[p.indices[k]] > 0  # of both twins
                    row[c] += int(up) * p.sign * (int(p.mantissa[k]) << p.exponent)
    assert decode(graph, points.states).tolist() == [row.index(max(row)) for row in scores]


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
@pytest.mark.parametrize("way", [external_field, input_bias, input_levels])
def test_images_that_do_not_fit_are_refused(
    graph: SynapseGraph, way: Callable[..., Any], images: NDArray[np.float64], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        way(graph, images)


def test_no_images_are_no_input(graph: SynapseGraph) -> None:
    assert external_field(graph, np.zeros((0, 64))).shape == (0, 200)
