"""Planted pairs of network and fixed point against enumeration and exact means."""

from __future__ import annotations

from math import comb, sqrt

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from spinspike.errors import BadInput
from spinspike.model.landscape.counting.enumeration import count_fixed_points, fixed_points
from spinspike.model.landscape.counting.planted import planted, with_margins
from spinspike.model.landscape.theory.complexity import expected_chain_count
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.dynamics import margins
from spinspike.model.network.network import random_network

H, J_D = 10, 0.6
NETWORKS = 300


def both_hold(correlation: float) -> float:
    """P(u > -J_D, v > -J_D) of two fields of one unit, whose variance is (H-1)/H."""
    bound = J_D * sqrt(H / (H - 1))
    law = multivariate_normal(cov=[[1, correlation], [correlation, 1]], allow_singular=True)
    return float(law.cdf([bound, bound]))


def expected(distance: int) -> float:
    """E[pairs of fixed points at that distance] / E[number of fixed points]."""
    stays, flips = (H - 1 - 2 * distance) / (H - 1), -(H + 1 - 2 * distance) / (H - 1)
    pair = both_hold(stays) ** (H - distance) * both_hold(flips) ** distance
    return float(comb(H, distance) * pair / norm.cdf(J_D * sqrt(H / (H - 1))) ** H)


def test_neighbours_of_planted_states_are_as_many_as_pairs_of_fixed_points() -> None:
    rng = np.random.default_rng(0)
    found = np.zeros((NETWORKS, H + 1))
    for row in found:
        network, state = planted(H, J_D, rng)
        row += np.bincount((fixed_points(network) != state).sum(axis=1), minlength=H + 1)
    assert (found[:, 0] == 1).all()
    assert (found[:, H] == 1).all()  # fixed points come with their mirror images
    errors = found.std(axis=0, ddof=1) / sqrt(len(found))
    for distance in range(1, H):
        deviation = (found[:, distance].mean() - expected(distance)) / errors[distance]
        assert abs(deviation) < 3.5


def test_margins_are_truncated_normals_of_networks_without_a_diagonal() -> None:
    """Of three units, whose fields have a variance of 2/3 and not of 1."""
    rng, J_D = np.random.default_rng(2), 0.3
    found = []
    for _ in range(500):
        network, state = planted(3, J_D, rng)
        found.append(margins(network, network.centre[None], state[None])[0])
    deviation = sqrt(2 / 3)
    expected = J_D + deviation * norm.pdf(J_D / deviation) / norm.cdf(J_D / deviation)
    assert abs(np.mean(found) - expected) < 3.5 * np.std(found) / sqrt(1500)


def test_networks_come_as_often_as_they_have_fixed_points() -> None:
    """Weighted by 1/n they are drawn networks again, of which those without any are missing."""
    rng = np.random.default_rng(1)
    units, link, self_coupling = 4, 0.5, 0.1
    architecture = Architecture(
        units, 1, 2, modules=2, link=link, self_coupling=self_coupling, sparsity=0.0
    )
    drawn = [
        count_fixed_points(random_network(architecture, rng, centre=np.zeros(1)))
        for _ in range(NETWORKS)
    ]
    counts, agree = [], []
    for _ in range(NETWORKS):
        network, state = planted(units, self_coupling, rng, modules=2, link=link)
        assert (fixed_points(network) == state).all(axis=1).any()
        counts.append(count_fixed_points(network))
        agree.append((state[:units] == state[units:]).mean())
    back = expected_chain_count(units, link, self_coupling) / np.array(counts)
    some = np.mean(np.array(drawn) > 0)
    assert 0.5 < some < 0.99
    error = sqrt((back.var(ddof=1) + some * (1 - some)) / NETWORKS)
    assert abs(back.mean() - some) < 3.5 * error
    r = sqrt(units / (units - 1))  # partners agree with the odds of holding
    odds = [norm.cdf((self_coupling + sign * link) * r) ** 2 for sign in (1, -1)]
    share = odds[0] / sum(odds)
    assert abs(np.mean(agree) - share) < 3.5 * sqrt(share * (1 - share) / (NETWORKS * units))


def test_margins_are_as_wanted_and_other_directions_as_drawn() -> None:
    rng = np.random.default_rng(2)
    network, state = planted(12, 0.5, rng)
    wanted = rng.random(12)
    firm = with_margins(network, state, wanted)
    J, before = (n.coupling.toarray() for n in (firm, network))
    assert state * (J @ state + 0.5 * state) == pytest.approx(wanted)
    assert not J.diagonal().any()
    for i in range(12):  # within a row, couplings change along the state alone
        others = np.delete(np.arange(12), i)
        change = (J - before)[i, others] * state[others]
        assert change == pytest.approx(np.full(11, change[0]))


def test_bad_values_are_refused() -> None:
    with pytest.raises(BadInput, match="units is 1; allowed: 2 or more"):
        planted(1, 0.5, np.random.default_rng(0))
    with pytest.raises(BadInput, match="modules is 13; allowed: up to 12"):
        planted(5, 0.5, np.random.default_rng(0), modules=13)
