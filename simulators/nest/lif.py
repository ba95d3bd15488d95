"""The continuous regime in NEST: the leaky integrate-and-fire network of `brian2.lif` once more.

Neurons are ``iaf_psc_exp_multisynapse``. With C_m = tau_membrane pF a current of 1 pA lifts the
membrane by 1 mV, so that currents read as potentials: V + F b enters as I_e, and

    tau_membrane dv/dt = V + F (x + y + b) - v + noise

with x and y the slow and the supervisory synapses (receptors 1 and 2). Couplings saturate through
``tsodyks2_synapse`` with U = 1, no facilitation and tau_rec = tau_slow: a spike T after the one
before delivers w (1 - exp(-T / tau_slow)), which is w (1 - g) with the gate g of `brian2.lif`.

Four things differ from Brian2's network. NEST integrates exactly between the steps of its grid;
inhibition has no floor (``lowest``), so that a neuron held far down needs a few ms more to rise;
the neurons of an antagonistic pair have no interneurons to compete through; and transmission
cannot be switched off for the cue phase, see `NestLIF`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
from scipy.sparse import coo_matrix

from spinspike.arrays import BoolArray, IntArray
from spinspike.errors import BadInput
from spinspike.mapping.graph.codec import unit_states
from spinspike.mapping.graph.fields import input_field, supervisory_matrix, weight_matrix
from spinspike.mapping.graph.graph import FloatArray, Role, SynapseGraph
from spinspike.simulators.base import Phases, Recording, Regime, Stimulus
from spinspike.simulators.emulator.asynchronous import cued_spikes
from spinspike.simulators.physics.calibration import calibrate
from spinspike.simulators.physics.lif_parameters import LIFParameters
from spinspike.simulators.stimulus import check_size
from spinspike.task import Progress

from .kernel import connect_copies, nest_module, restart, set_each, side_by_side
from .recorder import Events, Recorders

GATED = "gated"  # the synapse model of couplings
APART = 1 + 1e-6  # NEST refuses equal time constants; so close, it integrates them as equal
SLOW, SUPERVISORY = 1, 2  # receptors
SATURATING: tuple[Role, ...] = ("coupling", "self", "link")


@dataclass(frozen=True)
class NestLIF:
    """Backend of the continuous regime; protocol durations are milliseconds.

    In the cue phase Brian2's neurons do not feel their synapses. NEST cannot gate transmission:
    instead each neuron is forced to what its first bias (or the forced state) says by the sign
    alone, with a current beyond all that its synapses can deliver. It leaves the phase with its
    synapses open as Brian2's does, and a silent one at the potential of its first bias.

    Input arrives as a constant current whether the graph takes it as bias or as spikes; then as
    the mean of what they deliver. A spike that takes d steps more by its projection's ``delay``
    arrives after (1 + d) of the parameters' ``delay``, 1 + d ms by default.

    A run resets NEST's kernel: whatever else was built in this process is gone.

    Parameters
    ----------
    parameters : LIFParameters, optional
        By default `calibrate` finds them from the graph at hand; hold a graph against its nulls
        with those of the graph itself (`calibrated`). Conductances, mismatch, jitter and a
        ``tau_inhibition`` of its own are refused.
    resolution : float, ms
        Time step; delays and refractory period are multiples of it.
    window : float, ms
        A unit is +1 iff its decoding neuron spiked within the last ``window``.
    every : float, ms
        Distance of read-out instants.
    seed : int
        Of the initial potentials and the noise.
    threads : int
        In each process. NEST draws the noise in as many streams as there are threads in all
        processes: the same seed gives the same spikes only with the same number of them.
    folder : path or None
        Where processes exchange recordings; needed under mpirun, see `recorder`.
    synapses_at_once : int
        Bounds memory, 0.1 kB each: patterns run side by side as disjoint copies up to this many
        synapses, and up to 8,000 neurons, 40 kB each.
    """

    parameters: LIFParameters | None = None
    resolution: float = 0.5
    window: float = 50.0
    every: float = 10.0
    seed: int = 0
    threads: int = 1
    folder: Path | None = None
    synapses_at_once: int = 1_000_000
    name: str = "nest"
    regime: Regime = "continuous"
    own_process: ClassVar[bool] = True

    def calibrated(self, graph: SynapseGraph) -> NestLIF:
        """The same with the parameters for a graph, unless it has some."""
        return replace(self, parameters=self.parameters or calibrate(graph))

    def seeded(self, number: int) -> NestLIF:
        """The same simulator with other random numbers; see `base.seeded`."""
        return replace(self, seed=self.seed + number)

    def run(
        self,
        graph: SynapseGraph,
        stimulus: Stimulus,
        phases: Phases,
        *,
        progress: Progress | None = None,
    ) -> Recording:
        """Run every pattern of the stimulus through the protocol, each from silence.

        ``Recording.supervisory`` is the sum of |y| over all neurons, in units of field. Readout
        neurons are left out: classes are those of the unit states.

        Raises
        ------
        BadInput
            The stimulus does not fit the graph, ``threads`` or ``resolution`` is out of range,
            there is no ``folder`` under mpirun, or a parameter is one that NEST's model lacks.
        MissingPart
            NEST is not installed.
        """
        check_size(graph, stimulus)
        parameters = self.parameters or calibrate(graph)
        _check(parameters)
        nest = nest_module()
        patterns = len(stimulus.bias)
        synapses = sum(p.indices.size for p in graph.projections)
        size = side_by_side(
            patterns,
            neurons=graph.neurons,
            synapses=synapses,
            synapses_at_once=self.synapses_at_once,
        )
        parts = []
        for first in range(0, patterns, size):
            chunk = replace(self, seed=self.seed + first)
            given = stimulus.select(slice(first, first + size))
            parts.append(_simulate(nest, chunk, parameters, graph, given, phases))
            if progress is not None:
                progress(min(first + size, patterns), patterns)
        return replace(
            parts[0],
            states=np.concatenate([part.states for part in parts], axis=1),
            supervisory=np.concatenate([part.supervisory for part in parts], axis=1),
        )


def _check(p: LIFParameters) -> None:
    """Refuse what ``iaf_psc_exp_multisynapse`` as set up here does not have."""
    allowed = {
        "conductances": False,
        "mismatch": 0.0,
        "delay_jitter": 0.0,
        "tau_inhibition": p.tau_slow,
    }
    for name, only in allowed.items():
        if getattr(p, name) != only:
            message = f"{name} is {getattr(p, name)}; allowed on nest: {only}"
            raise BadInput(message)


def _simulate(
    nest: ModuleType,
    backend: NestLIF,
    p: LIFParameters,
    graph: SynapseGraph,
    given: Stimulus,
    phases: Phases,
) -> Recording:
    """Run one NEST network of all patterns through the phases and read it out."""
    restart(nest, resolution=backend.resolution, seed=backend.seed, threads=backend.threads)
    recorders = Recorders(nest, backend.folder)
    neurons = _neurons(nest, p, np.random.default_rng(backend.seed), given.bias.size)
    _couple(nest, p, graph, neurons)
    _noise(nest, p, neurons)
    spikes = recorders.create("spike_recorder", "spikes")
    nest.Connect(neurons, spikes)
    meter = None
    if phases.clamped and given.supervisor.any():
        _supervise(nest, p, graph, given, phases, neurons)
        meter = recorders.create(
            "multimeter", "signal", interval=backend.every, record_from=[f"I_syn_{SUPERVISORY}"]
        )
        nest.Connect(meter, neurons)
    if phases.cue:
        _cue(recorders, p, graph, given, phases, neurons)
    _set_current(p, graph, neurons, given.bias + input_field(graph, given.levels))
    # longer by what it takes for the last events to reach the recorders
    recorders.simulate(phases.total - phases.cue + 2 * nest.min_delay)
    first = neurons[0].global_id
    count = int(phases.total / backend.every)
    times = backend.every * np.arange(1, count + 1, dtype=np.float64)
    seen = recorders.events(spikes, "spikes", first)
    spiking = recent(seen, times, backend.window, given.bias.size)
    supervisory = np.zeros((len(times), len(given.bias)))
    if meter is not None:
        signal = recorders.events(meter, "signal", first).values[: times.size * given.bias.size]
        per_pattern = np.abs(signal).reshape(len(times), len(given.bias), -1).sum(axis=2)
        supervisory = per_pattern / p.field_scale
    shown = (seen.senders < graph.neurons) & (seen.times <= phases.total)
    return Recording(
        regime="continuous",
        times=times,
        states=unit_states(graph, spiking.reshape(len(times), *given.bias.shape)),
        supervisory=supervisory,
        release=float(phases.release),
        raster=(seen.times[shown], seen.senders[shown]),
    )


def recent(seen: Events, times: FloatArray, window: float, neurons: int) -> BoolArray:
    """Whether each neuron spiked within the last ``window`` before each time; (K, N).

    A spike at t counts for the instants from t to t + window, the latter left out.
    """
    latest = np.full((len(times), neurons), -np.inf)
    slot = np.searchsorted(times, seen.times - 1e-9)
    kept = slot < len(times)
    np.maximum.at(latest, (slot[kept], seen.senders[kept]), seen.times[kept])
    np.maximum.accumulate(latest, axis=0, out=latest)
    return np.asarray(latest > times[:, None] - window + 1e-9)


def _neurons(nest: ModuleType, p: LIFParameters, rng: np.random.Generator, size: int) -> Any:
    """Neurons that have never spiked, at random potentials between rest and threshold."""
    neurons = nest.Create(
        "iaf_psc_exp_multisynapse",
        size,
        params={
            "tau_m": p.tau_membrane,
            "C_m": p.tau_membrane,
            "E_L": 0.0,
            "V_reset": p.reset,
            "V_th": p.threshold,
            "t_ref": p.refractory,
            "tau_syn": [_apart(t, p.tau_membrane) for t in (p.tau_slow, p.tau_supervisory)],
        },
    )
    set_each(neurons, V_m=p.threshold * rng.random(size))
    return neurons


def _apart(tau: float, other: float) -> float:
    return tau * APART if tau == other else tau


def _scale(graph: SynapseGraph) -> FloatArray:
    """Weight units per unit of field of each neuron, (N,)."""
    return graph.io.scale[graph.io.unit]


def _set_current(p: LIFParameters, graph: SynapseGraph, neurons: Any, bias: IntArray) -> None:
    set_each(neurons, I_e=p.threshold + p.field_scale * (bias / _scale(graph) + p.bias))


def _couple(nest: ModuleType, p: LIFParameters, graph: SynapseGraph, neurons: Any) -> None:
    """Synapses between units, each divided by the gate that calibrates its role."""
    gated = {"U": 1.0, "u": 1.0, "x": 1.0, "tau_fac": 0.0, "tau_rec": p.tau_slow}
    nest.CopyModel("tsodyks2_synapse", GATED, {**gated, "receptor_type": SLOW})
    for (role, steps), weight in _by_role_and_delay(graph).items():
        scaled = coo_matrix(weight.multiply(_slow_factor(p, graph, role)[:, None]))
        delay = np.full(scaled.nnz, p.delay * (1 + steps))
        connect_copies(nest, neurons, scaled, delay, synapse_model=GATED)


def _by_role_and_delay(graph: SynapseGraph) -> dict[tuple[Role, int], Any]:
    """Integer weights of units onto units by what calibrates and what delays them."""
    found = {}
    for role in SATURATING:
        for steps in sorted({q.delay for q in graph.projections if q.role == role}):
            kept = [q for q in graph.projections if (q.role, q.delay) == (role, steps)]
            found[role, steps] = weight_matrix(replace(graph, projections=tuple(kept)))
    return found


def _slow_factor(p: LIFParameters, graph: SynapseGraph, role: Role) -> FloatArray:
    """What turns integer weights into pA: F / (gate scale), by target neuron."""
    gate = p.mean_gate(p.firm_field) if role == "coupling" else p.last_gate(p.marginal_field)
    return np.asarray(p.field_scale / (gate * _scale(graph)))


def _noise(nest: ModuleType, p: LIFParameters, neurons: Any) -> None:
    """Gaussian current, another in every step and neuron, that moves a silent membrane by ``noise``.

    In steps of h the potential is v' = r v + (1 - r) I with r = exp(-h / tau_membrane), so that a
    current of s.d. noise sqrt((1 + r) / (1 - r)) gives it the s.d. ``noise``.
    """
    if not p.noise:
        return
    kept = np.exp(-nest.resolution / p.tau_membrane)
    source = nest.Create(
        "noise_generator",
        params={
            "std": float(p.noise * np.sqrt((1 + kept) / (1 - kept))),
            "dt": nest.resolution,
        },
    )
    nest.Connect(source, neurons, syn_spec={"delay": p.delay})


def _supervise(
    nest: ModuleType,
    p: LIFParameters,
    graph: SynapseGraph,
    given: Stimulus,
    phases: Phases,
    neurons: Any,
) -> None:
    """One spike generator for each class, connected where it is on, silent before the release.

    Its last spike is delivered before the release. Excitatory and inhibitory twins of a class
    spike together and are one source here.
    """
    start = max(phases.cue, nest.resolution)  # NEST knows no spike at time 0
    times = np.arange(start, phases.release - p.delay, p.supervisory_interval)
    classes = nest.Create("spike_generator", graph.classes, params={"spike_times": times.tolist()})
    mean = p.tau_supervisory / p.supervisory_interval  # of a spike train filtered by a synapse
    weight = supervisory_matrix(graph).multiply(p.field_scale / (mean * _scale(graph))[:, None])
    columns = weight.tocsc()
    for pattern, label in np.argwhere(given.supervisor):
        entries = slice(*columns.indptr[label : label + 2])
        targets = neurons[0].global_id + pattern * graph.neurons + columns.indices[entries]
        if targets.size:
            nest.Connect(
                np.full(targets.size, classes[int(label)].global_id),
                targets,
                "one_to_one",
                {
                    "weight": columns.data[entries],
                    "delay": np.full(targets.size, p.delay),
                    "receptor_type": np.full(targets.size, SUPERVISORY),
                },
            )


def _cue(
    recorders: Recorders,
    p: LIFParameters,
    graph: SynapseGraph,
    given: Stimulus,
    phases: Phases,
    neurons: Any,
) -> None:
    """Force every neuron, then let go of the silent ones where their first bias would leave them."""
    reach = sum(
        np.asarray(abs(weight).sum(axis=1)).ravel() * _slow_factor(p, graph, role)
        for (role, _), weight in _by_role_and_delay(graph).items()
    )
    force = reach + p.field_scale * p.cue_field
    on = cued_spikes(graph, given)
    set_each(neurons, I_e=p.threshold + np.where(on, force, -force))
    recorders.simulate(phases.cue)
    first = given.first_bias + input_field(graph, given.first_levels)
    forced = given.cue[:, graph.io.unit] * graph.io.input_sign
    drive = np.where(forced, forced * p.cue_field, first / _scale(graph) + p.bias)
    left = np.maximum(p.threshold + p.field_scale * drive, p.lowest)
    silent = np.flatnonzero(~on)
    if silent.size:
        set_each(neurons[silent.tolist()], V_m=left.ravel()[silent])
