"""The contract of a simulator: the same graph, protocol and stimulus in, the same recording out.

Whoever writes a backend reads this page. A backend is one object with a ``name``, a ``regime``
and a method ``run``; what it cannot do it refuses with an error that says so. Two more methods are
for those who need them: ``seeded(number)`` gives the same simulator with other random numbers, and
``calibrated(graph)`` the one with the parameters for a graph. A class attribute ``own_process = True``
says that it can run but once in a process, or in its first thread alone.

A package of one's own offers a backend by an entry point of the group "spinspike.simulators", whose
name is what users give to ``--on`` and whose object is the class.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from spinspike.arrays import FloatArray
from spinspike.mapping.graph.graph import IntArray, SpinArray, SynapseGraph
from spinspike.one_line import OneLine
from spinspike.task import Progress

Regime = Literal["step", "asynchronous", "continuous"]


@dataclass(frozen=True)
class Phases:
    """Three phases: cue (input alone), clamped (input and supervisory signal), free (input alone).

    Durations are steps for simulators of the step regime, sweeps (one update of each neuron, on
    average) for asynchronous ones and milliseconds for continuous ones.
    The **release** is the end of the clamped phase. A step s counts from 1; supervisory neurons
    spike so that their synapses act in steps cue + 1 … cue + clamped and in no other, input
    neurons so that theirs act in every step (in the first only where no state is forced).
    """

    cue: int = 1
    clamped: int = 0
    free: int = 30

    @property
    def release(self) -> int:
        """Time after which the supervisory signal is gone."""
        return self.cue + self.clamped

    @property
    def total(self) -> int:
        """Length of the whole run."""
        return self.cue + self.clamped + self.free


@dataclass(frozen=True)
class Stimulus:
    """What B patterns feed into a graph, in its integers.

    ``cue`` forces unit states in the cue phase in place of the input (0: not forced). Step
    and asynchronous simulators find it already in ``first_bias`` and ignore it; continuous ones
    drive each forced neuron hard on or off throughout the cue phase.
    """

    first_bias: IntArray  # (B, N) bias in the first step
    bias: IntArray  # (B, N) bias afterwards
    levels: IntArray  # (B, D + 1) what input neurons send in every step; (B, 0) without any
    supervisor: NDArray[np.bool_]  # (B, C) which supervisory neurons spike while clamped
    cue: SpinArray  # (B, H) in -1, 0, +1

    @property
    def first_levels(self) -> IntArray:
        """What input neurons send for the first step: nothing where a cue stands in its place."""
        return np.where(self.cue.any(axis=1)[:, None], 0, self.levels)

    def select(self, rows: slice) -> Stimulus:
        """Some of the patterns."""
        return Stimulus(**{name: array[rows] for name, array in vars(self).items()})


@dataclass(frozen=True, repr=False)
class Recording(OneLine):
    """What a run showed: unit states over time, and proof that the supervisory signal was off.

    In the step regime ``times`` are the steps 1 … total and ``spikes`` holds every neuron's
    spikes; asynchronous, ``times`` are the sweeps and ``spikes`` every neuron's value 0 or 1 at
    the end of each; in continuous time ``times`` are read-out instants in ms and a unit counts as +1 when
    its decoding neuron spiked within the read-out window before that instant.
    """

    regime: Regime
    times: FloatArray  # (K,) steps, sweeps or ms
    states: SpinArray  # (K, B, H) in -1, +1
    supervisory: FloatArray  # (K, B) sum of |supervisory input| over all neurons
    release: float  # same unit as times
    spikes: NDArray[np.bool_] | None = None  # (K, B, N), not in continuous time
    readout: IntArray | None = None
    # (B, C) membranes of the readout neurons at the end, in 1/64 weight units, step regime
    raster: tuple[FloatArray, NDArray[np.int64]] | None = None
    # (spike times in ms, neuron index) of the first pattern, continuous regime

    def summary(self) -> str:
        """Regime and sizes."""
        return (
            f"{self.regime}, {self.states.shape[0]} read-outs of {self.states.shape[1]} patterns, "
            f"{self.states.shape[2]} units"
        )


class Simulator(Protocol):
    """One way to run a graph."""

    @property
    def name(self) -> str:
        """How users call it."""
        ...

    @property
    def regime(self) -> Regime:
        """Whether durations are steps, sweeps or milliseconds."""
        ...

    def run(
        self,
        graph: SynapseGraph,
        stimulus: Stimulus,
        phases: Phases,
        *,
        progress: Progress | None = None,
    ) -> Recording:
        """Run every pattern of the stimulus through the protocol, each from silence."""
        ...


def seeded(simulator: Simulator, number: int) -> Simulator:
    """A simulator with other random numbers; the same one if it draws none.

    Parameters
    ----------
    simulator
        Any; if it has a method ``seeded``, that one is asked.
    number
        Of the numbers to draw, 0 or more; different ones for runs that must not be alike.
    """
    other = getattr(simulator, "seeded", None)
    return simulator if other is None else cast("Simulator", other(number))


def calibrated(simulator: Simulator, graph: SynapseGraph) -> Simulator:
    """A simulator with the parameters for a graph; the same one if it needs none.

    Parameters
    ----------
    simulator
        Any; if it has a method ``calibrated``, that one is asked.
    graph
        What is to run.
    """
    other = getattr(simulator, "calibrated", None)
    return simulator if other is None else cast("Simulator", other(graph))


def needs_own_process(simulator: Simulator) -> bool:
    """Whether workers with threads must give a simulator a process for each run.

    Parameters
    ----------
    simulator
        Any; without an attribute ``own_process`` it does not.
    """
    return bool(getattr(simulator, "own_process", False))
