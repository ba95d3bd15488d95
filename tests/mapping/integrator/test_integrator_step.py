"""The map of a step, held to closed forms of one unit and to finer steps of many."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinspike.mapping.integrator.integrator_step import step_map
from spinspike.model.integrator.linear_network import LinearNetwork


@given(
    weight=st.floats(-3, 0.99),
    given_input=st.floats(0.1, 5),
    bits=st.integers(1, 8),
    step=st.floats(0.01, 1),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_one_unit_decays_and_fills_as_its_closed_form_says(
    weight: float, given_input: float, bits: int, step: float
) -> None:
    network = LinearNetwork(np.full((1, 1), weight), np.array([given_input]), np.ones(1))
    rate, full = 1 - weight, 2**bits
    exact = step_map(network, bits, step, exact=True)
    dt = exact.step
    assert exact.leak / full == pytest.approx(np.exp(-dt))
    assert exact.leak / full + exact.couplings[0, 0] == pytest.approx(np.exp(-rate * dt))
    filled = given_input * (1 - np.exp(-rate * dt)) / (rate * dt)
    assert exact.drive[0] == pytest.approx(filled)
    assert exact.largest_state == pytest.approx(filled)
    first = step_map(network, bits, step, exact=False)
    assert first.leak / full == pytest.approx(1 - first.step)
    assert first.couplings[0, 0] == pytest.approx(first.step * weight, abs=1e-12)
    assert first.drive[0] == pytest.approx(given_input)
    nearest = {abs(k / full - np.exp(-step)) for k in range(1, full)}
    assert abs(exact.leak / full - np.exp(-step)) == pytest.approx(min(nearest), abs=1e-12)


def test_the_largest_state_is_not_at_the_start_where_units_feed_each_other() -> None:
    """h_2 rises to (10 / e) h_1(0) at t = 1: h_1 = e^{-t}, h_2 = 10 t e^{-t}."""
    network = LinearNetwork(np.array([[0.0, 0.0], [10.0, 0.0]]), np.array([1.0, 0.0]), np.ones(2))
    for exact in (True, False):
        found = step_map(network, 8, 0.02, exact=exact)
        assert found.largest_state == pytest.approx(10 / np.e, rel=0.01)
