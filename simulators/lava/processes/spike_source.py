"""Source neurons: they send the same spikes through a window of steps and none outside it."""

from __future__ import annotations

from typing import Any

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.ports.ports import OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol
from numpy.typing import NDArray


class SpikeSource(AbstractProcess):
    """Supervisory or input neurons of B patterns, silent outside the steps start … stop - 1.

    Lava's RingBuffer would need a frame for every step of the run.

    Parameters
    ----------
    values
        What each neuron sends for each pattern, 0 and 1 or graded, shape (n, B).
    start, stop
        Steps, counted from 1.
    """

    def __init__(self, *, values: NDArray[np.int32], start: int, stop: int, name: str) -> None:
        super().__init__(values=values, start=start, stop=stop, name=name)
        self.s_out = OutPort(shape=values.shape)


@implements(proc=SpikeSource, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PySpikeSource(PyLoihiProcessModel):
    """Sends the same values in every step of the window."""

    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32)

    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        self.values = proc_params["values"].astype(np.int32)
        self.silence = np.zeros_like(self.values)
        self.start_step = int(proc_params["start"])
        self.stop_step = int(proc_params["stop"])

    def run_spk(self) -> None:
        """Send the values within the window, zeros outside it."""
        on = self.start_step <= self.time_step < self.stop_step
        self.s_out.send(self.values if on else self.silence)
