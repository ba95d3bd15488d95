"""Synapses of one sign from one population, shared by all patterns of a run."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

# Below this share of non-zero weights a sparse product beats BLAS.
SPARSE_BELOW = 0.05


class BatchConnection(AbstractProcess):
    """Lava's Dense for B patterns at once, with delays: a_out(t) = sum_d W_d s_in(t - 1 - d).

    The stock Dense knows one pattern; B of them cost B copies of the weights. Its DelayDense takes
    its weights apart in every step; here the last spikes are kept instead. Spikes may be graded, as
    with Dense's ``num_message_bits`` above 0. Before step 1 nothing has spiked.

    Parameters
    ----------
    weights
        W_d by delay d, at least one: signed weights 2**e m, all of one sign, shape (n, m); no sum
        may leave 24 bits.
    first
        What arrives in the first step in place of the sum, in weight units, shape (n, B); of one
        target population, or of two twins, which receive the same from the second step on: the
        first by ``a_out``, the other by ``twin_out``.
    """

    def __init__(
        self,
        *,
        weights: Mapping[int, csr_matrix],
        first: Sequence[NDArray[np.int32]],
        name: str,
    ) -> None:
        super().__init__(weights=weights, first=first, name=name)
        sources = next(iter(weights.values())).shape[1]
        self.s_in = InPort(shape=(sources, first[0].shape[1]))
        self.a_out = OutPort(shape=first[0].shape)
        self.twin_out = OutPort(shape=first[-1].shape)


@implements(proc=BatchConnection, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyBatchConnection(PyLoihiProcessModel):
    """The integers of Lava's PyDenseModelBitAcc, with one matrix product for all patterns."""

    s_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32)
    a_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32)
    twin_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32)

    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        self.first = proc_params["first"]
        # Floating point counts integers of 24 bits exactly, and BLAS knows no others.
        self.matrix = {d: _fit(w.astype(np.float32)) for d, w in proc_params["weights"].items()}
        self.recent: deque[NDArray[np.float32]] = deque(maxlen=1 + max(self.matrix))
        self.total = self.silence = np.zeros(self.first[0].shape, dtype=np.float32)

    def run_spk(self) -> None:
        """Send the sum of earlier spikes, then collect this step's."""
        sums = self.first if self.time_step == 1 else [self.total]
        self.a_out.send(sums[0])
        self.twin_out.send(sums[-1])
        self.recent.appendleft(self.s_in.recv().astype(np.float32))
        arrived = [w @ self.recent[d] for d, w in self.matrix.items() if d < len(self.recent)]
        self.total = sum(arrived, start=self.silence)


def _fit(weights: csr_matrix) -> Any:
    """Dense where that multiplies faster."""
    return weights.toarray() if weights.nnz > SPARSE_BELOW * np.prod(weights.shape) else weights
