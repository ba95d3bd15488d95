"""Graded neurons that lose nothing: a field in, rectified whole numbers out, as changes."""

from __future__ import annotations

from typing import Any

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.process.variable import Var
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol
from numpy.typing import NDArray


class GradedNeurons(AbstractProcess):
    """Lava's SigmaDelta with a residue that keeps what a message leaves out.

    SigmaDelta shifts its messages right by ``state_exp`` after it has worked out the residue, so
    that the low bits of every message are lost, and its targets add up the losses for ever. In a loop
    whose gain is nearly 1 that ruins the memory: measured with SigmaDelta in the place of these, 64
    units and 8 bits, time-scales of 2, 10 and 20 became 1.8, 5.1 and 5.7, and what should end at 0 ended
    at -.2 of the peak (``benchmarks/lava_graded.py``). Here, with ``sigma`` the field,

        sigma <- sigma + a_in,    v = residue + max(sigma, 0)
        value <- v >> shift,      residue <- v - (value << shift),    s_out = change of value

    Parameters
    ----------
    shape
        (n,)
    shift
        A field of 2**shift is worth a message of 1.
    """

    def __init__(self, *, shape: tuple[int], shift: int, name: str) -> None:
        super().__init__(shape=shape, shift=shift, name=name)
        self.a_in = InPort(shape=shape)
        self.s_out = OutPort(shape=shape)
        self.sigma = Var(shape=shape, init=0)
        self.residue = Var(shape=shape, init=0)
        self.value = Var(shape=shape, init=0)


@implements(proc=GradedNeurons, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyGradedNeurons(PyLoihiProcessModel):
    """24-bit integers; whoever starts a run sees to it that they suffice."""

    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32, precision=24)
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=24)
    sigma: NDArray[np.int32] = LavaPyType(np.ndarray, np.int32, precision=24)
    residue: NDArray[np.int32] = LavaPyType(np.ndarray, np.int32, precision=24)
    value: NDArray[np.int32] = LavaPyType(np.ndarray, np.int32, precision=24)

    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        self.shift = int(proc_params["shift"])

    def run_spk(self) -> None:
        """Add up what arrives, and send by how much the value changes."""
        self.sigma += self.a_in.recv()
        membrane = self.residue + np.maximum(self.sigma, 0)
        before, self.value = self.value, membrane >> self.shift
        self.residue = membrane - (self.value << self.shift)
        self.s_out.send(self.value - before)
