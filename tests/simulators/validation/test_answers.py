"""The three answers: what is said of outcomes that were made to say it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinspike.mapping import SynapseGraph
from spinspike.simulators import (
    Bounds,
    Claim,
    Emulator,
    Outcome,
    answers,
    claims,
    sentence,
    validate,
)
from spinspike.simulators.validation.answers import lost, needed, reached
from spinspike.simulators.validation.claims import KEPT


@pytest.fixture(scope="module")
def found(graph: SynapseGraph) -> list[Outcome]:
    """Learned and free runs of 40 patterns, with the nulls of the learned ones."""
    return list(validate(graph, Emulator(), patterns=40, runs=["learned", "free"]))


def test_a_network_that_keeps_all_is_held(found: list[Outcome]) -> None:
    decided = claims(found)
    assert sentence(decided) == "held: no certified state is lost (emulator (step) 80 of 80)"
    first, _, _ = answers(found, decided)
    assert (first.answer, first.meaning) == (
        "no", "Kept once the label is gone: 80 of 80 on emulator (step).",
    )  # fmt: skip


def test_a_certified_state_that_is_lost_is_named(found: list[Outcome]) -> None:
    broken = np.zeros(40, dtype=np.int64)
    broken[[3, 8]] = 1
    decided = claims([replace(found[0], broken=broken), *found[1:]])
    assert (
        sentence(decided) == "fails: emulator (step) lost a certified state in learned 3, learned 8"
    )
    answer = lost(decided)
    assert answer.answer == "yes"
    assert "learned 3, learned 8. Graph, certificate or simulator is at fault" in answer.meaning
    decided = claims([replace(found[0], broken=np.ones(40, dtype=np.int64))])
    assert sentence(decided).endswith("learned 4 and 35 more")


def test_a_run_that_is_none_counts_for_nothing(found: list[Outcome]) -> None:
    decided = claims([replace(found[0], like_emulator=False)])
    assert lost(decided).answer == "the run does not count"
    assert sentence(decided) == "fails: emulator (step), 1 spikes unlike the emulator's"


def test_too_few_patterns_are_told_how_many_would_do(graph: SynapseGraph) -> None:
    few = list(validate(graph, Emulator(), patterns=5, runs=["cued"], nulls=False))
    decided = claims(few)
    assert sentence(decided) == (
        "undecided: emulator (step), certified states kept: 5 of 5, asked at least 0.9; "
        "35 patterns would decide"
    )
    assert lost(decided).answer == "undecided"
    assert "35 patterns would decide" in lost(decided).meaning
    assert [a.answer for a in answers(few, decided)[1:]] == ["not asked", "not asked"]
    none = Claim("lava", KEPT, 0.0, 0.9, True, (0.0, 1.0), 0)
    assert sentence([none]) == "undecided: lava came to no certified state"


def test_losses_in_continuous_time_are_counted_and_not_called_a_broken_proof() -> None:
    some = Claim("brian2", KEPT, 0.97, 0.9, True, (0.94, 0.99), 200)
    assert sentence([some]) == "held: certified states are kept (brian2 194 of 200)"
    assert lost([some]).answer == "few, within the bound"
    many = replace(some, value=0.5, interval=(0.43, 0.57))
    assert (lost([many]).answer, lost([replace(many, exceptions=("cued 1",))]).answer) == (
        "yes",
    ) * 2
    assert "too few margins are firm enough" in lost([many]).meaning


@pytest.mark.parametrize(("count", "end"), [(5, "cued 4"), (7, "cued 4 and 2 more")])
def test_five_losses_are_named_and_the_others_counted(count: int, end: str) -> None:
    lost_in = tuple(f"cued {k}" for k in range(count))
    broken = Claim("lava", KEPT, 0.5, 0.9, True, (0.2, 0.8), 20, exceptions=lost_in)
    assert sentence([broken]) == (
        f"fails: lava lost a certified state in cued 0, cued 1, cued 2, cued 3, {end}"
    )


def test_a_missed_bound_is_said_with_what_was_asked(found: list[Outcome]) -> None:
    final = found[0].final.copy()
    final[:30, 0] *= -1
    decided = claims([replace(found[0], final=final)], Bounds(reached=0.6))
    assert sentence(decided) == (
        "fails: emulator (step), learned: ends exactly in s*: 10 of 40, asked at least 0.6"
    )
    assert lost(decided).answer == "no"


def test_couplings_are_needed_where_nulls_hold_less(found: list[Outcome]) -> None:
    by_null = {o.null: replace(o, final=o.final.copy()) for o in found if o.run == "learned"}
    states = by_null[""].points.states
    for name, count in (("", 40), ("no couplings", 10), ("permuted", 0), ("random start", 40)):
        by_null[name].final[:] = states
        by_null[name].final[count:, 0] *= -1
    answer = needed([*by_null.values()])
    assert answer.answer == "yes"
    assert answer.details == (
        (
            "emulator (step): 100% end exactly in s* with them, 25% without or permuted, "
            "100% from random starts"
        ),
    )
    by_null["no couplings"].final[:] = states
    answer = needed([*by_null.values()])
    assert answer.answer == "not shown"
    assert "it is no failure" in answer.meaning
    other = [replace(o, simulator="lava") for o in found]
    assert needed([*by_null.values(), *other]).answer in ("not shown", "not everywhere")


def test_where_a_run_ends_is_told_by_state_and_class(found: list[Outcome]) -> None:
    """40 free runs: 20 in s*, 10 in other certified states, 5 of them of another class, 10 in none."""
    (free,) = (o for o in found if o.run == "free")
    final, certified = free.points.states.copy(), np.ones(40, dtype=bool)
    final[20:, 0] *= -1
    certified[30:] = False
    classes = free.reference_classes.copy()
    classes[25:30] = (classes[25:30] + 1) % 10
    labels = free.reference_classes  # the reference is right throughout
    points = replace(free.points, labels=labels)
    seen = replace(free, final=final, certified=certified, classes=classes, points=points)
    answer = reached([seen])
    assert answer.answer == "the reference's own in 50%"
    assert answer.details == (
        (
            "emulator (step), free: the reference's own 50.0%, another of its class 12.5%, one of "
            "another class 12.5%, none 25.0%; accuracy 0.875, the reference's 1.000 (difference "
            "-0.125, -0.261 to -0.013)"
        ),
    )
