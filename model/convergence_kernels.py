"""The asynchronous sweep of `convergence`, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import FloatArray, IntArray, SpinArray
from .kernels import compiled


@compiled
def sweep_in_turn(
    states: SpinArray,
    fields: FloatArray,
    rows: IntArray,
    order: IntArray,
    indptr: NDArray[Any],
    targets: NDArray[Any],
    weight: FloatArray,
) -> IntArray:
    """Let each site follow its field in the given order, for some rows of the states, in place.

    Parameters
    ----------
    states, fields : (P, H)
        Spins, and the field of each.
    rows : which patterns
    order : (H,) of sites
    indptr, targets, weight
        All weights by columns (CSC): who feels a flip.

    Returns
    -------
    Number of flips in each of the rows.
    """
    flips = np.zeros(len(rows), np.int64)
    for n in range(len(rows)):
        row = rows[n]
        for i in order:
            spin = 1 if fields[row, i] >= 0 else -1
            change = spin - states[row, i]
            if change == 0:
                continue
            states[row, i] = spin
            flips[n] += 1
            for k in range(indptr[i], indptr[i + 1]):
                fields[row, targets[k]] += change * weight[k]
    return flips
