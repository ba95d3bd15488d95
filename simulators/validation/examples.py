"""One pattern that a simulator held and one that it lost, run again alone to be looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .outcome import Outcome
from .protocol import Trial

TRIES = 3  # candidates: noise may decide otherwise the second time


@dataclass(frozen=True)
class Example:
    """A pattern that was run alone, and whether it was meant to be one held or one lost."""

    kind: Literal["held", "lost"]
    pattern: int  # its number among those of the run
    outcome: Outcome  # of this pattern alone


def find_examples(
    outcomes: Sequence[Outcome], again: Callable[[Trial, slice], Outcome]
) -> list[Example]:
    """Pick from the outcomes of one simulator, and run the pick again.

    The held one ends in s* of the graph; the lost one, of smallest margin, does not. Where the
    graph loses none, one that a null loses stands in. A pick that goes the other way when it is
    run again is passed over; after three there is no example of its kind.

    Parameters
    ----------
    again : callable
        Runs the given rows of a trial and returns what they showed.
    """
    shown = [o for o in outcomes if o.run in ("learned", "cued")]
    held = _first([o for o in shown if not o.null], "held", again)
    lost = _first(sorted(shown, key=lambda o: bool(o.null)), "lost", again)
    return [example for example in (held, lost) if example]


def _first(
    shown: Sequence[Outcome],
    kind: Literal["held", "lost"],
    again: Callable[[Trial, slice], Outcome],
) -> Example | None:
    for o in shown:
        candidates = np.flatnonzero(o.exact == (kind == "held"))
        if kind == "lost":
            candidates = candidates[np.argsort(o.margin[candidates], kind="stable")]
        for pattern in candidates[:TRIES].tolist():
            outcome = again(Trial(o.run, o.null), slice(pattern, pattern + 1))
            if bool(outcome.exact[0]) == (kind == "held"):
                return Example(kind, pattern, outcome)
    return None
