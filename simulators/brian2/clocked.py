"""The chip's integer steps in Brian2: one tick of its clock for each step.

A tick has four parts, in this order:

1. supervisory and input neurons that are on spike, and their synapses act at once;
2. v <- sgn(v) floor(|v| / 4096) + 64 (x + b), x <- 0, in 1/64 weight units;
3. neurons with v > 0 spike, and their v becomes 0; readout neurons never do;
4. synapses between neurons, and into the readout, add their weight to x; those with delay d do so
   d ticks later.

Brian2 counts in double precision, which is exact for whole numbers below 2**53.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any, ClassVar

import numpy as np

from spinspike.arrays import BoolArray, IntArray
from spinspike.mapping.graph.codec import unit_states
from spinspike.mapping.graph.fields import supervisory_field
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.graph.membrane import LEAK_SHIFT, WEIGHT_UNIT
from spinspike.simulators.base import Phases, Recording, Regime, Stimulus
from spinspike.simulators.stimulus import check_size
from spinspike.task import Progress

from .synapses import Target, advance, chunk, connect, contained, imported, starts, synapses_of

TARGETS: tuple[Target, ...] = ("numpy", "cython")
TICK = 1.0  # ms, of Brian2's clock; nothing depends on it


@dataclass(frozen=True)
class Brian2Clocked:
    """Runs a graph in Brian2 as the emulator does, spike for spike.

    Parameters
    ----------
    target : {"numpy", "cython"}
        What Brian2 makes its code for.
    synapses_at_once : int
        Bounds memory: patterns run side by side as disjoint copies up to this many synapses.
    """

    target: Target = "numpy"
    synapses_at_once: int = 2_000_000
    name: str = "brian2"
    regime: Regime = "step"
    own_process: ClassVar[bool] = True

    def run(
        self,
        graph: SynapseGraph,
        stimulus: Stimulus,
        phases: Phases,
        *,
        progress: Progress | None = None,
    ) -> Recording:
        """Run every pattern of the stimulus through the protocol, each from silence.

        Raises
        ------
        BadInput
            The stimulus does not fit the graph, or there is no such target.
        MissingPart
            Brian2, or the compiler that a target needs, is not installed.
        """
        check_size(graph, stimulus)
        brian2, patterns = imported(self.target, TARGETS), len(stimulus.bias)
        size = chunk(graph, patterns, self.synapses_at_once)
        parts = []
        for first in range(0, patterns, size):
            given = stimulus.select(slice(first, first + size))
            with contained(brian2, 0, self.target):
                parts.append(_simulate(brian2, graph, given, phases))
            if progress is not None:
                progress(min(first + size, patterns), patterns)
        spikes = np.concatenate([part[0] for part in parts], axis=1)
        signal = np.concatenate([part[1] for part in parts], axis=1)
        readout = np.concatenate([part[2] for part in parts])
        field = supervisory_field(graph, signal.reshape(-1, graph.classes))
        return Recording(
            regime=self.regime,
            times=np.arange(1.0, phases.total + 1),
            states=unit_states(graph, spikes),
            supervisory=np.abs(field).sum(axis=1).reshape(signal.shape[:2]).astype(np.float64),
            release=float(phases.release),
            spikes=spikes,
            readout=readout if readout.size else None,
        )


def _simulate(
    brian2: ModuleType, graph: SynapseGraph, given: Stimulus, phases: Phases
) -> tuple[BoolArray, BoolArray, IntArray]:
    """Spikes (K, B, N), those of the supervisory neurons (K, B, C), readout membranes (B, C)."""
    copies, readouts = len(given.bias), len(graph.io.readout_bias)
    targets = starts(graph) | dict.fromkeys(graph.named("readout"), graph.neurons)
    group = _neurons(brian2, copies, graph.neurons, readouts)
    sources, first_of = _sources(brian2, graph, given, phases)
    inner = synapses_of(graph, ("coupling", "link", "self", "readout"), starts(graph), targets)
    outer = synapses_of(graph, ("supervisory", "input"), first_of, targets)
    delay, act = TICK * inner.delay, "x_post += w"
    objects = connect(brian2, group, group, inner, copies=copies, delay=delay, dt=TICK, on_pre=act)
    delay, act = TICK * outer.delay, "x_post += w * level_pre"
    at_once = connect(
        brian2, sources, group, outer, copies=copies, delay=delay, dt=TICK, on_pre=act
    )
    for synapses in at_once:
        synapses.pre.when = "before_groups"
    monitors = [brian2.SpikeMonitor(group), brian2.SpikeMonitor(sources)]
    network = brian2.Network(group, sources, *objects, *at_once, *monitors)
    offset = np.tile(graph.io.readout_bias, (copies, 1))
    parts_of = (1, given.first_bias, given.first_levels), (
        phases.total - 1, given.bias, given.levels
    )  # fmt: skip
    for steps, bias, levels in parts_of:
        group.bias = np.append(bias, offset, axis=1).ravel()
        sources.level = _levels(graph, given, levels).ravel()
        if steps:
            advance(network, steps * TICK * brian2.ms)
    spikes, sent = (_spikes(brian2, m, phases.total, copies) for m in monitors)
    signal = np.zeros((phases.total, copies, graph.classes), dtype=np.bool_)
    if names := graph.named("supervisory"):
        signal = sent[:, :, first_of[names[0]] :][:, :, : graph.classes]
    membrane = np.rint(np.reshape(group.v[:], (copies, -1))).astype(np.int64)
    return spikes[:, :, : graph.neurons], signal, membrane[:, graph.neurons :]


def _neurons(brian2: ModuleType, copies: int, neurons: int, readouts: int) -> Any:
    """Threshold and readout neurons of every copy, silent."""
    group = brian2.NeuronGroup(
        copies * (neurons + readouts),
        "v : 1\nx : 1\nbias : 1\nspiking : boolean (constant)",
        threshold="spiking and v > 0",
        reset="v = 0",
        namespace={},
        dt=TICK * brian2.ms,
    )
    group.run_regularly(
        f"v = sign(v) * floor(abs(v) / {2**LEAK_SHIFT}) + {WEIGHT_UNIT} * (x + bias)\nx = 0",
        when="groups",
        dt=TICK * brian2.ms,
    )
    group.spiking = np.tile(np.arange(neurons + readouts) < neurons, copies)
    return group


def _sources(
    brian2: ModuleType, graph: SynapseGraph, given: Stimulus, phases: Phases
) -> tuple[Any, dict[str, int]]:
    """Supervisory and input neurons of every copy, and the first of each population."""
    names = [*graph.named("supervisory"), *graph.named("input")]
    sizes = [graph.sizes[name] for name in names]
    first_of = dict(zip(names, np.cumsum([0, *sizes]).tolist(), strict=False))
    group = brian2.NeuronGroup(
        len(given.bias) * max(1, sum(sizes)),  # Brian2 knows no empty group
        "level : 1\non : integer (constant)\noff : integer (constant)",
        threshold="level > 0 and t_in_timesteps >= on and t_in_timesteps < off",
        reset="",
        namespace={},
        dt=TICK * brian2.ms,
    )
    group.thresholder["spike"].when = "start"
    taught = np.arange(max(1, sum(sizes))) < sum(sizes[: len(graph.named("supervisory"))])
    group.on = np.tile(np.where(taught, phases.cue, 0), len(given.bias))
    group.off = np.tile(np.where(taught, phases.release, phases.total), len(given.bias))
    return group, first_of


def _levels(graph: SynapseGraph, given: Stimulus, levels: IntArray) -> IntArray:
    """What supervisory and input neurons send while they are on; (B, sources)."""
    parts = [given.supervisor.astype(np.int64)] * len(graph.named("supervisory"))
    parts += [levels] * len(graph.named("input"))
    return np.concatenate(parts or [np.zeros((len(levels), 1), dtype=np.int64)], axis=1)


def _spikes(brian2: ModuleType, monitor: Any, steps: int, copies: int) -> BoolArray:
    """What a monitor saw, (K, B, neurons)."""
    found = np.zeros((steps, len(monitor.source)), dtype=np.bool_)
    found[np.rint(monitor.t / (TICK * brian2.ms)).astype(np.int64), monitor.i[:]] = True
    return found.reshape(steps, copies, -1)
