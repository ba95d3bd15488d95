"""What a placed graph costs on a chip, from the spikes it makes and published costs of events.

With n_j(t) the spikes of neuron j, F_j its synapses, M_j the cores that these lie on, X_j and Y_j
the hops between tiles to all of them, and N neurons and readouts on the chip, step t takes

    E(t) =   e_synapse sum_j n_j F_j                                      synapse
           + e_neuron N + e_spike sum_j n_j  (not of sources)             soma
           + sum_j n_j (e_message M_j + e_x X_j + e_y Y_j)                network

joules. A core first looks at its neurons, then at each message and the synapses it stands for, both
at the same time as all others do; with the slowest core of either kind the step takes

    T(t) = t_sync + max(max_c [t_neuron N_c + sum_{j in c} n_j (t_spike + t_out M_j)],
                        max_c [sum_j n_j (t_in [F_jc > 0] + t_synapse F_jc)])

seconds, F_jc being the synapses of j on core c. What the step does not need is not in it: leakage,
the processors beside the cores, and getting images in and classes out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csr_array

from spinspike.arrays import BoolArray, FloatArray, IntArray
from spinspike.errors import BadInput
from spinspike.mapping.graph.graph import NeuronModel, SynapseGraph

from .placement import Placement

SOURCES: tuple[NeuronModel, ...] = ("supervisory", "input")  # neurons outside the placement


@dataclass(frozen=True)
class Costs:
    """Joules and seconds of single events, and how the cores of a chip hang together.

    Tiles lie in columns of ``rows``; core c belongs to tile ``c // cores_per_tile``.
    """

    source: str
    synapse: float  # J for each synapse that a spike acts through
    neuron: float  # J to read and update a neuron, each step
    spike: float  # J more if it spikes
    message: float  # J for each core that its spike is sent to
    hop_x: float  # J between neighbouring tiles
    hop_y: float
    synapse_time: float  # s, likewise
    neuron_time: float
    spike_time: float
    message_out_time: float
    message_in_time: float
    sync: tuple[tuple[int, float], ...]  # s to end a step, from so many tiles in use on
    cores: int
    cores_per_tile: int
    rows: int
    neurons_per_core: int

    def tile(self, core: IntArray) -> tuple[IntArray, IntArray]:
        """Column and row of the tile that a core is part of."""
        return np.divmod(core // self.cores_per_tile, self.rows)


# SANA-FE prices what it calls a sparse synapse, stored with its target as our lists are, and adds
# up 51.2 pJ to read a neuron with 21.6 pJ to update it, 6.0 ns with 3.7 ns.
LOIHI1 = Costs(
    source="SANA-FE 2.2.9, loihi.yaml, after Davies et al. 2018, doi 10.1109/MM.2018.112130359",
    synapse=33.6e-12,
    neuron=72.8e-12,
    spike=69.3e-12,
    message=111.0e-12,
    hop_x=3.0e-12,
    hop_y=4.2e-12,
    synapse_time=4.7e-9,
    neuron_time=9.7e-9,
    spike_time=30.0e-9,
    message_out_time=5.1e-9,
    message_in_time=16.0e-9,
    sync=((1, 0.6e-6), (2, 1.0e-6), (4, 1.4e-6), (29, 1.8e-6)),
    cores=128,
    cores_per_tile=4,
    rows=4,
    neurons_per_core=1024,
)
COSTS: Mapping[str, Costs] = {"loihi1": LOIHI1}  # by target


@dataclass(frozen=True)
class Consumption:
    """Joules and seconds of every step of every pattern; all arrays (K, B)."""

    synapse: FloatArray
    dendrite: FloatArray
    soma: FloatArray
    network: FloatArray
    seconds: FloatArray

    @property
    def joules(self) -> FloatArray:
        """Of all parts together."""
        return self.synapse + self.dendrite + self.soma + self.network


def core_of(
    graph: SynapseGraph, placement: Placement, costs: Costs = LOIHI1
) -> dict[str, IntArray]:
    """Core of every neuron, by population; sources fill cores of their own after all others.

    Raises
    ------
    BadInput
        The chip has fewer cores, or fewer neurons in a core.
    """
    found, start, outside = {}, 0, 0
    for name in (*graph.named("threshold"), *graph.named("readout")):
        found[name] = placement.core[start : start + graph.sizes[name]]
        start += graph.sizes[name]
    for name in _outside(graph):
        number = np.arange(outside, outside + graph.sizes[name])
        found[name] = placement.cores + number // costs.neurons_per_core
        outside += graph.sizes[name]
    cores = placement.cores + -(-outside // costs.neurons_per_core)
    if cores > costs.cores:
        message = (
            f"the graph takes {cores} cores, those of its sources included; costs are known for "
            f"one chip of {costs.cores} cores: map with fewer bits, or train fewer units"
        )
        raise BadInput(message)
    most = int(placement.usage.neurons.max())
    if most > costs.neurons_per_core:
        message = f"a core holds {most} neurons; allowed: {costs.neurons_per_core}"
        raise BadInput(message)
    return found


def estimate(
    graph: SynapseGraph,
    placement: Placement,
    spikes: Mapping[str, BoolArray],
    costs: Costs = LOIHI1,
) -> Consumption:
    """Price the spikes of a run by the formula above.

    Parameters
    ----------
    spikes : mapping
        What every population but the readout does, (K, B, size) each.

    Raises
    ------
    BadInput
        The graph needs more cores than the costs are known for.

    Notes
    -----
    Every neuron is taken to be updated in every step. A chip may skip one without bias, input and
    membrane; few are.
    """
    core = core_of(graph, placement, costs)
    neurons = np.bincount(np.concatenate(list(core.values())))  # by core, less those outside
    for name in _outside(graph):
        neurons -= np.bincount(core[name], minlength=neurons.size)
    shape = next(iter(spikes.values())).shape[:2]
    synapse, network = np.zeros(shape), np.zeros(shape)
    soma = np.full(shape, costs.neuron * neurons.sum())
    sending = np.zeros((*shape, neurons.size)) + costs.neuron_time * neurons
    receiving = np.zeros_like(sending)
    for name, sent in spikes.items():
        fan = _fan_out(graph, name, core, neurons.size, costs)
        at_home = np.arange(neurons.size) == core[name][:, None]
        inside = name not in _outside(graph)
        synapse += sent @ (costs.synapse * fan.synapses.sum(axis=1))
        soma += inside * costs.spike * sent.sum(axis=2)
        network += sent @ fan.joules
        busy = inside * costs.spike_time + costs.message_out_time * fan.messages.sum(axis=1)
        sending += sent @ (at_home * busy[:, None])
        receiving += sent @ (
            costs.message_in_time * fan.messages + costs.synapse_time * fan.synapses
        )
    tiles = np.unique(np.concatenate(list(core.values())) // costs.cores_per_tile).size
    sync = max(seconds for least, seconds in costs.sync if least <= tiles)
    seconds = sync + np.maximum(sending.max(axis=2), receiving.max(axis=2))
    return Consumption(synapse, np.zeros(shape), soma, network, seconds)


@dataclass(frozen=True)
class _FanOut:
    """Where the spikes of a population go."""

    synapses: FloatArray  # (size, cores)
    messages: FloatArray  # (size, cores) 0 or 1
    joules: FloatArray  # (size,) of all messages of one spike


def _fan_out(
    graph: SynapseGraph, source: str, core: Mapping[str, IntArray], cores: int, costs: Costs
) -> _FanOut:
    found = csr_array((graph.sizes[source], cores))
    for p in graph.projections:
        if p.source == source:
            target = np.repeat(core[p.target], np.diff(p.indptr))
            entries = (np.ones(target.size), (p.indices, target))
            found = found + coo_array(entries, found.shape).tocsr()
    synapses = found.toarray()
    messages = (synapses > 0).astype(np.float64)
    column, row = costs.tile(np.arange(cores))
    x, y = (np.abs(where[core[source]][:, None] - where) for where in (column, row))
    price = costs.message + costs.hop_x * x + costs.hop_y * y
    return _FanOut(synapses, messages, (messages * price).sum(axis=1))


def _outside(graph: SynapseGraph) -> list[str]:
    return [name for model in SOURCES for name in graph.named(model)]


def steps_to_answer(spikes: BoolArray, *, least: int = 1) -> IntArray:
    """Steps until every spike is as in all later steps, and one more for the readout; (B,).

    Parameters
    ----------
    spikes : (K, B, N)
        A pattern that still moves in the last step takes them all, K.
    least : int
        Step before which no state counts: the first one without supervisory signal.
    """
    moved = (spikes[1:] != spikes[:-1]).any(axis=2)  # row k: step k + 2 differs from the one before
    last: IntArray = np.where(moved.any(axis=0), len(moved) - moved[::-1].argmax(axis=0) + 1, 1)
    return (last.clip(least) + 1).clip(max=len(spikes))


@dataclass(frozen=True)
class Bill:
    """Means over patterns of what an answer takes, and a step in which nothing changes."""

    synapse: float  # J for an answer
    dendrite: float
    soma: float
    network: float
    seconds: float
    joules_held: float  # each step
    seconds_held: float

    @property
    def joules(self) -> float:
        """For an answer."""
        return self.synapse + self.dendrite + self.soma + self.network

    @property
    def watts_held(self) -> float:
        """Joules for each second of holding, when every step is as short as the chip can."""
        return self.joules_held / self.seconds_held


def bill(used: Consumption, steps: IntArray) -> Bill:
    """What an answer takes and what holding it does.

    Parameters
    ----------
    steps : (B,)
        Until the answer, as `steps_to_answer` counts them. Holding is the last step of a run.
    """
    early = np.arange(len(used.seconds))[:, None] < steps

    def mean(amounts: FloatArray) -> float:
        return float((amounts * early).sum(axis=0).mean())

    return Bill(
        **{name: mean(amounts) for name, amounts in vars(used).items()},
        joules_held=float(used.joules[-1].mean()),
        seconds_held=float(used.seconds[-1].mean()),
    )
