"""The array types say which numbers an array holds."""

from __future__ import annotations

import numpy as np
import pytest

from spinspike import arrays


@pytest.mark.parametrize(
    ("name", "scalar"),
    [
        ("FloatArray", np.float64),
        ("IntArray", np.int64),
        ("SpinArray", np.int8),
        ("BoolArray", np.bool_),
    ],
)
def test_a_name_stands_for_arrays_of_one_type(name: str, scalar: type) -> None:
    assert f"numpy.{scalar.__name__}]" in repr(getattr(arrays, name))
