"""networkx views hold the numbers of the graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import networkx as nx
import pytest

from spinspike.errors import BadInput
from spinspike.mapping.graph.encoding import ENCODINGS
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.mapper import map_network
from spinspike.mapping.pictures import networkx_view as view
from spinspike.mapping.pictures.networkx_view import population_view, to_networkx
from spinspike.mapping.quantisation.rounding import Rounding
from spinspike.model.network.network import Network


def test_populations_are_nodes_and_projections_edges(graph: SynapseGraph) -> None:
    found = population_view(graph)
    assert isinstance(found, nx.MultiDiGraph)
    assert found.graph == {"encoding": "dale", "weight_bits": 8}
    assert {name: data["size"] for name, data in found.nodes(data=True)} == {
        "E": 100,
        "I": 100,
        "supervisory_E": 10,
        "supervisory_I": 10,
        "readout": 10,
    }
    assert found.nodes["supervisory_I"]["neuron"] == "supervisory"
    assert found.nodes["readout"]["neuron"] == "readout"
    assert found.number_of_edges() == len(graph.projections)
    assert sum(d["synapses"] for *_, d in found.edges(data=True)) == graph.synapses
    assert {(s, d["sign"]) for s, _, d in found.edges(data=True)} == {
        ("E", 1),
        ("I", -1),
        ("supervisory_E", 1),
        ("supervisory_I", -1),
    }
    assert found.edges["I", "E", "I>E:coupling-"]["role"] == "coupling"


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_edges_of_neurons_sum_to_the_matrix(
    encoding: str,
    small_networks: Callable[..., Iterator[Network]],
    by_hand: Callable[[SynapseGraph], Any],
) -> None:
    for network in small_networks():
        graph = map_network(
            network, encoding=encoding, rounding=Rounding(weight_bits=4, input="graded")
        )
        found, table = to_networkx(graph), by_hand(graph)
        assert found.number_of_nodes() == sum(graph.sizes.values())
        assert found.number_of_edges() == graph.synapses
        place = {name: rows.start for name, rows in graph.slices().items()}
        parts = {"supervisory": table.signal, "input": table.input, "readout": table.readout}
        for (source, j), (target, i), data in found.edges(data=True):
            matrix = parts.get(data["role"], table.weight)
            matrix[place.get(target, 0) + i, place.get(source, 0) + j] -= data["weight"]
        for matrix in (table.weight, *parts.values()):
            assert not matrix.any()


def test_large_graphs_are_refused(graph: SynapseGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "LARGEST_VIEW", graph.synapses - 1)
    message = rf"the graph has {graph.synapses} synapses; allowed here: {graph.synapses - 1}"
    with pytest.raises(BadInput, match=message):
        to_networkx(graph)
