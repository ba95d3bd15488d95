"""Clusters against pairs, triples of every drawn network's fixed points, and whole sums over y."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from math import comb, exp, factorial, log, pi, sqrt

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from scipy.special import log_ndtr, logsumexp
from scipy.stats import multivariate_normal

from spinspike.errors import BadInput
from spinspike.model.landscape.counting.enumeration import fixed_points
from spinspike.model.landscape.theory.complexity import complexity
from spinspike.model.landscape.theory.pairs import pair_complexity
from spinspike.model.landscape.theory.replicas import Clusters, clusters, densest
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.network import random_network

TRIPLE = np.array([[1, 1, 1], [1, 1, -1], [1, -1, 1], [-1, 1, 1]])  # up to their mirror images


def three_hold(signs: NDArray[np.int64], fields: NDArray[np.float64], bound: float) -> float:
    """P(a unit with these spins in three states holds in all), for fields of this correlation."""
    law = multivariate_normal(cov=fields * np.outer(signs, signs), allow_singular=True)
    return float(law.cdf([bound] * 3))


def expected_triples(units: int, distance: int, self_coupling: float) -> float:
    """Mean number of ordered triples of fixed points at this distance each, row by row of J.

    Each of the three states is alone with its spin in distance/2 units; the fields of a unit lack
    the term of its own spins.
    """
    alone = distance // 2
    kinds = [units - 3 * alone, alone, alone, alone]
    overlaps = np.where(np.eye(3) == 1, units, units - 2 * distance)
    mean = 2.0**units * factorial(units) / factorial(kinds[0]) / factorial(alone) ** 3
    for signs, number in zip(TRIPLE, kinds, strict=True):
        fields = (overlaps - np.outer(signs, signs)) / (units - 1)
        mean *= three_hold(signs, fields, self_coupling * sqrt(units / (units - 1))) ** number
    return mean


def test_triples_are_as_many_as_the_first_moment_says() -> None:
    units, strengths, distances = 9, (0.3, 0.8), (2, 4, 6)
    architecture = Architecture(units=units, inputs=1, classes=2, sparsity=0.0)
    rng, found = np.random.default_rng(2), np.zeros((2, 3, 300))
    for n in range(300):
        network = random_network(architecture, rng, centre=np.zeros(1))
        for k, self_coupling in enumerate(strengths):
            states = fixed_points(
                replace(network, self_coupling=np.full(units, self_coupling)), device="numpy"
            ).astype(np.float64)
            apart = (units - states @ states.T) / 2
            for d, distance in enumerate(distances):
                at = (apart == distance).astype(np.float64)
                found[k, d, n] = np.sum(at @ at * at)
    errors = found.std(axis=2, ddof=1) / sqrt(300)
    for k, self_coupling in enumerate(strengths):
        for d, distance in enumerate(distances):
            expected = expected_triples(units, distance, self_coupling)
            assert abs(found[k, d].mean() - expected) < 3 * errors[k, d]


@pytest.mark.parametrize("self_coupling", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("overlap", [0.2, 0.6, 0.95])
def test_three_replicas_are_the_triples_of_large_networks(
    overlap: float, self_coupling: float
) -> None:
    """Stirling's formula for `expected_triples`: the overlap fixes how many units are of a kind."""
    alone = (1 - overlap) / 4
    fields = np.where(np.eye(3) == 1, 1.0, overlap)
    expected = log(2)
    for signs, part in zip(TRIPLE, (1 - 3 * alone, alone, alone, alone), strict=True):
        expected += part * (log(three_hold(signs, fields, self_coupling)) - log(part))
    assert clusters(3, overlap, self_coupling).tuples == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize("self_coupling", [0.0, 0.1, 0.5, 1.0, 3.0])
@pytest.mark.parametrize("overlap", [0.001, 0.3, 0.9, 0.99])
def test_two_replicas_are_pairs_and_one_is_alone(overlap: float, self_coupling: float) -> None:
    two = clusters(2, overlap, self_coupling).tuples
    assert two == pytest.approx(pair_complexity(overlap, self_coupling), abs=1e-10)
    one = clusters(1, overlap, self_coupling).tuples
    assert one == pytest.approx(complexity(self_coupling), abs=1e-10)


@pytest.mark.parametrize(
    ("y", "overlap", "self_coupling"), [(4, 0.5, 0.2), (7, 0.9, 0.5), (12, 0.3, 0.0)]
)
def test_many_replicas_are_summed_over_the_number_of_spins_up(
    y: int, overlap: float, self_coupling: float
) -> None:
    width = sqrt(1 - overlap)

    @cache
    def holds(up: int) -> float:
        """Probability that y replicas hold, of which so many have the spin up."""

        def integrand(t: float) -> float:
            share = up * log_ndtr((self_coupling + sqrt(overlap) * t) / width)
            share += (y - up) * log_ndtr((self_coupling - sqrt(overlap) * t) / width)
            return exp(share - t**2 / 2) / sqrt(2 * pi)

        return float(quad(integrand, -8, 8, epsabs=0, epsrel=1e-9, limit=200)[0])

    logs = np.array([log(comb(y, k)) + log(holds(k)) for k in range(y + 1)])
    aligned = ((2 * np.arange(y + 1) - y) ** 2 - y) / 2  # sum over pairs of s_a s_b

    def bound(conjugate: float) -> float:
        held = logsumexp(conjugate * aligned + logs)
        return float(held - conjugate * overlap * y * (y - 1) / 2)

    best = minimize_scalar(bound, bounds=(-2, 2), options={"xatol": 1e-9}, method="bounded")
    assert clusters(y, overlap, self_coupling).tuples == pytest.approx(best.fun, abs=1e-7)


@pytest.mark.parametrize("overlap", [0.3, 0.9, 0.99])
def test_the_internal_entropy_is_the_derivative(overlap: float) -> None:
    for y in (1.5, 3.0, 30.0):
        step = 1e-3
        above, below = (clusters(y + d, overlap, 0.4).tuples for d in (step, -step))
        found = clusters(y, overlap, 0.4)
        assert found.internal_entropy == pytest.approx((above - below) / (2 * step), abs=1e-6)
        assert found.complexity == found.tuples - y * found.internal_entropy


def test_units_that_hold_by_themselves_are_free() -> None:
    """J_D so large that all states hold: only the overlap limits the entropy of a cluster.

    Spins of mean m = +-sqrt(q) have entropy H_2((1+m)/2), and clusters are places for the means.
    """
    up = (1 + sqrt(0.9)) / 2
    free = -up * log(up) - (1 - up) * log(1 - up)
    assert clusters(1000, 0.9, 10.0).internal_entropy == pytest.approx(free, abs=1e-4)


def test_without_self_coupling_no_cluster_has_many() -> None:
    for overlap in (0.1, 0.5, 0.9, 0.99):
        for y in (1, 3, 30):
            assert clusters(y, overlap, 0.0).internal_entropy < 0


def test_dense_clusters_are_there_where_typical_fixed_points_are_isolated() -> None:
    for self_coupling in (0.1, 0.3, 0.5):
        assert clusters(1, 0.99, self_coupling).internal_entropy < 0
        found = densest(0.99, self_coupling)
        assert found.internal_entropy > 0
        assert found.complexity > -1e-9


@pytest.mark.parametrize("self_coupling", [0.1, 1.0])
@pytest.mark.parametrize("overlap", [0.2, 0.9])
def test_more_replicas_see_denser_clusters(overlap: float, self_coupling: float) -> None:
    """States of a cluster that are not fixed points become fewer: free spins hold in all."""
    lost = [
        clusters(y, overlap, 10.0).internal_entropy
        - clusters(y, overlap, self_coupling).internal_entropy
        for y in (1, 2, 5, 20, 100)
    ]
    assert lost == sorted(lost, reverse=True)
    assert lost[-1] > 0


def test_weak_self_couplings_leave_a_range_of_overlaps_without_clusters() -> None:
    """Many in a narrow cluster or a wide one, none in between; from J_D = .06 on at all of them."""
    overlaps = (0.2, 0.8, 0.95, 0.995)
    below = [densest(q, 0.05).internal_entropy > 0 for q in overlaps]
    above = [densest(q, 0.065).internal_entropy > 0 for q in overlaps]
    assert below == [True, True, False, True]
    assert all(above)


def test_the_densest_are_the_last_ones() -> None:
    found = densest(0.6, 0.3)
    assert found.complexity == pytest.approx(0.0, abs=1e-9)
    assert clusters(found.replicas + 1, 0.6, 0.3).complexity < 0
    assert densest(0.99, 1.0, limit=20.0) == clusters(20.0, 0.99, 1.0)


def test_complexity_is_what_the_entropy_leaves() -> None:
    assert Clusters(replicas=3.0, tuples=0.7, internal_entropy=0.2).complexity == pytest.approx(0.1)


def test_bad_values_are_named() -> None:
    with pytest.raises(BadInput, match=r"replicas is 0\.5; allowed: 1 to 1000"):
        clusters(0.5, 0.5, 0.5)
    with pytest.raises(BadInput, match=r"overlap is 1\.0; allowed: 0\.001 to 0\.9999"):
        clusters(2, 1.0, 0.5)
    with pytest.raises(BadInput, match=r"self_coupling is -0\.5; allowed: 0 to 10"):
        clusters(2, 0.5, -0.5)
    with pytest.raises(BadInput, match=r"limit is 1\.0; allowed: 2 to 1000"):
        densest(0.5, 0.5, limit=1.0)
