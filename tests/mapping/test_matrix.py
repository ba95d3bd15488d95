"""Summed matrices against sums synapse by synapse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from spinspike.mapping.dale import dale
from spinspike.mapping.graph import SynapseGraph
from spinspike.mapping.matrix import supervisory_matrix, weight_matrix
from spinspike.model.network import Network


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
