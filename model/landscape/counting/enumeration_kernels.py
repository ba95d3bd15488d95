"""Sixty-four states at a time: the fixed points among them as one word of 64 bits, compiled."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import uint64
from numpy.typing import NDArray

from spinspike.arrays import FloatArray
from spinspike.compiled import compiled

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
    up: Words  # (6,) the states in which each of the low spins is up
    tolerance: FloatArray  # (H,) below which rounding could decide on the sign of a field


@compiled
def rank(low: FloatArray, i: int, value: float) -> Any:
    """How many of the 64 ascending numbers low[i] are below a value.

    By halves and without a branch, since nothing could predict it: twice as fast as with one.
    """
    row, found = uint64(i), uint64(0)
    for step in range(6):
        half = uint64(32) >> uint64(step)
        found += uint64(low[row, found + half - uint64(1)] < value) * half
    return np.int64(found + uint64(low[row, found] < value))


@compiled
def bits(word: Any) -> Any:
    """How many bits of a word are set."""
    word -= (word >> uint64(1)) & uint64(0x5555555555555555)
    pairs = uint64(0x3333333333333333)
    word = (word & pairs) + ((word >> uint64(2)) & pairs)
    word = (word + (word >> uint64(4))) & uint64(0x0F0F0F0F0F0F0F0F)
    return (word * uint64(0x0101010101010101)) >> uint64(56)


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
    count, middles, lows, units = 0, len(tables.middle), len(tables.up), top.shape[1]
    for n in range(len(held)):
        t, m = n // middles, n % middles
        high = (first + t) * middles + m
        word, doubt = tables.last[0, 0], uint64(0)
        for i in range(units):
            base = top[t, i] + tables.middle[m, i]
            tolerance = tables.tolerance[i]
            r = rank(tables.low, i, tolerance - base)
            surely = perhaps = tables.last[i, r]
            while r and tables.low[i, r - 1] >= -tolerance - base:
                r -= 1
                perhaps = tables.last[i, r]
            up = tables.up[i] if i < lows else uint64(0) - uint64(high >> (i - lows) & 1)
            word &= (up & perhaps) | ~(up | surely)
            doubt |= perhaps ^ surely
            if not word:
                break
        held[n], doubted[n] = word, word & doubt
        count += bits(word & ~doubt)
    return count
