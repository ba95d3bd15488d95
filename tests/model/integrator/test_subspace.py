"""Learning in a few directions against learning in all of them."""

from __future__ import annotations

import numpy as np
import pytest

from spinspike.errors import BadInput
from spinspike.model.integrator.learning import flow
from spinspike.model.integrator.linear_network import Filter, draw, impulse_response
from spinspike.model.integrator.reduced import pair
from spinspike.model.integrator.subspace import subspace

BLANK = draw(40, np.random.default_rng(1), spread=0.05, strength=0.1, alignment=0.0)
TARGET = Filter(0.3, 1.0)


def test_each_order_follows_the_full_flow_more_closely() -> None:
    full = flow(BLANK, TARGET, np.linspace(0, 60, 121), tolerance=1e-3, accuracy=1e-5).history
    grown = np.abs(full.outliers) > 0.15
    away = [
        np.abs(
            flow(subspace(BLANK, order=order), TARGET, full.times).history.outliers - full.outliers
        )[grown].max()
        for order in (0, 1, 2)
    ]
    assert away[0] > 0.2  # the plane alone escapes from the saddle too late
    assert away[1] < 0.05
    assert away[2] < 0.01


def test_order_0_is_the_plane_of_the_pair() -> None:
    times = np.linspace(0, 30, 16)
    plane = flow(subspace(BLANK, order=0), TARGET, times).history
    assert np.abs(plane.outliers - pair(BLANK, TARGET, times).outliers).max() < 0.02


def test_with_enough_words_the_response_is_that_of_the_network() -> None:
    times = np.linspace(0, 10, 11)
    network = draw(9, np.random.default_rng(0), spread=0.8, strength=1.0, alignment=0.2)
    whole = subspace(network, order=3)
    assert whole.units == 9
    assert impulse_response(whole, times) == pytest.approx(impulse_response(network, times))
    for order in (1, 2):  # v . W^k u is exact up to k = 2 order + 1
        part = subspace(network, order=order)
        for k in range(2 * order + 2):
            moment = part.readout @ np.linalg.matrix_power(part.coupling, k) @ part.input_weight
            whole_moment = network.readout @ np.linalg.matrix_power(network.coupling, k)
            assert moment == pytest.approx(whole_moment @ network.input_weight)


def test_aligned_ends_without_couplings_have_one_direction() -> None:
    assert subspace(draw(5, np.random.default_rng(0)), order=4).units == 1


def test_orders_below_0_are_refused() -> None:
    with pytest.raises(BadInput, match="order is -1; allowed: 0 or more"):
        subspace(BLANK, order=-1)
