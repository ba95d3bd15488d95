"""A sink that keeps every spike of a population, and what the supervisory signal did to it."""

from __future__ import annotations

from typing import Any

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyInPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.ports.ports import InPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol


class SpikeSink(AbstractProcess):
    """Writes what arrives into arrays on disk that the run's owner laid out beforehand.

    Lava's own sinks hand results back one number at a time, about 20 µs each; these arrays are
    mapped into memory and cost nothing to read.

    Parameters
    ----------
    shape
        (n, B): neurons of the population, patterns that run at once.
    folder
        Holds ``spikes.npy`` (steps, all patterns, N), ``supervisory.npy`` (populations, steps,
        all patterns) and ``status.npy`` (1 + populations,), the steps done.
    index
        Of the population among the threshold populations.
    pattern, neuron
        Where this run's patterns and this population's neurons begin in those arrays.
    steps
        Of a pattern; after them the next B patterns follow.
    done
        Steps that earlier runs of the same job took.
    """

    def __init__(
        self,
        *,
        shape: tuple[int, int],
        folder: str,
        index: int,
        pattern: int,
        neuron: int,
        steps: int,
        done: int,
        name: str,
    ) -> None:
        super().__init__(
            shape=shape,
            folder=folder,
            index=index,
            pattern=pattern,
            neuron=neuron,
            steps=steps,
            done=done,
            name=name,
        )
        self.spikes_in = InPort(shape=shape)
        self.supervisory_in = InPort(shape=shape)


@implements(proc=SpikeSink, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PySpikeSink(PyLoihiProcessModel):
    """One row of each array per step."""

    spikes_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32)
    supervisory_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32)

    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        folder, self.index = proc_params["folder"], proc_params["index"]
        neurons, self.patterns = proc_params["shape"]
        self.pattern, self.steps = proc_params["pattern"], proc_params["steps"]
        self.columns = slice(proc_params["neuron"], proc_params["neuron"] + neurons)
        self.done = proc_params["done"]
        self.spikes = np.load(f"{folder}/spikes.npy", mmap_mode="r+")
        self.supervisory = np.load(f"{folder}/supervisory.npy", mmap_mode="r+")
        self.status = np.load(f"{folder}/status.npy", mmap_mode="r+")

    def run_spk(self) -> None:
        """Keep this step's spikes and the sum of |supervisory input| over the neurons."""
        turn, step = divmod(self.time_step - 1, self.steps)
        start = self.pattern + turn * self.patterns
        rows = slice(start, start + self.patterns)
        self.spikes[step, rows, self.columns] = (self.spikes_in.recv() > 0).T
        signal = np.abs(self.supervisory_in.recv()).sum(axis=0)
        self.supervisory[self.index, step, rows] = signal
        self.status[1 + self.index] = self.done + self.time_step
