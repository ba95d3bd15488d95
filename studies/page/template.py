"""Pages that stand by themselves: a template filled in, with its pictures inside it."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HALF = 6.5  # inches, up to which a figure is legible in half the page's width


def filled_in(template: str, **values: Any) -> str:
    """A page of this folder, and what it includes, with every value it names.

    Examples
    --------
    >>> page = filled_in("explore.html", title="A <title>", lead="", cards=[], sections=[],
    ...                  words={}, repeat=None)
    >>> "A &lt;title&gt;" in page
    True
    """
    from importlib.resources import files

    import jinja2

    folder = files("spinspike.studies.page")
    loader = jinja2.FunctionLoader(lambda name: folder.joinpath(name).read_text(encoding="utf-8"))
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, loader=loader
    )
    return environment.get_template(template).render(**values)


def picture(folder: Path, name: str, figure: Figure, caption: str) -> dict[str, str]:
    """Write a figure as PNG and SVG, and hand it on as a page takes it."""
    from .svg import adaptive_svg

    folder.mkdir(exist_ok=True)
    figure.savefig(folder / f"{name}.png")
    drawing = adaptive_svg(figure)
    (folder / f"{name}.svg").write_text(drawing, encoding="utf-8")
    data = base64.b64encode(drawing.encode()).decode()
    wide = "wide-picture" if figure.get_figwidth() > HALF else ""
    return {"name": name, "caption": caption, "data": data, "width": wide}
