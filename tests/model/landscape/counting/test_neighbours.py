"""Neighbours against enumeration, tables made by hand, and arithmetic on latches."""

from __future__ import annotations

from math import comb
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinspike.errors import BadInput
from spinspike.model.landscape.counting import neighbours as neighbours_module
from spinspike.model.landscape.counting.enumeration import fixed_points
from spinspike.model.landscape.counting.neighbours import finder, neighbours
from spinspike.model.landscape.counting.planted import planted
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.dynamics import field
from spinspike.model.network.import_arrays import from_arrays
from spinspike.model.network.network import Network, random_network

pytestmark = pytest.mark.numba


@pytest.fixture(params=["compiled", "plain"])
def device(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "plain":
        monkeypatch.setattr(neighbours_module, "use_numba", lambda _: False)
    return str(request.param)


def latches(J_D: list[float]) -> Network:
    units = len(J_D)
    return from_arrays(np.diag(J_D), np.ones((units, 1)), np.ones((units, 2)), np.ones((2, units)))


def as_set(states: Any) -> set[tuple[int, ...]]:
    return {tuple(state) for state in np.asarray(states).tolist()}


@pytest.mark.usefixtures("device")
def test_all_neighbours_are_found_and_no_others() -> None:
    """Around fixed points and around states that are none, with links, at every distance."""
    rng = np.random.default_rng(0)
    for modules, units, self_coupling in ((1, 10, 0.7), (2, 5, 0.3)):
        network, state = planted(units, self_coupling, rng, modules=modules, link=0.6)
        held = fixed_points(network)
        for centre in (state, rng.permutation(state)):
            distances = (held != centre).sum(axis=1)
            for d in range(1, 11):
                found = neighbours(network, centre, d)
                assert len(found) == len(as_set(found))
                assert as_set(found) == as_set(held[distances == d])


@pytest.mark.usefixtures("device")
@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_ties_and_an_external_field(seed: int) -> None:
    """Small integers meet sign(0) = +1 all the time; every state is looked at."""
    rng = np.random.default_rng(seed)
    J = rng.integers(-2, 3, size=(6, 6)).astype(np.float64)
    network = from_arrays(J, np.ones((6, 1)), np.ones((6, 2)), np.ones((2, 6)))
    external = rng.integers(-2, 3, size=6).astype(np.float64)
    states = 2 * (np.arange(64)[:, None] >> np.arange(6) & 1) - 1
    held = states[((states @ J.T + external >= 0) == (states > 0)).all(axis=1)]
    state = states[seed % 64].astype(np.int8)
    for d in range(1, 7):
        expected = held[(held != state).sum(axis=1) == d]
        assert as_set(neighbours(network, state, d, external=external)) == as_set(expected)


@pytest.mark.usefixtures("device")
def test_uncoupled_units_hold_every_state() -> None:
    state = np.ones(9, dtype=np.int8)
    for d in (1, 2, 5):
        assert len(neighbours(latches([0.5] * 9), state, d)) == comb(9, d)
    assert len(neighbours(latches([0.5] * 8 + [0.0]), state, 2)) == comb(8, 2)  # one may not flip


def test_what_is_found_in_a_large_network_is_held() -> None:
    network, state = planted(150, 0.8, np.random.default_rng(3))
    found = neighbours(network, state, 3)
    assert len(found) > 20
    assert ((found != state).sum(axis=1) == 3).all()
    fields = field(network, found, np.zeros((1, 150)))
    assert (found * fields >= 0).all()


def test_none_is_lost_where_pairs_can_be_tried_one_by_one() -> None:
    architecture = Architecture(60, 1, 2, self_coupling=0.8)
    network = random_network(architecture, np.random.default_rng(5), centre=np.zeros(1))
    state = np.ones(60, dtype=np.int8)
    external = 0.6 - field(network, state[None], np.zeros((1, 60)))[0]  # fixed, and tightly so
    i, j = np.triu_indices(60, 1)
    tried = np.ones((len(i), 60), dtype=np.int8)
    tried[np.arange(len(i)), i] = tried[np.arange(len(i)), j] = -1
    held = tried[(tried * field(network, tried, external[None]) >= 0).all(axis=1)]
    assert 10 < len(held) < len(tried)
    assert as_set(finder(network, external)(state, 2)) == as_set(held)


def test_more_than_can_be_written_down_is_refused(
    device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbours_module, "LIMIT", 1500)
    state = np.ones(21, dtype=np.int8)
    assert len(neighbours(latches([1.0] * 20), state[:20], 3)) == comb(20, 3), device
    with pytest.raises(BadInput, match=r"at distance 4; allowed: up to 1500; .*local_entropy"):
        neighbours(latches([1.0] * 21), state, 4)


def test_bad_values_are_refused() -> None:
    network, state = latches([1.0] * 4), np.ones(4, dtype=np.int8)
    with pytest.raises(BadInput, match=r"state has shape \(3,\); allowed: \(4,\)"):
        neighbours(network, state[:3], 1)
    with pytest.raises(BadInput, match=r"external has shape \(1, 4\); allowed: \(4,\)"):
        neighbours(network, state, 1, external=np.zeros((1, 4)))
    with pytest.raises(BadInput, match=r"state holds \[0\]; allowed: -1 and \+1"):
        neighbours(network, 0 * state, 1)
    for distance in (0, 5):
        with pytest.raises(BadInput, match=f"distance is {distance}; allowed: 1 to 4"):
            neighbours(network, state, distance)
