"""Does every number of a graph fit the registers of the target? Checked before anything runs.

The simulated chip does not say so when one overflows: it wraps, clips or hangs.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from spinspike.model.arrays import FloatArray
from spinspike.model.errors import OutOfRange

from .graph import Population, SynapseGraph
from .matrix import supervisory_matrix, weight_matrix
from .quantise import BIAS_LIMIT, EXPONENT_LIMIT, FULL_BITS, input_reach

STATE_LIMIT = 2**17 - 33  # 24-bit state in 1/64 weight units, less the largest leak residue


def check_ranges(graph: SynapseGraph) -> None:
    """Raise OutOfRange for the first population or projection that does not fit.

    Checked are the synapses, the bias of every image inside the input range (13 bits) and the
    membrane when all synapses of one sign are active at once (24 bits).
    """
    check_synapses(graph)
    if not (graph.ends.scale > 0).all():
        _refuse("any", "scale", graph.ends.scale.min(), "above 0")
    low, high = bias_range(graph)
    drive = _drive(graph)
    for population in graph.populations:
        if population.neuron == "threshold":
            rows = graph.slices()[population.name]
            _within(population, "bias", np.maximum(-low, high)[rows], BIAS_LIMIT)
            _within(population, "membrane", drive[rows] + BIAS_LIMIT, STATE_LIMIT)


def check_synapses(graph: SynapseGraph) -> None:
    """Raise OutOfRange unless exponents are 0 … 7 and weights 1 … 2**weight_bits - 1."""
    if graph.weight_bits not in range(1, FULL_BITS + 1):
        _refuse("any", "weight_bits", graph.weight_bits, f"1 to {FULL_BITS}")
    largest = 2**graph.weight_bits - 1
    for projection in graph.projections:
        if not 0 <= projection.exponent <= EXPONENT_LIMIT:
            _refuse(projection.name, "exponent", projection.exponent, f"0 to {EXPONENT_LIMIT}")
        smallest = projection.mantissa.min(initial=largest)
        strongest = projection.mantissa.max(initial=1)
        if smallest < 1 or strongest > largest:
            _refuse(projection.name, "weights", f"{smallest} to {strongest}", f"1 to {largest}")


def bias_range(graph: SynapseGraph) -> tuple[FloatArray, FloatArray]:
    """Smallest and largest bias of each neuron over all images inside the input range, (N,)."""
    ends = graph.ends
    reach = input_reach(csr_array(ends.input_weight), ends.centre, ends.gain, ends.input_range)
    bounds = np.stack(reach) * ends.scale
    bounds = np.sort(bounds[:, ends.unit] * ends.input_sign, axis=0)
    lowest = np.floor(bounds[0]) + np.minimum(graph.offset, graph.first_offset)
    highest = np.ceil(bounds[1]) + np.maximum(graph.offset, graph.first_offset)
    return lowest, highest


def _drive(graph: SynapseGraph) -> FloatArray:
    """Largest synaptic input of one sign that each neuron can receive, (N,)."""
    total = np.zeros(graph.neurons)
    weights, signals = weight_matrix(graph), supervisory_matrix(graph)
    for sign in (1, -1):
        couplings = (sign * weights).maximum(0).sum(axis=1)
        signal = (sign * signals).maximum(0).max(axis=1).toarray()
        total = np.maximum(total, np.asarray(couplings + signal).ravel())
    return total


def _within(population: Population, what: str, values: FloatArray, limit: int) -> None:
    worst = int(np.argmax(values))
    if not values[worst] <= limit:
        _refuse(f"{population.name}, neuron {worst}", what, f"{values[worst]:g}", f"up to {limit}")


def _refuse(where: str, what: str, value: object, allowed: str) -> None:
    message = f"population {where}: {what} {value} does not fit; allowed: {allowed}"
    raise OutOfRange(message)
