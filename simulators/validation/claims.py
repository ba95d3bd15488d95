"""From outcomes to claims that hold or fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from spinspike.arrays import BoolArray, FloatArray
from spinspike.simulators.base import Regime
from spinspike.simulators.physics.calibration import SUCCESSIVE, margin_bound
from spinspike.simulators.registry import label

from .outcome import Outcome, accuracy, mean_interval, supervisory_off, wilson

UNCHANGED = 0.999  # continuous time: units that are at the end as at the release
OVERLAP = 0.995  # mean overlap with s* at the end
CLASS_KEPT = 0.99
HELD_ABOVE = 0.90  # of the patterns whose margin is above the bound
ABOVE = 0.80  # of the test patterns that are above it
ENDS_EXACTLY = 0.60  # fraction of patterns that end exactly in s*, or in a certified state
NULL_EXACTLY = 0.30  # more than this held by a null, and holding means nothing
ACCURACY_GAP = 0.005
DECAY_GRACE = 100.0  # ms for supervisory currents to decay after the release
ENOUGH = 100  # patterns from which a fraction is taken at its word
UNITS: Mapping[Regime, str] = {"step": "steps", "asynchronous": "sweeps", "continuous": "ms"}

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

    Fractions of patterns come with their Wilson 95 % interval, means with 1.96 standard errors
    over patterns. Of fewer than 100 patterns the whole interval must lie on one side of the bound.
    """

    simulator: str
    statement: str
    value: float
    bound: float
    at_least: bool  # whether the value must reach the bound, or stay at or below it
    interval: tuple[float, float] | None = None
    few: bool = False  # so few patterns that the interval decides

    @property
    def verdict(self) -> Verdict:
        """Which side of the bound value or interval are on (rounding errors forgiven)."""
        decides = self.interval if self.few and self.interval else (self.value,)
        sides = {self._right(value) for value in decides}
        if len(sides) > 1:
            return "undecided"
        return "holds" if sides == {True} else "fails"

    def _right(self, value: float) -> bool:
        return (self.bound - value if self.at_least else value - self.bound) <= 1e-9


def claims(outcomes: Sequence[Outcome]) -> list[Claim]:
    """Every claim that the outcomes of one or several simulators can decide."""
    found: list[Claim] = []
    for group in dict.fromkeys((o.simulator, o.regime) for o in outcomes):
        own = [o for o in outcomes if (o.simulator, o.regime) == group]
        found += _held(own)
        found += RULES[own[0].regime](own)
        found += _nulls(own)
    return found


def _held(outcomes: list[Outcome]) -> Iterator[Claim]:
    """States end where they should, and the supervisory signal is gone."""
    name, meant = _name(outcomes[0]), EXACT[outcomes[0].regime]
    for o in outcomes:
        # synapses that are late change the way, and with it where it ends
        if not o.null and o.run in meant and not o.delay:
            yield _fraction(name, f"{o.run}: ends exactly in s*", o.exact, ENDS_EXACTLY)
    still_on = sum(not supervisory_off(o, grace=DECAY_GRACE) for o in outcomes)
    statement = "runs in which the supervisory signal outlives the release, or never came"
    yield Claim(name, statement, still_on, 0, at_least=False)


def _step(outcomes: list[Outcome]) -> Iterator[Claim]:
    name = _name(outcomes[0])
    yield from _asynchronous(outcomes)
    for o in outcomes:
        if o.run in ("learned", "free") and not o.null:
            statement = f"{o.run}: patterns that come to a certified state"
            yield _fraction(name, statement, o.certified, ENDS_EXACTLY)
        if o.run == "free" and not o.null and not o.delay:
            yield _accuracy(o)
    compared = [o.like_emulator for o in outcomes if o.like_emulator is not None]
    if compared:
        statement = "runs whose spikes differ from the emulator's"
        yield Claim(name, statement, compared.count(False), 0, at_least=False)


def _accuracy(o: Outcome) -> Claim:
    gap = abs(accuracy(o) - float(np.mean(o.reference_classes == o.points.labels)))
    statement = "accuracy of free runs, distance from the reference's"
    # one pattern may be chance: where it alone is beyond the bound, it decides nothing
    interval = (max(0.0, gap - 1 / len(o.points)), gap)
    few = len(o.points) * ACCURACY_GAP < 1
    return Claim(_name(o), statement, gap, ACCURACY_GAP, False, interval if few else None, few)


def _asynchronous(outcomes: list[Outcome]) -> Iterator[Claim]:
    """What arithmetic has proved: one exception refutes it, however many patterns there were."""
    name = _name(outcomes[0])
    broken = sum(o.broken for o in outcomes)
    statement = "certified states that changed after the release"
    yield Claim(name, statement, broken, 0, at_least=False)
    for o in outcomes:
        proved = o.margin >= 1
        # a forced state has not sent what synapses that are late would deliver
        if o.run in ("cued", "recalled") and not o.null and not o.delay and proved.any():
            value, low, high = wilson(o.held[proved])
            statement = f"{o.run}: certified patterns in s* all the time, {_hold(o)}"
            yield Claim(name, statement, value, 1, True, (low, high))


def _continuous(outcomes: list[Outcome]) -> Iterator[Claim]:
    recalled = [o for o in outcomes if o.run == "recalled"]
    for o in outcomes:
        if o.null or o.run not in ("learned", "cued"):
            continue
        name = _name(o)
        if o.run == "cued":
            unchanged = 1 - o.flips / o.points.states.shape[1]
            yield _mean(name, f"cued: units as at the release, {_hold(o)}", unchanged, UNCHANGED)
        yield _mean(name, f"{o.run}: overlap with s* at the end", o.overlap[-1], OVERLAP)
        yield _fraction(name, f"{o.run}: class is that of s*", o.class_kept, CLASS_KEPT)
        if o.run == "cued" and recalled and len(recalled[0].points) >= SUCCESSIVE:
            yield from _by_margin(o, recalled[0])


def _by_margin(cued: Outcome, recalled: Outcome) -> Iterator[Claim]:
    """Which test patterns can be relied on, by a bound that only learned patterns have set."""
    name = _name(cued)
    bound = margin_bound(recalled.field, recalled.held, share=HELD_ABOVE)
    above = cued.field >= bound
    statement = f"cued: margin of at least {bound:.2g}, the bound that learned patterns set"
    yield _fraction(name, statement, above, ABOVE)
    if above.any():
        statement = f"cued, such a margin: in s* all the time, {_hold(cued)}"
        yield _fraction(name, statement, cued.held[above], HELD_ABOVE)


def _nulls(outcomes: list[Outcome]) -> Iterator[Claim]:
    for o in outcomes:
        if o.null:
            statement = f"{o.run}, {o.null}: ends exactly in s*"
            yield _fraction(_name(o), statement, o.exact, NULL_EXACTLY, at_least=False)


def _name(outcome: Outcome) -> str:
    return label(outcome.simulator, outcome.regime)


def _hold(outcome: Outcome) -> str:
    """How long was waited after the release."""
    return f"{outcome.times[-1] - outcome.release:,.0f} {UNITS[outcome.regime]}"


def _fraction(
    simulator: str, statement: str, successes: BoolArray, bound: float, *, at_least: bool = True
) -> Claim:
    value, low, high = wilson(successes)
    few = len(successes) < ENOUGH
    return Claim(simulator, statement, value, bound, at_least, (low, high), few)


def _mean(simulator: str, statement: str, values: FloatArray, bound: float) -> Claim:
    value, low, high = mean_interval(values)
    interval = max(low, -1.0), min(high, 1.0)
    return Claim(simulator, statement, value, bound, True, interval, len(values) < ENOUGH)


RULES: Mapping[Regime, Callable[[list[Outcome]], Iterator[Claim]]] = {
    "step": _step,
    "asynchronous": _asynchronous,
    "continuous": _continuous,
}
