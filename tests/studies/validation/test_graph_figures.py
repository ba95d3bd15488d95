"""Adjacency and weights as pictures, read back from what was drawn."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray

from spinspike.mapping import Rounding, SynapseGraph, map_network
from spinspike.mapping.pictures.svg import EXCITES, INHIBITS
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.network import random_network
from spinspike.studies.validation import graph_figures

pytestmark = pytest.mark.matplotlib
Picture = NDArray[np.float64]


def two_modules(encoding: str) -> SynapseGraph:
    """Of 30 units each, 30 % of whose couplings exist."""
    architecture = Architecture(
        units=30, inputs=9, classes=4, modules=2, link=1.0, self_coupling=0.2, sparsity=0.7
    )
    network = random_network(architecture, np.random.default_rng(1), centre=np.zeros(9))
    return map_network(network, encoding=encoding, rounding=Rounding(input="graded"))


@pytest.fixture(params=["signed", "dale", "pushpull"])
def small(request: pytest.FixtureRequest) -> SynapseGraph:
    return two_modules(request.param)


def axes(figure: Figure) -> list[Any]:
    """The axes, untyped: what they hold depends on what was drawn."""
    return list(figure.axes)


def blocks(axis: Any) -> dict[tuple[str, str], Picture]:
    """Drawn pictures by the names at their middles."""
    across = {
        x: t.get_text() for x, t in zip(axis.get_xticks(), axis.get_xticklabels(), strict=True)
    }
    down = {y: t.get_text() for y, t in zip(axis.get_yticks(), axis.get_yticklabels(), strict=True)}
    found = {}
    for image in axis.images:
        left, right, bottom, top = image.get_extent()
        key = across[(left + right) / 2], down[(bottom + top) / 2]
        found[key] = np.asarray(image.get_array())
    return found


def synapses(graph: SynapseGraph) -> dict[tuple[str, str], Picture]:
    """For each pair of populations which neurons are joined by either sign, one by one."""
    found: dict[tuple[str, str], Picture] = {}
    for p in graph.projections:
        shape = (graph.sizes[p.target], graph.sizes[p.source], 2)
        joined = found.setdefault((p.source, p.target), np.zeros(shape))
        for row in range(shape[0]):
            for column in p.indices[p.indptr[row] : p.indptr[row + 1]]:
                joined[row, column, 0 if p.sign > 0 else 1] = 1
    return found


def test_every_synapse_has_a_dot_in_the_colour_of_its_sign(small: SynapseGraph) -> None:
    (axis,) = axes(graph_figures.adjacency(small))
    drawn, expected = blocks(axis), synapses(small)
    assert drawn.keys() == expected.keys()
    for key, joined in expected.items():
        for sign, colour in enumerate((EXCITES, INHIBITS)):
            alone = (joined[..., sign] > 0) & (joined[..., 1 - sign] == 0)
            np.testing.assert_allclose(drawn[key][alone], np.tile(to_rgb(colour), (alone.sum(), 1)))
        np.testing.assert_array_equal(drawn[key][joined.sum(axis=2) == 0], 1.0)


def test_every_neuron_has_a_pixel_of_its_own(small: SynapseGraph) -> None:
    figure = graph_figures.adjacency(small)
    figure.draw_without_rendering()
    (axis,) = axes(figure)
    assert axis.get_window_extent().width >= axis.get_xlim()[1]


def test_large_graphs_show_how_many_pairs_are_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    """Darkness squared is the number of synapses between ranges of three, up to one factor."""
    for name, value in (("EXACT", 10), ("RANGES", 0), ("FEWEST", 10)):
        monkeypatch.setattr(graph_figures, name, value)
    graph = two_modules("dale")
    (axis,) = axes(graph_figures.adjacency(graph))
    drawn, counts, squares = blocks(axis), [], []
    for key, joined in synapses(graph).items():
        if joined.shape[:2] == (30, 30):
            sign, colour = (0, EXCITES) if key[0].startswith("E") else (1, INHIBITS)
            counts.append(joined[..., sign].reshape(10, 3, 10, 3).sum(axis=(1, 3)))
            darkness = (1 - drawn[key][..., 1]) / (1 - to_rgb(colour)[1])
            squares.append(np.square(darkness))
    assert len(counts) == 12  # of 16: only links, which excite, go from module to module
    factor = np.sum(squares) / np.sum(counts)
    np.testing.assert_allclose(squares, np.array(counts) * factor, atol=1e-9)


def test_bars_are_counts_and_twins_share_them(small: SynapseGraph) -> None:
    figure = graph_figures.weights(small)
    drawn: Counter[str] = Counter()
    for axis in axes(figure):
        if axis.patches:
            title = axis.get_title(loc="left")
            role, rest = title.split("\n")[0].split(" from ")
            source, targets = rest.split(" to ")
            heights = [bar.get_height() for bar in axis.patches]
            edges = [bar.get_x() for bar in axis.patches]
            for target in targets.split(", "):
                sign = "+" if axis.patches[0].get_facecolor()[:3] == to_rgb(EXCITES) else "-"
                name = f"{source}>{target}:{role}{sign}"
                drawn[name] += 1
                (p,) = (p for p in small.projections if p.name == name)
                weights = p.mantissa.astype(int) * 2**p.exponent
                expected, _ = np.histogram(weights, [*edges, axis.get_xlim()[1]])
                assert heights == expected.tolist()
    assert drawn == Counter(p.name for p in small.projections)


def test_more_projections_than_panels_are_announced(
    small: SynapseGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph_figures, "PANELS", 2)
    figure = graph_figures.weights(small)
    assert sum(bool(axis.patches) for axis in axes(figure)) == 2
    assert "the first 2 of" in figure.get_suptitle()
