"""How much of a core's synapse memory a graph takes: lists of synapses, packed in words.

A spike of neuron j reaches a core through one list for each kind of projection, that is for each
role, sign and exponent: the synapses of j in that kind onto the neurons of that core. A list of n
weights of b bits is packed in blocks of at most B weights, each with a header of h bits and
rounded up to whole words of W bits:

    bits(n, b) = (n // B) ceil_W(B b + h) + [n % B > 0] ceil_W((n % B) b + h)

A list is stored in the cheaper of two ways: *sparse*, where n counts its synapses and b is the
width of a weight and of an index into the core's neurons; or *dense*, a weight for every neuron of
the core and no index. Twins share nothing: each has the lists of the sign it carries.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from spinspike.arrays import IntArray, SparseMatrix
from spinspike.mapping.graph.graph import Projection, SynapseGraph, refuse_graded

from .target import Target


@dataclass(frozen=True)
class SynapseLists:
    """All synapses onto placed neurons, by list.

    Neurons are numbered through all populations: threshold neurons first, then the readout, which
    are *placed* on cores; then those outside, the supervisory and input neurons.
    """

    start: dict[str, int]  # number of the first neuron of each population
    placed: int  # number of placed neurons
    source: IntArray  # (L,) neuron that each list belongs to
    synapses: SparseMatrix  # (L, placed) int32, 1 for each synapse

    @property
    def fan_in(self) -> IntArray:
        """Synapses into each placed neuron, (placed,)."""
        return np.bincount(self.synapses.indices, minlength=self.placed)

    def owner(self, neuron: int) -> tuple[str, int]:
        """Population of a neuron, and its number therein."""
        first, name = max((k, name) for name, k in self.start.items() if k <= neuron)
        return name, int(neuron) - first


def synapse_lists(graph: SynapseGraph) -> SynapseLists:
    """Sort the synapses of a graph by list.

    Raises
    ------
    BadInput
        Its neurons are graded: what these take of a core, no target says.
    """
    refuse_graded(graph)
    order = (("threshold",), ("readout",), ("supervisory", "input"))
    groups = [[p for p in graph.populations if p.neuron in models] for models in order]
    placed = sum(p.size for group in groups[:2] for p in group)
    start, total = {}, 0
    for population in (p for group in groups for p in group):
        start[population.name] = total
        total += population.size
    inner = [p for p in graph.projections if start[p.target] < placed]
    kinds = {kind: k for k, kind in enumerate(dict.fromkeys(_kind(p) for p in inner))}
    rows = [start[p.source] + total * kinds[_kind(p)] + p.indices.astype(np.int64) for p in inner]
    columns = [
        start[p.target] + np.repeat(np.arange(len(p.indptr) - 1, dtype=np.int32), np.diff(p.indptr))
        for p in inner
    ]
    row = np.concatenate([np.zeros(0, dtype=np.int64), *rows])
    column = np.concatenate([np.zeros(0, dtype=np.int32), *columns])
    present = np.zeros(total * len(kinds), dtype=np.bool_)
    present[row] = True
    used = np.flatnonzero(present)
    row = (np.cumsum(present) - 1)[row]
    ones = np.ones(row.size, dtype=np.int32)
    synapses = csr_array((ones, (row, column)), shape=(used.size, placed))
    return SynapseLists(start, placed, used % total, synapses)


def packed_bits(count: IntArray, width: IntArray | int, target: Target) -> IntArray:
    """Memory that lists of so many entries of so many bits take, in bits.

    Examples
    --------
    65 weights of 8 bits on Loihi 1: 64 * 8 + 10 = 522 bits fill 9 words, 8 + 10 = 18 bits one.

    >>> from spinspike.mapping.chips.target import load_target
    >>> packed_bits(np.array([65]), 8, load_target("loihi1")) // 64
    array([10])
    """
    block = target.block_weights or max(1, int(count.max(initial=1)))
    word, header = target.word_bits or 1, target.header_bits or 0
    rest = count % block
    full_bits = -(-(block * width + header) // word) * word
    rest_bits = -(-(rest * width + header) // word) * word
    return np.asarray(count // block * full_bits + (rest > 0) * rest_bits)


def list_bits(synapses: IntArray, neurons: IntArray, weight_bits: int, target: Target) -> IntArray:
    """Memory of lists with so many synapses on cores with so many neurons, in bits.

    Parameters
    ----------
    synapses, neurons : ndarray of int, (lists,)
    weight_bits : int
        Bits of a weight's magnitude; stored in the narrowest width that the target has.
    """
    width = stored_width(weight_bits, target)
    dense = packed_bits(neurons, width, target)
    sparse = packed_bits(synapses, width + _index_bits(neurons, target), target)
    return np.minimum(dense, sparse)


def stored_width(weight_bits: int, target: Target) -> int:
    """Narrowest width of the target that holds a weight; its own bits if none does."""
    wide = [width for width in target.weight_bits or () if width >= weight_bits]
    return min(wide, default=weight_bits)


def _index_bits(neurons: IntArray, target: Target) -> IntArray:
    """Width of an index into so many neurons; 0 where the target's lists need none."""
    if target.index_bits is None:
        return np.zeros_like(neurons)
    needed = np.ceil(np.log2(np.maximum(neurons, 1))).astype(np.int64)
    widths = np.array(target.index_bits)
    enough = np.minimum(np.searchsorted(widths, needed), widths.size - 1)
    return np.asarray(np.maximum(widths[enough], needed))


def _kind(projection: Projection) -> tuple[str, int, int]:
    return projection.role, projection.sign, projection.exponent
