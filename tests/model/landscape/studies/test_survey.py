"""Surveys of one network, against enumeration of all its states."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from spinspike.errors import BadInput
from spinspike.model.landscape.counting.enumeration import fixed_points
from spinspike.model.landscape.studies.survey import permuted, surroundings, survey
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.dynamics import field, sign
from spinspike.model.network.network import Network, random_network

RNG = np.random.default_rng


def drawn(units: int, self_coupling: float, seed: int = 0) -> Network:
    """With a bias, which counts as external field where no other is given."""
    architecture = Architecture(units, 2, 2, self_coupling=self_coupling, sparsity=0.0)
    network = random_network(architecture, RNG(seed), centre=np.zeros(2))
    return replace(network, bias=RNG(seed).normal(0, 0.3, units))


@pytest.mark.parametrize("order", ["asynchronous", "synchronous", "partial"])
def test_runs_end_in_fixed_points_that_enumeration_knows(order: Any) -> None:
    network = drawn(10, 0.6)
    known = {tuple(s) for s in fixed_points(network, external=network.bias).tolist()}
    found = survey(network, RNG(0), starts=300, order=order, limit=200)
    reached = {tuple(s) for s in found.points.tolist()}
    assert reached <= known
    assert len(reached) == len(found.points) > 1
    for start, state, fixed, overlap, margin in zip(
        found.starts, found.states, found.fixed, found.start_overlap, found.margin, strict=True
    ):
        assert overlap == pytest.approx(np.mean(start == state) * 2 - 1)
        h = network.coupling @ state + network.self_coupling * state + network.bias
        assert margin == pytest.approx((state * h).min())
        assert fixed == (tuple(state) in known)


def test_all_fixed_points_are_reached_from_all_states(every_state: Any) -> None:
    network = drawn(8, 0.5, seed=1)
    states = every_state(8)
    found = survey(network, RNG(0), starts=states)
    known = fixed_points(network, external=network.bias)
    assert {tuple(s) for s in found.points} == {tuple(s) for s in known}
    assert found.pair_overlap.size == found.fixed.sum() * (found.fixed.sum() - 1) // 2
    still = survey(network, RNG(0), starts=known, order="synchronous")
    np.testing.assert_array_equal(still.sweeps, 0)


def test_another_input_has_other_fixed_points() -> None:
    network = drawn(10, 0.3)
    loud = 5.0 * RNG(3).choice(np.array([-1.0, 1.0]), 10)
    found = survey(network, RNG(0), external=loud, starts=20)
    np.testing.assert_array_equal(found.points, [np.sign(loud)])


def test_neighbours_and_clusters_are_those_of_all_fixed_points() -> None:
    sizes = []
    for seed in range(4):
        network = drawn(10, 0.7, seed)
        known = fixed_points(network, external=network.bias)
        distance = (known[:, None] != known[None]).sum(axis=2)
        found = surroundings(network, known, largest=10_000)
        wanted = [[(row == d).sum() for d in (1, 2)] for row in distance]
        np.testing.assert_array_equal(found.neighbours, wanted)
        joined = distance <= 2
        for _ in known:
            joined = joined.astype(int) @ joined > 0
        np.testing.assert_array_equal(found.cluster, joined.sum(axis=1))
        assert not found.larger.any()
        sizes += found.cluster.tolist()
        few = surroundings(network, known, largest=3)
        np.testing.assert_array_equal(few.larger, found.cluster > 3)
        np.testing.assert_array_equal(few.cluster, np.minimum(found.cluster, 3))
    assert len(set(sizes)) > 2


def test_permuted_rows_hold_the_same_numbers_for_the_same_partners() -> None:
    network = random_network(Architecture(40, 2, 2, sparsity=0.7), RNG(0), centre=np.zeros(2))
    other = permuted(network, RNG(1))
    before, after = network.coupling.toarray(), other.coupling.toarray()
    np.testing.assert_array_equal(before != 0, after != 0)
    np.testing.assert_array_equal(np.sort(before), np.sort(after))
    assert (before != after).mean() > 0.2
    state = survey(network, RNG(0), starts=5).points
    h = field(other, state, np.zeros(state.shape))
    assert (sign(h) != state).any(axis=1).all()


def test_a_survey_of_no_start_is_refused() -> None:
    with pytest.raises(BadInput, match="starts is 0; allowed: 1 or more"):
        survey(drawn(5, 0.5), RNG(0), starts=0)
