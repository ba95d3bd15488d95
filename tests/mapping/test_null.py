"""Null graphs keep what they should and lose what they should."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spinspike.mapping.certificate import certified
from spinspike.mapping.codec import encode
from spinspike.mapping.dale import dale
from spinspike.mapping.graph import Projection, SynapseGraph
from spinspike.mapping.null import permuted_couplings, without_couplings
from spinspike.mapping.quantise import quantise
from spinspike.model.network import Network

SmallNetworks = Callable[..., Iterator[Network]]


def rows(projection: Projection) -> list[list[tuple[int, int]]]:
    """(weight, source) of every synapse, by target neuron."""
    return [
        [(int(projection.mantissa[k]), int(projection.indices[k])) for k in range(start, stop)]
        for start, stop in zip(projection.indptr, projection.indptr[1:], strict=False)
    ]


def test_without_couplings_each_unit_is_a_latch_with_its_input(
    small_networks: SmallNetworks,
    every_state: Callable[[int], NDArray[np.int8]],
    by_hand: Callable[[SynapseGraph], Any],
) -> None:
    """All states: s_i <- sign(d_i s_i + 2 u_i), ties included, in the integers of the mapping."""
    for network in small_networks():
        graph = without_couplings(dale(network))
        diagonal, table = quantise(network).self_coupling, by_hand(graph)
        assert {p.role for p in graph.projections} <= {"self", "supervisory"}
        images = np.random.default_rng(0).random((3, 3))
        for given in (*encode(graph, images), np.zeros(12, dtype=np.int64)):
            for s in every_state(6).astype(np.int64):
                n = np.tile(s > 0, 2).astype(np.int64)
                x = table.weight @ n + given + graph.offset
                expected = np.tile(diagonal * s + 2 * given[:6] >= 0, 2)
                np.testing.assert_array_equal(x > 0, expected)


def test_ends_and_first_step_stay(graph: SynapseGraph) -> None:
    for null in (without_couplings(graph), permuted_couplings(graph, np.random.default_rng(0))):
        assert null.ends is graph.ends
        np.testing.assert_array_equal(null.first_offset, graph.first_offset)
        for role in ("self", "supervisory"):
            kept = [p for p in null.projections if p.role == role]
            assert kept == [p for p in graph.projections if p.role == role]


def test_permuting_keeps_weights_and_changes_every_partner(graph: SynapseGraph) -> None:
    """One cycle through all units, the same for every projection, bias untouched."""
    null = permuted_couplings(graph, np.random.default_rng(0))
    np.testing.assert_array_equal(null.offset, graph.offset)
    partner: dict[int, Counter[int]] = {unit: Counter() for unit in range(graph.units)}
    for old, new in zip(graph.projections, null.projections, strict=True):
        if old.role != "coupling":
            continue
        for target, (before, after) in enumerate(zip(rows(old), rows(new), strict=True)):
            assert sorted(w for w, _ in before) == sorted(w for w, _ in after)
            assert target not in {source for _, source in after}
            for (_, one), (_, other) in zip(before, after, strict=True):
                partner[one][other] += 1
    # the cycle, but where it would lead to the target itself
    cycle = {unit: found.most_common(1)[0][0] for unit, found in partner.items()}
    assert all(found.most_common(1)[0][1] > 0.8 * found.total() for found in partner.values())
    seen = [0]
    while cycle[seen[-1]] != 0:
        seen.append(cycle[seen[-1]])
    assert sorted(seen) == list(range(graph.units))


def test_the_generator_decides_the_permutation(graph: SynapseGraph) -> None:
    first, same, other = (
        permuted_couplings(graph, np.random.default_rng(seed)).projections[0].indices
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, same)
    assert (first != other).any()


@pytest.mark.parametrize("seed", range(3))
def test_learned_states_are_lost(graph: SynapseGraph, seed: int) -> None:
    points = graph.fixed_points["learned"]
    assert certified(graph, points).mean() > 0.98
    assert certified(without_couplings(graph), points).mean() < 0.5
    permuted = permuted_couplings(graph, np.random.default_rng(seed))
    assert certified(permuted, points).mean() < 0.15


def test_the_graph_itself_is_not_changed(graph: SynapseGraph) -> None:
    before = [p.indices.copy() for p in graph.projections]
    offset = graph.offset.copy()
    permuted_couplings(graph, np.random.default_rng(0))
    without_couplings(graph)
    np.testing.assert_array_equal(graph.offset, offset)
    for p, indices in zip(graph.projections, before, strict=True):
        np.testing.assert_array_equal(p.indices, indices)


def test_no_unit_couples_to_itself_after_permuting(graph: SynapseGraph) -> None:
    null = permuted_couplings(graph, np.random.default_rng(0))
    for p in null.projections:
        if p.role == "coupling":
            assert all(i != j for i, row in enumerate(rows(p)) for _, j in row)
