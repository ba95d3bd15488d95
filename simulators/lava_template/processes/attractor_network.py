"""An attractor network of stock Lava processes: LIF neurons, Dense and Sparse connections."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from lava.magma.core.decorator import implements
from lava.magma.core.model.sub.model import AbstractSubProcessModel
from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol
from lava.proc.dense.process import Dense
from lava.proc.lif.process import LIF
from lava.proc.sparse.process import Sparse
from lava.utils.weightutils import SignMode
from scipy.sparse import csr_matrix

DECAY = 4095  # the current forgets at once, the voltage all but |v| >> 12
BIAS_EXPONENT = 6  # a bias counts in weight units, since Lava shifts synaptic sums by 6 bits
SPARSE_BELOW = 0.1  # share of non-zero weights below which Sparse costs less than Dense


class AttractorNetwork(AbstractProcess):
    """Neurons that settle on a fixed point of the network and stay there.

    Per population P of n neurons there is an in-port ``input_P`` (n,), which takes the integer
    input of an image in every step and acts in the same step, and an out-port ``spikes_P`` (n,).
    The in-port ``supervisory`` (classes,) takes the spikes of the supervisory neurons, which act
    one step later. An in-port that nothing is connected to counts as silent.

    Run it with ``Loihi2SimCfg(select_tag="fixed_pt", select_sub_proc_model=True)``.

    Parameters
    ----------
    arrays
        What ``numpy.load("arrays.npz")`` returns.
    """

    def __init__(self, arrays: Mapping[str, Any], *, name: str = "attractor_network") -> None:
        arrays = dict(arrays)
        head = json.loads(str(arrays["head"]))
        super().__init__(arrays=arrays, head=head, name=name)
        self.supervisory = InPort(shape=(len(arrays["readout"]),))
        for population, size in head["populations"].items():
            setattr(self, f"input_{population}", InPort(shape=(size,)))
            setattr(self, f"spikes_{population}", OutPort(shape=(size,)))


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
            lif = LIF(
                shape=(size,),
                du=DECAY,
                dv=DECAY,
                vth=0,
                bias_mant=offset,
                bias_exp=BIAS_EXPONENT,
                name=name,
            )
            getattr(proc.in_ports, f"input_{name}").connect(lif.a_in)
            lif.s_out.connect(getattr(proc.out_ports, f"spikes_{name}"))
            setattr(self, f"neurons_{name}", lif)
            neurons[name] = lif
            # The network starts from "no state", which the first bias expresses; the bias
            # register holds that of all later steps. The difference waits in the accumulator of
            # a connection, where the sum of a step's spikes would be.
            starts[name] = arrays["first_offset"][rows] - offset
        projections = [
            (row["source"], row["target"], connection(arrays, row, p))
            for p, row in enumerate(head["projections"])
        ]
        for name, size in head["populations"].items():
            if not any(s in neurons and t == name for s, t, _ in projections):
                nothing = Sparse(weights=csr_matrix((size, size), dtype=np.int32))
                projections.append((name, name, nothing))
        for p, (source, target, synapses) in enumerate(projections):
            if source in neurons:
                neurons[source].s_out.connect(synapses.s_in)
                if target in starts:
                    synapses.a_buff.init = starts.pop(target)
            else:
                proc.in_ports.supervisory.connect(synapses.s_in)
            synapses.a_out.connect(neurons[target].a_in)
            setattr(self, f"synapses_{p}", synapses)


def connection(arrays: Mapping[str, Any], row: dict[str, Any], number: int) -> Dense | Sparse:
    """A Dense or Sparse process for one projection; all its weights have one sign."""
    parts = (f"{part}{number}" for part in ("weights", "indices", "indptr"))
    weights = csr_matrix(tuple(arrays[part] for part in parts), shape=row["shape"])
    settings = {
        "weight_exp": row["exponent"],
        "num_weight_bits": 8,
        "sign_mode": SignMode.EXCITATORY if row["sign"] > 0 else SignMode.INHIBITORY,
        "name": row["name"],
    }
    if weights.nnz < SPARSE_BELOW * weights.shape[0] * weights.shape[1]:
        return Sparse(weights=weights, **settings)
    return Dense(weights=weights.toarray(), **settings)
