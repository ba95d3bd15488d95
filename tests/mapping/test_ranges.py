"""Bounds of the bias against brute force over corners; what does not fit is refused by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from spinspike.mapping.codec import encode
from spinspike.mapping.dale import dale
from spinspike.mapping.graph import Projection, SynapseGraph
from spinspike.mapping.ranges import bias_range, check_ranges
from spinspike.model.errors import OutOfRange
from spinspike.model.network import Network

SmallNetworks = Callable[..., Iterator[Network]]


def test_bounds_are_those_of_the_corners(small_networks: SmallNetworks) -> None:
    """A linear function is largest in a corner: all 2**D of them, off by rounding alone."""
    for network in small_networks(input_range=(-0.5, 2.0), Win=np.full((6, 3), -0.7)):
        for graph in (dale(network), opposed(dale(network))):
            corners = np.array(list(product((-0.5, 2.0), repeat=3)))
            given = encode(graph, corners)
            first, later = given + graph.first_offset, given + graph.offset
            low, high = bias_range(graph)
            lowest = np.minimum(first, later).min(axis=0)
            highest = np.maximum(first, later).max(axis=0)
            assert ((low == lowest) | (low == lowest - 1)).all()
            assert ((high == highest) | (high == highest + 1)).all()


def opposed(graph: SynapseGraph) -> SynapseGraph:
    sign = np.repeat([1, -1], graph.units)
    return replace(graph, ends=replace(graph.ends, input_sign=sign))


def test_every_image_fits_the_bias_register(graph: SynapseGraph) -> None:
    """Random ones, and for each unit the two corners that drive it hardest."""
    ends = graph.ends
    drive = (ends.input_weight * ends.gain > 0).astype(np.float64)
    images = np.concatenate([np.random.default_rng(0).random((200, 64)), drive, 1 - drive])
    given, (low, high) = encode(graph, images), bias_range(graph)
    for offset in (graph.offset, graph.first_offset):
        bias = given + offset
        assert (np.abs(bias) <= 4095).all()
        assert (bias >= low).all()
        assert (bias <= high).all()
    # and the bound is reached: none of the register is given away
    worst = np.maximum(np.abs(given + graph.offset), np.abs(given + graph.first_offset)).max(axis=0)
    assert (worst >= np.maximum(-low, high) - 1).all()


def with_first(graph: SynapseGraph, **changes: Any) -> SynapseGraph:
    first, *others = graph.projections
    return replace(graph, projections=(replace(first, **changes), *others))


def heavy(graph: SynapseGraph) -> SynapseGraph:
    """E receives 255 2**7 from five neurons: 163,200, where 126,944 fit."""
    mantissa = np.full(5, 255, dtype=np.uint8)
    indptr = np.concatenate([np.zeros(8), np.full(graph.units - 7, 5)]).astype(np.int64)
    strong = Projection("I", "E", "coupling", -1, 7, indptr, np.arange(5), mantissa)
    return replace(graph, projections=(strong,))


def light(graph: SynapseGraph) -> SynapseGraph:
    """Three of them: 97,920."""
    p = heavy(graph).projections[0]
    indptr = np.minimum(p.indptr, 3)
    few = replace(p, indptr=indptr, indices=p.indices[:3], mantissa=p.mantissa[:3])
    return replace(graph, projections=(few,))


def test_what_fits_passes(graph: SynapseGraph) -> None:
    check_ranges(graph)
    check_ranges(light(graph))


def shifted(graph: SynapseGraph, neuron: int, by: int, name: str = "offset") -> SynapseGraph:
    offset = np.ones(graph.neurons, dtype=np.int64)
    offset[neuron] = by
    return replace(graph, **{name: offset})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda g: with_first(g, exponent=8), r"E>E:coupling: exponent 8 .*allowed: 0 to 7"),
        (lambda g: with_first(g, exponent=-1), r"E>E:coupling: exponent -1 "),
        (lambda g: replace(g, weight_bits=7), r"E>E:coupling: weights 1 to 2\d\d .*: 1 to 127"),
        (
            lambda g: with_first(g, mantissa=0 * g.projections[0].mantissa),
            r"E>E:coupling: weights 0 to 1 does not fit; allowed: 1 to 255",
        ),
        (lambda g: shifted(g, 7, 9000), r"population E, neuron 7: bias \d{4,5} .*: up to 4095"),
        (lambda g: shifted(g, 103, -9000), r"population I, neuron 3: bias \d{4,5} .*up to 4095"),
        (lambda g: shifted(g, 104, 9000, "first_offset"), r"population I, neuron 4: bias \d{4,5} "),
        (heavy, r"population E, neuron 7: membrane 167295 .*allowed: up to 131039"),
    ],
)
def test_what_does_not_fit_is_refused_by_name_and_value(
    graph: SynapseGraph, change: Callable[[SynapseGraph], SynapseGraph], message: str
) -> None:
    with pytest.raises(OutOfRange, match=message):
        check_ranges(change(graph))


def test_the_supervisory_signal_counts(graph: SynapseGraph) -> None:
    """97,920 + 255 2**7 + 4,095 is beyond 131,039, one supervisory neuron at a time."""
    indptr = np.concatenate([np.zeros(8), np.full(graph.units - 7, 1)]).astype(np.int64)
    one = np.array([255], dtype=np.uint8)
    signal = Projection("supervisory_I", "E", "supervisory", -1, 7, indptr, np.array([4]), one)
    base = light(graph)
    with pytest.raises(OutOfRange, match=r"neuron 7: membrane 134655 does not fit"):
        check_ranges(replace(base, projections=(*base.projections, signal)))


def test_a_bias_beyond_all_integers_is_refused(graph: SynapseGraph) -> None:
    with pytest.raises(OutOfRange, match="bias"):
        check_ranges(replace(graph, ends=replace(graph.ends, scale=graph.ends.scale * 1e300)))


def test_a_scale_that_is_not_positive_is_refused(graph: SynapseGraph) -> None:
    with pytest.raises(OutOfRange, match="scale"):
        check_ranges(replace(graph, ends=replace(graph.ends, scale=-100 * graph.ends.scale)))


def test_more_than_eight_bits_are_refused(graph: SynapseGraph) -> None:
    with pytest.raises(OutOfRange, match="100"):
        check_ranges(replace(graph, weight_bits=100))
