"""Damaged memories: what a recall starts from."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from spinspike.arrays import FloatArray, SpinArray
from spinspike.errors import BadInput

DAMAGES: Mapping[str, str] = MappingProxyType(
    {
        "flip": "the fraction of units has the other sign",
        "erase": "the fraction of units is down, whatever the memory says",
        "noise": "the fraction of units is up or down at random",
    }
)


def damaged(
    states: SpinArray, fractions: FloatArray, damage: str, rng: np.random.Generator
) -> SpinArray:
    """Cues from memories, each with a fraction of its units damaged.

    Parameters
    ----------
    states : (B, H)
        Memories, in -1 and +1.
    fractions : (B,)
        Of units, 0 to 1; round(fraction H) of them are chosen at random, exactly so many.
    damage : str
        One of `DAMAGES`: "flip", "erase" or "noise".
    rng : Generator
        What is drawn.

    Raises
    ------
    BadInput
        A fraction is outside 0 to 1, or the damage not known.

    Examples
    --------
    >>> ups = np.ones((1, 10), dtype=np.int8)
    >>> int(damaged(ups, np.array([0.3]), "flip", np.random.default_rng(0)).sum())
    4
    """
    if damage not in DAMAGES:
        message = f"damage is {damage!r}; allowed: {', '.join(DAMAGES)}"
        raise BadInput(message)
    if not ((fractions >= 0) & (fractions <= 1)).all():
        message = f"fractions are {fractions.min():g} to {fractions.max():g}; allowed: 0 to 1"
        raise BadInput(message)
    order = rng.random(states.shape, dtype=np.float32)
    count = np.rint(fractions * states.shape[1]).astype(np.int64)
    # the count-th smallest number of a row is where its chosen units end
    ranked = np.sort(order, axis=1)
    edge = np.append(ranked, np.full((len(ranked), 1), np.inf), axis=1)[
        np.arange(len(ranked)), count
    ]
    chosen = order < edge[:, None]
    match damage:
        case "flip":
            return np.where(chosen, -states, states)
        case "erase":
            return np.where(chosen, np.int8(-1), states)
        case _:
            random = rng.integers(0, 2, states.shape, dtype=np.int8) * np.int8(2) - np.int8(1)
            return np.where(chosen, random, states)
