"""The two ends of a graph: images in, unit states and classes out."""

from __future__ import annotations

import numpy as np

from spinspike.arrays import BoolArray, FloatArray, InputArray, IntArray, SparseMatrix, SpinArray
from spinspike.errors import BadInput

from .fields import field_of, input_field
from .graph import SynapseGraph, refuse_graded

BIAS_LIMIT = 4095  # 13-bit signed mantissa; bias_exp 6 makes it count in weight units


def external_field(graph: SynapseGraph, images: InputArray) -> IntArray:
    """Integer field that images put on the neurons, by bias or by spikes; (B, N).

    Together with ``graph.bias`` and the synapses it is the field x from the second step on.

    Parameters
    ----------
    graph : SynapseGraph
    images : (B, D)
        Within the graph's input range.
    """
    by_bias = bias(graph, images) - graph.bias
    return by_bias + input_field(graph, input_levels(graph, images))


def bias(graph: SynapseGraph, images: InputArray) -> IntArray:
    """Biases from the second step on, those of the image included; (B, N).

    They saturate at +-4095. `check_ranges` sees to it that only biases do that no synapses could
    outweigh: then the sign of every field is what it would be without a limit.
    """
    unlimited = input_bias(graph, images) + graph.bias
    return unlimited.clip(-BIAS_LIMIT, BIAS_LIMIT)


def input_bias(graph: SynapseGraph, images: InputArray) -> IntArray:
    """What images add to the biases, sign_k round(scale (Win (x - centre) gain)); (B, N).

    With i the unit of neuron k, the integer input of i enters with the sign of the neuron; 0
    where the input comes as spikes.

    Raises
    ------
    BadInput
        An image has the wrong number of pixels, or one that is not finite or out of range.
    """
    _check(graph, images)
    ends = graph.io
    if ends.levels:
        return np.zeros((len(images), graph.neurons), dtype=np.int64)
    fields = (ends.input_weight @ ((images - ends.centre) * ends.gain).T).T
    units = np.rint(fields * ends.scale).astype(np.int64)
    return np.asarray(units[:, ends.unit] * ends.input_sign)


def input_levels(graph: SynapseGraph, images: InputArray) -> IntArray:
    """What the input neurons send in every step, 0 … G; (B, D + 1), without levels (B, 0).

    The last one sends G always.

    Raises
    ------
    BadInput
        As for `input_bias`; or G is 1 and a pixel is neither the lowest nor the highest value.
    """
    _check(graph, images)
    levels = graph.io.levels
    if not levels:
        return np.zeros((len(images), 0), dtype=np.int64)
    found = levels_of(images, graph.io.input_range, levels)
    return np.append(found, np.full((len(images), 1), levels), axis=1)


def levels_of(images: InputArray, input_range: tuple[float, float], levels: int) -> IntArray:
    """Pixels as the nearest whole number from 0 (lowest value) to ``levels`` (highest)."""
    low, high = input_range
    exact = (images - low) * (levels / (high - low))
    found: IntArray = np.rint(exact).astype(np.int64)
    if levels == 1 and (found != exact).any():
        worst = np.asarray(images)[found != exact][0]
        message = (
            f"a pixel is {worst:g}; binary spikes allow {low:g} and {high:g} alone: map with "
            "graded input"
        )
        raise BadInput(message)
    return found


def neuron_spikes(graph: SynapseGraph, states: SpinArray) -> BoolArray:
    """Which neurons spike when the units are in the given states; (…, H) to (…, N)."""
    return np.asarray(states[..., graph.io.unit] * graph.io.input_sign > 0)


def unit_states(graph: SynapseGraph, spikes: BoolArray) -> SpinArray:
    """States of the units from the spikes of their decoding neurons; (…, N) to (…, H)."""
    decoder = graph.io.decoder
    states = spikes.take(decoder, axis=-1).astype(np.int8)
    states *= 2
    states -= 1
    if (graph.io.input_sign[decoder] < 0).any():
        states *= graph.io.input_sign[decoder].astype(np.int8)
    return states


def decode(graph: SynapseGraph, states: SpinArray) -> IntArray:
    """Class of unit states, (B, H) to (B,): the readout neuron with the largest field.

    Where the graph has none, argmax_c (Wout s)_c in floating point.

    Parameters
    ----------
    graph : SynapseGraph
    states : (B, H) int8
        In -1, +1.
    """
    if not len(graph.io.readout_bias):
        return reference_classes(graph, states)
    scores = field_of(graph, neuron_spikes(graph, states), into="readout")
    return np.asarray(np.argmax(scores + graph.io.readout_bias, axis=1))


def reference_classes(graph: SynapseGraph, states: SpinArray) -> IntArray:
    """Class that the network itself reads from unit states, argmax_c (Wout s)_c; (B, H) to (B,).

    Where there are no classes it is 0.

    What a graph's own readout is held against, since that is rounded as well.
    """
    if not graph.classes:
        return np.zeros(len(states), dtype=np.int64)
    return np.asarray(np.argmax(states.astype(np.float64) @ graph.io.readout.T, axis=1))


def _check(graph: SynapseGraph, images: InputArray) -> None:
    refuse_graded(graph)
    pixels = graph.io.centre.size
    if images.ndim != 2 or images.shape[1] != pixels:
        message = f"images have shape {images.shape}; allowed: (patterns, {pixels})"
        raise BadInput(message)
    low, high = graph.io.input_range
    if not ((images >= low) & (images <= high)).all():
        message = (
            f"pixels range from {images.min()} to {images.max()}; allowed: {low:g} to {high:g}"
        )
        raise BadInput(message)


def input_reach(
    weight: SparseMatrix, centre: FloatArray, gain: float, input_range: tuple[float, float]
) -> tuple[FloatArray, FloatArray]:
    """Smallest and largest Win (x - centre) gain of each unit over all x inside a range."""
    low, high = ((np.asarray(end) - centre) * gain for end in input_range)
    up, down = weight.maximum(0), weight.minimum(0)
    return up @ low + down @ high, up @ high + down @ low
