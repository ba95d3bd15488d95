"""Chains between neurons, multiplied out, against what the executor makes of impulses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spinspike.mapping.nir_graph import NirGraph, Node, loops, order, unsupported
from spinspike.mapping.nir_shapes import shapes
from spinspike.mapping.nir_synapses import CONSTANT, synapses
from spinspike.model.errors import BadInput
from spinspike.simulators.nir_executor import execute


def nodes_of(**nodes: Any) -> dict[str, Node]:
    return {name: Node(kind, parameters) for name, (kind, parameters) in nodes.items()}


W, V, B = np.array([[1.0, 2.0], [0.0, -3.0]]), np.array([[4.0, 5.0]]), np.array([7.0, -1.0])


@pytest.fixture
def branched() -> NirGraph:
    """Two ways from the input, one delayed unevenly, that meet in one Linear."""
    nodes = nodes_of(
        x=("Input", {"shape": np.array([2])}),
        affine=("Affine", {"weight": W, "bias": B}),
        delay=("Delay", {"delay": np.array([0.0, 2.0])}),
        scale=("Scale", {"scale": np.array([10.0, 1.0])}),
        linear=("Linear", {"weight": V}),
        y=("Output", {"shape": np.array([1])}),
    )
    edges = (
        ("x", "affine"), ("affine", "delay"), ("delay", "linear"), ("x", "scale"),
        ("scale", "linear"), ("linear", "y"),
    )  # fmt: skip
    return NirGraph(nodes, edges)


def test_ways_are_added_up_by_delay(branched: NirGraph) -> None:
    found = {(s.source, s.delay): s.weight.toarray() for s in synapses(branched)}
    expected = {
        ("x", 0.0): V @ np.diag([1.0, 0.0]) @ W + V @ np.diag([10.0, 1.0]),
        ("x", 2.0): V @ np.diag([0.0, 1.0]) @ W,
        (CONSTANT, 0.0): [[4.0 * 7.0]],
        (CONSTANT, 2.0): [[-5.0]],
    }
    assert found.keys() == expected.keys()
    for key, weight in expected.items():
        np.testing.assert_array_equal(found[key], weight)


def test_they_say_what_the_executor_does(branched: NirGraph) -> None:
    x = np.random.default_rng(0).random((6, 1, 2))
    total = np.zeros((6, 1, 1))
    for s in synapses(branched):
        sent = np.ones((6, 1, 1)) if s.source == CONSTANT else x
        late = int(s.delay)
        total[late:] += (sent @ s.weight.toarray().T)[: 6 - late]
    np.testing.assert_allclose(execute(branched, {"x": x}, dt=1.0)["y"], total)


def test_cycles_break_where_neurons_send() -> None:
    one = np.ones(1)
    nodes = nodes_of(
        a=("I", {"r": one}), b=("I", {"r": one}), w=("Linear", {"weight": np.ones((1, 1))})
    )
    graph = NirGraph(nodes, (("a", "b"), ("a", "w"), ("w", "a")))
    assert loops(graph) == {("a", "w")}
    assert order(graph) == ["a", "b", "w"] or order(graph) == ["w", "a", "b"]


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (("Conv1d", {}), "node n is a Conv1d; allowed: Input, Output"),
        (("Linear", {"weight": np.ones((2, 2, 2))}), r"node n has weights of shape \(2, 2, 2\)"),
    ],
)
def test_what_is_not_supported_is_named(node: Any, message: str) -> None:
    graph = NirGraph(nodes_of(n=node), (("n", "m"),))
    first, second = unsupported(graph)
    assert second == "edge n to m ends at m, which is no node"
    with pytest.raises(BadInput, match=message):
        shapes(graph)
    assert first.startswith("node n ")


def test_shapes_flow_through_flatten_and_single_numbers() -> None:
    nodes = nodes_of(
        x=("Input", {"shape": np.array([2, 3, 4])}),
        flat=("Flatten", {"start_dim": np.array(1), "end_dim": np.array(-1)}),
        i=("I", {"r": np.array(1.0)}),
        y=("Output", {"shape": np.array([9, 9])}),
    )
    found = shapes(NirGraph(nodes, (("x", "flat"), ("flat", "i"), ("i", "y"))))
    assert found == {"x": (2, 3, 4), "flat": (2, 12), "i": (2, 12), "y": (2, 12)}
