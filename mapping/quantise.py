"""Integers for a chip: every unit scales its own row, every projection has one exponent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from spinspike.model.arrays import FloatArray, IntArray, SparseMatrix
from spinspike.model.errors import BadInput, OutOfRange
from spinspike.model.network import Network

BIAS_LIMIT = 4095  # 13-bit signed mantissa; bias_exp 6 makes it count in weight units
EXPONENT_LIMIT = 7
FULL_BITS = 8


@dataclass(frozen=True)
class IntegerNetwork:
    """A network in integers, spin i up iff sum_j w_ij n_j + b_i > 0 with n = (1 + s)/2.

    ``coupling`` holds w_ij = 2 alpha_i J_ij without the diagonal, ``self_coupling`` 2 alpha_i J_D
    and ``signal`` the field of each label, alpha_i sum_c Wback_ic y_c, each a multiple of
    2**exponent of its own.
    """

    coupling: SparseMatrix  # (H, H) int64, no diagonal; couplings and links
    coupling_exponent: int
    self_coupling: IntArray  # (H,)
    self_exponent: int
    signal: IntArray  # (H, C)
    signal_exponent: int
    scale: FloatArray  # (H,) alpha
    offset: IntArray  # (H,) bias without input, sign(0) = +1 included
    first_offset: IntArray  # (H,) the same in the first step, where nothing has spiked


def quantise(network: Network, *, weight_bits: int = FULL_BITS) -> IntegerNetwork:
    """Round a network to ``weight_bits`` per sign.

    alpha_i is the largest scale at which row i fits: its strongest coupling reaches the largest
    weight, its self-coupling or signal the largest weight at the highest exponent, or the bias of
    the worst image inside ``network.input_range`` the bias register, whichever comes first. With
    S_i the sum of the *rounded* weights into i, self-coupling included, the offset is
    1 + b_i + floor(-S_i / 2), b_i the rounded bias: then x_i > 0 exactly where the rounded field is >= 0.

    Raises
    ------
    OutOfRange
        Bias, self-coupling or signal of a unit are so strong that all its couplings round to 0.
    """
    if not 1 <= weight_bits <= FULL_BITS:
        message = f"weight_bits is {weight_bits}; allowed: 1 to {FULL_BITS}"
        raise BadInput(message)
    largest = 2**weight_bits - 1
    exponent = FULL_BITS - weight_bits
    coupling = csr_array(network.coupling + network.link)
    with np.errstate(over="ignore"):  # absurdly large weights are refused below, in words
        scale = _row_scale(network, coupling, largest, exponent)
    self_field = 2 * scale * network.self_coupling
    signal_field = scale[:, None] * label_fields(network)
    self_exponent = _exponent(self_field, largest)
    signal_exponent = _exponent(signal_field, largest)
    fields = _scaled_rows(coupling, 2 * scale)
    weights = csr_array(
        (_round(fields.data, exponent, largest), fields.indices, fields.indptr), shape=fields.shape
    )
    diagonal = _round(self_field, self_exponent, largest)
    needed, got = row_peak(fields), row_peak(abs(weights))
    lost = np.flatnonzero((needed > 0) & (got == 0))
    if lost.size:
        message = (
            f"unit {lost[0]}: its bias, self-coupling or supervisory signal is so strong that its "
            f"largest coupling comes to {needed[lost[0]]:.3g} weight units; allowed: at least "
            f"{2**exponent / 2:g} (scale the input or the signal down)"
        )
        raise OutOfRange(message)
    first = 1 + np.rint(scale * network.bias).astype(np.int64)
    return IntegerNetwork(
        coupling=weights,
        coupling_exponent=exponent,
        self_coupling=diagonal,
        self_exponent=self_exponent,
        signal=_round(signal_field, signal_exponent, largest),
        signal_exponent=signal_exponent,
        scale=scale,
        offset=first + (-(weights.sum(axis=1) + diagonal)) // 2,
        first_offset=first,
    )


def row_peak(matrix: SparseMatrix) -> FloatArray:
    """Largest absolute entry of each row, 0 for an empty one."""
    return np.asarray(abs(matrix).max(axis=1).toarray()).ravel()


def input_reach(
    weight: SparseMatrix, centre: FloatArray, gain: float, input_range: tuple[float, float]
) -> tuple[FloatArray, FloatArray]:
    """Smallest and largest Win (x - centre) gain of each unit over all x inside a range."""
    low, high = ((np.asarray(end) - centre) * gain for end in input_range)
    up, down = weight.maximum(0), weight.minimum(0)
    return up @ low + down @ high, up @ high + down @ low


def _scaled_rows(matrix: SparseMatrix, factors: FloatArray) -> SparseMatrix:
    repeated = np.repeat(factors, np.diff(matrix.indptr))
    return csr_array((matrix.data * repeated, matrix.indices, matrix.indptr), shape=matrix.shape)


def label_fields(network: Network) -> FloatArray:
    """Field that clamping to each class puts on each unit, sum_c Wback_ic y_c; (H, C).

    One supervisory neuron per class carries it whole, so that silence is no field at all.
    """
    from spinspike.model.dynamics import label_code

    classes = network.classes
    return network.supervisory @ label_code(np.arange(classes), classes).T


def _row_scale(network: Network, coupling: SparseMatrix, largest: int, exponent: int) -> FloatArray:
    """alpha_i, capped by the strongest weight and by the bias of the worst allowed image."""
    strongest = 2 * row_peak(coupling)
    beside = np.maximum(
        2 * np.abs(network.self_coupling), np.abs(label_fields(network)).max(axis=1)
    )
    bottom, top = input_reach(
        network.input_weight, network.centre, network.gain, network.input_range
    )
    bottom, top = bottom + network.bias, top + network.bias
    constant = coupling.sum(axis=1) + network.self_coupling
    bias = np.max(np.abs([top, bottom, top - constant, bottom - constant]), axis=0)
    # rounding may move the sum of a row by half a step per synapse, and half of that is bias
    slack = 2 + ((np.diff(coupling.indptr) << exponent) + 256) // 4
    with np.errstate(divide="ignore"):
        scale = np.min(
            [
                (largest << exponent) / strongest,
                (largest << EXPONENT_LIMIT) / beside,
                (BIAS_LIMIT - slack) / bias,
            ],
            axis=0,
        )
    # a row without anything in it takes any scale
    return np.asarray(np.where(np.isfinite(scale), scale, 1.0))


def _exponent(fields: FloatArray, largest: int) -> int:
    """Smallest exponent at which the largest field fits; rows are scaled so that 7 always does."""
    need = float(np.abs(fields).max(initial=0.0))
    fitting = (e for e in range(EXPONENT_LIMIT) if need <= largest << e)
    return next(fitting, EXPONENT_LIMIT)


def _round(fields: FloatArray, exponent: int, largest: int) -> IntArray:
    """Nearest multiple of 2**exponent, at most ``largest`` of them."""
    mantissa = np.clip(np.rint(fields / 2**exponent), -largest, largest)
    return np.asarray(mantissa.astype(np.int64) << exponent)
