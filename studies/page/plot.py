"""Pictures of runs and graphs, each drawn into matplotlib axes of yours or fresh ones.

Reports are made of the same pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from spinspike.arrays import FloatArray, IntArray
from spinspike.errors import BadInput
from spinspike.mapping import SynapseGraph, weakest_units
from spinspike.mapping.pictures.svg import EXCITES, INHIBITS
from spinspike.model import FixedPoints
from spinspike.simulators import Outcome, Recording

from .style import DOWN, INK, PALE, SIGNAL, UP

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NULL_COLOURS = {
    "": UP,
    "no couplings": "#8a939b",
    "permuted": "#9a83b5",
    "random start": "#6fa57b",
}
# Okabe and Ito's colours, which the colour-blind tell apart, and two greys
CLASSES = (
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a6f00", "#000000",
    "#8a939b", "#6b3fa0",
)  # fmt: skip
UNIT = {"step": "step", "asynchronous": "sweep", "continuous": "ms"}


def overlap(outcomes: Outcome | Sequence[Outcome], *, ax: Axes | None = None) -> Axes:
    """Overlap with s* over time: median of the patterns, and the band of 10 to 90 % of them.

    Parameters
    ----------
    outcomes
        One run or several of one simulator and regime, nulls among them.
    ax
        Where to draw; the current axes of pyplot when not given.

    Returns
    -------
    Axes
        Time in steps, sweeps or ms to the right, overlap upwards; the clamped phase is shaded.

    Raises
    ------
    BadInput
        There is no outcome, or they differ in simulator or regime.
    """
    several = [outcomes] if isinstance(outcomes, Outcome) else list(outcomes)
    kinds = {(o.simulator, o.regime) for o in several}
    if len(kinds) != 1:
        message = f"outcomes are of {sorted(kinds) or 'no run'}; allowed: one simulator and regime"
        raise BadInput(message)
    ax = _axes(ax)
    for o in several:
        low, middle, high = np.quantile(o.overlap, (0.1, 0.5, 0.9), axis=1)
        colour, what = NULL_COLOURS[o.null], o.null or "the graph"
        if o.null == "random start":
            what += " (no label)"
        ax.fill_between(o.times, low, high, color=colour, alpha=0.15, linewidth=0)
        ax.plot(o.times, middle, color=colour, label=what)
    first = several[0]
    on = first.times[first.supervisory > 0.01 * first.supervisory.max(initial=1e-9)]
    if len(on):
        ax.axvspan(on[0], on[-1], color=SIGNAL, alpha=0.3, linewidth=0)
        ax.axvline(first.release, color=INK, linewidth=1)
        ax.text(first.release, 0.71, " release", color=INK)
    ax.set(xlabel=UNIT[first.regime], ylabel="overlap with s* (median)", ylim=(0.7, 1.01))
    return ax


def raster(
    run: Recording | Outcome, graph: SynapseGraph, *, pattern: int = 0, ax: Axes | None = None
) -> Axes:
    """Spikes of one pattern over time, excitatory neurons apart from inhibitory ones.

    Parameters
    ----------
    run
        What `Simulator.run` returned, or an outcome of continuous time, which keeps the spikes of
        its first pattern.
    graph
        The graph that ran.
    pattern
        Which pattern of the run, from 0.
    ax
        Where to draw; the current axes of pyplot when not given.

    Returns
    -------
    Axes
        Time to the right, neurons upwards; populations are named, the release is a line. Of an
        outcome, neurons are in the order of their units' states in s*, and a triangle marks those
        of units that end otherwise.

    Raises
    ------
    BadInput
        The run kept no spikes of that pattern.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from spinspike.mapping import map_network
    >>> from spinspike.model import Architecture, random_network
    >>> from spinspike.simulators import Emulator, Phases, encode_stimulus
    >>> rng = np.random.default_rng(0)
    >>> shape = Architecture(units=20, inputs=4, classes=3)
    >>> graph = map_network(random_network(shape, rng, centre=np.zeros(4)))
    >>> run = Emulator().run(graph, encode_stimulus(graph, rng.random((1, 4))), Phases(free=5))
    >>> raster(run, graph).get_xlabel()
    'step'
    """
    ax = _axes(ax)
    times, neurons = _spikes(run, pattern)
    rank = np.arange(graph.neurons)
    if isinstance(run, Outcome):
        state, end = (s[pattern][graph.io.unit] for s in (run.points.states, run.final))
        population = np.zeros(graph.neurons, dtype=np.int64)
        for number, rows in enumerate(graph.slices().values()):
            population[rows] = number
        rank[np.lexsort((-state, population))] = np.arange(graph.neurons)
        wrong = rank[state != end]
        if wrong.size:
            ax.plot(np.ones(len(wrong)), wrong, "<", ms=5, color=INK, clip_on=False,
                    transform=ax.get_yaxis_transform())  # fmt: skip
    for name, rows in graph.slices().items():
        inside = (neurons >= rows.start) & (neurons < rows.stop)
        colour = EXCITES if _excites(graph, name) else INHIBITS
        ax.plot(times[inside], rank[neurons[inside]], ".", ms=2, color=colour, rasterized=True)
        ax.text(1.03, (rows.start + rows.stop) / 2, name, transform=ax.get_yaxis_transform())
        ax.axhline(rows.stop - 0.5, color=PALE, linewidth=0.5)
    ax.axvline(run.release, color=INK, linewidth=1)
    ax.set(xlabel=UNIT[run.regime], ylabel="neuron", ylim=(-1, graph.neurons))
    return ax


def margins(graph: SynapseGraph, *, ax: Axes | None = None) -> Axes:
    """Smallest integer margin of every fixed point: certified from 1 on.

    Parameters
    ----------
    graph
        A graph that carries fixed points.
    ax
        Where to draw; the current axes of pyplot when not given.

    Returns
    -------
    Axes
        A histogram, weight units to the right.

    Raises
    ------
    BadInput
        The graph carries none.
    """
    if not any(len(points) for points in graph.fixed_points.values()):
        message = "the graph carries no fixed points; map a network together with its own"
        raise BadInput(message)
    ax = _axes(ax)
    for (run, points), colour in zip(graph.fixed_points.items(), (UP, DOWN), strict=False):
        if len(points):
            smallest = weakest_units(graph, points)[0]
            bins = np.linspace(
                min(int(smallest.min()), 0), np.quantile(smallest, 0.99), 50
            ).tolist()
            ax.hist(smallest, bins=bins, color=colour, alpha=0.6, label=f"{run} ({len(points)})")
    ax.axvline(1, color=INK, linewidth=1, label="certified from here")
    ax.set(title="Smallest integer margin of each fixed point", xlabel="weight units")
    ax.legend()
    return ax


def weights(graph: SynapseGraph, *, ax: Axes | None = None) -> Axes:
    """How many synapses have which integer weight, excitation to the right, inhibition to the left.

    Parameters
    ----------
    graph
        Any graph with at least one synapse.
    ax
        Where to draw; the current axes of pyplot when not given.

    Returns
    -------
    Axes
        A histogram of sign * mantissa * 2**exponent, counts on a logarithmic scale.
    """
    ax = _axes(ax)
    for sign, colour, what in ((1, EXCITES, "excite"), (-1, INHIBITS, "inhibit")):
        parts = [p.mantissa * 2.0**p.exponent for p in graph.projections if p.sign == sign]
        values = sign * np.concatenate([*parts, np.empty(0)])
        if values.size:
            ax.hist(values, bins=60, color=colour, label=f"{values.size:,} {what}")
    ax.set(xlabel="weight units", ylabel="synapses", yscale="log")
    ax.legend()
    return ax


def landscape(points: FixedPoints, *, ax: Axes | None = None) -> Axes:
    """Where fixed points lie: the plane in which their states differ most, a colour for each class.

    The square of a distance is the number of units that differ, as far as two principal components
    can show it; the axes say how much of all differences that is.

    Parameters
    ----------
    points
        At least two different states.
    ax
        Where to draw; the current axes of pyplot when not given.

    Returns
    -------
    Axes
        A dot for each state.

    Raises
    ------
    BadInput
        All states are equal, or there is none.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> states = np.array([[1, 1, 1], [1, 1, -1], [-1, -1, 1]], dtype=np.int8)
    >>> landscape(FixedPoints(np.zeros((3, 1)), np.arange(3), states)).get_xlabel()
    'first component, 79 % of the differences'
    """
    states = points.states.astype(np.float64)
    centred = states - states.mean(axis=0) if len(states) else states
    if not centred.any():
        message = f"{len(states)} fixed points with 1 state; allowed: two different ones or more"
        raise BadInput(message)
    ax = _axes(ax)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    place = np.column_stack([left * sizes, np.zeros(len(states))])[:, :2] / 2
    share = [*(100 * sizes**2 / (sizes**2).sum()), 0.0]
    for label in np.unique(points.labels):
        rows = points.labels == label
        ax.plot(
            *place[rows].T, ".", ms=4, color=CLASSES[label % len(CLASSES)], label=f"class {label}"
        )
    ax.set(
        xlabel=f"first component, {share[0]:.0f} % of the differences",
        ylabel=f"second component, {share[1]:.0f} %",
        aspect="equal",
    )
    ax.legend(markerscale=2, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return ax


def _axes(ax: Axes | None) -> Axes:
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.gca()


def _spikes(run: Recording | Outcome, pattern: int) -> tuple[FloatArray, IntArray]:
    """Times and neurons of the spikes of one pattern."""
    if isinstance(run, Recording) and run.spikes is not None:
        if not 0 <= pattern < run.spikes.shape[1]:
            message = f"pattern is {pattern}; allowed: 0 to {run.spikes.shape[1] - 1}"
            raise BadInput(message)
        step, neurons = np.nonzero(run.spikes[:, pattern])
        return run.times[step], neurons
    if run.raster is None or pattern:
        message = f"the run kept no spikes of pattern {pattern}"
        if run.raster is not None:
            message += "; allowed: 0, in continuous time those of the first alone are kept"
        raise BadInput(message)
    return run.raster


def _excites(graph: SynapseGraph, population: str) -> bool:
    """Whether most synapses of a population do."""
    own = [p for p in graph.projections if p.source == population]
    return sum(p.sign * p.mantissa.size for p in own) >= 0
