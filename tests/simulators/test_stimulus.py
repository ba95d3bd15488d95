"""Stimuli: what images, labels and cues become."""

from __future__ import annotations

import numpy as np
import pytest

from spinspike.errors import BadInput
from spinspike.mapping import Rounding, SynapseGraph, map_network
from spinspike.mapping.graph.codec import bias, neuron_spikes
from spinspike.model.network.import_arrays import from_arrays
from spinspike.simulators.stimulus import encode_stimulus


def test_biases_differ_by_the_offsets(graph: SynapseGraph) -> None:
    images = graph.fixed_points["free"].inputs[:3]
    given = encode_stimulus(graph, images)
    free = (np.abs(given.bias) < 4095) & (np.abs(given.first_bias) < 4095)
    assert free.mean() > 0.9
    difference = np.where(free, given.bias - given.first_bias, graph.bias - graph.initial_bias)
    assert np.array_equal(difference, np.tile(graph.bias - graph.initial_bias, (3, 1)))
    assert np.array_equal(given.bias, bias(graph, images))
    assert not given.supervisor.any()
    assert not given.cue.any()


def test_one_supervisory_neuron_for_each_label(graph: SynapseGraph) -> None:
    images = graph.fixed_points["free"].inputs[:3]
    given = encode_stimulus(graph, images, labels=np.array([2, 0, 9]))
    assert np.argwhere(given.supervisor).tolist() == [[0, 2], [1, 0], [2, 9]]


def test_a_cue_forces_every_neuron_in_the_first_step(graph: SynapseGraph) -> None:
    points = graph.fixed_points["free"].select(slice(2))
    given = encode_stimulus(graph, points.inputs, cue=points.states)
    both_twins = np.concatenate([points.states, points.states], axis=1)
    assert np.array_equal(np.sign(given.first_bias), both_twins)


@pytest.mark.parametrize("encoding", ["signed", "dale", "pushpull"])
def test_biases_saturate_with_the_sign_of_the_field(encoding: str) -> None:
    """Input that no couplings could outweigh; 127.5 weight units to the unit of field."""
    network = from_arrays(
        J=[[0.0, 1.0], [1.0, 0.0]], Win=[[100.0], [-100.0]], Wback=np.eye(2), Wout=np.eye(2)
    )
    graph = map_network(network, encoding=encoding)
    given = encode_stimulus(graph, np.array([[1.0], [0.0]]))
    spiking = neuron_spikes(graph, np.array([[1, -1]]))
    assert np.array_equal(given.bias[:1], np.where(spiking, 4095, -4095))
    assert np.array_equal(given.first_bias[:1] > 0, spiking)
    assert np.abs(given.first_bias).max() == 4095
    assert np.array_equal(given.first_bias[1:], graph.initial_bias[None])


def test_levels_are_those_of_the_pixels_and_absent_with_a_forced_state() -> None:
    network = from_arrays(
        J=[[0.0, 1.0], [1.0, 0.0]], Win=np.eye(2), Wback=np.eye(2), Wout=np.eye(2)
    )
    graph = map_network(network, rounding=Rounding(input="graded"))
    images = np.array([[0.0, 0.4], [1.0, 0.7]])
    given = encode_stimulus(graph, images)
    assert given.levels.tolist() == [[0, 6, 16], [16, 11, 16]]
    assert np.array_equal(given.first_levels, given.levels)
    forced = encode_stimulus(graph, images, cue=np.ones((2, 2), dtype=np.int8))
    assert np.array_equal(forced.levels, given.levels)
    assert not forced.first_levels.any()


@pytest.mark.parametrize("labels", [[0, 10], [-1, 0], [1]])
def test_labels_that_do_not_exist_are_refused(graph: SynapseGraph, labels: list[int]) -> None:
    with pytest.raises(BadInput, match="for 2 images; allowed: one of 0 to 9 for each"):
        encode_stimulus(graph, graph.fixed_points["free"].inputs[:2], labels=np.array(labels))
