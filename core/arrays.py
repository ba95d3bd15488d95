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
