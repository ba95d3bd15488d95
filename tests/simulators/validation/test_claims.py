"""Claims: which side of which bound."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinspike.mapping import SynapseGraph
from spinspike.simulators import AsynchronousEmulator, Claim, Emulator, Outcome, claims, validate


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
    assert Claim("x", "y", 0.4, 0.3, False, (0.17, 0.69), few=True).verdict == "undecided"
    assert Claim("x", "y", 0.1, 0.3, False, (0.02, 0.29), few=True).verdict == "holds"
    assert Claim("x", "y", 0.6, 0.3, False, (0.31, 0.83), few=True).verdict == "fails"
    assert Claim("x", "y", 0.2, 0.6, True, (0.06, 0.51), few=True).verdict == "fails"
    assert Claim("x", "y", 0.9, 0.6, True, (0.59, 0.98), few=True).verdict == "undecided"
    assert Claim("x", "y", 0.62, 0.6, True, (0.59, 0.65)).verdict == "holds"


@pytest.mark.parametrize("patterns", [1, 2, 3])
def test_a_handful_of_patterns_proves_no_fraction(graph: SynapseGraph, patterns: int) -> None:
    found = claims(list(validate(graph, Emulator(), patterns=patterns, runs=["cued"])))
    fractions = [c for c in found if "ends exactly" in c.statement]
    assert len(fractions) == 4
    assert "holds" not in {c.verdict for c in fractions}


@pytest.fixture(scope="module")
def perfect(graph: SynapseGraph) -> list[Outcome]:
    """Learned and cued runs passed off as flawless ones in continuous time."""
    found = validate(graph, Emulator(), patterns=120, runs=["learned", "cued"], nulls=False)
    return [flawless(o) for o in found]


def flawless(o: Outcome) -> Outcome:
    yes, signal = np.ones(len(o.points), dtype=bool), np.exp(-np.abs(o.times - o.release) / 2)
    return replace(
        o,
        simulator="brian2",
        regime="continuous",
        final=o.points.states,
        away=np.zeros_like(o.away),
        flips=np.zeros_like(o.flips),
        classes=o.reference_classes,
        supervisory=signal if o.saw_label else np.zeros_like(signal),
        occupied=yes,
        held=yes,
        left=~yes,
    )


def failing(*outcomes: Outcome) -> list[str]:
    return [c.statement for c in claims(outcomes) if c.verdict == "fails"]


def test_continuous_claims_on_learned_patterns_fail_one_by_one(perfect: list[Outcome]) -> None:
    learned = perfect[0]
    assert failing(*perfect) == []
    some = learned.final.copy()
    some[:49, 0] *= -1  # 71 of 120 patterns are exact: 59 %
    assert failing(replace(learned, final=some)) == ["learned: ends exactly in s*"]
    assert failing(replace(learned, final=some, null="permuted")) == [
        "learned, permuted: ends exactly in s*"
    ]
    some[48, 0] *= -1
    assert failing(replace(learned, final=some)) == []
    classes = learned.classes.copy()
    classes[:1] = (classes[:1] + 1) % 10  # 99.2 %
    assert failing(replace(learned, classes=classes)) == []
    classes[:2] = (classes[1] + 1) % 10  # 98.3 %
    assert failing(replace(learned, classes=classes)) == ["learned: class is that of s*"]
    away = np.zeros_like(learned.away)
    away[-1, :30] = 1  # a quarter of a unit of 100: overlap .995
    assert failing(replace(learned, away=away)) == []
    away[-1, :31] = 1
    assert failing(replace(learned, away=away)) == ["learned: overlap with s* at the end"]


def test_continuous_claims_on_cued_patterns_fail_one_by_one(perfect: list[Outcome]) -> None:
    learned, cued = perfect
    flips = np.zeros_like(cued.flips)
    flips[:12] = 1  # of 120 x 100 units: 99.9 % stay
    assert failing(learned, replace(cued, flips=flips)) == []
    flips[:13] = 1
    (statement,) = failing(learned, replace(cued, flips=flips))
    assert statement == "cued: units as at the release, 40 ms"


def test_a_bound_set_by_learned_patterns_sorts_the_test_patterns(perfect: list[Outcome]) -> None:
    """The 24 learned patterns of smallest margin are lost, and so are the test patterns.

    Of twenty successive ones two may be: the bound is the margin of the 23rd.
    """
    field, held = np.arange(120) / 100, np.arange(120) >= 24
    cued = replace(perfect[1], field=field, held=held)
    recalled = replace(cued, run="recalled")
    assert failing(recalled, cued) == []
    found = {c.statement: c for c in claims([recalled, cued])}
    share = "cued: margin of at least 0.22, the bound that learned patterns set"
    sure = "cued, such a margin: in s* all the time, 40 ms"
    assert (found[share].value, found[share].bound) == (98 / 120, 0.8)
    assert (found[sure].value, found[sure].bound) == (96 / 98, 0.9)
    worse = replace(cued, held=np.arange(120) >= 44)  # 76 of 98: at most 85 %
    assert failing(recalled, worse) == [sure]
    weaker = replace(cued, field=field - 0.03)  # 95 of 120
    assert failing(recalled, weaker) == [share]


def test_too_few_learned_patterns_set_no_bound(perfect: list[Outcome]) -> None:
    cued = perfect[1]
    for count in (19, 20):
        points = cued.points.select(slice(count))
        field, held = cued.field[:count], cued.held[:count]
        recalled = replace(cued, run="recalled", points=points, field=field, held=held)
        made = claims([recalled, cued])
        assert len([c for c in made if "such a margin" in c.statement]) == count - 19


def test_one_certified_pattern_that_moves_refutes_the_claim(graph: SynapseGraph) -> None:
    (cued,) = validate(graph, Emulator(), patterns=200, runs=["cued"], nulls=False)
    assert cued.margin[7] >= 1
    assert failing(cued) == []
    held = cued.held.copy()
    held[7] = False
    statement = "cued: certified patterns in s* all the time, 40 steps"
    assert failing(replace(cued, held=held)) == [statement]
    margin = cued.margin.copy()
    margin[7] = 0  # nothing was proved of it
    assert failing(replace(cued, held=held, margin=margin)) == []


def test_synapses_that_are_late_are_asked_for_less(graph: SynapseGraph) -> None:
    """The way differs, and a forced state has no past: what stays is that nothing proved breaks."""
    found = list(validate(graph, Emulator(), patterns=20, runs=["free", "cued"], nulls=False))
    late = [replace(o, delay=3) for o in found]
    assert [c.statement for c in claims(late)] == [
        "runs in which the supervisory signal outlives the release, or never came",
        "certified states that changed after the release",
        "free: patterns that come to a certified state",
    ]


def test_simulators_of_one_name_are_told_apart_by_their_regime(graph: SynapseGraph) -> None:
    found = [
        *validate(graph, Emulator(), patterns=2, runs=["cued"], nulls=False),
        *validate(graph, AsynchronousEmulator(), patterns=2, runs=["cued"], nulls=False),
    ]
    names = dict.fromkeys(c.simulator for c in claims(found))
    assert list(names) == ["emulator (step)", "emulator (asynchronous)"]


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
