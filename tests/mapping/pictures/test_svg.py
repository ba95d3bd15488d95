"""Views, pictures and Graphviz text of a graph say what the graph is, legibly."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from itertools import combinations, product
from typing import Any
from xml.etree import ElementTree

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinspike.mapping.graph.encoding import ENCODINGS
from spinspike.mapping.graph.graph import Population, Projection, SynapseGraph
from spinspike.mapping.mapper import map_network
from spinspike.mapping.pictures.graphviz import to_dot
from spinspike.mapping.pictures.layout import Box, Layout, arrange, kind_of, text_width
from spinspike.mapping.pictures.networkx_view import density, population_view
from spinspike.mapping.pictures.svg import to_svg
from spinspike.mapping.quantisation.rounding import Rounding
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.network import random_network

SVG = "{http://www.w3.org/2000/svg}"
Rectangle = tuple[float, float, float, float]  # left, top, right, bottom


def projection(
    source: str, target: str, role: Any, sign: Any, exponent: int, matrix: list[list[int]]
) -> Projection:
    """Of a dense matrix of mantissas, rows by target."""
    dense = np.array(matrix)
    targets, sources = np.nonzero(dense)
    return Projection(
        source,
        target,
        role,
        sign,
        exponent,
        np.append(0, np.cumsum(np.bincount(targets, minlength=len(dense)))),
        sources.astype(np.int32),
        dense[targets, sources].astype(np.uint8),
    )


def mapped(encoding: str, modules: int, rounding: Rounding, *, autapses: bool) -> SynapseGraph:
    architecture = Architecture(
        units=6,
        inputs=4,
        classes=2,
        modules=modules,
        link=1.0,
        self_coupling=0.1,
        input_scale=0.3,
        supervisory_scale=0.2,
        between_sparsity=0.5,
        sparsity=0.4,
        readout_modules=(modules - 1,),
    )
    network = random_network(architecture, np.random.default_rng(modules), centre=np.zeros(4))
    return map_network(network, encoding=encoding, rounding=rounding, autapses=autapses)


@pytest.fixture
def by_hand() -> SynapseGraph:
    """Three E, two I, one class; the ends, which no picture shows, are those of a mapped one."""
    return replace(
        mapped("dale", 1, Rounding(), autapses=True),
        weight_bits=8,
        populations=(
            Population("E", 3),
            Population("I", 2),
            Population("supervisory", 1, "supervisory"),
            Population("readout", 1, "readout"),
        ),
        projections=(
            projection("E", "E", "coupling", 1, 1, [[0, 7, 0], [16, 0, 255], [0, 0, 0]]),
            projection("E", "E", "self", 1, 0, [[9, 0, 0], [0, 9, 0], [0, 0, 9]]),
            projection("I", "E", "coupling", -1, 0, [[1, 0], [0, 2], [3, 3]]),
            projection("supervisory", "I", "supervisory", 1, 3, [[5], [6]]),
            projection("E", "readout", "readout", 1, 0, [[1, 2, 3]]),
        ),
        bias=np.zeros(5, dtype=np.int64),
        fixed_points={},
    )


graphs = st.builds(
    mapped,
    st.sampled_from(sorted(ENCODINGS)),
    st.integers(1, 3),
    st.builds(Rounding, st.sampled_from([2, 4, 8]), st.sampled_from(["bias", "binary", "graded"])),
    autapses=st.booleans(),
)


def test_edges_have_the_numbers_counted_by_hand(by_hand: SynapseGraph) -> None:
    view = population_view(by_hand)
    edge = view.edges["E", "E", "E>E:coupling+"]
    assert {k: v for k, v in edge.items() if k != "histogram"} == {
        "role": "coupling",
        "sign": 1,
        "exponent": 1,
        "synapses": 3,
        "smallest": 14,
        "mean": pytest.approx(2 * (7 + 16 + 255) / 3),
        "largest": 510,
    }
    assert edge["histogram"] == [1, 1, *[0] * 13, 1]
    inhibitory = view.edges["I", "E", "I>E:coupling-"]
    assert (inhibitory["smallest"], inhibitory["mean"], inhibitory["largest"]) == (-3, -2.25, -1)
    assert dict(view.nodes["E"]) == {
        "size": 3, "neuron": "threshold", "excitatory": 9, "inhibitory": 0,
    }  # fmt: skip
    assert view.nodes["I"]["inhibitory"] == 4


@settings(max_examples=25, deadline=None)
@given(graphs)
def test_histograms_and_signs_are_those_of_a_count_one_by_one(graph: SynapseGraph) -> None:
    view = population_view(graph)
    out: Counter[tuple[str, int]] = Counter()
    for p in graph.projections:
        edge = view.edges[p.source, p.target, p.name]
        width = max(1, 2**graph.weight_bits // 16)
        counted = Counter(int(m) // width for m in p.mantissa)
        assert edge["histogram"] == [counted[r] for r in range(2**graph.weight_bits // width)]
        weights = [p.sign * int(m) * 2**p.exponent for m in p.mantissa]
        assert (edge["smallest"], edge["largest"]) == (min(weights), max(weights))
        assert edge["mean"] == pytest.approx(sum(weights) / len(weights))
        out[p.source, p.sign] += len(weights)
    for name, node in view.nodes(data=True):
        assert (node["excitatory"], node["inhibitory"]) == (out[name, 1], out[name, -1])


def test_a_view_survives_json_and_without_histograms_graphml(by_hand: SynapseGraph) -> None:
    view = population_view(by_hand)
    rows = [[name, data] for name, data in view.nodes(data=True)]
    rows += [list(edge) for edge in view.edges(keys=True, data=True)]
    assert json.loads(json.dumps(rows)) == rows
    for *_, data in view.edges(data=True):
        del data["histogram"]
    read = nx.parse_graphml("\n".join(nx.generate_graphml(view)), force_multigraph=True)
    assert sorted(d["synapses"] for *_, d in read.edges(data=True)) == [2, 3, 3, 3, 4]


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.data())
def test_density_is_a_count_over_pairs(targets: int, sources: int, data: st.DataObject) -> None:
    cells = data.draw(st.lists(st.integers(0, 2), min_size=targets * sources, max_size=81))
    matrix = np.array(cells[: targets * sources]).reshape(targets, sources)
    rows, columns = data.draw(st.integers(1, targets)), data.draw(st.integers(1, sources))
    found = density(
        projection("E", "E", "coupling", 1, 0, matrix.tolist()), sources, rows=rows, columns=columns
    )
    for row, column in product(range(rows), range(columns)):
        pairs = [
            matrix[i, j] > 0
            for i, j in product(range(targets), range(sources))
            if (i * rows // targets, j * columns // sources) == (row, column)
        ]
        assert found[row, column] == pytest.approx(sum(pairs) / len(pairs))


def test_populations_are_drawn_by_what_their_synapses_do(by_hand: SynapseGraph) -> None:
    view = population_view(by_hand)
    view.add_node("none", size=1, neuron="threshold", excitatory=0, inhibitory=0)
    view.add_node("both", size=1, neuron="threshold", excitatory=1, inhibitory=1)
    assert {name: kind_of(data) for name, data in view.nodes(data=True)} == {
        "E": "excitatory",
        "I": "inhibitory",
        "supervisory": "source",
        "readout": "readout",
        "none": "silent",
        "both": "mixed",
    }


def rectangle(box: Box) -> Rectangle:
    return box.x, box.y, box.x + box.width, box.y + box.height


def labels(layout: Layout) -> list[Rectangle]:
    """Where the text of each line of each label is at most."""
    found = []
    for wire in layout.wires:
        for text, (x, y) in zip(wire.label, wire.label_at, strict=True):
            width = text_width(text, 12)
            left = x - width if wire.direction > 0 else x
            found.append((left, y - 10, left + width, y + 3))
    return found


def strokes(layout: Layout) -> list[Rectangle]:
    """The three straight pieces of each wire, as thick as they are."""
    found = []
    for wire in layout.wires:
        half = wire.thickness / 2
        for (x, y), (u, v) in zip(wire.points[:-1], wire.points[1:], strict=True):
            wide, high = (half, 0.0) if x == u else (0.0, half)
            found.append((min(x, u) - wide, min(y, v) - high, max(x, u) + wide, max(y, v) + high))
    return found


def meet(one: Rectangle, other: Rectangle) -> bool:
    """Whether two rectangles share more than a border."""
    return max(one[0], other[0]) < min(one[2], other[2]) and max(one[1], other[1]) < min(
        one[3], other[3]
    )


@settings(max_examples=25, deadline=None)
@given(graphs)
def test_nothing_lies_on_anything_else(graph: SynapseGraph) -> None:
    layout = arrange(population_view(graph))
    boxes, texts, lines = [rectangle(box) for box in layout.boxes], labels(layout), strokes(layout)
    assert not any(meet(a, b) for a, b in combinations(boxes, 2))
    assert not any(meet(a, b) for a, b in combinations(texts, 2))
    assert not any(meet(a, b) for a, b in product(texts, boxes + lines))
    assert not any(meet(a, b) for a, b in product(lines, boxes))
    for box in layout.boxes:
        lines_of_box = [(box.name, 15), *((line, 12) for line in box.lines)]
        assert all(text_width(text, size) < box.width for text, size in lines_of_box)
    for left, top, right, bottom in boxes + texts + lines:
        assert left >= 0
        assert top >= 0
        assert right <= layout.width
        assert bottom <= layout.height


@settings(max_examples=25, deadline=None)
@given(graphs)
def test_wires_of_different_populations_cross_but_never_share_a_line(graph: SynapseGraph) -> None:
    layout = arrange(population_view(graph))
    sources = {p.name: (p.source, p.sign) for p in graph.projections}
    pieces = [
        (sources[wire.name], (x, y, u, v))
        for wire in layout.wires
        for (x, y), (u, v) in zip(wire.points[:-1], wire.points[1:], strict=True)
    ]
    for (one, (x, y, u, v)), (two, (a, b, c, d)) in combinations(pieces, 2):
        if one != two and x == u and a == c:
            assert abs(x - a) > 8 or max(y, v) <= min(b, d) or max(b, d) <= min(y, v)
        if one != two and y == v and b == d:
            assert abs(y - b) > 8 or max(x, u) <= min(a, c) or max(a, c) <= min(x, u)


@settings(max_examples=25, deadline=None)
@given(graphs)
def test_a_picture_has_every_population_and_projection(graph: SynapseGraph) -> None:
    root = ElementTree.fromstring(to_svg(graph))
    groups = root.findall(f"{SVG}g")
    boxes = [g for g in groups if g.get("class") == "population"]
    assert [g.findtext(f"{SVG}text") for g in boxes] == sorted(
        (p.name for p in graph.populations),
        key=[b.name for b in arrange(population_view(graph)).boxes].index,
    )
    assert {f"{p.size} neurons" for p in graph.populations} == {
        g.findall(f"{SVG}text")[1].text for g in boxes
    }
    wires = {g.findtext(f"{SVG}title"): g for g in groups if g.get("class") == "projection"}
    assert wires.keys() == {p.name for p in graph.projections}
    for p in graph.projections:  # told apart without colours: arrows excite, discs inhibit
        assert (wires[p.name].find(f"{SVG}polygon") is not None) == (p.sign > 0)
        assert (wires[p.name].find(f"{SVG}circle") is not None) == (p.sign < 0)
    assert to_svg(graph) == to_svg(graph)


def test_a_self_loop_leaves_its_box_and_comes_back(by_hand: SynapseGraph) -> None:
    layout = arrange(population_view(by_hand))
    (box,) = (b for b in layout.boxes if b.name == "E")
    (loop,) = (w for w in layout.wires if w.name == "E>E:self+")
    edge = box.x + box.width
    assert loop.points[0][0] == loop.points[3][0] == edge
    assert loop.points[1][0] == loop.points[2][0] > edge + 50
    assert loop.label == ("E: self 3", "+9 · unit 1")


def test_more_synapses_make_thicker_wires(by_hand: SynapseGraph) -> None:
    wires = {w.name: w.thickness for w in arrange(population_view(by_hand)).wires}
    assert wires["I>E:coupling-"] == pytest.approx(1 + 0.6 * np.log10(4))
    assert wires["supervisory>I:supervisory+"] == pytest.approx(1 + 0.6 * np.log10(2))


letters = st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from('"\\<>&n\n '))
names = st.text(letters, min_size=1, max_size=12)


def renamed(graph: SynapseGraph, name: str) -> SynapseGraph:
    """The same with another name in the place of E."""
    change = {"E": name}
    return replace(
        graph,
        populations=tuple(replace(p, name=change.get(p.name, p.name)) for p in graph.populations),
        projections=tuple(
            replace(p, source=change.get(p.source, p.source), target=change.get(p.target, p.target))
            for p in graph.projections
        ),
    )


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_any_name_is_escaped(data: st.DataObject) -> None:
    graph = mapped("dale", 1, Rounding(), autapses=True)
    name = data.draw(names.filter(lambda n: n not in graph.sizes))
    odd = renamed(graph, name)
    seen = "".join(c if c.isprintable() else "\ufffd" for c in name)
    root = ElementTree.fromstring(to_svg(odd).encode())
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert seen in texts
    nodes, _ = parsed(to_dot(odd))
    assert seen in nodes


def test_markup_in_a_name_stays_text(by_hand: SynapseGraph) -> None:
    picture = to_svg(renamed(by_hand, '<script>"&'))
    assert "<script" not in picture
    assert "&lt;script&gt;&quot;&amp;" in picture


STRING = r'"((?:[^"\\]|\\.)*)"'


def parsed(dot: str) -> tuple[dict[str, str], list[tuple[str, str, str]]]:
    """Nodes with their labels, and edges with theirs, of text with a statement on every line."""
    lines = dot.splitlines()
    assert lines[0] == "digraph populations {"
    assert lines[-1] == "}"
    nodes, edges = {}, []
    for line in lines[1:-1]:
        attributes = rf"\[label={STRING}(?:, \w+=(?:[\w.]+|{STRING}))*\];"
        if found := re.fullmatch(rf"  {STRING} {attributes}", line):
            nodes[unescaped(found[1])] = unescaped(found[2])
        elif found := re.fullmatch(rf"  {STRING} -> {STRING} {attributes}", line):
            edges.append((unescaped(found[1]), unescaped(found[2]), unescaped(found[3])))
        else:
            assert re.match(r"  (rankdir=LR;|node \[|edge \[)", line), line
    return nodes, edges


def unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda m: {"n": "\n"}.get(m[1], m[1]), text)


@settings(max_examples=25, deadline=None)
@given(graphs)
def test_graphviz_text_has_every_population_and_projection(graph: SynapseGraph) -> None:
    nodes, edges = parsed(to_dot(graph))
    assert list(nodes) == [p.name for p in graph.populations]
    assert all(label.startswith(f"{name}\n") for name, label in nodes.items())
    assert Counter((s, t) for s, t, _ in edges) == Counter(
        (p.source, p.target) for p in graph.projections
    )
    assert Counter(label.split("\n")[0].split(": ")[-1] for *_, label in edges) == Counter(
        f"{p.role} {p.mantissa.size}" for p in graph.projections
    )
