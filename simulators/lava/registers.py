"""Does a stimulus fit the registers of Lava's neurons? Lava itself wraps, clips or hangs instead."""

from __future__ import annotations

import numpy as np

from spinspike.arrays import IntArray
from spinspike.errors import BadInput, OutOfRange
from spinspike.mapping.graph.fields import field_of, input_field, supervisory_field
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.graph.register_limits import STATE_LIMIT
from spinspike.mapping.graph.registers import readout_reach, signed_parts
from spinspike.simulators.base import Stimulus

BIAS_RANGE = (-4096, 4095)  # 13 bits


def check_stimulus(graph: SynapseGraph, stimulus: Stimulus) -> None:
    """Check that every number of a run fits its register whatever the threshold neurons do.

    Beyond what :func:`~spinspike.mapping.graph.registers.check_synapses` says of the graph, the biases must
    fit 13 bits and the current and voltage 24 bits, 18 of them above the weight unit, with what
    supervisory and input neurons send in this stimulus.

    Raises
    ------
    BadInput
        The stimulus has another number of source neurons than the graph, or levels it lacks.
    OutOfRange
        Names the population, the number and what is allowed.
    """
    _check_sources(graph, stimulus)
    reach = _reach(graph, stimulus)
    for name, columns in graph.slices().items():
        for bias in (stimulus.first_bias, stimulus.bias):
            _check_bias(name, bias[:, columns])
        _check_reach(name, reach[:, columns])
    for name in graph.named("readout"):
        _check_bias(name, graph.io.readout_bias)
        _check_reach(name, np.maximum(*readout_reach(graph)))


def _check_sources(graph: SynapseGraph, stimulus: Stimulus) -> None:
    given = {"supervisory": stimulus.supervisor, "input": stimulus.levels}
    for p in graph.populations:
        if p.neuron in given and p.size != given[p.neuron].shape[1]:
            message = (
                f"the stimulus has {given[p.neuron].shape[1]} {p.neuron} neurons, "
                f"population {p.name} has {p.size}"
            )
            raise BadInput(message)
    low, high = stimulus.levels.min(initial=0), stimulus.levels.max(initial=0)
    if low < 0 or high > graph.io.levels:
        message = f"input levels range from {low} to {high}; allowed: 0 to {graph.io.levels}"
        raise BadInput(message)


def _reach(graph: SynapseGraph, stimulus: Stimulus) -> IntArray:
    """Largest input that the synapses of one sign can deliver to each neuron, (B, N).

    In the first step nothing has spiked and the difference of the biases comes in its place.
    """
    found = np.zeros_like(stimulus.bias)
    jump = np.abs(stimulus.first_bias - stimulus.bias)
    everyone = np.ones((1, graph.neurons), dtype=np.bool_)
    for part in signed_parts(graph):
        given = supervisory_field(part, stimulus.supervisor) + input_field(part, stimulus.levels)
        inside = np.maximum(np.abs(field_of(part, everyone)), jump)
        found = np.maximum(found, inside + np.abs(given))
    return found


def _check_bias(name: str, bias: IntArray) -> None:
    if bias.size and not BIAS_RANGE[0] <= bias.min() <= bias.max() <= BIAS_RANGE[1]:
        message = (
            f"bias {bias.flat[np.argmax(np.abs(bias))]} of population {name} does not fit 13 bits; "
            f"allowed: {BIAS_RANGE[0]} to {BIAS_RANGE[1]}; lower the scale"
        )
        raise OutOfRange(message)


def _check_reach(name: str, reach: IntArray) -> None:
    most, allowed = reach.max(initial=0), STATE_LIMIT + BIAS_RANGE[0]
    if most > allowed:
        message = (
            f"the synapses of population {name} can deliver {most} weight units; allowed: "
            f"{allowed}, a 24-bit state less the bias; lower the scale"
        )
        raise OutOfRange(message)
