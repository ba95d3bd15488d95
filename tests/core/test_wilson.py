"""Intervals of fractions, against SciPy's."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from spinspike.wilson import patterns_to_tell, wilson_interval


@given(st.integers(1, 400), st.data())
def test_the_interval_is_wilsons(count: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, count))
    expected = binomtest(successes, count).proportion_ci(method="wilson")
    found = wilson_interval(successes / count, count)
    np.testing.assert_allclose(found, (expected.low, expected.high), atol=1e-12)


@given(st.floats(0.0, 1.0), st.floats(0.01, 0.99))
def test_so_many_trials_and_no_fewer_tell_a_fraction_from_a_bound(
    fraction: float, bound: float
) -> None:
    needed = patterns_to_tell(fraction, bound)
    assert (needed is None) == (fraction == bound)
    if needed is not None and 1 < needed < 1e6:
        low, high = wilson_interval(fraction, needed * 1.0001)
        assert not low < bound < high
        low, high = wilson_interval(fraction, (needed - 1) * 0.9999)
        assert low < bound < high
