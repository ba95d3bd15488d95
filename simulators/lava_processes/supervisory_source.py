"""Supervisory neurons: they spike through a window of steps and are silent outside it."""

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


class SupervisorySource(AbstractProcess):
    """Source neurons that spike in the steps start … stop - 1, while the run goes on.

    Lava's RingBuffer would need a frame for every step of the run.

    Parameters
    ----------
    spikes
        Which neurons spike, for each pattern, shape (B, C).
    start, stop
        Steps, counted from 1.
    """

    def __init__(self, *, spikes: NDArray[np.bool_], start: int, stop: int, name: str) -> None:
        super().__init__(spikes=spikes, start=start, stop=stop, name=name)
        self.s_out = OutPort(shape=spikes.shape)


@implements(proc=SupervisorySource, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PySupervisorySource(PyLoihiProcessModel):
    """Sends the same spikes in every step of the window."""

    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32)

    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        self.spikes = proc_params["spikes"].astype(np.int32)
        self.silence = np.zeros_like(self.spikes)
        self.start_step = int(proc_params["start"])
        self.stop_step = int(proc_params["stop"])

    def run_spk(self) -> None:
        """Spike within the window, send zeros outside it."""
        on = self.start_step <= self.time_step < self.stop_step
        self.s_out.send(self.spikes if on else self.silence)
