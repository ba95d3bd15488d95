"""The asynchronous regime in NumPy: one neuron updates at a time, in random order.

Neurons follow the integer equation of the graph, but never at the same moment: with n the present
spikes, an update of neuron k sets

    n_k <- 1 if sum_j w_kj n_j + b_k > 0 else 0.

Where every neuron already has the value its update would give, no order of updates changes
anything: a certified fixed point is one for ever. The path there differs from that of the steps,
and a unit's twins may disagree for a while.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from spinspike.arrays import BoolArray, FloatArray, IntArray
from spinspike.mapping.graph.codec import unit_states
from spinspike.mapping.graph.fields import input_field, supervisory_field, weight_matrix
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.simulators.base import Phases, Recording, Regime, Stimulus
from spinspike.simulators.stimulus import check_size
from spinspike.task import Progress


@dataclass(frozen=True)
class AsynchronousEmulator:
    """Updates every neuron once a sweep, each sweep in a new random order.

    In the cue phase neurons feel the first bias (or the forced state) alone, which is the
    reference's first sweep from s = 0; from then on everything acts. All patterns share the order
    of updates. ``Recording.spikes`` are the values n of all neurons after each sweep.

    Parameters
    ----------
    seed : int
        Of the orders.
    """

    seed: int = 0
    name: str = "emulator"
    regime: Regime = "asynchronous"

    def seeded(self, number: int) -> AsynchronousEmulator:
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
            The stimulus does not fit the graph.
        """
        check_size(graph, stimulus)
        rng = np.random.default_rng(self.seed)
        rows = _rows(graph)
        plain, signal = fields(graph, stimulus)
        value = np.zeros(plain.T.shape)  # (N, B), so that an update reads whole rows
        forced = cued_spikes(graph, stimulus).T
        spikes = np.zeros((phases.total, *plain.shape), dtype=np.bool_)
        supervisory = np.zeros((phases.total, len(plain)))
        for sweep in range(1, phases.total + 1):
            clamped = phases.cue < sweep <= phases.release
            given = (plain + signal if clamped else plain).T
            if sweep <= phases.cue:
                value[:] = forced
            else:
                for k in rng.permutation(graph.neurons):
                    sources, weights = rows[k]
                    value[k] = weights @ value[sources] + given[k] > 0
            spikes[sweep - 1] = value.T > 0
            supervisory[sweep - 1] = np.abs(signal).sum(axis=1) * clamped
            if progress:
                progress(sweep, phases.total)
        return Recording(
            regime=self.regime,
            times=np.arange(1.0, phases.total + 1),
            states=unit_states(graph, spikes),
            supervisory=supervisory,
            release=float(phases.release),
            spikes=spikes,
        )


def cued_spikes(graph: SynapseGraph, stimulus: Stimulus) -> BoolArray:
    """Which neurons the first bias, or the forced state, switches on by itself; (B, N)."""
    return np.asarray(stimulus.first_bias + input_field(graph, stimulus.first_levels) > 0)


def fields(graph: SynapseGraph, stimulus: Stimulus) -> tuple[IntArray, IntArray]:
    """What stands beside the synapses after the cue phase; (B, N) each.

    Bias with input, however it comes in, and the field of the supervisory neurons that are on.
    """
    plain = stimulus.bias + input_field(graph, stimulus.levels)
    return np.asarray(plain), supervisory_field(graph, stimulus.supervisor)


def _rows(graph: SynapseGraph) -> list[tuple[IntArray, FloatArray]]:
    """Sources and weights of each neuron; float64 holds these integers and their sums exactly."""
    matrix = weight_matrix(graph)
    parts = np.split(matrix.indices, matrix.indptr[1:-1])
    weights = np.split(matrix.data.astype(np.float64), matrix.indptr[1:-1])
    return list(zip(parts, weights, strict=True))
