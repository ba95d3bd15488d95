"""The whole chain on handwritten digits, with its control, its comparators and a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from spinspike.mapping.graph import graph_file
from spinspike.model import Architecture, Dataset, digits
from spinspike.model.network import network_file
from spinspike.model.training.comparators import compare
from spinspike.model.training.control import ControlRun, ablations, recurrent_controls, run_controls
from spinspike.model.training.preset import default
from spinspike.outputs import check_target, make_folder
from spinspike.simulators import RUNS, Bounds, NotAsked, Outcome, claims
from spinspike.simulators.exchange.folder import check_place
from spinspike.simulators.exchange.lava import WRITTEN
from spinspike.simulators.exchange.lava import write as export
from spinspike.simulators.registry import Backend, require
from spinspike.simulators.validation.examples import Example, held_and_lost
from spinspike.simulators.validation.protocol import default_protocol, run_block, trials
from spinspike.studies.page.provenance import how_to_repeat
from spinspike.studies.page.terminal import bar, progress
from spinspike.studies.validation.report import Report, write_report
from spinspike.studies.validation.run import (
    Job,
    map_file,
    mapping_summary,
    too_few,
    train_network,
    validate_on,
)

from .validation import figures

CONTROL_SEEDS = 2
ASKED = Bounds(accuracy=0.05)


def demonstrate(
    folder: Path,
    arguments: Sequence[str] = ("demo",),
    *,
    backends: Sequence[Backend],
    patterns: Mapping[str, int],
    default_patterns: int,
    seed: int,
) -> dict[str, Any]:
    """Train, map, export, validate and report into ``folder``; return the summary.

    ``arguments`` are those of the command line, so that the report can say how it came about.
    """
    require(backends)
    make_folder(folder)
    network, mapped, exported = (folder / n for n in ("network.h5", "graph.h5", "lava_network"))
    check_target(network, force=True)
    check_target(mapped, force=True)
    check_place(exported, WRITTEN, force=True)
    data = digits()
    preset = default(data)
    architecture = preset.architecture
    content, training = train_network(Job(data, preset, seed))
    control = _control(data, architecture, seed)
    others = compare(data, units=architecture.units, seed=seed)
    network_file.save(network, content, force=True)
    graph = map_file(content)
    graph_file.save(mapped, graph, force=True)
    export(graph, exported, force=True)
    outcomes: list[Outcome] = []
    examples: list[Example] = []
    unasked: list[NotAsked] = []
    for backend in backends:
        count = patterns.get(backend.name, default_patterns)
        continuous = backend.regime == "continuous"
        runs = ("learned", "cued") if continuous else tuple(RUNS)
        unasked += too_few(graph, backend, trials(runs), ASKED, patterns=count)
        own = validate_on(
            graph, backend.name, runs, patterns=count, nulls=True, seed=seed, regime=backend.regime
        )
        outcomes += own
        if continuous:
            protocol = default_protocol(graph, "continuous")
            again = partial(run_block, graph, backend.make(), protocol=protocol, seed=seed)
            examples += held_and_lost(own, again)
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
        "repeat": how_to_repeat(mapped, arguments),
    }
    report = Report(
        graph,
        mapping_summary(graph),
        outcomes,
        claims(outcomes, ASKED),
        unasked,
        examples,
        pictures,
        facts,
    )
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
