"""Rounding moves a memory by first-order perturbation theory, unless it looks at the states."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from spinspike.mapping.integrator.integrator_graph import (
    map_integrator,
    mapped_network,
    outlier_after,
)
from spinspike.mapping.integrator.integrator_rounding import ELSEWHERE, round_couplings
from spinspike.model.integrator.linear_network import LinearNetwork, outlier


def memory(units: int, rate: float, seed: int, spread: float = 0.3) -> LinearNetwork:
    """A random bulk and one outlier, 1 - rate, made by hand."""
    rng = np.random.default_rng(seed)
    right = rng.standard_normal(units)
    left = right + rng.standard_normal(units)
    left /= left @ right
    bulk = rng.standard_normal((units, units)) * (spread / np.sqrt(units))
    beside = np.eye(units) - np.outer(right, left)
    coupling = beside @ bulk @ beside + (1 - rate) * np.outer(right, left)
    return LinearNetwork(coupling, right / np.linalg.norm(right), left * np.linalg.norm(right))


@pytest.mark.parametrize("seed", range(4))
def test_plain_rounding_moves_the_memory_as_perturbation_theory_says(seed: int) -> None:
    network = memory(60, 0.05, seed)
    values, vectors = np.linalg.eig(network.coupling)
    first = int(values.real.argmax())
    right, left = vectors[:, first].real, np.linalg.inv(vectors)[first].real  # l . r = 1
    graph = map_integrator(network, bits=6, exact=False, consolidate=False)
    error = mapped_network(graph).coupling - network.coupling
    shift = outlier_after(graph).real - outlier(network).real
    assert shift == pytest.approx(left @ error @ right, abs=0.1 * abs(shift) + 3e-5)


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("exact", [True, False])
def test_consolidated_memories_keep_their_rate(bits: int, exact: bool) -> None:
    """Over six networks; the scale is the distance from 1, on which the time-scale depends."""
    shifts = {
        how: [
            abs(outlier_after(map_integrator(n, bits=bits, exact=exact, consolidate=how)) - 0.95)
            for n in (memory(60, 0.05, seed) for seed in range(6))
        ]
        for how in (True, False)
    }
    assert np.mean(shifts[False]) > 10 * np.mean(shifts[True])
    assert max(shifts[True]) < 0.01 * 0.05 * 2 ** (8 - bits)


def test_a_few_weights_are_rounded_as_well_as_can_be() -> None:
    """Exhaustive: of all roundings up or down, the descent finds one of the best two in a hundred."""
    rng = np.random.default_rng(3)
    for _ in range(20):
        row, state = rng.normal(size=(1, 6)) * 3, rng.normal(size=6)
        covariance = np.outer(state, state)
        spread = covariance / np.trace(covariance) + np.eye(6) * ELSEWHERE / 6
        every = np.floor(row) + np.array(list(product((0, 1), repeat=6)))
        costs = np.einsum("ki,ij,kj->k", every - row, spread, every - row)
        padded = np.vstack([row, np.zeros((5, 6))])
        found = round_couplings(padded, 1.0, 15, covariance)[0] - row[0]
        assert found @ spread @ found <= np.quantile(costs, 0.1)


def test_weights_stay_within_their_bits() -> None:
    coupling = np.array([[40.0, -40.0], [0.4, 3.0]])
    for covariance in (None, np.eye(2), np.zeros((2, 2))):
        assert round_couplings(coupling, 1.0, 15, covariance).tolist() == [[15, -15], [0, 3]]
