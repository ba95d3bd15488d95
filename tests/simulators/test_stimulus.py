"""Stimuli: what images, labels and cues become."""

from __future__ import annotations

import numpy as np
import pytest

from spinspike.mapping import SynapseGraph
from spinspike.model.errors import BadInput
from spinspike.simulators.stimulus import stimulus


def test_biases_differ_by_the_offsets(graph: SynapseGraph) -> None:
    images = graph.fixed_points["free"].inputs[:3]
    given = stimulus(graph, images)
    difference = given.bias - given.first_bias
    assert np.array_equal(difference, np.tile(graph.offset - graph.first_offset, (3, 1)))
    assert not given.supervisor.any()
    assert not given.cue.any()


def test_one_supervisory_neuron_for_each_label(graph: SynapseGraph) -> None:
    images = graph.fixed_points["free"].inputs[:3]
    given = stimulus(graph, images, labels=np.array([2, 0, 9]))
    assert np.argwhere(given.supervisor).tolist() == [[0, 2], [1, 0], [2, 9]]


def test_a_cue_forces_every_neuron_in_the_first_step(graph: SynapseGraph) -> None:
    points = graph.fixed_points["free"].select(slice(2))
    given = stimulus(graph, points.inputs, cue=points.states)
    both_twins = np.concatenate([points.states, points.states], axis=1)
    assert np.array_equal(np.sign(given.first_bias), both_twins)


@pytest.mark.parametrize("labels", [[0, 10], [-1, 0], [1]])
def test_labels_that_do_not_exist_are_refused(graph: SynapseGraph, labels: list[int]) -> None:
    with pytest.raises(BadInput, match="for 2 images; allowed: one of 0 to 9 for each"):
        stimulus(graph, graph.fixed_points["free"].inputs[:2], labels=np.array(labels))
