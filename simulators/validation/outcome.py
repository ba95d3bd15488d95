"""What a run showed of each pattern: reached, held, flipped, and what became of its class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from spinspike.arrays import BoolArray, FloatArray, IntArray, SpinArray
from spinspike.errors import BadInput
from spinspike.mapping.certificates.margins import certified, weakest_units
from spinspike.mapping.graph.codec import decode, neuron_spikes, reference_classes
from spinspike.mapping.graph.delays import longest_delay
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.one_line import OneLine
from spinspike.simulators.base import Recording, Regime
from spinspike.simulators.physics.calibration import weakest_fields
from spinspike.wilson import wilson_interval

RESIDUE = 0.01  # of its peak: what may be left of the supervisory current where holding begins


@dataclass(frozen=True, repr=False)
class Outcome(OneLine):
    """One run of P patterns on one simulator, held against the reference state s* of each."""

    simulator: str
    regime: Regime
    run: str
    null: str  # "" for the graph itself
    saw_label: bool
    points: FixedPoints  # s*, inputs and true labels
    times: FloatArray  # (K,) steps, sweeps or ms
    release: float
    since: float  # when holding begins: the release, in continuous time once the signal is gone
    away: IntArray  # (K, P) units that are not as in s*
    supervisory: FloatArray  # (K,) mean |supervisory input|
    final: SpinArray  # (P, H) states at the end
    occupied: BoolArray  # (P,) was in s* once holding had begun
    left: BoolArray  # (P,) was in s* once holding had begun, and later not
    held: BoolArray  # (P,) was in s* from then to the end
    flips: IntArray  # (P,) units that differ between then and the end
    first_flip: FloatArray  # (P,) time after the release at which a unit flipped from then, or inf
    margin: IntArray  # (P,) smallest integer margin of s* in the graph that ran
    weakest: IntArray  # (P,) the unit it belongs to
    field: FloatArray  # (P,) the smallest margin in units of field, which compares across units
    certified: BoolArray  # (P,) ends in a state that is certified for its input
    broken: IntArray  # (P,) how often a certified state changed (0 in continuous time)
    delay: int  # longest of the graph, in steps
    like_emulator: bool | None  # spikes and readout are the emulator's; None where not compared
    classes: IntArray  # (P,) class read from the final state
    reference_classes: IntArray  # (P,) class that the network itself reads from s*
    raster: tuple[FloatArray, IntArray] | None  # spikes of the first pattern, ms and neuron

    def summary(self) -> str:
        """What ran, and how many were held."""
        return (
            f"{self.simulator}, {self.regime}, {self.run}{self.null and ', ' + self.null}: "
            f"{int(self.held.sum())} of {len(self.held)} held, "
            f"{int(self.exact.sum())} end exactly in their state"
        )

    @property
    def overlap(self) -> FloatArray:
        """M = (1/H) sum_i s_i s*_i at each time, (K, P)."""
        return np.asarray(1 - 2 * self.away / self.points.states.shape[1])

    @property
    def exact(self) -> BoolArray:
        """Whether each pattern ends exactly in s*, (P,)."""
        return np.asarray((self.final == self.points.states).all(axis=1))

    @property
    def class_kept(self) -> BoolArray:
        """Whether the class read at the end is that which the network reads from s*, (P,)."""
        return np.asarray(self.classes == self.reference_classes)


def observe(
    graph: SynapseGraph,
    points: FixedPoints,
    recording: Recording,
    *,
    simulator: str,
    run: str,
    null: str,
    saw_label: bool,
    like_emulator: bool | None,
) -> Outcome:
    """Hold a recording against the states the patterns are meant to end in."""
    states, times, start = recording.states, recording.times, beginning(recording)
    away = np.array([np.count_nonzero(s != points.states, axis=1) for s in states])
    after = away[start:] == 0
    steps = pairwise(states[start:])
    moved = np.array([(s != t).any(axis=1) for s, t in steps]).reshape(-1, len(points))
    first = np.full(len(points), np.inf)
    if len(moved):
        first[moved.any(axis=0)] = times[start + 1 :][moved.argmax(axis=0)][moved.any(axis=0)]
    margin, weakest = weakest_units(graph, points)
    return Outcome(
        simulator=simulator,
        regime=recording.regime,
        run=run,
        null=null,
        saw_label=saw_label,
        points=points,
        times=times,
        release=recording.release,
        since=float(times[start]),
        away=away.astype(np.int32),
        supervisory=recording.supervisory.mean(axis=1),
        final=states[-1].copy(),  # lets go of the recording
        occupied=after.any(axis=0),
        left=(np.maximum.accumulate(after, axis=0) & ~after).any(axis=0),
        held=after.all(axis=0),
        flips=np.count_nonzero(states[start] != states[-1], axis=1),
        first_flip=first - recording.release,
        margin=margin,
        weakest=weakest,
        field=weakest_fields(graph, points),
        certified=certified(graph, replace(points, states=states[-1])),
        broken=_broken(graph, points, recording, start),
        delay=longest_delay(graph),
        like_emulator=like_emulator,
        classes=decode(graph, states[-1])
        if recording.readout is None
        else recording.readout.argmax(axis=1),
        reference_classes=reference_classes(graph, points.states),
        raster=recording.raster,
    )


def beginning(recording: Recording) -> int:
    """The read-out from which states have to hold by themselves.

    Steps and sweeps know no half-gone signal: it is the release. In continuous time it is the first
    read-out from there on at which the supervisory current of every pattern is down to a hundredth
    of its peak; the last one, if it never is.
    """
    start = int(np.searchsorted(recording.times, recording.release - 1e-9))
    current = recording.supervisory
    if recording.regime != "continuous":
        return start
    gone = (current <= RESIDUE * current.max(axis=0)).all(axis=1)[start:]
    return start + int(gone.argmax()) if gone.any() else len(current) - 1


def joined(parts: Sequence[Outcome]) -> Outcome:
    """One outcome of several blocks of patterns that ran alike, in their order."""
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    compared = [part.like_emulator for part in parts]
    by_pattern: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts], axis=-1)
        for name in BY_PATTERN
    }
    return replace(
        first,
        points=FixedPoints(
            inputs=np.concatenate([part.points.inputs for part in parts]),
            labels=np.concatenate([part.points.labels for part in parts]),
            states=np.concatenate([part.points.states for part in parts]),
        ),
        final=np.concatenate([part.final for part in parts]),
        supervisory=np.average(
            [part.supervisory for part in parts], axis=0, weights=[len(p.points) for p in parts]
        ),
        since=max(part.since for part in parts),
        saw_label=any(part.saw_label for part in parts),
        like_emulator=None if None in compared else all(compared),
        **by_pattern,
    )


BY_PATTERN = (
    "away", "occupied", "left", "held", "flips", "first_flip", "margin", "weakest", "field",
    "certified", "broken", "classes", "reference_classes",
)  # fmt: skip


def accuracy(outcome: Outcome) -> float:
    """Fraction of patterns whose final state is read out as their true label.

    Parameters
    ----------
    outcome : Outcome
        Of a free run.

    Raises
    ------
    BadInput
        The run saw a label, or was cued with a state: its states may carry the answer.
    """
    if outcome.saw_label or outcome.run != "free":
        message = f"accuracy asked of run {outcome.run!r}; allowed: 'free', which saw no label"
        raise BadInput(message)
    return float(np.mean(outcome.classes == outcome.points.labels))


def supervisory_off(outcome: Outcome, *, grace: float = 0.0) -> bool:
    """Whether the supervisory input came, where a label was given, and is gone after the release.

    In steps and sweeps there must be none from the next one on; in continuous time it must have
    decayed to a thousandth of its largest value within ``grace`` ms.
    """
    if outcome.saw_label and not outcome.supervisory.any():
        return False
    if outcome.regime != "continuous":
        return not outcome.supervisory[outcome.times > outcome.release].any()
    after = outcome.supervisory[outcome.times > outcome.release + grace]
    return bool((after <= 1e-3 * outcome.supervisory.max(initial=0.0)).all())


def wilson(successes: BoolArray) -> tuple[float, float, float]:
    """Fraction of successes with its Wilson 95 % interval.

    Parameters
    ----------
    successes : (P,) bool
        At least one.

    Examples
    --------
    >>> [round(v, 3) for v in wilson(np.array([True] * 9 + [False]))]
    [0.9, 0.596, 0.982]
    """
    fraction = float(successes.mean())
    return fraction, *wilson_interval(fraction, len(successes))


def accuracy_gap(outcome: Outcome) -> tuple[float, float, float]:
    """How far the accuracy of a free run falls behind the reference's, with its 95 % interval.

    With b the fraction of patterns that the reference alone reads right, and c that which the run
    alone does, b - c; its interval puts Wilson's of both together.

    References
    ----------
    Zou and Donner, Statistics in Medicine 27 (2008), 1693-1702: the square-and-add limits.
    """
    right, meant = (
        found == outcome.points.labels for found in (outcome.classes, outcome.reference_classes)
    )
    b, b_low, b_high = wilson(meant & ~right)
    c, c_low, c_high = wilson(right & ~meant)
    gap = b - c
    return gap, gap - np.hypot(b - b_low, c_high - c), gap + np.hypot(b_high - b, c - c_low)


def _broken(graph: SynapseGraph, points: FixedPoints, recording: Recording, start: int) -> IntArray:
    """Count each pattern's changes away from a state of all neurons that is certified for its input.

    With synapses that are D steps late it must have lasted D + 1 steps before: until then spikes
    of earlier states still arrive.
    """
    broken = np.zeros(len(points), dtype=np.int64)
    if recording.regime == "continuous":
        return broken
    delay = longest_delay(graph) if recording.regime == "step" else 0
    states, spikes = recording.states, recording.spikes
    lasted = np.zeros(len(points), dtype=np.int64)
    times, patterns = [], []
    for k in range(start, len(states) - 1):
        moved = (states[k + 1] != states[k]).any(axis=1)
        whole = np.ones_like(moved)
        if spikes is not None:  # twins may disagree on the way
            moved |= (spikes[k + 1] != spikes[k]).any(axis=1)
            whole = (spikes[k] == neuron_spikes(graph, states[k])).all(axis=1)
        lasted = np.where(whole, lasted + 1, 0)
        gone = np.flatnonzero(moved & (lasted > delay))
        times.append(np.full(len(gone), k))
        patterns.append(gone)
        lasted[moved] = 0
    if sum(map(len, patterns)):
        rows = np.concatenate(patterns)
        visited = replace(points.select(rows), states=states[np.concatenate(times), rows])
        np.add.at(broken, rows, certified(graph, visited))
    return broken
