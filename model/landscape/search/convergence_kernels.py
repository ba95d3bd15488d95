"""The sweeps of `convergence`, compiled: fields are kept, and only flips change them.

A block of patterns goes through the sites together, so that the couplings of a site, one column of
the matrix, are in the processor's cache for all of them. Blocks are shared among threads.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import diags_array

from spinspike.arrays import BoolArray, FloatArray, IntArray, SpinArray
from spinspike.compiled import compiled
from spinspike.model.network.dynamics import field, sign
from spinspike.model.network.network import Network
from spinspike.model.network.summation import rounding

BLOCK = 2**15  # fields of the patterns that a thread sweeps together: they stay in its cache
PORTION = 256  # patterns whose fields are added up together
DENSE = 0.3  # fraction of couplings from which on zeros are treated as couplings too: faster then


class Columns(NamedTuple):
    """All weights by the unit that they come from: who feels its flip, and how much.

    Those of unit i are number ``start[i]`` up to ``start[i + 1]``; dense ones, which have no
    ``target``, go to all units in turn.
    """

    start: NDArray[np.int64]  # (H + 1,)
    target: NDArray[np.int32]  # (weights,), or (0,)
    weight: FloatArray  # (weights,)


@compiled
def spread(columns: Columns, i: int, change: float, field: FloatArray) -> None:
    """Let the field (H,) of a pattern know that unit i changed."""
    first, last = columns.start[i], columns.start[i + 1]
    weight = columns.weight[first:last]
    if len(columns.target):
        target = columns.target[first:last]
        for k in range(len(weight)):
            field[target[k]] += change * weight[k]
    else:
        for k in range(len(weight)):
            field[k] += change * weight[k]


@compiled
def sweep_in_turn(
    columns: Columns, order: IntArray, rows: IntArray, states: SpinArray, fields: FloatArray
) -> IntArray:
    """Let each site follow its field in the given order, for some rows of the states, in place.

    Parameters
    ----------
    order : (H,) of sites
    rows : which patterns
    states, fields : (P, H)
        Spins, and the field of each.

    Returns
    -------
    Number of flips in each of the rows.
    """
    flips = np.zeros(len(rows), np.int64)
    for i in order:
        for n in range(len(rows)):
            row = rows[n]
            up = fields[row, i] >= 0
            if up != (states[row, i] > 0):
                change = 2 if up else -2
                states[row, i] += change
                flips[n] += 1
                spread(columns, i, float(change), fields[row])
    return flips


@compiled
def close_to_zero(rows: IntArray, fields: FloatArray, tolerance: FloatArray) -> BoolArray:
    """In which rows some field is smaller than a tolerance (H,)."""
    close = np.zeros(len(rows), np.bool_)
    for n in range(len(rows)):
        field = fields[rows[n]]
        for i in range(len(field)):
            close[n] |= abs(field[i]) < tolerance[i]
    return close


@compiled
def sweep_at_once(
    columns: Columns, update_mask: BoolArray, rows: IntArray, states: SpinArray, fields: FloatArray
) -> IntArray:
    """Let all sites whose turn it is follow their fields together, in place.

    Parameters
    ----------
    update_mask : (rows, H)
        Whose turn it is; no entries: everyone's.
    rows, states, fields
        As in `sweep_in_turn`.

    Returns
    -------
    Number of spins in each of the rows that disagreed with their field.
    """
    units = states.shape[1]
    wrong = np.zeros(len(rows), np.int64)
    change = np.zeros((units, len(rows)), np.int8)
    for n in range(len(rows)):
        spins, driven_by = states[rows[n]], fields[rows[n]]
        for i in range(units):
            up = driven_by[i] >= 0
            if up != (spins[i] > 0):
                wrong[n] += 1
                if not update_mask.size or update_mask[n, i]:
                    change[i, n] = 2 if up else -2
                    spins[i] += change[i, n]
    for i in range(units):
        for n in range(len(rows)):
            if change[i, n]:
                spread(columns, i, float(change[i, n]), fields[rows[n]])
    return wrong


class KeptFields:
    """States (P, H) and the field of each spin, which every flip keeps up to date.

    Rounding adds up with the flips. Before it could decide whether a state is fixed, or where
    synchronous sweeps go, the fields of that state are those of the model again.
    """

    def __init__(
        self, network: Network, states: SpinArray, external: FloatArray, pool: Executor
    ) -> None:
        self._network, self._states, self._external, self._pool = network, states, external, pool
        dense = network.coupling.nnz > DENSE * network.units**2
        self._columns = _columns(network, dense=dense)
        some = replace(network, coupling=network.coupling.toarray()) if dense else network
        self._fields = np.empty(states.shape)
        for start in range(0, len(states), PORTION):
            at = slice(start, start + PORTION)
            self._fields[at] = field(some, states[at], external[at])
        step = 2 * rounding(network, external)
        self._drift, self._tolerance = network.units * step, 2 * (network.units + 1) * step

    def in_turn(self, rows: IntArray, order: IntArray) -> BoolArray:
        """One site after the other; see `convergence.Sweeper`."""
        states, fields = self._states, self._fields
        flips = self._share(
            lambda at: sweep_in_turn(self._columns, order, rows[at], states, fields), rows
        )
        self._tolerance += self._drift
        fixed: BoolArray = flips == 0
        doubted = self._settle(rows[fixed])
        fixed[np.isin(rows, doubted)] = (sign(fields[doubted]) == states[doubted]).all(axis=1)
        return fixed

    def at_once(self, rows: IntArray, update_mask: BoolArray) -> BoolArray:
        """All sites whose turn it is; see `convergence.Sweeper`."""
        states, fields = self._states, self._fields
        self._settle(rows)
        wrong = self._share(
            lambda at: sweep_at_once(self._columns, update_mask[at], rows[at], states, fields), rows
        )
        self._tolerance += self._drift
        return np.asarray(wrong == 0)

    def _settle(self, rows: IntArray) -> IntArray:
        """Take the model's own fields where rounding could decide on a sign; returns which rows."""
        close = self._share(lambda at: close_to_zero(rows[at], self._fields, self._tolerance), rows)
        doubted: IntArray = rows[close]
        self._fields[doubted] = field(self._network, self._states[doubted], self._external[doubted])
        return doubted

    def _share(self, work: Callable[[slice], NDArray[Any]], rows: IntArray) -> NDArray[Any]:
        """Block by block, on all threads."""
        size = max(8, BLOCK // self._network.units)
        blocks = [slice(n, n + size) for n in range(0, max(1, len(rows)), size)]
        return np.concatenate(list(self._pool.map(work, blocks)))


def _columns(network: Network, *, dense: bool) -> Columns:
    weights = network.coupling + network.link + diags_array(network.self_coupling)
    if dense:
        start = network.units * np.arange(network.units + 1)
        return Columns(start, np.empty(0, np.int32), weights.T.toarray().ravel())
    sparse = weights.tocsc()
    targets = sparse.indices.astype(np.int32)
    return Columns(sparse.indptr.astype(np.int64), targets, sparse.data)
