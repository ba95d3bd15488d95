"""Certificates of trained states are not empty, say so where they are, and fit into summaries."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest

from spinspike.mapping.certificates import flips as flips_module
from spinspike.mapping.certificates import robustness as robustness_module
from spinspike.mapping.certificates.margins import certified, weakest_units
from spinspike.mapping.certificates.robustness import Robustness, robustness, summary, vacuous
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.graph.nulls import permuted_couplings
from spinspike.model.network.fixed_points import FixedPoints


@pytest.fixture(scope="module")
def learned(graph: SynapseGraph) -> Robustness:
    return robustness(graph, graph.fixed_points["learned"].select(slice(200)))


def test_trained_states_withstand_something(learned: Robustness) -> None:
    sure = learned.certified
    assert sure.mean() > 0.9
    assert np.median(learned.single) > 0.7
    assert np.median(learned.double) > 0.5
    assert np.median(learned.noise) > 0.01
    assert (learned.gaussian[sure] >= learned.noise[sure] / 3).all()
    assert np.median(learned.lost_single) > 0.9
    assert np.median(learned.dead) > 0.8
    assert (learned.scale_low[sure] <= 1).all()
    assert (learned.scale_high[sure] >= 1).all()
    assert learned.counted.all()


def test_margins_are_those_of_the_certificate(graph: SynapseGraph, learned: Robustness) -> None:
    points = graph.fixed_points["learned"].select(slice(200))
    margin, unit = weakest_units(graph, points)
    np.testing.assert_array_equal(learned.margin, margin)
    np.testing.assert_array_equal(learned.weakest, unit)
    np.testing.assert_array_equal(learned.certified, certified(graph, points))


def test_bounds_are_consistent_with_each_other(learned: Robustness) -> None:
    """A radius of 1 is all singles, one of 2 all pairs; a lost synapse likewise."""
    np.testing.assert_array_equal(learned.radius >= 1, learned.single == 1)
    np.testing.assert_array_equal(
        learned.radius >= 2, (learned.double == 1) & (learned.single == 1)
    )
    np.testing.assert_array_equal(learned.lost >= 1, learned.lost_single == 1)
    assert (learned.double <= learned.single**2 + 1e-9).all()  # both of a pair must be certain


def test_states_that_are_not_fixed_withstand_nothing(graph: SynapseGraph) -> None:
    """The null: with its couplings permuted the graph holds hardly any of its states."""
    null = permuted_couplings(graph, np.random.default_rng(0))
    found = robustness(null, graph.fixed_points["learned"].select(slice(50)))
    lost = ~found.certified
    assert lost.mean() > 0.5
    assert not found.flips[lost].any()
    for name in ("double", "radius", "noise", "gaussian", "lost", "lost_single", "dead"):
        assert not getattr(found, name)[lost].any(), name
    assert (found.scale_low[lost] == 1).all()
    assert (found.scale_high[lost] == 1).all()
    assert vacuous(found)[0] == f"not certain to be fixed: {lost.sum()} of 50" + (
        " (all)" if lost.all() else ""
    )


def test_pairs_added_up_are_a_lower_bound(
    graph: SynapseGraph, learned: Robustness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flips_module, "SYNAPSES_PER_BATCH", 10)
    found = robustness(graph, graph.fixed_points["learned"].select(slice(200)))
    assert not found.counted.all()
    assert (found.double <= learned.double + 1e-12).all()
    assert (found.double[~found.counted] < learned.double[~found.counted]).any()
    assert summary(found)["double_counted"] is False


def test_portions_do_not_matter(
    graph: SynapseGraph, learned: Robustness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(robustness_module, "MARGINS_PER_BATCH", 7 * graph.neurons)
    seen: list[tuple[int, int]] = []
    points = graph.fixed_points["learned"].select(slice(20))
    found = robustness(graph, points, on_progress=lambda *done: seen.append(done))
    assert seen == [(7, 20), (14, 20), (20, 20)]
    for name in ("margin", "flips", "double", "radius", "noise", "gaussian", "lost", "dead"):
        np.testing.assert_array_equal(getattr(found, name), getattr(learned, name)[:20])


def test_summary_is_over_certified_states(learned: Robustness) -> None:
    found = json.loads(json.dumps(summary(learned), allow_nan=False))
    sure = learned.certified
    assert found["fixed_points"] == 200
    assert found["certified"] == sure.sum()
    assert found["smallest_margin"] == learned.margin.min()
    assert found["bounds"]["noise"] == {
        "min": learned.noise[sure].min(),
        "median": np.median(learned.noise[sure]),
        "max": learned.noise[sure].max(),
    }
    zero = int((learned.radius[sure] == 0).sum())
    said = f"some single flip is not certain to be corrected: {zero} of {sure.sum()}"
    assert any(said in note for note in found["vacuous"])


def test_without_fixed_points_it_says_so(graph: SynapseGraph) -> None:
    found = robustness(graph, graph.fixed_points["learned"].select(slice(0)))
    assert len(found) == 0
    assert summary(found)["vacuous"] == ["there are no fixed points"]


def test_no_limit_is_none(by_drawing: Callable[..., SynapseGraph]) -> None:
    """Without synapses a bias of 1 holds its neuron whatever happens to synapses."""
    alone = by_drawing({"S": (1, "threshold")}, bias=[1])
    points = FixedPoints(np.zeros((1, 1)), np.array([0]), np.array([[1]], dtype=np.int8))
    found = robustness(alone, points)
    assert found.certified.all()
    assert np.isinf(found.noise).all()
    assert np.isinf(found.scale_high).all()
    assert summary(found)["bounds"]["noise"] == {"min": None, "median": None, "max": None}
    assert found.radius.tolist() == [1]
    assert vacuous(found) == []


@pytest.mark.parametrize(("spikes", "field", "sure"), [(1, 1, True), (1, 0, False), (-1, 1, False)])
def test_a_margin_of_0_promises_nothing(
    by_drawing: Callable[..., SynapseGraph], spikes: int, field: int, sure: bool
) -> None:
    """One neuron that spikes needs a field above 0, and a silent one a field of 0 or less."""
    weight = np.array([[2]], dtype=np.uint8)
    graph = by_drawing({"S": (1, "threshold")}, ("S>S:self+", weight), bias=[field - 1 - spikes])
    state = FixedPoints(np.zeros((1, 1)), np.array([0]), np.array([[spikes]], dtype=np.int8))
    found = robustness(graph, state)
    assert found.margin.tolist() == [int(sure)]
    assert found.certified.tolist() == [sure]
    assert certified(graph, state).tolist() == [sure]
    assert (found.noise > 0).tolist() == [sure]
    assert summary(found)["certified"] == int(sure)
