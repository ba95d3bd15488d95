"""The integrator in spikes: every graded neuron is a population of integrate-and-fire neurons.

Population k of the graph has n neurons and a synaptic current I_k, which is what the graded neuron
holds: with W the couplings, u the input weights, x the input and s_j the spikes of neuron j,

    tau dI_k/dt = -I_k + u_k x(t) + (1 / n g) sum_j W_kj sum_spikes delta(t - s_j - delay)
    dv/dt = g max(I_k, 0),      a spike and v <- v - 1 when v reaches 1

so that a neuron fires at exactly g max(I_k, 0) and the leak of the graded neuron is the decay of its
synapses. Whatever the noise in I, the spikes of ON minus those of OFF count the integral of I, and
a neuron carries what it has not fired yet over to its next spike: nothing is rounded away, and
nothing drifts. Neurons start at random potentials, which makes the mean of many exact.

By default the membrane does not leak: a rate that is linear in the current is what spike-frequency
adaptation makes of real neurons [1]_. One that leaks with the time constant ``tau_membrane`` is driven
such that it fires at the same rate in a constant current,

    tau_membrane dv/dt = 1 / (1 - exp(-1 / (g I_k tau_membrane))) - v        if I_k > 0, else -v

but loses charge while the rate falls, and so forgets faster; the shorter it is, the more.

References
----------
.. [1] Ermentrout, Neural Comput. 10 (1998) 1721.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from types import ModuleType

import numpy as np

from spinspike.arrays import FloatArray, IntArray
from spinspike.errors import BadInput
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.simulators.base_graded import Response, levels

from .rate_populations import Populations, peak_current, populations_of, resampled
from .synapses import Synapses, Target, advance, connect, contained, imported

TARGETS: tuple[Target, ...] = ("numpy", "cython")
MAX_RATE = 500.0  # ms per s: spikes of a neuron in a step, of which Brian2 sees one at most
CURRENT = """
dcurrent/dt = (u * x(t) - current) * (1 - exp(-dt / tau)) / dt : 1
u : 1 (constant)
"""
PERFECT = """
dv/dt = gain * clip(current, 0, inf) : 1
current : 1 (linked)
"""
LEAKY = """
dv/dt = (drive - v) * (1 - exp(-dt / tau_membrane)) / dt : 1
drive = int(current > 0) / (1 - exp(-1 / (gain * tau_membrane * clip(current, 1e-9, inf)))) : 1
current : 1 (linked)
"""


@dataclass(frozen=True)
class RateParameters:
    """Physical parameters of the populations.

    Parameters
    ----------
    neurons : int
        n, of each population.
    tau : float, ms
        Decay of all synapses, 100: NMDA excitation [1]_, and GABA_B inhibition, 100 to 150 [2]_.
        It is the unit of time of the model.
    peak_rate : float, spikes per second
        Of the population that the signal drives hardest, which sets the gain g; half of what a
        refractory time of 5 ms [3]_ would allow.
    delay : float, ms
        Of transmission, 0.5 [1]_; see `Brian2Graded` for what it does to a memory.
    tau_membrane : float, ms
        10 to 20 in real neurons [1]_, or `inf`, which is the default, for one that does not leak.

    References
    ----------
    .. [1] Brunel and Wang, J. Comput. Neurosci. 11 (2001) 63, section 2.
    .. [2] Destexhe, Mainen and Sejnowski, in Methods in Neuronal Modeling (1998), chapter 1.
    .. [3] Vogels and Abbott, J. Neurosci. 25 (2005) 10786, methods.
    """

    neurons: int = 20
    tau: float = 100.0
    peak_rate: float = 100.0
    delay: float = 0.5
    tau_membrane: float = np.inf

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            if not 0 < value <= (np.inf if f.name == "tau_membrane" else 1e9):
                message = f"{f.name} is {value}; allowed: more than 0"
                raise BadInput(message)
        if self.neurons != int(self.neurons):
            message = f"neurons is {self.neurons}; allowed: a whole number"
            raise BadInput(message)


@dataclass(frozen=True)
class Brian2Graded:
    """Runs a graph of graded neurons in Brian2, in populations of spiking ones.

    Spikes arrive late, of which the linear network knows nothing: with d = delay / tau, its memory of
    rate c and frequency w has the rate c - d (c (1 - c) + w^2) here, to first order, and the frequency
    w (1 - d (1 - 2 c)). By default d is .005: a rate of .1 falls by .5 %, by 5 % at w = 1, by 20 % at
    w = 2. Nothing corrects for it.

    Parameters
    ----------
    dt : float, ms
        Step of the integration. The spikes of a step act from the next on, which is a delay of
        dt / 2; the rest of ``delay`` is rounded to whole steps.
    every : float, ms
        Spikes are counted in bins of this length, and `Response.times` are the middles of these.
    seed : int
        Of the random potentials: another one is another trial.
    target : {"numpy", "cython"}
        What Brian2 makes its code for.
    """

    parameters: RateParameters = RateParameters()
    dt: float = 1.0
    every: float = 10.0
    seed: int = 0
    target: Target = "numpy"
    name: str = "brian2"

    def __post_init__(self) -> None:
        if not 0 < self.dt <= self.every:
            message = f"dt and every are {self.dt} and {self.every} ms; allowed: 0 < dt <= every"
            raise BadInput(message)
        if self.parameters.peak_rate * self.dt > MAX_RATE:
            message = (
                f"peak_rate is {self.parameters.peak_rate} per s and dt {self.dt} ms; allowed:"
            )
            message += " up to half a spike in a step"
            raise BadInput(message)

    def run(self, graph: SynapseGraph, signal: FloatArray) -> Response:
        """Drive the graph from silence; see `GradedSimulator.run`.

        Raises
        ------
        BadInput
            The graph or the signal is not allowed, the signal is 0 throughout, or there is no such
            target.
        MissingPart
            Brian2, or the compiler that a target needs, is not installed.
        """
        given = levels(graph, signal)
        populations, step = populations_of(graph)
        x = (given[:, 0] - given[:, 1]) / (step * graph.io.levels)
        peak = peak_current(populations, x, step)
        if peak == 0:
            message = "signal is 0 throughout, in levels of the graph; allowed: one that is not"
            raise BadInput(message)
        p, brian2 = self.parameters, imported(self.target, TARGETS)
        gain = 1e-3 * p.peak_rate / peak  # spikes per ms
        with contained(brian2, self.seed, self.target):
            entering = resampled(x, step * p.tau, self.dt)
            spikes = self._simulate(brian2, populations, entering, gain)
        bins = int(len(x) * step * p.tau / self.every)
        counts = self._counts(spikes, bins, len(populations.drive))
        rates = counts / (p.neurons * gain * self.every)
        sign = np.eye(graph.units)[graph.io.unit] * graph.io.input_sign[:, None]
        return Response(
            times=(np.arange(bins, dtype=np.float64) + 0.5) * (self.every / p.tau),
            readout=rates @ populations.readout,
            units=rates @ sign / 2,  # every pair is there twice
            spikes=counts.sum(axis=1).astype(np.float64),
        )

    def _simulate(
        self, brian2: ModuleType, populations: Populations, signal: FloatArray, gain: float
    ) -> tuple[FloatArray, IntArray]:
        """Times (ms) and neurons of all spikes, for a signal in steps of the integration."""
        p, ms = self.parameters, brian2.ms
        constants = {
            "x": brian2.TimedArray(signal, dt=self.dt * ms),
            "tau": p.tau * ms,
            "gain": gain / ms,
        }
        membrane = PERFECT
        if np.isfinite(p.tau_membrane):
            membrane, constants["tau_membrane"] = LEAKY, p.tau_membrane * ms
        common = {"method": "euler", "namespace": constants, "dt": self.dt * ms}
        size = len(populations.drive)
        # currents come last: neurons integrate the current that a step begins with
        currents = brian2.NeuronGroup(size, CURRENT, order=1, **common)
        currents.u = populations.drive
        neurons = brian2.NeuronGroup(
            size * p.neurons, membrane, threshold="v > 1", reset="v -= 1", **common
        )
        member = np.arange(len(neurons)) // p.neurons
        neurons.current = brian2.linked_var(currents, "current", index=member)
        neurons.v = "rand()"
        found = self._synapses(populations.coupling, gain)
        synapses = connect(
            brian2, neurons, currents, found, copies=1, delay=found.delay, dt=self.dt,
            on_pre="current_post += w",
        )  # fmt: skip
        monitor = brian2.SpikeMonitor(neurons)
        network = brian2.Network(currents, neurons, *synapses, monitor)
        advance(network, len(signal) * self.dt * ms)
        return np.array(monitor.t / ms), np.array(monitor.i, dtype=np.int64)

    def _synapses(self, coupling: Synapses, gain: float) -> Synapses:
        """From every neuron of a population, and what one spike adds to a current.

        A population that fires n g dt times in each step of the integration, as at h = 1, then
        holds a current at its coupling.
        """
        p = self.parameters
        source = coupling.source[:, None] * p.neurons + np.arange(p.neurons)
        share = -np.expm1(-self.dt / p.tau) / (p.neurons * gain * self.dt)
        return Synapses(
            source=source.ravel(),
            target=np.repeat(coupling.target, p.neurons),
            weight=np.repeat(coupling.weight * share, p.neurons),
            delay=np.full(source.size, max(0.0, p.delay - self.dt / 2)),
        )

    def _counts(self, spikes: tuple[FloatArray, IntArray], bins: int, populations: int) -> IntArray:
        """Spikes of each population in each bin, (bins, populations)."""
        when, who = spikes
        # half a step later than they are, because at the edge of a bin rounding would decide
        bin_ = ((when + self.dt / 2) / self.every).astype(np.int64)
        seen = bin_ < bins
        place = bin_[seen] * populations + who[seen] // self.parameters.neurons
        return np.bincount(place, minlength=bins * populations).reshape(bins, populations)
