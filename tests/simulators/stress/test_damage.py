"""Damaged graphs against tables of weights added up synapse by synapse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spinspike.mapping import SynapseGraph
from spinspike.simulators.stress.damage import (
    disconnected,
    mismatched,
    weak_signal,
    without_synapses,
)

many = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def entries(graph: SynapseGraph) -> dict[tuple[str, int, int], int]:
    """Mantissa of every synapse by projection, target and source."""
    found = {}
    for p in graph.projections:
        for row in range(len(p.indptr) - 1):
            for k in range(int(p.indptr[row]), int(p.indptr[row + 1])):
                found[p.name, row, int(p.indices[k])] = int(p.mantissa[k])
    return found


def test_relative_errors_have_the_deviation_asked_for(graph: SynapseGraph) -> None:
    before, after = entries(graph), entries(mismatched(graph, 0.05, np.random.default_rng(0)))
    strong = [key for key, m in before.items() if 60 <= m <= 200]  # rounded finely, never cut
    errors = np.array([after[key] / before[key] - 1 for key in strong])
    assert len(strong) > 300
    assert abs(errors.mean()) < 4 * 0.05 / len(strong) ** 0.5
    assert errors.std() == pytest.approx(0.05, rel=4 / (2 * len(strong)) ** 0.5)


@many
@given(st.floats(0, 3), st.integers(0, 9))
def test_mismatch_makes_no_synapse_and_turns_no_sign(
    graph: SynapseGraph, deviation: float, seed: int
) -> None:
    damaged = mismatched(graph, deviation, np.random.default_rng(seed))
    before, after = entries(graph), entries(damaged)
    assert set(after) <= set(before)
    assert set(after.values()) <= set(range(1, 256))
    assert [(p.name, p.sign, p.exponent) for p in damaged.projections] == [
        (p.name, p.sign, p.exponent) for p in graph.projections
    ]
    if not deviation:
        assert after == before


def test_twins_are_hit_apart(graph: SynapseGraph) -> None:
    after = entries(mismatched(graph, 0.1, np.random.default_rng(0)))
    one, other = ("E>E:coupling+", "E>I:coupling+")
    before = entries(graph)
    shared = [key[1:] for key in before if key[0] == one]
    assert all(before.get((one, *key)) == before.get((other, *key)) for key in shared)
    assert any(after.get((one, *key)) != after.get((other, *key)) for key in shared)


@many
@given(st.floats(0, 1), st.floats(0, 1), st.integers(0, 9))
def test_lost_synapses_are_counted_and_lost_for_good(
    graph: SynapseGraph, one: float, other: float, seed: int
) -> None:
    few, many = (
        entries(without_synapses(graph, fraction, np.random.default_rng(seed)))
        for fraction in sorted((one, other))
    )
    before = entries(graph)
    assert len(before) - len(few) == round(min(one, other) * len(before))
    assert many.items() <= few.items() <= before.items()


def test_a_weak_signal_is_scaled_and_nothing_else(graph: SynapseGraph) -> None:
    before, after = entries(graph), entries(weak_signal(graph, 0.75))
    for key, mantissa in before.items():
        expected = round(mantissa * 0.25) if ":supervisory" in key[0] else mantissa
        assert after.get(key, 0) == expected
    assert not any(":supervisory" in key[0] for key in entries(weak_signal(graph, 1.0)))


def test_dead_neurons_are_cut_off_and_no_others(
    graph: SynapseGraph, by_hand: Callable[[SynapseGraph], Any]
) -> None:
    dead = np.zeros(graph.neurons, dtype=np.bool_)
    dead[[0, 7, graph.neurons - 1]] = True
    before, after = by_hand(graph), by_hand(disconnected(graph, dead))
    assert before.weight[:, dead].any()
    assert before.weight[dead].any()
    expected = before.weight.copy()
    expected[dead], expected[:, dead] = 0, 0
    np.testing.assert_array_equal(after.weight, expected)
    np.testing.assert_array_equal(after.signal, np.where(dead[:, None], 0, before.signal))
    np.testing.assert_array_equal(after.readout, np.where(dead, 0, before.readout))
