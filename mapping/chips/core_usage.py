"""What a placement asks of each core, counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array

from spinspike.arrays import IntArray
from spinspike.mapping.graph.graph import SynapseGraph

from .synapse_memory import SynapseLists, list_bits
from .target import Target

RESOURCES = ("neurons", "readouts", "synapse_bits", "axons_in", "axons_out")  # that cores limit


@dataclass(frozen=True)
class Usage:
    """What each core is asked for; arrays of one entry per core."""

    neurons: IntArray  # without the readout where that has places of its own
    readouts: IntArray  # readout neurons that have places of their own
    synapse_bits: IntArray
    axons_in: IntArray  # lists of synapses
    axons_out: IntArray  # lists, on any core, that the neurons' spikes are sent to
    fan_in: IntArray  # most synapses into one neuron
    axons_of: IntArray  # (placed,) output axons of each neuron
    cut_spikes: int  # axons between different cores
    cut_synapses: int  # synapses between different cores


def usage_of(lists: SynapseLists, core: IntArray, target: Target, graph: SynapseGraph) -> Usage:
    """Count what each core is asked for."""
    cores = int(core.max()) + 1
    readouts = np.arange(lists.placed) >= graph.neurons
    apart = readouts & (target.readouts_per_core is not None)
    on_core = np.bincount(core, minlength=cores)
    where = coo_array((np.ones_like(core), (np.arange(core.size), core)), (core.size, cores))
    reached = (lists.synapses @ where.tocsr()).tocoo()  # (lists, cores): synapses of a list there
    there, source = reached.col, lists.source[reached.row]
    inside = source < lists.placed
    home = np.where(inside, core[np.where(inside, source, 0)], -1)
    cut = inside & (home != there)
    bits = list_bits(reached.data, on_core[there], graph.weight_bits, target)
    fan_in = np.zeros(cores, dtype=np.int64)
    np.maximum.at(fan_in, core, np.where(apart, 0, lists.fan_in))
    return Usage(
        neurons=np.bincount(core[~apart], minlength=cores),
        readouts=np.bincount(core[apart], minlength=cores),
        synapse_bits=_sums(there, bits, cores),
        axons_in=np.bincount(there, minlength=cores),
        axons_out=np.bincount(home[inside], minlength=cores),
        fan_in=fan_in,
        axons_of=np.bincount(source[inside], minlength=lists.placed),
        cut_spikes=int(cut.sum()),
        cut_synapses=int(reached.data[cut].sum()),
    )


def allowed_per_core(target: Target) -> dict[str, int]:
    """Limits of a core that are known, by resource."""
    limits = {name: getattr(target, f"{name}_per_core") for name in RESOURCES}
    return {name: limit for name, limit in limits.items() if limit is not None}


def _sums(group: IntArray, values: IntArray, groups: int) -> IntArray:
    """Sums of whole numbers by group, exact below 2**53."""
    return np.bincount(group, weights=values, minlength=groups).astype(np.int64)
