"""The figures of stress: what was held, what was certain to be, and what a null holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spinspike.simulators.stress.curve import StressCurve
from spinspike.studies.page.style import DOWN, INK, PALE, SIGNAL, UP, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@styled
def stress_figure(curve: StressCurve) -> Figure:
    """One kind of stress; levels stand at even distances, on a white card."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.0, 3.6))
    axis = figure.subplots()
    at = np.arange(len(curve.levels))
    percent = {
        name: 100 * np.array(getattr(curve, name))
        for name in ("held", "low", "high", "class_kept", "units", "null")
    }
    if curve.bound is not None:
        certain = 100 * np.array(curve.bound)
        axis.fill_between(at, 0, certain, color=SIGNAL, alpha=0.25, linewidth=0)
        axis.plot(at, certain, color=SIGNAL, linewidth=1.5, label="certified")
    axis.plot(at, percent["units"], ":", color=DOWN, linewidth=1.2, label="units as in s*")
    axis.plot(at, percent["class_kept"], "--", color=DOWN, linewidth=1.2, label="class kept")
    axis.fill_between(at, percent["low"], percent["high"], color=UP, alpha=0.2, linewidth=0)
    axis.plot(at, percent["held"], "o-", color=UP, markersize=4, label="patterns exactly held")
    axis.plot(at, percent["null"], "s-", color=PALE, markersize=3, label="null: no couplings")
    for label, level in curve.marks.items():
        place = float(np.interp(level, curve.levels, at))
        axis.axvline(place, color=INK, linewidth=0.8, linestyle=(0, (2, 2)))
        axis.annotate(
            f"{label}, median: {level:.3g}",
            (place, 6),
            xytext=(2, 0),
            textcoords="offset points",
            fontsize=7,
            color=INK,
            rotation=90,
        )
    axis.set_xticks(at, [f"{level:g}" for level in curve.levels])
    axis.set(
        title=f"{curve.title}: patterns {curve.asked} (%)",
        xlabel=curve.unit,
        ylim=(-2, 103),
        yticks=(0, 25, 50, 75, 100),
    )
    axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure
