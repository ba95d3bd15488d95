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
        Scales to try, against the one at which the strongest weight just fits.
    mean, covariance : (H,) and (H, H)
        Of the states.
    """
    exact = csr_array(readout)
    if not len(readout):  # no classes
        nothing = csr_array(readout.shape, dtype=np.int16)
        return IntegerMatrix(nothing, 0), np.zeros(0, dtype=np.int64)
    rows, spread = Rows.of(exact), covariance + SHRINK * np.eye(len(covariance))
    finest = (np.abs(exact.data).max(initial=0.0) or 1.0) / rounding.largest
    units = [np.full(rows.weight.shape, finest / factor) for factor in factors]
    strayed = [adaptive_rounding(rows, u, rounding.largest, spread)[1].sum() for u in units]
    unit = units[int(np.argmin(strayed))]
    found, _ = adaptive_rounding(rows, unit, rounding.largest, spread, kicks=KICKS)
    data = found[rows.exists].astype(np.int16)
    mantissa = csr_array((data, exact.indices, exact.indptr), shape=exact.shape)
    scores = IntegerMatrix(mantissa, _exponent(mantissa, rounding))
    scale = 2.0**scores.exponent * factors[int(np.argmin(strayed))] / (2 * finest)
    half = (mantissa * (2.0**scores.exponent / 2)).toarray()
    offset = np.rint(scale * (readout @ mean) - half @ (1 + mean)).astype(np.int64)
    return scores, offset


def _exponent(mantissa: SparseMatrix, rounding: Rounding) -> int:
    """The highest, up to that of the couplings, at which biases and sums fit, half left over."""
    weight = mantissa.astype(np.int64)
    sums = weight.sum(axis=1), abs(weight).sum(axis=1)
    fits = (
        exponent
        for exponent in range(rounding.exponent, 0, -1)
        if max(np.ptp(one) for one in sums) << exponent <= BIAS_LIMIT
        and int(sums[1].max()) << exponent <= STATE_LIMIT // 2
    )
    return next(fits, 0)
