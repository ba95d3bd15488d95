"""Does every number of a graph fit the registers of the target? Checked before anything runs.

The simulated chip does not say so when one overflows: it wraps, clips or hangs.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spinspike.arrays import FloatArray, IntArray
from spinspike.errors import OutOfRange

from .codec import BIAS_LIMIT, input_reach
from .delays import DELAYED, LONGEST_DELAY
from .fields import field_from
from .graph import SynapseGraph
from .register_limits import EXPONENT_LIMIT, FULL_BITS, STATE_LIMIT


def check_ranges(graph: SynapseGraph) -> None:
    """Raise OutOfRange for the first population or projection that does not fit.

    Checked are the synapses, the bias of every image inside the input range (13 bits; it may
    saturate where the synapses together are weaker than the limit) and the membrane when all
    synapses of one sign are active at once (24 bits). Of graded neurons the synapses alone are: how
    far their numbers go depends on the signal, and is checked with it.

    Parameters
    ----------
    graph : SynapseGraph
    """
    check_synapses(graph)
    if not (graph.io.scale > 0).all():
        _refuse("any", "scale", graph.io.scale.min(), "above 0")
    if graph.graded is not None:
        return
    low, high = bias_range(graph)
    most = np.maximum(*synaptic_reach(graph))
    for name, rows in graph.slices().items():
        _within(name, "bias", np.maximum(-low, high)[rows], BIAS_LIMIT)
        _within(name, "membrane", most[rows] + BIAS_LIMIT, STATE_LIMIT)
    for name in graph.named("readout"):
        bias = np.abs(graph.io.readout_bias)
        _within(name, "bias", bias, BIAS_LIMIT)
        _within(name, "membrane", np.maximum(*readout_reach(graph)) + bias, STATE_LIMIT)


def check_synapses(graph: SynapseGraph) -> None:
    """Raise OutOfRange unless exponents are 0 … 7, weights 1 … 2**weight_bits - 1, delays 0 … 62.

    Synapses of graded neurons have no delay.
    """
    if graph.weight_bits not in range(1, FULL_BITS + 1):
        _refuse("any", "weight_bits", graph.weight_bits, f"1 to {FULL_BITS}")
    largest = 2**graph.weight_bits - 1
    for projection in graph.projections:
        if not 0 <= projection.exponent <= EXPONENT_LIMIT:
            _refuse(projection.name, "exponent", projection.exponent, f"0 to {EXPONENT_LIMIT}")
        delayed = projection.role in DELAYED and graph.graded is None
        longest = LONGEST_DELAY if delayed else 0
        if not 0 <= projection.delay <= longest:
            _refuse(projection.name, "delay", projection.delay, f"0 to {longest}")
        smallest = projection.mantissa.min(initial=largest)
        strongest = projection.mantissa.max(initial=1)
        if smallest < 1 or strongest > largest:
            _refuse(projection.name, "weights", f"{smallest} to {strongest}", f"1 to {largest}")


def bias_range(graph: SynapseGraph) -> tuple[FloatArray, FloatArray]:
    """Smallest and largest bias of each neuron over all images inside the input range, (N,).

    A bias beyond the register saturates where it could not be outweighed: where all synapses of
    one sign, active at once, deliver less than the limit.
    """
    ends = graph.io
    reach = input_reach(ends.input_weight, ends.centre, ends.gain, ends.input_range)
    bounds = np.stack(reach) * ends.scale
    bounds = np.sort(bounds[:, ends.unit] * ends.input_sign, axis=0)
    lowest = np.floor(bounds[0]) + np.minimum(graph.bias, graph.initial_bias)
    highest = np.ceil(bounds[1]) + np.maximum(graph.bias, graph.initial_bias)
    saturates = np.maximum(*synaptic_reach(graph)) < BIAS_LIMIT
    limit = np.where(saturates, BIAS_LIMIT, np.inf)
    return np.maximum(lowest, -limit), np.minimum(highest, limit)


def synaptic_reach(graph: SynapseGraph) -> tuple[IntArray, IntArray]:
    """Largest input that excitatory, and that inhibitory, synapses deliver to each neuron; (N,).

    Of the supervisory neurons one class acts at a time.
    """
    on = {
        p.name: np.full((1, p.size), graph.io.levels if p.neuron == "input" else 1)
        for p in graph.populations
        if p.neuron in ("threshold", "input")
    }
    labels = dict.fromkeys(graph.named("supervisory"), np.eye(graph.classes, dtype=np.int64))
    found = []
    for part in signed_parts(graph):
        reach = np.abs(field_from(part, on))[0]
        if labels:
            reach = reach + np.abs(field_from(part, labels)).max(axis=0)
        found.append(reach)
    return found[0], found[1]


def readout_reach(graph: SynapseGraph) -> tuple[IntArray, IntArray]:
    """The same for the readout neurons; (C,)."""
    on = {name: np.ones((1, graph.sizes[name]), dtype=np.int64) for name in graph.slices()}
    first, second = (
        np.abs(field_from(part, on, into="readout"))[0] for part in signed_parts(graph)
    )
    return first, second


def signed_parts(graph: SynapseGraph) -> tuple[SynapseGraph, SynapseGraph]:
    """The graph with its excitatory synapses alone, and with its inhibitory ones."""
    excitatory, inhibitory = (
        replace(graph, projections=tuple(p for p in graph.projections if p.sign == sign))
        for sign in (1, -1)
    )
    return excitatory, inhibitory


def _within(name: str, what: str, values: FloatArray | IntArray, limit: int) -> None:
    worst = int(np.argmax(values))
    if not values[worst] <= limit:
        _refuse(f"{name}, neuron {worst}", what, f"{values[worst]:g}", f"up to {limit}")


def _refuse(where: str, what: str, value: object, allowed: str) -> None:
    message = f"population {where}: {what} {value} does not fit; allowed: {allowed}"
    raise OutOfRange(message)
