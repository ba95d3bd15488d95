"""The asynchronous regime in NEST: binary neurons that update at random times.

A ``mcculloch_pitts_neuron`` is 0 or 1. At the moments of a Poisson process with mean interval
tau_m, a sweep, it looks at the sum h of the weights of its active sources and becomes 1 if

    h > theta,   theta_k = 1/2 - b_k,

which for integers is h_k + b_k > 0. Only changes travel, one time step after they happened; with
a step of a twentieth of tau_m a neuron nearly always sees the others as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import numpy as np

from spinspike.arrays import BoolArray, FloatArray, IntArray
from spinspike.errors import SimulationFailed
from spinspike.mapping.graph.codec import unit_states
from spinspike.mapping.graph.fields import weight_matrix
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.simulators.base import Phases, Recording, Regime, Stimulus
from spinspike.simulators.emulator.asynchronous import cued_spikes, fields
from spinspike.simulators.stimulus import check_size
from spinspike.task import Progress

from .kernel import connect_copies, nest_module, restart, set_each, side_by_side
from .recorder import Events, Recorders

SWEEP = 1.0  # ms: tau_m, the mean time between two updates of a neuron
FORCE = 2.0**40  # a threshold out of reach of every field: decides alone


@dataclass(frozen=True)
class NestBinary:
    """Backend of the asynchronous regime; protocol durations are sweeps of 1 ms.

    Input and supervisory signal come as a constant field, through the threshold, and are read
    back from NEST before ``Recording.supervisory`` tells of them. In the cue phase the threshold
    forces each neuron to what its first bias (or the forced state) says by itself; a neuron
    misses a cue phase of S sweeps with probability exp(-S). ``Recording.spikes`` are the values of
    all neurons at the end of each sweep.

    Delays of projections are left out: in this regime only the order of updates counts.

    A run resets NEST's kernel: whatever else was built in this process is gone.

    Parameters
    ----------
    resolution : float, ms
        Time step, and delay of all synapses.
    seed : int
        Of the update times.
    threads : int
        In each process. NEST draws update times in as many streams as there are threads in all
        processes: the same seed gives the same order only with the same number of them.
    folder : path or None
        Where processes exchange recordings; needed under mpirun, see `recorder`.
    synapses_at_once : int
        Bounds memory, 0.1 kB each: patterns run side by side as disjoint copies up to this many
        synapses, and up to 8,000 neurons, 40 kB each.
    """

    resolution: float = 0.05
    seed: int = 0
    threads: int = 1
    folder: Path | None = None
    synapses_at_once: int = 1_000_000
    name: str = "nest"
    regime: Regime = "asynchronous"
    own_process: ClassVar[bool] = True

    def seeded(self, number: int) -> NestBinary:
        """The same simulator with other random numbers; see `base.seeded`."""
        return replace(self, seed=self.seed + number)

    def run(
        self,
        graph: SynapseGraph,
        stimulus: Stimulus,
        phases: Phases,
        *,
        progress: Progress | None = None,
    ) -> Recording:
        """Run every pattern of the stimulus through the protocol, each from silence.

        Raises
        ------
        BadInput
            The stimulus does not fit the graph, ``threads`` or ``resolution`` is out of range, or
            there is no ``folder`` under mpirun.
        MissingPart
            NEST is not installed.
        SimulationFailed
            NEST holds another threshold than the stimulus asks for.
        """
        check_size(graph, stimulus)
        nest = nest_module()
        patterns = len(stimulus.bias)
        size = side_by_side(
            patterns,
            neurons=graph.neurons,
            synapses=weight_matrix(graph).nnz,
            synapses_at_once=self.synapses_at_once,
        )
        spikes, supervisory = [], []
        for first in range(0, patterns, size):
            restart(nest, resolution=self.resolution, seed=self.seed + first, threads=self.threads)
            recorders = Recorders(nest, self.folder)
            chunk = stimulus.select(slice(first, first + size))
            one, other = _simulate(nest, recorders, graph, chunk, phases)
            spikes.append(one)
            supervisory.append(other)
            if progress:
                progress(min(first + size, patterns), patterns)
        joined = np.concatenate(spikes, axis=1)
        return Recording(
            regime=self.regime,
            times=np.arange(1.0, phases.total + 1),
            states=unit_states(graph, joined),
            supervisory=np.concatenate(supervisory, axis=1),
            release=float(phases.release),
            spikes=joined,
        )


def _simulate(
    nest: ModuleType,
    recorders: Recorders,
    graph: SynapseGraph,
    given: Stimulus,
    phases: Phases,
) -> tuple[BoolArray, FloatArray]:
    """Values of all neurons (K, B, N) and the supervisory input (K, B) after each sweep."""
    shape = given.bias.shape
    neurons = nest.Create("mcculloch_pitts_neuron", given.bias.size, params={"tau_m": SWEEP})
    _connect(nest, graph, neurons)
    recorder = recorders.create("spike_recorder", "changes")
    nest.Connect(neurons, recorder)
    plain, signal = fields(graph, given)
    supervisory = np.zeros((phases.total, len(plain)))  # a forced neuron does not listen
    if phases.cue:
        set_each(neurons, theta=np.where(cued_spikes(graph, given), -FORCE, FORCE))
        recorders.simulate(phases.cue * SWEEP)
    if phases.clamped:
        _set_fields(neurons, plain + signal, checked=True)
        recorders.simulate(phases.clamped * SWEEP)
        supervisory[phases.cue : phases.release] = np.abs(signal).sum(axis=1)
    if phases.free:
        # nothing but these thresholds carries the supervisory signal: with them it is gone
        _set_fields(neurons, plain, checked=phases.clamped > 0)
        recorders.simulate(phases.free * SWEEP)
    changes = recorders.events(recorder, "changes", neurons[0].global_id)
    values = values_after(
        changes, np.arange(1, phases.total + 1, dtype=np.float64) * SWEEP, given.bias.size
    )
    return values.reshape(phases.total, *shape), supervisory


def _set_fields(neurons: Any, field: IntArray, *, checked: bool) -> None:
    """Set theta = 1/2 - field; each process may check that its neurons have it."""
    theta = 0.5 - np.ravel(field).astype(np.float64)
    set_each(neurons, theta=theta)
    local = np.flatnonzero(neurons.local) if checked else np.empty(0, dtype=np.intp)
    if not local.size:
        return
    found, wanted = np.atleast_1d(neurons[local.tolist()].theta), theta[local]
    if not np.array_equal(found, wanted):
        worst = int(np.argmax(found != wanted))
        message = f"NEST holds threshold {found[worst]:g}; needed: {wanted[worst]:g}"
        raise SimulationFailed(message)


def values_after(changes: Events, times: FloatArray, neurons: int) -> BoolArray:
    """Values 0 or 1 of all neurons after each time, (K, N), from the spikes they sent.

    NEST's binary neurons start at 0 and tell of changes: two spikes at once say 1, a single one 0.
    """
    new = np.ones(len(changes.times), dtype=np.bool_)
    new[1:] = (np.diff(changes.times) > 0) | (np.diff(changes.senders) != 0)
    start = np.flatnonzero(new)
    spikes = np.diff(start, append=len(new))  # sent together
    slot = np.searchsorted(times, changes.times[start] - 1e-9)
    kept = slot < len(times)
    latest = np.zeros((len(times) + 1, neurons), dtype=np.int8)  # 2, 1, or 0: no change
    latest[slot[kept] + 1, changes.senders[start[kept]]] = spikes[kept]  # the last one stays
    for k in range(1, len(latest)):
        latest[k] = np.where(latest[k], latest[k], latest[k - 1])
    return np.asarray(latest[1:] == 2)


def _connect(nest: ModuleType, graph: SynapseGraph, neurons: Any) -> None:
    """One synapse for each pair, in every copy of the graph.

    A second one would be misread: to NEST's binary neurons two spikes of the same source at the
    same time mean that it switched on.
    """
    weights = weight_matrix(graph)
    weights.sum_duplicates()
    weights.eliminate_zeros()
    connect_copies(nest, neurons, weights.tocoo(), np.full(weights.nnz, nest.resolution))
