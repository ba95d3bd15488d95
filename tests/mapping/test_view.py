"""networkx views hold the numbers of the graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import networkx as nx
import numpy as np
import pytest

from spinspike.mapping import view
from spinspike.mapping.dale import dale
from spinspike.mapping.graph import SynapseGraph
from spinspike.mapping.view import neuron_view, population_view
from spinspike.model.errors import BadInput
from spinspike.model.network import Network


def test_populations_are_nodes_and_projections_edges(graph: SynapseGraph) -> None:
    found = population_view(graph)
    assert isinstance(found, nx.MultiDiGraph)
    assert found.graph == {"encoding": "dale", "weight_bits": 8}
    assert {name: data["size"] for name, data in found.nodes(data=True)} == {
        "E": 100,
        "I": 100,
        "supervisory_E": 10,
        "supervisory_I": 10,
    }
    assert found.nodes["supervisory_I"]["neuron"] == "source"
    assert found.number_of_edges() == len(graph.projections)
    assert sum(d["synapses"] for *_, d in found.edges(data=True)) == graph.synapses
    assert {(s, d["sign"]) for s, _, d in found.edges(data=True)} == {
        ("E", 1),
        ("I", -1),
        ("supervisory_E", 1),
        ("supervisory_I", -1),
    }
    assert found.edges["I", "E", "I>E:coupling"]["role"] == "coupling"


def test_edges_of_neurons_sum_to_the_matrix(
    small_networks: Callable[..., Iterator[Network]], by_hand: Callable[[SynapseGraph], Any]
) -> None:
    place = {"E": 0, "I": 6}
    for network in small_networks():
        graph = dale(network, weight_bits=4)
        found = neuron_view(graph)
        assert found.number_of_nodes() == 2 * 6 + 2 * 4
        assert found.number_of_edges() == graph.synapses
        weight, signal = np.zeros((12, 12), dtype=int), np.zeros((12, 4), dtype=int)
        for (source, j), (target, i), data in found.edges(data=True):
            if data["role"] == "supervisory":
                signal[place[target] + i, j] += data["weight"]
            else:
                weight[place[target] + i, place[source] + j] += data["weight"]
        table = by_hand(graph)
        np.testing.assert_array_equal(weight, table.weight)
        np.testing.assert_array_equal(signal, table.signal)


def test_large_graphs_are_refused(graph: SynapseGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "LARGEST_VIEW", graph.synapses - 1)
    message = rf"the graph has {graph.synapses} synapses; allowed here: {graph.synapses - 1}"
    with pytest.raises(BadInput, match=message):
        neuron_view(graph)
