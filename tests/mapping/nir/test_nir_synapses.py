"""Chains between neurons, multiplied out, against what the executor makes of impulses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spinspike.errors import BadInput
from spinspike.mapping.nir.graph import NirGraph, Node, loops, order, unsupported
from spinspike.mapping.nir.shapes import shapes
from spinspike.mapping.nir.synapses import CONSTANT, synapses
from spinspike.simulators.exchange.nir_executor import execute


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
        (("Conv3d", {}), "node n is a Conv3d; allowed: Input, Output"),
        (("Conv1d", {}), "node n is a Conv1d and has no weight"),
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


def test_a_way_that_shares_its_first_node_with_a_cycle_takes_its_step() -> None:
    """Node a sends through w to itself and to b, and through v to b alone."""
    one, w = np.ones(1), {"weight": np.ones((1, 1))}
    nodes = nodes_of(a=("I", {"r": one}), b=("I", {"r": one}), w=("Linear", w), v=("Linear", w))
    graph = NirGraph(nodes, (("a", "w"), ("w", "a"), ("w", "b"), ("a", "v"), ("v", "b")))
    found = {(s.source, s.target, s.steps(1.0)) for s in synapses(graph)}
    assert found == {("a", "a", 1), ("a", "b", 1), ("a", "b", 0)}


def ladder(rungs: int, kind: str) -> NirGraph:
    """Every rung has two ways on, so there are 2**rungs of them in all."""
    nodes = nodes_of(x=("Input", {"shape": np.array([1])}), y=("Output", {"shape": np.array([1])}))
    edges, last = [], "x"
    for k in range(rungs):
        for side in "ab":
            late = {"delay": np.array([2.0**k if side == "a" else 0.0])}
            nodes[f"{side}{k}"] = Node(kind, late if kind == "Delay" else {"scale": np.ones(1)})
            edges.append((last, f"{side}{k}"))
        nodes[f"c{k}"] = Node("Scale", {"scale": np.ones(1)})
        edges += [(f"a{k}", f"c{k}"), (f"b{k}", f"c{k}")]
        last = f"c{k}"
    return NirGraph(nodes, (*edges, (last, "y")))


def test_as_many_ways_as_there_are_numbers_take_no_time() -> None:
    (only,) = synapses(ladder(50, "Scale"))
    assert only.weight.toarray() == [[2.0**50]]
    with pytest.raises(BadInput, match=r"node \S+ gets the same with 1024 delays"):
        synapses(ladder(50, "Delay"))


def test_more_numbers_than_memory_holds_are_refused() -> None:
    nodes = nodes_of(x=("Input", {"shape": np.array([2**30])}))
    with pytest.raises(BadInput, match=r"up to node x the nodes send 1,073,741,824 numbers"):
        shapes(NirGraph(nodes, ()))
