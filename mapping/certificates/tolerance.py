"""How far synapses may be off, or missing, before a fixed point is one no more.

Everything here holds a fixed point in place: its spiking neurons have just been reset and its
silent ones have a membrane of at most zero, so that the field alone decides, however long it stays.
Biases are taken to be exact. Synapses are those of the couplings, links, self-couplings and of the
input where it comes as spikes; the supervisory ones are silent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from spinspike.arrays import FloatArray, IntArray
from spinspike.mapping.graph.codec import bias, input_levels, neuron_spikes
from spinspike.mapping.graph.fields import weight_matrix
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.model.network.fixed_points import FixedPoints

from .rows import fewest_above, in_order

RISK = 0.01  # of losing a fixed point to random noise
HALVINGS = 40


@dataclass(frozen=True)
class Synapses:
    """Every synapse into the threshold neurons but supervisory ones, the strongest of each first.

    Sources are the N threshold neurons, then the D + 1 values of the input.
    """

    target: IntArray  # (S,)
    source: IntArray  # (S,)
    weight: IntArray  # (S,) signed


@dataclass(frozen=True)
class Held:
    """Fixed points as their neurons see them."""

    activity: IntArray  # (P, N + D + 1) what each source sends
    direction: IntArray  # (P, N) +1 where a neuron spikes, -1 where it is silent
    field: IntArray  # (P, N) x
    bias: IntArray  # (P, N) what of x comes through no synapse

    def select(self, p: int) -> Held:
        """One of them."""
        rows = slice(p, p + 1)
        return Held(self.activity[rows], self.direction[rows], self.field[rows], self.bias[rows])


def synapses(graph: SynapseGraph) -> Synapses:
    """All synapses of a graph but the supervisory ones and those into the readout."""
    rows, columns = graph.slices(), {name: s.start for name, s in graph.slices().items()}
    columns |= dict.fromkeys(graph.named("input"), graph.neurons)
    parts = [
        (
            np.repeat(np.arange(len(p.indptr) - 1), np.diff(p.indptr)) + rows[p.target].start,
            p.indices.astype(np.int64) + columns[p.source],
            p.sign * (p.mantissa.astype(np.int64) << p.exponent),
        )
        for p in graph.projections
        if p.target in rows and p.source in columns
    ]
    empty = np.zeros(0, dtype=np.int64)
    target, source, weight = (
        np.concatenate(part) for part in zip(*parts, (empty, empty, empty), strict=True)
    )
    order = in_order(target, np.abs(weight))
    return Synapses(target[order], source[order], weight[order])


def held(graph: SynapseGraph, points: FixedPoints, margins: IntArray) -> Held:
    """Fixed points as their neurons see them; ``margins`` are their integer margins (P, N)."""
    spikes = neuron_spikes(graph, points.states)
    levels = input_levels(graph, points.inputs)
    return Held(
        activity=np.hstack([spikes, levels]).astype(np.int64),
        direction=np.where(spikes, 1, -1),
        field=np.where(spikes, margins, 1 - margins),
        bias=bias(graph, points.inputs),
    )


def relative_error(graph: SynapseGraph, points: Held) -> FloatArray:
    """Largest error of every synapse by which each neuron still keeps to its state, (P, N).

    With A_k the sum of the absolute weights of the active synapses of neuron k, any weights off by
    factors from 1 - eps to 1 + eps move its field by at most eps A_k: the field keeps its sign for
    every eps < |x_k| / A_k. That is 0 for a silent neuron whose field is 0.
    """
    strength = _total(graph, points, power=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(strength > 0, np.abs(points.field) / strength, np.inf)


def gaussian_error(graph: SynapseGraph, points: Held) -> FloatArray:
    """Standard deviation of random relative errors that endangers a fixed point by 1 %, (P,).

    Every weight is off by a factor 1 + sigma times an independent normal number. Then the field of
    neuron k is normal with deviation sigma sqrt(Q_k), Q_k the sum of the squares of its active
    weights, and the sum of P(field k has the wrong sign) bounds the risk, independent or not.
    """
    from scipy.special import ndtr, ndtri

    with np.errstate(divide="ignore", invalid="ignore"):
        deviation = np.sqrt(_total(graph, points, power=2))
        firmness = np.where(deviation > 0, np.abs(points.field) / deviation, np.inf)
    weakest = firmness.min(axis=1, initial=np.inf)
    low = weakest / -ndtri(RISK / max(1, firmness.shape[1]))
    high = weakest / -ndtri(RISK)
    bounded = np.flatnonzero((weakest > 0) & np.isfinite(weakest))
    for _ in range(HALVINGS if bounded.size else 0):
        middle = (low[bounded] + high[bounded]) / 2
        safe = ndtr(-firmness[bounded] / middle[:, None]).sum(axis=1) <= RISK
        low[bounded] = np.where(safe, middle, low[bounded])
        high[bounded] = np.where(safe, high[bounded], middle)
    return np.asarray(low)


def scale_range(points: Held) -> tuple[FloatArray, FloatArray]:
    """Smallest and largest factor that all synapses may be scaled by together, each (P,).

    With x = f y + b, y from synapses and b the bias, the field of each neuron keeps its sign up to
    f = -b / y; rounding errors count against the range. A factor of 0 itself is not certain.
    """
    synaptic = points.field - points.bias
    with np.errstate(divide="ignore", invalid="ignore"):
        zero = np.where(synaptic != 0, -points.bias / synaptic, np.nan)
    helps = synaptic * points.direction > 0  # more of it makes the neuron surer
    low = np.where(helps, zero, 0.0).max(axis=1, initial=0.0)
    high = np.where((synaptic != 0) & ~helps, zero, np.inf).min(axis=1, initial=np.inf)
    low = np.where(low > 0, np.nextafter(low, 1), low)
    high = np.where(np.isfinite(high), np.nextafter(high, 0), high)
    return np.minimum(low, 1), np.maximum(high, 1)


def lost_synapses(
    graph: SynapseGraph, points: Held, margins: IntArray
) -> tuple[IntArray, FloatArray]:
    """How many synapses, whichever, may be lost, and the fraction harmless alone; each (P,).

    A neuron is lost when the active synapses that support its state and are gone weigh as much as
    its margin. Where all may be lost, their number.
    """
    all_of = synapses(graph)
    many, harmless = np.zeros(len(margins), dtype=np.int64), np.ones(len(margins))
    graded = graph.io.levels > 1
    for p in range(len(margins)):
        sent = all_of.weight * points.activity[p, all_of.source]
        support = sent * points.direction[p, all_of.target]
        kept = np.flatnonzero(support > 0)
        if graded:
            kept = kept[in_order(all_of.target[kept], support[kept])]
        target, value, room = all_of.target[kept], support[kept], margins[p] - 1
        many[p] = fewest_above(target, value, room)[1].min(initial=support.size + 1) - 1
        if support.size:
            harmless[p] = 1 - np.count_nonzero(value > room[target]) / support.size
    return many, harmless


def dead_neurons(graph: SynapseGraph, points: Held, margins: IntArray) -> FloatArray:
    """Fraction of the neurons without which all others keep to their state, (P,).

    A dead neuron never spikes; one that is silent anyhow is not missed.
    """
    weights = weight_matrix(graph).tocoo()
    others = weights.row != weights.col
    target, source, weight = weights.row[others], weights.col[others], weights.data[others]
    harmless = np.ones(len(margins))
    for p in range(len(margins)):
        lost = points.activity[p, source] * points.direction[p, target] * weight
        missed = np.unique(source[lost > margins[p, target] - 1])
        harmless[p] = 1 - missed.size / graph.neurons
    return harmless


def _total(graph: SynapseGraph, points: Held, *, power: int) -> FloatArray:
    """Sum over the active synapses of each neuron of |what they deliver| to a power, (P, N)."""
    all_of = synapses(graph)
    weight = np.abs(all_of.weight).astype(np.float64) ** power
    shape = (graph.neurons, points.activity.shape[1])
    matrix = csr_matrix((weight, (all_of.target, all_of.source)), shape)
    return np.asarray((matrix @ (points.activity.T.astype(np.float64) ** power)).T)
