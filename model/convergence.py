"""Where states go when nothing drives them: to a fixed point, round a cycle, or on and on.

Fixed points exist in exponential number for any self-coupling above 0 (`manifold.enumeration`), yet the
dynamics reach them only where self-couplings or links are strong enough: the reason for J_D.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

import numpy as np
from scipy.sparse import diags_array

from .arrays import BoolArray, FloatArray, IntArray, SparseMatrix, SpinArray
from .dynamics import field, sign
from .errors import BadInput, MissingPart
from .network import Network

Order = Literal["synchronous", "partial", "asynchronous"]
ORDERS: tuple[Order, ...] = ("synchronous", "partial", "asynchronous")
DEVICES = ("auto", "cpu", "numpy")

# One sweep of the given rows of the states (P, H), in place; returns which were fixed points before.
Step = Callable[[SpinArray, IntArray], BoolArray]


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
        Of asynchronous sweeps: compiled, which ``auto`` takes where Numba is installed, or plain.

    Raises
    ------
    BadInput
        A value is none of these, or shapes do not fit the network.

    Examples
    --------
    Two spins, one following the other and the other fleeing it, go round for ever:

    >>> from spinspike.model.own_network import from_arrays
    >>> pair = from_arrays([[0, 1], [-1, 0]], np.ones((2, 1)), np.eye(2), np.eye(2))
    >>> converge(pair, np.array([[1, 1]], dtype=np.int8)).period.tolist()
    [4]
    """
    _check(network, states, external, limit=limit)
    if external is None:
        external = np.zeros(states.shape)
    states = states.astype(np.int8)
    if order == "synchronous":
        step = _synchronous(network, external)
    elif rng is None:
        message = f"order {order!r} needs a random generator; allowed: rng=numpy.random.Generator"
        raise BadInput(message)
    elif order == "partial":
        step = _partial(network, external, update_probability, rng)
    elif order == "asynchronous":
        make = _compiled if use_numba(device) else _asynchronous
        step = make(network, external, states, rng)
    else:
        message = f"order is {order!r}; allowed: {', '.join(ORDERS)}"
        raise BadInput(message)
    return _follow(states, step, limit, cycles=order == "synchronous")


def _follow(states: SpinArray, step: Step, limit: int, *, cycles: bool) -> Convergence:
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
        fixed = step(states, rows)
        sweeps[rows[fixed]], period[rows[fixed]] = t, 1
        if t == limit:
            states[rows] = before  # this step only told which of them are fixed
        rows = rows[~fixed]
        if not rows.size:
            break
    return Convergence(states, sweeps, period)


def _synchronous(network: Network, external: FloatArray) -> Step:
    def step(states: SpinArray, rows: IntArray) -> BoolArray:
        moved = sign(field(network, states[rows], external[rows]))
        fixed = (moved == states[rows]).all(axis=1)
        states[rows] = moved
        return np.asarray(fixed)

    return step


def _partial(
    network: Network, external: FloatArray, probability: float, rng: np.random.Generator
) -> Step:
    if not 0 < probability <= 1:
        message = f"update_probability is {probability}; allowed: above 0, up to 1"
        raise BadInput(message)

    def step(states: SpinArray, rows: IntArray) -> BoolArray:
        before = states[rows]
        moved = sign(field(network, before, external[rows]))
        states[rows] = np.where(rng.random(before.shape) < probability, moved, before)
        return np.asarray((moved == before).all(axis=1))

    return step


def _asynchronous(
    network: Network, external: FloatArray, _: SpinArray, rng: np.random.Generator
) -> Step:
    """Site by site, each field added up anew: slow, and what the kernel is tested against."""
    weights = _all_weights(network)

    def step(states: SpinArray, rows: IntArray) -> BoolArray:
        before = states[rows]
        spins = before.T.astype(np.float64)
        for i in rng.permutation(network.units):
            synapses = slice(weights.indptr[i], weights.indptr[i + 1])
            drive = weights.data[synapses] @ spins[weights.indices[synapses]]
            spins[i] = np.where(drive + external[rows, i] >= 0, 1, -1)
        states[rows] = spins.T
        return np.asarray((states[rows] == before).all(axis=1))

    return step


def _compiled(
    network: Network, external: FloatArray, states: SpinArray, rng: np.random.Generator
) -> Step:
    """Site by site; a flip tells the fields of all its targets."""
    from .convergence_kernels import sweep_in_turn

    fields = field(network, states, external)
    columns = _all_weights(network).tocsc()
    synapses = columns.indptr, columns.indices, columns.data

    def step(states: SpinArray, rows: IntArray) -> BoolArray:
        fixed = sweep_in_turn(states, fields, rows, rng.permutation(network.units), *synapses) == 0
        quiet = rows[fixed]  # by fields that were added up flip by flip; now anew
        fields[quiet] = field(network, states[quiet], external[quiet])
        fixed[fixed] = (sign(fields[quiet]) == states[quiet]).all(axis=1)
        return np.asarray(fixed)

    return step


def _all_weights(network: Network) -> SparseMatrix:
    """Couplings, links and self-couplings as one CSR matrix."""
    return (network.coupling + network.link + diags_array(network.self_coupling)).tocsr()


def use_numba(device: str) -> bool:
    """Whether to take compiled kernels for a device; refuses unknown ones, and missing Numba."""
    if device not in DEVICES:
        message = f"device is {device!r}; allowed: {', '.join(DEVICES)}"
        raise BadInput(message)
    installed = find_spec("numba") is not None
    if device == "cpu" and not installed:
        message = "device cpu needs numba: pip install 'spinspike[fast]', or take device numpy"
        raise MissingPart(message)
    return installed and device != "numpy"


def _check(network: Network, states: SpinArray, external: FloatArray | None, *, limit: int) -> None:
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
