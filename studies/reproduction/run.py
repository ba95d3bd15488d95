"""The published ablations carried out: which runs, what is kept of them, and what came of it."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from spinspike.errors import BadInput, MissingPart
from spinspike.model import Dataset, digits
from spinspike.model.data.entangled import entangle
from spinspike.model.data.named import load
from spinspike.model.landscape.counting.enumeration import mean_count
from spinspike.model.landscape.theory.complexity import expected_count
from spinspike.model.training.ablation import DATA, GROUPS, READING, Ablation, ablations
from spinspike.model.training.ablation_run import self_coupling_effect
from spinspike.outputs import filling, make_folder
from spinspike.studies.page.terminal import bar, progress, table

from .figures import Row, figure
from .log import read_runs, train_all, write_runs

COUNTS = "counts"
SELF_COUPLINGS = (0.1, 0.3, 0.5, 0.8, 1.0)  # of the counts
VALIDATION = 1000  # images held out of MNIST's 60,000; published runs held out none
EFFECT = 0.36  # half of the published effect of self-couplings
ERRORS = 4  # standard errors that a mean count may be off


@dataclass(frozen=True)
class Plan:
    """Which ablations, and how large."""

    groups: tuple[str, ...] = ()  # none: all
    units: tuple[int, ...] = ()  # none: as published
    epochs: int = 20
    seeds: int = 1
    readout_states: Any = "free"
    quick: bool = False

    @property
    def trained(self) -> tuple[str, ...]:
        """Groups that have to be trained."""
        return tuple(name for name in self.groups or GROUPS if name != COUNTS)

    @property
    def counted(self) -> bool:
        """Whether fixed points are to be counted."""
        return COUNTS in self.groups or not self.groups


def carry_out(
    plan: Plan, folder: Path | None, output: Path, *, jobs: int, resume: bool, force: bool
) -> dict[str, Any]:
    """Run what is not there yet, write the folder, and return the summary."""
    runs_file = output / "runs.jsonl"
    check(plan, output, jobs=jobs, anew=not (resume or force))
    data, runs = planned(plan, folder) if plan.trained else (None, [])
    make_folder(output)
    rows: list[Row] = []
    if data:
        kept = read_runs(runs_file) if resume else []
        write_runs(runs_file, kept)
        rows += gathered(runs, train_all(data, runs, runs_file, jobs=jobs))
    if plan.counted:
        rows += counted(units=6, networks=100) if plan.quick else counted(units=10, networks=400)
    found = {
        **asdict(plan),
        "rows": [asdict(row) | {"difference": row.difference} for row in rows],
        "claims": claims(rows, plan),
        "reading_error": READING,
        "written": str(output),
    }
    summary: dict[str, Any] = json.loads(json.dumps(found))
    write_folder(output, rows, summary)
    return summary


def check(plan: Plan, output: Path, *, jobs: int, anew: bool) -> None:
    """Refuse what cannot be done, before any work."""
    for name in plan.groups:
        if name not in (*GROUPS, COUNTS):
            message = f"group is {name!r}; allowed: {', '.join((*GROUPS, COUNTS))}"
            raise BadInput(message)
    if jobs == 0:
        message = "jobs is 0; allowed: 1 or more, or -1 for one on each core"
        raise BadInput(message)
    if find_spec("matplotlib") is None:
        message = "the figures need matplotlib: pip install 'spinspike[plot]'"
        raise MissingPart(message)
    there = any((output / name).exists() for name in ("runs.jsonl", "summary.json"))
    if there and anew:
        message = f"{output} holds results; keep its finished runs with --resume, or --force anew"
        raise BadInput(message)


def planned(plan: Plan, folder: Path | None) -> tuple[Dataset, list[Ablation]]:
    """The data, and every run on it."""
    if plan.quick:
        if folder is not None:
            message = f"--quick reads no data, got the folder {folder}; leave out --data"
            raise BadInput(message)
        data = entangle(digits(), dimensions=40)
        plan = replace(plan, units=plan.units or (60,), epochs=min(plan.epochs, 2))
    else:
        data = load(DATA, folder, validation=VALIDATION)
    return data, ablations(
        data,
        plan.trained,
        units=plan.units,
        seeds=range(plan.seeds),
        epochs=plan.epochs,
        readout_states=plan.readout_states,
    )


def gathered(runs: Sequence[Ablation], accuracies: Sequence[float]) -> list[Row]:
    """Runs that differ in their seed alone as one row: their mean, and its standard error."""
    together: dict[Ablation, list[float]] = {}
    for run, accuracy in zip(runs, accuracies, strict=True):
        together.setdefault(replace(run, seed=0), []).append(accuracy)
    return [
        Row(
            group=run.group,
            series=run.series,
            at=run.at,
            units=run.architecture.units,
            count=len(values),
            measured=float(np.mean(values)),
            error=float(np.std(values, ddof=1) / len(values) ** 0.5) if len(values) > 1 else None,
            published=run.published,
        )
        for run, values in together.items()
    ]


def counted(*, units: int, networks: int) -> list[Row]:
    """Mean numbers of fixed points of networks drawn anew, beside the closed form."""
    rng, rows = np.random.default_rng(0), []
    with progress() as bars:
        update = bar(bars, "counts: enumerate fixed points")
        for number, J_D in enumerate(SELF_COUPLINGS):
            update(number, len(SELF_COUPLINGS))
            mean, error = mean_count(units, J_D, networks, rng)
            expected = expected_count(units, J_D)
            name = "mean number"
            rows.append(Row(COUNTS, name, J_D, units, networks, mean, error, expected))
        update(1, 1)
    return rows


def claims(rows: Sequence[Row], plan: Plan) -> list[dict[str, Any]]:
    """What was to be shown of the groups that were run, and whether it was."""
    found = []
    effect = {(r.series, r.at): r.measured for r in rows if r.group == "self-coupling"}
    if effect and not plan.quick:
        value = self_coupling_effect(effect)
        statement = "the release costs more accuracy without self-couplings, by at least"
        found.append((statement, value, EFFECT, value >= EFFECT))
    off = [abs(r.difference or 0) / r.error for r in rows if r.group == COUNTS and r.error]
    if off:
        statement = "mean counts agree with the closed form, in standard errors up to"
        found.append((statement, max(off), ERRORS, max(off) <= ERRORS))
    names = ("statement", "value", "bound", "holds")
    return [dict(zip(names, claim, strict=True)) for claim in found]


def write_folder(output: Path, rows: Sequence[Row], summary: dict[str, Any]) -> None:
    """The rows as CSV, a figure for each group, the summary."""
    with filling(output) as new:
        with (new / "rows.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, list(summary["rows"][0]))
            writer.writeheader()
            writer.writerows(summary["rows"])
        for name in dict.fromkeys(row.group for row in rows):
            figure([row for row in rows if row.group == name]).savefig(new / f"{name}.png")
        (new / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")


def tables(summary: dict[str, Any]) -> list[Table]:
    """One table for each group, and one of the claims."""
    made = []
    for name in dict.fromkeys(row["group"] for row in summary["rows"]):
        rows = [row for row in summary["rows"] if row["group"] == name]
        title, axis = "Fixed points of small networks", "J_D"
        if name in GROUPS:
            title, axis = f"{GROUPS[name].title}: test accuracy", GROUPS[name].axis
        many, reference = ("networks", "formula") if name == COUNTS else ("seeds", "published")
        columns = ("", axis, "units", many, "measured", reference, "difference")
        made.append(table(title, *columns, rows=[cells(row) for row in rows]))
    if summary["claims"]:
        made.append(
            table(
                "Claims",
                "claim",
                "bound",
                "seen",
                "",
                rows=[
                    [
                        claim["statement"],
                        f"{claim['bound']:g}",
                        f"{claim['value']:.3f}",
                        "holds" if claim["holds"] else "FAILS",
                    ]
                    for claim in summary["claims"]
                ],
            )
        )
    return made


def cells(row: dict[str, Any]) -> list[str]:
    """One row of a table; published values carry the error they were read with."""
    places = ".2f" if row["group"] == COUNTS else ".3f"
    read = "" if row["group"] == COUNTS else f" ± {READING:g}"
    error = "" if row["error"] is None else f" ± {row['error']:{places}}"
    known = row["published"] is not None
    return [
        row["series"],
        f"{row['at']:g}",
        str(row["units"]),
        str(row["count"]),
        f"{row['measured']:{places}}{error}",
        f"{row['published']:{places}}{read}" if known else "",
        f"{row['difference']:+{places}}" if known else "",
    ]
