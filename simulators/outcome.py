"""What a run showed of each pattern: reached, held, flipped, and what became of its class."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import binomtest

from spinspike.mapping.certificate import certified
from spinspike.mapping.codec import decode, neuron_spikes
from spinspike.mapping.graph import SynapseGraph
from spinspike.model.arrays import BoolArray, FloatArray, IntArray, SpinArray
from spinspike.model.errors import BadInput
from spinspike.model.fixed_points import FixedPoints

from .base import Recording, Regime


@dataclass(frozen=True)
class Outcome:
    """One run of P patterns on one simulator, held against the reference state s* of each.

    The overlap is m = (1/H) sum_i s_i s*_i.
    """

    simulator: str
    regime: Regime
    run: str
    null: str  # "" for the graph itself
    saw_label: bool
    points: FixedPoints  # s*, inputs and true labels
    times: FloatArray  # (K,) steps, sweeps or ms
    release: float
    overlap: FloatArray  # (K, P)
    supervisory: FloatArray  # (K,) mean |supervisory input|
    released: SpinArray  # (P, H) states at the release
    final: SpinArray  # (P, H) states at the end
    occupied: BoolArray  # (P,) was in s* at or after the release
    left: BoolArray  # (P,) was in s* at or after the release, and later not
    first_flip: FloatArray  # (P,) time after the release at which a unit first flipped, or inf
    certified: BoolArray  # (P,) ends in a state that is certified for its input
    broken: int  # how often a certified state changed after the release (not in continuous time)
    like_emulator: bool | None  # spikes and readout are the emulator's; None where not compared
    classes: IntArray  # (P,) class read from the final state
    reference_classes: IntArray  # (P,) class read from s*
    raster: tuple[FloatArray, IntArray] | None  # spikes of the first pattern, ms and neuron

    @property
    def exact(self) -> BoolArray:
        """Whether each pattern ends exactly in s*, (P,)."""
        return np.asarray((self.final == self.points.states).all(axis=1))

    @property
    def class_kept(self) -> BoolArray:
        """Whether the class read at the end is that of s*, (P,)."""
        return np.asarray(self.classes == self.reference_classes)

    @property
    def flips(self) -> IntArray:
        """Units that differ between the release and the end, (P,)."""
        return np.asarray((self.released != self.final).sum(axis=1))


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
    at = (states == points.states).all(axis=2)
    after = at[start:]
    moved = (states[start + 1 :] != states[start:-1]).any(axis=2)
    first = np.where(moved.any(axis=0), times[start + 1 :][moved.argmax(axis=0)], np.inf)
    product = np.einsum("kbh,bh->kb", states, points.states, dtype=np.int32)
    return Outcome(
        simulator=simulator,
        regime=recording.regime,
        run=run,
        null=null,
        saw_label=saw_label,
        points=points,
        times=times,
        release=recording.release,
        overlap=product / points.states.shape[1],
        supervisory=recording.supervisory.mean(axis=1),
        released=states[start],
        final=states[-1],
        occupied=after.any(axis=0),
        left=(np.maximum.accumulate(after, axis=0) & ~after).any(axis=0),
        first_flip=first - recording.release,
        certified=certified(graph, replace(points, states=states[-1])),
        broken=_broken(graph, points, recording, start),
        like_emulator=like_emulator,
        classes=decode(graph, states[-1])
        if recording.readout is None
        else recording.readout.argmax(axis=1),
        reference_classes=decode(graph, points.states),
        raster=recording.raster,
    )


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
    count = int(successes.sum())
    found = binomtest(count, len(successes)).proportion_ci(method="wilson")
    return count / len(successes), float(found.low), float(found.high)


def _broken(graph: SynapseGraph, points: FixedPoints, recording: Recording, start: int) -> int:
    """Count changes away from a state that is certified for its input.

    Asynchronous twins may disagree on the way: then a state is one of all neurons.
    """
    if recording.regime == "continuous":
        return 0
    states = recording.states[start:]
    moved = (states[1:] != states[:-1]).any(axis=2)
    if recording.regime == "asynchronous" and recording.spikes is not None:
        spikes = recording.spikes[start:]
        agreed = (spikes[:-1] == neuron_spikes(graph, states[:-1])).all(axis=2)
        moved = agreed & (spikes[1:] != spikes[:-1]).any(axis=2)
    rows = np.nonzero(moved)
    visited = replace(points.select(rows[1]), states=states[:-1][rows])
    return int(certified(graph, visited).sum()) if len(rows[0]) else 0
