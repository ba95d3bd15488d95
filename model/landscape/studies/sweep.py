"""Where dynamics converge: random networks over self-couplings, links, sizes and orders.

Each network is drawn once for all self-couplings and links, which alone change along a curve, and
starts from the same states: neighbouring points then differ by what is asked, not by the draw.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinspike.arrays import BoolArray, FloatArray, SpinArray
from spinspike.errors import BadInput
from spinspike.model.landscape.search.algorithms import ALGORITHMS
from spinspike.model.landscape.search.convergence import Convergence, converge, random_states
from spinspike.model.landscape.search.replicated import LEAST
from spinspike.model.landscape.theory.complexity import chain_complexity
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.network import random_network
from spinspike.task import Arrays, Task
from spinspike.wilson import wilson_interval

Results = Mapping[str, Mapping[str, NDArray[Any]]]
WAYS: Mapping[str, Callable[..., Convergence]] = {
    **ALGORITHMS,
    "partial": partial(converge, order="partial"),
}


@dataclass(frozen=True)
class Point:
    """One place of the sweep."""

    units: int  # of each module
    self_coupling: float
    link: float
    order: str


@dataclass(frozen=True)
class ParameterScan:
    """Random networks with dense couplings J_ij ~ N(0, 1/H), and how long they are followed.

    Parameters
    ----------
    self_couplings, links : J_D and lambda
        With a link above 0 among them, all networks are two modules that are linked one to one.
    units : H of each module
    orders : str
        Of the dynamics, as `converge` has them, or other `algorithms` by name.
    networks, starts : int
        Drawn for each size, and random states that each of them starts from.
    limit : int
        Sweeps within which a fixed point counts as reached.
    """

    self_couplings: tuple[float, ...]
    links: tuple[float, ...] = (0.0,)
    units: tuple[int, ...] = (100,)
    orders: tuple[str, ...] = ("asynchronous",)
    networks: int = 8
    starts: int = 20
    limit: int = 300
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("networks", "starts", "limit"):
            if getattr(self, name) < 1:
                message = f"{name} is {getattr(self, name)}; allowed: 1 or more"
                raise BadInput(message)
        for name in ("self_couplings", "links", "units", "orders"):
            values = getattr(self, name)
            if not values or len(set(values)) < len(values):
                message = f"{name} are {values}; allowed: one or more, each once"
                raise BadInput(message)
        if strange := set(self.orders) - set(WAYS):
            message = f"order is {min(strange)!r}; allowed: {', '.join(WAYS)}"
            raise BadInput(message)
        if "replicated" in self.orders and self.limit < LEAST:
            message = f"limit is {self.limit} sweeps; allowed with replicated: {LEAST} or more"
            raise BadInput(message)
        for point in self.points:
            self.architecture(point)

    @property
    def modules(self) -> int:
        """2 where some networks are linked, else 1."""
        return 2 if any(self.links) else 1

    @property
    def points(self) -> tuple[Point, ...]:
        """All places, self-couplings changing fastest."""
        places = product(self.units, self.orders, self.links, self.self_couplings)
        return tuple(Point(h, j, link, order) for h, order, link, j in places)

    def architecture(self, point: Point) -> Architecture:
        """Of the networks at one place."""
        return Architecture(
            units=point.units,
            inputs=1,
            classes=2,
            modules=self.modules,
            link=point.link,
            self_coupling=point.self_coupling,
            sparsity=0.0,
        )

    def key(self, point: Point, network: int) -> str:
        """Name of one result, the same in every sweep that shares it."""
        place = f"J{float(point.self_coupling)!r}_L{float(point.link)!r}"
        return f"{point.order}_{place}_H{point.units}x{self.modules}_n{network}"

    def tasks(self) -> list[Task]:
        """One for each network at each place; what they return is what `measure` does."""
        return [
            Task(self.key(point, network), measure, (self, point, network))
            for point in self.points
            for network in range(self.networks)
        ]

    @property
    def settings(self) -> tuple[int, ...]:
        """All that results depend on beside their key."""
        return self.starts, self.limit, self.seed


@dataclass(frozen=True)
class Row:
    """What was found at one place, over networks and starts.

    The starts of a network are not independent of each other: the interval is Wilson's, of as many
    runs as would scatter as the networks do. Errors are standard errors over networks, and NaN
    where fewer than two of them have anything to say.
    """

    units: int
    modules: int
    self_coupling: float
    link: float
    order: str
    runs: int
    converged: float  # fraction of runs that came to a fixed point
    low: float
    high: float
    cycles: float  # fraction that came to a cycle of two states or more; only synchronous ones can
    sweeps: float  # of those that converged
    sweeps_error: float
    start_overlap: float  # of the fixed point with the start
    start_overlap_error: float
    pair_overlap: float  # root mean square over pairs of fixed points that a network came to
    pair_overlap_error: float
    complexity: float  # ln E[number of fixed points] of theory, per spin


def measure(sweep: ParameterScan, point: Point, network: int) -> Arrays:
    """What becomes of the starts of one network.

    Returns
    -------
    ``period`` and ``sweeps`` as in `Convergence`, ``start_overlap`` of the last state with the
    start, each (starts,); ``pair_overlap`` of all pairs of fixed points, in no order.
    """
    seed = np.random.SeedSequence([sweep.seed, point.units, sweep.modules, network])
    drawing, running = (np.random.default_rng(s) for s in seed.spawn(2))
    drawn = random_network(sweep.architecture(point), drawing, centre=np.zeros(1))
    start = random_states(drawn, sweep.starts, drawing)
    end = WAYS[point.order](drawn, start, rng=running, limit=sweep.limit)
    return {
        "period": end.period,
        "sweeps": end.sweeps,
        "start_overlap": (start * end.states).mean(axis=1),
        "pair_overlap": pair_overlaps(end.states[end.fixed]),
    }


def pair_overlaps(states: SpinArray) -> FloatArray:
    """Overlap of all pairs of states (P, H), (P (P - 1) / 2,).

    Examples
    --------
    >>> pair_overlaps(np.array([[1, 1, 1, 1], [1, 1, -1, 1], [-1, -1, -1, -1]])).tolist()
    [0.5, -1.0, -0.5]
    """
    spins = states.astype(np.float64)
    above = np.triu_indices(len(spins), k=1)
    return np.asarray((spins @ spins.T / max(spins.shape[1], 1))[above])


def fixed(sweep: ParameterScan, point: Point, results: Results) -> BoolArray:
    """Which runs at one place came to a fixed point, (networks, starts)."""
    return np.asarray(_stacked(sweep, point, results, "period") == 1)


def rows(sweep: ParameterScan, results: Results) -> list[Row]:
    """The table of a sweep, from what its tasks returned."""
    return [_row(sweep, point, results) for point in sweep.points]


def _row(sweep: ParameterScan, point: Point, results: Results) -> Row:
    period = _stacked(sweep, point, results, "period")
    reached = period == 1
    parts = [results[sweep.key(point, network)] for network in range(sweep.networks)]
    took = [part["sweeps"][part["period"] == 1] for part in parts]
    kept = [part["start_overlap"][part["period"] == 1] for part in parts]
    squares = [part["pair_overlap"] ** 2 for part in parts]
    low, high = band(reached)
    sweeps, start, square = (_mean_and_error(values) for values in (took, kept, squares))
    return Row(
        units=point.units,
        modules=sweep.modules,
        self_coupling=point.self_coupling,
        link=point.link,
        order=point.order,
        runs=reached.size,
        converged=float(reached.mean()),
        low=low,
        high=high,
        cycles=float((period > 1).mean()),
        sweeps=sweeps[0],
        sweeps_error=sweeps[1],
        start_overlap=start[0],
        start_overlap_error=start[1],
        pair_overlap=float(np.sqrt(square[0])),
        pair_overlap_error=float(square[1] / (2 * np.sqrt(square[0]))) if square[0] else np.nan,
        complexity=chain_complexity(point.link, point.self_coupling),
    )


def band(reached: BoolArray) -> tuple[float, float]:
    """95 % interval of the fraction of (networks, starts) that are true.

    With K networks whose own fractions scatter with variance v, p is as uncertain as that of
    n = p (1 - p) K / v independent runs, at least K and at most all; Wilson's interval of that.

    Examples
    --------
    Networks of one mind say no more than one run each:

    >>> wide = band(np.array([[True] * 50, [False] * 50] * 4))
    >>> narrow = band(np.array([[True, False] * 25] * 8))
    >>> [round(v, 2) for v in wide], [round(v, 2) for v in narrow]
    ([0.22, 0.78], [0.45, 0.55])
    """
    count, fraction = reached.size, float(reached.mean())
    networks = len(reached)
    scatter = float(reached.mean(axis=1).var(ddof=1)) if networks > 1 else 0.0
    if scatter > 0:
        count = np.clip(fraction * (1 - fraction) * networks / scatter, networks, reached.size)
    return wilson_interval(fraction, float(count))


def _stacked(sweep: ParameterScan, point: Point, results: Results, name: str) -> NDArray[Any]:
    keys = [sweep.key(point, network) for network in range(sweep.networks)]
    return np.array([results[key][name] for key in keys])


def _mean_and_error(values: Sequence[NDArray[Any]]) -> tuple[float, float]:
    """Mean over networks of their means, and its standard error; networks without any left out."""
    means = np.array([part.mean() for part in values if part.size])
    if not means.size:
        return np.nan, np.nan
    error = float(means.std(ddof=1) / np.sqrt(means.size)) if means.size > 1 else np.nan
    return float(means.mean()), error
