"""A graph's synapses by the neuron they come from: what one spike more or less changes, and when.

Twins, neurons of populations that receive the very same synapses, as the two of a unit under Dale's
law do, always spike together if their bias is the same: one stands for both.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array

from spinspike.arrays import IntArray
from spinspike.mapping.graph.graph import NeuronModel, SynapseGraph


class BySource(NamedTuple):
    """Synapses of N neurons, in whole weight units.

    Those of neuron j with the delay ``delays[k]`` are the entries ``starts[k, j]`` to
    ``starts[k, j + 1]`` of ``targets`` and ``weights``.
    """

    delays: IntArray  # (D,) steps, growing
    starts: IntArray  # (D, N + 1)
    targets: NDArray[np.int32]  # (S,)
    weights: NDArray[np.int32]  # (S,) sign * 2**exponent * mantissa


def twins(graph: SynapseGraph) -> IntArray:
    """The threshold neuron that stands for each, (N,): itself, or a twin that comes before it."""
    received: dict[str, set[tuple[object, ...]]] = {name: set() for name in graph.sizes}
    for p in graph.projections:
        arrays = (id(p.mantissa), id(p.indices), id(p.indptr))
        received[p.target].add((p.source, p.sign, p.exponent, p.delay, *arrays))
    places, stands = graph.slices(), np.arange(graph.neurons)
    first: dict[tuple[int, frozenset[tuple[object, ...]]], slice] = {}
    for name, place in places.items():
        one = first.setdefault((graph.sizes[name], frozenset(received[name])), place)
        stands[place] = np.arange(one.start, one.stop)
    return stands


def by_source(
    graph: SynapseGraph, stands: IntArray | None = None, *, into: NeuronModel = "threshold"
) -> BySource:
    """The synapses from threshold neurons to each other, or into the readout.

    Parameters
    ----------
    graph : SynapseGraph
    stands : (N,) int, optional
        Neurons in place of others, as `twins` gives them; the result numbers those alone.
    into : {"threshold", "readout"}
        What they end on.

    Examples
    --------
    >>> from spinspike.mapping.mapper import map_network
    >>> from spinspike.model.network.import_arrays import from_arrays
    >>> pair = from_arrays([[0, 1], [1, 0]], [[0.0], [0.0]], np.eye(2), np.eye(2))
    >>> found = by_source(map_network(pair, encoding="signed"))
    >>> found.starts.tolist(), found.targets.tolist(), found.weights.tolist()
    ([[0, 1, 2]], [1, 0], [128, 128])
    """
    sources, targets = graph.slices(), graph.slices()
    if into == "readout":
        targets = {name: slice(0, graph.classes) for name in graph.named("readout")}
    stands = np.arange(graph.neurons) if stands is None else stands
    kept, number = np.unique(stands, return_inverse=True)
    size, reach = len(kept), len(kept) if into == "threshold" else graph.classes
    ours = [p for p in graph.projections if p.source in sources and p.target in targets]
    delays = sorted({p.delay for p in ours})
    starts = np.zeros((len(delays), size + 1), dtype=np.int64)
    ends: list[NDArray[np.int32]] = [np.empty(0, dtype=np.int32)]
    weights: list[NDArray[np.int32]] = [np.empty(0, dtype=np.int32)]
    passed = 0
    for k, delay in enumerate(delays):
        parts = [p for p in ours if p.delay == delay]
        rows = [
            targets[p.target].start + np.repeat(_count(p.indptr), np.diff(p.indptr)) for p in parts
        ]
        columns = [number[sources[p.source].start + p.indices] for p in parts]
        values = [p.mantissa.astype(np.int32) * (p.sign * 2**p.exponent) for p in parts]
        row, column, value = (np.concatenate(part) for part in (rows, columns, values))
        if into == "threshold":  # what a twin receives, the one that stands for it has received
            own = stands[row] == row
            row, column, value = number[row[own]], column[own], value[own]
        matrix = coo_array((value, (row, column)), shape=(reach, size)).tocsc()
        starts[k] = passed + matrix.indptr
        ends.append(matrix.indices.astype(np.int32))
        weights.append(matrix.data)
        passed += matrix.nnz
    return BySource(
        np.array(delays, dtype=np.int64), starts, np.concatenate(ends), np.concatenate(weights)
    )


def _count(indptr: NDArray[np.integer]) -> NDArray[np.int32]:
    return np.arange(len(indptr) - 1, dtype=np.int32)
