"""How far each row may be scaled up before some register overflows."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from spinspike.arrays import FloatArray, SparseMatrix
from spinspike.mapping.graph.codec import BIAS_LIMIT, input_reach
from spinspike.mapping.graph.encoding import Encoding
from spinspike.mapping.graph.register_limits import EXPONENT_LIMIT, STATE_LIMIT
from spinspike.model.network.dynamics import label_code
from spinspike.model.network.network import Network

from .rounding import Rounding


def row_peak(matrix: SparseMatrix) -> FloatArray:
    """Largest absolute entry of each row, 0 for an empty one."""
    return np.maximum(row_max(matrix.data, matrix), row_max(-matrix.data, matrix))


def row_max(values: FloatArray, matrix: SparseMatrix) -> FloatArray:
    """Largest of the values of each row of a matrix, at least 0."""
    found = np.zeros(matrix.shape[0])
    filled = np.flatnonzero(np.diff(matrix.indptr))
    if filled.size:
        found[filled] = np.maximum.reduceat(values, matrix.indptr[filled])
    return np.maximum(found, 0)


def label_fields(network: Network) -> FloatArray:
    """Field that clamping to each class puts on each unit, sum_c Wback_ic y_c; (H, C).

    One supervisory neuron per class carries it whole, so that silence is no field at all.
    """
    classes = network.classes
    return network.supervisory @ label_code(np.arange(classes), classes).T


def fitting_scale(network: Network, rounding: Rounding) -> FloatArray:
    """Scale alpha at which the strongest coupling of each row reaches the largest weight."""
    with np.errstate(divide="ignore"):
        return (rounding.largest << rounding.exponent) / (2 * row_peak(network.coupling))


def largest_scale(network: Network, rounding: Rounding, encoding: Encoding) -> FloatArray:
    """Scale alpha at which everything but the couplings just fits; 1 where a row has nothing in it."""
    largest, levels = rounding.largest, rounding.levels(network.input_range)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # absurd weights: refused
        signal = np.abs(label_fields(network)).max(axis=1, initial=0.0)
        link = row_peak(network.link)
        beside = np.max([2 * np.abs(network.self_coupling), 2 * link, signal], axis=0)
        constant = (network.coupling.sum(axis=1) + network.link.sum(axis=1)).ravel()
        constant = constant + network.self_coupling
        bottom, top = (
            edge + network.bias
            for edge in (
                (0.0, 0.0)
                if levels
                else input_reach(
                    network.input_weight, network.centre, network.gain, network.input_range
                )
            )
        )
        bias = np.max(np.abs([top, bottom, top - constant, bottom - constant]), axis=0)
        total = 2 * row_total(network.coupling) + 2 * row_total(network.link)
        total += 2 * np.abs(network.self_coupling)
        # rounding may move the sum of a row by half a step per synapse, and half of that is bias
        slack = 2 + ((np.diff(network.coupling.indptr) << rounding.exponent) + 512) // 4
        if encoding.antagonistic:  # the bias takes back what is delivered while all units are down
            bias = np.max(np.abs([top, bottom]), axis=0) + total / 2
            slack *= 2
        total += signal
        caps = [(largest << EXPONENT_LIMIT) / beside]
        if levels:
            step, lowest = input_step(network, levels)
            total += levels * row_total(step) + np.abs(step @ lowest)
            peak = input_peak(network, levels)
            caps.append((largest << EXPONENT_LIMIT) / peak)
            most = np.nan_to_num(peak * np.minimum(caps[-1], fitting_scale(network, rounding)))
            # what the neuron that is always on leaves to the bias
            slack += (levels << rounding.exponent_for(float(most.max()))) // 2
        slack = np.minimum(slack, BIAS_LIMIT // 2)
        # the bias fits, or may saturate because the synapses are weaker
        room = np.maximum((BIAS_LIMIT - slack) / bias, (BIAS_LIMIT - 2 * slack) / total)
        caps += [room, (STATE_LIMIT - BIAS_LIMIT) / total]
        scale = np.min(caps, axis=0)
    return np.asarray(np.where(np.isfinite(scale), scale, 1.0))


def largest_readout_scale(readout: FloatArray) -> float:
    """Scale alpha of all classes at which bias and membrane of the readout neurons just fit.

    Biases are at most half the difference of the rows' sums, by encoding of the weights or of
    their absolute values; as much again is left to rounding.

    Parameters
    ----------
    readout : (C, H)
    """
    sums = np.abs(readout).sum(axis=1), readout.sum(axis=1)
    spread = (max(float(np.ptp(one)) for one in sums) if len(readout) else 0.0) or 1.0
    return min(STATE_LIMIT / 4 / (sums[0].max(initial=0.0) or 1.0), BIAS_LIMIT / spread)


def row_total(matrix: SparseMatrix) -> FloatArray:
    """Sum of absolute entries of each row."""
    sums = np.append(0.0, np.add.accumulate(np.abs(matrix.data)))
    return np.diff(sums[matrix.indptr])


def input_step(network: Network, levels: int) -> tuple[SparseMatrix, FloatArray]:
    """Field per level of each input, and each input's lowest value less its centre, in levels."""
    low, high = network.input_range
    step = network.input_weight * (network.gain * (high - low) / levels)
    return csr_array(step), (low - network.centre) * (levels / (high - low))


def input_peak(network: Network, levels: int) -> FloatArray:
    """Strongest weight into each unit from an input neuron or from the one that is always on."""
    step, lowest = input_step(network, levels)
    peak: FloatArray = np.maximum(row_peak(step), np.abs(step @ lowest) / levels)
    return peak
