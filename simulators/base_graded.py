"""The contract of simulators of graded neurons: a signal in, the response of a linear memory out.

Whoever writes a backend reads this page. A graded backend is one object with a ``name`` and a method
``run``. It starts from silence, drives the graph with one signal and says what the memory then holds,
in the units of the network that was mapped. Protocols and fits are in `impulse`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from spinspike.arrays import FloatArray, IntArray
from spinspike.errors import BadInput
from spinspike.mapping.graph.graph import SynapseGraph


@dataclass(frozen=True)
class Response:
    """What a run showed, at K moments after the first, in units of the leak's time constant."""

    times: FloatArray  # (K,); for step simulators dt, 2 dt, … K dt, the ends of the steps
    readout: FloatArray  # (K,) y
    units: FloatArray  # (K, H) h, by messages or by rates
    spikes: FloatArray  # (K,) spikes of all neurons since the moment before; each graded one counts once
    values: IntArray | None = None  # (K, N) what each graded neuron holds; step simulators alone


class GradedSimulator(Protocol):
    """One way to run a graph of graded neurons."""

    @property
    def name(self) -> str:
        """How users call it."""
        ...

    def run(self, graph: SynapseGraph, signal: FloatArray) -> Response:
        """Drive the graph from silence.

        Parameters
        ----------
        graph
            Of `map_integrator`.
        signal : (T,)
            The input x(t), constant within each of T steps of ``graph.graded.step``, whatever the
            simulator's own time step; within ``graph.io.input_range``. A unit impulse is the
            largest value, 1 / step, in one step.

        Raises
        ------
        BadInput
            The neurons are not graded, or the signal is not allowed.
        OutOfRange
            A number does not fit the registers.
        """
        ...


def levels(graph: SynapseGraph, signal: FloatArray) -> IntArray:
    """What the two input neurons, of the positive and of the negative part, hold; (T, 2).

    Raises
    ------
    BadInput
        The neurons are not graded; the signal is empty, not finite or out of range.

    Examples
    --------
    >>> from spinspike.mapping.integrator.integrator_graph import map_integrator
    >>> from spinspike.model.integrator.linear_network import LinearNetwork
    >>> graph = map_integrator(LinearNetwork(np.array([[0.9]]), np.ones(1), np.ones(1)))
    >>> full = graph.io.input_range[1]
    >>> (levels(graph, np.array([full, 0.0, -full / 2])) / graph.io.levels).round(3).tolist()
    [[1.0, 0.0], [0.0, 0.0], [0.0, 0.5]]
    """
    if graph.graded is None:
        message = f"the graph has {graph.encoding} neurons; allowed: graded ones"
        raise BadInput(message)
    low, high = graph.io.input_range
    signal = np.asarray(signal, dtype=np.float64)
    if signal.ndim != 1 or not signal.size:
        message = f"signal has shape {signal.shape}; allowed: (T,), 1 step or more"
        raise BadInput(message)
    if not (np.isfinite(signal).all() and low <= signal.min() and signal.max() <= high):
        message = (
            f"signal goes from {signal.min():g} to {signal.max():g}; allowed: {low:g} to {high:g}"
        )
        raise BadInput(message)
    level = np.rint(signal * (graph.graded.step * graph.io.levels)).astype(np.int64)
    return np.stack([np.maximum(level, 0), np.maximum(-level, 0)], axis=1)


def response(
    graph: SynapseGraph, values: IntArray, readout: IntArray, messages: IntArray
) -> Response:
    """In units of the network what neurons and the readout held at the end of each step.

    Parameters
    ----------
    values : (T, N)
    readout : (T,)
        Field of the readout neuron, in weight units.
    messages : (T,)
        How many neurons sent one.
    """
    graded = graph.graded
    if graded is None:
        message = f"the graph has {graph.encoding} neurons; allowed: graded ones"
        raise BadInput(message)
    on = values[:, : graph.units] - values[:, graph.units : 2 * graph.units]
    return Response(
        times=np.arange(1, len(values) + 1, dtype=np.float64) * graded.step,
        readout=readout / graded.readout_scale,
        units=on / graph.io.scale,
        spikes=messages.astype(np.float64),
        values=values,
    )
