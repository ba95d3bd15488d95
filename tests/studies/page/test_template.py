"""Pages from templates: what is filled in is escaped, and what is missing is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
import pytest
from matplotlib.figure import Figure

from spinspike.studies.page.template import filled_in, picture

pytestmark = pytest.mark.matplotlib
EMPTY: dict[str, Any] = {"lead": "", "cards": [], "sections": [], "words": {}, "repeat": None}


def test_nothing_that_is_filled_in_is_markup() -> None:
    page = filled_in("explore.html", title="<script>", **EMPTY)
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert "--ink" in page  # the style is inside


def test_a_value_that_is_not_given_is_not_left_out_in_silence() -> None:
    with pytest.raises(jinja2.UndefinedError, match="title"):
        filled_in("explore.html", **EMPTY)


def test_a_picture_is_written_twice_and_handed_on(tmp_path: Path) -> None:
    figure = Figure()
    figure.subplots().plot([0, 1])
    found = picture(tmp_path / "figures", "line", figure, "A line.")
    assert (found["name"], found["caption"]) == ("line", "A line.")
    assert (tmp_path / "figures/line.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (tmp_path / "figures/line.svg").read_text()
