"""An attractor network of stock Lava processes: LIF neurons, Dense and Sparse connections."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from lava.magma.core.decorator import implements
from lava.magma.core.model.sub.model import AbstractSubProcessModel
from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.process.variable import Var
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from .parts import NEVER, accumulator, arrives_first, connection, lif


class AttractorNetwork(AbstractProcess):
    """Neurons that settle on a fixed point of the network and stay there.

    Per population P of n neurons there is an out-port ``spikes_P`` (n,). The in-port
    ``supervisory`` (classes,) takes the spikes of the supervisory neurons, which act one step
    later. If the image comes as bias, in-ports ``input_P`` (n,) take its integer input in every
    step, which acts in the same step; if it comes as spikes, the in-port ``image`` (pixels + 1,)
    takes what the input neurons send, which acts one step later. An in-port that nothing is
    connected to counts as silent. If there are readout neurons, the variable ``readout``
    (classes,) is their membrane.

    Run it with ``Loihi2SimCfg(select_tag="fixed_pt", select_sub_proc_model=True)``.

    Parameters
    ----------
    arrays
        What ``numpy.load("arrays.npz")`` returns.
    levels
        What the input neurons sent before the first step, (pixels + 1,), if the image comes as
        spikes.
    """

    def __init__(
        self,
        arrays: Mapping[str, Any],
        *,
        levels: np.ndarray | None = None,
        name: str = "attractor_network",
    ) -> None:
        arrays = dict(arrays)
        head = json.loads(str(arrays["head"]))
        pixels = len(arrays["centre"])
        levels = np.zeros(pixels + 1, dtype=np.int32) if levels is None else np.asarray(levels)
        super().__init__(arrays=arrays, head=head, levels=levels, name=name)
        self.supervisory = InPort(
            shape=(max(1, len(arrays["readout"])),)
        )  # one silent line at least
        if head["levels"]:
            self.image = InPort(shape=(pixels + 1,))
        for population, size in head["populations"].items():
            if not head["levels"]:
                setattr(self, f"input_{population}", InPort(shape=(size,)))
            setattr(self, f"spikes_{population}", OutPort(shape=(size,)))
        if head["readout"]:
            self.readout = Var(shape=(len(arrays["readout"]),), init=0)


@implements(proc=AttractorNetwork, protocol=LoihiProtocol)
class AttractorNetworkModel(AbstractSubProcessModel):
    """One LIF process per population, one connection process per projection."""

    def __init__(self, proc: AttractorNetwork) -> None:
        arrays, head = proc.proc_params["arrays"], proc.proc_params["head"]
        neurons, change = {}, {}
        position = 0
        for name, size in head["populations"].items():
            rows = slice(position, position + size)
            position += size
            offset = arrays["offset"][rows]
            neurons[name] = lif(name, offset, 0)
            if not head["levels"]:
                getattr(proc.in_ports, f"input_{name}").connect(neurons[name].a_in)
            neurons[name].s_out.connect(getattr(proc.out_ports, f"spikes_{name}"))
            # The network starts from "no state", which the first bias expresses.
            change[name] = arrays["first_offset"][rows] - offset
        for name in head["readout"]:
            neurons[name] = lif(name, arrays["readout_offset"], NEVER)
            proc.vars.readout.alias(neurons[name].vars.v)
        for name, neuron in neurons.items():
            setattr(self, f"neurons_{name}", neuron)
        silence = np.zeros(max(1, len(arrays["readout"])), dtype=np.int32)
        before = {"supervisory": silence, "input": proc.proc_params["levels"]}
        first = arrives_first(arrays, head["projections"], change, before)
        ports = {"supervisory": proc.in_ports.supervisory}
        if head["levels"]:
            ports["input"] = proc.in_ports.image
        for number, row in enumerate(head["projections"]):
            synapses = connection(arrays, row, number, head["levels"])
            synapses.a_buff.init = accumulator(synapses, first[number])
            source = ports.get(row["source_model"])
            if source is None:
                source = neurons[row["source"]].s_out
            source.connect(synapses.s_in)
            synapses.a_out.connect(neurons[row["target"]].a_in)
            setattr(self, f"synapses_{number}", synapses)
