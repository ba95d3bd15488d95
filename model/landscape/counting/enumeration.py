"""Every fixed point of a small network, one by one, and how many theory expects.

Local dynamics find some fixed points of a network; only enumeration finds all. That there are
exponentially many for any self-coupling above 0 is the ground the learning stands on, and for
Gaussian couplings their mean number has a closed form at any size: what the code counts can be
held against a theorem.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from spinspike.arrays import FloatArray, IntArray, SpinArray
from spinspike.errors import BadInput
from spinspike.model.landscape.search.convergence import use_numba
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.dynamics import field, sign
from spinspike.model.network.network import Network, random_network
from spinspike.model.network.summation import rounding
from spinspike.task import Progress

if TYPE_CHECKING:
    from .enumeration_kernels import Tables

LIMITS = {"numpy": 22, "cpu": 40}  # units: some seconds, and an hour
MEMORY = 2**30  # bytes of states that are returned at once
CHUNK = 2**14  # states at a time whose fields are added up
LOW, MIDDLE = 6, 10  # spins: a word of 64 states, and a table that stays in the cache
WORDS = 2**15  # at a time
AHEAD = 16  # blocks of so many words for each thread that may wait to be taken
WORTH = 12  # units: the plain way is faster below

Found = tuple[int, IntArray]  # how many fixed points, and the numbers of those asked for


def fixed_points(
    network: Network,
    *,
    external: FloatArray | None = None,
    device: str = "auto",
    jobs: int | None = None,
    progress: Progress | None = None,
) -> SpinArray:
    """All states s = sign(h), sign(0) = +1, in the order of their numbers; (count, H).

    Bit i of a state's number is spin i, 1 for up.

    Parameters
    ----------
    external : (H,), optional
        Field of one input, as `dynamics.input_field` gives it; zero when not given.
    device : {"auto", "cpu", "numpy"}
        Compiled, 64 states at a time, from 6 units on; or plain. ``auto`` compiles where Numba
        is installed and there are some more units.
    jobs : int, optional
        Threads; by default one for each core. Results do not depend on it.
    progress : callable, optional
        Called with the number of states looked at and that of all states.

    Raises
    ------
    BadInput
        The network has more units than `LIMITS` allows the device, or so many fixed points that
        they do not fit `MEMORY`; external does not fit the network.

    Examples
    --------
    Two units that copy each other agree, and nothing else holds, unless an input decides:

    >>> from spinspike.model.network.import_arrays import from_arrays
    >>> pair = from_arrays([[0, 1], [1, 0]], np.ones((2, 1)), np.eye(2), np.eye(2))
    >>> fixed_points(pair).tolist()
    [[-1, -1], [1, 1]]
    >>> fixed_points(pair, external=np.array([2.0, 0.0])).tolist()
    [[1, 1]]
    """
    most, count, numbers = MEMORY // network.units, 0, []
    for found, some in _found(network, external, device, jobs, progress, keep=True):
        count += found
        if count > most:
            message = (
                f"the network has more than {most} fixed points of {network.units} units; allowed: "
                f"{MEMORY >> 20} MiB of them; count them with `count_fixed_points`"
            )
            raise BadInput(message)
        numbers.append(some)
    return _states(np.concatenate(numbers), network.units)


def count_fixed_points(
    network: Network,
    *,
    external: FloatArray | None = None,
    device: str = "auto",
    jobs: int | None = None,
    progress: Progress | None = None,
) -> int:
    """Number of fixed points among all 2^H states; arguments and errors as in `fixed_points`.

    Examples
    --------
    Without couplings a self-coupling holds every state:

    >>> from spinspike.model.network.import_arrays import from_arrays
    >>> latches = from_arrays(0.5 * np.eye(6), np.ones((6, 1)), np.ones((6, 2)), np.ones((2, 6)))
    >>> count_fixed_points(latches)
    64
    """
    found = _found(network, external, device, jobs, progress, keep=False)
    return sum(count for count, _ in found)


def mean_count(
    units: int,
    self_coupling: float,
    networks: int,
    rng: np.random.Generator,
    *,
    modules: int = 1,
    link: float = 0.0,
    jobs: int | None = None,
) -> tuple[float, float]:
    """Mean number of fixed points of so many dense networks drawn anew, and its standard error.

    A chain of ``modules`` of so many units each, neighbours linked one to one by ``link``.

    Examples
    --------
    >>> from spinspike.model.landscape.theory.complexity import expected_count
    >>> mean, error = mean_count(6, 0.5, 200, np.random.default_rng(0))
    >>> abs(mean - expected_count(6, 0.5)) < 3 * error
    True
    """
    if networks < 2:
        message = f"networks is {networks}; allowed: 2 or more"
        raise BadInput(message)
    architecture = Architecture(
        units=units,
        inputs=1,
        classes=2,
        modules=modules,
        link=link,
        self_coupling=self_coupling,
        sparsity=0.0,
    )
    found = [
        count_fixed_points(random_network(architecture, rng, centre=np.zeros(1)), jobs=jobs)
        for _ in range(networks)
    ]
    return float(np.mean(found)), float(np.std(found, ddof=1) / sqrt(networks))


def _found(
    network: Network,
    external: FloatArray | None,
    device: str,
    jobs: int | None,
    progress: Progress | None,
    *,
    keep: bool,
) -> Iterator[Found]:
    """Fixed points of one block of states after the other."""
    units = network.units
    fast = use_numba(device, worth=units >= (LOW if device == "cpu" else WORTH))
    jobs = (os.cpu_count() or 1) if jobs is None else jobs
    external = np.zeros(units) if external is None else external
    _check(units, external, jobs, limit=LIMITS["cpu" if fast else "numpy"])
    blocks = _compiled(network, external, jobs, keep) if fast else _plain(network, external)
    done = 0
    for states, found in blocks:
        yield found
        done += states
        if progress:
            progress(done, 2**units)


def _check(units: int, external: FloatArray, jobs: int, *, limit: int) -> None:
    if units > limit:
        message = (
            f"the network has {units} units and so 2^{units} states to look at; allowed: up to "
            f"{limit} units; follow the dynamics of larger ones with `convergence`"
        )
        raise BadInput(message)
    if external.shape != (units,) or not np.isfinite(external).all():
        message = f"external has shape {external.shape}; allowed: ({units},) of finite numbers"
        raise BadInput(message)
    if jobs < 1:
        message = f"jobs is {jobs}; allowed: 1 or more"
        raise BadInput(message)


def _plain(network: Network, external: FloatArray) -> Iterator[tuple[int, Found]]:
    """Every field of every state: what the kernel is tested against."""
    for start in range(0, 2**network.units, CHUNK):
        numbers = np.arange(start, min(start + CHUNK, 2**network.units))
        held = _held(network, external, numbers)
        yield len(numbers), (len(held), held)


def _compiled(
    network: Network, external: FloatArray, jobs: int, keep: bool
) -> Iterator[tuple[int, Found]]:
    """A word of states at a time; those that rounding decides on are settled by the model."""
    from .enumeration_kernels import find

    tables, weights = _tables(network, external)
    low = LOW + min(MIDDLE, network.units - LOW)  # spins that the tables are of
    high = network.units - low
    tops = max(1, WORDS >> low - LOW)  # states of the high spins at a time

    def run(first: int) -> tuple[int, Found]:
        numbers = np.arange(first, min(first + tops, 2**high))
        top = _states(numbers, high) @ weights[:, low:].T + external
        held, doubted = np.empty((2, len(numbers) << low - LOW), np.uint64)
        count, start = find(tables, top, first, held, doubted), first << low
        settled = _held(network, external, start + _set_bits(doubted))
        kept = start + _set_bits(held & ~doubted) if keep else settled[:0]
        if keep and settled.size:
            kept = np.sort(np.concatenate([kept, settled]))
        return len(numbers) << low, (count + len(settled), kept)

    starts, some = range(0, 2**high, tops), AHEAD * jobs
    with ThreadPoolExecutor(jobs) as pool:
        for n in range(0, len(starts), some):
            yield from pool.map(run, starts[n : n + some])


def _tables(network: Network, external: FloatArray) -> tuple[Tables, FloatArray]:
    """The tables of the kernel, and all weights, (H, H)."""
    from .enumeration_kernels import Tables

    weights = (network.coupling + network.link).toarray() + np.diag(network.self_coupling)
    end = LOW + min(MIDDLE, network.units - LOW)
    low = _every(LOW)
    fields = weights[:, :LOW] @ low.T  # (H, 64)
    order = np.argsort(fields, axis=1)
    bit = np.uint64(1) << np.arange(2**LOW, dtype=np.uint64)
    last = np.zeros((network.units, 2**LOW + 1), np.uint64)
    last[:, -2::-1] = np.cumsum(bit[order[:, ::-1]], axis=1)
    tables = Tables(
        middle=_every(end - LOW) @ weights[:, LOW:end].T,
        low=np.take_along_axis(fields, order, axis=1),
        last=last,
        up=np.where(low.T > 0, bit, 0).sum(axis=1),
        # Of two sums of up to 2 H + 2 terms, one here and one in the model, and as much again.
        tolerance=8 * (network.units + 1) * rounding(network, external[None]),
    )
    return tables, weights


def _held(network: Network, external: FloatArray, numbers: IntArray) -> IntArray:
    """Those of the states with these numbers that are fixed points, by the model's own field."""
    kept = [numbers[:0]]
    for start in range(0, len(numbers), CHUNK):
        some = numbers[start : start + CHUNK]
        states = _states(some, network.units)
        kept.append(some[(sign(field(network, states, external)) == states).all(axis=1)])
    return np.concatenate(kept)


def _states(numbers: IntArray, units: int) -> SpinArray:
    """States with these numbers, (count, units): bit i is spin i."""
    states = np.empty((len(numbers), units), np.int8)
    for i in range(units):
        states[:, i] = 2 * (numbers >> i & 1) - 1
    return states


def _every(units: int) -> SpinArray:
    """All states of so many units."""
    return _states(np.arange(2**units), units)


def _set_bits(words: NDArray[np.uint64]) -> IntArray:
    """Numbers of the bits that are set."""
    some = np.flatnonzero(words)
    bits = words[some, None] >> np.arange(2**LOW, dtype=np.uint64) & np.uint64(1)
    word, bit = np.nonzero(bits)
    return np.asarray((some[word] << LOW) + bit)
