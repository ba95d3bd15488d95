"""The report's plots, each a matplotlib figure made from outcomes or histories."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from spinspike.arrays import FloatArray, SpinArray
from spinspike.mapping import SynapseGraph, integer_margins
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.model.training.comparators import Comparator
from spinspike.model.training.control import ControlRun
from spinspike.model.training.training import Epoch
from spinspike.simulators import Outcome, wilson
from spinspike.simulators.registry import label
from spinspike.simulators.validation.examples import Example
from spinspike.studies.page import plot
from spinspike.studies.page.plot import NULL_COLOURS
from spinspike.studies.page.style import DOWN, INK, PALE, SIGNAL, UP, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = 3  # panels beside each other, at most
PATTERNS_PER_BATCH = 512  # patterns whose margins are in memory at a time


@styled
def learning_curves(history: Sequence[Epoch], control: Sequence[ControlRun]) -> Figure:
    """Accuracy of free runs by epoch; beside it training with and without self-couplings."""
    figure, (left, right) = _axes(1, 2, (8.4, 2.9), sharey=True)
    epochs = [e.epoch for e in history]
    left.plot(epochs, [e.train_accuracy for e in history], ":", color=UP, label="training images")
    left.plot(epochs, [e.validation_accuracy for e in history], color=UP, label="validation images")
    left.set(title="This network: accuracy of free runs", xlabel="epoch", ylim=(0, 1.02))
    seen = set()
    for run in control:
        if run.name.startswith("strong"):
            colour = PALE if run.name.endswith(" 0") else UP
            label = run.name if run.name not in seen else None
            seen.add(run.name)
            epochs = [e.epoch for e in run.history]
            scores = [e.validation_accuracy for e in run.history]
            right.plot(epochs, scores, color=colour, label=label)
    right.set(title="Control: strong recurrence, validation images", xlabel="epoch")
    for axis in (left, right):
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.legend(loc="lower right")
    return figure


@styled
def images(outcome: Outcome, shape: tuple[int, int], *, columns: int = 12, rows: int = 3) -> Figure:
    """Test images with the class that the simulator read from its free run."""
    figure, axes = _axes(rows, columns, (8.4, 0.85 * rows))
    for k, axis in enumerate(axes.ravel()):
        axis.axis("off")
        if k < len(outcome.classes):
            axis.imshow(outcome.points.inputs[k].reshape(shape), cmap="Greys")
            right = outcome.classes[k] == outcome.points.labels[k]
            axis.set_title(
                str(outcome.classes[k]), loc="center", color="#3a7d44" if right else "#d00000"
            )
    return figure


@styled
def overlap(outcomes: Sequence[Outcome]) -> Figure:
    """Overlap with s* through cue, clamped phase, release and hold, for each simulator."""
    learned = [o for o in outcomes if o.run == "learned"]
    names = list(dict.fromkeys(name_of(o) for o in learned))
    columns = min(COLUMNS, len(names))
    rows = -(-len(names) // columns)
    figure, axes = _axes(rows, columns, (4.2 * columns, 3.1 * rows), squeeze=False)
    for axis in axes.ravel()[len(names) :]:
        axis.axis("off")
    for axis, name in zip(axes.ravel(), names, strict=False):
        plot.overlap([o for o in learned if name_of(o) == name], ax=axis).set_title(name)
    axes[0, 0].legend(loc="lower right")
    return figure


@styled
def raster(example: Example, graph: SynapseGraph, *, around: float = 250.0) -> Figure:
    """Spikes of a pattern around the release, below its supervisory input."""
    outcome = example.outcome
    figure, (top, below) = _axes(2, 1, (8.4, 4.6), height_ratios=(1, 4), sharex=True)
    plot.raster(outcome, graph, ax=below)
    below.set_xlim(outcome.release - around, outcome.release + around)
    top.fill_between(outcome.times, outcome.supervisory, color=SIGNAL)
    null = f", {outcome.null}" if outcome.null else ""
    there = int((outcome.final[0] == outcome.points.states[0]).sum())
    units = f"{there} of {graph.units} units in s* at the end"
    top.set(
        title=f"{name_of(outcome)}, {outcome.run}{null}, pattern {example.pattern}: "
        f"{example.kind}, {units}",
        ylabel="supervisory\ninput",
        yticks=[],
    )
    return figure


@styled
def flips_against_margin(outcomes: Sequence[Outcome], graph: SynapseGraph) -> Figure:
    """Units that differ from s* at the end, by their margin in s*, learned and cued together."""
    figure, axis = _axes(1, 1, (5.6, 3.2))
    edges = np.array([-np.inf, 0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0, 1.5, 2.5, np.inf])
    inner = [f"{low:g} to {high:g}" for low, high in pairwise(edges[1:-1])]
    names = ["< 0", *inner, f"> {edges[-2]:g}"]
    shown = [o for o in outcomes if not o.null and o.run in ("learned", "cued")]
    simulators = list(dict.fromkeys(name_of(o) for o in shown))
    for number, name in enumerate(simulators):
        total, count = np.zeros(len(names)), np.zeros(len(names))
        for part, final in _portions([o for o in shown if name_of(o) == name]):
            flipped = final != part.states
            bins = np.digitize(unit_margins(graph, part).ravel(), edges[1:-1])
            total += np.bincount(bins, minlength=len(names))
            count += np.bincount(bins, weights=flipped.ravel(), minlength=len(names))
        width = 0.8 / len(simulators)
        at = np.arange(len(names)) + (number - (len(simulators) - 1) / 2) * width
        fraction = np.divide(count, total, where=total > 0, out=np.full(len(names), np.nan))
        axis.bar(at, 100 * fraction, width=width, label=name)
    axis.set_xticks(range(len(names)), names, rotation=45, ha="right")
    axis.set(title="Units away from s* at the end (%), by margin in s*", xlabel="margin")
    axis.legend()
    return figure


@styled
def margins(graph: SynapseGraph) -> Figure:
    """Smallest integer margin of every fixed point: certified from 1 on."""
    figure, axis = _axes(1, 1, (5.6, 3.2))
    plot.margins(graph, ax=axis)
    return figure


@styled
def nulls(outcomes: Sequence[Outcome]) -> Figure:
    """Patterns that end exactly in s*, on the graph and on its nulls, with 95 % intervals."""
    shown = [o for o in outcomes if o.run in ("learned", "cued")]
    groups = list(dict.fromkeys((name_of(o), o.run) for o in shown))
    figure, axis = _axes(1, 1, (max(5.6, 1.05 * len(groups)), 3.2))
    for number, (null, colour) in enumerate(NULL_COLOURS.items()):
        chosen = [o for o in shown if o.null == null]
        at = [groups.index((name_of(o), o.run)) + 0.2 * (number - 1.5) for o in chosen]
        found = np.array([wilson(o.exact) for o in chosen]).reshape(-1, 3)
        errors = np.abs(found[:, :1] - found[:, 1:]).T
        axis.bar(at, 100 * found[:, 0], 0.19, color=colour, label=null or "the graph")
        axis.errorbar(at, 100 * found[:, 0], 100 * errors, fmt="none", ecolor=INK, linewidth=1)
    axis.set_xticks(
        range(len(groups)), [f"{name}\n{run}".replace(" (", "\n(") for name, run in groups]
    )
    axis.set(title="Patterns that end exactly in s* (%)", ylim=(0, 103))
    figure.legend(*axis.get_legend_handles_labels(), ncols=4, loc="outside lower center")
    return figure


@styled
def comparison(
    accuracy: float, control: Sequence[ControlRun], others: Sequence[Comparator]
) -> Figure:
    """Test accuracy beside the controls and the comparators."""
    figure, axis = _axes(1, 1, (8.4, 3.2))
    rows = [("this network (local rule, holds its states)", accuracy, UP)]
    rows += [(f"{c.name}, seed {c.seed}", c.accuracy, PALE) for c in control]
    rows += [(f"{c.name} ({c.learning})", c.accuracy, DOWN) for c in others]
    for place, (_, value, colour) in enumerate(reversed(rows)):
        axis.barh(place, value, color=colour)
        axis.text(value + 0.01, place, f"{value:.3f}", va="center")
    axis.set_yticks(range(len(rows)), [name for name, *_ in reversed(rows)])
    axis.set(title="Accuracy on test images", xlim=(0, 1.12), xticks=(0, 0.5, 1))
    return figure


def name_of(outcome: Outcome) -> str:
    """The simulator, with its regime where its name has several."""
    return label(outcome.simulator, outcome.regime)


def unit_margins(graph: SynapseGraph, points: FixedPoints) -> FloatArray:
    """Margins of the units in s* in units of the reference's field, (P, H)."""
    own = integer_margins(graph, points)[:, graph.io.decoder]
    return np.asarray((own - 0.5) / graph.io.scale)


def _portions(outcomes: Sequence[Outcome]) -> Iterator[tuple[FixedPoints, SpinArray]]:
    """Fixed points and final states, some at a time."""
    for o in outcomes:
        for start in range(0, len(o.points), PATTERNS_PER_BATCH):
            rows = slice(start, start + PATTERNS_PER_BATCH)
            yield o.points.select(rows), o.final[rows]


def _axes(rows: int, columns: int, size: tuple[float, float], **options: Any) -> tuple[Figure, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=size)
    return figure, figure.subplots(rows, columns, **options)
