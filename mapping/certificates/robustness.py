"""What fixed points withstand for certain: wrong units, wrong synapses, missing parts."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from spinspike.arrays import BoolArray, FloatArray, IntArray
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.task import Progress

from .flips import certified_flips
from .margins import integer_margins
from .tolerance import (
    dead_neurons,
    gaussian_error,
    held,
    lost_synapses,
    relative_error,
    scale_range,
)

MARGINS_PER_BATCH = 2**22  # margins taken at a time
BOUNDS = (
    "margin", "single", "double", "radius", "noise", "gaussian", "lost", "lost_single", "dead",
    "scale_low", "scale_high",
)  # fmt: skip


@dataclass(frozen=True)
class Robustness:
    """Certificates of P fixed points; each bound holds for certain, none is an estimate.

    A state that is no certified fixed point withstands nothing: 0 everywhere, scale 1 to 1.
    """

    certified: BoolArray  # (P,) whether it is fixed for certain
    margin: IntArray  # (P,) smallest integer margin
    weakest: IntArray  # (P,) unit with that margin
    flips: BoolArray  # (P, H) whether unit j alone, wrong, is right again after one step
    double: FloatArray  # (P,) fraction of all pairs of units that are
    counted: BoolArray  # (P,) whether double was counted pair by pair; else it is a lower bound
    radius: IntArray  # (P,) any so many units together are
    noise: FloatArray  # (P,) relative error below which any errors of all synapses do no harm
    gaussian: FloatArray  # (P,) deviation of random relative errors that do harm at most in 1 %
    lost: IntArray  # (P,) any so many synapses may be lost
    lost_single: FloatArray  # (P,) fraction of all synapses each of which may be lost
    dead: FloatArray  # (P,) fraction of all neurons each of which may die
    scale_low: FloatArray  # (P,) smallest factor common to all synapses
    scale_high: FloatArray  # (P,) largest one

    def __len__(self) -> int:
        return len(self.certified)

    @property
    def single(self) -> FloatArray:
        """Fraction of single flips that are certain to be corrected, (P,)."""
        return np.asarray(self.flips.mean(axis=1))


def robustness(
    graph: SynapseGraph, points: FixedPoints, *, on_progress: Progress | None = None
) -> Robustness:
    """Certificates of fixed points: what they withstand for certain.

    Parameters
    ----------
    graph : SynapseGraph
    points : FixedPoints
        States with the inputs that hold them.
    on_progress : callable, optional
        Called with the number of fixed points done, and of all.

    Raises
    ------
    BadInput
        An input does not fit the graph.

    Examples
    --------
    >>> from spinspike.mapping import map_network
    >>> from spinspike.model import FixedPoints
    >>> from spinspike.model.network.import_arrays import from_arrays
    >>> J = [[0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]  # three units that hold each other
    >>> ends = {"Win": np.ones((3, 1)), "Wback": np.eye(3), "Wout": np.eye(3)}
    >>> graph = map_network(from_arrays(J, **ends))
    >>> up = FixedPoints(np.array([[0.5]]), np.array([0]), np.ones((1, 3), dtype=np.int8))
    >>> found = robustness(graph, up)
    >>> found.certified, found.single, found.double, found.radius, found.lost
    (array([ True]), array([1.]), array([0.]), array([1]), array([1]))
    """
    at_once = max(1, MARGINS_PER_BATCH // max(1, graph.neurons))
    parts = []
    for start in range(0, max(1, len(points)), at_once):
        parts.append(_certify(graph, points.select(slice(start, start + at_once))))
        if on_progress:
            on_progress(min(start + at_once, len(points)), len(points))
    return Robustness(
        **{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Robustness)}
    )


def summary(found: Robustness) -> dict[str, Any]:
    """Whole-graph figures, as JSON takes them: smallest, median and largest of every bound.

    They are those of the certified fixed points; None stands for no limit. ``vacuous`` says in
    words which bounds promise nothing, and to how many fixed points.
    """
    sure = found.certified
    return {
        "fixed_points": len(found),
        "certified": int(sure.sum()),
        "smallest_margin": int(found.margin.min()) if len(found) else None,
        "weakest_unit": int(found.weakest[found.margin.argmin()]) if len(found) else None,
        "double_counted": bool(found.counted.all()),
        "bounds": {name: spread(getattr(found, name)[sure]) for name in BOUNDS if sure.any()},
        "vacuous": vacuous(found),
    }


def vacuous(found: Robustness) -> list[str]:
    """In words, the bounds that promise nothing, and to how many of the fixed points."""
    nothing = {
        "not certain to be fixed": ~found.certified,
        "no single flip is certain to be corrected": ~found.flips.any(axis=1),
        "no pair of flips is certain to be corrected": found.double == 0,
        "worst-case radius 0, some single flip is not certain to be corrected": found.radius == 0,
        "no synaptic error is tolerated, a silent neuron has field 0": found.noise == 0,
        "the loss of some one synapse breaks it": found.lost_single < 1,
        "no neuron may die": found.dead == 0,
    }
    total, sure = len(found), found.certified
    counts = {
        words: (int((where & sure).sum()), int(sure.sum())) for words, where in nothing.items()
    }
    counts["not certain to be fixed"] = (int((~sure).sum()), total)
    return [
        f"{words}: {count} of {of}" + (" (all)" if count == of else "")
        for words, (count, of) in counts.items()
        if count
    ] or ([] if total else ["there are no fixed points"])


def _certify(graph: SynapseGraph, points: FixedPoints) -> Robustness:
    margins = integer_margins(graph, points)
    sure = (margins >= 1).all(axis=1)
    neuron = margins.argmin(axis=1)
    seen = held(graph, points, margins)
    flips = certified_flips(graph, points, margins)
    lost, lost_single = lost_synapses(graph, seen, margins)
    low, high = scale_range(seen)
    return Robustness(
        certified=sure,
        margin=margins[np.arange(len(points)), neuron],
        weakest=graph.io.unit[neuron],
        flips=flips.single,
        double=flips.double,
        counted=flips.counted,
        radius=flips.radius,
        noise=np.where(sure, relative_error(graph, seen).min(axis=1), 0.0),
        gaussian=np.where(sure, gaussian_error(graph, seen), 0.0),
        lost=np.where(sure, lost, 0),
        lost_single=np.where(sure, lost_single, 0.0),
        dead=np.where(sure, dead_neurons(graph, seen, margins), 0.0),
        scale_low=np.where(sure, low, 1.0),
        scale_high=np.where(sure, high, 1.0),
    )


def spread(values: FloatArray | IntArray) -> dict[str, float | None]:
    """Smallest, median and largest."""
    return {
        "min": _finite(float(values.min())),
        "median": _finite(float(np.median(values))),
        "max": _finite(float(values.max())),
    }


def _finite(value: float) -> float | None:
    """The value as JSON takes it; nothing for infinity, where there is no bound at all."""
    return float(value) if np.isfinite(value) else None
