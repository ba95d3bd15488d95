"""Pairs of fixed points against all those of drawn networks, by quadrature, and in the limits."""

from __future__ import annotations

from dataclasses import replace
from math import comb, exp, log, pi, sqrt

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.special import ndtr

from spinspike.errors import BadInput
from spinspike.model.landscape.counting.enumeration import fixed_points
from spinspike.model.landscape.theory.complexity import complexity, expected_count
from spinspike.model.landscape.theory.pairs import (
    expected_neighbours,
    expected_pairs,
    isolation,
    pair_complexity,
)
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.network import random_network

H, NETWORKS = 9, 400
STRENGTHS = (0.2, 0.5, 1.0)


def both_hold(correlation: float, self_coupling: float) -> float:
    """P(u > -J_D, v > -J_D) of Gaussians of this correlation, one integral after the other."""
    rest = sqrt(1 - correlation**2)
    held, _ = quad(
        lambda u: exp(-(u**2) / 2) * ndtr((self_coupling + correlation * u) / rest),
        -self_coupling,
        np.inf,
        epsabs=1e-12,
    )
    return float(held) / sqrt(2 * pi)


@pytest.fixture(scope="module")
def counts() -> NDArray[np.int64]:
    """Ordered pairs of fixed points of drawn networks, (strengths, networks, distances 0..H)."""
    rng = np.random.default_rng(5)
    architecture = Architecture(units=H, inputs=1, classes=2, sparsity=0.0)
    found = np.zeros((len(STRENGTHS), NETWORKS, H + 1), dtype=np.int64)
    for n in range(NETWORKS):
        network = random_network(architecture, rng, centre=np.zeros(1))
        for k, self_coupling in enumerate(STRENGTHS):
            states = fixed_points(
                replace(network, self_coupling=np.full(H, self_coupling)), device="numpy"
            ).astype(np.int64)
            distances = (H - states @ states.T) // 2
            found[k, n] = np.bincount(distances.ravel(), minlength=H + 1)
    return found


def deviation(found: NDArray[np.int64], expected: float) -> float:
    """Of the mean from what is expected, in standard errors."""
    return float(abs(found.mean() - expected) / (found.std(ddof=1) / sqrt(len(found))))


@pytest.mark.parametrize("k", range(len(STRENGTHS)))
def test_the_mean_number_of_pairs_is_that_of_the_formula_at_each_distance(
    counts: NDArray[np.int64], k: int
) -> None:
    for distance in range(H + 1):
        expected = expected_pairs(H, distance, STRENGTHS[k])
        assert deviation(counts[k, :, distance], expected) < 3


def test_the_missing_diagonal_matters(counts: NDArray[np.int64]) -> None:
    """Without it flipped units would be like the others: wrong means, be the variance right."""
    for k, factor in ((2, 1.0), (1, sqrt(H / (H - 1)))):
        bound = factor * STRENGTHS[k]
        for distance in (1, 2, 4):
            q = 1 - 2 * distance / H
            same, flipped = both_hold(q, bound), both_hold(-q, bound)
            wrong = 2**H * comb(H, distance) * same ** (H - distance) * flipped**distance
            assert deviation(counts[k, :, distance], wrong) > 3


@pytest.mark.parametrize("self_coupling", [0.0, 0.3, 1.2])
@pytest.mark.parametrize("overlap", [-0.6, 0.1, 0.5, 0.9])
def test_the_complexity_of_pairs_is_that_of_the_integral(
    overlap: float, self_coupling: float
) -> None:
    up, down = (1 + overlap) / 2, (1 - overlap) / 2
    expected = log(2) - up * log(up) - down * log(down)
    expected += up * log(both_hold(overlap, self_coupling))
    expected += down * log(both_hold(-overlap, self_coupling))
    assert pair_complexity(overlap, self_coupling) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("self_coupling", [0.05, 0.5, 2.0])
def test_pairs_at_overlap_0_are_unrelated_and_at_1_one_and_the_same(self_coupling: float) -> None:
    alone = complexity(self_coupling)
    assert pair_complexity(0.0, self_coupling) == pytest.approx(2 * alone)
    for overlap in (-1.0, 1.0):  # a fixed point comes with its mirror image
        assert pair_complexity(overlap, self_coupling) == pytest.approx(alone)


def test_the_mean_numbers_grow_with_the_complexity() -> None:
    """A factor 4 in size takes a binomial's square root of H, and so ln(4)/2, off the growth."""
    for overlap, J_D in ((0.5, 0.2), (0.9, 0.4), (0.0, 0.1)):
        small, large = (
            log(expected_pairs(units, round(units * (1 - overlap) / 2), J_D))
            for units in (200, 800)
        )
        growth = (large - small + log(4) / 2) / 600
        assert growth == pytest.approx(pair_complexity(overlap, J_D), abs=2e-3)


@pytest.mark.parametrize("self_coupling", [0.0, 0.4, 1.0])
def test_one_flip_needs_a_field_that_holds_both_spins(self_coupling: float) -> None:
    """Two units: the flipped one needs |g| < J_D, the other sees its only term change sign."""
    r = sqrt(2)  # the deviation of a field of one term is 1/sqrt 2
    free = 2 * ndtr(self_coupling * r) - 1
    holds = ndtr(self_coupling * r)
    assert expected_neighbours(2, 1, self_coupling) == pytest.approx(2 * (free / holds) ** 2)


def test_all_pairs_together_are_the_mean_square_of_the_number(counts: NDArray[np.int64]) -> None:
    J_D = STRENGTHS[1]
    squares = counts[1].sum(axis=1)
    expected = expected_count(H, J_D) * sum(expected_neighbours(H, d, J_D) for d in range(H + 1))
    assert deviation(squares, expected) < 3


@pytest.mark.parametrize("self_coupling", [0.01, 0.1, 0.5, 1.0, 2.0])
def test_typical_fixed_points_are_isolated(self_coupling: float) -> None:
    edge, alone = 1 - 2 * isolation(self_coupling), complexity(self_coupling)
    assert pair_complexity(edge, self_coupling) == pytest.approx(alone, abs=1e-12)
    for closer in (0.1, 0.5, 0.9):
        assert pair_complexity(1 - closer * (1 - edge), self_coupling) < alone
    assert pair_complexity(1 - 1.1 * (1 - edge), self_coupling) > alone


def test_the_gap_never_closes_but_shrinks() -> None:
    edges = [isolation(self_coupling) for self_coupling in (0.0, 0.1, 1.0, 3.0, 10.0, 20.0)]
    assert edges == sorted(edges, reverse=True)
    assert edges[0] == 0.5
    assert edges[-1] > 0
    units = 20_000  # so that the gap at J_D 1 is 17 flips wide, and 10 of them lead nowhere
    assert expected_neighbours(units, 10, 1.0) < 1e-3
    assert expected_neighbours(units, 40, 1.0) > 1e3


def test_numbers_beyond_those_of_a_double_are_infinite() -> None:
    assert expected_pairs(5000, 2500, 1.0) == np.inf
    assert expected_neighbours(5000, 2500, 1.0) == np.inf
    assert 0 < expected_neighbours(5000, 3, 1.0) < np.inf


def test_bad_values_are_named() -> None:
    with pytest.raises(BadInput, match=r"overlap is 1\.1; allowed: -1 to 1"):
        pair_complexity(1.1, 0.5)
    with pytest.raises(BadInput, match="distance is 10; allowed: 0 to 9"):
        expected_pairs(9, 10, 0.5)
    with pytest.raises(BadInput, match="units is 1; allowed: 2 or more"):
        expected_neighbours(1, 1, 0.5)
    with pytest.raises(BadInput, match=r"self_coupling is -0\.1; allowed: 0 to 20"):
        isolation(-0.1)
