"""Delays spread the synapses between units over projections, and change nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from spinspike.errors import BadInput
from spinspike.mapping import SynapseGraph, certified
from spinspike.mapping.graph import graph_file
from spinspike.mapping.graph.delays import DELAYED, longest_delay, with_delays
from spinspike.mapping.graph.fields import weight_matrix
from spinspike.mapping.graph.registers import check_ranges


def test_every_synapse_keeps_its_weight_and_all_delays_occur(graph: SynapseGraph) -> None:
    late = with_delays(graph, 5, np.random.default_rng(0))
    check_ranges(late)
    assert (weight_matrix(late) != weight_matrix(graph)).nnz == 0
    assert late.synapses == graph.synapses
    assert {p.delay for p in late.projections if p.role == "coupling"} == set(range(6))
    assert not any(p.delay for p in late.projections if p.role not in DELAYED)
    points = graph.fixed_points["learned"]
    assert certified(late, points).tolist() == certified(graph, points).tolist()


def test_delays_are_alike_likely(graph: SynapseGraph) -> None:
    late = with_delays(graph, 3, np.random.default_rng(1))
    counts = np.zeros(4)
    for p in late.projections:
        counts[p.delay] += p.mantissa.size * (p.role in DELAYED)
    assert np.abs(counts / counts.sum() - 0.25).max() < 4 * np.sqrt(0.25 * 0.75 / counts.sum())


def test_a_delayed_graph_survives_its_file(graph: SynapseGraph, tmp_path: object) -> None:
    path = f"{tmp_path}/late.h5"
    late = with_delays(graph, 62, np.random.default_rng(2))
    graph_file.save(path, late)
    back = graph_file.load(path)
    assert [p.name for p in back.projections] == [p.name for p in late.projections]
    assert longest_delay(back) == longest_delay(late) == 62


@pytest.mark.parametrize("longest", [-1, 63])
def test_caught_a_delay_the_chip_does_not_know(graph: SynapseGraph, longest: int) -> None:
    with pytest.raises(BadInput, match=f"longest delay is {longest} steps; allowed: 0 to 62"):
        with_delays(graph, longest, np.random.default_rng(0))
