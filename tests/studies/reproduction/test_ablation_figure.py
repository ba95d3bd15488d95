"""The figure of a group holds what was measured and what was published."""

from __future__ import annotations

from typing import Any

import pytest

from spinspike.studies.reproduction.figures import Row, figure

pytestmark = pytest.mark.matplotlib


def lines(rows: list[Row]) -> dict[str, list[list[float]]]:
    """Points of every line, by colour and style."""
    (axis,) = figure(rows).axes
    drawn: list[Any] = list(axis.lines)
    return {
        f"{line.get_color()} {line.get_linestyle()}": line.get_xydata().tolist()
        for line in drawn
        if line.get_linestyle() != "None" and len(line.get_xdata())
    }


def test_measured_and_published_are_drawn_in_one_colour() -> None:
    rows = [
        Row("couplings", "J learned", 1600, 1600, 2, 0.88, 0.01, 0.881),
        Row("couplings", "J learned", 400, 400, 2, 0.84, 0.01, 0.848),
        Row("couplings", "J = 0", 400, 400, 1, 0.82, None, None),
    ]
    assert lines(rows) == {
        "#d0603f -": [[400, 0.84], [1600, 0.88]],
        "#d0603f :": [[400, 0.848], [1600, 0.881]],
        "#3a86b4 -": [[400, 0.82]],
    }


def test_counts_have_a_logarithmic_axis() -> None:
    made = figure([Row("counts", "mean number", 0.5, 10, 400, 30.0, 0.6, 29.3)])
    (axis,) = made.axes
    assert axis.get_yscale() == "log"
    labels = [text.get_text() for text in axis.get_legend().get_texts()]  # type: ignore[union-attr]
    assert sorted(labels) == ["closed form", "mean number"]
