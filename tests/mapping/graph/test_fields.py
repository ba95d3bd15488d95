"""Fields and summed matrices against sums synapse by synapse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from spinspike.mapping.graph.encoding import ENCODINGS
from spinspike.mapping.graph.fields import (
    field_from,
    field_of,
    input_field,
    supervisory_field,
    supervisory_matrix,
    weight_matrix,
)
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.mapper import map_network
from spinspike.mapping.quantisation.rounding import Rounding
from spinspike.model.network.network import Network


@pytest.mark.parametrize("modules", [1, 2])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_sums_are_those_made_by_hand(
    encoding: str,
    modules: int,
    modular: Callable[[int], Iterator[Network]],
    by_hand: Callable[[SynapseGraph], Any],
) -> None:
    """Any spikes at all, not only those of twins that agree."""
    rng = np.random.default_rng(0)
    for network in modular(modules):
        rounding = Rounding(weight_bits=5, input="graded")
        graph = map_network(network, encoding=encoding, rounding=rounding)
        table = by_hand(graph)
        assert all(part.any() for part in (table.weight, table.signal, table.input, table.readout))
        np.testing.assert_array_equal(weight_matrix(graph).toarray(), table.weight)
        np.testing.assert_array_equal(supervisory_matrix(graph).toarray(), table.signal)
        spikes = rng.random((7, graph.neurons)) < 0.5
        labels, levels = rng.random((7, 4)) < 0.5, rng.integers(0, 16, (7, 4))
        np.testing.assert_array_equal(field_of(graph, spikes), spikes @ table.weight.T)
        np.testing.assert_array_equal(
            field_of(graph, spikes, into="readout"), spikes @ table.readout.T
        )
        np.testing.assert_array_equal(supervisory_field(graph, labels), labels @ table.signal.T)
        np.testing.assert_array_equal(input_field(graph, levels), levels @ table.input.T)
        # of one population alone
        name, columns = list(graph.slices().items())[-1]
        np.testing.assert_array_equal(
            field_from(graph, {name: spikes[:, columns]}),
            spikes[:, columns] @ table.weight[:, columns].T,
        )


def test_a_graph_without_ends_receives_nothing_from_them(graph: SynapseGraph) -> None:
    assert not input_field(graph, np.zeros((3, 0), dtype=np.int64)).any()
    assert input_field(graph, np.zeros((3, 0), dtype=np.int64)).shape == (3, 200)


def test_projections_that_share_weights_but_not_partners_are_told_apart(
    graph: SynapseGraph, by_hand: Callable[[SynapseGraph], Any]
) -> None:
    first, *others = graph.projections
    turned = replace(first, indices=first.indices[::-1].copy())
    changed = replace(graph, projections=(turned, *others))
    spikes = np.random.default_rng(0).random((3, 200)) < 0.5
    np.testing.assert_array_equal(field_of(changed, spikes), spikes @ by_hand(changed).weight.T)
