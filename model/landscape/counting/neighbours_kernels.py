"""The search of `neighbours`, compiled."""

from __future__ import annotations

import numpy as np

from spinspike.arrays import BoolArray, FloatArray, IntArray, SpinArray
from spinspike.compiled import compiled


@compiled
def search(
    weights: FloatArray,
    columns: FloatArray,
    state: SpinArray,
    margins: FloatArray,
    distance: int,
    slack: float,
    limit: int,
    found: IntArray,
) -> int:
    """Write all sets of so many flips that leave a fixed point; returns how many there are.

    Depth first. ``values[k]`` are the margins that units would have after k flips by their old
    spins: units that are not flipped need 0 or more, flipped ones 0 or less. A unit that is
    tried stands out for the rest of its level, so that no set is met twice.

    Parameters
    ----------
    weights, columns : (H, H)
        All weights, self-couplings on the diagonal, and their transpose.
    state, margins : (H,)
    slack : float
        By which a margin may be missed; the caller looks at what is found again.
    limit : int
        Of sets, after which the search stops.
    found : (capacity, distance)
        Filled as far as it goes.
    """
    units, count, depth = len(state), 0, 0
    values = np.empty((distance + 1, units))
    values[0] = margins
    flipped, out = np.zeros(units, np.bool_), np.zeros(units, np.bool_)
    tried = np.empty((distance, units), np.int64)
    many, place = np.zeros(distance, np.int64), np.zeros(distance, np.int64)
    many[0] = _choose(weights, state, values[0], flipped, out, distance, slack, tried[0])
    while depth >= 0 and count <= limit:
        if place[depth]:
            flipped[tried[depth, place[depth] - 1]] = False
        if place[depth] == many[depth]:
            for n in range(many[depth]):
                out[tried[depth, n]] = False
            depth -= 1
            continue
        j = tried[depth, place[depth]]
        place[depth] += 1
        flipped[j] = out[j] = True
        if depth + 1 == distance:
            if _holds(values[depth], columns[j], state, j, flipped, slack):
                if count < len(found):
                    for k in range(distance):
                        found[count, k] = tried[k, place[k] - 1]
                count += 1
            continue
        for i in range(units):
            values[depth + 1, i] = values[depth, i] - 2 * state[i] * columns[j, i] * state[j]
        depth += 1
        place[depth] = 0
        many[depth] = _choose(
            weights, state, values[depth], flipped, out, distance - depth, slack, tried[depth]
        )
    return count


@compiled
def _holds(
    values: FloatArray,
    column: FloatArray,
    state: SpinArray,
    j: int,
    flipped: BoolArray,
    slack: float,
) -> bool:
    """Whether all units hold once unit j is flipped as well."""
    for i in range(len(values)):
        value = values[i] - 2 * state[i] * column[i] * state[j]
        if (-value if flipped[i] else value) < -slack:
            return False
    return True


@compiled
def _choose(
    weights: FloatArray,
    state: SpinArray,
    values: FloatArray,
    flipped: BoolArray,
    out: BoolArray,
    left: int,
    slack: float,
    tried: IntArray,
) -> int:
    """Write the units of which one at least must be among the flips left; returns their number.

    The unit that fails most decides: it is mended by its own flip or by others, of which the best
    brings one part in ``left`` of what it lacks. When none fails, all that are not out are tried.
    """
    units, many = len(values), 0
    worst, most = -1, slack
    for i in range(units):
        lacks = values[i] if flipped[i] else -values[i]
        if lacks > most:
            worst, most = i, lacks
    if worst < 0:
        for j in range(units):
            if not out[j]:
                tried[many] = j
                many += 1
        return many
    factor = (2 if flipped[worst] else -2) * state[worst] * left
    for j in range(units):
        if not out[j] and (j == worst or factor * weights[worst, j] * state[j] >= most - slack):
            tried[many] = j
            many += 1
    return many
