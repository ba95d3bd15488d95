"""Intervals of fractions, against SciPy's."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from spinspike.wilson import wilson_interval


@given(st.integers(1, 400), st.data())
def test_the_interval_is_wilsons(count: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, count))
    expected = binomtest(successes, count).proportion_ci(method="wilson")
    found = wilson_interval(successes / count, count)
    np.testing.assert_allclose(found, (expected.low, expected.high), atol=1e-12)
