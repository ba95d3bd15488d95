"""Closed forms against the published table, their limits, and each other."""

from __future__ import annotations

from itertools import product
from math import inf, log, prod

import numpy as np
import pytest
from scipy.stats import norm

from spinspike.errors import BadInput
from spinspike.model.landscape.counting.enumeration import mean_count
from spinspike.model.landscape.theory.complexity import (
    chain_complexity,
    complexity,
    expected_chain_count,
    expected_count,
)


def test_complexities_are_those_of_the_table() -> None:
    table = {0.1: 0.0766, 0.2: 0.1471, 0.3: 0.2117, 0.4: 0.2707, 0.5: 0.3242, 0.6: 0.3726}
    table |= {0.8: 0.4551, 1.0: 0.5204}
    for self_coupling, expected in table.items():
        assert complexity(self_coupling) == pytest.approx(expected, abs=5e-5)


def test_complexities_are_the_limits_of_the_means() -> None:
    H = 900
    for x in (0.1, 0.4, 1.0):
        assert log(expected_count(H, x)) / H == pytest.approx(complexity(x), abs=1e-3)
        for self_coupling in (0.0, 0.3):
            growth = log(expected_chain_count(H, x, self_coupling)) / (2 * H)
            assert growth == pytest.approx(chain_complexity(x, self_coupling), abs=1e-3)


@pytest.mark.parametrize("modules", [2, 3, 5])
def test_a_chain_is_summed_over_all_its_states(modules: int) -> None:
    link, self_coupling = 0.7, 0.3
    expected = 0.0
    for spins in product((-1, 1), repeat=modules):
        beside = (0, *spins, 0)
        expected += prod(
            norm.cdf(self_coupling + link * beside[k] * (beside[k - 1] + beside[k + 1]))
            for k in range(1, modules + 1)
        )
    found = chain_complexity(link, self_coupling, modules=modules)
    assert found == pytest.approx(log(expected) / modules)


def test_the_mean_number_of_a_longer_chain_is_that_of_the_formula() -> None:
    mean, error = mean_count(3, 0.0, 300, np.random.default_rng(3), modules=3, link=1.0, jobs=1)
    assert abs(mean - expected_chain_count(3, 1.0, modules=3)) < 3 * error
    assert abs(mean - expected_chain_count(3, 1.0) ** 1.5) > 3 * error  # every spin like an end


def test_one_unit_or_module_alone_is_refused() -> None:
    with pytest.raises(BadInput, match="modules is 1; allowed: 2 or more"):
        chain_complexity(0.5, modules=1)
    with pytest.raises(BadInput, match="units is 1; allowed: 2 or more"):
        expected_count(1, 0.5)


def test_numbers_beyond_those_of_a_double_are_infinite() -> None:
    assert expected_count(1363, 1.0) < inf  # H Sigma is 709.5 here, the limit 709.78
    assert expected_count(1364, 1.0) == inf
    assert expected_chain_count(5000, 1.0, 0.5) == inf
