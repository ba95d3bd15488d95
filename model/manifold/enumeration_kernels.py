"""Sixty-four states at a time: the fixed points among them as one word of 64 bits, compiled."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..arrays import FloatArray
from ..kernels import compiled

Words = NDArray[np.uint64]


class Tables(NamedTuple):
    """What the field of each unit is made of: ``top`` + ``middle`` + that of the low spins.

    The numbers of all 64 states of a word differ in their six low bits only. Sorted by the field
    that these low spins give to a unit, the states in which it is at least some value are the
    last ones: one of 65 words that can be made beforehand.
    """

    middle: FloatArray  # (M, H) field of the middle spins, for each of their M states
    low: FloatArray  # (H, 64) fields of the low spins, ascending
    last: Words  # (H, 65) the states of low[i, r:], as bits
    up: Words  # (low spins,) states in which each of them is up
    tolerance: FloatArray  # (H,) below which rounding could decide on the sign of a field


@compiled
def rank(ascending: FloatArray, value: float) -> int:
    """How many of 2^n ascending numbers are below a value."""
    found, half = 0, len(ascending) >> 1
    while half:
        if ascending[found + half - 1] < value:
            found += half
        half >>= 1
    return found + 1 if ascending[found] < value else found


@compiled
def bits(word: Any) -> Any:
    """How many bits of a word are set."""
    word -= (word >> np.uint64(1)) & np.uint64(0x5555555555555555)
    pairs = np.uint64(0x3333333333333333)
    word = (word & pairs) + ((word >> np.uint64(2)) & pairs)
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (word * np.uint64(0x0101010101010101)) >> np.uint64(56)


@compiled
def find(tables: Tables, top: FloatArray, first: int, held: Words, doubted: Words) -> int:
    """Mark the fixed points among the states of all middle and low spins under some high ones.

    Parameters
    ----------
    top : (T, H)
        Field of the high spins and of the input, for states number first, first + 1, ... of them.
    held : (T M,), filled
        States in which every unit agrees with its field, or may do so.
    doubted : (T M,), filled
        Those of them in which a field is so close to zero that the order of its sum decides.

    Returns
    -------
    Number of states that are held without doubt.
    """
    count, middles, units = 0, len(tables.middle), top.shape[1]
    lows = len(tables.up)
    for n in range(len(held)):
        t, m = n // middles, n % middles
        high = (first + t) * middles + m
        word, doubt = tables.last[0, 0], np.uint64(0)
        for i in range(units):
            base = top[t, i] + tables.middle[m, i]
            low, tolerance = tables.low[i], tables.tolerance[i]
            r = rank(low, tolerance - base)
            surely = perhaps = tables.last[i, r]
            while r and low[r - 1] >= -tolerance - base:
                r -= 1
                perhaps = tables.last[i, r]
            up = tables.up[i] if i < lows else np.uint64(0) - np.uint64(high >> (i - lows) & 1)
            word &= (up & perhaps) | ~(up | surely)
            doubt |= perhaps ^ surely
            if not word:
                break
        held[n], doubted[n] = word, word & doubt
        count += bits(word & ~doubt)
    return count
