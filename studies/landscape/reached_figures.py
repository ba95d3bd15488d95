"""The figures of what reaches fixed points, and of what lies around those that are reached."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from spinspike.studies.page.style import DOWN, INK, PALE, SIGNAL, UP, styled

from .reached import KINDS, Nearby
from .sweep import SweepFindings
from .sweep_figures import axis_name, legend

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = (UP, DOWN, SIGNAL, "#6fa57b", "#9a83b5")


@styled
def algorithms(found: SweepFindings) -> Figure:
    """Fraction of runs by which each algorithm finds a fixed point, and the sweeps it takes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.2, 3.1))
    left, right = figure.subplots(1, 2)
    units = max(found.sweep.units)
    for order, colour in zip(found.sweep.orders, COLOURS, strict=False):
        line = found.line(units, order, found.beside[0])
        at = [getattr(r, found.along) for r in line]
        left.fill_between(at, [r.low for r in line], [r.high for r in line], color=colour,
                          alpha=0.18, linewidth=0)  # fmt: skip
        left.plot(at, [r.converged for r in line], "o-", color=colour, markersize=3, label=order)
        right.errorbar(at, [r.sweeps for r in line], [1.96 * r.sweeps_error for r in line],
                       fmt="o-", color=colour, markersize=3, linewidth=1.2)  # fmt: skip
    left.set(title=f"runs that find a fixed point, H {units}", ylim=(-0.03, 1.03))
    right.set(title="sweeps or iterations to it", yscale="log")
    for axis in (left, right):
        axis.set_xlabel(axis_name(found.along))
    left.legend(loc="best")
    return figure


@styled
def nearby(found: Sequence[Nearby]) -> Figure:
    """Fixed points around those reached and typical ones, by distance, for each self-coupling."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import NullLocator

    levels = sorted({n.self_coupling for n in found})
    figure = Figure(figsize=(4.1 * max(len(levels), 1.4), 3.2))
    axes = np.atleast_1d(figure.subplots(1, len(levels), sharey=True))
    for axis, level in zip(axes, levels, strict=True):
        own = [n for n in found if n.self_coupling == level and n.networks]
        for (kind, text), colour in zip(KINDS.items(), (UP, DOWN, PALE), strict=True):
            for n in own:
                if n.kind == kind:
                    count, error = np.array(n.count), 1.96 * np.nan_to_num(n.error)
                    low = np.minimum(error, 0.9 * count)
                    axis.errorbar(n.distance, count, [low, error], fmt="o-", color=colour,
                                  markersize=4, linewidth=1.2, label=text)  # fmt: skip
        if own:
            axis.plot(own[0].distance, own[0].theory, ":", color=INK, label="typical, closed form")
            axis.set(title=f"$J_D$ {level:g}, H {own[0].units}", xlabel="Hamming distance")
        axis.set(xscale="log", yscale="log")
        axis.set_xticks(found[0].distance, [str(d) for d in found[0].distance])
        axis.xaxis.set_minor_locator(NullLocator())
    axes[0].set_ylabel("fixed points at that distance")
    legend(axes[0])
    return figure
