"""Fixed points that dynamics reach beside typical ones: the part of `explore` about their surroundings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinspike.model.landscape.studies.reached import reached_and_typical
from spinspike.model.landscape.theory.pairs import expected_neighbours
from spinspike.studies.page.terminal import carried_out
from spinspike.task import Arrays, Task

from .sweep import SweepFindings

KINDS = {
    "reached": "reached by asynchronous dynamics",
    "typical": "typical",
    "alike": "random, with the margins of reached ones",
}
DISTANCES = (1, 2, 4, 8)
EXACT = 2  # up to which distance all are counted
MAX_CLUSTER = 300  # fixed points of a cluster that are looked for
WISHED = 100  # units, about
LEVELS = 2


@dataclass(frozen=True)
class Nearby:
    """What lies around one kind of states at one self-coupling, over networks.

    ``count`` is the mean number of fixed points at each distance, its error the standard error
    over networks; ``theory`` the closed form for typical ones.
    """

    units: int
    self_coupling: float
    kind: str
    networks: int
    distance: tuple[int, ...]
    count: tuple[float, ...]
    error: tuple[float, ...]
    theory: tuple[float, ...]
    weak: float  # share of units with a margin below .1
    weak_error: float
    cluster: float  # median number of fixed points that single flips lead to
    capped: float  # fraction of clusters as large as was looked for
    joined: float  # of networks: single flips lead from one reached state to another; else NaN


def places(found: SweepFindings) -> tuple[int, tuple[float, ...]]:
    """A size of about 100 units, and self-couplings at which its dynamics converge; maybe none."""
    sweep = found.sweep
    units = min(sweep.units, key=lambda h: abs(h - WISHED))
    line = found.line(units, sweep.orders[0], 0.0) if found.along == "self_coupling" else []
    levels = [r.self_coupling for r in line if r.converged > 0.9 and r.self_coupling <= 1]
    chosen = np.linspace(0, len(levels) - 1, min(LEVELS, len(levels))).astype(int)
    return units, tuple(levels[k] for k in sorted(set(chosen.tolist())))


def nearby(
    units: int,
    levels: Sequence[float],
    networks: int,
    folder: Path,
    *,
    seed: int,
    fingerprint: str,
    jobs: int,
    scheduler: str | None,
) -> list[Nearby]:
    """Compare reached with typical states in so many networks at each self-coupling."""
    distances = tuple(d for d in DISTANCES if d < units)

    def key(level: float, network: int) -> str:
        return f"nearby_H{units}_J{float(level)!r}_n{network}"

    tasks = [
        Task(key(j, n), compare, (units, j, distances, seed, n))
        for j in levels
        for n in range(networks)
    ]
    results = carried_out(
        "reached and typical states", tasks, folder,
        fingerprint=fingerprint, jobs=jobs, scheduler=scheduler,
    )  # fmt: skip
    found = []
    for j in levels:
        parts = [results[key(j, n)] for n in range(networks)]
        found += [_nearby(units, j, kind, distances, parts) for kind in KINDS]
    return found


def compare(
    units: int, self_coupling: float, distances: tuple[int, ...], seed: int, network: int
) -> Arrays:
    """One network; arrays of each kind by name."""
    rng = np.random.default_rng([seed, units, network])
    found = reached_and_typical(
        units, self_coupling, rng, distances, 1, exact=EXACT, limit=MAX_CLUSTER
    )
    return {"left": found.left} | {
        f"{kind}_{name}": values
        for kind in KINDS
        for name, values in {
            "count": getattr(found, kind).count,
            "weak": getattr(found, kind).weak,
            "cluster": getattr(found, kind).cluster,
        }.items()
    }


def _nearby(
    units: int,
    self_coupling: float,
    kind: str,
    distances: tuple[int, ...],
    parts: Sequence[Mapping[str, NDArray[Any]]],
) -> Nearby:
    count, weak, cluster = (
        np.concatenate([part[f"{kind}_{name}"] for part in parts])
        for name in ("count", "weak", "cluster")
    )
    there = np.isfinite(count).all(axis=1)  # a network whose dynamics reach nothing has no such
    count, weak, cluster = count[there], weak[there], cluster[there]
    left = np.concatenate([part["left"] for part in parts])
    pairs = left[np.isfinite(left)] if kind == "reached" else left[:0]
    nothing = np.full(len(distances), np.nan)
    size = len(count)
    error = count.std(axis=0, ddof=1) / size**0.5 if size > 1 else nothing
    return Nearby(
        units=units,
        self_coupling=self_coupling,
        kind=kind,
        networks=size,
        distance=distances,
        count=tuple((count.mean(axis=0) if size else nothing).tolist()),
        error=tuple(error.tolist()),
        theory=tuple(expected_neighbours(units, d, self_coupling) for d in distances),
        weak=float(weak.mean()) if size else np.nan,
        weak_error=float(weak.std(ddof=1) / size**0.5) if size > 1 else np.nan,
        cluster=float(np.median(cluster)) if size else np.nan,
        capped=float((cluster >= MAX_CLUSTER).mean()) if size else np.nan,
        joined=float((pairs == 0).mean()) if pairs.size else np.nan,
    )
