"""Recall by damage: fractions with intervals over distinct memories, never over copies of one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinspike.arrays import BoolArray, IntArray
from spinspike.wilson import wilson_interval

from .experiment import Recall


@dataclass(frozen=True)
class Level:
    """What came of the cues of one fraction."""

    fraction: float
    memories: int  # distinct ones, which the interval is of
    cues: int
    recalled: float  # share of cues that end exactly in their memory, mean over memories
    interval: tuple[float, float]  # Wilson's, 95 %
    overlap: float  # mean at the end
    cue_overlap: float
    time: float | None  # median since when recalled ones were there; None if there are none


def levels(found: Recall) -> list[Level]:
    """The curve of a recall, by rising damage.

    Parameters
    ----------
    found : Recall
        Of one simulator, null or reference.
    """
    made = []
    for fraction in np.unique(found.fraction):
        rows = found.fraction == fraction
        share, count = share_of(found.recalled[rows], found.memory[rows])
        there = found.since[rows & found.recalled]
        made.append(
            Level(
                fraction=float(fraction),
                memories=count,
                cues=int(rows.sum()),
                recalled=share,
                interval=wilson_interval(share, count),
                overlap=float(found.overlap[rows].mean()),
                cue_overlap=float(found.cue_overlap[rows].mean()),
                time=float(np.median(there)) if there.size else None,
            )
        )
    return made


def share_of(right: BoolArray, memory: IntArray) -> tuple[float, int]:
    """Mean over memories of the share of their cues, and the number of memories.

    Parameters
    ----------
    right : (B,)
        Of each cue.
    memory : (B,)
        Number of the memory that a cue comes from.

    Examples
    --------
    >>> share_of(np.array([True, True, False, True]), np.array([0, 0, 1, 1]))
    (0.75, 2)
    """
    numbers, index = np.unique(memory, return_inverse=True)
    shares = np.bincount(index, right) / np.bincount(index)
    return float(shares.mean()), len(numbers)


def basin(curve: list[Level], *, share: float = 0.9) -> float | None:
    """Largest damage up to which, at every level, at least this share is recalled; None: none.

    Parameters
    ----------
    curve : list of Level
        By rising damage.
    share : float, 0 to 1
        Of cues.
    """
    within = None
    for level in curve:
        if level.recalled < share:
            break
        within = level.fraction
    return within
