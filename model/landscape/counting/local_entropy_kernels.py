"""The exchanges of `local_entropy`, compiled."""

from __future__ import annotations

import numpy as np

from spinspike.arrays import FloatArray, IntArray
from spinspike.compiled import compiled


@compiled
def exchange(
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
    """Let walkers try to exchange flipped and unflipped units, in place.

    Parameters
    ----------
    order : (walkers, H)
        Units of each walker, the flipped ones first.
    turned, values : (walkers, H)
        -1 where flipped, else +1; margins by the spins of the state they are counted from.
    failing : (walkers,)
    columns : (H, H)
        Twice what the unit of a row does to the values.
    flipped, others, luck : (tries, walkers)
        Places in ``order`` to exchange, and the number below 1 that decides.
    """
    tries, walkers = luck.shape
    units = order.shape[1]
    for w in range(walkers):
        spins, value = turned[w], values[w]
        for n in range(tries):
            back, over = order[w, flipped[n, w]], order[w, others[n, w]]
            less, more = columns[over], columns[back]
            spins[back], spins[over] = 1, -1
            fail = 0
            for i in range(units):
                fail += spins[i] * (value[i] + more[i] - less[i]) < 0
            if luck[n, w] < np.exp(min(cold * (failing[w] - fail), 0.0)):
                order[w, flipped[n, w]], order[w, others[n, w]] = over, back
                failing[w] = fail
                for i in range(units):
                    value[i] += more[i] - less[i]
            else:
                spins[back], spins[over] = -1, 1
