"""A sweep over random networks, from what was asked to tables: the half of `explore` without file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from spinspike.arrays import FloatArray
from spinspike.campaign import unfinished
from spinspike.model.landscape.search.convergence import ORDERS
from spinspike.model.landscape.studies.sweep import (
    ParameterScan,
    Point,
    Results,
    Row,
    fixed,
    measure,
    rows,
)
from spinspike.model.landscape.studies.threshold import Scaling, Threshold, scaling, threshold
from spinspike.studies.page.terminal import carried_out, spinner

LONG = 60.0  # seconds from which an estimate is given
TRIED, FEW = 4, 25  # places, sweeps and starts that are tried for it
SYMBOLS = {"self_coupling": ("J_D", "λ"), "link": ("λ", "J_D")}
PAIRS = 20_000  # overlaps of one histogram that are kept


@dataclass(frozen=True)
class Edge:
    """Where convergence sets in along one line of the sweep."""

    units: int
    order: str
    beside: float  # what does not change along the line: lambda, or J_D
    threshold: Threshold


@dataclass(frozen=True)
class Law:
    """How the edge moves with the size."""

    order: str
    beside: float
    scaling: Scaling


@dataclass(frozen=True)
class SweepFindings:
    """All that a sweep found."""

    sweep: ParameterScan
    rows: Sequence[Row]
    edges: Sequence[Edge]
    laws: Sequence[Law]
    overlaps: dict[Point, FloatArray]  # between fixed points that one network came to

    @property
    def along(self) -> str:
        """What changes along the lines: "self_coupling", or "link" where there is one J_D."""
        return "self_coupling" if len(self.sweep.self_couplings) > 1 else "link"

    @property
    def beside(self) -> tuple[float, ...]:
        """Values of what does not change along a line."""
        s = self.sweep
        return s.links if self.along == "self_coupling" else s.self_couplings

    def line(self, units: int, order: str, beside: float) -> list[Row]:
        """The rows of one line, in order."""
        other = "link" if self.along == "self_coupling" else "self_coupling"
        found = [
            r for r in self.rows if (r.units, r.order, getattr(r, other)) == (units, order, beside)
        ]
        return sorted(found, key=lambda r: float(getattr(r, self.along)))

    def edge(self, units: int, order: str, beside: float) -> Threshold | None:
        """The threshold along one line; None where the line has but one point."""
        for e in self.edges:
            if (e.units, e.order, e.beside) == (units, order, beside):
                return e.threshold
        return None


def swept(sweep: ParameterScan, folder: Path, *, jobs: int, scheduler: str | None) -> SweepFindings:
    """Run what the folder does not hold yet, and put it together."""
    from spinspike.studies.page.provenance import installed_version

    fingerprint, tasks = repr((installed_version(), sweep.settings)), sweep.tasks()
    missing = {t.key for t in unfinished(tasks, folder, fingerprint=fingerprint)}
    announce(sweep, missing, jobs=jobs, scheduler=scheduler)
    results = carried_out(
        "dynamics of random networks", tasks, folder,
        fingerprint=fingerprint, jobs=jobs, scheduler=scheduler,
    )  # fmt: skip
    return findings(sweep, results)


def announce(sweep: ParameterScan, missing: set[str], *, jobs: int, scheduler: str | None) -> None:
    """Say about how long the missing runs take, if that may be a minute or more."""
    seconds = 0.0
    with spinner("trying one network of each size"):
        for units, order in product(sweep.units, sweep.orders):
            points = [p for p in sweep.points if (p.units, p.order) == (units, order)]
            runs = sum(sweep.key(p, n) in missing for p in points for n in range(sweep.networks))
            if runs:
                tried = points[:: max(1, len(points) // TRIED)]
                seconds += runs * sum(_seconds(sweep, p) for p in tried) / len(tried)
    seconds /= 1 if scheduler else jobs
    if seconds >= LONG:
        time = f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
        where = "on one core" if scheduler or jobs == 1 else f"with {jobs} jobs"
        sys.stderr.write(f"explore: {len(missing)} runs, about {time} {where}\n")


def _seconds(sweep: ParameterScan, point: Point) -> float:
    """Of one network, if what does not come to rest within a few sweeps never does."""
    few = min(FEW, sweep.limit) if point.order in ORDERS else sweep.limit
    short = replace(sweep, orders=(point.order,), limit=few, starts=min(FEW, sweep.starts))
    measure(replace(short, starts=1), point, 0)  # may compile
    start = perf_counter()
    moving = measure(short, point, 0)["period"] == 0
    took = (perf_counter() - start) * sweep.starts / short.starts
    return took * (1 + float(moving.mean()) * (sweep.limit / short.limit - 1))


def findings(sweep: ParameterScan, results: Results) -> SweepFindings:
    """Tables, thresholds and their scaling."""
    along_self = len(sweep.self_couplings) > 1
    levels = sweep.self_couplings if along_self else sweep.links
    beside = sweep.links if along_self else sweep.self_couplings
    edges, laws = [], []
    rng = np.random.default_rng(sweep.seed)
    for order, other in product(sweep.orders, beside if len(levels) > 1 else ()):
        found = []
        for units in sweep.units:
            pairs = [(x, other) if along_self else (other, x) for x in sorted(levels)]
            points = [Point(units, j, link, order) for j, link in pairs]
            runs = [fixed(sweep, point, results).mean(axis=1) for point in points]
            found.append(threshold(sorted(levels), np.array(runs).T, rng))
            edges.append(Edge(units, order, other, found[-1]))
        if len(sweep.units) > 1:
            laws.append(Law(order, other, scaling(sweep.units, found)))
    return SweepFindings(sweep, rows(sweep, results), edges, laws, _overlaps(sweep, results, rng))


def _overlaps(
    sweep: ParameterScan, results: Results, rng: np.random.Generator
) -> dict[Point, FloatArray]:
    """Overlaps of pairs of fixed points in the largest networks, for their histogram."""
    found = {}
    for point in sweep.points:
        if point.units == max(sweep.units):
            keys = [sweep.key(point, n) for n in range(sweep.networks)]
            pairs = np.concatenate([results[key]["pair_overlap"] for key in keys])
            found[point] = rng.permutation(pairs)[:PAIRS]
    return found


def sweep_summary(found: SweepFindings) -> dict[str, Any]:
    """Settings, rows, thresholds and laws as JSON takes them; NaN is null."""
    summary: dict[str, Any] = plain(
        {
            "settings": asdict(found.sweep),
            "along": found.along,
            "rows": [asdict(row) for row in found.rows],
            "thresholds": [asdict(edge) for edge in found.edges],
            "scaling": [asdict(law) for law in found.laws],
        }
    )
    return summary


def plain(value: Any) -> Any:
    """Numbers, lists and mappings alone, with None for what is not finite."""
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value


def sweep_title(found: SweepFindings) -> str:
    """The finding in one sentence."""
    largest, order = max(found.sweep.units), found.sweep.orders[0]
    name, other = SYMBOLS[found.along]
    for beside in found.beside:
        edge = found.edge(largest, order, beside)
        if edge and edge.found:
            where = f" at {other} {beside:g}" if len(found.beside) > 1 else ""
            return (
                f"With {largest} units a module, half of the {order} runs converge from "
                f"{name} {edge.level:.3f} ± {edge.error:.3f} on{where}"
            )
    edge = found.edge(largest, order, found.beside[0])
    says = f": {edge.says}" if edge else ""
    return f"No threshold of convergence within these values of {name}{says}"
