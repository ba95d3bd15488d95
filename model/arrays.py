"""Names of the array types used throughout."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
SpinArray = NDArray[np.int8]  # entries -1, +1
BoolArray = NDArray[np.bool_]
