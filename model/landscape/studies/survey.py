"""One network as it is, random or trained: where its dynamics end, and what lies around there."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array

from spinspike.arrays import BoolArray, FloatArray, IntArray, SpinArray
from spinspike.errors import BadInput
from spinspike.model.landscape.counting.connectedness import cluster
from spinspike.model.landscape.counting.neighbours import finder
from spinspike.model.landscape.search.convergence import Order, converge, random_states
from spinspike.model.network.dynamics import field
from spinspike.model.network.network import Network

from .sweep import pair_overlaps

MAX_CLUSTER = 200  # fixed points of a cluster that are looked for


@dataclass(frozen=True)
class Survey:
    """What became of P starts under one external field."""

    starts: SpinArray  # (P, H)
    states: SpinArray  # (P, H) fixed point, a state of the cycle, or the last one
    sweeps: IntArray  # (P,)
    period: IntArray  # (P,) 1: fixed point, k: cycle of k states, 0: undecided within the limit
    margin: FloatArray  # (P,) smallest s_i h_i of the state, in units of the network's field

    @property
    def fixed(self) -> BoolArray:
        """Which starts came to a fixed point, (P,)."""
        return np.asarray(self.period == 1)

    @property
    def start_overlap(self) -> FloatArray:
        """Overlap of each state with its start, (P,)."""
        return np.asarray((self.starts * self.states).mean(axis=1))

    @property
    def points(self) -> SpinArray:
        """The fixed points that were reached, each once, in order of first coming; (distinct, H)."""
        reached = self.states[self.fixed]
        first = np.unique(reached, axis=0, return_index=True)[1]
        return np.asarray(reached[np.sort(first)])

    @property
    def pair_overlap(self) -> FloatArray:
        """Overlap of all pairs of starts that came to a fixed point, in no order."""
        return pair_overlaps(self.states[self.fixed])


@dataclass(frozen=True)
class Surroundings:
    """What lies around each of K fixed points."""

    neighbours: IntArray  # (K, moves) fixed points that differ in exactly 1, 2, … units
    cluster: IntArray  # (K,) fixed points joined to it by such moves, itself included
    larger: BoolArray  # (K,) whether the cluster has more than were looked for


def survey(
    network: Network,
    rng: np.random.Generator,
    *,
    external: FloatArray | None = None,
    starts: int | SpinArray = 100,
    order: Order = "asynchronous",
    limit: int = 1000,
) -> Survey:
    """Follow random or given states of a network under one external field.

    Parameters
    ----------
    external : (H,), optional
        As `dynamics.input_field` gives it for one input; by default the network's bias alone.
    starts : int, or states (P, H)
        How many random states, or which.
    order, limit
        As in `converge`, whose dynamics these are.

    Raises
    ------
    BadInput
        As `converge`; or there is no start.

    Examples
    --------
    >>> from spinspike.model.network.architecture import Architecture
    >>> from spinspike.model.network.network import random_network
    >>> rng = np.random.default_rng(0)
    >>> network = random_network(Architecture(60, 1, 2, self_coupling=0.9), rng, centre=np.zeros(1))
    >>> found = survey(network, rng, starts=20)
    >>> int(found.fixed.sum()), len(found.points), bool((found.margin >= 0).all())
    (20, 20, True)
    """
    if isinstance(starts, int):
        if starts < 1:
            message = f"starts is {starts}; allowed: 1 or more"
            raise BadInput(message)
        starts = random_states(network, starts, rng)
    fields = np.tile(network.bias if external is None else external, (len(starts), 1))
    end = converge(network, starts, external=fields, order=order, rng=rng, limit=limit)
    return Survey(
        starts=starts,
        states=end.states,
        sweeps=end.sweeps,
        period=end.period,
        margin=(end.states * field(network, end.states, fields)).min(axis=1),
    )


def surroundings(
    network: Network,
    points: SpinArray,
    *,
    external: FloatArray | None = None,
    moves: int = 2,
    largest: int = MAX_CLUSTER,
) -> Surroundings:
    """Count neighbours of fixed points, and what can be reached from them by moves of few flips.

    Every state on the way is a fixed point itself. A cluster of ``largest`` is not followed on.

    Parameters
    ----------
    points : (K, H)
        Fixed points under the external field.
    external : (H,), optional
        By default the network's bias alone.
    moves : int
        Units that flip at most in one move. Two take a second at H 300 and a minute at H 2000
        for each state, one next to nothing.

    Examples
    --------
    Uncoupled latches hold all 2^H states, so each has H neighbours at distance 1:

    >>> from spinspike.model.network.import_arrays import from_arrays
    >>> latches = from_arrays(0.5 * np.eye(4), np.ones((4, 1)), np.ones((4, 2)), np.ones((2, 4)))
    >>> around = surroundings(latches, np.ones((1, 4), dtype=np.int8))
    >>> around.neighbours.tolist(), around.cluster.tolist()
    ([[4, 6]], [16])
    """
    given = network.bias if external is None else external
    find, distances = finder(network, given), range(1, moves + 1)
    near = [[len(find(point, d)) for d in distances] for point in points]
    found = [cluster(network, p, moves=moves, limit=largest, external=given) for p in points]
    return Surroundings(
        neighbours=np.array(near, dtype=np.int64).reshape(-1, moves),
        cluster=np.array([len(c.states) for c in found], dtype=np.int64),
        larger=np.array([not c.complete for c in found], dtype=np.bool_),
    )


def permuted(network: Network, rng: np.random.Generator) -> Network:
    """Deal the couplings of each unit to its partners anew: same numbers, nothing learned.

    Self-couplings, links and all that is not between units stay. Each unit keeps its partners, so
    that row by row the couplings have the statistics they had.
    """
    coupling = csr_array(network.coupling, copy=True)
    for start, stop in zip(coupling.indptr[:-1], coupling.indptr[1:], strict=True):
        coupling.data[start:stop] = rng.permutation(coupling.data[start:stop])
    return replace(network, coupling=coupling)
