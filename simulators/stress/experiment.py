"""Stress: what becomes of fixed points under noise, damage, delays and wrong signals.

Each kind of stress turns an experiment, which is all that a simulator is given, into a stressed
one. What is expressed on graph, stimulus or protocol works on every simulator of the regimes that
the kind allows; noise and lost spikes are options of the emulator.

Level 0 is no stress, but for the signal of a wrong class, where it is no signal at all. All levels
of a draw share their random numbers: what is lost at one level is lost at every higher one.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from spinspike.arrays import BoolArray, FloatArray
from spinspike.mapping.graph.codec import decode, reference_classes
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.graph.nulls import without_couplings
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.simulators.base import Phases, Recording, Regime, Simulator, Stimulus, seeded
from spinspike.simulators.stimulus import encode_stimulus

Rng = np.random.Generator
Run = Literal["cued", "learned"]
SPIKES_PER_BATCH = 2**27  # spikes recorded at a time
ALL: tuple[Regime, ...] = ("step", "asynchronous", "continuous")


@dataclass(frozen=True)
class Experiment:
    """Fixed points that a graph is to hold, or to reach, and how they are run.

    The ``cued`` run starts in the fixed points; the ``learned`` run from silence, with image and
    label, and has to find them after the release.
    """

    graph: SynapseGraph
    points: FixedPoints
    stimulus: Stimulus
    phases: Phases
    simulator: Simulator
    dead: BoolArray  # (N,) neurons that can spike no more
    flips: BoolArray  # (P, H) units that start wrong

    @property
    def compared(self) -> BoolArray:
        """Units whose state can be told, because their decoding neuron is not dead; (H,)."""
        return ~self.dead[self.graph.io.decoder]


@dataclass(frozen=True)
class Kind:
    """A kind of stress."""

    name: str
    title: str
    unit: str  # of its levels
    levels: tuple[float, ...]  # by default
    highest: float
    run: Run
    throughout: bool  # asked for s* in every step of the free phase, or else at its end
    apply: Callable[[Experiment, float, Rng], Experiment]
    certain: Callable[[Experiment, Experiment, float, Recording], NDArray[Any]] | None = None
    certified: str = ""  # what the certificate says
    regimes: tuple[Regime, ...] = ALL
    on: tuple[str, ...] = ()  # the simulators that have it as an option; none: all
    whole: bool = False  # levels are whole numbers
    timed: bool = False  # levels are times, given for five steps of clamping
    random: bool = True
    by_pattern: bool = False  # each pattern draws for itself; else all share one damaged graph

    def levels_in(self, phases: Phases) -> tuple[float, ...]:
        """Default levels for a protocol."""
        factor = phases.clamped / 5 if self.timed else 1
        return tuple(dict.fromkeys(round(x * factor) if self.whole else x for x in self.levels))


@dataclass(frozen=True)
class Observed:
    """What P stressed fixed points did; for each, and the same without couplings."""

    throughout: BoolArray  # (P,) in s* at every moment of the free phase
    ended: BoolArray  # (P,) in s* at its end
    units: FloatArray  # (P,) fraction of the units that are as in s* at the end
    class_kept: BoolArray  # (P,) the class read at the end is that of s*


def experiment(
    graph: SynapseGraph, points: FixedPoints, run: Run, simulator: Simulator, phases: Phases
) -> Experiment:
    """An experiment without stress; the cued run has no clamped phase."""
    if run == "learned":
        given = encode_stimulus(graph, points.inputs, labels=points.labels)
    else:
        given = encode_stimulus(graph, points.inputs, cue=points.states)
        # a step simulator is in the forced state after its first step
        cue = 1 if simulator.regime == "step" else phases.cue
        phases = replace(phases, cue=cue, clamped=0)
    dead, flips = (np.zeros(n, dtype=np.bool_) for n in (graph.neurons, points.states.shape))
    return Experiment(graph, points, given, phases, simulator, dead, flips)


def stressed(
    kind: Kind, plain: Experiment, level: float, seed: tuple[int, int], first: int = 0
) -> Experiment:
    """An experiment at a level of stress.

    Parameters
    ----------
    seed : (int, int)
        With the number of the draw. The patterns of a draw share one damaged graph.
    first : int
        Number of the first pattern, where they are run in parts.
    """
    own = [*seed, zlib.crc32(kind.name.encode()), first]
    rng = np.random.default_rng(own if kind.by_pattern else own[:-1])
    found = kind.apply(plain, level, rng)
    number = int(np.random.default_rng([*own, 1]).integers(2**31))
    return replace(found, simulator=seeded(found.simulator, number))


def work(
    graph: SynapseGraph,
    points: FixedPoints,
    simulator: Simulator,
    phases: Phases,
    kind: Kind,
    level: float,
    seed: tuple[int, int],
) -> dict[str, NDArray[Any]]:
    """One draw of one level: run the graph and its null, and ask the certificate.

    Returns
    -------
    dict
        The fields of `Observed`, those of the null with ``null_`` before their names, and
        ``certain`` (P,): probability with which each pattern is certain to be found where it is
        asked for, 0 where nothing is promised.
    """
    at_once = max(1, SPIKES_PER_BATCH // (phases.total * graph.neurons))
    parts = []
    for first in range(0, len(points), at_once):
        chosen = points.select(slice(first, first + at_once))
        plain = experiment(graph, chosen, kind.run, simulator, phases)
        bare = experiment(without_couplings(graph), chosen, kind.run, simulator, phases)
        hard, null = (stressed(kind, e, level, seed, first) for e in (plain, bare))
        seen = _recorded(hard)
        parts.append(
            vars(_observed(hard, seen, graph))
            | {f"null_{n}": v for n, v in vars(_observed(null, _recorded(null), graph)).items()}
            | {"certain": _certain(kind, plain, hard, level, seen)}
        )
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _certain(
    kind: Kind, plain: Experiment, hard: Experiment, level: float, seen: Recording
) -> FloatArray:
    if kind.certain is None or plain.simulator.regime == "continuous":
        return np.zeros(len(plain.points))
    return kind.certain(plain, hard, level, seen).astype(np.float64)


def _recorded(e: Experiment) -> Recording:
    recording = e.simulator.run(e.graph, e.stimulus, e.phases)
    return replace(recording, release=float(e.phases.release))


def _observed(e: Experiment, recording: Recording, intact: SynapseGraph) -> Observed:
    free = recording.states[recording.times > recording.release + 1e-9]
    right = (free == e.points.states)[:, :, e.compared]
    end = recording.states[-1]
    read = recording.readout
    classes = decode(e.graph, end) if read is None else read.argmax(axis=1)
    return Observed(
        throughout=right.all(axis=(0, 2)),
        ended=right[-1].all(axis=1),
        units=right[-1].mean(axis=1) if right.shape[2] else np.ones(len(end)),
        class_kept=np.asarray(classes == reference_classes(intact, e.points.states)),
    )
