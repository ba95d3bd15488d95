"""How many fixed points lie at a distance from a state, far beyond what can be looked through.

A population of states at that distance is cooled until no unit fails. What it loses in weight on
the way says how rare fixed points are there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import comb, log, sqrt

import numpy as np

from spinspike.arrays import BoolArray, FloatArray, IntArray, SpinArray
from spinspike.errors import BadInput
from spinspike.model.landscape.search.convergence import use_numba
from spinspike.model.network.network import Network

from .neighbours import all_weights, check_state, finder, is_held

COLDEST = 6.0  # inverse temperature at the end: one failing unit costs a factor of 400

Exchange = Callable[..., None]


@dataclass(frozen=True)
class LocalEntropy:
    """Fixed points at each of D distances from one state of H units."""

    units: int
    distance: IntArray  # (D,)
    log_count: FloatArray  # (D,) ln of their number; -inf: none is there, or none was found
    error: FloatArray  # (D,) standard error of it; 0: exact, nan: none was found
    log_bound: FloatArray  # (D,) ln of a number that theirs does not exceed, on average over runs
    exact: BoolArray  # (D,) whether all were looked at

    @property
    def entropy(self) -> FloatArray:
        """Logarithm of their number per unit, (D,)."""
        return self.log_count / self.units


def local_entropy(
    network: Network,
    state: SpinArray,
    distances: Sequence[int],
    rng: np.random.Generator,
    *,
    external: FloatArray | None = None,
    exact: int = 2,
    runs: int = 8,
    walkers: int = 200,
    temperatures: int = 60,
) -> LocalEntropy:
    """Count fixed points at Hamming distances from a state: exactly when near, else sampled.

    States with d flips are drawn at random, and cooled: E(s) units of a state fail, and
    exchanges of a flipped and an unflipped unit keep states as likely as exp(-beta E) while beta
    rises from 0 to 6. At each of its steps states are drawn anew by their weights
    exp(-(beta' - beta) E), whose means multiply to an estimate of Z = sum_s exp(-beta E(s)) over
    all C(H, d) states, and so, with the share of fixed points at the end, of their number. It is
    unbiased whatever the exchanges reach; what the runs differ by is its error. Should all runs
    miss the same rare region, neither tells. Since each fixed point adds 1 to Z, their number is
    at most Z: all that is known where none was found.

    Parameters
    ----------
    state : (H,)
        Fixed or not.
    distances : Hamming distances, 1 to H - 1
    external : (H,), optional
        Field of an input; zero when not given.
    exact : int
        Up to this distance `neighbours` looks at all.
    runs, walkers, temperatures : int
        Independent populations, 2 or more; states in each; steps of beta.

    Raises
    ------
    BadInput
        A value is none of these, or there are too many within ``exact`` to write them down.

    Examples
    --------
    Latches hold all states, 20 over 10 of them at distance 10:

    >>> from spinspike.model.network.import_arrays import from_arrays
    >>> latches = from_arrays(np.eye(20), np.ones((20, 1)), np.ones((20, 2)), np.ones((2, 20)))
    >>> up = np.ones(20, dtype=np.int8)
    >>> found = local_entropy(latches, up, [2, 10], np.random.default_rng(0))
    >>> np.exp(found.log_count).round().tolist(), found.exact.tolist()
    ([190.0, 184756.0], [True, False])

    References
    ----------
    Neal, Annealed importance sampling, Statistics and Computing 11 (2001) 125; with populations:
    Hukushima and Iba, AIP Conference Proceedings 690 (2003) 200.
    """
    check_state(network, state)
    _check(network, distances, runs=runs, walkers=walkers, temperatures=temperatures)
    zero = np.zeros(network.units) if external is None else external
    find = finder(network, zero)
    effect = state[:, None] * all_weights(network) * state  # on margins, by the spins of the state
    ladder = np.linspace(0, COLDEST, temperatures + 1)
    rows = []
    for distance in distances:
        if distance <= exact:
            count = len(find(state, distance))
            exactly = log(count) if count else -np.inf
            rows.append((exactly, 0.0, exactly))
            continue
        found, bounds = np.empty(runs), np.empty(runs)
        for run in range(runs):
            turned, failing, log_mean = _cool(effect, state * zero, distance, walkers, ladder, rng)
            held = is_held(network, (state * turned).astype(np.int8), zero)
            bounds[run] = log(comb(network.units, distance)) + log_mean
            share = (held * np.exp(COLDEST * failing)).mean()
            found[run] = bounds[run] + (log(share) if share else -np.inf)
        rows.append((*_mean(found), _mean(bounds)[0]))
    log_count, error, bound = np.array(rows).reshape(-1, 3).T
    asked = np.asarray(distances, dtype=np.int64)
    return LocalEntropy(network.units, asked, log_count, error, bound, asked <= exact)


def _cool(
    effect: FloatArray,
    drive: FloatArray,
    distance: int,
    walkers: int,
    ladder: FloatArray,
    rng: np.random.Generator,
) -> tuple[FloatArray, IntArray, float]:
    """Cool one population; returns who is flipped (-1), how many units fail, and ln Z/C(H, d)."""
    units = len(effect)
    columns = 2 * np.ascontiguousarray(effect.T)
    exchange = _compiled() if use_numba("auto") else _plain
    order: IntArray = rng.permuted(np.tile(np.arange(units), (walkers, 1)), axis=1)
    turned = np.ones((walkers, units))
    np.put_along_axis(turned, order[:, :distance], -1, axis=1)
    log_mean = 0.0
    for warm, cold in pairwise(ladder.tolist()):
        values: FloatArray = turned @ effect.T + drive
        failing = _failing(turned, values)
        weight = np.exp((warm - cold) * failing)
        log_mean += log(weight.mean())
        share = np.cumsum(weight) / weight.sum()
        chosen = np.searchsorted(share[:-1], (rng.random() + np.arange(walkers)) / walkers)
        order, turned, values, failing = (
            order[chosen],
            turned[chosen],
            values[chosen],
            failing[chosen],
        )
        tries = (units, walkers)
        flipped, others = rng.integers(0, distance, tries), rng.integers(distance, units, tries)
        exchange(order, turned, values, failing, columns, cold, flipped, others, rng.random(tries))
    return turned, failing, log_mean


def _compiled() -> Exchange:
    from .local_entropy_kernels import exchange

    return exchange


def _plain(
    order: IntArray,
    turned: FloatArray,
    values: FloatArray,
    failing: IntArray,
    columns: FloatArray,
    cold: float,
    flipped: IntArray,
    others: IntArray,
    luck: FloatArray,
) -> None:
    """The same for all walkers at once; what the kernel is tested against."""
    for place, other, chance in zip(flipped, others, luck, strict=True):
        rows = np.arange(len(order))
        back, over = order[rows, place], order[rows, other]
        moved = values + (columns[back] - columns[over])
        turned[rows, back], turned[rows, over] = 1, -1
        fail = _failing(turned, moved)
        taken = chance < np.exp(np.minimum(cold * (failing - fail), 0))
        turned[rows[~taken], back[~taken]], turned[rows[~taken], over[~taken]] = -1, 1
        rows = rows[taken]
        order[rows, place[taken]], order[rows, other[taken]] = over[taken], back[taken]
        values[rows], failing[rows] = moved[taken], fail[taken]


def _failing(turned: FloatArray, values: FloatArray) -> IntArray:
    """How many units of each walker have a margin below 0."""
    return np.asarray(np.count_nonzero(turned * values < 0, axis=1))


def _mean(logs: FloatArray) -> tuple[float, float]:
    """Logarithm of the mean of numbers given by theirs, and its standard error."""
    largest = logs.max()
    if largest == -np.inf:
        return -np.inf, np.nan
    relative = np.exp(logs - largest)
    error = relative.std(ddof=1) / sqrt(len(logs)) / relative.mean()
    return float(largest + log(relative.mean())), float(error)


def _check(network: Network, distances: Sequence[int], **numbers: int) -> None:
    least = {"runs": 2, "walkers": 1, "temperatures": 1}
    for name, number in numbers.items():
        if number < least[name]:
            message = f"{name} is {number}; allowed: {least[name]} or more"
            raise BadInput(message)
    wrong = [d for d in distances if not 1 <= d < network.units]
    if wrong:
        message = f"distances contain {wrong[0]}; allowed: 1 to {network.units - 1}"
        raise BadInput(message)
