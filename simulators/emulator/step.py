"""The chip's integer arithmetic, bit by bit: what all other step simulators are held against.

Where nothing is drawn at random, a compiled kernel follows each pattern by its changes. Otherwise, and
without Numba, NumPy takes whole batches step by step, to the same bits. `plain` is the oracle of both.
"""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from spinspike.errors import BadInput
from spinspike.mapping.graph.codec import unit_states
from spinspike.mapping.graph.fields import input_field, supervisory_field
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.graph.membrane import WEIGHT_UNIT, leak, step
from spinspike.mapping.graph.wiring import wiring
from spinspike.model.learning.uncompiled import compiles
from spinspike.simulators.base import Phases, Recording, Regime, Stimulus
from spinspike.simulators.stimulus import check_size
from spinspike.task import Progress

from .by_source import by_source, twins

SMALL = 10**6  # neurons, patterns and steps: done before a kernel would be loaded
PATTERNS = 64  # that a thread takes at a time
COST = "NumPy emulates: to the same spikes, many times slower"


@dataclass(frozen=True)
class Emulator:
    """Runs a graph exactly as fixed-point LIF neurons with decays of 4095/4096 would.

    With v the membrane in 1/64 weight units,

        v <- sgn(v) (|v| >> 12) + 64 x,   spike and v <- 0 where v > 0.

    Since v <= 0 after every step, the residue only ever delays switching on. Readout neurons
    have a threshold they never reach, and keep their membrane. Patterns that have come to rest,
    so that no further step changes them, are not computed again.

    Parameters
    ----------
    spike_loss : float
        Probability with which a spike is lost on its way, to all of its targets, 0 … 1.
    noise : float, weight units
        Standard deviation of a whole number added to the field of every neuron in every step.
    seed : int
        Of both; the chip itself has neither.

    References
    ----------
    lava-nc 0.10.0, ``lava/proc/lif/models.py``, ``PyLifModelBitAcc``.
    """

    spike_loss: float = 0.0
    noise: float = 0.0
    seed: int = 0
    name: str = "emulator"
    regime: Regime = "step"

    def __post_init__(self) -> None:
        if not 0 <= self.spike_loss <= 1:
            message = f"spike_loss is {self.spike_loss}; allowed: a probability, 0 to 1"
            raise BadInput(message)
        if not 0 <= self.noise < np.inf:
            message = f"noise is {self.noise}; allowed: 0 or more weight units"
            raise BadInput(message)

    def seeded(self, number: int) -> Emulator:
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

        Raises
        ------
        BadInput
            The stimulus does not fit the graph.
        """
        check_size(graph, stimulus)
        work = phases.total * stimulus.bias.size
        if self._random or work < SMALL or not compiles(COST):
            return self._in_batches(graph, stimulus, phases, progress)
        return self._by_changes(graph, stimulus, phases, progress)

    def _by_changes(
        self, graph: SynapseGraph, stimulus: Stimulus, phases: Phases, progress: Progress | None
    ) -> Recording:
        """Pattern by pattern, compiled; threads share the patterns."""
        from .kernels import Fields, Layout, Run, run_patterns, twins_alike

        patterns, total = len(stimulus.bias), phases.total
        first, later = stimulus.first_bias, stimulus.bias
        if stimulus.levels.shape[1]:
            first = first + input_field(graph, stimulus.first_levels)
            later = later + input_field(graph, stimulus.levels)
        labels, which = np.unique(stimulus.supervisor, axis=0, return_inverse=True)
        signal = supervisory_field(graph, labels)
        supervisory = np.zeros((total, patterns))
        supervisory[phases.cue : phases.release] = np.abs(signal).sum(axis=1)[which]
        stands = twins(graph)
        if not all(twins_alike(field, stands) for field in (first, later, signal)):
            stands = np.arange(graph.neurons)
        kept, number = np.unique(stands, return_inverse=True)
        synapses, scores = by_source(graph, stands), by_source(graph, stands, into="readout")
        scores = scores._replace(starts=scores.starts.sum(axis=0, keepdims=True))  # without delays
        decoder, offset = graph.io.decoder, graph.io.readout_bias.astype(np.int64)
        sign = np.sign(graph.io.input_sign[decoder]).astype(np.int8)
        made = Run(
            spikes=np.empty((total, *stimulus.bias.shape), dtype=np.bool_),
            states=np.empty((total, patterns, graph.units), dtype=np.int8),
            readout=np.zeros((patterns, len(offset)), dtype=np.int64),
        )
        fields = Fields(first, later, signal, which, offset)
        layout = Layout(kept, number, number[decoder], sign)

        def block(begin: int) -> None:
            run_patterns(
                begin, min(begin + PATTERNS, patterns), made, fields, layout,
                phases.cue, phases.release, synapses, scores,
            )  # fmt: skip

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            runs = [pool.submit(block, begin) for begin in range(0, patterns, PATTERNS)]
            for done, one in enumerate(runs, 1):
                one.result()
                if progress:
                    progress(done, len(runs))
        return Recording(
            regime=self.regime,
            times=np.arange(1.0, total + 1),
            states=made.states,
            supervisory=supervisory,
            release=float(phases.release),
            spikes=made.spikes,
            readout=made.readout if made.readout.size else None,
        )

    def _in_batches(
        self, graph: SynapseGraph, stimulus: Stimulus, phases: Phases, progress: Progress | None
    ) -> Recording:
        """Step by step, all patterns that still move at once."""
        rng = np.random.default_rng(self.seed)
        synapses, scores = wiring(graph), wiring(graph, into="readout")
        signal = supervisory_field(graph, stimulus.supervisor)
        first = stimulus.first_bias + input_field(graph, stimulus.first_levels)
        later = stimulus.bias + input_field(graph, stimulus.levels)
        spikes = np.zeros((phases.total, *stimulus.bias.shape), dtype=np.bool_)
        membrane = np.zeros_like(stimulus.bias)
        silence = np.zeros(membrane.shape, dtype=np.bool_)
        sent = deque([silence] * (synapses.longest + 1), maxlen=synapses.longest + 1)
        readout = np.zeros((len(signal), len(graph.io.readout_bias)), dtype=np.int64)
        strength = np.abs(signal).sum(axis=1)
        supervisory = np.zeros((phases.total, len(signal)))
        still = np.zeros(len(signal), dtype=np.int64)  # steps in which nothing of a pattern changed
        for number in range(1, phases.total + 1):
            if number in (1, 2, phases.cue + 1, phases.release + 1) or self._random:
                still[:] = 0
            moving = np.flatnonzero(still <= synapses.longest)
            now, before = spikes[number - 1], spikes[number - 2] if number > 1 else silence
            now[:] = before
            external = (first if number == 1 else later)[moving]
            if phases.cue < number <= phases.release:
                external = external + signal[moving]
                supervisory[number - 1] = strength
            field = synapses.field(*(one[moving] for one in sent)) + external
            if self.noise:
                field += np.rint(rng.normal(0, self.noise, field.shape)).astype(np.int64)
            fired, left = step(membrane[moving], field)
            same = (fired == before[moving]).all(axis=1) & (left == membrane[moving]).all(axis=1)
            if readout.size:
                score = scores.field(sent[0][moving]) + graph.io.readout_bias
                read = leak(readout[moving]) + WEIGHT_UNIT * score
                same &= (read == readout[moving]).all(axis=1)
                readout[moving] = read
            now[moving], membrane[moving] = fired, left
            still[moving] = np.where(same, still[moving] + 1, 0)
            arrives = now & (rng.random(now.shape) >= self.spike_loss) if self.spike_loss else now
            sent.appendleft(arrives)
            if progress:
                progress(number, phases.total)
        return Recording(
            regime=self.regime,
            times=np.arange(1.0, phases.total + 1),
            states=unit_states(graph, spikes),
            supervisory=supervisory,
            release=float(phases.release),
            spikes=spikes,
            readout=readout if readout.size else None,
        )

    @property
    def _random(self) -> bool:
        return self.spike_loss > 0 or self.noise > 0
