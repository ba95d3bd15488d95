"""The validation protocol: which patterns run how, on a graph and on its nulls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinspike.arrays import IntArray
from spinspike.errors import BadInput
from spinspike.mapping.graph.codec import reference_classes
from spinspike.mapping.graph.fields import supervisory_field
from spinspike.mapping.graph.graph import SynapseGraph, refuse_graded
from spinspike.mapping.graph.nulls import permuted_couplings, without_couplings
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.simulators.base import Phases, Regime, Simulator, calibrated, seeded
from spinspike.simulators.emulator.step import Emulator
from spinspike.simulators.physics.calibration import PATTERNS, smallest_margin_states
from spinspike.simulators.stimulus import encode_stimulus
from spinspike.task import Progress

from .outcome import Outcome, joined, observe

STEP = Phases(cue=1, clamped=5, free=40)
CONTINUOUS = Phases(cue=100, clamped=200, free=500)
# a neuron of a Poisson process misses 30 sweeps with probability exp(-30)
ASYNCHRONOUS = Phases(cue=30, clamped=30, free=50)
DEFAULT_PHASES: Mapping[Regime, Phases] = {
    "step": STEP,
    "asynchronous": ASYNCHRONOUS,
    "continuous": CONTINUOUS,
}

RUNS: Mapping[str, str] = {
    "free": "test images, input alone from silence; the only run that accuracy is read from",
    "learned": "training images, clamped with their label, released; s* is the learned fixed point",
    "cued": "test images, started in the state s* that the reference reaches by itself",
    "recalled": "training images whose states have the smallest margins, started in these; says "
    "which margins are enough",
    "release": "test images, clamped with the class the reference predicts, released",
    "wrong": "test images, clamped with another class than predicted, released",
}
NULLS: Mapping[str, str] = {
    "no couplings": "all couplings deleted; self-couplings, input and supervisory signal stay",
    "permuted": "every coupling comes from another unit",
    "random start": "the intact graph, started from random states, never clamped",
}
NULL_RUNS = ("learned", "cued")
RECORDED = 2**28  # bytes of spikes that a block of patterns may leave in memory
PATTERNS_PER_BLOCK: Mapping[Regime, int] = {
    "step": 512,
    "asynchronous": 256,
    "continuous": 128,
}  # patterns


@dataclass(frozen=True)
class Trial:
    """One batch to run: a run of the protocol, on the graph itself or as a null."""

    run: str
    null: str = ""


def trials(runs: Sequence[str] = tuple(RUNS), *, nulls: bool = True) -> list[Trial]:
    """The given runs, and the nulls of those that have some."""
    unknown = [run for run in runs if run not in RUNS]
    if unknown:
        message = f"unknown run {unknown[0]!r}; allowed: {', '.join(RUNS)}"
        raise BadInput(message)
    runs = tuple(dict.fromkeys(runs))
    with_nulls = [run for run in runs if run in NULL_RUNS and nulls]
    return [*(Trial(run) for run in runs), *(Trial(r, n) for r in with_nulls for n in NULLS)]


def default_runs(graph: SynapseGraph) -> tuple[str, ...]:
    """All runs; for a memory, which has neither inputs nor classes, the one that starts in s*.

    Parameters
    ----------
    graph : SynapseGraph
        What is to run.
    """
    return tuple(RUNS) if graph.io.centre.size or graph.classes else ("cued",)


def default_phases(graph: SynapseGraph, regime: Regime, *, hold: int | None = None) -> Phases:
    """Phases of a regime; in steps the cue has one for each module, as the reference's warm-up.

    Parameters
    ----------
    hold : int, steps, sweeps or ms
        How long to wait after the release; by default 40 steps, 50 sweeps, 500 ms.
    """
    phases = DEFAULT_PHASES[regime]
    if hold is not None:
        if hold < 1:
            message = f"hold is {hold}; allowed: 1 or more steps, sweeps or ms"
            raise BadInput(message)
        phases = replace(phases, free=hold)
    return replace(phases, cue=graph.modules) if regime == "step" else phases


def blocks(
    graph: SynapseGraph, run: str, patterns: int, phases: Phases, regime: Regime
) -> list[slice]:
    """The patterns of a run, so many at a time that memory is bounded whatever their number.

    Raises
    ------
    BadInput
        ``patterns`` is below 1, or the graph carries no fixed points for this run.
    """
    if patterns < 1:
        message = f"patterns is {patterns}; allowed: 1 or more"
        raise BadInput(message)
    total = min(patterns, len(_points(graph, run)))
    size = PATTERNS_PER_BLOCK[regime]
    if regime != "continuous":
        size = int(np.clip(RECORDED // (phases.total * graph.neurons), 1, size))
    return [slice(start, min(start + size, total)) for start in range(0, total, size)]


def validate(
    graph: SynapseGraph,
    simulator: Simulator,
    *,
    patterns: int = 100,
    runs: Sequence[str] | None = None,
    nulls: bool = True,
    phases: Phases | None = None,
    seed: int = 0,
    on_trial: Callable[[Trial], Progress | None] | None = None,
) -> Iterator[Outcome]:
    """Run trials on one simulator and yield what each showed.

    Parameters
    ----------
    graph : SynapseGraph
    simulator : Simulator
    patterns : int
        At most so many fixed points of each run, the first ones; one that is there twice (input
        and state) counts once.
    runs : sequence of str, optional
        Keys of `RUNS`; all when not given, or those that a memory without inputs can have.
    nulls : bool
        Also run the nulls of those runs that have some.
    phases : Phases, optional
        Phases of the ``learned`` run, in steps, sweeps or ms; the others have the same without
        clamping. By default those of `default_protocol`.
    seed : int >= 0
        Of wrong labels, random starts, permutations and noisy simulators.
    on_trial : callable, optional
        Told of each trial as it starts; may return a progress callback for it.
    """
    phases = phases or default_phases(graph, simulator.regime)
    for trial in trials(default_runs(graph) if runs is None else runs, nulls=nulls):
        progress = on_trial(trial) if on_trial else None
        rows = blocks(graph, trial.run, patterns, phases, simulator.regime)
        yield joined(
            [
                run_block(
                    graph, simulator, trial, part, phases, seed, _part(progress, k, len(rows))
                )
                for k, part in enumerate(rows)
            ]
        )


def run_block(
    graph: SynapseGraph,
    simulator: Simulator,
    trial: Trial,
    rows: slice,
    phases: Phases,
    seed: int,
    progress: Progress | None = None,
) -> Outcome:
    """Run some patterns of a trial; what is drawn for a pattern does not depend on the block.

    A simulator with a seed gets another one in each block, or their noise would be the same; one
    that calibrates itself does so on the graph, and keeps that on its nulls.
    """
    points = points_of(graph, trial.run, rows)
    labels = _labels(graph, trial.run, points, rows, seed)
    simulator = _prepared(simulator, graph, rows)  # before the graph makes way for a null
    cue = points.states if trial.run in ("cued", "recalled") else None
    if trial.null == "random start":
        shape = rows.stop, graph.units
        spins = np.random.default_rng(seed).choice(np.array([-1, 1], dtype=np.int8), shape)
        labels, cue = None, spins[rows]
    if labels is None:
        phases = replace(phases, clamped=0)
    if trial.null == "no couplings":
        graph = without_couplings(graph)
    elif trial.null == "permuted":
        graph = permuted_couplings(graph, np.random.default_rng(seed))
    given = encode_stimulus(graph, points.inputs, labels=labels, cue=cue)
    recording = simulator.run(graph, given, phases, progress=progress)
    # the release is when the protocol asked for it, whatever the simulator did
    recording = replace(recording, release=float(phases.release))
    like_emulator = None
    step = recording.regime == "step"
    if step and recording.spikes is not None and not isinstance(simulator, Emulator):
        oracle = Emulator().run(graph, given, phases)
        like_emulator = _same(recording.spikes, oracle.spikes) and _same(
            recording.readout, oracle.readout
        )
    return observe(
        graph,
        points,
        recording,
        simulator=simulator.name,
        run=trial.run,
        null=trial.null,
        # a network without weights from the signal never hears of a label
        saw_label=bool(supervisory_field(graph, given.supervisor).any()),
        like_emulator=like_emulator,
    )


def points_of(graph: SynapseGraph, run: str, rows: slice) -> FixedPoints:
    """The fixed points that a run is held against."""
    return _points(graph, run).select(rows)


def _prepared(simulator: Simulator, graph: SynapseGraph, rows: slice) -> Simulator:
    """A simulator with the parameters for a graph and a seed for a block, if it has such things."""
    return seeded(calibrated(simulator, graph), rows.start)


def _part(progress: Progress | None, block: int, blocks: int) -> Progress | None:
    """Progress of a block as that of all."""
    if progress is None:
        return None
    return lambda done, total: progress(block * total + done, blocks * total)


def _same(one: NDArray[Any] | None, other: NDArray[Any] | None) -> bool:
    if one is None or other is None:
        return one is other
    return np.array_equal(one, other)


def _points(graph: SynapseGraph, run: str) -> FixedPoints:
    refuse_graded(graph)
    kind = "learned" if run in ("learned", "recalled") else "free"
    if default_runs(graph) == ("cued",) and not len(graph.fixed_points.get(kind, ())):
        kind = "learned"  # a memory reaches its states by itself
    if not len(graph.fixed_points.get(kind, ())):
        message = f"the graph carries no {kind} fixed points; train and map it with them"
        raise BadInput(message)
    points = graph.fixed_points[kind].distinct
    return (
        smallest_margin_states(graph, points.select(slice(PATTERNS)))
        if run == "recalled"
        else points
    )


def _labels(
    graph: SynapseGraph, run: str, points: FixedPoints, rows: slice, seed: int
) -> IntArray | None:
    """What the supervisory signal says in a run; test labels are never used."""
    if run == "learned":
        return points.labels
    predicted = reference_classes(graph, points.states)
    if run == "release":
        return predicted
    if run == "wrong":
        other = np.random.default_rng(seed).integers(1, graph.classes, rows.stop)[rows]
        return np.asarray((predicted + other) % graph.classes)
    return None
