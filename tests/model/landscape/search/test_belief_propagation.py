"""Beliefs against all fixed points one by one, closed forms, and the rate of decay of theory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.stats import norm

from spinspike.errors import BadInput
from spinspike.model.landscape.search.belief_propagation import (
    MAX_LINKED_SPINS,
    bethe_entropy,
    constraints,
    first_messages,
    propagate,
)
from spinspike.model.landscape.theory.complexity import chain_complexity, complexity
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.network import Network, random_network

States = Callable[[int], NDArray[np.int8]]


def drawn(units: int, self_coupling: float, seed: int = 0, **more: Any) -> Network:
    architecture = Architecture(
        units=units, inputs=1, classes=2, self_coupling=self_coupling, **({"sparsity": 0.0} | more)
    )
    return random_network(architecture, np.random.default_rng(seed), centre=np.zeros(1))


def held(network: Network, e: NDArray[np.float64], states: NDArray[np.int8]) -> NDArray[np.int8]:
    J = network.coupling.toarray() + network.link.toarray() + np.diag(network.self_coupling)
    return np.asarray(states[((states @ J.T + e >= 0) == (states > 0)).all(axis=1)])


@pytest.mark.parametrize("joined", [[], [(0, 1)], [(0, 1), (1, 2), (5, 6), (7, 8), (8, 9), (9, 7)]])
def test_without_couplings_links_are_treated_exactly(
    joined: list[tuple[int, int]], every_state: States
) -> None:
    """Groups of one, two and three, among them a ring, with links of unequal strength."""
    rng = np.random.default_rng(0)
    link = np.zeros((10, 10))
    for i, j in joined:
        link[i, j], link[j, i] = rng.uniform(0.2, 1.5, 2)
    network = drawn(10, 0.6)
    network = replace(network, coupling=0 * network.coupling, link=csr_array(link))
    external = 0.5 * rng.normal(size=(8, 10))
    found = bethe_entropy(network, rng, external=external)
    for p, e in enumerate(external):
        expected = held(network, e, every_state(10))
        assert found.entropy[p] == pytest.approx(np.log(len(expected)))
        assert found.mean[p] == pytest.approx(expected.mean(axis=0), abs=1e-6)


@pytest.mark.parametrize("sparsity", [0.0, 0.95])
def test_without_field_the_entropy_is_that_of_the_rows(sparsity: float) -> None:
    network = drawn(300, 0.5, sparsity=sparsity)
    found = bethe_entropy(network, np.random.default_rng(0))
    length = np.sqrt((network.coupling.toarray() ** 2).sum(axis=1))
    assert found.entropy[0] == pytest.approx(np.log(2 * norm.cdf(0.5 / length)).sum(), rel=1e-6)
    assert found.entropy[0] / 300 == pytest.approx(complexity(0.5), abs=0.03 if sparsity else 0.01)
    assert np.abs(found.mean).max() < 1e-4


def test_two_linked_modules_have_the_entropy_of_theory() -> None:
    for link in (0.5, 1.2):
        network = drawn(200, 0.0, modules=2, link=link)
        found = bethe_entropy(network, np.random.default_rng(0))
        assert found.entropy[0] / 400 == pytest.approx(chain_complexity(link), abs=0.005)


@pytest.mark.parametrize("self_coupling", [0.2, 0.5, 1.0])
def test_perturbations_decay_as_theory_says(self_coupling: float) -> None:
    """A linear iteration of m and g with independent Gaussian couplings: see `bethe_entropy`."""
    network = drawn(1000, self_coupling)
    c, rng = constraints(network), np.random.default_rng(1)
    messages, sizes = first_messages(1e-3 * rng.normal(size=(1, 1000))), []
    for _ in range(9):
        messages = propagate(c, messages, np.zeros((1, 1000)))
        sizes.append((messages.mean**2).sum())
    r = norm.pdf(self_coupling) / norm.cdf(self_coupling)
    rate = (sizes[-1] / sizes[2]) ** (1 / 6)
    assert rate == pytest.approx(self_coupling * r + r**2, rel=0.05)


def test_number_and_magnetisation_are_near_those_of_all_fixed_points(every_state: States) -> None:
    """At 12 units an approximation; couplings drawn anew are told apart from the right ones."""
    states, counts, estimates = every_state(12), [], []
    errors, others = [], []
    for seed in range(24):
        network, rng = drawn(12, 0.5, seed), np.random.default_rng(seed)
        e = rng.normal(size=12)
        found, other = (
            bethe_entropy(n, rng, external=e[None]) for n in (network, drawn(12, 0.5, seed + 100))
        )
        exact = held(network, e, states)
        if len(exact) and found.converged[0] and other.converged[0]:
            counts.append(len(exact))
            estimates.append(np.exp(found.entropy[0]))
            errors.append(np.mean((found.mean[0] - exact.mean(axis=0)) ** 2))
            others.append(np.mean((other.mean[0] - exact.mean(axis=0)) ** 2))
    assert len(counts) > 20
    assert np.sum(counts) / np.sum(estimates) == pytest.approx(1, abs=0.2)
    assert np.corrcoef(np.log(counts), np.log(estimates))[0, 1] > 0.6
    assert np.mean(errors) < 0.1
    assert np.mean(others) > 0.2


def test_messages_that_are_not_at_rest_give_no_number() -> None:
    external = np.random.default_rng(0).normal(size=(2, 30))
    found = bethe_entropy(drawn(30, 0.5), np.random.default_rng(0), external=external, limit=2)
    assert not found.converged.any()
    assert np.isnan(found.entropy).all()


def test_impossible_values_are_refused() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(BadInput, match=r"external has shape \(5,\); allowed: \(problems, 5\)"):
        bethe_entropy(drawn(5, 0.5), rng, external=np.zeros(5))
    chain = drawn(2, 0.5, modules=MAX_LINKED_SPINS + 1, link=1.0)
    with pytest.raises(BadInput, match="links join 9 spins; allowed: up to 8"):
        bethe_entropy(chain, rng)
    with pytest.raises(BadInput, match="limit is 0 iterations; allowed: 1 or more"):
        bethe_entropy(drawn(5, 0.5), rng, limit=0)
    with pytest.raises(BadInput, match="damping is 1; allowed: 0 <= damping < 1"):
        bethe_entropy(drawn(5, 0.5), rng, damping=1)


def test_damping_settles_units_that_inhibit_each_other() -> None:
    """All at once they overshoot, and come round again."""
    network = drawn(60, 0.5)
    coupling = network.coupling.copy()
    coupling.data -= 1.65 / 60
    inhibited, e = replace(network, coupling=coupling), np.full((3, 60), 0.4)
    rng = np.random.default_rng(0)
    assert not bethe_entropy(inhibited, rng, external=e, damping=0).converged.any()
    assert bethe_entropy(inhibited, rng, external=e).converged.all()
