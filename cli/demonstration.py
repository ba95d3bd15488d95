"""The whole chain on handwritten digits, with its control, its comparators and a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from spinspike.mapping import graph_file
from spinspike.model import Architecture, Dataset, digits, network_file
from spinspike.model.comparators import compare
from spinspike.model.control import ControlRun, ablations, recurrent_controls, run_controls
from spinspike.model.preset import default
from spinspike.simulators import RUNS, claims
from spinspike.simulators.lava_export import export

from . import figures
from .console import bar, progress
from .pipeline import Job, map_file, mapping_summary, require, train_network, validate_on
from .report import Report, write_report

CONTROL_SEEDS = 2


def demonstrate(
    folder: Path,
    *,
    simulators: Sequence[str],
    patterns: Mapping[str, int],
    default_patterns: int,
    seed: int,
) -> dict[str, Any]:
    """Train, map, export, validate and report into ``folder``; return the summary."""
    require(simulators)
    folder.mkdir(parents=True, exist_ok=True)
    data = digits()
    preset = default(data)
    architecture = preset.architecture
    content, training = train_network(Job(data, preset, seed))
    control = _control(data, architecture, seed)
    others = compare(data, units=architecture.units, seed=seed)
    network_file.save(folder / "network.h5", content, force=True)
    graph = map_file(content)
    graph_file.save(folder / "graph.h5", graph, force=True)
    export(graph, folder / "lava_network", force=True)
    outcomes = []
    for name in simulators:
        count = patterns.get(name, default_patterns)
        runs = ("learned", "cued") if name == "brian2" else tuple(RUNS)
        outcomes += validate_on(graph, name, runs, patterns=count, nulls=True, seed=seed)
    pictures = {
        "learning": figures.learning_curves(training.history, control),
        "comparison": figures.comparison(content.provenance["accuracy"]["test"], control, others),
    }
    for o in outcomes:
        if o.run == "free" and "images" not in pictures and data.image_shape:
            pictures["images"] = figures.images(o, data.image_shape)
    facts = {
        "training": dict(content.provenance),
        "control": [{"name": c.name, "seed": c.seed, "accuracy": c.accuracy} for c in control],
        "comparators": [asdict(c) for c in others],
        "report": str(folder / "report.html"),
    }
    report = Report(graph, mapping_summary(graph), outcomes, claims(outcomes), pictures, facts)
    return write_report(folder, report)


def _control(data: Dataset, architecture: Architecture, seed: int) -> list[ControlRun]:
    """Every control, with a progress bar for them all."""
    controls = [
        *recurrent_controls(data, range(seed, seed + CONTROL_SEEDS)),
        *ablations(architecture, [seed]),
    ]
    found: list[ControlRun] = []
    with progress() as bars:
        update = bar(bars, "controls")
        update(0, len(controls))
        for run in run_controls(data, controls, jobs=-1):
            found.append(run)
            update(len(found), len(controls), f"{run.name}: test accuracy {run.accuracy:.3f}")
    return found
