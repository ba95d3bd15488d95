"""What a graph says about itself."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest

from spinspike.mapping.graph import graph as module
from spinspike.mapping.graph.graph import Population, Projection, SynapseGraph


def test_sizes_are_those_of_the_arrays(graph: SynapseGraph) -> None:
    assert (graph.neurons, graph.units, graph.classes, graph.modules) == (200, 100, 10, 1)
    assert graph.synapses == sum(int(p.indptr[-1]) for p in graph.projections)
    for p in graph.projections:
        assert len(p.indices) == len(p.mantissa) == p.indptr[-1]


def test_threshold_populations_share_the_neurons_in_order(graph: SynapseGraph) -> None:
    assert graph.slices() == {"E": slice(0, 100), "I": slice(100, 200)}
    sizes = {p.name: (p.size, p.neuron) for p in graph.populations}
    assert sizes == {
        "E": (100, "threshold"),
        "I": (100, "threshold"),
        "supervisory_E": (10, "supervisory"),
        "supervisory_I": (10, "supervisory"),
        "readout": (10, "readout"),
    }
    assert graph.sizes == {name: size for name, (size, _) in sizes.items()}
    assert graph.named("threshold") == ("E", "I")
    assert graph.named("readout") == ("readout",)
    assert graph.named("input") == ()


def test_names_of_projections_are_unique(graph: SynapseGraph) -> None:
    names = [p.name for p in graph.projections]
    assert len(set(names)) == len(names)
    assert {"E>I:coupling+", "I>E:coupling-", "E>E:self+", "I>readout:readout-"} <= set(names)


@pytest.mark.parametrize("kind", [Population, Projection, SynapseGraph])
def test_nothing_can_be_reassigned(kind: type, graph: SynapseGraph) -> None:
    found: Any = {
        Population: graph.populations[0],
        Projection: graph.projections[0],
        SynapseGraph: graph,
    }[kind]
    for name in (f.name for f in fields(found)):
        with pytest.raises(FrozenInstanceError, match=name):
            setattr(found, name, None)


def test_the_equation_is_at_the_top_of_the_file() -> None:
    assert "x_k(t+1) = sum_p sign_p * 2**e_p * sum_j m_kj n_j(t - d_p) + b_k(t+1)" in str(
        module.__doc__
    )
