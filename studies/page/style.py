"""How every figure looks: colours and style."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec

if TYPE_CHECKING:
    from matplotlib.figure import Figure


INK, PALE = "#22313f", "#8c98a3"
UP, DOWN, SIGNAL = "#d0603f", "#3a86b4", "#dba63c"  # mid-tones: legible on light and dark pages
P = ParamSpec("P")
STYLE: dict[str, Any] = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "font.size": 9,
    "legend.loc": "upper right",  # the best one takes seconds to find, and a warning
    "legend.frameon": False,
    "legend.fontsize": 8,
    "axes.prop_cycle": "cycler('color', ['#d0603f', '#3a86b4', '#dba63c', '#6fa57b', '#9a83b5', "
    "'#b8738f', '#5aa6a0'])",
    "figure.dpi": 130,
    "figure.constrained_layout.use": True,
}


def styled(plot: Callable[P, Figure]) -> Callable[P, Figure]:
    """Draw with the report's style, whatever the user's settings are."""

    @wraps(plot)
    def draw(*args: P.args, **kwargs: P.kwargs) -> Figure:
        import matplotlib as mpl

        defaults: dict[Any, Any] = dict(mpl.rcParamsDefault)
        with mpl.rc_context(defaults | STYLE):
            return plot(*args, **kwargs)

    return draw
