"""Claims: which side of which bound."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinspike.mapping import SynapseGraph
from spinspike.simulators import Claim, Emulator, Outcome, claims, validate


@pytest.mark.parametrize(
    ("value", "bound", "at_least", "verdict"),
    [
        (0.99, 0.99, True, "holds"),
        (0.989, 0.99, True, "fails"),
        (0.3, 0.3, False, "holds"),
        (0.31, 0.3, False, "fails"),
        (0.965 - 0.96, 0.005, False, "holds"),  # a rounding error above the bound
    ],
)
def test_a_claim_holds_on_the_right_side(
    value: float, bound: float, at_least: bool, verdict: str
) -> None:
    assert Claim("x", "y", value, bound, at_least).verdict == verdict


def test_an_interval_across_the_bound_decides_nothing() -> None:
    assert Claim("x", "y", 0.4, 0.3, at_least=False, interval=(0.17, 0.69)).verdict == "undecided"
    assert Claim("x", "y", 0.1, 0.3, at_least=False, interval=(0.02, 0.29)).verdict == "holds"
    assert Claim("x", "y", 0.6, 0.3, at_least=False, interval=(0.31, 0.83)).verdict == "fails"
    assert Claim("x", "y", 0.2, 0.6, at_least=True, interval=(0.06, 0.51)).verdict == "fails"
    assert Claim("x", "y", 0.9, 0.6, at_least=True, interval=(0.59, 0.98)).verdict == "undecided"


@pytest.mark.parametrize("patterns", [1, 2, 3])
def test_a_handful_of_patterns_proves_no_fraction(graph: SynapseGraph, patterns: int) -> None:
    found = claims(list(validate(graph, Emulator(), patterns=patterns, runs=["cued"])))
    fractions = [c for c in found if "ends exactly" in c.statement]
    assert len(fractions) == 4
    assert "holds" not in {c.verdict for c in fractions}


@pytest.fixture(scope="module")
def learned(graph: SynapseGraph) -> Outcome:
    """A learned run passed off as one in continuous time."""
    (outcome,) = validate(graph, Emulator(), patterns=120, runs=["learned"], nulls=False)
    return replace(outcome, regime="continuous", simulator="brian2")


def failing(outcome: Outcome) -> list[str]:
    return [c.statement for c in claims([outcome]) if c.verdict == "fails"]


def test_continuous_claims_fail_one_by_one(learned: Outcome) -> None:
    perfect = replace(
        learned,
        final=learned.points.states,
        classes=learned.reference_classes,
        overlap=np.ones_like(learned.overlap),
        supervisory=np.exp(-np.abs(learned.times - learned.release) / 2),
    )
    assert failing(perfect) == []
    some = perfect.final.copy()
    some[:49, 0] *= -1  # 71 of 120 patterns are exact: 59 %
    assert failing(replace(perfect, final=some)) == ["learned: ends exactly in s*"]
    assert failing(replace(perfect, final=some, null="permuted")) == [
        "learned, permuted: ends exactly in s*"
    ]
    some[48, 0] *= -1
    assert failing(replace(perfect, final=some)) == []
    classes = perfect.classes.copy()
    classes[:4] = (classes[:4] + 1) % 10  # 96.7 %
    assert failing(replace(perfect, classes=classes)) == ["learned: class is that of s*"]
    overlap = np.full_like(learned.overlap, 0.985)
    assert failing(replace(perfect, overlap=overlap)) == [
        "learned: mean overlap with s* at the end"
    ]


@pytest.mark.parametrize(("wrong", "verdict"), [(0, "holds"), (1, "undecided"), (2, "fails")])
def test_one_pattern_of_a_few_does_not_decide_on_accuracy(
    graph: SynapseGraph, wrong: int, verdict: str
) -> None:
    (free,) = validate(graph, Emulator(), patterns=50, runs=["free"], nulls=False)
    classes = free.points.labels.copy()
    reference = classes.copy()
    classes[:wrong] = (classes[:wrong] + 1) % 10
    found = claims([replace(free, classes=classes, reference_classes=reference)])
    (claim,) = [c for c in found if c.statement.startswith("accuracy")]
    assert claim.verdict == verdict
