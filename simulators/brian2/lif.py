"""The continuous-time simulator: leaky integrate-and-fire neurons in Brian2, read out every 10 ms.

Nothing here is clocked by a sweep; `neurons` has the equations.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from spinspike.mapping.graph.codec import unit_states
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.simulators.base import Phases, Recording, Regime, Stimulus
from spinspike.simulators.physics.calibration import calibrate
from spinspike.simulators.physics.lif_parameters import LIFParameters
from spinspike.simulators.stimulus import check_size
from spinspike.task import Progress

from .neurons import Brian2Build, neurons, synapses
from .synapses import Target, advance, chunk, contained, imported


@dataclass(frozen=True)
class Brian2LIF:
    """Backend of the continuous regime; protocol durations are milliseconds.

    In the cue phase neurons feel the input (or the forced state) alone: synapses open, yet
    their current does not reach the membrane, as when acetylcholine suppresses recurrent
    transmission (Hasselmo, Curr. Opin. Neurobiol. 16 (2006) 710). That is the reference's first
    sweep from s = 0. From then on everything acts.

    Parameters
    ----------
    parameters : LIFParameters, optional
        By default `calibrate` finds them from the graph at hand; hold a graph against its nulls
        with those of the graph itself (`calibrated`).
    dt : float, ms
        Step of the integration. Halving it moves the exactly held states by a few in a hundred
        either way, as another seed does.
    window : float, ms
        A unit is +1 iff its decoding neuron spiked within the last ``window``: three intervals
        of a neuron at the marginal field.
    every : float, ms
        Distance of read-out instants.
    seed : int
        Of the initial potentials and the noise.
    device : int
        Seed of mismatch, jitter and the phases of input neurons: a chip of one's own, the same for
        every pattern.
    target : {"numpy", "cython", "cpp_standalone"}
        What Brian2 makes its code for; all but the first need a C++ compiler and take up to a
        minute before they start.
    synapses_at_once : int
        Bounds memory: patterns run side by side as disjoint copies up to this many synapses.
    """

    parameters: LIFParameters | None = None
    dt: float = 0.5
    window: float = 50.0
    every: float = 10.0
    seed: int = 0
    device: int = 0
    target: Target = "numpy"
    synapses_at_once: int = 2_000_000
    name: str = "brian2"
    regime: Regime = "continuous"
    own_process: ClassVar[bool] = True

    def calibrated(self, graph: SynapseGraph) -> Brian2LIF:
        """The same with the parameters for a graph, unless it has some."""
        return replace(self, parameters=self.parameters or calibrate(graph))

    def seeded(self, number: int) -> Brian2LIF:
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
            The stimulus does not fit the graph, or there is no such target.
        MissingPart
            Brian2, or the compiler that a target needs, is not installed.
        """
        check_size(graph, stimulus)
        parameters = self.parameters or calibrate(graph)
        brian2, patterns = imported(self.target), len(stimulus.bias)
        size = chunk(graph, patterns, self.synapses_at_once)
        parts = []
        for first in range(0, patterns, size):
            given = stimulus.select(slice(first, first + size))
            with contained(brian2, self.seed + first, self.target) as folder:
                tissue = Brian2Build(brian2, parameters, graph, given, phases, self.dt, self.device)
                parts.append(self._simulate(tissue, self.seed + first, folder))
            if progress is not None:
                progress(min(first + size, patterns), patterns)
        return replace(
            parts[0],
            states=np.concatenate([part.states for part in parts], axis=1),
            supervisory=np.concatenate([part.supervisory for part in parts], axis=1),
        )

    def _simulate(self, tissue: Brian2Build, seed: int, folder: str) -> Recording:
        """Run one Brian2 network of all patterns through the phases and read it out."""
        brian2, graph, given, phases = (
            tissue.brian2, tissue.graph, tissue.given, tissue.phases
        )  # fmt: skip
        ms = brian2.ms
        group = neurons(tissue, seed)
        reader = brian2.StateMonitor(
            group, ["lastspike", "y"], record=True, dt=self.every * ms, when="start"
        )
        monitor = brian2.SpikeMonitor(group[: graph.neurons])
        network = brian2.Network(group, *synapses(tissue, group), reader, monitor)
        forced = given.cue[:, graph.io.unit] * graph.io.input_sign
        if phases.cue:
            group.bias = tissue.biases(given.first_bias, forced)
            group.listening = tissue.spread(forced == 0, beside=1)
            advance(network, phases.cue * ms, checked=not folder)
        group.bias = tissue.biases(given.bias)
        group.listening = 1
        group.transmission = 1
        # one step more, so that the last read-out, at the very end, is taken
        advance(network, (phases.total - phases.cue + self.dt) * ms, checked=not folder)
        if folder:
            brian2.device.build(directory=folder, compile=True, run=True)
        end = int(phases.total / self.every) + 1  # read-out 0 saw nothing yet
        last, signal = (
            np.transpose(seen).reshape(-1, tissue.copies, tissue.size)[1:end, :, : graph.neurons]
            for seen in (reader.lastspike_, reader.y)
        )
        times = self.every * np.arange(1, end, dtype=np.float64)
        return Recording(
            regime="continuous",
            times=times,
            states=unit_states(graph, last > 1e-3 * (times - self.window)[:, None, None]),
            supervisory=np.abs(signal).sum(axis=2),
            release=float(phases.release),
            raster=(np.array(monitor.t / ms), np.array(monitor.i, dtype=np.int64)),
        )
