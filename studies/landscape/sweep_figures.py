"""The figures of a sweep over random networks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from spinspike.model.landscape.theory.complexity import chain_complexity
from spinspike.studies.page.style import INK, PALE, UP, styled

from .sweep import SYMBOLS, SweepFindings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STEPS = ("#9fc4dc", "#5fa0c8", "#3a86b4", "#8d7fa8", "#b8738f", "#d0603f", "#a8442a")
SHOWN = 5  # histograms in one figure
MOST_TICKS = 8  # of one axis of the phase picture


def colours(count: int) -> list[str]:
    """So many in order, from cool to warm."""
    picked = np.linspace(0, len(STEPS) - 1, max(count, 2)).round().astype(int)
    return [STEPS[k] for k in picked[-count:]] if count > 1 else [UP]


@styled
def phase(found: SweepFindings) -> Figure:
    """Fraction converged over J_D and lambda at the largest size, a panel for each order."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    sweep, largest = found.sweep, max(found.sweep.units)
    figure = Figure(figsize=(4.4 * len(sweep.orders) + 0.6, 3.9))
    axes = np.atleast_1d(figure.subplots(1, len(sweep.orders), sharey=True))
    ramp = mpl.colors.LinearSegmentedColormap.from_list("phase", ["#2b5f86", "#8fa3ad", "#e08a5b"])
    x, y = np.array(sorted(sweep.self_couplings)), np.array(sorted(sweep.links))
    for axis, order in zip(axes, sweep.orders, strict=True):
        grid = [[r.converged for r in found.line(largest, order, link)] for link in y]
        shown = axis.pcolormesh(x, y, np.array(grid), cmap=ramp, vmin=0, vmax=1, shading="nearest")
        _complexity_lines(axis, x, y)
        _edges(axis, found, order)
        axis.set(title=order, xlabel="self-coupling $J_D$", xticks=_ticks(x), yticks=_ticks(y))
    axes[0].set_ylabel("link λ")
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=len(names))
    bar = figure.colorbar(shown, ax=list(axes), pad=0.02)
    bar.set_label(f"runs converged, H {largest}")
    return figure


def _ticks(levels: Any) -> Any:
    """Levels that were asked for, every other or fewer of many."""
    return levels[:: -(-len(levels) // MOST_TICKS)]


def _complexity_lines(axis: Axes, x: Any, y: Any) -> None:
    """Where theory expects exp(Σ H) fixed points."""
    fine_x, fine_y = np.linspace(x[0], x[-1], 60), np.linspace(y[0], y[-1], 60)
    sigma = [[chain_complexity(link, j) for j in fine_x] for link in fine_y]
    lines = axis.contour(
        fine_x, fine_y, np.array(sigma), levels=(0.1, 0.2, 0.3, 0.4, 0.5), colors="white",
        linewidths=0.9, linestyles=":",
    )  # fmt: skip
    axis.clabel(lines, fmt="%.1f", fontsize=7)


def _edges(axis: Axes, found: SweepFindings, order: str) -> None:
    """The threshold of each size along J_D, where there is one."""
    sizes = sorted(found.sweep.units)
    for units in sizes:
        places = [(link, found.edge(units, order, link)) for link in sorted(found.beside)]
        kept = [(t.level, t.error, link) for link, t in places if t is not None and t.found]
        level, error, link = np.array(kept).reshape(-1, 3).T
        size = units / max(sizes)
        axis.errorbar(
            level, link, xerr=error, fmt="o-", color=INK, alpha=0.35 + 0.65 * size,
            markersize=2 + 2 * size, linewidth=0.6 + 1.2 * size, label=f"half converge, H {units}",
        )  # fmt: skip


@styled
def convergence(found: SweepFindings) -> Figure:
    """Fraction converged along the first line of each order, a band for each size."""
    return _lines(found, "converged", "runs converged", ylim=(-0.03, 1.03))


@styled
def sweeps(found: SweepFindings) -> Figure:
    """Sweeps that converged runs took."""
    figure = _lines(found, "sweeps", "sweeps to the fixed point")
    for axis in figure.axes:
        axis.set_yscale("log")
        axis.axhline(found.sweep.limit, color=INK, linewidth=0.8, linestyle=(0, (2, 2)))
        axis.annotate(
            "limit", (1, found.sweep.limit), xycoords=("axes fraction", "data"),
            xytext=(0, 2), textcoords="offset points", ha="right", fontsize=7, color=INK,
        )  # fmt: skip
    return figure


@styled
def start_overlap(found: SweepFindings) -> Figure:
    """How much of its start a fixed point keeps."""
    return _lines(found, "start_overlap", "overlap with the start", ylim=(-0.03, 1.03))


def _lines(found: SweepFindings, name: str, label: str, **limits: Any) -> Figure:
    """One quantity along the first line of each order."""
    from matplotlib.figure import Figure

    orders, sizes = found.sweep.orders, sorted(found.sweep.units)
    figure = Figure(figsize=(4.1 * max(len(orders), 1.4), 3.1))
    axes = np.atleast_1d(figure.subplots(1, len(orders), sharey=True))
    other, beside = SYMBOLS[found.along][1], found.beside[0]
    for axis, order in zip(axes, orders, strict=True):
        for units, colour in zip(sizes, colours(len(sizes)), strict=True):
            line = found.line(units, order, beside)
            at = np.array([getattr(r, found.along) for r in line])
            value = np.array([getattr(r, name) for r in line])
            low, high = _band(line, name, value)
            axis.fill_between(at, low, high, color=colour, alpha=0.22, linewidth=0)
            axis.plot(
                at, value, "o-", color=colour, markersize=3, linewidth=1.3, label=f"H {units}"
            )
        title = order + (f", {other} {beside:g}" if len(found.beside) > 1 or beside else "")
        axis.set(title=title, xlabel=axis_name(found.along), **limits)
    axes[0].set_ylabel(label)
    axes[-1].legend(loc="best")
    return figure


def _band(line: Sequence[Any], name: str, value: Any) -> tuple[Any, Any]:
    """The 95 % interval: Wilson's of a fraction, else two standard errors."""
    if name == "converged":
        return [r.low for r in line], [r.high for r in line]
    error = 1.96 * np.nan_to_num([getattr(r, f"{name}_error") for r in line])
    return value - error, value + error


def axis_name(along: str) -> str:
    """What changes along a line, as an axis says it."""
    return "self-coupling $J_D$" if along == "self_coupling" else "link λ"


@styled
def scaling(found: SweepFindings) -> Figure:
    """Thresholds against the size, with the power law where one is determined."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import NullLocator

    orders = found.sweep.orders
    figure = Figure(figsize=(4.1 * max(len(orders), 1.4), 3.1))
    axes = np.atleast_1d(figure.subplots(1, len(orders), sharey=True))
    symbol, other = SYMBOLS[found.along]
    for axis, order in zip(axes, orders, strict=True):
        for beside, colour in zip(found.beside, colours(len(found.beside)), strict=True):
            edges = [e for e in found.edges if (e.order, e.beside) == (order, beside)]
            kept = [e for e in edges if e.threshold.found]
            law = next(v for v in found.laws if (v.order, v.beside) == (order, beside)).scaling
            label = f"{other} {beside:g}"
            if law.found:
                fine = np.geomspace(min(found.sweep.units), 4 * max(found.sweep.units), 80)
                axis.plot(fine, law.at(fine), color=colour, linewidth=1)
                label += f": {law.limit:.2f} ± {law.limit_error:.2f} for H → ∞"
            axis.errorbar(
                [e.units for e in kept], [e.threshold.level for e in kept],
                [1.96 * e.threshold.error for e in kept], fmt="o", color=colour, markersize=4,
                linewidth=1.2, label=label if kept else None,
            )  # fmt: skip
        axis.set(title=order, xlabel="units of a module, H", xscale="log")
        axis.set_xticks(found.sweep.units, [str(units) for units in found.sweep.units], minor=False)
        axis.xaxis.set_minor_locator(NullLocator())
        legend(axis)
    axes[0].set_ylabel(f"{symbol} at which half converge")
    return figure


def legend(axis: Axes) -> None:
    """A legend, if there is anything to name."""
    if axis.get_legend_handles_labels()[1]:
        axis.legend(loc="best", fontsize=7)


@styled
def complexity(found: SweepFindings) -> Figure:
    """How many fixed points theory expects, and from where on dynamics reach any."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.8, 3.1))
    axis = figure.subplots()
    sweep, largest = found.sweep, max(found.sweep.units)
    along_self = found.along == "self_coupling"
    levels = sweep.self_couplings if along_self else sweep.links
    fine = np.linspace(0, max(levels), 200)
    other = SYMBOLS[found.along][1]
    for beside, colour in zip(found.beside, colours(len(found.beside)), strict=True):
        sigma = [
            chain_complexity(*((beside, x) if along_self else (x, beside))) for x in fine.tolist()
        ]
        axis.plot(fine, sigma, color=colour, linewidth=1.3, label=f"{other} {beside:g}")
        edge = found.edge(largest, sweep.orders[0], beside)
        if edge and edge.found:
            height = np.interp(edge.level, fine, sigma)
            axis.errorbar(edge.level, height, xerr=1.96 * edge.error, fmt="o", color=colour)
    axis.axhline(np.log(2), color=PALE, linewidth=0.8, linestyle=(0, (2, 2)))
    axis.annotate("all states", (0, np.log(2)), xytext=(0, 2), textcoords="offset points",
                  fontsize=7, color=INK)  # fmt: skip
    axis.set(
        title="Fixed points that theory expects, exp(ΣH)", xlabel=axis_name(found.along),
        ylabel="complexity Σ per unit", ylim=(-0.02, 0.75),
    )  # fmt: skip
    axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


@styled
def overlaps(found: SweepFindings) -> Figure:
    """Overlaps between fixed points that the largest networks came to."""
    from matplotlib.figure import Figure

    orders, largest = found.sweep.orders, max(found.sweep.units)
    figure = Figure(figsize=(4.1 * max(len(orders), 1.4), 3.0))
    axes = np.atleast_1d(figure.subplots(1, len(orders), sharey=True))
    total = largest * found.sweep.modules
    edges = (np.arange(-total - 1, total + 3, _bin(total)) / total).clip(-1.2, 1.2)
    symbol = SYMBOLS[found.along][0]
    width = 0.0
    for axis, order in zip(axes, orders, strict=True):
        given = {
            p: q for p, q in found.overlaps.items()
            if p.order == order and q.size > 50
            and (p.link if found.along == "self_coupling" else p.self_coupling) == found.beside[0]
        }  # fmt: skip
        kept = [list(given.items())[k] for k in _spread(len(given))]
        for (point, values), colour in zip(kept, colours(len(kept)), strict=True):
            label = f"{symbol} {getattr(point, found.along):g}"
            axis.hist(values, bins=edges, density=True, histtype="step", color=colour, label=label)
            width = max(width, float(np.abs(values).max()))
        fine = np.linspace(-1, 1, 400)
        chance = np.sqrt(total / (2 * np.pi)) * np.exp(-total * fine**2 / 2)
        axis.plot(fine, chance, ":", color=INK, linewidth=1, label="random states")
        axis.set(title=order, xlabel="overlap of two fixed points reached")
        legend(axis)
    reach = min(1.0, max(width * 1.1, 4 / np.sqrt(total)))
    axes[0].set(ylabel="density", xlim=(-reach, reach))
    for axis in axes:
        axis.set_xlim(-reach, reach)
    return figure


def _bin(total: int) -> int:
    """Width of a bin in spins, an even number: overlaps lie two spins apart."""
    return 2 * max(1, int(np.sqrt(total)) // 6)


def _spread(count: int) -> list[int]:
    """At most `SHOWN` of so many, evenly."""
    return sorted(set(np.linspace(0, count - 1, min(count, SHOWN)).round().astype(int).tolist()))
