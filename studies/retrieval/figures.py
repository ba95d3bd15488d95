"""Figures of recall: curves by damage, and memories, cues and what came of them as pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from spinspike.arrays import SpinArray
from spinspike.simulators.retrieval.curve import levels
from spinspike.simulators.retrieval.experiment import REFERENCE, SHOWN, Recall
from spinspike.studies.page.style import DOWN, INK, PALE, UP, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARKS = {"no couplings": "s", "permuted": "^", "another memory": "v"}
MAX_COLUMNS = 6  # fractions in a picture


@styled
def curves(run: Sequence[Recall]) -> Figure:
    """Recalled exactly, and overlap, by damage.

    Parameters
    ----------
    run : sequence of Recall
        Of one simulator: the graph, its nulls and the reference.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.0, 3.4))
    exact, overlap = figure.subplots(1, 2)
    for one in run:
        curve = levels(one)
        at = [100 * level.fraction for level in curve]
        percent = [100 * level.recalled for level in curve]
        ends = [level.overlap for level in curve]
        if not one.null:
            low, high = (np.array([100 * v.interval[k] for v in curve]) for k in (0, 1))
            exact.fill_between(at, low, high, color=UP, alpha=0.2, linewidth=0)
            exact.plot(at, percent, "o-", color=UP, markersize=4, label=one.simulator)
            overlap.plot(at, ends, "o-", color=UP, markersize=4, label="at the end")
            cue = [level.cue_overlap for level in curve]
            overlap.plot(at, cue, ":", color=INK, linewidth=1, label="cue")
        elif one.null == REFERENCE:
            exact.plot(at, percent, "--", color=DOWN, linewidth=1.2, label="reference network")
            overlap.plot(at, ends, "--", color=DOWN, linewidth=1.2, label="reference network")
        else:
            mark = f"{MARKS.get(one.null, 'x')}-"
            exact.plot(at, percent, mark, color=PALE, markersize=3, label=f"null: {one.null}")
            overlap.plot(at, ends, mark, color=PALE, markersize=3)
    exact.set(title="Recalled exactly (%)", xlabel="units damaged (%)", ylim=(-3, 103))
    overlap.set(title="Overlap with the memory", xlabel="units damaged (%)", ylim=(-1.05, 1.05))
    exact.legend(loc="center left")
    overlap.legend(loc="lower left")
    return figure


@styled
def pictures(own: Recall, memories: SpinArray, shape: tuple[int, int]) -> Figure:
    """The first memories; below each fraction a cue of theirs and what came of it.

    Parameters
    ----------
    own : Recall
        Of the graph.
    memories : (P, H)
        All of them.
    shape : (rows, columns)
        Of a picture.
    """
    from matplotlib.figure import Figure

    rows = np.flatnonzero(own.memory < SHOWN)
    every = np.unique(own.fraction)
    chosen = every[np.linspace(0, len(every) - 1, min(MAX_COLUMNS, len(every))).round().astype(int)]
    first = np.unique(own.memory[rows])
    figure = Figure(figsize=(1.0 + 1.1 * len(chosen), 1.9 * len(first)))
    axes = figure.subplots(2 * len(first), 1 + len(chosen), squeeze=False)
    for axis in axes.ravel():
        axis.set_axis_off()
    for place, memory in enumerate(first):
        _draw(axes[2 * place, 0], memories[memory], shape, "memory" if not place else "")
        for column, fraction in enumerate(chosen, start=1):
            at = np.flatnonzero((own.memory[rows] == memory) & (own.fraction[rows] == fraction))[0]
            title = f"{100 * fraction:.0f} %" if not place else ""
            _draw(axes[2 * place, column], own.cues[at], shape, title)
            _draw(axes[2 * place + 1, column], own.ends[at], shape, "")
    return figure


def _draw(axis: Any, state: SpinArray, shape: tuple[int, int], title: str) -> None:
    axis.imshow(state.reshape(shape), cmap="gray", vmin=-1, vmax=1)
    axis.set_title(title, fontsize=8)
