"""The two ends of a graph: images become integer input, spikes become units and classes."""

from __future__ import annotations

import numpy as np

from spinspike.model.arrays import BoolArray, FloatArray, IntArray, SpinArray
from spinspike.model.errors import BadInput

from .graph import SynapseGraph


def encode(graph: SynapseGraph, images: FloatArray) -> IntArray:
    """What images add to the biases, sign_k round(scale (Win (x - centre) gain)); (B, N).

    With i the unit of neuron k, the integer input of i enters with the sign of the neuron.

    Raises
    ------
    BadInput
        An image has the wrong number of pixels, or one that is not finite or out of range.
    """
    ends = graph.ends
    if images.ndim != 2 or images.shape[1] != ends.centre.size:
        message = f"images have shape {images.shape}; allowed: (patterns, {ends.centre.size})"
        raise BadInput(message)
    low, high = ends.input_range
    if not ((images >= low) & (images <= high)).all():
        message = (
            f"pixels range from {images.min()} to {images.max()}; allowed: {low:g} to {high:g}"
        )
        raise BadInput(message)
    fields = ((images - ends.centre) * ends.gain) @ ends.input_weight.T
    units = np.rint(fields * ends.scale).astype(np.int64)
    return np.asarray(units[:, ends.unit] * ends.input_sign)


def neuron_spikes(graph: SynapseGraph, states: SpinArray) -> BoolArray:
    """Which neurons spike when the units are in the given states; (…, H) to (…, N)."""
    return np.asarray(states[..., graph.ends.unit] * graph.ends.input_sign > 0)


def unit_states(graph: SynapseGraph, spikes: BoolArray) -> SpinArray:
    """States of the units from the spikes of their decoding neurons; (…, N) to (…, H)."""
    decoder = graph.ends.decoder
    up = spikes[..., decoder] == (graph.ends.input_sign[decoder] > 0)
    return np.where(up, 1, -1).astype(np.int8)


def decode(graph: SynapseGraph, states: SpinArray) -> IntArray:
    """Class of unit states, argmax_c (Wout s)_c; (…, H) to (…)."""
    return np.asarray(np.argmax(states.astype(np.float64) @ graph.ends.readout.T, axis=-1))
