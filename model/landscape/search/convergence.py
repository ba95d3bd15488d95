"""Where states go when nothing drives them: to a fixed point, round a cycle, or on and on.

Fixed points exist in exponential number for any self-coupling above 0 (`manifold.enumeration`), yet the
dynamics reach them only where self-couplings or links are strong enough: the reason for J_D.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Literal, Protocol

import numpy as np
from scipy.sparse import diags_array

from spinspike.arrays import BoolArray, FloatArray, IntArray, SpinArray
from spinspike.errors import BadInput, MissingPart
from spinspike.model.learning.uncompiled import INSTALL, compiles
from spinspike.model.network.dynamics import field, sign
from spinspike.model.network.network import Network
from spinspike.task import Progress

Order = Literal["synchronous", "partial", "asynchronous"]
ORDERS: tuple[Order, ...] = ("synchronous", "partial", "asynchronous")
DEVICES = ("auto", "cpu", "numpy")
COST = "NumPy follows the dynamics: to the same states, many times slower"

# What a sweep of so many states draws: an order of sites, or whose turn it is.
Draw = Callable[[int], Any]


class Sweeper(Protocol):
    """Sweeps some rows of states (P, H), in place; tells which were fixed points before."""

    def in_turn(self, rows: IntArray, order: IntArray) -> BoolArray:
        """One site after the other, (H,)."""

    def at_once(self, rows: IntArray, update_mask: BoolArray) -> BoolArray:
        """All sites whose turn it is, (rows, H); no entries: everyone's."""


@dataclass(frozen=True)
class Convergence:
    """What became of each of P states, and after how many sweeps."""

    states: SpinArray  # (P, H) the fixed point, a state of the cycle, or the last one
    sweeps: IntArray  # (P,) until the fixed point or cycle was reached; undecided: the limit
    period: IntArray  # (P,) 1: fixed point, k: cycle of k states, 0: undecided

    @property
    def fixed(self) -> BoolArray:
        """Whether each state came to a fixed point, (P,)."""
        return np.asarray(self.period == 1)


def random_states(network: Network, patterns: int, rng: np.random.Generator) -> SpinArray:
    """Independent fair spins, (patterns, H)."""
    return 2 * rng.integers(0, 2, size=(patterns, network.units), dtype=np.int8) - 1


def converge(
    network: Network,
    states: SpinArray,
    *,
    external: FloatArray | None = None,
    order: Order = "synchronous",
    update_probability: float = 0.8,
    rng: np.random.Generator | None = None,
    limit: int = 1000,
    device: str = "auto",
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Convergence:
    """Follow states until each has come to a fixed point or a cycle, or for so many sweeps.

    Parameters
    ----------
    states : (P, H)
        Where to start from.
    external : (P, H), optional
        Field of the input, as `dynamics.input_field` gives it; zero when not given.
    order : {"synchronous", "partial", "asynchronous"}
        All spins at once; each with ``update_probability`` in a sweep, drawn for every pattern
        apart; or one after another in a random order of sites, new in every sweep and the same
        for all patterns.
    rng : numpy.random.Generator
        Needed by all orders but the synchronous one, whose cycles are recognised instead.
    limit : int
        Sweeps, 1 or more, within which fixed points must be reached and cycles must close.
    device : {"auto", "cpu", "numpy"}
        Compiled, which ``auto`` takes where Numba is installed, or plain.
    jobs : int, optional
        Threads of compiled sweeps; by default one for each core. Results do not depend on it.
    progress : callable, optional
        Called after every sweep with the number of patterns that are settled, and that of all.

    Raises
    ------
    BadInput
        A value is none of these, or shapes do not fit the network.

    Examples
    --------
    Two spins, one following the other and the other fleeing it, go round for ever:

    >>> from spinspike.model.network.import_arrays import from_arrays
    >>> pair = from_arrays([[0, 1], [-1, 0]], np.ones((2, 1)), np.eye(2), np.eye(2))
    >>> converge(pair, np.array([[1, 1]], dtype=np.int8)).period.tolist()
    [4]
    """
    jobs = (os.cpu_count() or 1) if jobs is None else jobs
    _check(network, states, external, limit=limit, jobs=jobs)
    draw = _drawn(order, network.units, update_probability, rng)
    external = np.broadcast_to(0.0, states.shape) if external is None else external
    states = states.astype(np.int8)
    with ThreadPoolExecutor(jobs) as pool:
        make = _compiled if use_numba(device) else _Plain
        sweeper: Sweeper = make(network, states, external, pool)
        sweep = sweeper.in_turn if order == "asynchronous" else sweeper.at_once

        def step(rows: IntArray) -> BoolArray:
            return sweep(rows, draw(len(rows)))

        return _follow(states, step, limit, progress, cycles=order == "synchronous")


def _drawn(order: Order, units: int, probability: float, rng: np.random.Generator | None) -> Draw:
    """What each sweep draws."""
    if order == "synchronous":
        return lambda _: np.empty((0, units), np.bool_)
    if rng is None:
        message = f"order {order!r} needs a random generator; allowed: rng=numpy.random.Generator"
        raise BadInput(message)
    if order == "asynchronous":
        return lambda _: rng.permutation(units)
    if order != "partial":
        message = f"order is {order!r}; allowed: {', '.join(ORDERS)}"
        raise BadInput(message)
    if not 0 < probability <= 1:
        message = f"update_probability is {probability}; allowed: above 0, up to 1"
        raise BadInput(message)
    return lambda patterns: rng.random((patterns, units)) < probability


def _follow(
    states: SpinArray,
    step: Callable[[IntArray], BoolArray],
    limit: int,
    progress: Progress | None,
    *,
    cycles: bool,
) -> Convergence:
    """Step until all states are settled; cycles are told by a state that was there before."""
    patterns = len(states)
    sweeps, period = np.full(patterns, limit), np.zeros(patterns, dtype=np.int64)
    rows = np.arange(patterns)
    visited: list[dict[bytes, int]] = [{} for _ in range(patterns if cycles else 0)]
    for t in range(limit + 1):
        if cycles:
            for row, packed in zip(rows, np.packbits(states[rows] > 0, axis=1), strict=True):
                first = visited[row].setdefault(packed.tobytes(), t)
                if first < t:
                    sweeps[row], period[row] = first, t - first
            rows = rows[period[rows] == 0]
        before = states[rows]
        fixed = step(rows)
        sweeps[rows[fixed]], period[rows[fixed]] = t, 1
        if t == limit:
            states[rows] = before  # this step only told which of them are fixed
        rows = rows[~fixed]
        if progress:
            progress(patterns - rows.size, patterns)
        if not rows.size:
            break
    return Convergence(states, sweeps, period)


class _Plain:
    """Every field added up anew: slow, and what the kernels are tested against."""

    def __init__(
        self, network: Network, states: SpinArray, external: FloatArray, _: Executor
    ) -> None:
        self._network, self._states, self._external = network, states, external
        weights = network.coupling + network.link + diags_array(network.self_coupling)
        self._weights = weights.tocsr()

    def at_once(self, rows: IntArray, update_mask: BoolArray) -> BoolArray:
        before = self._states[rows]
        moved = sign(field(self._network, before, self._external[rows]))
        self._states[rows] = np.where(update_mask, moved, before) if update_mask.size else moved
        return np.asarray((moved == before).all(axis=1))

    def in_turn(self, rows: IntArray, order: IntArray) -> BoolArray:
        weights, before = self._weights, self._states[rows]
        spins = before.T.astype(np.float64)
        for i in order:
            synapses = slice(weights.indptr[i], weights.indptr[i + 1])
            drive = weights.data[synapses] @ spins[weights.indices[synapses]]
            spins[i] = np.where(drive + self._external[rows, i] >= 0, 1, -1)
        self._states[rows] = spins.T
        return np.asarray((self._states[rows] == before).all(axis=1))


def _compiled(network: Network, states: SpinArray, external: FloatArray, pool: Executor) -> Sweeper:
    from .convergence_kernels import KeptFields

    return KeptFields(network, states, external, pool)


def use_numba(device: str, *, worth: bool = True) -> bool:
    """Whether to take compiled kernels for a device; refuses unknown ones, and missing Numba.

    Parameters
    ----------
    device : {"auto", "cpu", "numpy"}
        "auto" is Numba where it is installed, and says so where it is not.
    worth : bool
        Whether they are faster at all.
    """
    if device not in DEVICES:
        message = f"device is {device!r}; allowed: {', '.join(DEVICES)}"
        raise BadInput(message)
    if device == "cpu" and not find_spec("numba"):
        message = f"device cpu needs numba: {INSTALL}, or take device numpy"
        raise MissingPart(message)
    return worth and device != "numpy" and compiles(COST)


def _check(
    network: Network, states: SpinArray, external: FloatArray | None, *, limit: int, jobs: int
) -> None:
    if states.ndim != 2 or states.shape[1] != network.units or not np.isin(states, (-1, 1)).all():
        message = (
            f"states have shape {states.shape}; allowed: (patterns, {network.units}) of -1 and +1"
        )
        raise BadInput(message)
    if external is not None and external.shape != states.shape:
        message = f"external has shape {external.shape}; allowed: that of states, {states.shape}"
        raise BadInput(message)
    if limit < 1:
        message = f"limit is {limit} sweeps; allowed: 1 or more"
        raise BadInput(message)
    if jobs < 1:
        message = f"jobs is {jobs}; allowed: 1 or more"
        raise BadInput(message)
