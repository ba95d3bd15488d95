"""A network in integers, by units: what an encoding turns into neurons and synapses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from spinspike.arrays import BoolArray, FloatArray, IntArray, SparseMatrix

EXACT_FLOAT32 = 2**24  # single precision counts integers up to here
SYNAPSES_PER_BATCH = 2**21  # synapses multiplied at a time
DENSE = 0.05  # share of entries above which a dense product is faster


@dataclass(frozen=True)
class IntegerMatrix:
    """Weights ``mantissa * 2**exponent``; entries that exist may have mantissa 0."""

    mantissa: SparseMatrix  # (targets, sources) int16, at most 255 either way
    exponent: int  # 0 ... 7

    @property
    def row_sums(self) -> IntArray:
        """Sum of the weights into each target, (targets,)."""
        counts = np.add.accumulate(self.mantissa.data, dtype=np.int64)
        sums: IntArray = np.diff(np.append(0, counts)[self.mantissa.indptr]) << self.exponent
        return sums

    def __matmul__(self, active: IntArray | BoolArray) -> IntArray:
        """Field that the sources, each 0 … G, put on the targets; (B, sources) to (B, targets)."""
        return product(self.mantissa, active) << self.exponent


@dataclass(frozen=True)
class IntegerNetwork:
    """A network in integers: spin i is up iff x_i = sum_j w_ij n_j + b_i > 0, n = (1 + s)/2.

    A weight is w_ij = 2 alpha_i J_ij; a label adds its ``signal``, an image its integer input
    either through the bias or, where ``levels`` is not 0, through the weights ``input``.
    """

    coupling: IntegerMatrix  # (H, H), no diagonal
    link: IntegerMatrix  # (H, H), no diagonal
    self_coupling: IntegerMatrix  # (H, H), the diagonal alone
    signal: IntegerMatrix  # (H, C) field of each label
    input: IntegerMatrix  # (H, D + 1), the last source is always on; no entries without levels
    readout: IntegerMatrix  # (C, H)
    scale: FloatArray  # (H,) alpha, integer units per unit of field
    bias: IntArray  # (H,) bias without input, sign(0) = +1 included
    initial_bias: IntArray  # (H,) the same in the first step, where nothing has spiked
    readout_bias: IntArray  # (C,)
    levels: int  # G: an input neuron sends 0 … G; 0: input comes as bias

    @property
    def recurrent(self) -> tuple[IntegerMatrix, ...]:
        """What units receive from units."""
        return self.coupling, self.link, self.self_coupling


def unit_field(network: IntegerNetwork, up: BoolArray, external: IntArray) -> IntArray:
    """Integer field x of all units, (B, H), in given states and under an integer input."""
    x = external + network.bias
    for matrix in network.recurrent:
        x = x + matrix @ up
    return x


def product(matrix: SparseMatrix, active: IntArray | BoolArray) -> IntArray:
    """``active @ matrix.T`` in exact integers, a slice of rows at a time to bound the memory.

    Sums are taken in floating point, which counts integers exactly and is far faster; in single
    precision wherever no sum can leave its exact range.
    """
    rows, columns = matrix.shape
    found = np.zeros((len(active), rows), dtype=np.int64)
    longest = int(np.diff(matrix.indptr).max(initial=0))
    most = longest * 255 * int(active.max(initial=0))
    kind = np.float32 if most < EXACT_FLOAT32 else np.float64
    sources = np.ascontiguousarray(active.T, dtype=kind)
    at_once = max(1, SYNAPSES_PER_BATCH // max(1, longest))
    for start in range(0, rows, at_once):
        stop = min(rows, start + at_once)
        first, last = matrix.indptr[start], matrix.indptr[stop]
        if first == last:
            continue
        part = csr_array(
            (
                matrix.data[first:last].astype(kind),
                matrix.indices[first:last],
                (matrix.indptr[start : stop + 1] - first).astype(np.int32),
            ),
            shape=(stop - start, columns),
        )
        dense = part.nnz > DENSE * (stop - start) * columns
        found[:, start:stop] = ((part.toarray() if dense else part) @ sources).T
    return found
