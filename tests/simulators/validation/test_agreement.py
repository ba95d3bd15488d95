"""Agreement between simulators, on states changed by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinspike.mapping import SynapseGraph, integer_margins
from spinspike.simulators import Emulator, Outcome, agreements, disagreements, validate, wilson


@pytest.fixture(scope="module")
def pair(graph: SynapseGraph) -> list[Outcome]:
    """The emulator beside one that differs in two patterns of the learned run, and in a null."""
    found = list(validate(graph, Emulator(), patterns=10, runs=["free", "learned"]))
    others = [replace(o, simulator="nest", regime="asynchronous") for o in found]
    for o in others:
        object.__setattr__(o, "final", o.final.copy())
    learned = next(o for o in others if o.run == "learned")
    learned.final[2, [7, 40]] *= -1
    learned.final[9, 11] *= -1
    null = next(o for o in others if o.null == "permuted")
    null.final[:] *= -1
    return [*found, *others]


def test_pairs_are_compared_run_by_run_without_the_nulls(pair: list[Outcome]) -> None:
    found = agreements(pair)
    assert [(a.run, a.one, a.other) for a in found] == [
        ("free", "emulator (step)", "nest (asynchronous)"),
        ("learned", "emulator (step)", "nest (asynchronous)"),
    ]
    assert [a.same.sum() for a in found] == [10, 8]
    assert found[1].interval == wilson(np.arange(10) < 8)


def test_who_disagrees_on_which_pattern_and_by_how_small_a_margin(
    graph: SynapseGraph, pair: list[Outcome]
) -> None:
    found = disagreements(graph, pair)
    margins = integer_margins(graph, graph.fixed_points["learned"].select(slice(10)))
    by_unit = margins[:, graph.io.decoder]
    first, second = sorted(found, key=lambda d: d.pattern)
    assert (first.pattern, first.units) == (2, 2)
    assert first.margin == min(by_unit[2, 7], by_unit[2, 40])
    assert first.margin == by_unit[2, first.unit]
    assert (second.pattern, second.units, second.unit) == (9, 1, 11)
    assert second.margin == by_unit[9, 11]
    assert [d.margin for d in found] == sorted(d.margin for d in found)
    exact = next(o for o in pair if o.run == "learned").exact
    assert second.left == ("nest (asynchronous)" if exact[9] else first.left)


def test_a_simulator_with_fewer_patterns_is_compared_on_those(
    graph: SynapseGraph, pair: list[Outcome]
) -> None:
    (short,) = validate(graph, Emulator(), patterns=3, runs=["learned"], nulls=False)
    other = replace(short, simulator="lava")
    (found,) = agreements([next(o for o in pair if o.run == "learned" and not o.null), other])
    assert found.same.tolist() == [True] * 3


def test_several_regimes_of_one_name_are_compared_and_one_with_itself_is_not(
    pair: list[Outcome],
) -> None:
    free = pair[0]
    assert agreements([free, free]) == []
    (found,) = agreements([free, replace(free, regime="asynchronous")])
    assert found.other == "emulator (asynchronous)"
