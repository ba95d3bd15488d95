"""Rounding that keeps sums: the error of one weight makes up for that of another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from spinspike.arrays import BoolArray, FloatArray, IntArray, SparseMatrix

KICKED = 3  # weights that a kick moves in each row


@dataclass(frozen=True)
class Rows:
    """Synapses of every target side by side, in as many places for each, the last ones empty."""

    source: IntArray  # (targets, places)
    weight: FloatArray
    exists: BoolArray

    @classmethod
    def of(cls, matrix: SparseMatrix) -> Rows:
        """The rows of a CSR matrix."""
        counts = np.diff(matrix.indptr)
        target = np.repeat(np.arange(len(counts)), counts)
        place = np.arange(matrix.nnz) - np.repeat(matrix.indptr[:-1], counts)
        shape = (len(counts), int(counts.max(initial=0)))
        found = cls(np.zeros(shape, np.int64), np.zeros(shape), np.zeros(shape, np.bool_))
        found.source[target, place] = matrix.indices
        found.weight[target, place] = matrix.data
        found.exists[target, place] = True
        return found

    def beside(self, other: Rows) -> Rows:
        """The places of these and those of other ones into the same targets."""
        names = ("source", "weight", "exists")
        return Rows(*(np.hstack([getattr(self, name), getattr(other, name)]) for name in names))


def adaptive_rounding(
    rows: Rows,
    unit: FloatArray,
    largest: int,
    covariance: FloatArray,
    *,
    kicks: int = 0,
    rng: np.random.Generator | None = None,
) -> tuple[IntArray, FloatArray]:
    """Integers m whose sums sum_j unit_j m_j s_j stray least from sum_j weight_j s_j.

    The variance of what they stray by, v = e' C e with e = unit m - weight and C the covariance of
    the sources s, falls from the nearest integers on, one weight of each row at a time: the one
    that lowers v most, to its best integer, until none does.

    Parameters
    ----------
    unit : (targets, places)
        What an integer of 1 stands for.
    largest : int
        Largest absolute integer.
    covariance : (sources, sources)
    kicks : int
        How often to move a few weights at random and descend again, from the best so far.
    rng : Generator, optional
        Of the kicks; by default one of seed 0.

    Returns
    -------
    integers : (targets, places)
    variance : (targets,)

    Examples
    --------
    Two sources that always agree carry 0.4 + 0.4; to the nearest that would be 0 and 0.

    >>> rows = Rows.of(csr_array(np.array([[0.4, 0.4]])))
    >>> integers, variance = adaptive_rounding(rows, np.ones((1, 2)), 1, np.ones((2, 2)))
    >>> int(integers.sum()), round(float(variance[0]), 3)
    (1, 0.04)
    """
    rng = np.random.default_rng(0) if rng is None else rng
    bound = np.where(rows.exists, largest, 0)
    best = np.clip(np.rint(rows.weight / unit), -bound, bound)
    pull = _pull(rows, best * unit - rows.weight, covariance)
    _descend(rows, unit, bound, covariance, best, pull)
    variance = ((best * unit - rows.weight) * pull).sum(axis=1)
    target, filled = np.arange(len(best)), rows.exists.sum(axis=1)
    for _ in range(kicks if best.size else 0):
        tried, pulled = best.copy(), pull.copy()
        for _ in range(KICKED):
            place = rng.integers(0, np.maximum(filled, 1))
            moved = tried[target, place] + rng.choice([-1, 1], target.size)
            _set(rows, unit, covariance, tried, pulled, (target, place), moved, bound)
        _descend(rows, unit, bound, covariance, tried, pulled)
        now = ((tried * unit - rows.weight) * pulled).sum(axis=1)
        won = now < variance
        best[won], pull[won], variance[won] = tried[won], pulled[won], now[won]
    return best.astype(np.int64), np.maximum(variance, 0)


def _descend(
    rows: Rows,
    unit: FloatArray,
    bound: IntArray,
    covariance: FloatArray,
    integers: FloatArray,
    pull: FloatArray,
) -> None:
    """Lower v as long as a single weight can, in place."""
    power = unit**2 * covariance.diagonal()[rows.source]
    power[power <= 0] = np.inf  # of sources that never change
    active = np.arange(len(integers) if integers.size else 0)
    while active.size:
        now, slope = integers[active], unit[active] * pull[active]
        best = np.clip(np.rint(now - slope / power[active]), -bound[active], bound[active])
        step = best - now
        gain = -step * (2 * slope + step * np.where(step, power[active], 0))  # 0 times inf is none
        place, row = gain.argmax(axis=1), np.arange(active.size)
        worth = gain[row, place] > 1e-9 * unit[active, place] ** 2
        active, at = active[worth], place[worth]
        _set(rows, unit, covariance, integers, pull, (active, at), best[row, place][worth], bound)


def _set(
    rows: Rows,
    unit: FloatArray,
    covariance: FloatArray,
    integers: FloatArray,
    pull: FloatArray,
    at: tuple[IntArray, IntArray],
    value: FloatArray,
    bound: IntArray,
) -> None:
    """Set one integer of each of some rows, inside its bounds."""
    value = np.clip(value, -bound[at], bound[at])
    change = ((value - integers[at]) * unit[at])[:, None]
    integers[at] = value
    pull[at[0]] += change * covariance[rows.source[at][:, None], rows.source[at[0]]]


def _pull(rows: Rows, error: FloatArray, covariance: FloatArray) -> FloatArray:
    """Covariance of each source with the sum of the errors, (targets, places)."""
    targets, places = error.shape
    at = (np.repeat(np.arange(targets), places), rows.source.ravel())
    errors = csr_array((error.ravel(), at), shape=(targets, len(covariance)))
    return np.take_along_axis(np.asarray(errors @ covariance), rows.source, axis=1)
