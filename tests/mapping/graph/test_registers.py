"""Bounds of the bias against brute force over corners; what does not fit is refused by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from spinspike.errors import OutOfRange
from spinspike.mapping.graph.codec import input_bias
from spinspike.mapping.graph.encoding import ENCODINGS
from spinspike.mapping.graph.graph import Population, Projection, SynapseGraph
from spinspike.mapping.graph.registers import bias_range, check_ranges, synaptic_reach
from spinspike.mapping.mapper import map_network
from spinspike.mapping.quantisation.rounding import Rounding
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.network import Network, random_network

SmallNetworks = Callable[..., Iterator[Network]]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_bounds_are_those_of_the_corners(encoding: str, small_networks: SmallNetworks) -> None:
    """A linear function is largest in a corner: all 2**D of them, off by rounding alone.

    They end at the register where all synapses together cannot outweigh it.
    """
    saturated = 0
    for network in small_networks(input_range=(-0.5, 2.0), Win=np.full((6, 3), -9.0)):
        graph = map_network(network, encoding=encoding)
        corners = np.array(list(product((-0.5, 2.0), repeat=3)))
        given = input_bias(graph, corners)
        both = np.concatenate([given + graph.initial_bias, given + graph.bias])
        lowest, highest = both.min(axis=0), both.max(axis=0)
        outweighed = np.maximum(*synaptic_reach(graph)) >= 4095
        assert ((np.abs(both) <= 4095) | ~outweighed).all()
        saturated += int((np.abs(both) > 4095).sum())
        low, high = bias_range(graph)
        for bound, exact, step in ((low, lowest, -1), (high, highest, 1)):
            nearest = np.where(outweighed, exact, np.clip(exact, -4095, 4095))
            assert ((bound == nearest) | (bound == nearest + step)).all()
    assert saturated > 0


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_reach_is_the_sum_of_synapses_of_one_sign(
    encoding: str, small_networks: SmallNetworks, by_hand: Callable[[SynapseGraph], Any]
) -> None:
    """Graded input at its highest level, of the supervisory neurons the strongest."""
    for network in small_networks():
        graph = map_network(network, encoding=encoding, rounding=Rounding(input="graded"))
        # of a pair of neurons one synapse only: no two signs add up in one entry
        table, levels = by_hand(graph), graph.io.levels
        for found, sign in zip(synaptic_reach(graph), (1, -1), strict=True):
            parts = (np.maximum(sign * m, 0) for m in (table.weight, table.input, table.signal))
            weight, incoming, signal = parts
            expected = weight.sum(axis=1) + levels * incoming.sum(axis=1) + signal.max(axis=1)
            np.testing.assert_array_equal(found, expected)


@pytest.fixture(scope="session")
def full() -> SynapseGraph:
    """200 units with so many couplings that no bias may saturate."""
    shape = Architecture(units=200, inputs=64, classes=10, sparsity=0.0, input_scale=0.5)
    return map_network(random_network(shape, np.random.default_rng(0), centre=np.full(64, 0.3)))


def test_every_image_fits_the_bias_register(full: SynapseGraph) -> None:
    """Random ones, and for each unit the two corners that drive it hardest."""
    ends = full.io
    drive = (ends.input_weight.toarray() * ends.gain > 0).astype(np.float64)
    images = np.concatenate([np.random.default_rng(0).random((200, 64)), drive, 1 - drive])
    given, (low, high) = input_bias(full, images), bias_range(full)
    assert (np.maximum(*synaptic_reach(full)) >= 4095).all()
    for offset in (full.bias, full.initial_bias):
        bias = given + offset
        assert (np.abs(bias) <= 4095).all()
        assert (bias >= low).all()
        assert (bias <= high).all()
    # and the bound is reached: none of the register is given away
    worst = np.maximum(np.abs(given + full.bias), np.abs(given + full.initial_bias)).max(axis=0)
    assert (worst >= np.maximum(-low, high) - 1).all()


def with_first(graph: SynapseGraph, **changes: Any) -> SynapseGraph:
    first, *others = graph.projections
    return replace(graph, projections=(replace(first, **changes), *others))


def heavy(graph: SynapseGraph, synapses: int = 5) -> SynapseGraph:
    """E receives 255 2**7 from five neurons: 163,200, where 126,944 fit."""
    mantissa, indices = np.full(synapses, 255, dtype=np.uint8), np.arange(synapses)
    indptr = np.where(np.arange(graph.units + 1) <= 7, 0, synapses)
    strong = Projection("I", "E", "coupling", -1, 7, indptr, indices.astype(np.int32), mantissa)
    return replace(graph, projections=(strong,))


def light(graph: SynapseGraph) -> SynapseGraph:
    """Three of them: 97,920."""
    return heavy(graph, 3)


def test_what_fits_passes(full: SynapseGraph, graph: SynapseGraph) -> None:
    for one in (full, graph, light(full)):
        check_ranges(one)


def shifted(graph: SynapseGraph, neuron: int, by: int, name: str = "bias") -> SynapseGraph:
    offset = np.ones(graph.neurons, dtype=np.int64)
    offset[neuron] = by
    return replace(graph, **{name: offset})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda g: with_first(g, exponent=8), r"E>E:coupling\+: exponent 8 .*allowed: 0 to 7"),
        (lambda g: with_first(g, exponent=-1), r"E>E:coupling\+: exponent -1 "),
        (lambda g: replace(g, weight_bits=7), r"E>E:coupling\+: weights 1 to 2\d\d .*: 1 to 127"),
        (
            lambda g: with_first(g, mantissa=0 * g.projections[0].mantissa),
            r"E>E:coupling\+: weights 0 to 1 does not fit; allowed: 1 to 255",
        ),
        (lambda g: shifted(g, 7, 9000), r"population E, neuron 7: bias \d{4,5} .*: up to 4095"),
        (lambda g: shifted(g, 203, -9000), r"population I, neuron 3: bias \d{4,5} .*up to 4095"),
        (lambda g: shifted(g, 204, 9000, "initial_bias"), r"population I, neuron 4: bias \d{4,5} "),
        (heavy, r"population E, neuron 7: membrane 167295 .*allowed: up to 131039"),
        (
            lambda g: replace(g, io=replace(g.io, readout_bias=np.full(10, -5000))),
            r"population readout, neuron 0: bias 5000 does not fit; allowed: up to 4095",
        ),
    ],
)
def test_what_does_not_fit_is_refused_by_name_and_value(
    full: SynapseGraph, change: Callable[[SynapseGraph], SynapseGraph], message: str
) -> None:
    with pytest.raises(OutOfRange, match=message):
        check_ranges(change(full))


def outside(graph: SynapseGraph, source: str, target: str, role: Any, synapses: int) -> Projection:
    """255 2**7 into neuron 7 from so many neurons of a population."""
    rows = graph.sizes[target]
    indptr = np.where(np.arange(rows + 1) <= 7, 0, synapses)
    indices = np.arange(synapses, dtype=np.int32)
    return Projection(source, target, role, -1, 7, indptr, indices, np.full(synapses, 255, "u1"))


@pytest.mark.parametrize(("synapses", "membrane"), [(1, 134655), (4, 134655)])
def test_the_supervisory_signal_counts(full: SynapseGraph, synapses: int, membrane: int) -> None:
    """97,920 + 255 2**7 + 4,095 is beyond 131,039, one supervisory neuron at a time."""
    base = light(full)
    signal = outside(base, "supervisory_I", "E", "supervisory", synapses)
    with pytest.raises(OutOfRange, match=rf"neuron 7: membrane {membrane} does not fit"):
        check_ranges(replace(base, projections=(*base.projections, signal)))


def test_input_spikes_count_at_their_highest_level(full: SynapseGraph) -> None:
    """One input of 255 2**7 sends up to 4: 130,560 + 4,095 is beyond 131,039, 97,920 is not."""
    population = Population("input_I", 65, "input")
    strong = outside(replace(full, populations=(population, *full.populations)), *INPUT, 1)
    for levels, fits in ((3, True), (4, False)):
        graph = replace(
            full,
            populations=(*full.populations, population),
            projections=(strong,),
            io=replace(full.io, levels=levels),
        )
        if fits:
            check_ranges(graph)
        else:
            with pytest.raises(OutOfRange, match="neuron 7: membrane 134655 does not fit"):
                check_ranges(graph)


INPUT = ("input_I", "E", "input")


def test_the_membrane_of_the_readout_counts(full: SynapseGraph) -> None:
    strong = outside(full, "I", "readout", "readout", 5)
    with pytest.raises(
        OutOfRange, match=r"population readout, neuron 7: membrane 16\d{4} does not"
    ):
        check_ranges(replace(full, projections=(strong,)))


def test_a_bias_beyond_all_integers_is_refused(full: SynapseGraph) -> None:
    with pytest.raises(OutOfRange, match="bias"):
        check_ranges(replace(full, io=replace(full.io, scale=full.io.scale * 1e300)))


def test_a_scale_that_is_not_positive_is_refused(graph: SynapseGraph) -> None:
    with pytest.raises(OutOfRange, match="scale"):
        check_ranges(replace(graph, io=replace(graph.io, scale=-100 * graph.io.scale)))


def test_more_than_eight_bits_are_refused(graph: SynapseGraph) -> None:
    with pytest.raises(OutOfRange, match="100"):
        check_ranges(replace(graph, weight_bits=100))
