"""The local margin rule on the integer weights into one unit, for states that are given."""

from __future__ import annotations

import numpy as np

from spinspike.arrays import BoolArray, FloatArray, IntArray, SpinArray

CLOSEST = 4096  # states it looks at: those of the smallest margins


def margin_rule(
    margin: IntArray,
    sign: IntArray,
    sources: SpinArray,
    weight: IntArray,
    step: IntArray,
    *,
    largest: int,
    goal: float,
    rounds: int,
) -> tuple[IntArray, int]:
    """Move integers until every margin reaches a goal, or no single one brings them closer.

    A margin m_p below the goal kappa pulls at synapse j with (kappa - m_p) s_p s_jp: the margin
    rule, weighted by what is missing. The one synapse, or the bias, that lowers
    sum_p max(0, kappa - m_p)^2 most by that account moves to its best integer; the bias takes back
    half of what a weight gains, as s is n - 1/2. What does not leave fewer states below a margin
    of 1, or as many and the worst margin larger, is not kept.

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
        What the bias changes by.

    Examples
    --------
    A source that always agrees with the unit is enough to hold it; up or down it adds 4 of its
    weight of 8 to a margin of -3:

    >>> up_down = np.array([1, -1])
    >>> margin_rule(np.array([-3, -3]), up_down, up_down[:, None], np.array([0]), np.array([4]),
    ...             largest=3, goal=1, rounds=10)
    (array([2]), -4)
    """
    near = np.argsort(margin, kind="stable")[:CLOSEST]
    effect = np.append(sources[near] * (step / 2), np.ones((len(near), 1)), axis=1)
    effect *= sign[near, None]
    value = np.append(weight, 0).astype(np.float64)
    bound = np.append(np.full(len(weight), float(largest)), np.inf)
    now, vain = margin[near].astype(np.float64), np.zeros(value.size, dtype=np.bool_)
    for _ in range(rounds):
        missing = np.maximum(goal - now, 0)
        weak = missing > 0
        if not weak.any() or vain.all():
            break
        moved, place = _best_move(effect[weak], missing[weak], value, bound, vain)
        new = now + (moved - value[place]) * effect[:, place]
        if np.square(np.maximum(goal - new, 0)).sum() < np.square(missing).sum():
            now, value[place], vain[:] = new, moved, False
        else:
            vain[place] = True
    change = (value[:-1].astype(np.int64) - weight) * step
    bias = int(value[-1]) - int(change.sum()) // 2
    reached = margin + sign * ((sources > 0) @ change + bias)
    if _shortfall(reached) < _shortfall(margin):
        return value[:-1].astype(np.int64), bias
    return weight, 0


def _best_move(
    effect: FloatArray, missing: FloatArray, value: FloatArray, bound: FloatArray, vain: BoolArray
) -> tuple[float, int]:
    """Where one value should go, and which: as far as the weak states alone can tell.

    One that would stay where it is goes a step the way it is pulled.
    """
    pull, power = missing @ effect, np.square(effect).sum(axis=0)
    step = np.rint(pull / power)
    step = np.where(step == 0, np.sign(pull), step)
    moved = np.clip(value + step, -bound, bound)
    gain = np.where(vain, -np.inf, (moved - value) * (2 * pull - (moved - value) * power))
    place = int(gain.argmax())
    return float(moved[place]), place


def _shortfall(margin: IntArray) -> tuple[int, int]:
    """How many states are not held, and how far the worst is from it."""
    return int(np.count_nonzero(margin < 1)), -int(margin.min())
