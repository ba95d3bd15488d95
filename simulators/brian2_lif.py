"""The continuous-time simulator: leaky integrate-and-fire neurons and synapses, in Brian2.

Nothing here is clocked by a sweep: each neuron spikes when its membrane potential crosses the
threshold, and a unit's state lives only in the slowly decaying synapses its spikes opened. With
v the potential above rest, V the one at the threshold and F millivolts per unit of field,

    tau_membrane dv/dt = max(V + F (x + y + b), lowest) - v + noise

    tau_slow dx_k/dt = -x_k        x_k += w_kj (1 - g_j)  one delay after each spike of neuron j
    tau_supervisory dy_k/dt = -y_k       y_k += w_kc interval / tau_supervisory       likewise

The gate g_j is set to 1 by every spike of j and decays with tau_slow. It belongs to the
presynaptic neuron, so adding w (1 - g) to one sum per target is the same as a saturating gate in
every synapse. The bias b is a constant current. At V + F h with h > 0 a neuron fires, with h < 0
it is silent: the rate has no say, because an open gate cannot open further.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import numpy as np

from spinspike.mapping.graph import FloatArray, IntArray, SpinArray, SynapseGraph
from spinspike.model.errors import BadInput, MissingPart

from .base import Progress, Protocol, Recording, Regime, Stimulus

_NEURON = """
dv/dt = (clip(threshold + field_scale * (transmission * x + y + bias), lowest, inf) - v) / tau
        + noise * sqrt(2 / tau) * xi : 1 (unless refractory)
dx/dt = -x / tau_slow : 1
dy/dt = -y / tau_supervisory : 1
bias : 1
opening : 1
opened : second
transmission : 1 (shared)
"""
# ``opening`` is 1 - g just before the latest spike; nothing changes it before it is delivered,
# because the refractory period is longer than the delay.
_RESET = "v = reset; opening = 1 - exp((opened - t) / tau_slow); opened = t"


@dataclass(frozen=True)
class LIFParameters:
    """Physical parameters of neurons and synapses; potentials are mV above rest.

    Parameters
    ----------
    threshold, reset : float, mV
        20 and 15 above rest: -50 and -55 mV at a rest of -70 mV [1]_.
    lowest : float, mV
        Lowest potential that inhibition drives to: potassium reversal at -90 mV.
    tau_membrane : float, ms
        10, the lower of the 10 and 20 of [1]_.
    refractory : float, ms
        5, as in [2]_; longer than ``delay``. It keeps rates below 200 spikes per second.
    tau_slow : float, ms
        Decay of the gates of couplings and self-couplings. 100 for excitation: NMDA [1]_; of the
        same length for inhibition: GABA_B, 100 to 150 [3]_.
    tau_supervisory : float, ms
        Decay of supervisory synapses, which do not saturate: 10, GABA_A [1]_.
    supervisory_interval : float, ms
        Between the spikes of a supervisory neuron while it is on.
    delay : float, ms
        Transmission delay of all synapses.
    noise : float, mV
        Standard deviation of the potential of a silent neuron around its mean.
    field_scale : float, mV per unit of field
        F: how steeply the rate rises with the field. A free choice, not a measured quantity.
    cue_field : float, units of field
        Drive of a neuron whose state is forced in the cue phase.
    firm_field, marginal_field : float, units of field
        Fields at which couplings and self-couplings are calibrated; see ``mean_gate`` and
        ``last_gate``. Fixed on validation patterns.

    References
    ----------
    .. [1] Brunel and Wang, J. Comput. Neurosci. 11 (2001) 63, section 2.
    .. [2] Vogels and Abbott, J. Neurosci. 25 (2005) 10786, methods.
    .. [3] Destexhe, Mainen and Sejnowski, in Methods in Neuronal Modeling (1998), chapter 1.
    """

    threshold: float = 20.0
    reset: float = 15.0
    lowest: float = -20.0
    tau_membrane: float = 10.0
    refractory: float = 5.0
    tau_slow: float = 100.0
    tau_supervisory: float = 10.0
    supervisory_interval: float = 5.0
    delay: float = 1.0
    noise: float = 0.5
    field_scale: float = 50.0
    cue_field: float = 5.0
    firm_field: float = 2.0
    marginal_field: float = 0.05

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not np.isfinite(value) or (value <= 0 and name not in ("reset", "lowest", "noise")):
                message = f"{name} is {value}; allowed: a finite number above 0"
                raise BadInput(message)
        if self.noise < 0 or not self.lowest <= self.reset < self.threshold:
            message = (
                f"lowest, reset, threshold, noise are {self.lowest:g}, {self.reset:g}, "
                f"{self.threshold:g}, {self.noise:g}; allowed: lowest <= reset < threshold, noise >= 0"
            )
            raise BadInput(message)
        if self.refractory <= self.delay:
            message = f"refractory is {self.refractory:g} ms; allowed: above delay, {self.delay:g}"
            raise BadInput(message)

    def interval(self, field: float) -> float:
        """Time between spikes in ms at a constant field h > 0.

        T = refractory + tau_membrane ln(1 + (threshold - reset) / (F h)).
        """
        rise = (self.threshold - self.reset) / (self.field_scale * field)
        return self.refractory + self.tau_membrane * float(np.log1p(rise))

    def mean_gate(self, field: float) -> float:
        """Gate of a neuron firing at a constant field, averaged over time.

        (tau_slow / T) (1 - exp(-T / tau_slow)); couplings are divided by it, so that a firing
        neuron weighs what the graph says.
        """
        interval = self.interval(field) / self.tau_slow
        return float(-np.expm1(-interval)) / interval

    def last_gate(self, field: float) -> float:
        """Gate of a neuron firing at a constant field, just before its next spike.

        exp(-T / tau_slow). Self-couplings are divided by it: what keeps a neuron of small margin
        firing is its own gate at the end of the interval, not on average.
        """
        return float(np.exp(-self.interval(field) / self.tau_slow))


@dataclass(frozen=True)
class Brian2LIF:
    """Backend of the continuous regime; protocol durations are milliseconds.

    In the cue phase neurons feel the first bias (or the forced state) alone: synapses open, yet
    their current does not reach the membrane, as when acetylcholine suppresses recurrent
    transmission (Hasselmo, Curr. Opin. Neurobiol. 16 (2006) 710). That is the reference's first
    sweep from s = 0. From then on everything acts.

    Parameters
    ----------
    parameters : LIFParameters
    dt : float, ms
        Step of the Euler integration: a twentieth of the shortest time constant, a tenth of the
        refractory period. Halving it changes no figure beyond one pattern in a hundred.
    window : float, ms
        A unit is +1 iff its decoding neuron spiked within the last ``window``: three intervals
        of a neuron at the marginal field.
    every : float, ms
        Distance of read-out instants.
    seed : int
        Of the initial potentials and the noise.
    synapses_at_once : int
        Bounds memory: patterns run side by side as disjoint copies up to this many synapses.
    """

    parameters: LIFParameters = LIFParameters()
    dt: float = 0.5
    window: float = 50.0
    every: float = 10.0
    seed: int = 0
    synapses_at_once: int = 1_000_000
    name: str = "brian2"
    regime: Regime = "continuous"

    def run(
        self,
        graph: SynapseGraph,
        stimulus: Stimulus,
        protocol: Protocol,
        *,
        progress: Progress | None = None,
    ) -> Recording:
        """Run every pattern of the stimulus through the protocol, each from silence.

        ``Recording.supervisory`` is the sum of |y| over all neurons, in units of field.

        Raises
        ------
        BadInput
            The stimulus does not fit the graph.
        MissingPart
            Brian2 is not installed.
        """
        brian2 = _brian2()
        patterns, neurons = stimulus.bias.shape
        if neurons != graph.neurons:
            message = f"stimulus has {neurons} neurons; allowed: the graph's {graph.neurons}"
            raise BadInput(message)
        synapses = sum(p.indices.size for p in graph.projections)
        size = min(patterns, max(1, self.synapses_at_once // max(1, synapses)))
        parts = []
        for first in range(0, patterns, size):
            part = _patterns(stimulus, slice(first, first + size))
            chunk = replace(self, seed=self.seed + first)
            with _contained(brian2, chunk.seed):
                parts.append(_simulate(brian2, chunk, graph, part, protocol))
            if progress is not None:
                progress(min(first + size, patterns), patterns)
        return replace(
            parts[0],
            states=np.concatenate([part.states for part in parts], axis=1),
            supervisory=np.concatenate([part.supervisory for part in parts], axis=1),
        )


@dataclass(frozen=True)
class _Wiring:
    """Synapses of one pattern's copy; neurons are numbered as in the graph."""

    source: IntArray
    target: IntArray
    weight: FloatArray  # units of field

    def copies(self, patterns: int, sources: int, targets: int) -> _Wiring:
        """The same synapses within each of several disjoint copies."""
        copy = np.arange(patterns)[:, None]
        return _Wiring(
            (self.source + sources * copy).ravel(),
            (self.target + targets * copy).ravel(),
            np.tile(self.weight, patterns),
        )


def _simulate(
    brian2: ModuleType,
    backend: Brian2LIF,
    graph: SynapseGraph,
    stimulus: Stimulus,
    protocol: Protocol,
) -> Recording:
    """Build one Brian2 network of all patterns, run its phases and read it out."""
    patterns, neurons = stimulus.bias.shape
    dt, ms = backend.dt * brian2.ms, brian2.ms
    group = _neurons(brian2, backend, stimulus.bias.size)
    objects = [group]
    coupling = _wiring(graph, backend.parameters, supervisory=False)
    if coupling.weight.size:
        wiring = coupling.copies(patterns, neurons, neurons)
        objects.append(_synapses(brian2, backend, group, group, wiring, "x += w * opening_pre"))
    signal = _wiring(graph, backend.parameters, supervisory=True)
    if signal.weight.size and protocol.clamped and stimulus.supervisor.any():
        wiring = signal.copies(patterns, stimulus.supervisor.shape[1], neurons)
        source = _supervisors(brian2, backend, stimulus, protocol)
        objects += [source, _synapses(brian2, backend, source, group, wiring, "y += w")]

    spiking: list[Any] = []
    supervisory: list[Any] = []

    def read() -> None:
        now = len(spiking) * backend.every * 1e-3
        spiking.append(np.array(group.lastspike_) > now - backend.window * 1e-3)
        supervisory.append(np.abs(group.y_[:]).reshape(patterns, -1).sum(axis=1))

    reader = brian2.NetworkOperation(read, dt=backend.every * ms, when="start")
    monitor = brian2.SpikeMonitor(group[:neurons])
    network = brian2.Network(*objects, reader, monitor)
    scale = graph.ends.scale[graph.ends.unit]
    if protocol.cue:
        forced = stimulus.cue[:, graph.ends.unit] * graph.ends.input_sign
        cue = np.where(forced, forced * backend.parameters.cue_field, stimulus.first_bias / scale)
        group.bias = cue.ravel()
        network.run(protocol.cue * ms, namespace={})
    group.transmission = 1
    group.bias = (stimulus.bias / scale).ravel()
    # one step more, so that the last read-out, at the very end, is taken
    network.run((protocol.total - protocol.cue) * ms + dt, namespace={})
    last = int(protocol.total / backend.every) + 1
    spikes = np.array(spiking[1:last]).reshape(-1, patterns, neurons)
    return Recording(
        regime="continuous",
        times=backend.every * np.arange(1, last),
        states=_unit_states(graph, spikes),
        supervisory=np.array(supervisory[1:last]),
        release=float(protocol.release),
        raster=(np.array(monitor.t / ms), np.array(monitor.i, dtype=np.int64)),
    )


def _neurons(brian2: ModuleType, backend: Brian2LIF, size: int) -> Any:
    """Neurons that have never spiked, at random potentials between rest and threshold."""
    p, ms = backend.parameters, brian2.ms
    constants = {
        "threshold": p.threshold,
        "reset": p.reset,
        "lowest": p.lowest,
        "noise": p.noise,
        "field_scale": p.field_scale,
        "tau": p.tau_membrane * ms,
        "tau_slow": p.tau_slow * ms,
        "tau_supervisory": p.tau_supervisory * ms,
    }
    group = brian2.NeuronGroup(
        size,
        _NEURON,
        threshold="v > threshold",
        reset=_RESET,
        refractory=p.refractory * ms,
        method="euler",
        namespace=constants,
        dt=backend.dt * ms,
    )
    group.opened = -1e6 * ms  # long ago: every gate is closed
    group.v = p.threshold * np.random.default_rng(backend.seed).random(size)
    return group


def _supervisors(
    brian2: ModuleType, backend: Brian2LIF, stimulus: Stimulus, protocol: Protocol
) -> Any:
    """Regular spikes of the supervisory neurons that are on, all delivered before the release."""
    p = backend.parameters
    on = np.flatnonzero(stimulus.supervisor)
    times = np.arange(protocol.cue, protocol.release - p.delay, p.supervisory_interval)
    return brian2.SpikeGeneratorGroup(
        stimulus.supervisor.size,
        np.tile(on, times.size),
        np.repeat(times, on.size) * brian2.ms,
        dt=backend.dt * brian2.ms,
    )


def _synapses(
    brian2: ModuleType, backend: Brian2LIF, source: Any, target: Any, wiring: _Wiring, update: str
) -> Any:
    """Synapses of a wiring, which act on the target by ``update`` one delay after each spike."""
    synapses = brian2.Synapses(
        source,
        target,
        "w : 1",
        on_pre=update,
        delay=backend.parameters.delay * brian2.ms,
        namespace={},
        dt=backend.dt * brian2.ms,
    )
    synapses.connect(i=wiring.source, j=wiring.target)
    synapses.w = wiring.weight
    return synapses


def _wiring(graph: SynapseGraph, parameters: LIFParameters, *, supervisory: bool) -> _Wiring:
    """Synapses from supervisory neurons, or the others, with calibrated weights."""
    first, count = {}, 0
    for population in graph.populations:
        first[population.name] = 0 if population.neuron == "source" else count
        count += population.size if population.neuron == "threshold" else 0
    gate = {
        "coupling": parameters.mean_gate(parameters.firm_field),
        "self": parameters.last_gate(parameters.marginal_field),
        "supervisory": parameters.tau_supervisory / parameters.supervisory_interval,
    }
    scale = graph.ends.scale[graph.ends.unit]
    source, target, weight = [np.empty(0, np.int64)], [np.empty(0, np.int64)], [np.empty(0)]
    for p in graph.projections:
        if (p.role == "supervisory") == supervisory:
            rows = first[p.target] + np.repeat(np.arange(p.indptr.size - 1), np.diff(p.indptr))
            source.append(first[p.source] + p.indices)
            target.append(rows)
            units = p.sign * 2.0**p.exponent * p.mantissa
            weight.append(units / (scale[rows] * gate[p.role]))
    return _Wiring(np.concatenate(source), np.concatenate(target), np.concatenate(weight))


def _unit_states(graph: SynapseGraph, spikes: Any) -> SpinArray:
    """Unit states from the neurons that spiked of late; (K, B, N) to (K, B, H)."""
    sign = graph.ends.input_sign[graph.ends.decoder]
    return np.where(spikes[..., graph.ends.decoder], sign, -sign).astype(np.int8)


def _patterns(stimulus: Stimulus, which: slice) -> Stimulus:
    """Some of the patterns of a stimulus."""
    return Stimulus(
        first_bias=stimulus.first_bias[which],
        bias=stimulus.bias[which],
        supervisor=stimulus.supervisor[which],
        cue=stimulus.cue[which],
    )


def _brian2() -> ModuleType:
    """Import Brian2, which takes a second, only when it is needed."""
    try:
        import brian2
    except ImportError as error:
        message = "the simulator brian2 needs the package brian2; install it: pip install brian2"
        raise MissingPart(message) from error
    module: ModuleType = brian2
    return module


@contextmanager
def _contained(brian2: ModuleType, seed: int) -> Iterator[None]:
    """Seed Brian2 and let it generate NumPy code; put both global settings back afterwards."""
    # Brian2's NumPy code draws from NumPy's global generator, so the legacy calls are due here
    target, state = brian2.prefs.codegen.target, np.random.get_state()  # noqa: NPY002
    brian2.prefs.codegen.target = "numpy"  # no compiler, no minute of compilation
    brian2.seed(seed)
    try:
        yield
    finally:
        brian2.prefs.codegen.target = target
        np.random.set_state(state)  # noqa: NPY002
