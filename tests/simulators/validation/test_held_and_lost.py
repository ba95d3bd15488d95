"""Which patterns are shown: the pick, and what happens when it goes the other way again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinspike.mapping import SynapseGraph
from spinspike.simulators import Emulator, Outcome, validate
from spinspike.simulators.validation.examples import TRIES, find_examples
from spinspike.simulators.validation.protocol import Trial, default_phases, run_block


@pytest.fixture(scope="module")
def learned(graph: SynapseGraph) -> list[Outcome]:
    found = validate(graph, Emulator(), patterns=8, runs=["learned"])
    return [replace(o, final=o.points.states) if not o.null else o for o in found]


def ending(outcome: Outcome, lost: list[int]) -> Outcome:
    """The given patterns are one unit away from s* at the end, all others in s*."""
    final = outcome.points.states.copy()
    final[lost, 0] *= -1
    return replace(outcome, final=final)


def test_the_first_held_and_the_lost_of_smallest_margin_are_run_again(
    graph: SynapseGraph, learned: list[Outcome]
) -> None:
    lost = [2, 5, 6]
    whole = replace(ending(learned[0], lost), margin=np.array([1, 2, 9, 4, 5, 3, 7, 8]))
    asked: list[tuple[Trial, slice]] = []

    def again(trial: Trial, rows: slice) -> Outcome:
        asked.append((trial, rows))
        phases = default_phases(graph, "step", hold=3)
        one = run_block(graph, Emulator(), trial, rows, phases, 0)
        return ending(one, [0] if rows.start in lost else [])

    held, gone = find_examples([whole, *learned[1:]], again)
    assert asked == [(Trial("learned"), slice(0, 1)), (Trial("learned"), slice(5, 6))]
    assert [(e.kind, e.pattern, len(e.outcome.points)) for e in (held, gone)] == [
        ("held", 0, 1),
        ("lost", 5, 1),
    ]
    assert not gone.outcome.exact[0]


def test_where_the_graph_loses_none_a_null_stands_in(learned: list[Outcome]) -> None:
    def again(trial: Trial, rows: slice) -> Outcome:
        (null,) = [o for o in learned if o.null == trial.null]
        return replace(null, final=null.final[rows], points=null.points.select(rows))

    _, lost = find_examples(learned, again)
    assert (lost.kind, lost.outcome.null) == ("lost", "no couplings")


def test_a_pick_that_goes_the_other_way_again_is_no_example(learned: list[Outcome]) -> None:
    calls: list[int] = []

    def contrary(trial: Trial, rows: slice) -> Outcome:
        calls.append(rows.start)
        one = replace(learned[0], points=learned[0].points.select(rows))
        one = replace(one, final=one.points.states)
        return ending(one, [0] if learned[0].exact[rows.start] else [])

    assert find_examples(learned[:1], contrary) == []
    assert calls == list(range(TRIES))
