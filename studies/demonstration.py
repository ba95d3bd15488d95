"""The whole chain on handwritten digits, with its control, its comparators and a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from spinspike.mapping import Rounding, SynapseGraph, map_network
from spinspike.mapping.graph import graph_file
from spinspike.model import Architecture, Dataset, NetworkFile, digits
from spinspike.model.network import network_file
from spinspike.model.training.comparators import compare
from spinspike.model.training.control import ControlRun, ablations, recurrent_controls, run_controls
from spinspike.model.training.preset import default
from spinspike.outputs import check_target, make_folder
from spinspike.simulators import RUNS, Bounds
from spinspike.simulators.exchange.folder import check_place
from spinspike.simulators.exchange.lava import WRITTEN
from spinspike.simulators.exchange.lava import write as export
from spinspike.simulators.registry import Backend, require
from spinspike.studies.interactive.page import view
from spinspike.studies.mapping import mapping_summary
from spinspike.studies.page.provenance import how_to_repeat
from spinspike.studies.page.terminal import bar, progress, spinner
from spinspike.studies.training import Job, train_network
from spinspike.studies.validation.campaign import Campaign, kept_in
from spinspike.studies.validation.report import Report, write_report
from spinspike.studies.validation.run import planned, validated

from .validation import figures

CONTROL_SEEDS = 2
INTERACTIVE = "interactive.html"
ASKED = Bounds(kept=0.8, accuracy=0.05)  # what a dozen patterns in Brian2 can decide


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
    check_target(folder / INTERACTIVE, force=True)
    check_place(exported, WRITTEN, force=True)
    data = digits()
    preset = default(data)
    architecture = preset.architecture
    content, training = train_network(Job(data, preset, seed))
    control = _control(data, architecture, seed)
    others = compare(data, units=architecture.units, seed=seed)
    network_file.save(network, content, force=True)
    with spinner("map"):
        graph = map_network(content)
    graph_file.save(mapped, graph, force=True)
    export(graph, exported, force=True)
    _interactive(folder, content, graph, seed)
    plans = [
        plan
        for backend in backends
        for plan in planned(
            graph,
            backend.name,
            regimes=[backend.regime],
            patterns=patterns.get(backend.name, default_patterns),
            runs=("learned", "cued") if backend.regime == "continuous" else tuple(RUNS),
            seed=seed,
        )
    ]
    with kept_in(None, resume=False) as blocks:
        found = validated(plans, ASKED, Campaign(blocks, "", jobs=1, scheduler=None))
    pictures = {
        "learning": figures.learning_curves(training.history, control),
        "comparison": figures.comparison(content.provenance["accuracy"]["test"], control, others),
    }
    for o in found.outcomes:
        if o.run == "free" and "images" not in pictures and data.image_shape:
            pictures["images"] = figures.images(o, data.image_shape)
    facts = {
        "training": dict(content.provenance),
        "control": [{"name": c.name, "seed": c.seed, "accuracy": c.accuracy} for c in control],
        "comparators": [asdict(c) for c in others],
        "report": str(folder / "report.html"),
        "interactive": str(folder / INTERACTIVE),
        "repeat": how_to_repeat(mapped, arguments),
    }
    report = Report(
        graph,
        mapping_summary(graph),
        found.outcomes,
        found.claims,
        found.not_asked,
        found.examples,
        pictures,
        facts,
    )
    return write_report(folder, report)


def _interactive(folder: Path, content: NetworkFile, graph: SynapseGraph, seed: int) -> None:
    """The page that plays the graph, with the same network at half its bits beside it."""
    title, page = "Handwritten digits, step by step", folder / INTERACTIVE
    with spinner("interactive page"):
        narrow = map_network(content, rounding=Rounding(weight_bits=graph.weight_bits // 2))
        beside = {f"{narrow.encoding}, {narrow.weight_bits} bits": narrow}
        view(graph, page, beside=beside, title=title, seed=seed, force=True)


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
