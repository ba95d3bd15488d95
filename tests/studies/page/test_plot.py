"""Pictures show the numbers of the run, in axes that one brings along."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from spinspike import plot
from spinspike.errors import BadInput
from spinspike.mapping import SynapseGraph, weakest_units
from spinspike.model import FixedPoints
from spinspike.simulators import Emulator, Phases, encode_stimulus, validate

pytestmark = pytest.mark.matplotlib
mpl.use("agg")


def test_a_raster_has_a_dot_for_every_spike(graph: SynapseGraph) -> None:
    images = graph.fixed_points["free"].inputs[:3]
    run = Emulator().run(graph, encode_stimulus(graph, images), Phases(cue=1, free=4))
    ax = plot.raster(run, graph, pattern=2, ax=Figure().subplots())
    dots = np.concatenate([line.get_xydata() for line in ax.lines if line.get_marker() == "."])
    step, neuron = np.nonzero(run.spikes[:, 2])  # type: ignore[index]
    np.testing.assert_array_equal(
        sorted(map(tuple, dots)), sorted(zip(step + 1, neuron, strict=True))
    )
    assert [text.get_text() for text in ax.texts] == ["E", "I"]
    colours = {line.get_color() for line in ax.lines if line.get_marker() == "."}
    assert len(colours) == 2
    with pytest.raises(BadInput, match="pattern is 3; allowed: 0 to 2"):
        plot.raster(run, graph, pattern=3)
    with pytest.raises(BadInput, match="the run kept no spikes of pattern 0"):
        plot.raster(replace(run, spikes=None), graph)


def test_overlap_is_the_median_of_the_patterns(graph: SynapseGraph) -> None:
    outcomes = list(validate(graph, Emulator(), patterns=5, runs=("learned",), nulls=True))
    ax = plot.overlap(outcomes, ax=Figure().subplots())
    lines: list[Any] = [line for line in ax.lines if np.size(line.get_xdata()) > 2]
    assert lines[0].get_label() == "the graph"
    for line, outcome in zip(lines, outcomes, strict=True):
        np.testing.assert_allclose(line.get_ydata(), np.median(outcome.overlap, axis=1))
    with pytest.raises(BadInput, match="outcomes are of no run; allowed: one simulator"):
        plot.overlap([])


def test_margins_and_weights_count_all(graph: SynapseGraph) -> None:
    ax = plot.margins(graph, ax=Figure().subplots())
    least = min(weakest_units(graph, points)[0].min() for points in graph.fixed_points.values())
    bars: list[Any] = list(ax.patches)
    assert min(bar.get_x() for bar in bars) == pytest.approx(min(int(least), 0))
    ax = plot.weights(graph, ax=Figure().subplots())
    bars = list(ax.patches)
    assert sum(bar.get_height() for bar in bars) == graph.synapses
    with pytest.raises(BadInput, match="the graph carries no fixed points"):
        plot.margins(replace(graph, fixed_points={}))


def test_without_axes_those_of_pyplot_are_taken(graph: SynapseGraph) -> None:
    import matplotlib.pyplot as plt

    assert plot.weights(graph) is plt.gca()
    plt.close("all")


def test_a_landscape_keeps_distances_that_fit_into_a_plane() -> None:
    """Four corners of a rectangle of 2 by 6 units, a class for each of its ends."""
    states = np.ones((4, 9), dtype=np.int8)
    states[1::2, :2] = -1
    states[2:, 2:8] = -1
    points = FixedPoints(np.zeros((4, 1)), np.array([0, 0, 1, 1]), states)
    ax = plot.landscape(points, ax=Figure().subplots())
    dots = np.concatenate([np.asarray(line.get_xydata()) for line in ax.lines])
    squares = ((dots[:, None] - dots) ** 2).sum(axis=2)
    np.testing.assert_allclose(squares, (states[:, None] != states).sum(axis=2), atol=1e-9)
    assert ax.get_xlabel() == "first component, 75 % of the differences"
    assert [line.get_label() for line in ax.lines] == ["class 0", "class 1"]
    with pytest.raises(BadInput, match="2 fixed points with 1 state; allowed: two different"):
        plot.landscape(points.select(np.array([0, 0])), ax=Figure().subplots())
