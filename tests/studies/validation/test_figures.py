"""Figures draw the numbers they are given."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from spinspike.mapping import SynapseGraph, integer_margins
from spinspike.model.training.comparators import Comparator
from spinspike.model.training.control import ControlRun
from spinspike.model.training.training import Epoch
from spinspike.simulators import Emulator, Outcome, validate, wilson
from spinspike.simulators.validation.examples import Example
from spinspike.studies.validation import figures

pytestmark = pytest.mark.matplotlib
HISTORY = tuple(Epoch(e, 0.8, 0.5 + e / 10, 0.1, 0.01, 900.0, 1.0) for e in (1, 2, 3))


@pytest.fixture(scope="module")
def outcomes(graph: SynapseGraph) -> list[Outcome]:
    return list(validate(graph, Emulator(), patterns=20, runs=["learned"]))


def axes(figure: Figure) -> list[Any]:
    """The axes, untyped: what they hold depends on what was drawn."""
    return list(figure.axes)


def test_learning_curves_show_validation_accuracies() -> None:
    run = ControlRun("strong recurrence, self-coupling 0", 0, 0.4, HISTORY[:2])
    left, right = axes(figures.learning_curves(HISTORY, [run, run]))
    assert left.lines[1].get_ydata().tolist() == pytest.approx([0.6, 0.7, 0.8])
    assert right.lines[0].get_ydata().tolist() == pytest.approx([0.6, 0.7])
    labels = [text.get_text() for text in right.get_legend().get_texts()]
    assert labels == ["strong recurrence, self-coupling 0"]


def test_bars_of_the_nulls_are_fractions_held(outcomes: list[Outcome]) -> None:
    (axis,) = axes(figures.nulls(outcomes))
    heights = sorted(bar.get_height() for bar in axis.patches)
    assert heights == pytest.approx(sorted(100 * wilson(o.exact)[0] for o in outcomes))


def test_overlap_is_the_median_over_patterns(outcomes: list[Outcome]) -> None:
    (axis,) = axes(figures.overlap(outcomes))
    for outcome, line in zip(outcomes, axis.lines[: len(outcomes)], strict=True):
        assert line.get_ydata().tolist() == np.median(outcome.overlap, axis=1).tolist()


def test_flips_are_counted_in_the_bin_of_their_margin(
    graph: SynapseGraph, outcomes: list[Outcome]
) -> None:
    """One doctored pattern: the unit with the largest margin flipped, and nothing else."""
    outcome = next(o for o in outcomes if not o.null)
    margin = integer_margins(graph, outcome.points)[:, graph.io.decoder] - 0.5
    margin = margin / graph.io.scale
    row, unit = np.unravel_index(margin.argmax(), margin.shape)
    final = outcome.points.states.copy()
    final[row, unit] *= -1
    (axis,) = axes(figures.flips_against_margin([replace(outcome, final=final)], graph))
    heights = np.array([bar.get_height() for bar in axis.patches])
    assert np.flatnonzero(heights > 0).tolist() == [len(heights) - 1]
    assert heights[-1] == pytest.approx(100 / (margin > 2.5).sum())


def test_comparison_names_every_row() -> None:
    others = [Comparator("ridge", "linear algebra", 0.9)]
    figure = figures.comparison(0.95, [ControlRun("couplings not learned", 1, 0.8, ())], others)
    (axis,) = axes(figure)
    assert [bar.get_width() for bar in axis.patches] == [0.9, 0.8, 0.95]
    assert len(axis.get_yticklabels()) == 3


def test_a_raster_shows_spikes_around_the_release(
    graph: SynapseGraph, outcomes: list[Outcome]
) -> None:
    times = np.array([1.0, 5.9, 6.0, 40.0])
    final = outcomes[0].points.states.copy()
    final[0, 7] *= -1
    outcome = replace(outcomes[0], raster=(times, np.array([0, 1, 2, 3])), final=final)
    top, below = axes(figures.raster(Example("lost", 4, outcome), graph, around=2.0))
    spikes = [line for line in below.lines if line.get_marker() == "."]
    assert sorted(np.concatenate([line.get_xdata() for line in spikes])) == times.tolist()
    assert below.get_xlim() == (outcome.release - 2, outcome.release + 2)
    assert top.get_title(loc="left") == (
        "emulator (step), learned, pattern 4: lost, 99 of 100 units in s* at the end"
    )
    (marks,) = (line for line in below.lines if line.get_marker() == "<")
    order = np.lexsort((-outcome.points.states[0][graph.io.unit], np.repeat([0, 1], 100)))
    assert [graph.io.unit[order[n]] for n in marks.get_ydata()] == [7, 7]


def test_many_simulators_have_rows_of_panels(outcomes: list[Outcome]) -> None:
    names = ("lava", "brian2", "nest", "emulator")
    several = [replace(o, simulator=name) for name in names for o in outcomes]
    panels = axes(figures.overlap(several))
    assert [a.get_title(loc="left") for a in panels[:4]] == [
        "lava", "brian2 (step)", "nest (step)", "emulator (step)",
    ]  # fmt: skip
    assert len(panels) == 6
    assert all(a.get_ylabel() == "overlap with s* (median)" for a in panels[:4])


def test_the_user_s_style_stays_as_it_was() -> None:
    before = dict(mpl.rcParams)
    figures.learning_curves(
        HISTORY, [ControlRun("strong recurrence, self-coupling 0", 0, 0.4, HISTORY)]
    )
    assert dict(mpl.rcParams) == before
