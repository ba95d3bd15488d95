"""Counts against tables made by hand, and their mean against the closed forms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from spinspike.errors import BadInput
from spinspike.model.landscape.counting import enumeration
from spinspike.model.landscape.counting.enumeration import (
    LIMITS,
    count_fixed_points,
    fixed_points,
    mean_count,
)
from spinspike.model.landscape.theory.complexity import (
    complexity,
    expected_chain_count,
    expected_count,
)
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.import_arrays import from_arrays
from spinspike.model.network.network import Network, random_network


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
    network = random_network(architecture, np.random.default_rng(4), centre=np.zeros(1))
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
    return [random_network(architecture, rng, centre=np.zeros(1)) for _ in range(networks)]


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


@st.composite
def networks(draw_: st.DrawFn) -> tuple[Network, NDArray[np.float64]]:
    """Of one word and of many, with ties that are exact and that rounding makes.

    Multiples of .1 are no binary numbers: .1 + .2 - .3 is 0 in one order of adding up only.
    """
    modules, step = draw_(st.integers(1, 2)), draw_(st.sampled_from([0.1, 0.25, 1.0, None]))
    units = draw_(st.integers(6 // modules, 12 // modules))
    rng = np.random.default_rng(draw_(st.integers(0, 10**6)))
    architecture = Architecture(
        units=units,
        inputs=1,
        classes=2,
        modules=modules,
        link=draw_(st.sampled_from([0.0, 0.3, 1.5])),
        self_coupling=tuple(draw_(st.sampled_from([0.0, 0.5, 2.0])) for _ in range(modules)),
        between_sparsity=draw_(st.sampled_from([0.5, 1.0])),
        sparsity=draw_(st.sampled_from([0.0, 0.5])),
    )
    network = random_network(architecture, rng, centre=np.zeros(1))
    external = draw_(st.sampled_from([0.0, 1.0])) * rng.normal(size=network.units)
    if step:
        network.coupling.data[:] = step * np.round(network.coupling.data / step)
        external = step * np.round(external / step)
    return network, external


@pytest.mark.numba
@given(networks())
@settings(deadline=None, max_examples=150)
def test_a_word_of_states_at_a_time_finds_what_the_model_does(
    drawn_: tuple[Network, NDArray[np.float64]],
) -> None:
    network, external = drawn_
    plain = fixed_points(network, external=external, device="numpy")
    fast = fixed_points(network, external=external, device="cpu")
    assert fast.tolist() == plain.tolist()
    assert count_fixed_points(network, external=external, device="cpu") == len(plain)


@pytest.mark.numba
def test_states_that_rounding_decides_on_are_settled_by_the_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """.1 + .2 - .3 is above or below 0 by the order of the sum; whole numbers leave no doubt."""
    asked = []
    held = enumeration._held

    def listen(*arguments: Any) -> NDArray[np.int64]:
        asked.append(len(arguments[2]))
        return held(*arguments)

    monkeypatch.setattr(enumeration, "_held", listen)
    J = np.kron(np.eye(2), [[0, 1, 2, -3], [1, 0, 2, -3], [2, -3, 0, 1], [1, 2, -3, 0]])
    ends = np.ones((8, 1)), np.ones((8, 2)), np.ones((2, 8))
    count_fixed_points(from_arrays(J, *ends), device="cpu")
    assert sum(asked) == 0
    count_fixed_points(from_arrays(0.1 * J, *ends), device="cpu")
    assert sum(asked) > 0


@pytest.mark.numba
def test_any_number_of_threads_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """In 64 blocks of 1,024 states, more than are ever waiting."""
    monkeypatch.setattr(enumeration, "MIDDLE", 4)
    monkeypatch.setattr(enumeration, "WORDS", 2**4)
    network = drawn(
        Architecture(units=16, inputs=1, classes=2, self_coupling=1.0, sparsity=0.0), 1, seed=0
    )[0]
    monitored: list[tuple[int, int]] = []
    one = fixed_points(network, jobs=1, progress=lambda *now: monitored.append(now))
    assert monitored == [(1024 * n, 2**16) for n in range(1, 65)]
    assert one.tolist() == fixed_points(network, jobs=3).tolist()
    assert one.tolist() == fixed_points(network, device="numpy").tolist()
    assert len(one) > 100


@pytest.mark.parametrize("device", ["numpy", pytest.param("cpu", marks=pytest.mark.numba)])
def test_an_input_takes_part(device: str) -> None:
    """It outweighs a self-coupling or not; where it cancels one the state up is held, by the tie."""
    latches = from_arrays(0.5 * np.eye(6), np.ones((6, 1)), np.ones((6, 2)), np.ones((2, 6)))
    external = np.array([2.0, -2.0, -0.5, 0.5, -3.0, 4.0])
    found = fixed_points(latches, external=external, device=device)
    assert found.tolist() == [[1, -1, -1, 1, -1, 1], [1, -1, 1, 1, -1, 1]]


def test_the_mean_of_chains_is_that_of_the_formula() -> None:
    mean, error = mean_count(5, 0.4, 300, np.random.default_rng(5), modules=2, link=0.7)
    assert abs(mean - expected_chain_count(5, 0.7, 0.4)) < 3 * error
    assert abs(mean - expected_chain_count(5, 0.0, 0.4)) > 3 * error


def test_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    architecture = Architecture(units=LIMITS["numpy"] + 1, inputs=1, classes=2)
    network = random_network(architecture, np.random.default_rng(0), centre=np.zeros(1))
    with pytest.raises(BadInput, match=r"has 23 units and so 2\^23 states .* up to 22 units"):
        count_fixed_points(network, device="numpy")
    with pytest.raises(BadInput, match="networks is 1; allowed: 2 or more"):
        mean_count(4, 0.5, 1, np.random.default_rng(0))
    latches = from_arrays(np.eye(12), np.ones((12, 1)), np.ones((12, 2)), np.ones((2, 12)))
    for external in (np.zeros(11), np.full(12, np.nan)):
        with pytest.raises(BadInput, match=r"allowed: \(12,\) of finite numbers"):
            fixed_points(latches, external=external)
    with pytest.raises(BadInput, match="jobs is 0; allowed: 1 or more"):
        fixed_points(latches, jobs=0)
    monkeypatch.setattr(enumeration, "MEMORY", 12 * 2**11)
    assert count_fixed_points(latches) == 2**12
    with pytest.raises(BadInput, match="more than 2048 fixed points of 12 units"):
        fixed_points(latches)
