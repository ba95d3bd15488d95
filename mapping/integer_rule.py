"""The local margin rule on integer weights, for one unit and states that are given."""

from __future__ import annotations

import numpy as np

from spinspike.model.arrays import FloatArray, IntArray


def margin_rule(
    margin: IntArray,
    sign: IntArray,
    sources: IntArray,
    weight: IntArray,
    step: IntArray,
    *,
    largest: int,
    goal: float,
    rounds: int,
) -> tuple[IntArray, int]:
    """Move integers until every margin reaches a goal, or no single one brings them closer.

    A margin m_p below the goal kappa pulls at synapse j with (kappa - m_p) s_p s_jp, the margin
    rule weighted by what is missing. The synapse, or the bias, that lowers
    sum_p max(0, kappa - m_p)^2 most by that account moves to its best integer; the bias takes back
    the mean of what a synapse adds.

    Parameters
    ----------
    margin, sign : (P,)
        Integer margins of the unit, and its states -1, +1.
    sources : (P, places)
        States -1, +1 of the units that its synapses come from.
    weight, step : (places,)
        Mantissas, and what a mantissa of 1 stands for.
    largest : int
        Largest absolute mantissa.
    goal : float
        Margin kappa asked for, in weight units.
    rounds : int
        Moves at most.

    Returns
    -------
    weight : (places,)
    bias : int
        To be added, while a change of the sum of all weights has half of it taken back.

    Examples
    --------
    A source that always agrees with the unit is enough to hold it:

    >>> s = np.array([[1], [-1]])
    >>> margin_rule(np.array([-3, -3]), s[:, 0], s, np.array([0]), np.array([4]),
    ...             largest=3, goal=1, rounds=10)
    (array([2]), 0)
    """
    effect = sign[:, None] * np.append(sources * (step / 2), np.ones((len(sign), 1)), axis=1)
    value = np.append(weight, 0).astype(np.float64)
    bound = np.append(np.full(len(weight), float(largest)), np.inf)
    now = margin.astype(np.float64)
    for _ in range(rounds):
        missing = np.maximum(goal - now, 0)
        weak = missing > 0
        if not weak.any():
            break
        moved, place = _best_move(effect[weak], missing[weak], value, bound)
        new = now + (moved - value[place]) * effect[:, place]
        if not np.square(np.maximum(goal - new, 0)).sum() < np.square(missing).sum():
            break
        now, value[place] = new, moved
    return value[:-1].astype(np.int64), int(value[-1])


def _best_move(
    effect: FloatArray, missing: FloatArray, value: FloatArray, bound: FloatArray
) -> tuple[float, int]:
    """Where one value should go, and which: as far as the weak states alone can tell."""
    pull, power = missing @ effect, np.square(effect).sum(axis=0)
    moved = np.clip(np.rint(value + pull / power), -bound, bound)
    gain = (moved - value) * (2 * pull - (moved - value) * power)
    place = int(gain.argmax())
    return float(moved[place]), place
