"""Closed forms against the published table, their limits, and each other."""

from __future__ import annotations

from math import log

import pytest

from spinspike.model.errors import BadInput
from spinspike.model.manifold.complexity import (
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


def test_one_unit_alone_is_refused() -> None:
    with pytest.raises(BadInput, match="units is 1; allowed: 2 or more"):
        expected_count(1, 0.5)
