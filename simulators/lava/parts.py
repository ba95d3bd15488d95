"""lava-nc's own neurons and connections, set to the integers of a graph.

Whatever runs a graph on Lava makes its neurons here. The connections are those of the exported
folder, which carries a copy of this file, and of the stock mode; it needs lava-nc alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from lava.proc.dense.process import DelayDense, Dense
from lava.proc.lif.process import LIF
from lava.proc.sparse.process import DelaySparse, Sparse
from lava.utils.weightutils import SignMode
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

DECAY = 4095  # the current forgets at once, the voltage all but |v| >> 12
BIAS_EXPONENT = 6  # a bias counts in weight units, since Lava shifts synaptic sums by 6 bits
NEVER = 2**17 - 1  # threshold of readout neurons: no sum that fits a 24-bit membrane reaches it
SPARSE_BELOW = 0.1  # share of non-zero weights below which Sparse costs less than Dense


def lif(name: str, bias: NDArray[Any], threshold: int) -> LIF:
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


def connection(
    arrays: Mapping[str, Any], row: Mapping[str, Any], number: int, levels: int
) -> Dense | Sparse:
    """A Dense or Sparse process, or the delayed kind, all of whose weights have one sign.

    Parameters
    ----------
    arrays, row, number
        All arrays of the network, and the row of its head that describes this connection.
    levels
        The highest value that an input neuron sends, or a graded one; above 1, spikes are graded.
    """
    weights = matrix(arrays, row, number)
    graded = row["source_model"] in ("input", "graded") and levels > 1
    settings: dict[str, Any] = {
        "weight_exp": row["exponent"],
        "num_weight_bits": 8,
        "num_message_bits": int(levels).bit_length() if graded else 0,
        "sign_mode": SignMode.EXCITATORY if row["sign"] > 0 else SignMode.INHIBITORY,
        "name": row["name"],
    }
    sparse = weights.nnz < SPARSE_BELOW * weights.shape[0] * weights.shape[1] or not weights.nnz
    if not row["longest_delay"]:
        if sparse:
            return Sparse(weights=weights, **settings)
        return Dense(weights=weights.toarray(), **settings)
    delays = matrix(arrays, row, number, "delays")
    if sparse:
        delays.eliminate_zeros()
        return DelaySparse(weights=weights, delays=delays, **settings)
    return DelayDense(weights=weights.toarray(), delays=delays.toarray(), **settings)


def matrix(
    arrays: Mapping[str, Any], row: Mapping[str, Any], number: int, part: str = "weights"
) -> csr_matrix:
    """Signed mantissas or delays of one connection, rows by target neuron."""
    parts = (arrays[f"{name}{number}"] for name in (part, "indices", "indptr"))
    return csr_matrix(tuple(parts), shape=row["shape"], copy=True)


def arrives_first(
    arrays: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    change: Mapping[str, NDArray[Any]],
    before: Mapping[str, NDArray[Any]],
) -> list[NDArray[Any]]:
    """What each connection delivers in the first step, before a neuron could spike; (n,) each.

    A neuron's bias register holds the bias of the second step and all later ones. The difference
    to that of the first step waits in the accumulator of one connection into its population,
    where the sum of a step's spikes would be.

    Parameters
    ----------
    change
        First bias less later bias, (n,), of each population.
    before
        What source neurons sent before the first step, by their model.
    """
    waiting = dict(change)
    found = []
    for number, row in enumerate(rows):
        if row["source_model"] in before:
            sent = matrix(arrays, row, number) @ before[row["source_model"]]
            found.append(sent.astype(np.int32) << row["exponent"])
        else:
            found.append(waiting.pop(row["target"], np.zeros(row["shape"][0], dtype=np.int32)))
    return found


def accumulator(synapses: Dense | Sparse, first: NDArray[Any]) -> NDArray[Any]:
    """``a_buff`` of a connection that delivers ``first`` next and nothing after it."""
    buffer = np.zeros(synapses.a_buff.shape, dtype=np.int32)
    buffer.reshape(len(first), -1)[:, 0] = first  # a delayed kind has a column for every delay
    return buffer
