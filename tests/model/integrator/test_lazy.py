"""The lazy threshold: located, moved with the couplings, and told from that of other matrices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinspike.errors import BadInput
from spinspike.model.integrator.lazy import expected_length, shortest_readouts, threshold
from spinspike.model.integrator.linear_network import Filter, draw
from spinspike.model.integrator.loss import gradient, loss

RNG = np.random.default_rng


@pytest.mark.parametrize("spread", [0.3, 0.6])
def test_the_threshold_is_the_radius_of_the_disc(spread: float) -> None:
    rng = RNG(0)
    found = [threshold(draw(100, rng, spread=spread), rng, inputs=8) for _ in range(2)]
    assert np.mean(found) == pytest.approx(spread, rel=0.06)


def test_symmetric_couplings_reach_farther_than_their_radius() -> None:
    """Half a circle of radius 2 |W| / sqrt(N): the threshold is no constant of the method."""
    network = draw(100, RNG(0), spread=0.4)
    symmetric = (network.coupling + network.coupling.T) / np.sqrt(2)
    found = threshold(replace(network, coupling=symmetric), RNG(1), inputs=8)
    assert found > 0.5


@pytest.mark.parametrize("target", [Filter(0.8), Filter(1.2), Filter(0.9, 0.3)])
def test_readouts_are_as_long_as_expected(target: Filter) -> None:
    lengths = []
    for seed in range(6):
        network = draw(120, RNG(seed), spread=0.6, strength=1.0)
        (readout,) = shortest_readouts(network, [target])
        lengths.append(readout @ readout)
    assert np.mean(lengths) == pytest.approx(expected_length(0.6, target), rel=0.15)


def test_shortest_readouts_leave_next_to_no_slope_and_little_loss() -> None:
    target = Filter(0.7)
    network = draw(80, RNG(0), spread=0.6, strength=1.0)
    (readout,) = shortest_readouts(network, [target])
    learned = replace(network, readout=readout)
    assert np.abs(gradient(learned, target).readout).max() < 1e-4
    assert loss(learned, target) < 1e-5 / (4 * target.rate)


def test_without_couplings_only_the_leak_itself_is_learnable() -> None:
    network = draw(20, RNG(0), strength=1.0)
    for rate, share in ((1.0, 0.0), (0.5, 1 / 9)):  # ((1 - c) / (1 + c))^2 of its area is missed
        (readout,) = shortest_readouts(network, [Filter(rate)])
        missed = loss(replace(network, readout=readout), Filter(rate)) * 4 * rate
        assert missed == pytest.approx(share, abs=1e-6)


def test_lengths_grow_without_bound_towards_the_threshold() -> None:
    lengths = [expected_length(0.5, Filter(1 - x)) for x in (0.0, 0.4, 0.49, 0.4999, 0.5)]
    assert lengths[0] == 1
    assert lengths == sorted(lengths)
    assert lengths[-1] == np.inf
    assert expected_length(0.5, Filter(1.0, 0.5)) == np.inf


def test_a_network_without_couplings_has_no_threshold() -> None:
    with pytest.raises(BadInput, match=r"inputs, targets and radius are 16, 9 and 0\.0"):
        threshold(draw(5, RNG(0)), RNG(0))
