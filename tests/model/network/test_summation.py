"""How far two ways of adding up a field lie apart, and that whole numbers leave no doubt."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinspike.model.network.architecture import Architecture
from spinspike.model.network.import_arrays import from_arrays
from spinspike.model.network.network import random_network
from spinspike.model.network.summation import rounding


@given(st.integers(0, 10**6), st.sampled_from([2, 7, 12]), st.sampled_from([0.0, 1.0, 1e6]))
@settings(deadline=None, max_examples=40)
def test_no_order_is_further_off_than_said(seed: int, units: int, input_scale: float) -> None:
    """Against fractions, which are exact, in drawn orders."""
    rng = np.random.default_rng(seed)
    architecture = Architecture(units=units, inputs=1, classes=2, modules=2, link=0.3, sparsity=0.2)
    network = random_network(architecture, rng, centre=np.zeros(1))
    external = input_scale * rng.normal(size=(3, network.units))
    step = rounding(network, external)
    J = [network.coupling.toarray(), network.link.toarray(), np.diag(network.self_coupling)]
    s = rng.choice([-1.0, 1.0], size=network.units)
    for h in external:
        for i in range(network.units):
            terms = [*np.concatenate([part[i] * s for part in J]), h[i]]
            exact = sum(map(Fraction, terms))
            total = 0.0
            for term in rng.permutation(terms):
                total += term
            assert abs(Fraction(total) - exact) <= len(terms) * Fraction(step[i])


@pytest.mark.parametrize(
    ("J", "external", "rough"),
    [
        ([[2, -7], [127, 1]], [3, -4], [False, False]),
        ([[0.5, -0.375], [0.1, 1]], [0, 0], [False, True]),  # a tenth is no binary number
        ([[1, 1], [1, 1]], [0.1, 2**-20], [True, False]),
        ([[2.0**60, 1], [2.0**52, 0.5]], [0, 0], [True, True]),  # too far apart for 53 bits
        ([[0, 0], [0, 0]], [0, 0], [False, False]),
    ],
)
def test_multiples_of_a_power_of_two_are_exact(
    J: list[list[float]], external: list[float], rough: list[bool]
) -> None:
    network = from_arrays(J, np.ones((2, 1)), np.eye(2), np.eye(2))
    found = rounding(network, np.array([external], dtype=float))
    assert (found > 0).tolist() == rough
    for row, h, step in zip(J, external, found, strict=True):
        if step:
            assert step == pytest.approx(math.fsum(map(abs, [*row, h])) * 2**-53)
