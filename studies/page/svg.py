"""Figures as SVG that follow the reader's colour scheme, light or dark."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from .style import INK

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DARK_INK = "#d5dde4"
STYLE = (
    f"<style>:root{{--ink:{INK}}}"
    f"@media (prefers-color-scheme:dark){{:root{{--ink:{DARK_INK}}}}}</style>"
)


def adaptive_svg(figure: Figure) -> str:
    """A drawing on no ground whose ink is dark on light pages and light on dark ones.

    What is drawn in other colours keeps them; letters are outlines, so that no font is needed.
    """
    import matplotlib as mpl

    page = io.StringIO()
    none = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with mpl.rc_context({"svg.fonttype": "path", "svg.hashsalt": "spinspike"}):
        figure.savefig(page, format="svg", transparent=True, metadata=none)
    drawing = page.getvalue().replace(INK, "var(--ink)")
    start = drawing.index(">", drawing.index("<svg")) + 1
    return drawing[:start] + STYLE + drawing[start:]
