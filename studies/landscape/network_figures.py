"""The figures of one network and what it is held against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spinspike.studies.page.style import DOWN, INK, PALE, SIGNAL, UP, styled

from .network import Subject, task_key
from .network_findings import Around, Finding

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = (UP, DOWN, SIGNAL, "#6fa57b", "#9a83b5", "#b8738f", "#5aa6a0")


@styled
def endings(rows: Sequence[Finding]) -> Figure:
    """What became of the runs: fixed point, cycle or neither, a panel for each condition."""
    from matplotlib.figure import Figure

    conditions = list(dict.fromkeys(r.condition for r in rows))
    most = max(sum(r.condition == c for r in rows) for c in conditions)
    figure = Figure(figsize=(3.4 * len(conditions) + 1.4, 0.9 + 0.27 * most))
    axes = np.atleast_1d(figure.subplots(1, len(conditions), sharey=True))
    for axis, condition in zip(axes, conditions, strict=True):
        own = [r for r in rows if r.condition == condition][::-1]
        at, left = np.arange(len(own)), np.zeros(len(own))
        parts = {
            "fixed point": (UP, [r.converged for r in own]),
            "cycle": (SIGNAL, [r.cycles for r in own]),
            "neither within the limit": (PALE, [1 - r.converged - r.cycles for r in own]),
        }
        for label, (colour, share) in parts.items():
            axis.barh(at, share, left=left, color=colour, height=0.72, label=label)
            left += share
        axis.set(title=condition, xlabel="runs", xlim=(0, 1))
        axis.set_yticks(at, [f"{r.subject}, {r.order}" for r in own])
        axis.tick_params(axis="y", length=0)
        axis.spines["left"].set_visible(False)
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=3)
    return figure


@styled
def overlaps(
    found: Sequence[Subject], order: str, results: Mapping[str, Mapping[str, NDArray[Any]]]
) -> Figure:
    """Overlaps of states reached under the same input: with each other, and with the file's."""
    from matplotlib.figure import Figure

    conditions = list(found[0].fields)
    figure = Figure(figsize=(3.6 * len(conditions) + 0.6, 3.0))
    axes = np.atleast_1d(figure.subplots(1, len(conditions)))
    for axis, condition in zip(axes, conditions, strict=True):
        name = "known_overlap" if condition != conditions[0] else "pair_overlap"
        drawn = {}
        for number, subject in enumerate(found):
            keys = [task_key(number, condition, k) for k in range(len(subject.fields[condition]))]
            drawn[subject.name] = np.concatenate([results[k][f"{order}_{name}"] for k in keys])
        low = min((v.min() for v in drawn.values() if v.size), default=-1.0)
        high = max((v.max() for v in drawn.values() if v.size), default=1.0)
        edges = np.linspace(low - 0.01, min(high + 0.01, 1.0 + 1e-9), 31)
        for (label, values), colour in zip(drawn.items(), COLOURS, strict=False):
            if values.size:
                axis.hist(
                    values, bins=edges, weights=np.full(values.size, 1 / values.size),
                    histtype="step", color=colour, linewidth=1.3, label=label,
                )  # fmt: skip
        what = "of two states reached" if name == "pair_overlap" else "with the file's state"
        axis.set(title=condition, xlabel=f"overlap {what}")
    axes[0].set_ylabel("share")
    axes[-1].legend(loc="best", fontsize=7)
    return figure


@styled
def around(rows: Sequence[Around]) -> Figure:
    """Neighbours of fixed points at one and two flips, and how large their clusters are."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.6, 0.9 + 0.27 * len(rows)))
    axes = figure.subplots(1, 3, sharey=True)
    own = list(rows)[::-1]
    at = np.arange(len(own))
    subjects = list(dict.fromkeys(r.subject for r in rows))
    colour = [COLOURS[subjects.index(r.subject) % len(COLOURS)] for r in own]
    columns = (
        ("1 flip away", "near"),
        ("2 flips away", "second"),
        ("median cluster", "cluster"),
    )
    for axis, (title, name) in zip(axes, columns, strict=True):
        errors = [1.96 * np.nan_to_num(getattr(r, f"{name}_error", 0.0)) for r in own]
        axis.barh(at, [getattr(r, name) for r in own], xerr=errors, color=colour, height=0.7,
                  error_kw={"ecolor": INK, "elinewidth": 0.8})  # fmt: skip
        axis.set_title(title)
        axis.set_xscale("symlog", linthresh=1)
        axis.set_xlim(left=0)
        axis.tick_params(axis="y", length=0)
    for k, r in enumerate(own):
        if r.larger:
            axes[2].annotate(f" {r.larger:.0%} larger", (r.cluster, k), va="center", fontsize=7)
    axes[0].set_yticks(at, [f"{r.subject}: {r.condition}, {r.kind}" for r in own])
    return figure
