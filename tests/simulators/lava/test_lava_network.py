"""A graph as lava-nc's processes take it: joined, and one process for synapses that differ in delay."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from spinspike.mapping import map_network
from spinspike.mapping.graph.delays import with_delays
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.network import random_network
from spinspike.simulators.lava.network import joined, stock_arrays

Triple = tuple[str, int, str, int, int, int]  # source, neuron, target, neuron, weight, delay


@pytest.fixture(scope="module")
def graph() -> SynapseGraph:
    shape = Architecture(units=30, inputs=4, classes=3)
    return map_network(random_network(shape, np.random.default_rng(0), centre=np.zeros(4)))


def synapses_of(graph: SynapseGraph) -> Counter[Triple]:
    found: Counter[Triple] = Counter()
    for p in graph.projections:
        for row in range(len(p.indptr) - 1):
            for k in range(int(p.indptr[row]), int(p.indptr[row + 1])):
                weight = p.sign * int(p.mantissa[k]) * 2**p.exponent
                found[p.source, int(p.indices[k]), p.target, row, weight, p.delay] += 1
    return found


def synapses_in(graph: SynapseGraph) -> tuple[int, Counter[Triple]]:
    """How many connections, and their synapses."""
    arrays = stock_arrays(graph)
    rows = json.loads(str(arrays["head"]))["projections"]
    found: Counter[Triple] = Counter()
    for n, row in enumerate(rows):
        indptr, delays = arrays[f"indptr{n}"], arrays.get(f"delays{n}")
        for target in range(row["shape"][0]):
            for k in range(int(indptr[target]), int(indptr[target + 1])):
                weight = int(arrays[f"weights{n}"][k]) * 2 ** row["exponent"]
                delay = 0 if delays is None else int(delays[k])
                source = int(arrays[f"indices{n}"][k])
                found[row["source"], source, row["target"], target, weight, delay] += 1
                assert delay <= row["longest_delay"]
    return len(rows), found


@pytest.mark.parametrize("longest", [0, 1, 62])
def test_no_synapse_is_lost_and_delays_cost_no_process(graph: SynapseGraph, longest: int) -> None:
    late = with_delays(graph, longest, np.random.default_rng(0))
    count, synapses = synapses_in(late)
    assert synapses == synapses_of(late)
    assert count == len(graph.projections)


def test_neurons_with_two_synapses_of_different_delay_keep_both(graph: SynapseGraph) -> None:
    """DelayDense has one weight for a pair: then each delay has a process of its own."""
    first, *others = graph.projections
    twice = replace(graph, projections=(first, replace(first, delay=3), *others))
    count, synapses = synapses_in(twice)
    assert synapses == synapses_of(twice)
    assert count == len(graph.projections) + 1


def test_a_graph_that_is_joined_stays_as_it_is(graph: SynapseGraph) -> None:
    assert joined(graph).projections == graph.projections


def test_what_nothing_reaches_is_joined_without_a_synapse(graph: SynapseGraph) -> None:
    kept = tuple(p for p in graph.projections if p.role == "supervisory")
    loose = replace(graph, projections=kept)
    assert [p.role for p in kept] == ["supervisory"] * 4
    added = joined(loose).projections[len(kept) :]
    assert [(p.source, p.target, p.role, p.mantissa.size) for p in added] == [
        ("E", "E", "coupling", 0),
        ("E", "I", "coupling", 0),
        ("E", "readout", "readout", 0),
    ]


def test_who_speaks_and_is_not_heard_is_joined_as_well(graph: SynapseGraph) -> None:
    """A network without label signal: Lava finds no compiler for a source on its own."""
    deaf = replace(graph, projections=tuple(p for p in graph.projections if p.role == "coupling"))
    found = joined(deaf).projections[len(deaf.projections) :]
    assert [(p.source, p.target, p.role, p.mantissa.size) for p in found] == [
        ("E", "readout", "readout", 0),
        ("supervisory_E", "E", "supervisory", 0),
        ("supervisory_I", "E", "supervisory", 0),
    ]
