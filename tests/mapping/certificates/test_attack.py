"""Attacks find the failures there are, and never a certified one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np
import pytest

from spinspike.mapping.certificates import attack as module
from spinspike.mapping.certificates.attack import Attack, attack, attack_summary
from spinspike.mapping.certificates.robustness import Robustness, robustness
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.model.network.fixed_points import FixedPoints

ByDrawing = Callable[..., SynapseGraph]
Both = tuple[Attack, Robustness]


@pytest.fixture(scope="module")
def points(graph: SynapseGraph) -> FixedPoints:
    return graph.fixed_points["learned"].select(slice(25))


@pytest.fixture(scope="module")
def both(graph: SynapseGraph, points: FixedPoints) -> Both:
    found = attack(graph, points, np.random.default_rng(0), tries=100)
    return found, robustness(graph, points)


def test_no_certificate_of_a_trained_graph_is_broken(both: Both) -> None:
    found, certificates = both
    sure = certificates.certified
    assert not found.unsound[sure].any()
    assert (found.radius > certificates.radius)[sure].all()
    assert (found.lost > certificates.lost)[sure].all()
    assert (found.noise >= certificates.noise)[sure].all()
    assert (found.scale_low <= certificates.scale_low)[sure].all()
    assert (found.scale_high >= certificates.scale_high)[sure].all()
    assert attack_summary(found, certificates)["unsound"] == 0


def test_certificates_are_tight(both: Both) -> None:
    """The first failure lies right behind each bound; of the flips that return few are missed."""
    found, certificates = both
    sure = certificates.certified
    np.testing.assert_array_equal(found.radius[sure], certificates.radius[sure] + 1)
    np.testing.assert_array_equal(found.lost[sure], certificates.lost[sure] + 1)
    np.testing.assert_allclose(found.noise[sure], certificates.noise[sure], atol=2e-6)
    np.testing.assert_allclose(found.scale_low[sure], certificates.scale_low[sure], atol=2e-6)
    np.testing.assert_allclose(found.scale_high[sure], certificates.scale_high[sure], atol=2e-6)
    assert (found.single - found.single_certain)[sure].max() <= 0.02
    assert (found.double - found.double_certain)[sure].mean() <= 0.05
    summary = json.loads(json.dumps(attack_summary(found, certificates), allow_nan=False))
    assert all(ratio == pytest.approx(1, rel=0.01) for ratio in summary["tightness"].values())


def test_all_single_flips_are_tried_where_there_are_no_more(both: Both) -> None:
    found, certificates = both
    np.testing.assert_allclose(found.single_certain, certificates.single)
    assert (found.single_later >= found.single).all()
    assert (found.double_later >= found.double).all()


def test_a_broken_certificate_would_be_counted(both: Both) -> None:
    """Claims made 1 % too large, or larger by one, all fail."""
    found, certificates = both
    count = int(certificates.certified.sum())
    for claim in (
        {"radius": certificates.radius + 1},
        {"lost": certificates.lost + 1},
        {"noise": certificates.noise * 1.01 + 1e-5},
        {"scale_low": certificates.scale_low * 0.99 - 1e-5},
        {"scale_high": certificates.scale_high * 1.01},
    ):
        assert attack_summary(found, replace(certificates, **claim))["unsound"] == count


def test_a_latch_is_broken_by_its_flip(by_drawing: ByDrawing) -> None:
    """Field 5, weight 10: noise and scale of 1/2, one lost synapse, one flip; no larger scale."""
    weight = np.array([[10]], dtype=np.uint8)
    latch = by_drawing({"S": (1, "threshold")}, ("S>S:coupling+", weight), bias=[-5])
    up = FixedPoints(np.zeros((1, 1)), np.array([0]), np.array([[1]], dtype=np.int8))
    seen: list[tuple[int, int]] = []
    found = attack(latch, up, np.random.default_rng(0), on_progress=lambda *d: seen.append(d))
    assert seen == [(1, 1)]
    for name, value in {"single": 0, "single_later": 0, "radius": 1, "lost": 1}.items():
        assert getattr(found, name).tolist() == [value], name
    assert found.noise == pytest.approx(0.5, abs=1e-5)
    assert found.scale_low == pytest.approx(0.5, abs=1e-5)
    assert np.isinf(found.scale_high).all()
    summary = attack_summary(found, robustness(latch, up))
    assert summary["tightness"]["scale_high"] is None


def test_same_seed_same_attack(graph: SynapseGraph, points: FixedPoints) -> None:
    few = points.select(slice(3))
    one, other = (attack(graph, few, np.random.default_rng(4), tries=10) for _ in range(2))
    for field in fields(Attack):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name))


def test_a_flip_that_was_promised_and_is_not_corrected_is_counted(
    graph: SynapseGraph, points: FixedPoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate made too large, as a fault in it would: of everything it is certain."""
    few = points.select(slice(3))
    monkeypatch.setattr(
        module, "certified_sets", lambda *given: np.ones(len(given[-1]), dtype=bool)
    )
    found = attack(graph, few, np.random.default_rng(0), tries=graph.units)
    missed = graph.units * (2 - found.single - found.double)
    np.testing.assert_allclose(found.unsound, missed)
    assert (found.unsound > 0).all()
    certificates = robustness(graph, few)
    assert certificates.certified.all()
    assert attack_summary(found, certificates)["unsound"] == found.unsound.sum()
