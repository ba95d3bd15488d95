"""Sampled numbers of fixed points against counted ones and closed forms."""

from __future__ import annotations

from math import comb, log
from typing import Any

import numpy as np
import pytest

from spinspike.errors import BadInput
from spinspike.model.landscape.counting import local_entropy as local_entropy_module
from spinspike.model.landscape.counting.enumeration import fixed_points
from spinspike.model.landscape.counting.local_entropy import COLDEST, local_entropy
from spinspike.model.landscape.counting.neighbours import finder
from spinspike.model.landscape.counting.planted import planted
from spinspike.model.network.import_arrays import from_arrays
from spinspike.model.network.network import Network

pytestmark = pytest.mark.numba


def network_of(J: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> Network:
    units = len(J)
    return from_arrays(J, np.ones((units, 1)), np.ones((units, 2)), np.ones((2, units)))


def test_as_many_as_enumeration_counts() -> None:
    """Few walkers err by more, yet to both sides: they are not biased."""
    network, state = planted(16, 0.8, np.random.default_rng(0))
    counted = np.bincount((fixed_points(network) != state).sum(axis=1), minlength=17)
    distances, rng = [2, 5, 8, 13], np.random.default_rng(1)
    assert counted[distances].min() > 10
    found = local_entropy(
        network, state, distances, rng, exact=0, runs=60, walkers=30, temperatures=20
    )
    assert not found.exact.any()
    missed = found.log_count - np.log(counted[distances])
    assert (np.abs(missed) < 3.5 * found.error).all()
    assert (found.error < 0.1).all()
    assert (found.log_bound > found.log_count).all()
    assert found.entropy.tolist() == (found.log_count / 16).tolist()


def test_single_walkers_are_not_biased_either() -> None:
    """Most of them find nothing; numbers are averaged, and not their logarithms."""
    network, state = planted(10, 0.8, np.random.default_rng(3))
    counted = np.bincount((fixed_points(network) != state).sum(axis=1), minlength=11)[4]
    rng = np.random.default_rng(4)
    found = local_entropy(
        network, state, [4], rng, exact=0, runs=3000, walkers=1, temperatures=5
    )  # fmt: skip
    assert counted > 3
    assert found.error[0] < 0.15
    assert abs(np.exp(found.log_count[0]) / counted - 1) < 3.5 * found.error[0]


def test_as_many_as_the_exact_search_finds_under_an_input() -> None:
    rng = np.random.default_rng(2)
    network, state = planted(50, 0.7, rng)
    external = 0.3 * state * rng.random(50)  # what the state is held by even more firmly
    counted = [len(finder(network, external)(state, d)) for d in (1, 3, 4)]
    assert min(counted) > 0
    exactly = local_entropy(network, state, [1, 3, 4], rng, external=external, exact=4)
    assert exactly.log_count == pytest.approx(np.log(counted))
    assert exactly.exact.all()
    assert not exactly.error.any()
    found = local_entropy(network, state, [3, 4], rng, external=external, runs=4, walkers=100)
    assert (np.abs(found.log_count - exactly.log_count[1:]) < 4 * found.error).all()
    assert (found.error < 0.1).all()


def test_compiled_exchanges_are_the_plain_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    network, state = planted(20, 0.5, np.random.default_rng(5))
    found = []
    for _ in range(2):
        rng = np.random.default_rng(6)
        found.append(local_entropy(network, state, [4, 9], rng, runs=2, temperatures=9, walkers=30))
        monkeypatch.setattr(local_entropy_module, "use_numba", lambda _: False)
    assert found[0].log_bound == pytest.approx(found[1].log_bound)
    assert found[0].log_count == pytest.approx(found[1].log_count)


def test_latches_hold_all_states_and_a_free_unit_half_of_them() -> None:
    J_D = np.eye(30)
    up, rng = np.ones(30, dtype=np.int8), np.random.default_rng(3)
    found = local_entropy(network_of(J_D), up, [5, 15], rng, runs=2, temperatures=3)
    assert found.log_count == pytest.approx([log(comb(30, 5)), log(comb(30, 15))])
    assert not found.error.any()
    J_D[7, 7] = 0.0  # sign(0) = +1: unit 7 may not flip
    found = local_entropy(network_of(J_D), up, [5], rng, runs=4)
    assert abs(found.log_count[0] - log(comb(29, 5))) < 4 * found.error[0] < 0.1


def test_where_none_is_there_a_bound_is_given() -> None:
    """A ferromagnet holds only the two states in which all agree: with d flips, d units fail."""
    up, rng = np.ones(12, dtype=np.int8), np.random.default_rng(4)
    found = local_entropy(network_of(np.ones((12, 12))), up, [1, 3, 4], rng, walkers=50)
    assert (found.log_count == -np.inf).all()
    assert found.exact.tolist() == [True, False, False]
    assert found.error[0] == 0
    assert np.isnan(found.error[1:]).all()
    expected = [log(comb(12, d)) - COLDEST * d for d in (3, 4)]
    assert found.log_bound[1:] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"distances": [0]}, "distances contain 0; allowed: 1 to 3"),
        ({"distances": [1, 4]}, "distances contain 4; allowed: 1 to 3"),
        ({"state": np.ones(3)}, r"state has shape \(3,\); allowed: \(4,\)"),
        ({"runs": 1}, "runs is 1; allowed: 2 or more"),
        ({"walkers": 0}, "walkers is 0; allowed: 1 or more"),
        ({"temperatures": 0}, "temperatures is 0; allowed: 1 or more"),
    ],
)
def test_bad_values_are_refused(choice: dict[str, Any], message: str) -> None:
    choices: dict[str, Any] = {"state": np.ones(4, dtype=np.int8), "distances": [1]} | choice
    with pytest.raises(BadInput, match=message):
        local_entropy(network_of(np.eye(4)), rng=np.random.default_rng(0), **choices)
