"""The asynchronous regime in NEST: binary neurons that update at random times.

A ``mcculloch_pitts_neuron`` is 0 or 1. At the moments of a Poisson process with mean interval
tau_m, a sweep, it looks at the sum h of the weights of its active sources and becomes 1 if

    h > theta,   theta_k = 1/2 - b_k,

which for integers is h_k + b_k > 0. Only changes travel, one time step after they happened; with
a step of a twentieth of tau_m a neuron nearly always sees the others as they are.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from spinspike.mapping.codec import unit_states
from spinspike.mapping.graph import SynapseGraph
from spinspike.mapping.matrix import weight_matrix
from spinspike.model.arrays import BoolArray, FloatArray
from spinspike.model.errors import MissingPart

from .asynchronous import check_size, cued_spikes, fields
from .base import Progress, Protocol, Recording, Regime, Stimulus

SWEEP = 1.0  # ms: tau_m, the mean time between two updates of a neuron
FORCE = 2.0**40  # a threshold out of reach of every field: decides alone
SEEDS = 2**32 - 1  # NEST takes 1 to this


@dataclass(frozen=True)
class NestBinary:
    """Backend of the asynchronous regime; protocol durations are sweeps of 1 ms.

    Input and supervisory signal come as a constant field, through the threshold, and are read
    back from NEST for ``Recording.supervisory``. In the cue phase the threshold forces each neuron
    to what its first bias (or the forced state) says by itself; a neuron misses a cue phase of S
    sweeps with probability exp(-S). ``Recording.spikes`` are the values of all neurons at the end
    of each sweep.

    A run resets NEST's kernel: whatever else was built in this process is gone.

    Parameters
    ----------
    resolution : float, ms
        Time step, and delay of all synapses.
    seed : int
        Of the update times.
    synapses_at_once : int
        Bounds memory: patterns run side by side as disjoint copies up to this many synapses.
    """

    resolution: float = 0.05
    seed: int = 0
    synapses_at_once: int = 1_000_000
    name: str = "nest"
    regime: Regime = "asynchronous"

    def run(
        self,
        graph: SynapseGraph,
        stimulus: Stimulus,
        protocol: Protocol,
        *,
        progress: Progress | None = None,
    ) -> Recording:
        """Run every pattern of the stimulus through the protocol, each from silence.

        Raises
        ------
        BadInput
            The stimulus does not fit the graph.
        MissingPart
            NEST is not installed.
        """
        check_size(graph, stimulus)
        nest = _nest()
        patterns = len(stimulus.bias)
        size = min(patterns, max(1, self.synapses_at_once // max(1, weight_matrix(graph).nnz)))
        spikes, supervisory = [], []
        for first in range(0, patterns, size):
            nest.ResetKernel()
            nest.set(
                resolution=self.resolution,
                rng_seed=(self.seed + first) % SEEDS + 1,
                local_num_threads=1,
            )
            chunk = stimulus.select(slice(first, first + size))
            one, other = _simulate(nest, graph, chunk, protocol)
            spikes.append(one)
            supervisory.append(other)
            if progress:
                progress(min(first + size, patterns), patterns)
        joined = np.concatenate(spikes, axis=1)
        return Recording(
            regime=self.regime,
            times=np.arange(1.0, protocol.total + 1),
            states=unit_states(graph, joined),
            supervisory=np.concatenate(supervisory, axis=1),
            release=float(protocol.release),
            spikes=joined,
        )


def _simulate(
    nest: ModuleType, graph: SynapseGraph, given: Stimulus, protocol: Protocol
) -> tuple[BoolArray, FloatArray]:
    """Values of all neurons (K, B, N) and the supervisory input (K, B) after each sweep."""
    shape = given.bias.shape
    neurons = nest.Create("mcculloch_pitts_neuron", given.bias.size, params={"tau_m": SWEEP})
    _connect(nest, graph, neurons, len(given.bias))
    meter = nest.Create("multimeter", params={"interval": SWEEP, "record_from": ["S"]})
    nest.Connect(meter, neurons)
    plain, signal = fields(graph, given)
    supervisory = np.zeros((protocol.total, len(plain)))  # a forced neuron does not listen
    if protocol.cue:
        neurons.theta = np.where(cued_spikes(graph, given), -FORCE, FORCE).ravel()
        nest.Simulate(protocol.cue * SWEEP)
    clamped, free = slice(protocol.cue, protocol.release), slice(protocol.release, protocol.total)
    for sweeps, field in (clamped, plain + signal), (free, plain):
        if sweeps.stop > sweeps.start:
            neurons.theta = (0.5 - field).ravel()
            nest.Simulate((sweeps.stop - sweeps.start) * SWEEP)
            found = np.reshape(neurons.theta, shape)
            supervisory[sweeps] = np.abs(0.5 - found - plain).sum(axis=1)
    # a few steps more, so that what the meter saw at the very end arrives
    nest.Simulate(4 * nest.resolution)
    seen = meter.events
    order = np.lexsort((seen["senders"], seen["times"]))[: protocol.total * given.bias.size]
    return seen["S"][order].reshape(protocol.total, *shape) > 0.5, supervisory


def _connect(nest: ModuleType, graph: SynapseGraph, neurons: Any, copies: int) -> None:
    """One synapse for each pair, in every copy of the graph.

    A second one would be misread: to NEST's binary neurons two spikes of the same source at the
    same time mean that it switched on.
    """
    weights = weight_matrix(graph)
    weights.sum_duplicates()
    weights.eliminate_zeros()
    if not weights.nnz:
        return
    entries = weights.tocoo()
    first = neurons[0].global_id + graph.neurons * np.arange(copies)[:, None]
    nest.Connect(
        (first + entries.col).ravel(),
        (first + entries.row).ravel(),
        "one_to_one",
        {
            "weight": np.tile(entries.data.astype(np.float64), copies),
            "delay": np.full(copies * entries.nnz, nest.resolution),
        },
    )


def _nest() -> ModuleType:
    """Import NEST only when it is needed, without its greeting; threads that wait must not spin."""
    os.environ.setdefault("PYNEST_QUIET", "1")
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        import nest
    except ImportError as error:
        message = "simulator nest is not installed: pip install 'spinspike[nest]'"
        raise MissingPart(message) from error
    nest.verbosity = nest.VerbosityLevel.ERROR
    module: ModuleType = nest
    return module
