"""From outcomes to a verdict: was a certified state lost, were couplings needed, what was reached.

Only the first question can fail a network by itself. What nulls hold is a measure, and so is where
runs end, unless a bound is asked for. Every claim about patterns is decided by its 95 % interval,
whatever their number, and each pattern counts once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np

from spinspike.arrays import BoolArray
from spinspike.errors import BadInput
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.simulators.base import Regime
from spinspike.simulators.physics.calibration import SUCCESSIVE, margin_bound
from spinspike.simulators.registry import label
from spinspike.wilson import patterns_to_tell, wilson_interval

from .outcome import Outcome, accuracy_gap, supervisory_off, wilson

DECAY_GRACE = 100.0  # ms for supervisory currents to decay after the release
FORCED = ("cued", "recalled")  # runs that start in s*

Verdict = Literal["holds", "fails", "undecided"]

# from silence, only the steps take the path of the sweeps that define s*
EXACT: Mapping[Regime, tuple[str, ...]] = {
    "step": ("learned", "cued", "free"),
    "asynchronous": ("cued",),
    "continuous": ("learned", "cued"),
}


@dataclass(frozen=True)
class Bounds:
    """What is asked of a network; None: nothing, it is told only.

    Bounds are fractions of patterns, and the whole 95 % interval has to be on their right side.
    """

    kept: float = 0.9  # at least: patterns whose certified state is kept
    reached: float | None = None  # at least: patterns of each run that end exactly in s*
    same_class: float | None = None  # at least: patterns read at the end as their s* is
    accuracy: float | None = None  # at most: how far free runs fall behind the reference

    def __post_init__(self) -> None:
        for name, bound in asdict(self).items():
            if bound is not None and not 0 < bound < 1:
                message = f"{name} is {bound:g}; allowed: above 0 and below 1, as intervals are"
                raise BadInput(message)


@dataclass(frozen=True)
class Claim:
    """One statement about a simulator, the value seen and the bound it is held against.

    Values that stand for more than what was run come with their 95 % interval, which has to lie on
    one side of the bound. Of what was proved, one exception is enough to refute it.
    """

    simulator: str
    statement: str
    value: float
    bound: float
    at_least: bool  # whether the value must reach the bound, or stay at or below it
    interval: tuple[float, float] | None = None
    patterns: int | None = None  # that the interval is of
    exceptions: tuple[str, ...] = ()  # run and number of patterns that refute what was proved

    @property
    def verdict(self) -> Verdict:
        """Which side of the bound the interval is on; what is no number is on the wrong one."""
        if self.exceptions:
            return "fails"
        sides = {self._right(value) for value in self.interval or (self.value,)}
        if len(sides) > 1:
            return "undecided"
        return "holds" if sides == {True} else "fails"

    @property
    def would_decide(self) -> int | None:
        """About how many patterns would, with the fraction seen; None if that is no question."""
        if self.verdict != "undecided" or self.patterns is None:
            return None
        return patterns_to_tell(self.value if self.patterns else float(self.at_least), self.bound)

    def _right(self, value: float) -> bool:  # rounding errors are forgiven
        return (self.bound - value if self.at_least else value - self.bound) <= 1e-9


@dataclass(frozen=True)
class NotAsked:
    """A claim that so few patterns cannot decide, whatever they show, and how many could."""

    simulator: str
    statement: str
    patterns: int
    needed: int


def verdict(claims: Sequence[Claim]) -> Verdict:
    """That over all claims: one that fails is enough, and so is an undecided one.

    Parameters
    ----------
    claims : sequence of Claim
    """
    found = {claim.verdict for claim in claims}
    return "fails" if "fails" in found else "undecided" if "undecided" in found else "holds"


def claims(outcomes: Sequence[Outcome], bounds: Bounds = Bounds()) -> list[Claim]:
    """What the outcomes of one or several simulators are held against.

    Parameters
    ----------
    outcomes : sequence of Outcome
    bounds : Bounds
        What the patterns of a run are too few to decide is left out; `not_asked` tells of it.
    """
    found: list[Claim] = []
    for own in by_simulator(outcomes):
        found += [_kept(own, bounds.kept), *_sound(own), *_firm(own, bounds.kept)]
        found += _reached(own, bounds)
    return found


def not_asked(
    simulator: str, regime: Regime, points: Mapping[str, FixedPoints], bounds: Bounds
) -> list[NotAsked]:
    """Claims that the patterns that will run cannot decide, whatever they show; said beforehand.

    That certified states are kept is asked all the same, since one that is lost decides it.

    Parameters
    ----------
    simulator : str
        As reports call it.
    regime : Regime
    points : mapping
        What each run is held against.
    bounds : Bounds
    """
    at_risk = {key for run, p in points.items() if _at_risk(run, regime) for key in p.keys}
    wanted = [(KEPT, len(at_risk), fewest(bounds.kept))]
    for demand in _demands(points, regime, bounds):
        wanted.append((demand.statement, len(points[demand.run]), demand.fewest))
    return [NotAsked(simulator, *row) for row in wanted if row[1] < row[2]]


def by_simulator(outcomes: Sequence[Outcome]) -> list[list[Outcome]]:
    """The outcomes of each simulator and regime."""
    groups = dict.fromkeys((o.simulator, o.regime) for o in outcomes)
    return [[o for o in outcomes if (o.simulator, o.regime) == group] for group in groups]


KEPT = "certified states kept"


def _kept(outcomes: list[Outcome], bound: float) -> Claim:
    """Of all patterns with a certified state that could be lost, those that lost it in no run."""
    kept: dict[bytes, bool] = {}
    exceptions = []
    for o in outcomes:
        at_risk, stays = _fate(o)
        lost = np.flatnonzero(at_risk & ~stays)
        if o.regime != "continuous":  # proved by arithmetic, on null graphs as well
            name = ", ".join(filter(None, (o.run, o.null)))
            exceptions += [f"{name} {row}" for row in lost.tolist()]
        if not o.null:
            for row in np.flatnonzero(at_risk).tolist():
                key = o.points.keys[row]
                kept[key] = kept.get(key, True) and bool(stays[row])
    value, count = sum(kept.values()) / max(1, len(kept)), len(kept)
    interval = wilson_interval(value, count) if count else (0.0, 1.0)
    return Claim(_name(outcomes[0]), KEPT, value, bound, True, interval, count, tuple(exceptions))


def _fate(o: Outcome) -> tuple[BoolArray, BoolArray]:
    """Which patterns had a certified state to lose, and which never lost one; (P,) each."""
    forced = o.run in FORCED and not o.null and not o.delay  # late synapses: it has no past
    proved = o.margin >= 1
    if o.regime == "continuous":  # nothing is proved of the ways there
        at_risk = proved & (forced | o.occupied) & _at_risk(o.run, o.regime)
        return at_risk, np.where(forced, o.held, ~o.left)
    whole = o.broken == 0
    return o.certified | ~whole | (forced & proved), whole & (o.held | ~(forced & proved))


def _at_risk(run: str, regime: Regime) -> bool:
    """Whether a run asks for states to be kept; in continuous time weakest states are a probe."""
    return regime != "continuous" or run != "recalled"


def _sound(outcomes: list[Outcome]) -> Iterator[Claim]:
    """What was run is what was meant to be: nothing that stands for more, so no interval."""
    name = _name(outcomes[0])
    still_on = sum(not supervisory_off(o, grace=DECAY_GRACE) for o in outcomes)
    statement = "label stayed on, or never came"
    yield Claim(name, statement, still_on, 0, at_least=False)
    compared = [o.like_emulator for o in outcomes if o.like_emulator is not None]
    if compared:
        statement = "spikes unlike the emulator's"
        yield Claim(name, statement, compared.count(False), 0, at_least=False)


@dataclass(frozen=True)
class _Demand:
    """What is asked of where a run ends."""

    statement: str
    run: str
    bound: float
    at_least: bool
    seen: Callable[[Outcome], tuple[float, float, float]]

    @property
    def fewest(self) -> int:
        return fewest(self.bound if self.at_least else 1 - self.bound)


def _demands(runs: Iterable[str], regime: Regime, bounds: Bounds) -> Iterator[_Demand]:
    for run in runs:
        if bounds.reached is not None and run in EXACT[regime]:
            statement = f"{run}: ends exactly in s*"
            yield _Demand(statement, run, bounds.reached, True, lambda o: wilson(o.exact))
        if bounds.same_class is not None and run in ("free", "learned", "cued"):
            statement = f"{run}: class is that of s*"
            yield _Demand(statement, run, bounds.same_class, True, lambda o: wilson(o.class_kept))
        if bounds.accuracy is not None and run == "free":
            statement = "free: accuracy lost"
            yield _Demand(statement, run, bounds.accuracy, False, accuracy_gap)


def _reached(outcomes: list[Outcome], bounds: Bounds) -> Iterator[Claim]:
    """Where runs end, as far as a bound is asked for and the patterns can decide it."""
    # synapses that are late change the way, and with it where it ends
    runs = {o.run: o for o in outcomes if not o.null and not o.delay}
    for demand in _demands(runs, outcomes[0].regime, bounds):
        o = runs[demand.run]
        if len(o.points) >= demand.fewest:
            yield _fraction(o, demand.statement, demand.seen(o), demand.bound, demand.at_least)


def _firm(outcomes: list[Outcome], bound: float) -> Iterator[Claim]:
    """Which test patterns can be relied on, by a margin that only learned patterns have set."""
    runs = {o.run: o for o in outcomes if not o.null}
    if outcomes[0].regime != "continuous" or not {"cued", "recalled"} <= runs.keys():
        return
    cued, recalled = runs["cued"], runs["recalled"]
    if len(recalled.points) < SUCCESSIVE:
        return
    margin = margin_bound(recalled.field, recalled.held)
    firm = cued.field >= margin
    if firm.sum() >= fewest(bound):
        statement = f"margin {margin:.2g} up ({firm.mean():.0%}): kept"
        yield _fraction(cued, statement, wilson(cued.held[firm]), bound, count=int(firm.sum()))


def _fraction(
    o: Outcome,
    statement: str,
    seen: tuple[float, float, float],
    bound: float,
    at_least: bool = True,
    count: int | None = None,
) -> Claim:
    value, low, high = seen
    patterns = len(o.points) if count is None else count
    return Claim(_name(o), statement, value, bound, at_least, (low, high), patterns)


def fewest(bound: float) -> int:
    """Patterns without which no interval lies above a bound: all of them are on the right side."""
    return patterns_to_tell(1.0, bound) or 0


def _name(outcome: Outcome) -> str:
    return label(outcome.simulator, outcome.regime)
