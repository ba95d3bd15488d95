"""A sink that keeps every message of a population."""

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


class MessageSink(AbstractProcess):
    """Writes what arrives into an array on disk that the run's owner laid out beforehand.

    Parameters
    ----------
    size
        Neurons of the population.
    path
        Of the array (steps, all neurons).
    first
        Column of the population's first neuron in it.
    status
        Path of an array of counters; this sink counts its steps in entry ``index``.
    """

    def __init__(
        self, *, size: int, path: str, first: int, status: str, index: int, name: str
    ) -> None:
        super().__init__(size=size, path=path, first=first, status=status, index=index, name=name)
        self.a_in = InPort(shape=(size,))


@implements(proc=MessageSink, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyMessageSink(PyLoihiProcessModel):
    """One row per step."""

    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32)

    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        self.columns = slice(proc_params["first"], proc_params["first"] + proc_params["size"])
        self.messages = np.load(proc_params["path"], mmap_mode="r+")
        self.status = np.load(proc_params["status"], mmap_mode="r+")
        self.index = proc_params["index"]

    def run_spk(self) -> None:
        """Keep this step's messages."""
        self.messages[self.time_step - 1, self.columns] = self.a_in.recv()
        self.status[self.index] = self.time_step
