"""The figures of stress, read back from what was drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinspike.simulators.stress.curve import StressCurve
from spinspike.studies.stress.figures import stress_figure, stress_panels

pytestmark = pytest.mark.matplotlib
CURVE = StressCurve(
    kind="mismatch", title="Weight mismatch", unit="deviation", asked="in s* at the end",
    simulator="emulator", regime="step", patterns=10, draws=2, levels=(0.0, 0.1, 0.5),
    held=(1.0, 0.75, 0.25), low=(0.9, 0.5, 0.1), high=(1.0, 0.9, 0.5), units=(1.0, 0.99, 0.9),
    class_kept=(1.0, 1.0, 0.8), null=(0.1, 0.1, 0.0), null_units=(0.9, 0.9, 0.8),
    bound=(1.0, 0.5, 0.0), certified="", cases=15, broken=0, sure=5, lost=0, chance=None, least=None,
    marks={"any error harmless": 0.05},
)  # fmt: skip


def test_lines_are_the_curve_in_percent_over_evenly_spaced_levels() -> None:
    (axis,) = stress_figure(CURVE).axes
    lines = {str(line.get_label()): line for line in axis.lines}
    expected = {
        "patterns exactly held": CURVE.held,
        "certified": CURVE.bound,
        "null: no couplings": CURVE.null,
        "class kept": CURVE.class_kept,
        "units as in s*": CURVE.units,
    }
    for label, values in expected.items():
        assert lines[label].get_xdata() == pytest.approx(np.arange(3))
        assert lines[label].get_ydata() == pytest.approx(100 * np.array(values))
    assert [text.get_text() for text in axis.get_xticklabels()] == ["0", "0.1", "0.5"]
    assert "Weight mismatch: patterns in s* at the end (%)" in axis.get_title(loc="left")


def test_a_certificate_is_marked_between_the_levels_that_enclose_it() -> None:
    (axis,) = stress_figure(CURVE).axes
    (mark,) = (line for line in axis.lines if np.array_equal(line.get_ydata(), [0, 1]))
    assert np.array_equal(mark.get_xdata(), [0.5, 0.5])
    assert any("any error harmless, median: 0.05" in text.get_text() for text in axis.texts)


def test_nothing_is_drawn_where_nothing_is_proved() -> None:
    (axis,) = stress_figure(replace(CURVE, bound=None, marks={})).axes
    assert "certified" not in [line.get_label() for line in axis.lines]
    assert not axis.texts


def test_the_card_is_white_whatever_page_it_lies_on() -> None:
    figure = stress_figure(CURVE)
    assert figure.get_facecolor() == (1, 1, 1, 1)


def test_panels_have_one_legend_and_a_title_each() -> None:
    other = replace(CURVE, title="Lost spikes", bound=None, marks={})
    figure = stress_panels([CURVE, other, other, other])
    titles = [axis.get_title(loc="left") for axis in figure.axes]
    assert titles == ["Weight mismatch", *["Lost spikes"] * 3, "", ""]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "certified", "units as in s*", "class kept", "patterns exactly held", "null: no couplings",
    ]  # fmt: skip
    assert not any(axis.get_legend() for axis in figure.axes)
    held = figure.axes[1].lines[2]
    assert held.get_ydata() == pytest.approx(100 * np.array(CURVE.held))
