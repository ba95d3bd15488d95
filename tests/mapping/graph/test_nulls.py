"""Null graphs keep what they should and lose what they should."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import permutations, product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array

from spinspike.mapping.certificates.margins import certified
from spinspike.mapping.graph.codec import input_bias, input_levels
from spinspike.mapping.graph.encoding import ENCODINGS
from spinspike.mapping.graph.graph import Projection, SynapseGraph
from spinspike.mapping.graph.integer_matrix import IntegerMatrix
from spinspike.mapping.graph.nulls import permuted_couplings, without_couplings
from spinspike.mapping.mapper import map_network
from spinspike.mapping.quantisation.quantise import quantise
from spinspike.mapping.quantisation.rounding import InputMode, Rounding
from spinspike.model.network.import_arrays import from_arrays
from spinspike.model.network.network import Network
from spinspike.model.network.network_file import NetworkFile

Networks = Callable[[int], Iterator[Network]]
States = Callable[[int], NDArray[np.int8]]
ByHand = Callable[[SynapseGraph], Any]

every_encoding = pytest.mark.parametrize("encoding", ENCODINGS)
one_or_two_modules = pytest.mark.parametrize("modules", [1, 2])


def fields(
    graph: SynapseGraph, table: Any, states: NDArray[np.int8], image: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Field of all neurons in each state under an image, from the weights added up by hand."""
    spikes = states[:, graph.io.unit] * graph.io.input_sign > 0
    given = input_bias(graph, image[None])
    if graph.io.levels:
        given = given + input_levels(graph, image[None]) @ table.input.T
    return np.asarray(spikes @ table.weight.T + given + graph.bias)


def of_neurons(graph: SynapseGraph, x: NDArray[np.int64]) -> NDArray[np.int64]:
    """Fields of neurons from those of units."""
    x = x[:, graph.io.unit]
    return np.where(graph.io.input_sign > 0, x, 1 - x)


def with_couplings(model: Any, weight: NDArray[np.int64]) -> Any:
    """The reference with other couplings, in whole weight units."""
    matrix = IntegerMatrix(csr_array(weight), 0)
    return replace(model, integers=replace(model.integers, coupling=matrix))


@pytest.mark.parametrize("autapses", [True, False])
@pytest.mark.parametrize("mode", ["bias", "graded"])
@one_or_two_modules
@every_encoding
def test_without_couplings_each_unit_is_a_latch_with_its_input_and_links(
    encoding: str,
    modules: int,
    mode: InputMode,
    autapses: bool,
    modular: Networks,
    every_state: States,
    by_hand: ByHand,
    reference: Callable[..., Any],
) -> None:
    """All states of s_i <- sign(d_i s_i + sum_j link_ij s_j + 2 u_i), in integers."""
    rounding, states = Rounding(input=mode), every_state(6)
    for network in modular(modules):
        graph = map_network(network, encoding=encoding, rounding=rounding, autapses=autapses)
        null = without_couplings(graph)
        assert [p for p in graph.projections if p.role != "coupling"] == list(null.projections)
        integers = quantise(network, rounding, encoding=ENCODINGS[encoding])
        latch = with_couplings(reference(integers, network), np.zeros((6, 6), dtype=np.int64))
        table = by_hand(null)
        for image in np.random.default_rng(0).random((3, 3)):
            expected = latch.field(states, latch.given(image[None]))
            np.testing.assert_array_equal(
                fields(null, table, states, image), of_neurons(null, expected)
            )


@every_encoding
def test_a_latch_alone_keeps_every_state(
    encoding: str, every_state: States, by_hand: ByHand
) -> None:
    """Self-couplings that outweigh the input keep all 64 states; without, the input leaves one."""
    network = from_arrays(
        J=np.where(np.eye(6), 1.0, -0.5),
        Win=np.tile([[0.4], [-0.4]], (3, 1)),
        Wback=np.zeros((6, 2)),
        Wout=np.zeros((2, 6)),
    )
    states = every_state(6)
    for strength, kept in ((1.0, 64), (0.0, 1)):
        latched = replace(network, self_coupling=np.full(6, strength))
        null = without_couplings(map_network(latched, encoding=encoding))
        spikes = states[:, null.io.unit] * null.io.input_sign > 0
        x = fields(null, by_hand(null), states, np.ones(1))
        assert int(((x > 0) == spikes).all(axis=1).sum()) == kept


@one_or_two_modules
@every_encoding
def test_permuted_couplings_are_those_of_some_cycle_through_each_module(
    encoding: str,
    modules: int,
    modular: Networks,
    every_state: States,
    by_hand: ByHand,
    reference: Callable[..., Any],
) -> None:
    """Fields of all states: coupling (i, j) comes from the next unit after j in its module.

    Where that would be i itself, it comes from the one after. All cycles are tried: one fits.
    """
    states, rng = every_state(6), np.random.default_rng(0)
    for network in modular(modules):
        graph = map_network(network, encoding=encoding)
        model = reference(quantise(network, encoding=ENCODINGS[encoding]), network)
        null = permuted_couplings(graph, rng)
        n, image = model.integers.coupling, np.full(3, 0.5)
        weight = n.mantissa.toarray().astype(np.int64) << n.exponent
        found = fields(null, by_hand(null), states, image)
        fitting = 0
        for cycle in cycles(network.modules):
            other = with_couplings(model, rewired(weight, cycle))
            expected = of_neurons(null, other.field(states, other.given(image[None])))
            fitting += np.array_equal(found, expected)
        assert fitting == 1


def cycles(modules: tuple[int, ...]) -> Iterator[list[int]]:
    """Successor of each unit, for every cyclic order of the units of each module."""
    start, orders = 0, []
    for size in modules:
        rest = range(start + 1, start + size)
        orders.append([(start, *order) for order in permutations(rest)])
        start += size
    for chosen in product(*orders):
        after = [0] * start
        for order in chosen:
            for unit, successor in zip(order, (*order[1:], order[0]), strict=True):
                after[unit] = successor
        yield after


def rewired(weight: NDArray[np.int64], after: list[int]) -> NDArray[np.int64]:
    found = np.zeros_like(weight)
    for i, j in zip(*np.nonzero(weight), strict=True):
        source = after[j] if after[j] != i else after[i]
        assert found[i, source] == 0
        found[i, source] = weight[i, j]
    return found


def rows(projection: Projection) -> list[list[tuple[int, int]]]:
    """(weight, source) of every synapse, by target neuron."""
    return [
        [(int(projection.mantissa[k]), int(projection.indices[k])) for k in range(start, stop)]
        for start, stop in zip(projection.indptr, projection.indptr[1:], strict=False)
    ]


@every_encoding
def test_permuting_keeps_weights_and_changes_every_partner(
    encoding: str, trained: NetworkFile
) -> None:
    graph = map_network(trained.network, encoding=encoding)
    null = permuted_couplings(graph, np.random.default_rng(0))
    np.testing.assert_array_equal(null.bias, graph.bias)
    for old, new in zip(graph.projections, null.projections, strict=True):
        if old.role != "coupling":
            assert new is old
            continue
        for target, (before, after) in enumerate(zip(rows(old), rows(new), strict=True)):
            assert [w for w, _ in before] == [w for w, _ in after]
            sources = [source for _, source in after]
            assert len(set(sources)) == len(sources)
            assert target not in sources
            assert all(a != b for (_, a), (_, b) in zip(before, after, strict=True))


def test_ends_and_first_step_stay(graph: SynapseGraph) -> None:
    for null in (without_couplings(graph), permuted_couplings(graph, np.random.default_rng(0))):
        assert null.io is graph.io
        np.testing.assert_array_equal(null.initial_bias, graph.initial_bias)


def test_the_generator_decides_the_permutation(graph: SynapseGraph) -> None:
    first, same, other = (
        permuted_couplings(graph, np.random.default_rng(seed)).projections[0].indices
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, same)
    assert (first != other).any()


@every_encoding
def test_learned_states_are_lost(encoding: str, trained: NetworkFile) -> None:
    graph = map_network(trained.network, trained.fixed_points, encoding=encoding)
    points = graph.fixed_points["learned"]
    assert certified(graph, points).mean() > 0.98
    assert certified(without_couplings(graph), points).mean() < 0.5
    for seed in range(3):
        permuted = permuted_couplings(graph, np.random.default_rng(seed))
        assert certified(permuted, points).mean() < 0.15


def test_the_graph_itself_is_not_changed(graph: SynapseGraph) -> None:
    before = [p.indices.copy() for p in graph.projections]
    offset = graph.bias.copy()
    permuted_couplings(graph, np.random.default_rng(0))
    without_couplings(graph)
    np.testing.assert_array_equal(graph.bias, offset)
    for p, indices in zip(graph.projections, before, strict=True):
        np.testing.assert_array_equal(p.indices, indices)
