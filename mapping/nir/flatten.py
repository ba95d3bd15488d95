"""Graphs inside a NIR graph, taken out into one, of which nothing may get lost.

While they are taken out a node is called by its path, ("s", "w") for node w of graph s, so that no
two nodes share a name; in the end it is called ``s.w``, or, where a node of that name lies further
out, ``s.w'``. Inputs and outputs of inner graphs hand on what they get, so they go, and edges are
counted: a graph that only hands on, beside an edge, makes that edge count twice. An edge that
counts m times becomes a Scale node of m.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from spinspike.errors import BadInput

Tree = dict[str, Any]  # names to texts, arrays and trees
Place = tuple[str, ...]  # names of the graphs around a node, and its own
Edges = Counter[tuple[Place, Place]]
MAX_EDGES = 10_000_000  # edges looked at to take out graphs inside a graph
COUNTED = 2**53  # times that an edge may count, so that a double holds it


def flatten(top: Tree) -> tuple[dict[str, Tree], list[tuple[str, str]]]:
    """Nodes and edges of a graph, those of the graphs in it included.

    Parameters
    ----------
    top : dict
        A NIRGraph as its file has it.

    Returns
    -------
    dict, list
        Nodes by name, and edges (from, to), each of them once.

    Raises
    ------
    BadInput
        Something is no node or no edge, an inner graph has not one Input and one Output, or there
        are too many edges.
    """
    nodes, edges = _taken_out(top, ())
    name = _names(nodes)
    found = {name[place]: node for place, node in nodes.items()}
    pairs = []
    for (source, target), count in edges.items():
        a, b = name[source], name[target]
        if count > COUNTED:
            message = f"from {a} to {b} there are {count} ways; allowed: {COUNTED}"
            raise BadInput(message)
        if count > 1:
            several = unused(f"{a}>{b}*{count}", found)
            found[several] = {"type": "Scale", "scale": np.array(float(count))}
            pairs += [(a, several), (several, b)]
        else:
            pairs.append((a, b))
    return found, pairs


def unused(name: str, taken: Iterable[str]) -> str:
    """The name, with as many primes as tell it from those that are taken."""
    others = set(taken)
    while name in others:
        name += "'"
    return name


def kind_of(tree: Tree) -> str:
    """The type of a node, "" if it has none."""
    found = tree.get("type")
    return found if isinstance(found, str) else ""


def _names(places: Iterable[Place]) -> dict[Place, str]:
    """Nodes further out keep their names."""
    found: dict[Place, str] = {}
    taken: set[str] = set()
    for place in sorted(places, key=lambda place: (len(place), place)):
        found[place] = unused(".".join(place), taken)
        taken.add(found[place])
    return found


def _taken_out(tree: Tree, outer: Place) -> tuple[dict[Place, Tree], Edges]:
    inside = tree.get("nodes", {})
    if not isinstance(inside, dict) or not all(isinstance(n, dict) for n in inside.values()):
        message = f"graph {_shown(outer)} has no nodes"
        raise BadInput(message)
    nodes: dict[Place, Tree] = {}
    edges: Edges = Counter()
    enter: dict[Place, Place] = {}
    leave: dict[Place, Place] = {}
    for name, part in inside.items():
        place = (*outer, name)
        if kind_of(part) != "NIRGraph":
            nodes[place] = part
            continue
        more, within = _taken_out(part, place)
        enter[place], leave[place] = (_end(part, place, kind) for kind in ("Input", "Output"))
        nodes |= more
        edges.update(within)
    for a, b in _edges(tree, outer):
        source, target = (*outer, a), (*outer, b)
        edges[leave.get(source, source), enter.get(target, target)] += 1
    for end in (*enter.values(), *leave.values()):
        del nodes[end]
    return nodes, _without(edges, (*enter.values(), *leave.values()))


def _end(tree: Tree, place: Place, kind: str) -> Place:
    """The one Input, or Output, of an inner graph."""
    found = [name for name, node in tree.get("nodes", {}).items() if kind_of(node) == kind]
    if len(found) != 1:
        message = f"graph {'.'.join(place)} has not one Input and one Output of its own"
        raise BadInput(message)
    return (*place, found[0])


def _edges(tree: Tree, outer: Place) -> Iterator[tuple[str, str]]:
    found = tree.get("edges", [])
    found = [] if isinstance(found, np.ndarray) and not found.size else found
    if not isinstance(found, list) or not all(
        isinstance(row, list) and [type(end) for end in row] == [str, str] for row in found
    ):
        message = f"edges of graph {_shown(outer)} are not pairs of names"
        raise BadInput(message)
    for (a, b), count in Counter((a, b) for a, b in found).items():
        edge = f"edge {'.'.join((*outer, a))} to {'.'.join((*outer, b))}"
        if not {a, b} <= tree.get("nodes", {}).keys():
            message = f"{edge} ends at no node"
            raise BadInput(message)
        if count > 1:
            message = f"{edge} stands there {count} times; allowed: once, with a Scale to count"
            raise BadInput(message)
        yield a, b


def _without(edges: Edges, ends: Iterable[Place]) -> Edges:
    """Edges of which none touches the given nodes, with as many ways between all others."""
    after: dict[Place, Counter[Place]] = {}
    before: dict[Place, set[Place]] = {}
    for (a, b), count in edges.items():
        after.setdefault(a, Counter())[b] += count
        before.setdefault(b, set()).add(a)
    looked_at = 0
    for end in ends:
        onward, sources = after.pop(end, Counter()), before.pop(end, set())
        if end in sources:
            message = f"node {'.'.join(end)} feeds itself"
            raise BadInput(message)
        looked_at += len(onward) * len(sources) + len(onward) + len(sources)
        if looked_at > MAX_EDGES:
            message = f"graphs inside a graph make over {MAX_EDGES} edges"
            raise BadInput(message)
        for target in onward:
            before[target].discard(end)
            before[target] |= sources
        for source in sources:
            times = after[source].pop(end)
            for target, count in onward.items():
                after[source][target] += times * count
    return Counter({(a, b): count for a, onward in after.items() for b, count in onward.items()})


def _shown(outer: Place) -> str:
    return ".".join(outer) or "node"
