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
        (B, n): patterns of this run, neurons of the population.
    folder
        Holds ``spikes.npy`` (steps, all patterns, N), ``supervisory.npy`` (populations, steps,
        all patterns) and ``status.npy`` (1 + populations,), the steps done.
    index
        Of the population among the threshold populations.
    pattern, neuron
        Where this run's patterns and this population's neurons begin in those arrays.
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
        done: int,
        name: str,
    ) -> None:
        rows = slice(pattern, pattern + shape[0])
        columns = slice(neuron, neuron + shape[1])
        super().__init__(
            folder=folder, index=index, rows=rows, columns=columns, done=done, name=name
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
        folder = proc_params["folder"]
        self.index = int(proc_params["index"])
        self.rows, self.columns = proc_params["rows"], proc_params["columns"]
        self.done = int(proc_params["done"])
        self.spikes = np.load(f"{folder}/spikes.npy", mmap_mode="r+")
        self.supervisory = np.load(f"{folder}/supervisory.npy", mmap_mode="r+")
        self.status = np.load(f"{folder}/status.npy", mmap_mode="r+")

    def run_spk(self) -> None:
        """Keep this step's spikes and the sum of |supervisory input| over the neurons."""
        step = self.time_step - 1
        self.spikes[step, self.rows, self.columns] = self.spikes_in.recv()
        signal = np.abs(self.supervisory_in.recv()).sum(axis=1)
        self.supervisory[self.index, step, self.rows] = signal
        self.status[1 + self.index] = self.done + self.time_step
