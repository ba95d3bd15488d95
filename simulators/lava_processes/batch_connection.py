"""Synapses of one sign, shared by all patterns of a run."""

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
from lava.utils.weightutils import SignMode, clip_weights, truncate_weights
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

# Below this share of non-zero weights a sparse product beats BLAS.
SPARSE_BELOW = 0.05


class BatchConnection(AbstractProcess):
    """Lava's Dense for B patterns at once, a_out(t) = 2**e W s_in(t - 1) in each of them.

    The stock Dense knows one pattern; B of them cost B copies of the weights. Spikes may be
    graded, as with Dense's ``num_message_bits`` above 0.

    Parameters
    ----------
    weights
        Signed mantissas, -255..255, all of one sign, shape (n, m); no sum may leave 24 bits.
    exponent
        e >= 0, as Dense's ``weight_exp``.
    first
        What arrives in the first step, before anything could spike, in weight units,
        shape (B, n); it fills ``a_buff``, the register in which Dense keeps a step's sum.
    """

    def __init__(
        self, *, weights: csr_matrix, exponent: int, first: NDArray[np.int32], name: str
    ) -> None:
        super().__init__(weights=weights, exponent=exponent, name=name)
        patterns = len(first)
        self.s_in = InPort(shape=(patterns, weights.shape[1]))
        self.a_out = OutPort(shape=(patterns, weights.shape[0]))
        self.a_buff = Var(shape=first.shape, init=first)


@implements(proc=BatchConnection, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyBatchConnection(PyLoihiProcessModel):
    """The integers of Lava's PyDenseModelBitAcc, with one matrix product for all patterns."""

    s_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32)
    a_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32)
    a_buff: NDArray[np.int32] = LavaPyType(np.ndarray, np.int32)

    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        self.exponent = int(proc_params["exponent"])
        weights = proc_params["weights"].astype(np.int32)
        inhibitory = weights.nnz > 0 and weights.data.min() < 0
        mode = SignMode.INHIBITORY if inhibitory else SignMode.EXCITATORY
        weights.data = truncate_weights(clip_weights(weights.data, mode, 8), mode, 8)
        dense = weights.nnz > SPARSE_BELOW * weights.shape[0] * weights.shape[1]
        # BLAS knows no integers; float32 counts those of 24 bits exactly
        self.matrix = weights.astype(np.float32).toarray() if dense else weights

    def run_spk(self) -> None:
        """Send the sum of the last step's spikes, then collect this step's."""
        self.a_out.send(self.a_buff)
        spikes = self.s_in.recv().astype(self.matrix.dtype)
        total = (self.matrix @ spikes.T).T.astype(np.int32)
        self.a_buff = np.left_shift(total, self.exponent)
