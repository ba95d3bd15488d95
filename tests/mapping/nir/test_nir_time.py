"""Comparisons of times: what is one step, how many there are, what is too short or too late."""

from __future__ import annotations

import numpy as np
import pytest

from spinspike.mapping.nir.graph import Node
from spinspike.mapping.nir.time import is_step, rate, steps, too_late, too_short


def test_single_precision_is_a_step_and_a_thousandth_more_is_none() -> None:
    tau = np.array([1e-4, np.float32(1e-4), 1.001e-4, 0.999e-4])
    assert is_step(tau, 1e-4).tolist() == [True, True, False, False]
    assert rate(tau[:2], 1e-4).tolist() == [1, 1]
    assert rate(np.array([4e-4]), 1e-4) == pytest.approx(0.25)


@pytest.mark.parametrize("dt", [1e-4, 0.1, 1.0, 3e-3])
def test_whole_multiples_are_themselves_and_halves_go_up(dt: float) -> None:
    for k in range(200):
        assert steps(k * dt, dt) == k
        assert steps(sum([dt] * k), dt) == k  # with the errors of adding up
        assert steps((k + 0.5) * dt, dt) == k + 1
        assert steps((k + 0.49) * dt, dt) == k


def test_what_is_too_short_or_too_late_is_said_once_for_each_kind() -> None:
    node = Node("CubaLIF", {"tau_syn": np.array([0.05, 0.2]), "tau_mem": np.array([0.1])})
    assert list(too_short("n", node, 0.1)) == [
        "node n has a tau_syn of 0.05; allowed: dt = 0.1 or more"
    ]
    assert list(too_late("node d delays", 1e4, 0.1)) == []
    assert list(too_late("node d delays", 2e4, 0.1)) == [
        "node d delays by 200000 steps; allowed: 0 to 100000"
    ]
