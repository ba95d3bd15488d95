"""The figures of stress: what was held, what was certain to be, and what a null holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from spinspike.simulators.stress.curve import StressCurve
from spinspike.studies.page.style import DOWN, INK, PALE, SIGNAL, UP, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure


COLUMNS = 3  # panels beside each other


@styled
def stress_figure(curve: StressCurve) -> Figure:
    """One kind of stress, on a white card."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.0, 3.6))
    axis = figure.subplots()
    panel(axis, curve)
    axis.set(title=f"{curve.title}: patterns {curve.asked} (%)", xlabel=curve.unit)
    axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


@styled
def stress_panels(curves: Sequence[StressCurve]) -> Figure:
    """All kinds of stress, a panel each, with one legend."""
    from matplotlib.figure import Figure

    columns = min(COLUMNS, len(curves))
    rows = -(-len(curves) // columns)
    figure = Figure(figsize=(3.1 * columns, 2.7 * rows + 0.4))
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    shown: dict[str, Any] = {}
    for axis, curve in zip(axes, curves, strict=False):
        panel(axis, curve)
        axis.set(title=curve.title, xlabel=curve.unit)
        axis.xaxis.label.set_size(8)
        axis.tick_params(axis="x", labelsize=8, rotation=45)
        handles, labels = axis.get_legend_handles_labels()
        shown |= dict(zip(labels, handles, strict=True))
    for axis in axes[len(curves) :]:
        axis.axis("off")
    figure.legend(list(shown.values()), list(shown), ncols=len(shown), loc="outside lower center")
    return figure


def panel(axis: Any, curve: StressCurve) -> None:
    """One curve; levels stand at even distances."""
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
    axis.set(ylim=(-2, 103), yticks=(0, 25, 50, 75, 100))
