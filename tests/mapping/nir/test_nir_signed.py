"""The signed form holds the sums of all synapses, added up by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from spinspike.mapping.graph.delays import with_delays
from spinspike.mapping.graph.encoding import ENCODINGS
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.mapper import map_network
from spinspike.mapping.nir.export_signed import to_signed_nir
from spinspike.mapping.quantisation.rounding import InputMode, Rounding
from spinspike.model.network.network import Network


@pytest.mark.parametrize("mode", ["bias", "graded"])
@pytest.mark.parametrize("encoding", list(ENCODINGS))
def test_weights_are_those_of_all_projections_together(
    modular: Callable[[int], Iterator[Network]],
    by_hand: Callable[[SynapseGraph], Any],
    encoding: str,
    mode: InputMode,
) -> None:
    for network in modular(2):
        graph = map_network(network, encoding=encoding, rounding=Rounding(input=mode))
        nir, table = to_signed_nir(graph), by_hand(graph)
        wanted = {
            "weights_recurrent": table.weight,
            "weights_supervisory": table.signal,
            "weights_input": table.input,
            "weights_readout": table.readout,
        }
        for name, weight in wanted.items():
            if weight.any():
                np.testing.assert_array_equal(nir.nodes[name].parameters["weight"], weight)
            else:
                assert name not in nir.nodes
        bias = nir.nodes["weights_bias"].parameters["bias"]
        np.testing.assert_array_equal(bias, graph.bias)


def test_delays_are_apart_and_add_up_to_the_whole(graph: SynapseGraph) -> None:
    late = with_delays(graph, 2, np.random.default_rng(0))
    plain, nir = to_signed_nir(graph), to_signed_nir(late, dt=0.5)
    names = [f"weights_recurrent{suffix}" for suffix in ("", "@1", "@2")]
    parts = [nir.nodes[name].parameters["weight"] for name in names]
    assert all(part.any() for part in parts)
    np.testing.assert_array_equal(sum(parts), plain.nodes["weights_recurrent"].parameters["weight"])
    assert (nir.nodes["neurons@2:around"].parameters["delay"] == 1.0).all()
    assert ("neurons@2:around", "weights_recurrent@2") in nir.edges
