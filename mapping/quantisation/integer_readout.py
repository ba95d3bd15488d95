"""Readout in integers whose scores stray least over the states it has to read."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from spinspike.arrays import FloatArray, IntArray, SparseMatrix
from spinspike.mapping.graph.codec import BIAS_LIMIT
from spinspike.mapping.graph.integer_matrix import IntegerMatrix
from spinspike.mapping.graph.register_limits import STATE_LIMIT

from .adaptive_rounding import Rows, adaptive_rounding
from .rounding import Rounding
from .row_scale import largest_readout_scale

KICKS = 400  # tries to do better: there are few rows, and each has as many weights as units
SHRINK = 0.3  # variance added to that of each spin, so that chance correlations count for less


def integer_readout(
    readout: FloatArray,
    rounding: Rounding,
    factors: FloatArray,
    mean: FloatArray,
    covariance: FloatArray,
) -> tuple[IntegerMatrix, IntArray]:
    """Integer weights and offsets of a readout; all classes share one scale.

    Parameters
    ----------
    readout : (C, H)
    factors : (F,)
        Scales to try, against the one at which the strongest weight just fits; none larger than
        that at which bias and membrane of the readout neurons fit.
    mean, covariance : (H,) and (H, H)
        Of the states.
    """
    exact = csr_array(readout)
    if not len(readout):  # no classes
        nothing = csr_array(readout.shape, dtype=np.int16)
        return IntegerMatrix(nothing, 0), np.zeros(0, dtype=np.int64)
    rows, spread = Rows.of(exact), covariance + SHRINK * np.eye(len(covariance))
    finest = (np.abs(exact.data).max(initial=0.0) or 1.0) / rounding.largest
    units = np.unique(np.maximum(finest / factors, 0.5 / largest_readout_scale(readout)))
    strayed = [
        adaptive_rounding(rows, np.full(rows.weight.shape, u), rounding.largest, spread)[1].sum()
        for u in units
    ]
    unit = float(units[int(np.argmin(strayed))])
    steps = np.full(rows.weight.shape, unit)
    found, _ = adaptive_rounding(rows, steps, rounding.largest, spread, kicks=KICKS)
    data = found[rows.exists].astype(np.int16)
    mantissa = csr_array((data, exact.indices, exact.indptr), shape=exact.shape)
    score = readout @ mean / unit  # the mean, in mantissas
    tries = (_at(mantissa, e, score, mean) for e in range(rounding.exponent, 0, -1))
    return next((one for one in tries if fits(*one)), _at(mantissa, 0, score, mean))


def _at(
    mantissa: SparseMatrix, exponent: int, score: FloatArray, mean: FloatArray
) -> tuple[IntegerMatrix, IntArray]:
    """The readout at an exponent, with offsets at which the mean scores are right."""
    weight = 2.0**exponent * mantissa
    offset = np.rint(2.0 ** (exponent - 1) * score - weight @ (1 + mean) / 2)
    return IntegerMatrix(mantissa, exponent), offset.astype(np.int64)


def fits(scores: IntegerMatrix, offset: IntArray) -> bool:
    """Whether bias and membrane of the readout neurons fit, whatever the encoding.

    Parameters
    ----------
    scores : IntegerMatrix
        (C, H).
    offset : (C,)
        Bias of each class where every neuron that carries a weight spikes when its unit is up.
    """
    weight = scores.mantissa.astype(np.int64)
    down, total = (
        np.asarray(part.sum(axis=1)) << scores.exponent for part in (weight.minimum(0), abs(weight))
    )
    # only differences of biases count; carriers that spike when their unit is down add theirs
    bias = max(int(np.ptp(one)) // 2 + 1 for one in (offset, offset + down))
    return bias <= BIAS_LIMIT and int(total.max(initial=0)) + bias <= STATE_LIMIT
