"""Recall: the fast way against the emulator, the cues, the nulls, the reference."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from spinspike.errors import BadInput
from spinspike.mapping import Rounding, SynapseGraph, map_network
from spinspike.mapping.graph.codec import bias
from spinspike.mapping.graph.nulls import without_couplings
from spinspike.model.memory.store import store
from spinspike.simulators import (
    AsynchronousEmulator,
    Emulator,
    Lava,
    Phases,
    encode_stimulus,
    recall,
)
from spinspike.simulators.retrieval.claims import PROVED, recall_answers, recall_claims
from spinspike.simulators.retrieval.cues import damaged
from spinspike.simulators.retrieval.curve import basin, levels, share_of
from spinspike.simulators.retrieval.experiment import Cues, comes_home, drawn_cues
from spinspike.simulators.retrieval.fast import unit_emulator

UNITS = 60


def graph_of(rule: str = "hebb", patterns: int = 5, **options: object) -> SynapseGraph:
    states = np.random.default_rng(7).choice([-1, 1], (patterns, UNITS))
    memory = store(states, rule)
    return map_network(memory.network, memory.fixed_points, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("encoding", ["dale", "signed"])
@pytest.mark.parametrize(("rule", "patterns"), [("hebb", 20), ("margin", 30), ("covariance", 5)])
@pytest.mark.parametrize("factor", [1, 60])
def test_the_fast_way_is_the_emulator(encoding: str, rule: str, patterns: int, factor: int) -> None:
    # Past capacity the states wander; strong weights leave residues that delay a unit.
    graph = graph_of(rule, patterns, encoding=encoding)
    if factor > 1:
        graph = replace(
            graph, projections=tuple(replace(p, exponent=p.exponent + 6) for p in graph.projections)
        )
    given = drawn_cues(graph.fixed_points["learned"], "flip", [0.1, 0.5], cues=20)
    slow = Emulator().run(
        graph, encode_stimulus(graph, given.inputs, cue=given.states), Phases(1, 0, 30)
    )
    fast = unit_emulator(graph)
    assert fast is not None
    found = fast.run(given.states, bias(graph, given.inputs[:1]), 31)
    assert np.array_equal(found.states, slow.states[-1])
    differs = (slow.states != slow.states[-1]).any(axis=2)
    since = [int(np.flatnonzero(column).max(initial=-1)) + 2 for column in differs.T]
    assert found.since.tolist() == since


def test_neurons_that_may_part_are_left_to_the_emulator() -> None:
    assert unit_emulator(graph_of(encoding="pushpull")) is None
    found = recall(graph_of(encoding="pushpull"), fractions=[0.1], nulls=False)
    assert found[0].recalled.all()


def test_cues_have_exactly_the_damage_asked_for() -> None:
    states = np.random.default_rng(0).choice(np.array([-1, 1], np.int8), (50, 40))
    fractions = np.repeat([0.0, 0.25, 1.0, 0.1, 0.5], 10)
    flipped = damaged(states, fractions, "flip", np.random.default_rng(1))
    assert np.array_equal((flipped != states).sum(axis=1), np.rint(40 * fractions))
    erased = damaged(states, fractions, "erase", np.random.default_rng(1))
    assert (erased <= states).all()
    assert (erased[fractions == 1] == -1).all()
    noisy = damaged(states, np.ones(50), "noise", np.random.default_rng(1))
    assert 0.4 < (noisy != states).mean() < 0.6


@pytest.mark.parametrize(
    "bad", [{"damage": "burn"}, {"fractions": [1.1]}, {"fractions": []}, {"cues": 0}]
)
def test_bad_cues_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(BadInput, match="allowed"):
        recall(graph_of(), **bad)  # type: ignore[arg-type]


def test_memories_come_home_and_nulls_do_not() -> None:
    graph = graph_of("pseudo-inverse")
    memory = store(np.random.default_rng(7).choice([-1, 1], (5, UNITS)), "pseudo-inverse")
    found = recall(graph, fractions=[0.0, 0.1], network=memory.network, cues=4)
    own, *nulls, reference = found
    assert own.recalled.all()
    assert reference.null == "reference"
    assert reference.recalled.all()
    assert [null.null for null in nulls] == ["no couplings", "permuted", "another memory"]
    assert not any(null.recalled.any() for null in nulls)
    claims = recall_claims(found, kept=0.9, like_reference=0.5, stored=5)
    assert [claim.verdict for claim in claims] == ["holds", "holds", "holds"]
    assert [a.answer for a in recall_answers(found, claims)][:2] == ["no", "yes"]


def test_a_lost_certified_memory_fails() -> None:
    found = recall(graph_of("pseudo-inverse"), fractions=[0.0], nulls=False)
    lost = replace(found[0], recalled=np.arange(5) != 3)
    claims = recall_claims([lost], kept=0.9, like_reference=None, stored=5)
    assert claims[0].verdict == "fails"
    assert claims[0].exceptions == ("memory 3",)


def test_intervals_are_over_memories_and_never_over_copies() -> None:
    found = recall(graph_of(), fractions=[0.1, 0.2], cues=30, nulls=False)[0]
    assert [level.memories for level in levels(found)] == [5, 5]
    assert [level.cues for level in levels(found)] == [150, 150]
    assert levels(found)[0].interval[0] < 0.6  # Wilson of 5 of 5; of 150 of 150 it is .975
    assert share_of(np.array([1, 0, 0], bool), np.array([4, 9, 9])) == (0.5, 2)


def test_a_basin_ends_where_recall_first_falls() -> None:
    found = recall(graph_of(), fractions=[0.0, 0.5, 0.1], cues=5, nulls=False)[0]
    assert basin(levels(found)) == 0.1


def test_the_integers_recall_what_the_network_does_at_few_bits() -> None:
    states = np.random.default_rng(3).choice([-1, 1], (10, 200))
    memory = store(states)
    for bits in (8, 4):
        graph = map_network(memory.network, memory.fixed_points, rounding=Rounding(bits))
        found = recall(graph, fractions=[0.2], cues=5, nulls=False, network=memory.network)
        assert found[1].recalled.all()
        assert found[0].recalled.all()


@pytest.mark.lava
def test_lava_recalls_spike_for_spike_as_the_emulator() -> None:
    found = recall(graph_of("hebb", 12), Lava(), fractions=[0.3], hold=15, nulls=False)
    assert found[0].unlike_emulator == 0
    assert np.array_equal(
        found[0].recalled,
        recall(graph_of("hebb", 12), fractions=[0.3], hold=15, nulls=False)[0].recalled,
    )


@pytest.fixture(scope="module")
def small() -> tuple[SynapseGraph, Cues]:
    """Two memories of 10 units, and every one of the 1,024 states as a cue of each."""
    patterns = np.array([[1] * 5 + [-1] * 5, [1, -1] * 5], dtype=np.int8)
    memory = store(patterns, "pseudo-inverse")
    graph = map_network(memory.network, memory.fixed_points)
    states = np.array(list(product((-1, 1), repeat=10)), dtype=np.int8)
    number = np.repeat([0, 1], len(states))
    every, targets = np.tile(states, (2, 1)), patterns[number]
    fraction = (every != targets).mean(axis=1)
    return graph, Cues("flip", fraction, number, every, targets, np.zeros((2048, 0)))


@pytest.mark.parametrize("simulator", [Emulator(), AsynchronousEmulator()])
def test_every_cue_that_is_proved_comes_home_in_whatever_order(
    small: tuple[SynapseGraph, Cues], simulator: Emulator | AsynchronousEmulator
) -> None:
    graph, given = small
    proved = comes_home(graph, graph.fixed_points["learned"], given)
    fed = encode_stimulus(graph, given.inputs, cue=given.states)
    end = simulator.run(graph, fed, Phases(1, 0, 40)).states[-1]
    home = (end == given.targets).all(axis=1)
    assert home[proved].all()
    flips = np.rint(10 * given.fraction).astype(int)
    assert proved[flips <= 1].all()
    assert proved[flips == 2].sum() > 20
    assert not proved[flips > 5].any()
    # a bound, which here leaves out nothing that comes home in one step
    once = simulator.run(graph, fed, Phases(1, 0, 1)).states[-1]
    if simulator.regime == "step":
        assert proved.sum() == (once == given.targets).all(axis=1).sum()


def test_nothing_is_proved_without_couplings_or_of_erased_units(
    small: tuple[SynapseGraph, Cues],
) -> None:
    graph, given = small
    bare = comes_home(without_couplings(graph), graph.fixed_points["learned"], given)
    assert not bare.any()
    erased = replace(given, states=np.where(np.arange(10) == 3, 0, given.states).astype(np.int8))
    assert not comes_home(graph, graph.fixed_points["learned"], erased).any()


def test_a_proved_cue_that_is_lost_fails() -> None:
    own = recall(graph_of("pseudo-inverse"), fractions=[0.0, 0.02], nulls=False)[0]
    assert own.proved.all()
    claims = recall_claims([own], kept=0.9, like_reference=None, stored=5)
    assert [(c.statement, c.verdict) for c in claims][1] == (PROVED, "holds")
    lost = replace(own, recalled=np.arange(10) != 8)
    claims = recall_claims([lost], kept=0.9, like_reference=None, stored=5)
    assert claims[1].verdict == "fails"
    assert claims[1].exceptions == ("a cue of memory 3",)
    assert recall_answers([own], claims)[2].details == (
        "proved to come home before any run: 10 of 10 cues, all of them up to 2 % damage",
    )
