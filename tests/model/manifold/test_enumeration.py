"""Counts against tables made by hand, and their mean against the closed forms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from spinspike.model.architecture import Architecture
from spinspike.model.errors import BadInput
from spinspike.model.manifold.complexity import complexity, expected_chain_count, expected_count
from spinspike.model.manifold.enumeration import (
    LIMIT,
    count_fixed_points,
    fixed_points,
    mean_count,
)
from spinspike.model.network import Network, draw
from spinspike.model.own_network import from_arrays


def pair(J: list[list[float]]) -> Network:
    return from_arrays(J, np.ones((2, 1)), np.eye(2), np.eye(2))


@pytest.mark.parametrize(
    ("J", "held"),
    [
        ([[0, 1], [1, 0]], [[-1, -1], [1, 1]]),  # each copies the other
        ([[0, -1], [-1, 0]], [[1, -1], [-1, 1]]),  # each opposes the other
        ([[0, 1], [-1, 0]], []),  # the 4-cycle
        ([[0.5, 1], [-1, 0.5]], []),  # too weak a self-coupling
        ([[1.5, 1], [-1, 1.5]], [[-1, -1], [1, -1], [-1, 1], [1, 1]]),
        ([[0, 0], [0, 0]], [[1, 1]]),  # sign(0) = +1
        ([[1, 1], [0, 1]], [[-1, -1], [1, -1], [1, 1]]),  # a tie of unit 0 at (-1, 1): goes up
        ([[0, 0], [1, 0]], [[1, 1]]),  # a tie at the source decides on its target
    ],
)
def test_two_units_by_table(J: list[list[float]], held: list[list[int]]) -> None:
    network = pair(J)
    assert count_fixed_points(network) == len(held)
    assert sorted(fixed_points(network).tolist()) == sorted(held)


def test_every_state_is_looked_at(every_state: Callable[[int], NDArray[np.int8]]) -> None:
    """Links and unequal self-couplings included, in plain loops."""
    architecture = Architecture(
        units=3, inputs=1, classes=2, modules=2, link=0.4, self_coupling=(0.3, 0.7), sparsity=0.0
    )
    network = draw(architecture, np.random.default_rng(4), centre=np.zeros(1))
    J = network.coupling.toarray() + network.link.toarray() + np.diag(network.self_coupling)
    held = [
        s
        for s in every_state(6).tolist()
        if all((sum(J[i, j] * s[j] for j in range(6)) >= 0) == (s[i] > 0) for i in range(6))
    ]
    assert held
    assert sorted(fixed_points(network).tolist()) == sorted(held)
    assert count_fixed_points(network) == len(held)


def test_more_states_than_one_chunk() -> None:
    """16 latches hold all 65,536 states; without one of them half."""
    J = np.eye(16)
    ends = np.ones((16, 1)), np.ones((16, 2)), np.ones((2, 16))
    assert count_fixed_points(from_arrays(J, *ends)) == 2**16
    J[3, 3] = 0.0
    assert count_fixed_points(from_arrays(J, *ends)) == 2**15


def drawn(architecture: Architecture, networks: int, seed: int) -> list[Network]:
    rng = np.random.default_rng(seed)
    return [draw(architecture, rng, centre=np.zeros(1)) for _ in range(networks)]


def deviation(found: list[int], expected: float) -> float:
    """Of the mean from what is expected, in standard errors."""
    error = np.std(found, ddof=1) / np.sqrt(len(found))
    return float(abs(np.mean(found) - expected) / error)


@pytest.mark.parametrize("units", [8, 11])
def test_the_mean_number_is_that_of_the_formula(units: int) -> None:
    architecture = Architecture(units=units, inputs=1, classes=2, sparsity=0.0)
    networks = drawn(architecture, 400, seed=units)
    for self_coupling in (0.0, 0.3, 0.5, 1.0):
        latches = np.full(units, self_coupling)
        found = [count_fixed_points(replace(n, self_coupling=latches)) for n in networks]
        assert deviation(found, expected_count(units, self_coupling)) < 3
    assert deviation(found, np.exp(units * complexity(1.0))) > 3  # what no diagonal missed gives


def test_the_mean_number_of_two_linked_modules_is_that_of_the_formula() -> None:
    architecture = Architecture(units=5, inputs=1, classes=2, modules=2, link=1.0, sparsity=0.0)
    networks = drawn(architecture, 400, seed=1)
    for link, self_coupling in ((0.0, 0.5), (0.5, 0.0), (1.2, 0.0), (0.7, 0.4)):
        latches = np.full(10, self_coupling)
        found = [
            count_fixed_points(replace(n, link=link * n.link, self_coupling=latches))
            for n in networks
        ]
        assert deviation(found, expected_chain_count(5, link, self_coupling)) < 3


def test_the_mean_is_that_of_networks_drawn_one_after_the_other() -> None:
    architecture = Architecture(units=6, inputs=1, classes=2, self_coupling=0.4, sparsity=0.0)
    found = [count_fixed_points(network) for network in drawn(architecture, 20, seed=2)]
    mean, error = mean_count(6, 0.4, 20, np.random.default_rng(2))
    assert mean == np.mean(found)
    assert error == pytest.approx(np.std(found) / np.sqrt(19))


def test_too_many_units_are_refused() -> None:
    architecture = Architecture(units=LIMIT + 1, inputs=1, classes=2)
    network = draw(architecture, np.random.default_rng(0), centre=np.zeros(1))
    with pytest.raises(BadInput, match=r"has 23 units and so 2\^23 states .* up to 22 units"):
        count_fixed_points(network)
    with pytest.raises(BadInput, match="networks is 1; allowed: 2 or more"):
        mean_count(4, 0.5, 1, np.random.default_rng(0))
