"""The validation protocol: which patterns run how, on a graph and on its nulls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinspike.mapping.codec import decode
from spinspike.mapping.graph import SynapseGraph
from spinspike.mapping.null import permuted_couplings, without_couplings
from spinspike.model.arrays import IntArray
from spinspike.model.errors import BadInput
from spinspike.model.fixed_points import FixedPoints

from .base import Progress, Protocol, Regime, Simulator
from .emulator import Emulator
from .outcome import Outcome, observe
from .stimulus import stimulus

STEP = Protocol(cue=1, clamped=5, free=40)
CONTINUOUS = Protocol(cue=100, clamped=200, free=500)
# a neuron of a Poisson process misses 30 sweeps with probability exp(-30)
ASYNCHRONOUS = Protocol(cue=30, clamped=30, free=50)
PROTOCOLS: Mapping[Regime, Protocol] = {
    "step": STEP,
    "asynchronous": ASYNCHRONOUS,
    "continuous": CONTINUOUS,
}

RUNS: Mapping[str, str] = {
    "free": "test images, input alone from silence; the only run that accuracy is read from",
    "learned": "training images, clamped with their label, released; s* is the learned fixed point",
    "cued": "test images, started in the state s* that the reference reaches by itself",
    "release": "test images, clamped with the class the reference predicts, released",
    "wrong": "test images, clamped with another class than predicted, released",
}
NULLS: Mapping[str, str] = {
    "no couplings": "all couplings deleted; self-couplings, input and supervisory signal stay",
    "permuted": "every coupling comes from another unit",
    "random start": "the intact graph, started from random states, never clamped",
}
NULL_RUNS = ("learned", "cued")


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


def default_protocol(graph: SynapseGraph, regime: Regime) -> Protocol:
    """Phases of a regime; in steps the cue has one for each module, as the reference's warm-up."""
    protocol = PROTOCOLS[regime]
    return replace(protocol, cue=graph.modules) if regime == "step" else protocol


def validate(
    graph: SynapseGraph,
    simulator: Simulator,
    *,
    patterns: int = 100,
    runs: Sequence[str] = tuple(RUNS),
    nulls: bool = True,
    protocol: Protocol | None = None,
    seed: int = 0,
    on_trial: Callable[[Trial], Progress | None] | None = None,
) -> Iterator[Outcome]:
    """Run trials on one simulator and yield what each showed.

    Parameters
    ----------
    patterns : int
        At most so many fixed points of each run, the first ones.
    protocol : Protocol, optional
        Phases of the ``learned`` run, in steps, sweeps or ms; the others have the same without
        clamping. By default those of `default_protocol`.
    on_trial : callable, optional
        Told of each trial as it starts; may return a progress callback for it.
    """
    if patterns < 1:
        message = f"patterns is {patterns}; allowed: 1 or more"
        raise BadInput(message)
    protocol = protocol or default_protocol(graph, simulator.regime)
    for trial in trials(runs, nulls=nulls):
        progress = on_trial(trial) if on_trial else None
        yield _run(graph, simulator, trial, patterns, protocol, seed, progress)


def _run(
    graph: SynapseGraph,
    simulator: Simulator,
    trial: Trial,
    patterns: int,
    protocol: Protocol,
    seed: int,
    progress: Progress | None,
) -> Outcome:
    rng = np.random.default_rng(seed)
    points = _points(graph, trial.run).select(slice(patterns))
    labels = _labels(graph, trial.run, points, rng)
    cue = points.states if trial.run == "cued" else None
    if trial.null == "random start":
        labels, cue = None, rng.choice(np.array([-1, 1], dtype=np.int8), points.states.shape)
    if labels is None:
        protocol = replace(protocol, clamped=0)
    if trial.null == "no couplings":
        graph = without_couplings(graph)
    elif trial.null == "permuted":
        graph = permuted_couplings(graph, rng)
    given = stimulus(graph, points.inputs, labels=labels, cue=cue)
    recording = simulator.run(graph, given, protocol, progress=progress)
    # the release is when the protocol asked for it, whatever the simulator did
    recording = replace(recording, release=float(protocol.release))
    like_emulator = None
    step = recording.regime == "step"
    if step and recording.spikes is not None and not isinstance(simulator, Emulator):
        oracle = Emulator().run(graph, given, protocol)
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
        saw_label=labels is not None,
        like_emulator=like_emulator,
    )


def _same(one: NDArray[Any] | None, other: NDArray[Any] | None) -> bool:
    if one is None or other is None:
        return one is other
    return np.array_equal(one, other)


def _points(graph: SynapseGraph, run: str) -> FixedPoints:
    kind = "learned" if run == "learned" else "free"
    if not len(graph.fixed_points.get(kind, ())):
        message = f"the graph carries no {kind} fixed points; train and map it with them"
        raise BadInput(message)
    return graph.fixed_points[kind]


def _labels(
    graph: SynapseGraph, run: str, points: FixedPoints, rng: np.random.Generator
) -> IntArray | None:
    """What the supervisory signal says in a run; test labels are never used."""
    if run == "learned":
        return points.labels
    predicted = decode(graph, points.states)
    if run == "release":
        return predicted
    if run == "wrong":
        return (predicted + rng.integers(1, graph.classes, len(points))) % graph.classes
    return None
