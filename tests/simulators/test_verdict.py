"""Claims: which side of which bound."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinspike.mapping import SynapseGraph
from spinspike.simulators import Claim, Emulator, Outcome, claims, validate


@pytest.mark.parametrize(
    ("value", "bound", "at_least", "holds"),
    [
        (0.99, 0.99, True, True),
        (0.989, 0.99, True, False),
        (0.3, 0.3, False, True),
        (0.31, 0.3, False, False),
        (0.965 - 0.96, 0.005, False, True),  # a rounding error above the bound
    ],
)
def test_a_claim_holds_on_the_right_side(
    value: float, bound: float, at_least: bool, holds: bool
) -> None:
    assert Claim("x", "y", value, bound, at_least).holds is holds


def test_a_fraction_fails_when_its_whole_interval_is_wrong() -> None:
    assert Claim("x", "y", 0.4, 0.3, at_least=False, interval=(0.17, 0.69)).holds
    assert not Claim("x", "y", 0.6, 0.3, at_least=False, interval=(0.31, 0.83)).holds
    assert not Claim("x", "y", 0.2, 0.6, at_least=True, interval=(0.06, 0.51)).holds


@pytest.fixture(scope="module")
def learned(graph: SynapseGraph) -> Outcome:
    """A learned run passed off as one in continuous time."""
    (outcome,) = validate(graph, Emulator(), patterns=50, runs=["learned"], nulls=False)
    return replace(outcome, regime="continuous", simulator="brian2")


def failing(outcome: Outcome) -> list[str]:
    return [c.statement for c in claims([outcome]) if not c.holds]


def test_continuous_claims_fail_one_by_one(learned: Outcome) -> None:
    perfect = replace(
        learned,
        final=learned.points.states,
        classes=learned.reference_classes,
        overlap=np.ones_like(learned.overlap),
        supervisory=np.zeros_like(learned.supervisory),
    )
    assert failing(perfect) == []
    few = perfect.final.copy()
    few[:28, 0] *= -1  # 22 of 50 patterns are exact: at most 58 % by Wilson's interval
    assert failing(replace(perfect, final=few)) == ["learned: ends exactly in s*"]
    assert failing(replace(perfect, final=few, null="permuted")) == [
        "learned, permuted: ends exactly in s*"
    ]
    few[26:28, 0] *= -1  # 24 of 50: up to 61.5 %
    assert failing(replace(perfect, final=few)) == []
    classes = perfect.classes.copy()
    classes[:6] = (classes[:6] + 1) % 10
    assert failing(replace(perfect, classes=classes)) == ["learned: class is that of s*"]
    overlap = np.full_like(learned.overlap, 0.985)
    assert failing(replace(perfect, overlap=overlap)) == [
        "learned: mean overlap with s* at the end"
    ]
