"""What `explore` finds of one network and those it is held against, as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spinspike.model.landscape.search.convergence import Order
from spinspike.studies.page.terminal import table
from spinspike.wilson import wilson_interval

from .network import Asked, Subject, task_key
from .sweep import plain
from .sweep_tables import grouped, with_error

if TYPE_CHECKING:
    from rich.table import Table

Part = Mapping[str, NDArray[Any]]  # what `explore_one` returns


@dataclass(frozen=True)
class Finding:
    """What was found of one subject under one condition, over its images; NaN: nothing to say.

    Intervals are Wilson's over images (without input: over starts), errors standard errors over
    images or starts.
    """

    subject: str
    condition: str
    order: Order
    runs: int
    converged: float
    low: float
    high: float
    cycles: float
    sweeps: float
    sweeps_error: float
    start_overlap: float
    start_overlap_error: float
    pair_overlap: float  # mean over pairs of runs under the same input
    pair_overlap_error: float
    distinct: float  # different fixed points by runs that converged, per input
    known_overlap: float  # of the states reached with the state of the file for this image
    known_overlap_error: float
    known_reached: float  # fraction of the runs that converge which end in it exactly
    known_held: float  # fraction of the states of the file that are fixed points here


@dataclass(frozen=True)
class Around:
    """What lies around fixed points of one kind, mean over states."""

    subject: str
    condition: str
    kind: str  # "reached", or "of the file"
    states: int
    near: float  # neighbours at distance 1
    near_error: float
    second: float  # at distance 2
    second_error: float
    cluster: float  # median number joined by moves of up to two flips; one in large networks
    larger: float  # fraction of clusters that are larger than was looked for


def summaries(
    found: Sequence[Subject], asked: Asked, results: Mapping[str, Part]
) -> tuple[list[Finding], list[Around], list[dict[str, Any]]]:
    """Tables of convergence, surroundings and numbers of fixed points."""
    rows, around, counts = [], [], []
    for number, subject in enumerate(found):
        start = 0
        for condition, fields in subject.fields.items():
            parts = [results[task_key(number, condition, k)] for k in range(len(fields))]
            rows += [_finding(subject.name, condition, order, parts) for order in asked.orders]
            around += _arounds(subject.name, condition, parts)
            own = {
                name: values[start : start + len(fields)]
                for name, values in results[f"{number}_count"].items()
            }
            start += len(fields)
            counts.append(_counts(subject, condition, own))
    return rows, around, counts


def _finding(subject: str, condition: str, order: Order, parts: Sequence[Part]) -> Finding:

    def get(name: str) -> list[NDArray[Any]]:
        return [part[f"{order}_{name}"] for part in parts if f"{order}_{name}" in part]

    period = np.array(get("period"))
    fixed = period == 1
    each = fixed.mean(axis=1) if len(parts) > 1 else fixed[0]
    low, high = wilson_interval(float(fixed.mean()), len(each))
    sweeps, start = (
        _over([v[f] for v, f in zip(get(name), fixed, strict=True)])
        for name in ("sweeps", "start_overlap")
    )
    pair, known = _over(get("pair_overlap")), _over(get("known_overlap"))
    if len(parts) == 1:
        pair = pair[0], np.nan  # pairs of the same runs are not independent
    exact = [np.asarray(v == 1) for v in get("known_overlap")]
    held = [part["held"] for part in parts if "held" in part]
    return Finding(
        subject, condition, order, period.size, float(fixed.mean()), low, high,
        float((period > 1).mean()), *sweeps, *start, *pair,
        float(np.mean([d[0] / max(f.sum(), 1) for d, f in zip(get("distinct"), fixed, strict=True)])),
        *known, _over(exact)[0], _over(held)[0],
    )  # fmt: skip


def _over(values: Sequence[NDArray[Any]]) -> tuple[float, float]:
    """Mean over images of their means, or over the values of the one that is; standard error."""
    kept = [v.astype(float) for v in values if v.size]
    each = np.array([v.mean() for v in kept]) if len(values) > 1 else np.array(kept).ravel()
    if not each.size:
        return np.nan, np.nan
    error = each.std(ddof=1) / np.sqrt(each.size) if each.size > 1 else np.nan
    return float(each.mean()), float(error)


def _arounds(subject: str, condition: str, parts: Sequence[Part]) -> list[Around]:
    rows = []
    for kind, name in (("reached", "reached"), ("known", "of the file")):
        near = [part[f"{kind}_neighbours"] for part in parts if f"{kind}_neighbours" in part]
        if not sum(map(len, near)):
            continue
        sizes = np.concatenate([p[f"{kind}_cluster"] for p in parts if f"{kind}_cluster" in p])
        larger = np.concatenate([p[f"{kind}_larger"] for p in parts if f"{kind}_larger" in p])
        first, second = (_over([n[:, k] for n in near if n.shape[1] > k]) for k in (0, 1))
        rows.append(
            Around(
                subject, condition, name, len(sizes), *first, *second, float(np.median(sizes)), float(larger.mean()),
            )
        )  # fmt: skip
    return rows


def _counts(subject: Subject, condition: str, own: Part) -> dict[str, Any]:
    """Ln of the number of fixed points per unit; counts where they were counted."""
    entropy = own["bethe"][np.isfinite(own["bethe"])]
    mean, error = _over([entropy])
    return {
        "subject": subject.name,
        "condition": condition,
        "bethe": mean / subject.network.units,
        "bethe_error": error / subject.network.units,
        "settled": len(entropy),
        "inputs": len(own["bethe"]),
        "count": float(own["count"].mean()),
    }


FINDING_COLUMNS = (
    "input, order", "converged (95 %)", "cycles", "sweeps", "different", "pairs' overlap",
    "with file's", "ends in it", "held",
)  # fmt: skip
AROUND_COLUMNS = (
    "input, states", "states", "1 flip away", "2 flips away", "cluster", "larger",
)  # fmt: skip
COUNT_COLUMNS = ("input", "Σ of Bethe", "settled", "counted")


def finding_cells(f: Finding) -> list[str]:
    """One row of the table of convergence."""
    optional = ["-" if np.isnan(v) else f"{v:.2f}" for v in (f.known_reached, f.known_held)]
    return [
        f"{f.subject}: {f.condition}, {f.order}",
        f"{f.converged:.2f} ({f.low:.2f}-{f.high:.2f})",
        f"{f.cycles:.2f}",
        with_error(f.sweeps, f.sweeps_error, 1),
        f"{f.distinct:.2f}",
        with_error(f.pair_overlap, f.pair_overlap_error),
        with_error(f.known_overlap, f.known_overlap_error),
        *optional,
    ]


def around_cells(a: Around) -> list[str]:
    """One row of the table of surroundings."""
    return [
        f"{a.subject}: {a.condition}, {a.kind}",
        str(a.states),
        with_error(a.near, a.near_error, 1),
        with_error(a.second, a.second_error, 0),
        f"{a.cluster:g}",
        f"{a.larger:.2f}",
    ]


def count_cells(c: Mapping[str, Any]) -> list[str]:
    """One row of the table of numbers."""
    return [
        f"{c['subject']}: {c['condition']}",
        with_error(c["bethe"], c["bethe_error"], 4),
        f"{c['settled']} of {c['inputs']}",
        "-" if np.isnan(c["count"]) else f"{c['count']:g}",
    ]


def network_summary(
    asked: Asked, rows: Sequence[Finding], around: Sequence[Around], counts: Sequence[Any]
) -> dict[str, Any]:
    """Everything as JSON takes it; NaN is null."""
    summary: dict[str, Any] = plain(
        {
            "settings": asdict(asked),
            "convergence": [asdict(r) for r in rows],
            "surroundings": [asdict(a) for a in around],
            "counts": list(counts),
        }
    )
    return summary


def network_tables(
    rows: Sequence[Finding], around: Sequence[Around], counts: Sequence[Any]
) -> list[Table]:
    """The tables for the terminal, without what is rarely asked."""
    short = [0, 1, 3, 6, 8]
    columns = [FINDING_COLUMNS[k] for k in short]
    ends = [[finding_cells(r)[k].partition(" ± ")[0] for k in short] for r in rows]
    return [
        table("Where random states end", *columns, rows=grouped(ends)),
        table(
            "What lies around fixed points", *AROUND_COLUMNS,
            rows=grouped([around_cells(a) for a in around]),
        ),
        table("How many there are", *COUNT_COLUMNS,
              rows=grouped([count_cells(c) for c in counts])),
    ]  # fmt: skip
