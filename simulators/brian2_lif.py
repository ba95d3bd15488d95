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
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix

from spinspike.mapping.codec import unit_states
from spinspike.mapping.graph import FloatArray, Role, SynapseGraph
from spinspike.mapping.matrix import supervisory_matrix, weight_matrix
from spinspike.model.errors import BadInput, MissingPart

from .base import Progress, Protocol, Recording, Regime, Stimulus
from .lif import LIFParameters

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
ENCODINGS = ("dale", "signed")  # those that the parameters were validated with


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
        refractory period. Halving it moves the exactly held states by a few in a
        hundred either way, as another seed does.
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

    parameters: LIFParameters = field(default_factory=LIFParameters)
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

        ``Recording.supervisory`` is the sum of |y| over all neurons, in units of field. Readout
        neurons are left out: classes are those of the unit states.

        Raises
        ------
        BadInput
            The stimulus does not fit the graph, or the graph has another encoding than dale or
            signed, or takes its input as spikes.
        MissingPart
            Brian2 is not installed.
        """
        _check(graph, stimulus)
        brian2 = _brian2()
        patterns = len(stimulus.bias)
        synapses = sum(p.indices.size for p in graph.projections)
        size = min(patterns, max(1, self.synapses_at_once // max(1, synapses)))
        parts = []
        for first in range(0, patterns, size):
            chunk = replace(self, seed=self.seed + first)
            given = stimulus.select(slice(first, first + size))
            with _contained(brian2, chunk.seed):
                parts.append(_simulate(brian2, chunk, graph, given, protocol))
            if progress is not None:
                progress(min(first + size, patterns), patterns)
        return replace(
            parts[0],
            states=np.concatenate([part.states for part in parts], axis=1),
            supervisory=np.concatenate([part.supervisory for part in parts], axis=1),
        )


def _check(graph: SynapseGraph, stimulus: Stimulus) -> None:
    """Refuse what this simulator has no validated parameters for."""
    if graph.encoding not in ENCODINGS:
        message = (
            f"the graph's encoding is {graph.encoding}; allowed on brian2: {', '.join(ENCODINGS)}"
        )
        raise BadInput(message)
    if graph.ends.levels:
        message = (
            f"the graph takes its input as spikes of 0 to {graph.ends.levels}; allowed on brian2: "
            "input as bias"
        )
        raise BadInput(message)
    neurons = stimulus.bias.shape[1]
    if neurons != graph.neurons:
        message = f"stimulus has {neurons} neurons; allowed: the graph's {graph.neurons}"
        raise BadInput(message)


def _simulate(
    brian2: ModuleType,
    backend: Brian2LIF,
    graph: SynapseGraph,
    given: Stimulus,
    protocol: Protocol,
) -> Recording:
    """Run one Brian2 network of all patterns through the phases and read it out."""
    ms, every = brian2.ms, backend.every
    group = _neurons(brian2, backend, given.bias.size)
    spiking: list[Any] = []
    supervisory: list[Any] = []

    def read() -> None:
        since = (len(spiking) * every - backend.window) * 1e-3
        spiking.append(np.array(group.lastspike_ > since).reshape(given.bias.shape))
        supervisory.append(np.abs(group.y_[:]).reshape(given.bias.shape).sum(axis=1))

    reader = brian2.NetworkOperation(read, dt=every * ms, when="start")
    monitor = brian2.SpikeMonitor(group[: graph.neurons])
    synapses = _all_synapses(brian2, backend, graph, given, protocol, group)
    network = brian2.Network(group, *synapses, reader, monitor)
    scale = graph.ends.scale[graph.ends.unit]
    if protocol.cue:
        forced = given.cue[:, graph.ends.unit] * graph.ends.input_sign
        drive = forced * backend.parameters.cue_field
        group.bias = np.where(forced, drive, given.first_bias / scale).ravel()
        _advance(network, protocol.cue * ms)
    group.transmission = 1
    group.bias = (given.bias / scale).ravel()
    # one step more, so that the last read-out, at the very end, is taken
    _advance(network, (protocol.total - protocol.cue + backend.dt) * ms)
    end = int(protocol.total / every) + 1  # read-out 0, before anything happened, is left out
    return Recording(
        regime="continuous",
        times=every * np.arange(1, end),
        states=unit_states(graph, np.array(spiking[1:end])),
        supervisory=np.array(supervisory[1:end]),
        release=float(protocol.release),
        raster=(np.array(monitor.t / ms), np.array(monitor.i, dtype=np.int64)),
    )


def _advance(network: Any, duration: Any) -> None:
    """Run on; Brian2 swallows an interrupt and merely stops early, which must not pass unseen."""
    end = network.t + duration
    network.run(duration, namespace={})
    if network.t < 0.999 * end:
        message = f"interrupted at {network.t} of {end}"
        raise KeyboardInterrupt(message)


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


def _all_synapses(
    brian2: ModuleType,
    backend: Brian2LIF,
    graph: SynapseGraph,
    given: Stimulus,
    protocol: Protocol,
    group: Any,
) -> list[Any]:
    """Synapses of every role, each divided by what calibrates it, and supervisory neurons."""
    p, objects = backend.parameters, []
    scale = graph.ends.scale[graph.ends.unit]
    gates: dict[Role, float] = {
        "coupling": p.mean_gate(p.firm_field),
        "self": p.last_gate(p.marginal_field),
        "link": p.last_gate(p.marginal_field),
    }
    for role, gate in gates.items():
        kept = tuple(q for q in graph.projections if q.role == role)
        weight = _divided(weight_matrix(replace(graph, projections=kept)), gate * scale)
        objects += _synapses(brian2, backend, weight, group, group, "x += w * opening_pre")
    if protocol.clamped and given.supervisor.any():
        source = _supervisors(brian2, backend, given, protocol)
        mean = p.tau_supervisory / p.supervisory_interval  # of a spike train filtered by a synapse
        weight = _divided(supervisory_matrix(graph), mean * scale)
        objects += [source, *_synapses(brian2, backend, weight, source, group, "y += w")]
    return objects


def _divided(matrix: csr_matrix, by: FloatArray) -> coo_matrix:
    """Each row of an integer matrix divided by its own factor: weights in units of field."""
    entries = matrix.tocoo()
    return coo_matrix((entries.data / by[entries.row], (entries.row, entries.col)), matrix.shape)


def _synapses(
    brian2: ModuleType, backend: Brian2LIF, weight: coo_matrix, source: Any, target: Any, act: str
) -> list[Any]:
    """Synapses of a weight matrix in every copy of the graph; they ``act`` a delay after a spike.

    None at all if the matrix is empty.
    """
    if not weight.nnz:
        return []
    targets, sources = weight.shape
    copy = np.arange(len(target) // targets)[:, None]
    synapses = brian2.Synapses(
        source,
        target,
        "w : 1",
        on_pre=act,
        delay=backend.parameters.delay * brian2.ms,
        namespace={},
        dt=backend.dt * brian2.ms,
    )
    synapses.connect(
        i=(weight.col + sources * copy).ravel(), j=(weight.row + targets * copy).ravel()
    )
    synapses.w = np.tile(weight.data, len(copy))
    return [synapses]


def _supervisors(
    brian2: ModuleType, backend: Brian2LIF, given: Stimulus, protocol: Protocol
) -> Any:
    """Regular spikes of the supervisory neurons that are on, all delivered before the release.

    Excitatory and inhibitory twins of a class spike together and are one source here.
    """
    p = backend.parameters
    on = np.flatnonzero(given.supervisor)
    times = np.arange(protocol.cue, protocol.release - p.delay, p.supervisory_interval)
    return brian2.SpikeGeneratorGroup(
        given.supervisor.size,
        np.tile(on, times.size),
        np.repeat(times, on.size) * brian2.ms,
        dt=backend.dt * brian2.ms,
    )


def _brian2() -> ModuleType:
    """Import Brian2, which takes a second, only when it is needed."""
    try:
        import brian2
    except ImportError as error:
        message = "simulator brian2 is not installed: pip install 'spinspike[brian2]'"
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
