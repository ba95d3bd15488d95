"""All fixed points at a given Hamming distance from a state: who its neighbours are.

Theory has typical fixed points isolated, and learning at work where they lie close together.
Around a given state no theory is needed: few flips can be looked through exhaustively, since each
but the last must mend what the ones before have broken.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.sparse import diags_array

from spinspike.arrays import BoolArray, FloatArray, IntArray, SpinArray
from spinspike.errors import BadInput
from spinspike.model.landscape.search.convergence import use_numba
from spinspike.model.network.dynamics import field, sign
from spinspike.model.network.network import Network

LIMIT = 1_000_000  # neighbours that are written down
SLACK = 1e-9  # of a margin, in lengths of its row: rounding is settled by the field itself
CHUNK = 2**22  # spins whose fields are computed at a time

Finder = Callable[[SpinArray, int], SpinArray]


def neighbours(
    network: Network, state: SpinArray, distance: int, *, external: FloatArray | None = None
) -> SpinArray:
    """All fixed points that differ from a state in exactly so many units, (count, H).

    With margins m_i = s_i h_i of the state, fixed or not, flipping the units of a set F leaves

        m_i - 2 sum_{j in F} s_i J_ij s_j,

    which must be 0 or more for i outside F, and 0 or less for i in F, where J_ii = J_D counts. A
    unit that fails after some flips needs one of the flips that remain to bring its share of what
    is missing, and few can: 3 flips among 1600 units, or 4 among 300, take seconds.

    Parameters
    ----------
    state : (H,)
    distance : Hamming distance, 1 or more
    external : (H,), optional
        Field of an input, as `dynamics.input_field` gives it; zero when not given.

    Raises
    ------
    BadInput
        A value is none of these, or there are more than a million neighbours, as there are of
        units that nothing couples.

    Examples
    --------
    Three units that copy each other hold when they agree, and only then:

    >>> from spinspike.model.network.import_arrays import from_arrays
    >>> trio = from_arrays(np.ones((3, 3)), np.ones((3, 1)), np.ones((3, 2)), np.ones((2, 3)))
    >>> up = np.ones(3, dtype=np.int8)
    >>> [neighbours(trio, up, distance).tolist() for distance in (1, 2, 3)]
    [[], [], [[-1, -1, -1]]]
    """
    return finder(network, external)(state, distance)


def finder(network: Network, external: FloatArray | None = None) -> Finder:
    """`neighbours` of many states of one network: a function of state and distance."""
    zero = np.zeros(network.units) if external is None else external
    _check_shape("external", zero, network)
    weights = all_weights(network)
    length = np.sqrt((weights**2).sum(axis=1) + zero**2)
    length[length == 0] = 1.0
    weights /= length[:, None]  # what a unit's field is measured in is its own affair
    columns = np.ascontiguousarray(weights.T)
    search = _compiled if use_numba("auto") else _plain

    def find(state: SpinArray, distance: int) -> SpinArray:
        check_state(network, state)
        if not 1 <= distance <= network.units:
            message = f"distance is {distance}; allowed: 1 to {network.units}"
            raise BadInput(message)
        margins = state * field(network, state[None], zero[None])[0] / length
        flips = search(weights, columns, state, margins, distance)
        near = np.repeat(state[None].astype(np.int8), len(flips), axis=0)
        np.put_along_axis(near, flips, -np.take_along_axis(near, flips, axis=1), axis=1)
        return near[is_held(network, near, zero)]

    return find


def all_weights(network: Network) -> FloatArray:
    """Couplings, links and self-couplings as one dense matrix, (H, H)."""
    weights = network.coupling + network.link + diags_array(network.self_coupling)
    return np.asarray(weights.toarray())


def is_held(network: Network, states: SpinArray, external: FloatArray) -> BoolArray:
    """Whether each state (P, H) is a fixed point under one external field (H,)."""
    size = max(CHUNK // network.units, 1)
    parts = [states[start : start + size] for start in range(0, len(states), size)]
    held = [(sign(field(network, part, external[None])) == part).all(axis=1) for part in parts]
    return np.concatenate(held) if held else np.empty(0, dtype=np.bool_)


def check_state(network: Network, state: SpinArray) -> None:
    """Refuse what is not one state of the network."""
    _check_shape("state", state, network)
    if not np.isin(state, (-1, 1)).all():
        message = f"state holds {np.unique(state).tolist()}; allowed: -1 and +1"
        raise BadInput(message)


def _check_shape(name: str, array: FloatArray | SpinArray, network: Network) -> None:
    if array.shape != (network.units,):
        message = f"{name} has shape {array.shape}; allowed: ({network.units},)"
        raise BadInput(message)


def _refuse(count: int, distance: int) -> None:
    if count > LIMIT:
        message = (
            f"there are {count} or more fixed points at distance {distance}; allowed: up to {LIMIT}; "
            "estimate their number with `local_entropy`"
        )
        raise BadInput(message)


def _compiled(
    weights: FloatArray, columns: FloatArray, state: SpinArray, margins: FloatArray, distance: int
) -> IntArray:
    from .neighbours_kernels import search

    found = np.empty((1024, distance), dtype=np.int64)
    count = search(weights, columns, state, margins, distance, SLACK, LIMIT, found)
    _refuse(count, distance)
    if count > len(found):
        found = np.empty((count, distance), dtype=np.int64)
        search(weights, columns, state, margins, distance, SLACK, LIMIT, found)
    return found[:count]


def _plain(
    weights: FloatArray, columns: FloatArray, state: SpinArray, margins: FloatArray, distance: int
) -> IntArray:
    """The same search, a level at a time; what the kernel is tested against."""
    effect = -2 * state[:, None] * weights * state
    found: list[list[int]] = []

    def descend(flips: list[int], values: FloatArray, out: BoolArray) -> None:
        left = distance - len(flips)
        lacks = -values
        lacks[flips] *= -1
        if left == 0:
            if (lacks <= SLACK).all():
                found.append(flips)
                _refuse(len(found), distance)
            return
        worst = int(lacks.argmax())
        candidates = ~out
        if lacks[worst] > SLACK:
            turn = -1 if worst in flips else 1
            helps = turn * effect[worst] * left >= lacks[worst] - SLACK
            helps[worst] = True
            candidates &= helps
        out = out.copy()
        for j in np.flatnonzero(candidates).tolist():
            out[j] = True
            descend([*flips, j], values + effect[:, j], out)

    descend([], margins, np.zeros(len(state), dtype=np.bool_))
    return np.array(found, dtype=np.int64).reshape(-1, distance)
