"""From images and labels to what a simulator feeds into a graph."""

from __future__ import annotations

import numpy as np

from spinspike.arrays import InputArray, IntArray, SpinArray
from spinspike.errors import BadInput
from spinspike.mapping.graph.codec import BIAS_LIMIT, bias, input_levels, neuron_spikes
from spinspike.mapping.graph.graph import SynapseGraph, refuse_graded

from .base import Stimulus


def encode_stimulus(
    graph: SynapseGraph,
    images: InputArray,
    *,
    labels: IntArray | None = None,
    cue: SpinArray | None = None,
) -> Stimulus:
    """Encode images, the labels to clamp with, and states to start from.

    Parameters
    ----------
    graph : SynapseGraph
    images : (B, D)
    labels : (B,), optional
        Classes whose supervisory neurons spike in the clamped phase; none without labels. Where
        there are no classes all must be 0, and nothing spikes.
    cue : (B, H), optional
        Unit states forced in the cue phase in place of the input.
    """
    later = bias(graph, images)
    supervisor = np.zeros((len(images), graph.classes), dtype=np.bool_)
    if labels is not None and (graph.classes or np.any(labels)):
        if labels.shape != (len(images),) or not np.isin(labels, range(graph.classes)).all():
            message = (
                f"labels {labels} for {len(images)} images; "
                f"allowed: one of 0 to {max(graph.classes - 1, 0)} for each"
            )
            raise BadInput(message)
        supervisor[np.arange(len(labels)), labels] = True
    # a saturated bias has the sign of the field, and so has what is left of it here
    first_bias = np.clip(later + graph.initial_bias - graph.bias, -BIAS_LIMIT, BIAS_LIMIT)
    if cue is None:
        cue = np.zeros((len(images), graph.units), dtype=np.int8)
    else:
        first_bias = np.where(neuron_spikes(graph, cue), BIAS_LIMIT, -BIAS_LIMIT)
    return Stimulus(
        first_bias=first_bias,
        bias=later,
        levels=input_levels(graph, images),
        supervisor=supervisor,
        cue=cue.astype(np.int8),
    )


def check_size(graph: SynapseGraph, stimulus: Stimulus) -> None:
    """Refuse a stimulus for another number of neurons, or a graph that knows no patterns."""
    refuse_graded(graph)
    neurons = stimulus.bias.shape[1]
    if neurons != graph.neurons:
        message = f"stimulus has {neurons} neurons; allowed: the graph's {graph.neurons}"
        raise BadInput(message)
