"""Graphs as ``.net`` files, which lava-dl's netx reads (``lava.lib.dl.netx.hdf5.Network``).

Such a file is a chain of layers in HDF5. One of type ``dense_rec`` has weights from its input,
weights between its neurons and biases, all of them signed, with one exponent for all weights, which
netx finds by itself. It has one input, and in its first step neither input nor spikes have arrived.
So a graph becomes

* one input of everything that comes from outside: neuron 0 spikes once, in the first step; then
  the input neurons; then the supervisory neurons. Whose weights are too large for 8 bits stands
  there several times, with a share of them each;
* biases and weights in units of 2**g, g the smallest exponent of all projections. That changes no
  spike: S 2**g + b > 0 for whole S if and only if S + ceil(b / 2**g) > 0;
* a run that is one step longer: step t of the graph is step t + 1 there. In the first step neurons
  with positive biases spike. What that would do in the second, and what the first bias of the graph
  lacks, are the weights of input neuron 0.

The spikes are the graph's, with one exception. A membrane far below the threshold leaves a residue
of |v| >> 12, which may put a neuron's next spike off; in coarser units it is smaller. A neuron whose
field rises within a step from -4096 or less to between 1 and `spinspike.mapping.graph.membrane.delay`
spikes at once in netx and one step later in the graph. Fixed points are the same.

Readout neurons are left out; the file holds what reads the class from the spikes, in a group that
netx does not look at.

References
----------
lava-dl 0.6.0, ``lava/lib/dl/netx/hdf5.py`` (``create_dense``), ``netx/utils.py``
(``optimize_weight_bits``), ``netx/blocks/process.py`` (``RecurrentDense``).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spinspike.arrays import IntArray
from spinspike.errors import BadInput
from spinspike.hdf5 import hdf5
from spinspike.mapping.graph.delays import longest_delay
from spinspike.mapping.graph.fields import input_field, supervisory_field, weight_matrix
from spinspike.mapping.graph.graph import SynapseGraph, refuse_graded
from spinspike.mapping.graph.membrane import switch_on_latency
from spinspike.mapping.graph.registers import check_ranges

from .exporter import refusals

LOWEST, HIGHEST = -128, 127  # weights that netx keeps as they are, whatever their signs
NEURON = {"iDecay": 4096, "vDecay": 4095, "vThMant": 0, "refDelay": 1, "gradedSpike": False}
ABOUT = """\
An attractor network for netx: Network(file, input_message_bits=spinspike/input_message_bits).
Let e be 1 in the first step and 0 later (entry 0), what the input neurons send in every step
(round((x - low) * levels / (high - low)) for each pixel x of input_range, and levels from one more)
and 1 for the class whose supervisory neuron spikes, 0 for others. The input of the network is
e[spinspike/sent] in every step. It acts one step later. Neurons spike in the first step as their
biases have it; the network starts in the second. A label may act once as many steps have passed as
there are modules. Unit i is +1 if neuron decoder[i] spikes and input_sign of it is +1, or does not
and it is -1; else it is -1. The class is the largest of readout @ units.
"""


@dataclass(frozen=True)
class _Layer:
    """What a ``dense_rec`` layer holds, in units of 2**g."""

    sent: IntArray  # (M,) what each column of the input sends: see the module
    weight: IntArray  # (N, M)
    weight_rec: IntArray  # (N, N)
    bias: IntArray  # (N,)


def obstacles(graph: SynapseGraph) -> list[str]:
    """What of a graph a ``.net`` file cannot hold, one line each; empty if it fits."""
    if found := refusals(lambda: refuse_graded(graph), lambda: check_ranges(graph)):
        return found
    if late := longest_delay(graph):
        found.append(f"delays of up to {late} steps; netx gives recurrent layers none of their own")
    if not graph.io.centre.size:
        found.append(
            "no inputs: a memory is recalled from a cue, and a .net file has no state to begin "
            "with; export --to lava or nir"
        )
    elif not graph.io.levels:
        found.append(
            "the image comes by the bias, which a .net file fixes; map with binary or graded input"
        )
    unit = _unit(graph)
    weights = weight_matrix(graph).data >> unit
    low, high = int(weights.min(initial=0)), int(weights.max(initial=0))
    if not low and not high:
        found.append("no synapses between neurons")
    if low < LOWEST or high > HIGHEST:
        found.append(
            f"weights between neurons from {low} to {high} in units of the smallest exponent, "
            f"2**{unit}; allowed: {LOWEST} to {HIGHEST}, with one exponent for all (map with fewer "
            "bits)"
        )
    return found


def omissions(graph: SynapseGraph) -> list[str]:
    """What goes through but is left behind or changed, one line each."""
    found = [
        f"{len(points)} {run} fixed points: a .net file holds no states"
        for run, points in graph.fixed_points.items()
    ]
    if graph.named("readout"):
        found.append("readout neurons: the file has the matrix that reads the class from spikes")
    if late := int(np.count_nonzero(switch_on_latency(graph))):
        found.append(
            f"{late} neurons may spike a step sooner in netx, right after a field of -4096 or less"
        )
    return found


def write(graph: SynapseGraph, path: Path | str, *, force: bool = False) -> Path:
    """Write a graph as a ``.net`` file, whole or not at all.

    Raises
    ------
    BadInput
        The file cannot hold the graph (`obstacles`), or cannot be written.
    """
    if problems := obstacles(graph):
        message = f"this graph does not fit a .net file: {'; '.join(problems)}"
        raise BadInput(message)
    layer, ends = _layer(graph), graph.io
    size = sum(array.nbytes for array in (*vars(layer).values(), ends.readout))
    with hdf5(path, size, force=force) as file:
        first = file.create_group("layer/0")
        first["type"] = np.bytes_("input")
        first["shape"] = np.array([layer.sent.size])
        second = file.create_group("layer/1")
        second["type"] = np.bytes_("dense_rec")
        second["shape"] = np.array([graph.neurons])
        for name in ("weight", "weight_rec", "bias"):
            values = getattr(layer, name).astype(np.int16)
            second.create_dataset(name, data=values, compression="gzip")
        neuron = second.create_group("neuron")
        neuron["type"] = np.bytes_("CUBA")
        for name, value in NEURON.items():
            neuron[name] = value
        own = file.create_group("spinspike")
        own["about"] = np.bytes_(ABOUT)
        own["sent"] = layer.sent
        own["input_message_bits"] = ends.levels.bit_length() if ends.levels > 1 else 0
        own["levels"], own["modules"] = ends.levels, graph.modules
        own["input_range"] = np.array(ends.input_range)
        for name in ("decoder", "input_sign", "readout"):
            own[name] = getattr(ends, name)
    return Path(path)


def _unit(graph: SynapseGraph) -> int:
    """g, the smallest exponent of the projections into threshold neurons."""
    targets = graph.slices()
    return min((p.exponent for p in graph.projections if p.target in targets), default=0)


def _layer(graph: SynapseGraph) -> _Layer:
    unit = _unit(graph)
    bias, first_bias = (_ceil(b, unit) for b in (graph.bias, graph.initial_bias))
    recurrent = weight_matrix(graph).toarray() >> unit
    pixels = graph.io.centre.size + 1
    start = first_bias - bias - recurrent @ (bias > 0)
    image = input_field(graph, np.eye(pixels, dtype=np.int64)) >> unit
    signal = supervisory_field(graph, np.eye(graph.classes, dtype=np.bool_)) >> unit
    sent, weight = _shares(np.concatenate([start[None], image, signal]))
    return _Layer(sent, weight, recurrent, bias)


def _ceil(bias: IntArray, unit: int) -> IntArray:
    return -(-bias >> unit)


def _shares(rows: IntArray) -> tuple[IntArray, IntArray]:
    """Each row in as many shares as bring it below 8 bits: their numbers (M,), weights (N, M)."""
    times = np.maximum(1, -(-np.abs(rows).max(axis=1) // HIGHEST))
    sent = np.repeat(np.arange(len(rows)), times)
    share = np.concatenate([np.arange(n) for n in times])[:, None]
    whole, parts = rows[sent], times[sent][:, None]
    return sent, (whole * (share + 1) // parts - whole * share // parts).T
