"""Names of the array types used throughout."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
SpinArray = NDArray[np.int8]  # entries -1, +1
BoolArray = NDArray[np.bool_]
InputArray = NDArray[Any]  # uint8, int8, float32 or float64; in the units of an input range
SparseMatrix = Any  # scipy.sparse.csr_array of float64; scipy has no types
Shape = tuple[int | None, ...]  # None leaves an axis open


def open_shape(shape: Shape) -> str:
    """A shape as messages say it.

    Examples
    --------
    >>> open_shape((None, 4)), open_shape((None,))
    ('(any, 4)', '(any,)')
    """
    axes = ", ".join("any" if n is None else str(n) for n in shape)
    return f"({axes},)" if len(shape) == 1 else f"({axes})"
