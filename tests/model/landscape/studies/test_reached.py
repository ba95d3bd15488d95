"""Reached and typical fixed points: against closed forms, and where they cannot differ."""

from __future__ import annotations

from math import comb, sqrt

import numpy as np
import pytest

from spinspike.arrays import FloatArray
from spinspike.errors import BadInput
from spinspike.model.landscape.studies.reached import reached_and_typical
from spinspike.model.landscape.theory.pairs import expected_neighbours

pytestmark = pytest.mark.numba


def in_errors(differences: FloatArray) -> float:
    return float(differences.mean() / differences.std(ddof=1) * sqrt(len(differences)))


def test_reached_states_have_more_neighbours_which_their_margins_explain() -> None:
    found = reached_and_typical(60, 0.6, np.random.default_rng(0), [1, 2], 40, limit=50)
    typical, reached, alike = found.typical, found.reached, found.alike
    for d, counts in zip((1, 2), typical.count.T, strict=True):
        assert abs(in_errors(counts - expected_neighbours(60, d, 0.6))) < 3.5
        assert in_errors(reached.count[:, d - 1] - counts) > 4
        assert abs(in_errors(reached.count[:, d - 1] - alike.count[:, d - 1])) < 3.5
    assert in_errors(typical.weak - reached.weak) > 4
    assert alike.weak.tolist() == reached.weak.tolist()
    assert in_errors(reached.cluster - typical.cluster) > 4
    assert reached.cluster.max() == found.limit == 50
    assert 15 < found.apart.mean() < 35  # starts are independent
    assert (found.left < found.apart).mean() > 0.9
    assert (typical.farthest[typical.cluster > 1] >= 1).all()
    assert (typical.farthest[typical.cluster == 1] == 0).all()


def test_where_every_state_is_fixed_none_is_special() -> None:
    found = reached_and_typical(12, 9.0, np.random.default_rng(1), [2, 5], 3, exact=2, runs=2)
    for kind in (found.reached, found.typical, found.alike):
        assert kind.count == pytest.approx(np.tile([comb(12, 2), comb(12, 5)], (3, 1)))
        assert not kind.error.any()
        assert (kind.cluster == 1000).all()
        assert not kind.weak.any()
    assert (found.apart > 0).all()
    assert not found.left.any()


def test_where_dynamics_end_nowhere_nothing_is_reached() -> None:
    found = reached_and_typical(80, 0.05, np.random.default_rng(2), [1], 2)
    for kind in (found.reached, found.alike):
        assert np.isnan([*kind.log_count.ravel(), *kind.weak, *kind.cluster]).all()
    assert np.isfinite(found.typical.weak).all()
    assert np.isnan([found.apart, found.left]).all()


def test_no_networks_are_refused() -> None:
    with pytest.raises(BadInput, match="networks is 0; allowed: 1 or more"):
        reached_and_typical(10, 0.5, np.random.default_rng(0), [1], 0)
