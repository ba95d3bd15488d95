"""Whether the fixed points that dynamics reach are like any others: what lies around either.

Of exponentially many fixed points local dynamics find some. That those lie where fixed points are
dense is what makes them fit to learn with; here they are compared with typical ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spinspike.arrays import FloatArray, IntArray, SpinArray
from spinspike.errors import BadInput
from spinspike.model.landscape.counting.connectedness import cluster, path
from spinspike.model.landscape.counting.local_entropy import local_entropy
from spinspike.model.landscape.counting.planted import planted, with_margins
from spinspike.model.landscape.search.convergence import converge, random_states
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.dynamics import margins
from spinspike.model.network.network import Network, random_network

WEAK = 0.1  # a margin below which a unit is easily lost
STARTS = 4  # of the dynamics in each network, of which the first two that converge count


@dataclass(frozen=True)
class Neighbourhood:
    """What lies around one state of each of N networks; nan where there is no such state."""

    log_count: FloatArray  # (N, D) ln of the number of fixed points at each distance
    error: FloatArray  # (N, D) its standard error: 0 exact, nan none was found
    weak: FloatArray  # (N,) share of units with a margin below .1
    cluster: FloatArray  # (N,) fixed points that single flips lead to, as far as looked for
    farthest: FloatArray  # (N,) distance of the farthest of them

    @property
    def count(self) -> FloatArray:
        """Number of fixed points at each distance, (N, D)."""
        return np.asarray(np.exp(self.log_count))


@dataclass(frozen=True)
class ReachedAndTypical:
    """The neighbourhoods of three kinds of states, in N networks of H units."""

    units: int
    self_coupling: float
    distance: IntArray  # (D,)
    limit: int  # fixed points that are looked for in a cluster, or looked at on a path
    reached: Neighbourhood  # by asynchronous dynamics from a random start
    typical: Neighbourhood  # drawn from all fixed points of the same network
    alike: Neighbourhood  # drawn at random and given the margins of reached ones, in any order
    apart: FloatArray  # (N,) distance of two reached states; nan where there are not two
    left: FloatArray  # (N,) how near to one single flips lead from the other; 0: all the way


def reached_and_typical(
    units: int,
    self_coupling: float,
    rng: np.random.Generator,
    distances: Sequence[int],
    networks: int,
    *,
    exact: int = 2,
    runs: int = 4,
    limit: int = 1000,
) -> ReachedAndTypical:
    """Compare fixed points that dynamics reach with typical ones, in networks drawn anew.

    Each network is `planted` together with a typical fixed point; a reached one is where
    asynchronous dynamics end in it, and from there a path of fixed points, single flips apart, is
    looked for to another one, reached from a start of its own. As a null, a random state gets the margins of the reached
    one, dealt to its units at random, in couplings drawn apart: what this shares with the reached
    state follows from how firmly that holds, and from nothing else about it.

    Parameters
    ----------
    units, self_coupling : H, J_D
    distances : Hamming distances, 1 to H - 1
        Counted up to ``exact``, sampled beyond in ``runs`` populations (`local_entropy`).
    networks : int
        Number of networks, 1 or more.
    limit : int
        Fixed points that are looked for in a cluster, or looked at for a `path`.

    Raises
    ------
    BadInput
        A value is not allowed.

    Examples
    --------
    >>> found = reached_and_typical(60, 0.8, np.random.default_rng(0), [1, 2], 5)
    >>> bool(found.reached.count.mean() > found.typical.count.mean())
    True
    """
    if networks < 1:
        message = f"networks is {networks}; allowed: 1 or more"
        raise BadInput(message)
    architecture = Architecture(units, 1, 2, self_coupling=self_coupling, sparsity=0.0)
    nothing = np.array([np.nan] * (2 * len(distances) + 3))

    def around(network: Network, state: SpinArray) -> FloatArray:
        entropy = local_entropy(network, state, distances, rng, exact=exact, runs=runs)
        joined = cluster(network, state, limit=limit)
        weak = (margins(network, network.centre[None], state[None]) < WEAK).mean()
        return np.array(
            [*entropy.log_count, *entropy.error, weak, len(joined.states), joined.farthest]
        )

    rows, ways = [], np.full((networks, 2), np.nan)
    for way in ways:
        network, typical = planted(units, self_coupling, rng)
        ends = converge(network, random_states(network, STARTS, rng), order="asynchronous", rng=rng)
        reached = ends.states[ends.fixed]
        row = [nothing, around(network, typical), nothing]
        if len(reached):
            fresh, state = (
                random_network(architecture, rng, centre=np.zeros(1)),
                rng.permutation(typical),
            )
            firm = rng.permutation(margins(network, network.centre[None], reached[:1])[0])
            row[0] = around(network, reached[0])
            row[2] = around(with_margins(fresh, state, firm), state)
        if len(reached) > 1:
            way[0] = (reached[0] != reached[1]).sum()
            way[1] = path(network, reached[0], reached[1], limit=limit).distance
        rows.append(row)
    kinds = [_neighbourhood(kind, len(distances)) for kind in np.array(rows).swapaxes(0, 1)]
    return ReachedAndTypical(
        units=units,
        self_coupling=self_coupling,
        distance=np.asarray(distances, dtype=np.int64),
        limit=limit,
        reached=kinds[0],
        typical=kinds[1],
        alike=kinds[2],
        apart=ways[:, 0],
        left=ways[:, 1],
    )


def _neighbourhood(rows: FloatArray, distances: int) -> Neighbourhood:
    parts = np.split(rows, [distances, 2 * distances], axis=1)
    return Neighbourhood(parts[0], parts[1], *parts[2].T)
