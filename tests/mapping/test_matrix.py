"""Summed matrices against sums synapse by synapse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from spinspike.mapping.dale import dale
from spinspike.mapping.graph import Projection, SynapseGraph
from spinspike.mapping.matrix import supervisory_matrix, synapses, weight_matrix
from spinspike.model.network import Network


def test_a_projection_by_hand() -> None:
    """Neuron 0 receives -3 2**2 from 1, neuron 1 nothing, neuron 2 from both."""
    projection = Projection(
        source="I",
        target="E",
        role="coupling",
        sign=-1,
        exponent=2,
        indptr=np.array([0, 1, 1, 3]),
        indices=np.array([1, 0, 1]),
        mantissa=np.array([3, 1, 255], dtype=np.uint8),
    )
    assert synapses(projection, (3, 2)).toarray().tolist() == [[0, -12], [0, 0], [-4, -1020]]


def test_sums_are_those_made_by_hand(
    graph: SynapseGraph,
    by_hand: Callable[[SynapseGraph], Any],
    small_networks: Callable[..., Iterator[Network]],
) -> None:
    for g in (graph, *(dale(n, weight_bits=b) for b in (1, 5) for n in small_networks())):
        table = by_hand(g)
        np.testing.assert_array_equal(weight_matrix(g).toarray(), table.weight)
        np.testing.assert_array_equal(supervisory_matrix(g).toarray(), table.signal)
        assert table.signal.any()
