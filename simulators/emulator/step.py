"""The chip's integer arithmetic in NumPy, whole batches at once: the oracle of step simulators."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

import numpy as np

from spinspike.errors import BadInput
from spinspike.mapping.graph.codec import unit_states
from spinspike.mapping.graph.fields import input_field, supervisory_field
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.graph.membrane import WEIGHT_UNIT, leak, step
from spinspike.mapping.graph.wiring import wiring
from spinspike.simulators.base import Protocol, Recording, Regime, Stimulus
from spinspike.simulators.stimulus import check_size
from spinspike.task import Progress


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
        protocol: Protocol,
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
        rng = np.random.default_rng(self.seed)
        synapses, scores = wiring(graph), wiring(graph, into="readout")
        signal = supervisory_field(graph, stimulus.supervisor)
        first = stimulus.first_bias + input_field(graph, stimulus.first_levels)
        later = stimulus.bias + input_field(graph, stimulus.levels)
        spikes = np.zeros((protocol.total, *stimulus.bias.shape), dtype=np.bool_)
        membrane = np.zeros_like(stimulus.bias)
        silence = np.zeros(membrane.shape, dtype=np.bool_)
        sent = deque([silence] * (synapses.longest + 1), maxlen=synapses.longest + 1)
        readout = np.zeros((len(signal), len(graph.ends.readout_offset)), dtype=np.int64)
        strength = np.abs(signal).sum(axis=1)
        supervisory = np.zeros((protocol.total, len(signal)))
        still = np.zeros(len(signal), dtype=np.int64)  # steps in which nothing of a pattern changed
        for number in range(1, protocol.total + 1):
            if number in (1, 2, protocol.cue + 1, protocol.release + 1) or self._random:
                still[:] = 0
            moving = np.flatnonzero(still <= synapses.longest)
            now, before = spikes[number - 1], spikes[number - 2] if number > 1 else silence
            now[:] = before
            external = (first if number == 1 else later)[moving]
            if protocol.cue < number <= protocol.release:
                external = external + signal[moving]
                supervisory[number - 1] = strength
            field = synapses.field(*(one[moving] for one in sent)) + external
            if self.noise:
                field += np.rint(rng.normal(0, self.noise, field.shape)).astype(np.int64)
            fired, left = step(membrane[moving], field)
            same = (fired == before[moving]).all(axis=1) & (left == membrane[moving]).all(axis=1)
            if readout.size:
                score = scores.field(sent[0][moving]) + graph.ends.readout_offset
                read = leak(readout[moving]) + WEIGHT_UNIT * score
                same &= (read == readout[moving]).all(axis=1)
                readout[moving] = read
            now[moving], membrane[moving] = fired, left
            still[moving] = np.where(same, still[moving] + 1, 0)
            arrives = now & (rng.random(now.shape) >= self.spike_loss) if self.spike_loss else now
            sent.appendleft(arrives)
            if progress:
                progress(number, protocol.total)
        return Recording(
            regime=self.regime,
            times=np.arange(1.0, protocol.total + 1),
            states=unit_states(graph, spikes),
            supervisory=supervisory,
            release=float(protocol.release),
            spikes=spikes,
            readout=readout if readout.size else None,
        )

    @property
    def _random(self) -> bool:
        return self.spike_loss > 0 or self.noise > 0
