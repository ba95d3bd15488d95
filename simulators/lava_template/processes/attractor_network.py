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
from lava.proc.dense.process import Dense
from lava.proc.lif.process import LIF
from lava.proc.sparse.process import Sparse
from lava.utils.weightutils import SignMode
from scipy.sparse import csr_matrix

DECAY = 4095  # the current forgets at once, the voltage all but |v| >> 12
BIAS_EXPONENT = 6  # a bias counts in weight units, since Lava shifts synaptic sums by 6 bits
NEVER = 2**17 - 1  # threshold of the readout neurons, which their membranes cannot reach
SPARSE_BELOW = 0.1  # share of non-zero weights below which Sparse costs less than Dense


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
        self.supervisory = InPort(shape=(len(arrays["readout"]),))
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
        neurons, starts = {}, {}
        position = 0
        for name, size in head["populations"].items():
            rows = slice(position, position + size)
            position += size
            offset = arrays["offset"][rows]
            neurons[name] = lif(name, offset, 0)
            if not head["levels"]:
                getattr(proc.in_ports, f"input_{name}").connect(neurons[name].a_in)
            neurons[name].s_out.connect(getattr(proc.out_ports, f"spikes_{name}"))
            # The network starts from "no state", which the first bias expresses; the bias
            # register holds that of all later steps. The difference waits in the accumulator of
            # a connection, where the sum of a step's spikes would be.
            starts[name] = arrays["first_offset"][rows] - offset
        for name in head["readout"]:
            neurons[name] = lif(name, arrays["readout_offset"], NEVER)
            proc.vars.readout.alias(neurons[name].vars.v)
        for name, neuron in neurons.items():
            setattr(self, f"neurons_{name}", neuron)
        for number, row in enumerate(head["projections"]):
            synapses = connection(arrays, row, number, head["levels"])
            if row["source_model"] == "supervisory":
                proc.in_ports.supervisory.connect(synapses.s_in)
            elif row["source_model"] == "input":
                proc.in_ports.image.connect(synapses.s_in)
                before = matrix(arrays, row, number) @ proc.proc_params["levels"]
                synapses.a_buff.init = before.astype(np.int32) << row["exponent"]
            else:
                neurons[row["source"]].s_out.connect(synapses.s_in)
                synapses.a_buff.init = starts.pop(row["target"], 0)
            synapses.a_out.connect(neurons[row["target"]].a_in)
            setattr(self, f"synapses_{number}", synapses)
        for name, start in starts.items():  # no neuron reaches them: a connection without weights
            synapses = Sparse(weights=csr_matrix((len(start), len(start)), dtype=np.int32))
            synapses.a_buff.init = start
            neurons[name].s_out.connect(synapses.s_in)
            synapses.a_out.connect(neurons[name].a_in)
            setattr(self, f"start_{name}", synapses)


def lif(name: str, bias: np.ndarray, threshold: int) -> LIF:
    """Neurons, one for each entry of the bias."""
    return LIF(
        shape=bias.shape,
        du=DECAY,
        dv=DECAY,
        vth=threshold,
        bias_mant=bias,
        bias_exp=BIAS_EXPONENT,
        name=name,
    )


def matrix(arrays: Mapping[str, Any], row: dict[str, Any], number: int) -> csr_matrix:
    """Signed mantissas of one projection, rows by target neuron."""
    parts = (f"{part}{number}" for part in ("weights", "indices", "indptr"))
    return csr_matrix(tuple(arrays[part] for part in parts), shape=row["shape"])


def connection(
    arrays: Mapping[str, Any], row: dict[str, Any], number: int, levels: int
) -> Dense | Sparse:
    """A Dense or Sparse process for one projection; all its weights have one sign."""
    weights = matrix(arrays, row, number)
    graded = row["source_model"] == "input" and levels > 1
    settings = {
        "weight_exp": row["exponent"],
        "num_weight_bits": 8,
        "num_message_bits": int(levels).bit_length() if graded else 0,
        "sign_mode": SignMode.EXCITATORY if row["sign"] > 0 else SignMode.INHIBITORY,
        "name": row["name"],
    }
    if weights.nnz < SPARSE_BELOW * weights.shape[0] * weights.shape[1]:
        return Sparse(weights=weights, **settings)
    return Dense(weights=weights.toarray(), **settings)
