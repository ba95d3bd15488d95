"""What a graph of graded neurons asks of populations that hold rates in continuous time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from spinspike.arrays import FloatArray
from spinspike.errors import BadInput
from spinspike.mapping.graph.graph import SynapseGraph

from .synapses import Synapses, synapses_of

FINE = 0.02  # step, in units of tau, in which the largest current is looked for


@dataclass(frozen=True)
class Populations:
    """A graph of G graded neurons in the units of the linear network."""

    coupling: Synapses  # weights (S,)
    drive: FloatArray  # (G,) u
    readout: FloatArray  # (G,)


def populations_of(graph: SynapseGraph) -> tuple[Populations, float]:
    """What the integers of a graph stand for, and how long a step of a signal is in units of tau.

    Raises
    ------
    BadInput
        The neurons are not graded, or the graph's synapses belong to whole steps.
    """
    graded = graph.graded
    if graded is None or graded.exact:
        has = f"{graph.encoding} neurons" if graded is None else "the weights of whole steps"
        message = f"the graph has {has}; allowed: graded neurons whose weights are those of"
        message += " continuous time (`map_integrator(network, exact=False)`)"
        raise BadInput(message)
    first, start = {}, 0
    for population in graph.populations:
        if population.neuron == "graded":
            first[population.name] = start
            start += population.size
    one = 2.0**-graded.shift
    coupling = synapses_of(graph, ("coupling",), first, first)
    sources = dict.fromkeys(graph.named("input"), 0)
    drive = synapses_of(graph, ("input",), sources, first)
    up = drive.source == 0  # the neurons for negative inputs are the mirror image
    ends = dict.fromkeys(graph.named("readout"), 0)
    readout = synapses_of(graph, ("readout",), first, ends)
    scale = graph.io.scale[graph.io.unit]
    entering = np.bincount(drive.target[up], drive.weight[up], minlength=start)
    leaving = np.bincount(readout.source, readout.weight, minlength=start)
    found = Populations(
        coupling=coupling.divided(graded.step / one),
        drive=entering * (one * graph.io.levels / scale),
        readout=leaving * (scale / graded.readout_scale),
    )
    return found, graded.step


def resampled(signal: FloatArray, step: float, dt: float) -> FloatArray:
    """The mean of a signal over each interval dt, when it is constant in intervals of ``step``.

    Examples
    --------
    >>> resampled(np.array([3.0, 1.0]), 1.5, 1.0)
    array([3., 2., 1.])
    """
    ends = step * np.arange(len(signal) + 1)
    area = step * np.append(0.0, signal.cumsum())
    edges = dt * np.arange(np.ceil(ends[-1] / dt - 1e-9) + 1)
    return np.asarray(np.diff(np.interp(edges, ends, area)) / dt)


def peak_current(populations: Populations, signal: FloatArray, step: float) -> float:
    """The largest current by the equations above without spikes, in Euler steps.

    Parameters
    ----------
    signal : (T,)
        x in each step.
    step : float
        In units of tau.
    """
    size, found = len(populations.drive), populations.coupling
    fine = resampled(signal, step, FINE)
    coupling = csr_array((found.weight, (found.target, found.source)), shape=(size, size))
    current, peak = np.zeros(size), 0.0
    for x in fine:
        current += FINE * (populations.drive * x - current + coupling @ np.maximum(current, 0))
        peak = max(peak, float(current.max()))
    return peak
