"""Neurons that Lava's own LIF process has not, in floating point.

Each has time constants of its own; they may reset to other than 0, subtract their threshold for each
spike, or do so in the next step, and spike several times in a step.
"""

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


class Neurons(AbstractProcess):
    """u <- u (1 - du) + a,  v <- v (1 - dv) + u + leak;  spikes where v > vth, and resets.

    ``spikes`` is "one" or "several", as often as vth fits into v; ``reset`` is "value" (to reset_to),
    "subtract" (vth for each spike) or "none"; with "-late" it is the membrane of the next step, decay and
    input included, that is reset. ``leak`` begins after ``lag`` steps.
    """

    def __init__(self, *, size, du, dv, leak, reset_to, vth, lag, spikes, reset, name):
        shape = (size,)
        super().__init__(shape=shape, vth=vth, lag=lag, spikes=spikes, reset=reset, name=name)
        self.a_in = InPort(shape=shape)
        self.s_out = OutPort(shape=shape)
        self.u = Var(shape=shape, init=0.0)
        self.v = Var(shape=shape, init=0.0)
        self.before = Var(shape=shape, init=0.0)
        self.du = Var(shape=shape, init=du)
        self.dv = Var(shape=shape, init=dv)
        self.leak = Var(shape=shape, init=leak)
        self.reset_to = Var(shape=shape, init=reset_to)


@implements(proc=Neurons, protocol=LoihiProtocol)
@requires(CPU)
@tag("floating_pt")
class PyNeurons(PyLoihiProcessModel):
    """In doubles."""

    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, float)
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, float)
    u: np.ndarray = LavaPyType(np.ndarray, float)
    v: np.ndarray = LavaPyType(np.ndarray, float)
    before: np.ndarray = LavaPyType(np.ndarray, float)
    du: np.ndarray = LavaPyType(np.ndarray, float)
    dv: np.ndarray = LavaPyType(np.ndarray, float)
    leak: np.ndarray = LavaPyType(np.ndarray, float)
    reset_to: np.ndarray = LavaPyType(np.ndarray, float)

    def __init__(self, proc_params):
        super().__init__(proc_params)
        self.vth, self.lag = proc_params["vth"], proc_params["lag"]
        self.several = proc_params["spikes"] == "several"
        self.reset, _, late = proc_params["reset"].partition("-")
        self.late = bool(late)

    def run_spk(self):
        """One step."""
        self.u[:] = self.u * (1 - self.du) + self.a_in.recv()
        leak = self.leak if self.time_step > self.lag else 0.0
        v = self.v * (1 - self.dv) + self.u + leak
        if self.late:
            v = self.after(v, self.before)
        if self.several:
            spikes = np.where(v >= self.vth, np.floor(v / self.vth), 0.0)
        else:
            spikes = (v > self.vth).astype(float)
        self.v[:] = v if self.late else self.after(v, spikes)
        self.before[:] = spikes
        self.s_out.send(spikes)

    def after(self, v, spikes):
        """What becomes of membranes by spikes."""
        if self.reset == "value":
            return np.where(spikes > 0, self.reset_to, v)
        return v - spikes * self.vth if self.reset == "subtract" else v
