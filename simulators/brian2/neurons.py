"""Leaky integrate-and-fire neurons and saturating synapses as Brian2 objects.

With v the potential above rest, V the one at the threshold and F millivolts per unit of field,

    tau_membrane dv/dt = max(V + F (up - down + y + z + b), lowest) - v + noise

    tau_slow d up_k/dt = -up_k            up_k += w_kj (1 - g_j)   one delay after each spike of j
    tau_inhibition d down_k/dt = -down_k  down_k += |w_kj| (1 - g_j)                likewise
    tau_supervisory dy_k/dt = -y_k        y_k += w_kc interval / tau_supervisory    likewise
    tau_slow dz_k/dt = -z_k               z_k += w_kd x_d (1 - g_d)                 likewise

for positive and negative weights between neurons, from supervisory neurons, and from input neurons
that send x_d. The gate g_j is set to 1 by every spike of j and decays as the synapse does. It
belongs to the presynaptic neuron, so adding w (1 - g) to one sum per target is the same as a
saturating gate in every synapse. The bias b is a constant current. At V + F h with h > 0 a neuron
fires, with h < 0 it is silent: the rate has no say, because an open gate cannot open further.

With conductances, synapses between neurons pull towards their reversal potentials E and lowest:
in place of F (up - down) stands

    F up (E - v) / (E - V) - F down (v - lowest) / (V - lowest),

which is the same at the threshold. So the sign of the field still decides whether a neuron fires.

The two neurons of an antagonistic pair (push-pull) compete: each drives an interneuron that
inhibits the other by ``competition`` units of field, half of which both get back as bias.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from spinspike.arrays import BoolArray
from spinspike.mapping.graph.encoding import encoding_named
from spinspike.mapping.graph.graph import FloatArray, IntArray, Role, SynapseGraph
from spinspike.simulators.base import Phases, Stimulus
from spinspike.simulators.physics.lif_parameters import LIFParameters

from .synapses import Synapses, connect, joined, starts, synapses_of

# What decays does so by its exact share in each step of the integration, however long that is.
_NEURON = """
dv/dt = (clip({goal}, lowest, inf) - v) * (1 - exp(-{speed} * leak * dt)) / dt
        + noise * xi : 1 (unless refractory)
outer = gain * (bias + listening * z + y) : 1
inner = gain * transmission : 1
dup/dt = -up * (1 - exp(-dt / tau_slow)) / dt : 1
ddown/dt = -down * (1 - exp(-dt / tau_inhibition)) / dt : 1
dy/dt = -y * (1 - exp(-dt / tau_supervisory)) / dt : 1
dz/dt = -z * (1 - exp(-dt / tau_slow)) / dt : 1
bias : 1
listening : 1
transmission : 1 (shared)
ceiling : 1 (constant)
gain : 1 (constant)
leak : Hz (constant)
rest : second (constant)
up_opening : 1
down_opening : 1
opened : second
"""
_CURRENTS = {"goal": "threshold + outer + inner * (up - down)", "speed": "1"}
_OPEN = (
    "(1 + inner * (up / up_reach + down / down_reach))"  # all conductances, in units of the leak
)
_CONDUCTANCES = {
    "goal": "(threshold + outer + inner * (up * highest / up_reach + down * lowest / down_reach)) / "
    + _OPEN,
    "speed": _OPEN,
}
# An ``opening`` is 1 - g just before the latest spike. Where the next spike may come before this
# one is delivered, each synapse keeps the time of its own last delivery instead.
_RESET = """
v = ceiling - drop
up_opening = 1 - exp((opened - t) / tau_slow)
down_opening = 1 - exp((opened - t) / tau_inhibition)
opened = t
"""
_INPUT = "level : 1 (constant)\ndue : second\nopening : 1\nopened : second"
_INPUT_RESET = "due += interval\nopening = 1 - exp((opened - t) / tau_slow)\nopened = t"
_SENT = {"up": ("", "up_opening"), "down": ("", "down_opening"), "z": ("level_pre * ", "opening")}
_LONG_AGO = -1e6  # ms: every gate is closed
_SURE = 1.0  # units of field by which an interneuron is on or off


Gate = Callable[[float, float], float]  # of a field and a time constant


@dataclass(frozen=True)
class Brian2Build:
    """A graph and its stimulus as they become neurons and synapses."""

    brian2: ModuleType
    parameters: LIFParameters
    graph: SynapseGraph
    given: Stimulus
    phases: Phases
    dt: float  # ms
    seed: int  # of mismatch, jitter and phases, the same for every pattern

    @property
    def copies(self) -> int:
        """B."""
        return len(self.given.bias)

    @property
    def interneurons(self) -> int:
        """One for each neuron of antagonistic pairs, else none."""
        antagonistic = encoding_named(self.graph.encoding).antagonistic
        return self.graph.neurons if antagonistic and self.parameters.competition else 0

    @property
    def size(self) -> int:
        """Neurons of one copy: the N of the graph, then the interneurons."""
        return self.graph.neurons + self.interneurons

    @property
    def scale(self) -> FloatArray:
        """Integer weight units per unit of field, (N,)."""
        return self.graph.io.scale[self.graph.io.unit]

    def biases(self, bias: IntArray, forced: IntArray | None = None) -> FloatArray:
        """Biases in units of field, of all neurons of all copies.

        Parameters
        ----------
        bias : (B, N)
            In integer units.
        forced : (B, N), optional
            Neurons that are driven on (+1) or off (-1) in place of their bias.
        """
        p = self.parameters
        found = bias / self.scale + p.bias + (p.competition / 2 if self.interneurons else 0.0)
        if forced is not None:
            found = np.where(forced, forced * p.cue_field, found)
        return self.spread(found, beside=-_SURE)

    def spread(self, values: FloatArray | BoolArray, *, beside: float) -> FloatArray:
        """Values (B, N) of the graph's neurons as those of all, (B size,)."""
        other = np.full((self.copies, self.interneurons), beside)
        return np.append(np.asarray(values, dtype=np.float64), other, axis=1).ravel()


def neurons(tissue: Brian2Build, seed: int) -> Any:
    """Neurons that have never spiked, at random potentials between rest and threshold."""
    p, ms = tissue.parameters, tissue.brian2.ms
    # the stationary spread of what decays by exp(-dt / tau) in each step is then exactly the noise
    spread = np.sqrt(-np.expm1(-2 * tissue.dt / p.tau_membrane) / tissue.dt)
    reach = {"up_reach": p.excitatory_reversal - p.threshold, "down_reach": p.threshold - p.lowest}
    group = tissue.brian2.NeuronGroup(
        tissue.copies * tissue.size,
        _NEURON.format(**(_CONDUCTANCES if p.conductances else _CURRENTS)),
        threshold="v > ceiling",
        reset=_RESET,
        refractory="rest",
        method="euler",
        namespace={
            "threshold": p.threshold,
            "drop": p.threshold - p.reset,
            "lowest": p.lowest,
            "noise": p.noise * spread / ms**0.5,
            "tau_slow": p.tau_slow * ms,
            "tau_inhibition": p.tau_inhibition * ms,
            "tau_supervisory": p.tau_supervisory * ms,
            **({"highest": p.excitatory_reversal, **reach} if p.conductances else {}),
        },
        dt=tissue.dt * ms,
    )
    rng = np.random.default_rng(tissue.seed)

    def drawn(mean: float) -> FloatArray:
        deviation = np.clip(rng.standard_normal(tissue.size), -3, 3)
        return np.tile(mean * (1 + p.mismatch * deviation), tissue.copies)

    group.ceiling = drawn(p.threshold)
    group.gain = drawn(p.field_scale)
    group.leak = 1 / (drawn(p.tau_membrane) * ms)
    group.rest = drawn(p.refractory) * ms
    group.listening = 1
    group.opened = _LONG_AGO * ms
    group.v = p.threshold * np.random.default_rng(seed).random(len(group))
    return group


def synapses(tissue: Brian2Build, group: Any) -> list[Any]:
    """Synapses of every kind, and the supervisory and input neurons before them."""
    inner = joined(_between(tissue), _competition(tissue))
    kinds = (inner.weight > 0, "up", "tau_slow"), (inner.weight < 0, "down", "tau_inhibition")
    objects: list[Any] = []
    for kept, sum_, tau in kinds:
        part = inner.select(kept).divided(1.0 if sum_ == "up" else -1.0)
        objects += _saturating(tissue, group, group, part, sum_, tau)
    if tissue.phases.clamped and tissue.given.supervisor.any():
        objects += _supervisory(tissue, group)
    if tissue.given.levels.shape[1]:
        objects += _input(tissue, group)
    return objects


def _between(tissue: Brian2Build) -> Synapses:
    """Synapses between neurons in units of field, each divided by the gate that calibrates it."""
    p, graph = tissue.parameters, tissue.graph
    parts = []
    calibrated: tuple[tuple[tuple[Role, ...], Gate, float], ...] = (
        (("coupling",), p.mean_gate, p.firm_field),
        (("self", "link"), p.last_gate, p.marginal_field),
    )
    for roles, gate, field in calibrated:
        found = synapses_of(graph, roles, starts(graph), starts(graph))
        tau = np.where(found.weight > 0, gate(field, p.tau_slow), gate(field, p.tau_inhibition))
        parts.append(found.divided(tau * tissue.scale[found.target]))
    return joined(*parts)


def _competition(tissue: Brian2Build) -> Synapses:
    """From each neuron of a pair to its interneuron, and from that to its rivals."""
    p, ends, count = tissue.parameters, tissue.graph.io, tissue.interneurons
    one = np.arange(count)
    unit, sign = ends.unit[:count], ends.input_sign[:count]
    rival, source = np.nonzero((unit[:, None] == unit) & (sign[:, None] != sign))
    many = np.bincount(rival, minlength=count)[rival]  # a relay has its own interneuron
    drive = np.full(count, 2 * _SURE / p.mean_gate(p.firm_field, p.tau_slow))
    loss = -p.competition / p.mean_gate(p.firm_field, p.tau_inhibition) / many
    return Synapses(
        source=np.append(one, source + count),
        target=np.append(one + count, rival),
        weight=np.append(drive, loss),
        delay=np.zeros(count + source.size),
    )


def _supervisory(tissue: Brian2Build, group: Any) -> list[Any]:
    """Regular spikes of the supervisory neurons that are on, all delivered before the release.

    Excitatory and inhibitory twins of a class spike together and are one source here.
    """
    p, given, graph = tissue.parameters, tissue.given, tissue.graph
    on = np.flatnonzero(given.supervisor)
    last = tissue.phases.release - p.delay - p.delay_jitter
    times = np.arange(tissue.phases.cue, last, p.supervisory_interval)
    source = tissue.brian2.SpikeGeneratorGroup(
        given.supervisor.size,
        np.tile(on, times.size),
        np.repeat(times, on.size) * tissue.brian2.ms,
        dt=tissue.dt * tissue.brian2.ms,
    )
    mean = p.tau_supervisory / p.supervisory_interval  # of a spike train filtered by a synapse
    classes = dict.fromkeys(graph.named("supervisory"), 0)
    found = synapses_of(graph, ("supervisory",), classes, starts(graph))
    found = found.divided(mean * tissue.scale[found.target])
    return [
        source,
        *_connected(tissue, source, group, found, _delays(tissue, found), "y_post += w"),
    ]


def _input(tissue: Brian2Build, group: Any) -> list[Any]:
    """Input neurons, which fire regularly, out of phase; a spike carries the level that they send.

    Twins are one source here.
    """
    p, graph, ms = tissue.parameters, tissue.graph, tissue.brian2.ms
    levels = tissue.given.levels
    source = tissue.brian2.NeuronGroup(
        levels.size,
        _INPUT,
        threshold="level > 0 and t >= due - dt / 2",
        reset=_INPUT_RESET,
        namespace={"interval": p.supervisory_interval * ms, "tau_slow": p.tau_slow * ms},
        dt=tissue.dt * ms,
    )
    phase = np.random.default_rng(tissue.seed).random(levels.shape[1])
    source.level = levels.ravel()
    source.due = np.tile(p.supervisory_interval * phase, tissue.copies) * ms
    source.opened = _LONG_AGO * ms
    pixels = dict.fromkeys(graph.named("input"), 0)
    found = synapses_of(graph, ("input",), pixels, starts(graph))
    interval = p.supervisory_interval / p.tau_slow
    found = found.divided(-np.expm1(-interval) / interval * tissue.scale[found.target])
    return [source, *_saturating(tissue, source, group, found, "z", "tau_slow")]


def _saturating(
    tissue: Brian2Build, source: Any, target: Any, found: Synapses, sum_: str, tau: str
) -> list[Any]:
    """Synapses that open as far as the gate of their source, or their own, is not open yet."""
    p = tissue.parameters
    delay = _delays(tissue, found)
    level, opening = _SENT[sum_]
    soonest = min(p.refractory * (1 - 3 * p.mismatch), p.supervisory_interval)
    if delay.max(initial=0) < soonest:
        on_pre, model = f"{sum_}_post += {level}w * {opening}_pre", "w : 1"
    else:
        on_pre = f"{sum_}_post += {level}w * (1 - exp((last - t) / {tau}))\nlast = t"
        model = "w : 1\nlast : second"
    constant = {tau: getattr(p, tau) * tissue.brian2.ms}
    made = _connected(tissue, source, target, found, delay, on_pre, model, constant)
    for one in made if "last" in model else ():
        one.last = _LONG_AGO * tissue.brian2.ms
    return made


def _delays(tissue: Brian2Build, found: Synapses) -> FloatArray:
    """Delay of each synapse, ms: a step of a projection's delay lasts as long as the first."""
    p, rng = tissue.parameters, np.random.default_rng(tissue.seed)
    jitter = rng.uniform(-1, 1, found.delay.size) * p.delay_jitter
    return np.asarray(p.delay * (1 + found.delay) + jitter)


def _connected(
    tissue: Brian2Build,
    source: Any,
    target: Any,
    found: Synapses,
    delay: FloatArray,
    on_pre: str,
    model: str = "w : 1",
    namespace: dict[str, Any] | None = None,
) -> list[Any]:
    return connect(
        tissue.brian2,
        source,
        target,
        found,
        copies=tissue.copies,
        delay=delay,
        dt=tissue.dt,
        on_pre=on_pre,
        model=model,
        namespace=namespace or {},
    )
