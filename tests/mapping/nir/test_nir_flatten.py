"""Graphs inside graphs, taken out: every way is still there, whatever the nodes are called."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinspike.errors import BadInput
from spinspike.mapping.nir.file import parse
from spinspike.mapping.nir.flatten import flatten, unused
from spinspike.mapping.nir.synapses import synapses
from spinspike.simulators.exchange.nir_executor import execute

SHAPE = {"shape": np.array([1])}
NAMES = ["s", "s.s", "s.s.s", "s'", "s.s'", "i", "i>s*2", "s.i", "file", "o", "i.o", "a b", "nodes"]
Tree = dict[str, Any]


def level(rng: np.random.Generator, depth: int, names: list[str]) -> Tree:
    """A random graph without cycles; some of its nodes are graphs, and some hand on alone."""
    size = int(rng.integers(2, 6))
    own = [str(name) for name in rng.permutation(names)[:size]]
    nodes: dict[str, Tree] = {own[0]: {"type": "Input", **SHAPE}}
    for name in own[1:-1]:
        if depth and rng.random() < 0.5:
            nodes[name] = level(rng, depth - 1, names)
        elif rng.random() < 0.5:
            nodes[name] = {"type": "Scale", "scale": rng.integers(-3, 4, 1) * 1.0}
        else:
            nodes[name] = {"type": "Linear", "weight": rng.integers(-3, 4, (1, 1)) * 1.0}
    nodes[own[-1]] = {"type": "Output", **SHAPE}
    edges = [
        [own[a], own[b]] for a in range(size) for b in range(a + 1, size) if rng.random() < 0.6
    ]
    rng.shuffle(edges)
    return {"type": "NIRGraph", "nodes": nodes, "edges": edges}


def ways(tree: Tree) -> float:
    """What becomes of 1: over all paths from Input to Output the product of what lies on them."""
    kinds = {name: node["type"] for name, node in tree["nodes"].items()}
    (end,) = (name for name, kind in kinds.items() if kind == "Output")

    def factor(name: str) -> float:
        node = tree["nodes"][name]
        if node["type"] == "NIRGraph":
            return ways(node)
        return float(np.ravel(node.get("weight", node.get("scale", 1.0)))[0])

    def onward(name: str) -> float:
        if name == end:
            return 1.0
        return factor(name) * sum(onward(b) for a, b in tree["edges"] if a == name)

    (start,) = (name for name, kind in kinds.items() if kind == "Input")
    return onward(start)


def ran(tree: Tree) -> float:
    """By the executor and multiplied out, which must agree."""
    graph = parse(Path("x"), {"node": tree})
    (i,), (o,) = graph.named("Input"), graph.named("Output")
    found = float(execute(graph, {i: np.ones((1, 1, 1))}, dt=1.0)[o].item())
    assert sum(s.weight.toarray().item() for s in synapses(graph)) == found
    return found


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_no_way_gets_lost_and_none_is_added(seed: int) -> None:
    tree = level(np.random.default_rng(seed), 3, NAMES)
    assert ran(tree) == ways(tree)


@given(seed=st.integers(0, 2**32 - 1), names=st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None, derandomize=True)
def test_names_mean_nothing(seed: int, names: Any) -> None:
    other = list(NAMES)
    names.shuffle(other)
    assert ran(level(np.random.default_rng(seed), 3, NAMES)) == ran(
        level(np.random.default_rng(seed), 3, other)
    )


def graph(nodes: dict[str, Tree], *edges: str) -> Tree:
    ends = {"i": {"type": "Input", **SHAPE}, "o": {"type": "Output", **SHAPE}}
    pairs = [edge.split(" ") for edge in edges]
    return {"type": "NIRGraph", "nodes": {**ends, **nodes}, "edges": pairs}


def linear(weight: float) -> Tree:
    return {"type": "Linear", "weight": np.full((1, 1), weight)}


@pytest.mark.parametrize(
    ("tree", "wanted"),
    [
        (graph({"s": graph({}, "i o")}, "i s", "s o", "i o"), 2),
        (graph({"s": graph({"w": linear(3)}, "i w", "w o", "i o")}, "i s", "s o", "i o"), 5),
        (
            graph(
                {"s": graph({"w": linear(3)}, "i w", "w o"), "s.w": linear(10)},
                *("i s", "s o", "i s.w", "s.w o"),
            ),
            13,
        ),
    ],
)
def test_ways_beside_each_other_add_up(tree: Tree, wanted: float) -> None:
    assert ran(tree) == wanted


def test_nodes_further_out_keep_their_names() -> None:
    nodes, edges = flatten(
        graph({"s": graph({"w": linear(3)}, "i w", "w o"), "s.w": linear(10)}, "i s", "i s.w")
    )
    assert nodes["s.w"]["weight"] == 10
    assert nodes["s.w'"]["weight"] == 3
    assert sorted(edges) == [("i", "s.w"), ("i", "s.w'")]
    assert unused("a", ["a", "a'"]) == "a''"


def test_thousands_of_ways_are_counted_and_not_walked() -> None:
    double = graph({"s": graph({}, "i o")}, "i s", "s o", "i o")
    chain = graph(
        {f"d{k}": double for k in range(52)},
        *(f"d{k} d{k + 1}" for k in range(51)),
        *("i d0", "d51 o"),
    )
    assert ran(chain) == 2.0**52
    longer = graph({"a": chain, "b": double, "c": double}, "i a", "a b", "b c", "c o")
    with pytest.raises(BadInput, match=rf"from i to o there are {2**54} ways; allowed: {2**53}"):
        flatten(longer)


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        (graph({}, "i o", "i o"), "edge i to o stands there 2 times; allowed: once"),
        (graph({"s": graph({}, "i o", "o i")}, "i s"), "node s.[io] feeds itself"),
        (graph({"s": graph({}, "i x")}, "i s"), re.escape("edge s.i to s.x ends at no node")),
        (graph({"s": {"type": "NIRGraph"}}), "graph s has not one Input and one Output"),
        (graph({"s": {"type": "NIRGraph", "nodes": 3}}), "graph s has no nodes"),
    ],
)
def test_what_is_no_graph_is_refused_by_name(tree: Tree, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        flatten(tree)
