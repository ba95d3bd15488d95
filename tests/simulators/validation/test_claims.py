"""Claims: decided by intervals alone; and the verdict they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from spinspike.errors import BadInput
from spinspike.mapping import SynapseGraph
from spinspike.simulators import (
    AsynchronousEmulator,
    Bounds,
    Claim,
    Emulator,
    Outcome,
    claims,
    not_asked,
    validate,
    verdict,
)
from spinspike.simulators.validation.claims import KEPT
from spinspike.simulators.validation.protocol import points_of

STRICT = Bounds(kept=0.9, reached=0.6, same_class=0.9, accuracy=0.05)


@pytest.mark.parametrize(
    ("value", "bound", "at_least", "found"),
    [
        (0.99, 0.99, True, "holds"),
        (0.989, 0.99, True, "fails"),
        (0.3, 0.3, False, "holds"),
        (0.31, 0.3, False, "fails"),
        (0.965 - 0.96, 0.005, False, "holds"),  # a rounding error above the bound
        (float("nan"), 0.3, False, "fails"),
    ],
)
def test_a_claim_holds_on_the_right_side(
    value: float, bound: float, at_least: bool, found: str
) -> None:
    assert Claim("x", "y", value, bound, at_least).verdict == found


@pytest.mark.parametrize(
    ("value", "bound", "at_least", "interval", "found"),
    [
        (0.4, 0.3, False, (0.17, 0.69), "undecided"),
        (0.1, 0.3, False, (0.02, 0.29), "holds"),
        (0.6, 0.3, False, (0.31, 0.83), "fails"),
        (0.2, 0.6, True, (0.06, 0.51), "fails"),
        (0.9, 0.6, True, (0.59, 0.98), "undecided"),
        (0.62, 0.6, True, (0.59, 0.65), "undecided"),  # however many patterns made it so narrow
        (0.62, 0.6, True, (0.61, 0.63), "holds"),
    ],
)
def test_the_interval_decides(
    value: float, bound: float, at_least: bool, interval: tuple[float, float], found: str
) -> None:
    assert Claim("x", "y", value, bound, at_least, interval).verdict == found


def test_a_claim_says_how_many_patterns_would_decide_it() -> None:
    """35 is the least n with n / (n + 1.96**2) >= .9, where Wilson's interval of n of n begins."""
    few = Claim("x", "y", 1.0, 0.9, True, (0.72, 1.0), 10)
    assert few.would_decide == 35
    assert replace(few, interval=(0.91, 1.0)).would_decide is None
    assert replace(few, value=0.9, interval=(0.6, 0.98)).would_decide is None  # no number would
    assert Claim("x", "y", 0.0, 0.9, True, (0.0, 1.0), 0).would_decide == 35


def test_one_exception_refutes_what_was_proved_whatever_the_interval() -> None:
    claim = Claim("x", "y", 0.999, 0.9, True, (0.99, 1.0), 1000)
    assert claim.verdict == "holds"
    assert replace(claim, exceptions=("cued 7",)).verdict == "fails"


def test_the_verdict_is_that_of_the_worst_claim() -> None:
    yes, no = Claim("x", "y", 1, 0, True), Claim("x", "y", 1, 0, False)
    maybe = Claim("x", "y", 0.5, 0.5, True, (0.4, 0.6))
    assert verdict([yes, yes]) == "holds"
    assert verdict([yes, maybe]) == "undecided"
    assert verdict([maybe, no, yes]) == "fails"


@pytest.mark.parametrize("bound", [0.0, 1.0, 1.5, -0.1])
def test_bounds_that_no_interval_could_meet_are_refused(bound: float) -> None:
    with pytest.raises(BadInput, match=f"kept is {bound:g}; allowed: above 0 and below 1"):
        Bounds(kept=bound)


@pytest.mark.parametrize("patterns", [1, 2, 11])
def test_a_handful_of_patterns_decides_nothing_and_says_so_before(
    graph: SynapseGraph, patterns: int
) -> None:
    runs = ["learned", "cued", "free"]
    found = claims(list(validate(graph, Emulator(), patterns=patterns, runs=runs)), STRICT)
    assert verdict(found) == "undecided"
    points = {run: points_of(graph, run, slice(patterns)) for run in runs}
    said = {n.statement: n for n in not_asked("emulator", "step", points, STRICT)}
    assert (said[KEPT].patterns, said[KEPT].needed) == (2 * patterns, 35)
    assert "free: accuracy lost" in said
    assert said.keys() & {c.statement for c in found} == {KEPT}


def test_the_same_pattern_many_times_is_one_pattern(graph: SynapseGraph) -> None:
    points = graph.fixed_points["free"].select(np.zeros(50, dtype=np.int64))
    many = replace(graph, fixed_points={"free": points})
    found = claims(list(validate(many, Emulator(), runs=["cued", "free"])), Bounds(reached=0.5))
    assert [c.patterns for c in found if c.patterns is not None] == [1]
    assert verdict(found) == "undecided"


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
        classes=o.reference_classes,
        supervisory=signal if o.saw_label else np.zeros_like(signal),
        margin=np.ones_like(o.margin),
        occupied=yes,
        held=yes,
        left=~yes,
    )


def not_held(outcomes: Sequence[Outcome], bounds: Bounds = STRICT) -> dict[str, str]:
    return {c.statement: c.verdict for c in claims(outcomes, bounds) if c.verdict != "holds"}


def test_in_continuous_time_the_interval_of_what_is_lost_decides(perfect: list[Outcome]) -> None:
    """Wilson's interval of 240 patterns leaves out .9 where the score test does.

    That is below 240 (.1 - 1.96 sqrt(.09 / 240)) = 14.9 lost ones, and above 33.1.
    """
    learned, cued = perfect
    assert not_held(perfect) == {}
    for gone, found in ((14, "holds"), (15, "undecided"), (33, "undecided"), (34, "fails")):
        left, held = np.arange(120) < gone // 2, np.arange(120) >= gone - gone // 2
        seen = claims([replace(learned, left=left), replace(cued, held=held)])
        assert (seen[0].statement, seen[0].verdict) == (KEPT, found), gone
    assert not_held([learned, replace(cued, held=held, null="permuted")]) == {}


def test_what_never_arrived_or_was_not_certified_cannot_be_lost(perfect: list[Outcome]) -> None:
    learned, cued = perfect
    none, all_ = np.zeros(120, dtype=bool), np.ones(120, dtype=bool)
    gone = replace(learned, occupied=none, left=all_)
    assert claims([gone, cued])[0].patterns == 120
    (kept, *_) = claims([gone, replace(cued, margin=np.zeros_like(cued.margin), held=none)])
    assert (kept.patterns, kept.verdict, kept.would_decide) == (0, "undecided", 35)


def test_bounds_on_where_runs_end_are_asked_only_if_given(perfect: list[Outcome]) -> None:
    learned, cued = perfect
    final, classes = learned.final.copy(), learned.classes.copy()
    final[:80, 0] *= -1
    classes[:30] = (classes[:30] + 1) % 10
    elsewhere = [replace(learned, final=final, classes=classes), cued]
    assert not_held(elsewhere, Bounds()) == {}
    assert not_held(elsewhere) == {
        "learned: ends exactly in s*": "fails",
        "learned: class is that of s*": "fails",
    }


def test_a_bound_set_by_learned_patterns_sorts_the_test_patterns(perfect: list[Outcome]) -> None:
    """The 24 learned patterns of smallest margin are lost, and so are the test patterns.

    Of twenty successive ones two may be: the bound is the margin of the 23rd.
    """
    field, held = np.arange(120) / 100, np.arange(120) >= 24
    cued = replace(perfect[1], field=field, held=held)
    recalled = replace(cued, run="recalled")
    found = {c.statement: c for c in claims([recalled, cued])}
    firm = found["margin 0.22 up (82%): kept"]
    assert (firm.value, firm.patterns, firm.verdict) == (96 / 98, 98, "holds")
    assert found[KEPT].patterns == 120  # those probed at their weakest count for no verdict
    few = claims([replace(recalled, points=cued.points.select(slice(19))), cued])
    assert not [c for c in few if c.statement.startswith("margin")]


@pytest.mark.parametrize("broken", [1, 4])
def test_one_certified_state_that_breaks_fails_the_verdict(
    graph: SynapseGraph, broken: int
) -> None:
    """Of 200 patterns, and of a null as well; the pattern is named."""
    found = list(validate(graph, Emulator(), patterns=200, runs=["learned"]))
    assert verdict(claims(found)) == "holds"
    for number, name in ((0, "learned"), (1, "learned, no couplings")):
        times = np.zeros(200, dtype=np.int64)
        times[7] = broken
        spoilt = [replace(o, broken=times) if k == number else o for k, o in enumerate(found)]
        (claim,) = [c for c in claims(spoilt) if c.verdict == "fails"]
        assert (claim.statement, claim.exceptions) == (KEPT, (f"{name} 7",))


def test_one_certified_pattern_that_is_not_kept_fails_the_verdict(graph: SynapseGraph) -> None:
    (cued,) = validate(graph, Emulator(), patterns=200, runs=["cued"], nulls=False)
    assert cued.margin[7] >= 1
    held = cued.held.copy()
    held[7] = False
    (claim,) = [c for c in claims([replace(cued, held=held)]) if c.verdict == "fails"]
    assert claim.exceptions == ("cued 7",)
    margin = cued.margin.copy()
    margin[7] = 0  # nothing was proved of it
    assert not_held([replace(cued, held=held, margin=margin)], Bounds()) == {}
    # a forced state has no past that late synapses would deliver
    assert not_held([replace(cued, held=held, delay=3)], Bounds()) == {}


def test_what_nulls_hold_is_no_failure(graph: SynapseGraph) -> None:
    found = list(validate(graph, Emulator(), patterns=60, runs=["learned", "cued"]))
    all_ = [replace(o, final=o.points.states) for o in found]
    assert not_held(all_, Bounds()) == {}


def test_simulators_of_one_name_are_told_apart_by_their_regime(graph: SynapseGraph) -> None:
    found = [
        *validate(graph, Emulator(), patterns=2, runs=["cued"], nulls=False),
        *validate(graph, AsynchronousEmulator(), patterns=2, runs=["cued"], nulls=False),
    ]
    names = dict.fromkeys(c.simulator for c in claims(found))
    assert list(names) == ["emulator (step)", "emulator (asynchronous)"]


@pytest.mark.parametrize(("wrong", "found"), [(0, "holds"), (1, "undecided"), (20, "fails")])
def test_accuracy_is_held_against_that_of_the_reference(
    graph: SynapseGraph, wrong: int, found: str
) -> None:
    (free,) = validate(graph, Emulator(), patterns=100, runs=["free"], nulls=False)
    classes = free.points.labels.copy()
    reference = classes.copy()
    classes[:wrong] = (classes[:wrong] + 1) % 10
    seen = claims(
        [replace(free, classes=classes, reference_classes=reference)], Bounds(accuracy=0.05)
    )
    (claim,) = [c for c in seen if "accuracy" in c.statement]
    assert claim.value == pytest.approx(wrong / 100)
    assert claim.verdict == found


def test_a_readout_that_ruins_what_the_states_hold_is_seen(graph: SynapseGraph) -> None:
    """Two accuracies: the network's own readout of its own states, and what the chip says.

    With one class favoured beyond all others the chip says the same of every image.
    """
    offset = graph.io.readout_bias.copy()
    offset[3] += 10**6
    deaf = replace(graph, io=replace(graph.io, readout_bias=offset))
    (free,) = validate(deaf, Emulator(), patterns=200, runs=["free"], nulls=False)
    assert free.exact.mean() > 0.9
    assert set(free.classes) == {3}
    scores = graph.fixed_points["free"].states[:200] @ graph.io.readout.T
    right = scores.argmax(axis=1) == free.points.labels
    (claim,) = [c for c in claims([free], Bounds(accuracy=0.05)) if c.verdict == "fails"]
    assert claim.statement == "free: accuracy lost"
    assert claim.value == pytest.approx(right.mean() - (free.points.labels == 3).mean())
