"""What the memories of a core hold for a graph: rows of synapses, and where each begins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_array, hstack, vstack

from spinspike.arrays import BoolArray, IntArray
from spinspike.errors import BadInput
from spinspike.mapping.graph.fields import input_field, supervisory_field
from spinspike.mapping.graph.graph import SynapseGraph, refuse_graded
from spinspike.simulators.emulator.by_source import BySource, by_source, twins

PADDING = -4096  # bias of targets that no graph has: they never spike


@dataclass(frozen=True)
class Image:
    """A graph as a core with so many lanes holds it.

    Targets are the neurons kept, filled up to whole groups of one target a lane, then the readout,
    filled up likewise. Row r of synapses is words ``starts[r]`` to ``starts[r + 1]``, each with one
    synapse of each lane; rows are those of the neurons, delay by delay, of the supervisory and of
    the input neurons.
    """

    lanes: int
    kept: IntArray  # (N',) neurons of the graph, one for each group of twins
    number: IntArray  # (N,) which of them stands for each
    classes: int  # readout neurons, 0 without
    delays: int  # different ones that are walked through: the longest and one
    starts: IntArray  # (rows + 1,)
    targets: IntArray  # (words, lanes) groups
    weights: IntArray  # (words, lanes), 0 where a lane has no synapse
    labels: int  # first row of the supervisory neurons
    inputs: int  # first row of the input neurons

    @property
    def first_readout(self) -> int:
        """Groups of neurons, after which those of the readout come."""
        return -(-len(self.kept) // self.lanes)

    @property
    def groups(self) -> int:
        """Groups of targets."""
        return max(1, self.first_readout + -(-self.classes // self.lanes))

    def biases(self, neurons: IntArray, readout: IntArray) -> IntArray:
        """Biases of all targets, (B, groups x lanes), from those of the graph's neurons.

        Parameters
        ----------
        neurons : (B, N)
        readout : (C,)
        """
        found = np.full((len(neurons), self.groups * self.lanes), PADDING, dtype=np.int64)
        found[:, : len(self.kept)] = neurons[:, self.kept]
        start = self.first_readout * self.lanes
        found[:, start : start + self.classes] = readout
        return found


def image_of(graph: SynapseGraph, *, fold: bool = True, lanes: int = 1) -> Image:
    """The memories of a core for a graph.

    Parameters
    ----------
    graph : SynapseGraph
    fold : bool
        One neuron stands for its twins, which receive the same synapses and the same bias and
        hence always spike alike: half the neurons under Dale's law, and none of it changes.
    lanes : int
        Synapses to a word, a power of two.

    Raises
    ------
    BadInput
        The neurons are graded, or ``lanes`` is no power of two.

    Examples
    --------
    >>> from spinspike.mapping.mapper import map_network
    >>> from spinspike.model.network.import_arrays import from_arrays
    >>> pair = from_arrays([[0, 1], [1, 0]], [[0.0], [0.0]], np.eye(2), np.eye(2))
    >>> graph = map_network(pair, encoding="dale")
    >>> graph.neurons, len(image_of(graph).kept), len(image_of(graph, fold=False).kept)
    (4, 2, 4)
    """
    refuse_graded(graph)
    if lanes < 1 or lanes & (lanes - 1):
        message = f"lanes is {lanes}; allowed: 1, 2, 4, 8, 16"
        raise BadInput(message)
    stands = twins(graph) if fold else np.arange(graph.neurons)
    kept, number = np.unique(stands, return_inverse=True)
    classes = len(graph.io.readout_bias)
    readout = -(-len(kept) // lanes) * lanes  # the target of the first class
    reach = readout + -(-classes // lanes) * lanes
    within, out = by_source(graph, stands), by_source(graph, stands, into="readout")
    delays = int(max(within.delays.max(initial=0), out.delays.max(initial=0))) + 1
    blocks = []
    for delay in range(delays):
        parts = []
        for found, height in ((within, readout), (out, reach - readout)):
            parts.append(_block(found, delay, height, len(kept)))
        block = vstack(parts)
        empty = csc_array((reach, readout - len(kept)), dtype=np.int64)
        blocks.append(hstack([block, empty]))
    for from_outside in (_labels(graph), _inputs(graph)):
        full = np.zeros((reach, len(from_outside)), dtype=np.int64)
        full[: len(kept)] = from_outside[:, kept].T
        blocks.append(csc_array(full))
    rows = csc_array(hstack(blocks, format="csc"))
    rows.eliminate_zeros()
    rows.sort_indices()
    labels = delays * readout
    inputs = labels + graph.classes * bool(graph.named("supervisory"))
    return Image(
        lanes, kept, number, classes, delays, *_words(rows, lanes), labels=labels, inputs=inputs
    )


def folded_image(graph: SynapseGraph, *, lanes: int = 1) -> Image:
    """The image with twins folded, if no input image tells them apart; else unfolded.

    Parameters
    ----------
    graph : SynapseGraph
    lanes : int
        As for `image_of`.
    """
    folded = image_of(graph, lanes=lanes)
    ends, stands = graph.io, folded.kept[folded.number]
    fixed = (ends.unit, ends.input_sign, graph.bias, graph.initial_bias)
    alike = all((values == values[stands]).all() for values in fixed)
    return folded if alike else image_of(graph, fold=False, lanes=lanes)


def twins_alike(values: IntArray, image: Image) -> bool:
    """Whether neurons of which one stands for the other are given the same.

    Parameters
    ----------
    values : (B, N)
    image : Image
    """
    return bool((values == values[:, image.kept[image.number]]).all())


def _block(found: BySource, delay: int, height: int, size: int) -> csc_array:
    """Synapses of one delay as a matrix, rows by target."""
    at = np.flatnonzero(found.delays == delay)
    if not len(at):
        return csc_array((height, size), dtype=np.int64)
    starts = found.starts[at[0]]
    part = slice(starts[0], starts[-1])
    data = (found.weights[part].astype(np.int64), found.targets[part], starts - starts[0])
    return csc_array(data, shape=(height, size))


def _labels(graph: SynapseGraph) -> IntArray:
    if not graph.named("supervisory"):
        return np.zeros((0, graph.neurons), dtype=np.int64)
    return supervisory_field(graph, np.eye(graph.classes, dtype=np.bool_))


def _inputs(graph: SynapseGraph) -> IntArray:
    if not graph.named("input"):
        return np.zeros((0, graph.neurons), dtype=np.int64)
    return input_field(graph, np.eye(graph.io.centre.size + 1, dtype=np.int64))


def _words(rows: csc_array, lanes: int) -> tuple[IntArray, IntArray, IntArray]:
    """Starts, groups and weights of words that take one synapse of each lane, row by row."""
    count = rows.shape[1]
    row = np.repeat(np.arange(count), np.diff(rows.indptr))
    target, weight = rows.indices.astype(np.int64), rows.data
    lane = target % lanes
    order = np.lexsort((target, lane, row))
    row, target, weight, lane = row[order], target[order], weight[order], lane[order]
    each = row * lanes + lane
    place = np.arange(len(each)) - np.searchsorted(each, each)  # within the row's lane
    lengths = np.zeros(count, dtype=np.int64)
    np.maximum.at(lengths, row, place + 1)
    starts = np.append(0, np.cumsum(lengths))
    targets = np.zeros((starts[-1], lanes), dtype=np.int64)
    weights = np.zeros((starts[-1], lanes), dtype=np.int64)
    targets[starts[row] + place, lane] = target // lanes
    weights[starts[row] + place, lane] = weight
    return starts, targets, weights


def events(image: Image, levels: IntArray, supervisor: BoolArray) -> tuple[IntArray, IntArray]:
    """Rows of one pattern that come from outside: of its input, each as often as its level, and its label.

    Parameters
    ----------
    image : Image
    levels : (D + 1,), or (0,)
    supervisor : (C,)
    """
    pixels = image.inputs + np.repeat(np.arange(len(levels)), levels)
    return pixels, image.labels + np.flatnonzero(supervisor)
