"""Numbers expected by margins alone: closed forms of theory, dealt couplings, and latches."""

from __future__ import annotations

from dataclasses import replace
from math import comb, log, sqrt

import numpy as np
import pytest

from spinspike.errors import BadInput
from spinspike.model.landscape.counting.neighbours import neighbours
from spinspike.model.landscape.counting.planted import planted
from spinspike.model.landscape.theory.margin_entropy import margin_entropy
from spinspike.model.landscape.theory.pairs import expected_neighbours
from spinspike.model.network.import_arrays import from_arrays


def test_its_mean_over_planted_states_is_that_of_theory() -> None:
    """Which never looks at margins: an average over them, in one go."""
    rng, distances = np.random.default_rng(0), [1, 2, 5, 12, 24]
    found = [np.exp(margin_entropy(*planted(25, 0.7, rng), distances)) for _ in range(150)]
    theory = np.array([expected_neighbours(25, d, 0.7) for d in distances])
    mean, error = np.mean(found, axis=0) / theory, np.std(found, axis=0) / theory / sqrt(150)
    assert (np.abs(mean - 1) < 0.25 + 2 * error).all()
    assert (error < 0.1).all()


@pytest.mark.numba
def test_it_is_the_mean_over_couplings_dealt_anew() -> None:
    rng = np.random.default_rng(1)
    network, state = planted(60, 0.8, rng)
    external = 0.2 * rng.normal(size=60)
    expected = np.exp(margin_entropy(network, state, [1, 2], external=external))
    J = state[:, None] * network.coupling.toarray() * state
    others = ~np.eye(60, dtype=np.bool_)
    counts = []
    for _ in range(100):
        J[others] = rng.permuted(J[others].reshape(60, 59), axis=1).ravel()
        dealt = from_arrays(
            state[:, None] * J * state,
            np.ones((60, 1)),
            np.ones((60, 2)),
            np.ones((2, 60)),
            J_D=0.8,
        )
        counts.append([len(neighbours(dealt, state, d, external=external)) for d in (1, 2)])
    error = np.std(counts, axis=0, ddof=1) / sqrt(100)
    assert (expected > 0.2).all()
    assert (np.abs(np.mean(counts, axis=0) - expected) < 3.5 * error).all()


def test_without_couplings_units_hold_by_themselves() -> None:
    J_D = np.full(12, 0.5)
    J_D[:2] = -0.5, 0.0  # never holds; holds up, never down
    latches = from_arrays(np.diag(J_D), np.ones((12, 1)), np.ones((12, 2)), np.ones((2, 12)))
    up = np.ones(12, dtype=np.int8)
    assert margin_entropy(latches, up, [3]).tolist() == [-np.inf]
    held = replace(latches, self_coupling=np.full(12, 0.5))
    assert margin_entropy(held, up, [1, 7]) == pytest.approx([log(12), log(comb(12, 7))])
    external = np.zeros(12)
    external[:4] = 1.0  # 4 units may not flip
    assert margin_entropy(held, up, [3], external=external) == pytest.approx(log(comb(8, 3)))


def test_bad_values_are_refused() -> None:
    network, state = planted(6, 0.5, np.random.default_rng(0))
    for distance in (0, 6):
        with pytest.raises(BadInput, match=f"distances contain {distance}; allowed: 1 to 5"):
            margin_entropy(network, state, [distance])
    with pytest.raises(BadInput, match=r"state has shape \(5,\); allowed: \(6,\)"):
        margin_entropy(network, state[:5], [1])


def test_equal_couplings_leave_nothing_to_chance() -> None:
    """Unit i of eight holds up if 7 - 2 d + 4 >= 0, and flipped if 4 >= 7 - 2 (d - 1)."""
    J = np.ones((8, 8)) + 3 * np.eye(8)
    network = from_arrays(J, np.ones((8, 1)), np.ones((8, 2)), np.ones((2, 8)))
    found = margin_entropy(network, np.ones(8, dtype=np.int8), range(1, 8))
    held = [0, 0, comb(8, 3), comb(8, 4), comb(8, 5), 0, 0]
    np.testing.assert_allclose(np.exp(found), held, atol=1e-9)
    assert [len(neighbours(network, np.ones(8, dtype=np.int8), d)) for d in range(1, 8)] == held
