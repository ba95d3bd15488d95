"""Couplings of a linear network in integers, such that its memory keeps its time-scale.

Rounding moves the eigenvalue lambda of a memory by l . E r / l . r, with E what it does to the
couplings and l, r its left and right eigenvectors. To the nearest, E is random and the shift is up
to a step of the weights times |l| |r|: nothing beside the couplings, much beside 1 - lambda. Hence
each row is rounded such that E h stays small over the states h that white noise drives the network
through: of these the memory's direction r is by far the most frequent, so that E r, and with it the
shift, all but vanishes.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from spinspike.arrays import FloatArray, IntArray
from spinspike.mapping.quantisation.adaptive_rounding import Rows, adaptive_rounding

# Share of the states' variance that is spread over all directions alike: without it rows would roam
# where noise does not go. From 1e-4 to 1e-2 it makes no difference to the memory.
ELSEWHERE = 1e-3


def round_couplings(
    coupling: FloatArray, unit: float, largest: int, covariance: FloatArray | None = None
) -> IntArray:
    """Integers m within -largest … largest that stand for unit * m; (N, N).

    Parameters
    ----------
    covariance : (N, N), optional
        Of the states. With it the field of every unit keeps its value over them; without it every
        weight is rounded to the nearest.

    Examples
    --------
    Two units that are always equal are heard as .8 together, or as 0 and 0:

    >>> coupling = np.array([[0.4, 0.4], [0.0, 0.0]])
    >>> round_couplings(coupling, 1.0, 15, np.ones((2, 2))).sum(axis=1).tolist()
    [1, 0]
    >>> round_couplings(coupling, 1.0, 15).sum(axis=1).tolist()
    [0, 0]
    """
    if covariance is None or not covariance.any():
        nearest = np.rint(coupling / unit).astype(np.int64)
        return np.asarray(np.clip(nearest, -largest, largest))
    rows = Rows.of(csr_array(coupling))
    states = covariance / np.trace(covariance) + np.eye(len(covariance)) * ELSEWHERE / len(
        covariance
    )
    integers, _ = adaptive_rounding(rows, np.full(rows.weight.shape, unit), largest, states)
    found = np.zeros(coupling.shape, dtype=np.int64)
    target = np.repeat(np.arange(len(found)), rows.exists.sum(axis=1))
    found[target, rows.source[rows.exists]] = integers[rows.exists]
    return found
