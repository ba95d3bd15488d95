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
from spinspike.mapping.graph.codec import decode, neuron_spikes
from spinspike.mapping.graph.delays import longest_delay
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.one_line import OneLine
from spinspike.simulators.base import Recording, Regime
from spinspike.simulators.physics.calibration import weakest_fields
from spinspike.wilson import wilson_interval


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
    away: IntArray  # (K, P) units that are not as in s*
    supervisory: FloatArray  # (K,) mean |supervisory input|
    final: SpinArray  # (P, H) states at the end
    occupied: BoolArray  # (P,) was in s* at or after the release
    left: BoolArray  # (P,) was in s* at or after the release, and later not
    held: BoolArray  # (P,) was in s* from the release to the end
    flips: IntArray  # (P,) units that differ between the release and the end
    first_flip: FloatArray  # (P,) time after the release at which a unit first flipped, or inf
    margin: IntArray  # (P,) smallest integer margin of s* in the graph that ran
    weakest: IntArray  # (P,) the unit it belongs to
    field: FloatArray  # (P,) the smallest margin in units of field, which compares across units
    certified: BoolArray  # (P,) ends in a state that is certified for its input
    broken: int  # how often a certified state changed after the release (not in continuous time)
    delay: int  # longest of the graph, in steps
    like_emulator: bool | None  # spikes and readout are the emulator's; None where not compared
    classes: IntArray  # (P,) class read from the final state
    reference_classes: IntArray  # (P,) class read from s*
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
        """Whether the class read at the end is that of s*, (P,)."""
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
    states, times = recording.states, recording.times
    start = int(np.searchsorted(times, recording.release - 1e-9))
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
        reference_classes=decode(graph, points.states),
        raster=recording.raster,
    )


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
        broken=sum(part.broken for part in parts),
        like_emulator=None if None in compared else all(compared),
        **by_pattern,
    )


BY_PATTERN = (
    "away", "occupied", "left", "held", "flips", "first_flip", "margin", "weakest", "field",
    "certified", "classes", "reference_classes",
)  # fmt: skip


def accuracy(outcome: Outcome) -> float:
    """Fraction of patterns whose final state is read out as their true label.

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

    Examples
    --------
    >>> [round(v, 3) for v in wilson(np.array([True] * 9 + [False]))]
    [0.9, 0.596, 0.982]
    """
    fraction = float(successes.mean())
    return fraction, *wilson_interval(fraction, len(successes))


def mean_interval(values: FloatArray) -> tuple[float, float, float]:
    """Mean over patterns with its 95 % interval, 1.96 standard errors either way.

    For what is measured once for each pattern and is no yes or no: the units of one pattern are
    not independent of each other, so patterns are what is counted.

    Examples
    --------
    >>> [round(v, 2) for v in mean_interval(np.array([0.9, 1.0, 1.0, 1.0]))]
    [0.97, 0.93, 1.02]
    """
    mean = float(np.mean(values))
    error = 1.96 * float(np.std(values, ddof=1)) / len(values) ** 0.5 if len(values) > 1 else np.inf
    return mean, mean - error, mean + error


def _broken(graph: SynapseGraph, points: FixedPoints, recording: Recording, start: int) -> int:
    """Count changes away from a state of all neurons that is certified for its input.

    With synapses that are D steps late it must have lasted D + 1 steps before: until then spikes
    of earlier states still arrive.
    """
    if recording.regime == "continuous":
        return 0
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
    if not sum(map(len, patterns)):
        return 0
    rows = np.concatenate(patterns)
    visited = replace(points.select(rows), states=states[np.concatenate(times), rows])
    return int(certified(graph, visited).sum())
