"""What certificates say of a stressed fixed point before it is run: held for certain, or likely.

A damage takes from neuron k what it takes of the synapses that keep it in its state; what it gives
is not counted. A fixed point is held for certain where no neuron loses its integer margin.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix
from scipy.special import log_ndtr

from spinspike.arrays import BoolArray, FloatArray
from spinspike.mapping.certificates.flips import certified_sets, losses, room_of
from spinspike.mapping.certificates.margins import integer_margins
from spinspike.mapping.certificates.tolerance import held, synapses
from spinspike.mapping.graph.codec import neuron_spikes
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.simulators.base import Recording


def survives_damage(
    graph: SynapseGraph, damaged: SynapseGraph, points: FixedPoints, alive: BoolArray
) -> BoolArray:
    """Whether each fixed point of a graph is certain to be one of its damaged version, (P,).

    With Delta the change of the weights, n the spikes and t_k = +-1 the state of neuron k, the
    damage takes sum_j n_j max(0, -t_k Delta_kj) from the margin of neuron k. Biases stay.

    Parameters
    ----------
    alive : (N,)
        Neurons that have to keep their state; dead ones have lost all synapses.
    """
    margins = integer_margins(graph, points)
    seen = held(graph, points, margins)
    change = _weights(damaged, seen.activity.shape[1]) - _weights(graph, seen.activity.shape[1])
    less, more = ((change * sign).maximum(0) for sign in (-1, 1))
    active = seen.activity.T
    taken = np.where(seen.direction > 0, (less @ active).T, (more @ active).T)
    return np.asarray((taken <= margins - 1)[:, alive].all(axis=1))


def corrects_flips(graph: SynapseGraph, points: FixedPoints, flips: BoolArray) -> BoolArray:
    """Whether each fixed point is certain to be back after one step from wrong units, (P, H)."""
    entries = losses(graph)
    rooms = room_of(entries, integer_margins(graph, points))
    rows = zip(points.states, rooms, flips, strict=True)
    found = [certified_sets(entries, state, room, wrong[None])[0] for state, room, wrong in rows]
    return np.array(found, dtype=np.bool_)


def withstands_noise(
    graph: SynapseGraph, points: FixedPoints, deviation: float, steps: int
) -> FloatArray:
    """Probability, at least, that noise on every field changes no neuron in so many steps, (P,).

    Whole numbers round(sigma z) are added. A neuron of margin mu keeps to its state with
    probability Phi((mu - 1/2) / sigma) or more (the residue of a silent one helps), all of them
    independently.
    """
    margins = integer_margins(graph, points)
    if not deviation:
        return np.asarray((margins >= 1).all(axis=1), dtype=np.float64)
    return np.asarray(np.exp(steps * log_ndtr((margins - 0.5) / deviation).sum(axis=1)))


def settled(
    graph: SynapseGraph, points: FixedPoints, recording: Recording, longest: int
) -> BoolArray:
    """Whether each certified state has lasted longer than the longest delay before the end, (P,).

    From then on the field is that of the state without delays, and nothing can change it.
    """
    sure = (integer_margins(graph, points) >= 1).all(axis=1)
    if recording.spikes is None:
        return np.zeros(len(points), dtype=np.bool_)
    spikes = recording.spikes[recording.times >= recording.release][:-1]
    there = (spikes == neuron_spikes(graph, points.states)).all(axis=2)
    total = np.cumsum(np.vstack([np.zeros((1, len(points)), dtype=np.int64), there]), axis=0)
    lasted = total[longest + 1 :] - total[: -longest - 1] == longest + 1
    return np.asarray(sure & lasted.any(axis=0))


def _weights(graph: SynapseGraph, sources: int) -> csr_matrix:
    """Signed weights from threshold neurons and input into threshold neurons."""
    found = synapses(graph)
    return csr_matrix((found.weight, (found.target, found.source)), (graph.neurons, sources))
