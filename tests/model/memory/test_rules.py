"""Rules against their definitions, written out, and against theory."""

from __future__ import annotations

import numpy as np
import pytest

from spinspike.errors import BadInput
from spinspike.model.memory.rules import (
    MarginOptions,
    covariance,
    hebb,
    margin,
    pseudo_inverse,
    storkey,
)
from spinspike.model.memory.store import held, store
from spinspike.model.network.import_arrays import from_arrays


def spins(patterns: int, units: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).choice(np.array([-1, 1], np.int8), (patterns, units))


def test_hebb_is_the_sum_of_outer_products() -> None:
    s = spins(3, 7).astype(float)
    wanted = np.asarray(sum(np.outer(p, p) for p in s)) / 7
    np.fill_diagonal(wanted, 0)
    assert hebb(s).coupling == pytest.approx(wanted)


def test_storkey_is_its_definition_loop_by_loop() -> None:
    s, units = spins(4, 6).astype(float), 6
    wanted = np.zeros((units, units))
    for p in s:
        old = wanted.copy()
        for i in range(units):
            for j in range(units):
                if i == j:
                    continue
                h_ij = sum(old[i, k] * p[k] for k in range(units) if k not in (i, j))
                h_ji = sum(old[j, k] * p[k] for k in range(units) if k not in (i, j))
                wanted[i, j] += (p[i] * p[j] - p[i] * h_ji - h_ij * p[j]) / units
    assert storkey(s).coupling == pytest.approx(wanted)


def test_pseudo_inverse_gives_every_unit_one_margin() -> None:
    s = spins(30, 60)
    coupling = pseudo_inverse(s).coupling
    margins = s * (s @ coupling.T)
    whole = np.linalg.pinv(s.astype(float)) @ s  # the projection, by another way
    assert margins == pytest.approx(np.broadcast_to(1 - np.diag(whole), margins.shape))


def test_pseudo_inverse_refuses_patterns_that_span_everything() -> None:
    with pytest.raises(BadInput, match="leave unit"):
        pseudo_inverse(spins(12, 12, seed=3))


def test_covariance_is_its_definition_in_units_of_0_and_1() -> None:
    n = (np.random.default_rng(1).random((4, 30)) < 0.2).astype(float)
    f = n.mean()
    coupling = np.asarray(sum(np.outer(p - f, p - f) for p in n)) / (30 * f * (1 - f))
    np.fill_diagonal(coupling, 0)
    made = covariance((2 * n - 1).astype(np.int8))
    fields = (2 * n - 1) @ made.coupling.T + made.bias
    assert fields == pytest.approx(n @ coupling.T + f - 0.5)


def test_margin_reaches_the_margin_it_is_asked_for() -> None:
    s = spins(40, 60)  # load .67: far beyond Hebb
    made = margin(s, MarginOptions(kappa=0.5))
    assert (s * (s @ made.coupling.T) > 0.5 - 1e-6).all()
    assert not made.coupling.diagonal().any()
    assert not np.allclose(made.coupling, made.coupling.T)


def test_margin_is_the_rule_written_out() -> None:
    s = spins(5, 9).astype(float)
    wanted = np.zeros((9, 9))
    for _ in range(3):
        weak = s * (s @ wanted.T) <= 1.0
        for p in range(5):
            for i in range(9):
                if weak[p, i]:
                    wanted[i] += s[p, i] * s[p] / 9
        np.fill_diagonal(wanted, 0)
    assert margin(s.astype(np.int8), MarginOptions(epochs=3)).coupling == pytest.approx(wanted)


def test_hebb_breaks_down_where_theory_says() -> None:
    # Amit, Gutfreund, Sompolinsky: retrieval with overlap near .97 below .138, none above.
    overlap = {}
    for load in (0.08, 0.25):
        s = spins(round(load * 800), 800)
        coupling, state = hebb(s).coupling, s[:20].astype(float)
        for _ in range(50):
            state = np.where(state @ coupling.T >= 0, 1.0, -1.0)
        overlap[load] = float((state * s[:20]).mean())
    assert overlap[0.08] > 0.99
    assert overlap[0.25] < 0.7


@pytest.mark.parametrize("rule", ["pseudo-inverse", "margin"])
def test_the_better_rules_hold_half_as_many_patterns_as_units(rule: str) -> None:
    memory = store(spins(50, 100), rule)
    assert memory.provenance["held"] == 50
    assert memory.provenance["not_held"] == []
    assert store(spins(50, 100), "hebb").provenance["held"] < 5


def test_tiny_networks_hold_what_enumeration_says() -> None:
    memory = store(spins(3, 8, seed=5), "margin")
    every = np.array([[1 if k >> u & 1 else -1 for u in range(8)] for k in range(256)], np.int8)
    coupling = memory.network.coupling.toarray()
    plain = np.array([all((coupling[i] @ s >= 0) == (s[i] > 0) for i in range(8)) for s in every])
    assert np.array_equal(held(memory.network, every), plain)
    assert plain.sum() >= 3


def test_units_of_0_and_1_have_the_fields_of_the_equation_given() -> None:
    rng = np.random.default_rng(2)
    coupling, bias = rng.integers(-9, 9, (6, 6)), rng.integers(-9, 9, 6)
    network = from_arrays(coupling, bias=bias, unit_values=(0, 1))
    for k in range(64):
        n = np.array([k >> u & 1 for u in range(6)])
        s = 2 * n - 1
        field = network.coupling @ s + network.self_coupling * s + network.bias
        assert np.array_equal(field, coupling @ n + bias)  # exactly


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"rule": "hebbian"}, "allowed: hebb, storkey"),
        ({"self_coupling": -1}, "self_coupling is -1"),
        ({"rule": "hebb", "coding_level": 0.1}, "covariance alone"),
        ({"rule": "covariance", "coding_level": 1.0}, "coding level is 1"),
    ],
)
def test_bad_options_are_named(options: dict[str, object], named: str) -> None:
    with pytest.raises(BadInput) as error:
        store(spins(3, 20), **options)  # type: ignore[arg-type]
    assert named in str(error.value)
