"""The core's Verilog as a simulator: what a board would do, cycle by cycle.

One compiled core, large enough for every graph, whose memories are written over its bus as a host
writes them. A run is the host's as well: biases, input and labels as rows to add, and steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinspike.arrays import BoolArray, IntArray
from spinspike.errors import BadInput
from spinspike.mapping.graph.codec import unit_states
from spinspike.mapping.graph.fields import supervisory_field
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.graph.registers import check_synapses
from spinspike.simulators.base import Phases, Recording, Regime, Stimulus
from spinspike.simulators.lava.registers import check_stimulus
from spinspike.simulators.stimulus import check_size
from spinspike.task import Progress

from .compiled import Host
from .core import (
    BIAS,
    CLASSES,
    COMMAND,
    CYCLES,
    DELAYS,
    FIRST_BIAS,
    GROUPS,
    READOUT,
    ROWS,
    SYNAPSES,
    WINNER,
    Shape,
)
from .image import Image, events, image_of, twins_alike


@dataclass(frozen=True)
class Trace:
    """What a run on the core showed, neuron by neuron and cycle by cycle."""

    spikes: BoolArray  # (T, B, N)
    membranes: NDArray[np.int32]  # (T, B, N) after the step
    readout: IntArray  # (B, C) membranes at the end
    winner: IntArray  # (B,) the class that the core names, 0 without a readout
    steps: IntArray  # (B,) that were computed until rest
    cycles: IntArray  # (B,) of the clock, from the first command to the last


@dataclass(frozen=True)
class RTL:
    """The generated Verilog, compiled; every pattern from silence.

    Parameters
    ----------
    lanes : int
        Synapses that the core adds at a time.
    fold : bool
        One neuron for its twins, where the stimulus treats them alike.
    stop : bool
        Stop at rest.
    """

    lanes: int = 1
    fold: bool = True
    stop: bool = True
    name: str = "rtl"
    regime: Regime = "step"

    def run(
        self,
        graph: SynapseGraph,
        stimulus: Stimulus,
        phases: Phases,
        *,
        progress: Progress | None = None,
    ) -> Recording:
        """Run every pattern of the stimulus through the protocol, each from silence.

        Parameters
        ----------
        graph : SynapseGraph
        stimulus : Stimulus
        phases : Phases
        progress
            Called with the patterns done and all of them.

        Raises
        ------
        MissingPart
            The extra ``fpga`` or a C++ compiler is missing.
        OutOfRange
            A weight, a bias or a sum does not fit the core's registers, which are Loihi's.
        BadInput
            The graph is larger than the memories of the core.
        """
        trace = self.trace(graph, stimulus, phases, progress=progress)
        strength = np.abs(supervisory_field(graph, stimulus.supervisor)).sum(axis=1)
        supervisory = np.zeros((phases.total, len(strength)))
        supervisory[phases.cue : phases.release] = strength
        return Recording(
            regime=self.regime,
            times=np.arange(1.0, phases.total + 1),
            states=unit_states(graph, trace.spikes),
            supervisory=supervisory,
            release=float(phases.release),
            spikes=trace.spikes,
            readout=trace.readout if trace.readout.size else None,
        )

    def trace(
        self,
        graph: SynapseGraph,
        stimulus: Stimulus,
        phases: Phases,
        *,
        progress: Progress | None = None,
        image: Image | None = None,
    ) -> Trace:
        """The same with membranes and cycles; see `run`.

        Parameters
        ----------
        graph : SynapseGraph
        stimulus : Stimulus
        phases : Phases
        progress
            As for `run`.
        image : Image, optional
            To be loaded in place of the graph's: what a fault in a memory does.
        """
        check_size(graph, stimulus)
        check_synapses(graph)
        check_stimulus(graph, stimulus)
        image = image or self._image(graph, stimulus)
        shape = Shape(lanes=self.lanes)
        _check_fits(image, shape)
        host = Host(shape)
        try:
            _load(host, image, shape)
            return _patterns(host, graph, image, stimulus, phases, self.stop, progress)
        finally:
            host.close()

    def _image(self, graph: SynapseGraph, stimulus: Stimulus) -> Image:
        folded = image_of(graph, fold=self.fold, lanes=self.lanes)
        signal = supervisory_field(graph, stimulus.supervisor)
        given = (stimulus.first_bias, stimulus.bias, signal)
        if all(twins_alike(values, folded) for values in given):
            return folded
        return image_of(graph, fold=False, lanes=self.lanes)


def _check_fits(image: Image, shape: Shape) -> None:
    for what, value, most in (
        ("targets in a lane", image.groups, shape.groups),
        ("words of synapses", len(image.weights), shape.words),
        ("rows of synapses", len(image.starts), shape.rows),
    ):
        if value > most:
            message = f"the graph needs {value:,} {what}; allowed on the core: {most:,}"
            raise BadInput(message)


def _load(host: Host, image: Image, shape: Shape) -> None:
    """Everything that is a graph's and no pattern's."""
    words = image.targets | (image.weights << shape.group_bits)
    host.fill(SYNAPSES, words.ravel())
    host.fill(ROWS, image.starts)
    host.put(COMMAND, GROUPS, image.groups - 1)
    host.put(COMMAND, READOUT, image.first_readout)
    host.put(COMMAND, DELAYS, image.delays)
    host.put(COMMAND, CLASSES, image.classes)


def _patterns(
    host: Host,
    graph: SynapseGraph,
    image: Image,
    stimulus: Stimulus,
    phases: Phases,
    stop: bool,
    progress: Progress | None,
) -> Trace:
    patterns, total, targets = len(stimulus.bias), phases.total, image.groups * image.lanes
    offset = graph.io.readout_bias.astype(np.int64)
    first = image.biases(stimulus.first_bias, offset)
    later = image.biases(stimulus.bias, offset)
    spikes = np.zeros((total, patterns, graph.neurons), dtype=np.bool_)
    membranes = np.zeros((total, patterns, graph.neurons), dtype=np.int32)
    readout = np.zeros((patterns, image.classes), dtype=np.int64)
    winner, steps, cycles = (np.zeros(patterns, dtype=np.int64) for _ in range(3))
    start = image.first_readout * image.lanes
    forced = stimulus.cue.any(axis=1)
    for b in range(patterns):
        host.clear()
        host.fill(FIRST_BIAS, first[b])
        host.fill(BIAS, later[b])
        pixels, labels = events(image, stimulus.levels[b], stimulus.supervisor[b])
        fired = np.zeros((total, targets), dtype=np.uint8)
        left = np.zeros((total, targets), dtype=np.int32)
        now = 0
        for before, rows, negative in _changes(phases, pixels, labels, forced[b]):
            if before > now:
                part = slice(now, before)
                done = host.run(before - now, image.groups, fired[part], left[part], stop=stop)
                fired[now + done : before] = fired[now + done - 1]
                left[now + done : before] = left[now + done - 1]
                steps[b] += done
                now = before
            for row in rows:
                host.event(int(row), negative=negative)
        spikes[:, b] = fired[:, image.number]
        membranes[:, b] = left[:, image.number]
        if total:
            readout[b] = left[-1, start : start + image.classes]
        winner[b] = host.read(WINNER) if image.classes else 0
        cycles[b] = host.read(CYCLES)
        if progress is not None:
            progress(b + 1, patterns)
    return Trace(spikes, membranes, readout, winner, steps, cycles)


def _changes(
    phases: Phases, pixels: IntArray, labels: IntArray, forced: bool
) -> list[tuple[int, IntArray, bool]]:
    """What comes from outside, in order: after how many steps, which rows, and whether they go."""
    found = [(min(int(forced), phases.total), pixels, False)]
    if phases.clamped:
        found += [(phases.cue, labels, False), (phases.release, labels, True)]
    found.sort(key=lambda change: change[0])
    return [*found, (phases.total, labels[:0], False)]
