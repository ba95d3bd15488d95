"""Whether fixed points hang together: what few flips at a time lead to, all the way over others.

Two fixed points are joined if they differ in no more than a few units, and connected if a chain of
fixed points leads from one to the other, each joined to the next.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import combinations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from spinspike.arrays import FloatArray, IntArray, SpinArray
from spinspike.errors import BadInput
from spinspike.model.network.network import Network

from .neighbours import Finder, finder, is_held

BITS = 62  # units whose states are numbers


@dataclass(frozen=True)
class Cluster:
    """Fixed points connected with a first one, in the order they were met."""

    states: SpinArray  # (N, H), the first one first
    complete: bool  # whether there are no others

    @property
    def farthest(self) -> int:
        """Largest Hamming distance from the first one."""
        return int((self.states != self.states[0]).sum(axis=1).max())


@dataclass(frozen=True)
class Path:
    """A chain of fixed points from one towards another."""

    states: SpinArray  # (N, H), from the start to the goal, or to the nearest that was met
    distance: int  # Hamming distance of the last one from the goal; 0: it arrived
    visited: int  # fixed points met
    complete: bool  # whether it arrived, or all connected with the start were met: there is no way


def components(states: SpinArray, moves: int) -> IntArray:
    """Number of the component that each of N states belongs to, (N,), the largest being 0.

    Parameters
    ----------
    states : (N, H)
        All different, as from `enumeration.fixed_points`; H up to 62.
    moves : int
        States that differ in up to so many units are joined.

    Examples
    --------
    >>> states = np.array([[-1, -1, -1], [1, 1, 1], [1, 1, -1]], dtype=np.int8)
    >>> components(states, 1).tolist(), components(states, 2).tolist()
    ([1, 0, 0], [0, 0, 0])
    """
    count, units = states.shape
    if units > BITS:
        message = f"states have {units} units; allowed: up to {BITS}; follow larger with `cluster`"
        raise BadInput(message)
    _check_moves(moves)
    numbers = (states > 0) @ (1 << np.arange(units))
    order = np.argsort(numbers)
    numbers = numbers[order]
    pairs = [np.empty((2, 0), dtype=np.int64)]
    for flips in _flips(units, moves):
        partner = numbers ^ sum(1 << i for i in flips)
        place = np.searchsorted(numbers, partner) % max(count, 1)
        joined = np.flatnonzero(numbers[place] == partner)
        pairs.append(np.stack([joined, place[joined]]))
    first, second = np.concatenate(pairs, axis=1)
    graph = coo_array((np.ones(len(first), dtype=np.bool_), (first, second)), (count, count))
    labels = np.empty(count, dtype=np.int64)
    labels[order] = connected_components(graph, directed=False)[1]
    by_size = np.argsort(-np.bincount(labels), kind="stable")
    return np.asarray(np.argsort(by_size)[labels])


def cluster(
    network: Network,
    state: SpinArray,
    *,
    moves: int = 1,
    limit: int = 1000,
    external: FloatArray | None = None,
) -> Cluster:
    """Fixed points connected with one, breadth first, until so many are met.

    Parameters
    ----------
    state : (H,)
        A fixed point.
    moves : int
        Units that may flip at a time.
    external : (H,), optional
        Field of an input; zero when not given.

    Raises
    ------
    BadInput
        The state is no fixed point, or another value is not allowed.

    Examples
    --------
    Three units that nothing couples lead anywhere, one flip at a time:

    >>> from spinspike.model.network.import_arrays import from_arrays
    >>> latches = from_arrays(np.eye(3), np.ones((3, 1)), np.ones((3, 2)), np.ones((2, 3)))
    >>> found = cluster(latches, np.ones(3, dtype=np.int8))
    >>> len(found.states), found.farthest, found.complete
    (8, 3, True)
    """
    find = _finder(network, external, moves, limit, state)
    first = state.astype(np.int8)
    met, waiting = {first.tobytes(): first}, deque([first])
    while waiting and len(met) <= limit:
        for near in _joined(find, waiting.popleft(), moves):
            key = near.tobytes()
            if key not in met:
                met[key] = near
                waiting.append(near)
    return Cluster(np.array(list(met.values())[:limit]), not waiting and len(met) <= limit)


def path(
    network: Network,
    start: SpinArray,
    goal: SpinArray,
    *,
    moves: int = 1,
    limit: int = 1000,
    external: FloatArray | None = None,
) -> Path:
    """Look for a chain of fixed points from one to another, the nearest to the goal going first.

    Parameters
    ----------
    start, goal : (H,)
        Fixed points.
    moves : int
        Units that may flip at a time.
    limit : int
        Fixed points whose neighbours are looked for.
    external : (H,), optional
        Field of an input; zero when not given.

    Raises
    ------
    BadInput
        Start or goal is no fixed point, or another value is not allowed.

    Examples
    --------
    >>> from spinspike.model.network.import_arrays import from_arrays
    >>> latches = from_arrays(np.eye(3), np.ones((3, 1)), np.ones((3, 2)), np.ones((2, 3)))
    >>> up = np.ones(3, dtype=np.int8)
    >>> found = path(latches, up, -up)
    >>> found.distance, len(found.states)
    (0, 4)
    """
    find = _finder(network, external, moves, limit, start, goal)
    first = start.astype(np.int8)
    origin = {first.tobytes(): first}  # of each state met, the one it was met from
    waiting = [(int((first != goal).sum()), first.tobytes())]
    nearest, looked = waiting[0], 0
    while waiting and nearest[0] and looked < limit:
        state = np.frombuffer(heappop(waiting)[1], dtype=np.int8)
        looked += 1
        for near in _joined(find, state, moves):
            key = near.tobytes()
            if key in origin:
                continue
            origin[key] = state
            heappush(waiting, (int((near != goal).sum()), key))
            nearest = min(nearest, (int((near != goal).sum()), key))
    back = [np.frombuffer(nearest[1], dtype=np.int8)]
    while (back[-1] != first).any():
        back.append(origin[back[-1].tobytes()])
    complete = nearest[0] == 0 or not waiting
    return Path(np.array(back[::-1]), nearest[0], len(origin), complete)


def _joined(find: Finder, state: SpinArray, moves: int) -> Iterator[SpinArray]:
    for distance in range(1, min(moves, state.size) + 1):
        yield from find(state, distance)


def _flips(units: int, moves: int) -> Iterator[tuple[int, ...]]:
    for distance in range(1, min(moves, units) + 1):
        yield from combinations(range(units), distance)


def _finder(
    network: Network, external: FloatArray | None, moves: int, limit: int, *states: SpinArray
) -> Finder:
    """`neighbours` of the network, once all that was asked for is allowed."""
    _check_moves(moves)
    if limit < 1:
        message = f"limit is {limit} fixed points; allowed: 1 or more"
        raise BadInput(message)
    find = finder(network, external)
    zero = np.zeros(network.units) if external is None else external
    for state in states:
        if state.shape != (network.units,) or not is_held(network, state[None], zero)[0]:
            message = f"a state of shape {state.shape} is no fixed point; allowed: fixed points"
            raise BadInput(message)
    return find


def _check_moves(moves: int) -> None:
    if moves < 1:
        message = f"moves is {moves} flips; allowed: 1 or more"
        raise BadInput(message)
