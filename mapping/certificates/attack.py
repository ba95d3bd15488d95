"""What breaks fixed points when it is tried: how tight their certificates are, and that they hold.

The attacks flip units, spoil weights and cut synapses, and then do the arithmetic of the chip. No
bound enters them; only which flips and cuts to try first is chosen by what they weigh.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from spinspike.arrays import BoolArray, FloatArray, IntArray
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.graph.membrane import lowest
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.task import Progress

from .flips import Losses, certified_sets, losses, room_of, taken
from .margins import integer_margins
from .recovery import recovers
from .robustness import Robustness
from .rows import fewest_above, in_order
from .tolerance import Held, Synapses, held, synapses

CHOSEN = 16  # neurons to which the worst is done, the most promising ones
HALVINGS = 24  # of the interval between what holds and what breaks
MAX_SCALE = 16.0  # the largest relative error, and the largest scale, tried


@dataclass(frozen=True)
class Attack:
    """What was tried on P fixed points, and the first failures found; all (P,).

    "Certain" are the fractions of the very flips tried that are certified. Infinity, and minus
    infinity for ``scale_low``, stand for no failure found.
    """

    single_certain: FloatArray
    single: FloatArray  # fraction of single flips corrected in one step
    single_later: FloatArray  # within 50 steps
    double_certain: FloatArray
    double: FloatArray
    double_later: FloatArray
    radius: FloatArray  # fewest flips that were not corrected in one step
    noise: FloatArray  # smallest relative error of the synapses that broke it
    lost: FloatArray  # fewest lost synapses that broke it
    scale_low: FloatArray  # largest factor up to 1 that broke it
    scale_high: FloatArray  # smallest factor from 1 on
    unsound: FloatArray  # number of certified flips that were not corrected in one step


def attack(
    graph: SynapseGraph,
    points: FixedPoints,
    rng: np.random.Generator,
    *,
    tries: int = 100,
    on_progress: Progress | None = None,
) -> Attack:
    """Try to break every fixed point.

    Parameters
    ----------
    graph : SynapseGraph
    points : FixedPoints
    rng : Generator
        Of the flips that are tried.
    tries : int
        Single flips tried on each fixed point, all of them where there are no more units; and as
        many pairs.
    on_progress : callable, optional
        Called with the number of fixed points done, and of all.
    """
    margins = integer_margins(graph, points)
    seen, entries, all_of = held(graph, points, margins), losses(graph), synapses(graph)
    rooms, left, rows = room_of(entries, margins), lowest(graph), []
    for p in range(len(points)):
        point = points.select(slice(p, p + 1))
        on_flips = _attack_flips(graph, point, left, entries, rooms[p], rng, tries)
        rows.append(on_flips | _attack_synapses(all_of, seen.select(p), margins[p]))
        if on_progress:
            on_progress(p + 1, len(points))
    return Attack(**{f.name: np.array([row[f.name] for row in rows]) for f in fields(Attack)})


def attack_summary(found: Attack, certificates: Robustness) -> dict[str, Any]:
    """How far the first failures lie from the certificates, over the certified fixed points.

    ``tightness`` is the median of the bound over the first failure found: 1 where a certificate
    says all there is to say. For numbers of flips and synapses it is (bound + 1) / failure; for
    scales, that of the distances from 1. ``unsound`` counts certified cases that failed.
    """
    c, sure = certificates, certificates.certified
    gaps = {
        "radius": (c.radius.astype(np.float64) + 1, found.radius),
        "noise": (c.noise, found.noise),
        "lost": (c.lost.astype(np.float64) + 1, found.lost),
        "scale_low": (1 - c.scale_low, 1 - found.scale_low),
        "scale_high": (c.scale_high - 1, found.scale_high - 1),
    }
    broken = [int((first < bound - 1e-12)[sure].sum()) for bound, first in gaps.values()]
    flips = [
        f"{name}{kind}" for name in ("single", "double") for kind in ("_certain", "", "_later")
    ]
    return {
        "fixed_points": int(sure.sum()),
        "corrected": {k: float(getattr(found, k)[sure].mean()) for k in flips if sure.any()},
        "tightness": {name: _tightness(b[sure], f[sure]) for name, (b, f) in gaps.items()},
        "unsound": int(found.unsound[sure].sum()) + sum(broken),
    }


def _tightness(bound: FloatArray, first: FloatArray) -> float | None:
    """Median of bound / first failure where one was found; 0 / 0 is tight."""
    seen = np.isfinite(first)
    if not seen.any():
        return None
    bound, first = bound[seen], first[seen]
    return float(np.median(np.divide(bound, first, out=np.ones_like(first), where=first > 0)))


def _attack_flips(
    graph: SynapseGraph,
    point: FixedPoints,
    left: IntArray,
    entries: Losses,
    room: IntArray,
    rng: np.random.Generator,
    tries: int,
) -> dict[str, float]:
    """Single flips, pairs, and the smallest sets that should overturn some neuron."""
    state, units = point.states[0], graph.units
    chosen = {
        "single": [np.array([unit]) for unit in rng.permutation(units)[:tries]],
        "double": [rng.choice(units, 2, replace=False) for _ in range(tries if units > 1 else 0)],
    }
    found, unsound = {}, 0
    for name, sets in chosen.items():
        flips = _as_rows(sets, units)
        certain = certified_sets(entries, state, room, flips)
        now, later = recovers(graph, point, flips, left)
        unsound += int((certain & ~now).sum())
        for kind, what in (("_certain", certain), ("", now), ("_later", later)):
            found[name + kind] = float(what.mean()) if len(what) else 1.0
    row, unit, weight = taken(entries, state)
    places, counts = fewest_above(row, weight, room)
    best = np.argsort(counts, kind="stable")[:CHOSEN]
    worst = [unit[places[b] : places[b] + counts[b]] for b in best]
    failed = ~recovers(graph, point, _as_rows(worst, units), left, steps=1)[0]
    radius = float(counts[best][failed].min(initial=units + 1))
    return found | {"radius": radius if failed.any() else np.inf, "unsound": float(unsound)}


def _as_rows(sets: list[IntArray], units: int) -> BoolArray:
    """Sets of units as rows, (sets, H)."""
    rows = np.zeros((len(sets), units), dtype=np.bool_)
    for row, members in zip(rows, sets, strict=True):
        row[members] = True
    return rows


def _attack_synapses(all_of: Synapses, point: Held, margins: IntArray) -> dict[str, float]:
    """Spoil the weights of one fixed point, ever more, until some field has the wrong sign."""
    sent = all_of.weight * point.activity[0, all_of.source]
    against = np.sign(sent) * point.direction[0, all_of.target]

    def breaks(delivered: FloatArray | IntArray) -> bool:
        field = np.bincount(all_of.target, weights=delivered, minlength=margins.size)
        return bool(((field + point.bias[0] > 0) != (point.direction[0] > 0)).any())

    return {
        "noise": _first(lambda error: breaks(sent * (1 - error * against)), 0.0, MAX_SCALE),
        "scale_low": _first(lambda factor: breaks(sent * factor), 1.0, 0.0),
        "scale_high": _first(lambda factor: breaks(sent * factor), 1.0, MAX_SCALE),
        "lost": _fewest_cuts(
            breaks, all_of, sent, sent * point.direction[0, all_of.target], margins
        ),
    }


def _fewest_cuts(
    breaks: Callable[[IntArray], bool],
    all_of: Synapses,
    sent: IntArray,
    support: IntArray,
    margins: IntArray,
) -> float:
    """Fewest synapses, the strongest that support some neuron, without which a state breaks."""
    helps = np.flatnonzero(support > 0)
    helps = helps[in_order(all_of.target[helps], support[helps])]
    places, counts = fewest_above(all_of.target[helps], support[helps], margins - 1)
    for best in np.argsort(counts, kind="stable")[:CHOSEN]:
        cut = sent.copy()
        cut[helps[places[best] : places[best] + counts[best]]] = 0
        if breaks(cut):
            return float(counts[best])
    return np.inf


def _first(breaks: Callable[[float], bool], holds: float, fails: float) -> float:
    """The value nearest to ``holds`` that was seen to break; infinity that way if none was."""
    if breaks(holds):
        return holds
    if not breaks(fails):
        return np.inf if fails > holds else -np.inf
    for _ in range(HALVINGS):
        middle = (holds + fails) / 2
        if breaks(middle):
            fails = middle
        else:
            holds = middle
    return fails
