"""Entries of a matrix by rows, the largest of each row first: what a worst case takes."""

from __future__ import annotations

import numpy as np

from spinspike.arrays import IntArray


def in_order(row: IntArray, value: IntArray) -> IntArray:
    """Order in which rows follow each other and values fall within each."""
    return np.asarray(np.lexsort((-value, row)))


def starts(row: IntArray) -> IntArray:
    """For each entry the place of the first one of its row; rows follow each other."""
    first = np.flatnonzero(np.diff(row, prepend=-1))
    return np.repeat(first, np.diff(np.append(first, row.size)))


def fewest_above(row: IntArray, value: IntArray, room: IntArray) -> tuple[IntArray, IntArray]:
    """For each row whose sum is above its room: the fewest entries that are, as place and number.

    Parameters
    ----------
    row, value : (E,)
        In order (`in_order`).
    room : (rows,)

    Examples
    --------
    >>> row, value = np.array([0, 0, 0, 1]), np.array([5, 4, 1, 3])
    >>> fewest_above(row, value, np.array([8, 3]))  # 5 + 4 > 8, and nothing in row 1
    (array([0]), array([2]))
    """
    start = starts(row)
    sums = np.append(0, np.cumsum(value))
    above = np.flatnonzero(sums[1:] - sums[start] > room[row])
    first = above[np.flatnonzero(np.diff(row[above], prepend=-1))]
    return start[first], first - start[first] + 1
