"""From outcomes to claims that hold or fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from spinspike.model.arrays import BoolArray

from .base import Regime
from .outcome import Outcome, accuracy, supervisory_off, wilson

HELD_OVERLAP = 0.99  # continuous time: mean overlap with s* at the end
HELD_EXACTLY = 0.60  # fraction of patterns that end exactly in s*
CLASS_KEPT = 0.97
NULL_EXACTLY = 0.30  # more than this held by a null, and holding means nothing
ACCURACY_GAP = 0.005
DECAY_GRACE = 100.0  # ms for supervisory currents to decay after the release
ENOUGH = 100  # patterns from which a fraction is taken at its word

Verdict = Literal["holds", "fails", "undecided"]

# from silence, only the steps take the path of the sweeps that define s*
EXACT: Mapping[Regime, tuple[str, ...]] = {
    "step": ("learned", "cued", "free"),
    "asynchronous": ("cued",),
    "continuous": ("learned", "cued"),
}


@dataclass(frozen=True)
class Claim:
    """One statement about a simulator, the value seen and the bound it is held against.

    A fraction of fewer than 100 patterns comes with its Wilson 95 % interval and is decided only
    where the whole interval lies on one side of the bound.
    """

    simulator: str
    statement: str
    value: float
    bound: float
    at_least: bool  # whether the value must reach the bound, or stay at or below it
    interval: tuple[float, float] | None = None

    @property
    def verdict(self) -> Verdict:
        """Which side of the bound value or interval are on (rounding errors forgiven)."""
        sides = {self._right(value) for value in self.interval or (self.value,)}
        if len(sides) > 1:
            return "undecided"
        return "holds" if sides == {True} else "fails"

    def _right(self, value: float) -> bool:
        return (self.bound - value if self.at_least else value - self.bound) <= 1e-9


def claims(outcomes: Sequence[Outcome]) -> list[Claim]:
    """Every claim that the outcomes of one or several simulators can decide."""
    found = []
    for simulator in dict.fromkeys(o.simulator for o in outcomes):
        own = [o for o in outcomes if o.simulator == simulator]
        found += _held(own)
        found += RULES[own[0].regime](own)
        found += _nulls(own)
    return found


def _held(outcomes: list[Outcome]) -> list[Claim]:
    """States end where they should, and the supervisory signal is gone."""
    name, meant = outcomes[0].simulator, EXACT[outcomes[0].regime]
    found = [
        _fraction(name, f"{o.run}: ends exactly in s*", o.exact, HELD_EXACTLY, at_least=True)
        for o in outcomes
        if not o.null and o.run in meant
    ]
    still_on = sum(not supervisory_off(o, grace=DECAY_GRACE) for o in outcomes)
    statement = "runs in which the supervisory signal outlives the release, or never came"
    return [*found, Claim(name, statement, still_on, 0, at_least=False)]


def _step(outcomes: list[Outcome]) -> list[Claim]:
    name = outcomes[0].simulator
    found = _asynchronous(outcomes)
    for o in outcomes:
        if o.run in ("learned", "free") and not o.null:
            statement = f"{o.run}: patterns that come to a certified state"
            found.append(_fraction(name, statement, o.certified, HELD_EXACTLY, at_least=True))
        if o.run == "free" and not o.null:
            gap = abs(accuracy(o) - float(np.mean(o.reference_classes == o.points.labels)))
            statement = "accuracy of free runs, distance from the reference's"
            # one pattern may be chance: where it alone is beyond the bound, it decides nothing
            interval = (max(0.0, gap - 1 / len(o.points)), gap)
            few = len(o.points) * ACCURACY_GAP < 1
            found.append(
                Claim(name, statement, gap, ACCURACY_GAP, False, interval if few else None)
            )
    compared = [o.like_emulator for o in outcomes if o.like_emulator is not None]
    if compared:
        statement = "runs whose spikes differ from the emulator's"
        found.append(Claim(name, statement, compared.count(False), 0, at_least=False))
    return found


def _asynchronous(outcomes: list[Outcome]) -> list[Claim]:
    broken = sum(o.broken for o in outcomes)
    statement = "certified states that changed after the release"
    return [Claim(outcomes[0].simulator, statement, broken, 0, at_least=False)]


def _continuous(outcomes: list[Outcome]) -> list[Claim]:
    found = []
    for o in outcomes:
        if o.run in ("learned", "cued") and not o.null:
            name, mean = o.simulator, float(o.overlap[-1].mean())
            found += [
                Claim(name, f"{o.run}: mean overlap with s* at the end", mean, HELD_OVERLAP, True),
                _fraction(name, f"{o.run}: class is that of s*", o.class_kept, CLASS_KEPT, True),
            ]
    return found


def _nulls(outcomes: list[Outcome]) -> list[Claim]:
    return [
        _fraction(
            o.simulator,
            f"{o.run}, {o.null}: ends exactly in s*",
            o.exact,
            NULL_EXACTLY,
            at_least=False,
        )
        for o in outcomes
        if o.null
    ]


def _fraction(
    simulator: str, statement: str, successes: BoolArray, bound: float, at_least: bool
) -> Claim:
    value, *interval = wilson(successes)
    low, high = interval
    few = len(successes) < ENOUGH
    return Claim(simulator, statement, value, bound, at_least, (low, high) if few else None)


RULES: Mapping[Regime, Callable[[list[Outcome]], list[Claim]]] = {
    "step": _step,
    "asynchronous": _asynchronous,
    "continuous": _continuous,
}
