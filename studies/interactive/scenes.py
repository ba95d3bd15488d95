"""What the page plays: runs of the validation protocol, every step of them kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from spinspike.mapping import SynapseGraph
from spinspike.simulators import NULLS, Outcome
from spinspike.simulators.base import (
    Phases,
    Recording,
    Regime,
    Simulator,
    Stimulus,
    calibrated,
    seeded,
)
from spinspike.simulators.validation.outcome import joined
from spinspike.simulators.validation.protocol import Trial, blocks, default_phases, run_block
from spinspike.task import Progress


@dataclass(frozen=True)
class Scene:
    """One run of some patterns on a graph or on a null, and every step of it."""

    shown: int  # number of the graph that the page names
    graph: SynapseGraph  # that ran: the graph itself, or the null made of it
    phases: Phases
    stimulus: Stimulus
    recording: Recording
    outcome: Outcome


@dataclass(frozen=True)
class Watched:
    """A simulator that remembers what went into each of its runs and what came out."""

    simulator: Simulator
    runs: list[tuple[SynapseGraph, Stimulus, Phases, Recording]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """As of the simulator."""
        return self.simulator.name

    @property
    def regime(self) -> Regime:
        """As of the simulator."""
        return self.simulator.regime

    def seeded(self, number: int) -> Watched:
        """The same with other random numbers."""
        return replace(self, simulator=seeded(self.simulator, number))

    def calibrated(self, graph: SynapseGraph) -> Watched:
        """The same with the parameters for a graph."""
        return replace(self, simulator=calibrated(self.simulator, graph))

    def run(
        self,
        graph: SynapseGraph,
        stimulus: Stimulus,
        phases: Phases,
        *,
        progress: Progress | None = None,
    ) -> Recording:
        """Run the simulator, and remember."""
        recording = self.simulator.run(graph, stimulus, phases, progress=progress)
        self.runs.append((graph, stimulus, phases, recording))
        return recording


def played(
    graphs: Sequence[SynapseGraph],
    simulators: Sequence[Simulator],
    runs: Sequence[str],
    *,
    patterns: int,
    nulls: bool,
    hold: int | None,
    seed: int,
) -> Iterator[Scene]:
    """Each run on each graph and simulator, and its nulls."""
    trials = [Trial(run, null) for run in runs for null in ("", *(NULLS if nulls else ()))]
    for number, graph in enumerate(graphs):
        for simulator in simulators:
            phases = default_phases(graph, simulator.regime, hold=hold)
            for trial in trials:
                yield _scene(number, graph, simulator, trial, phases, patterns, seed)


def _scene(
    number: int,
    graph: SynapseGraph,
    simulator: Simulator,
    trial: Trial,
    phases: Phases,
    patterns: int,
    seed: int,
) -> Scene:
    watched = Watched(simulator)
    outcome = joined(
        [
            run_block(graph, watched, trial, rows, phases, seed)
            for rows in blocks(graph, trial.run, patterns, phases, simulator.regime)
        ]
    )
    ran, _, used, first = watched.runs[0]
    given = [stimulus for _, stimulus, _, _ in watched.runs]
    made = [recording for *_, recording in watched.runs]
    return Scene(
        shown=number,
        graph=ran,
        phases=used,
        stimulus=Stimulus(
            **{k: np.concatenate([getattr(g, k) for g in given]) for k in vars(given[0])}
        ),
        recording=replace(
            first,
            states=np.concatenate([m.states for m in made], axis=1),
            supervisory=np.concatenate([m.supervisory for m in made], axis=1),
            spikes=None
            if first.spikes is None
            else np.concatenate([m.spikes for m in made if m.spikes is not None], axis=1),
        ),
        outcome=outcome,
    )
