"""Measure what the project claims, in full, and print it beside what was asked.

    make claims                          # everything, some minutes
    make claims ARGS="--patterns 50"     # fewer patterns

Exit code 1 when a figure misses its target. The rows go to out/claims/claims.json; the validation
report of the first seed lies beside it. Times are of this machine and whatever else it did.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import numpy as np

from spinspike.arrays import FloatArray
from spinspike.mapping import map_network
from spinspike.model import Architecture, NetworkFile, digits
from spinspike.model.training.comparators import compare
from spinspike.model.training.control import ablations, recurrent_controls, run_controls
from spinspike.model.training.preset import default
from spinspike.simulators import Bounds, Outcome, claims
from spinspike.studies.mapping import mapping_summary
from spinspike.studies.training import Job, train_network
from spinspike.studies.validation.report import Report, write_report
from spinspike.studies.validation.run import validate

SEEDS = 5
ACCURACY, TRAINING_SECONDS, DEMO_SECONDS = 0.95, 10.0, 60.0
ASKED = Bounds(kept=0.9, reached=0.6, same_class=0.95, accuracy=0.02)
CONTROL_GAP = 0.20  # how far training without self-couplings must fall behind


@dataclass(frozen=True)
class Row:
    """A figure, what was asked of it, and whether it is met (None: shown for comparison)."""

    what: str
    seen: str
    asked: str
    met: bool | None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patterns", type=int, default=400, help="patterns of each run on Lava")
    parser.add_argument("--brian2-patterns", type=int, default=120)
    parser.add_argument("-o", "--output", type=Path, default=Path("out/claims"))
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    rows = [demo_time(arguments.output / "demo")]
    learning, content = learning_rows()
    rows += learning
    rows += validation_rows(content, arguments)
    summary = [vars(row) for row in rows]
    (arguments.output / "claims.json").write_text(
        json.dumps({"python": platform.python_version(), "rows": summary}, indent=2) + "\n"
    )
    width = max(len(row.what) for row in rows)
    for row in rows:
        mark = {True: "met", False: "MISSED", None: ""}[row.met]
        sys.stdout.write(f"{row.what:{width}s}  {row.seen:>26s}  {row.asked:>10s}  {mark}\n")
    return 0 if all(row.met is not False for row in rows) else 1


def demo_time(folder: Path) -> Row:
    """The pipeline as `make demo` runs it, without the set-up."""
    command = Path(sys.executable).with_name("spinspike")
    started = perf_counter()
    done = subprocess.run(
        [str(command), "demo", "-o", str(folder), "--force"], stdout=subprocess.DEVNULL, check=False
    )
    seconds = perf_counter() - started
    met = seconds <= DEMO_SECONDS and done.returncode == 0
    return Row("demo: seconds, its claims all hold", f"{seconds:.0f}", f"<= {DEMO_SECONDS:g}", met)


def learning_rows() -> tuple[list[Row], NetworkFile]:
    """Accuracy and training time over seeds, the controls, and the comparators."""
    data, seeds = digits(), range(SEEDS)
    architecture = Architecture(units=300, inputs=64, classes=10)
    content, own, seconds = trained(architecture, seeds)
    rows = [
        Row(
            f"digits test accuracy, {SEEDS} seeds: mean (least, most)",
            spread(own),
            f">= {ACCURACY}",
            bool(own.mean() >= ACCURACY),
        ),
        Row(
            "training seconds: mean (least, most)",
            spread(seconds, 1),
            f"<= {TRAINING_SECONDS:g}",
            bool(seconds.mean() <= TRAINING_SECONDS),
        ),
    ]
    ablated = list(run_controls(data, ablations(architecture, seeds)))
    for name in dict.fromkeys(run.name for run in ablated):
        scores = np.array([run.accuracy for run in ablated if run.name == name])
        rows.append(Row(f"  {name}", spread(scores), "", None))
    rows += [
        Row(f"  beside it: {c.name} ({c.learning})", f"{c.accuracy:.3f}", "", None)
        for c in compare(data)
    ]
    runs = list(run_controls(data, recurrent_controls(data, seeds)))
    control = np.array([run.accuracy for run in runs]).reshape(2, -1)
    rows += [
        Row(f"control, {name}", spread(scores), "", None)
        for name, scores in zip(dict.fromkeys(run.name for run in runs), control, strict=True)
    ]
    gap = float((control[0] - control[1]).min())
    rows.append(
        Row("  falls behind by at least", f"{gap:.3f}", f">= {CONTROL_GAP}", gap >= CONTROL_GAP)
    )
    return rows, content


def trained(
    architecture: Architecture, seeds: Sequence[int]
) -> tuple[NetworkFile, FloatArray, FloatArray]:
    """The first network, and of every seed the test accuracy and the seconds of training."""
    data = digits()
    contents = [
        train_network(
            Job(data, replace(default(data), architecture=architecture), seed=seed),
            description=f"self-coupling {architecture.self_coupling:g}, seed {seed}",
        )[0]
        for seed in seeds
    ]
    found = [(c.provenance["accuracy"]["test"], c.provenance["seconds"]) for c in contents]
    return contents[0], *np.array(found).T


def validation_rows(content: NetworkFile, arguments: argparse.Namespace) -> list[Row]:
    """Every claim of the validation, on Lava and in Brian2, with all nulls."""
    graph = map_network(content)
    mapping = mapping_summary(graph)
    rows = [
        Row(f"certified {run} fixed points", f"{c['certified']} of {c['fixed_points']}", "", None)
        for run, c in mapping["certificates"].items()
    ]
    outcomes: list[Outcome] = []
    for name, patterns in (("lava", arguments.patterns), ("brian2", arguments.brian2_patterns)):
        outcomes += validate(graph, name, patterns=patterns).outcomes
    found = claims(outcomes, ASKED)
    facts = {"training": dict(content.provenance)}
    write_report(arguments.output, Report(graph, mapping, outcomes, found, facts=facts))
    rows += [
        Row(
            f"{o.simulator}, {o.run}: reaches s*, leaves it, ends certified, of {len(o.points)}",
            f"{int(o.occupied.sum())}, {int(o.left.sum())}, {int(o.certified.sum())}",
            "",
            None,
        )
        for o in outcomes
        if not o.null
    ]
    rows += [
        Row(
            f"{c.simulator}, {c.statement}",
            f"{c.value:.4g}",
            f"{'>=' if c.at_least else '<='} {c.bound:g}",
            c.verdict == "holds",
        )
        for c in found
    ]
    return rows


def spread(values: FloatArray, digits_shown: int = 3) -> str:
    """Mean, least and most."""
    mean, least, most = (
        f"{v:.{digits_shown}f}" for v in (values.mean(), values.min(), values.max())
    )
    return f"{mean} ({least}, {most})"


if __name__ == "__main__":
    sys.exit(main())
