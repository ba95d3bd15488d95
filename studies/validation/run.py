"""The chain as functions: train, map, validate — each with progress, none of them printing."""

from __future__ import annotations

import csv
import json
import sys
import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from spinspike.errors import BadInput
from spinspike.mapping import SynapseGraph, certified, map_network, weakest_units
from spinspike.mapping.quantisation.consolidate import Consolidation
from spinspike.model import (
    Dataset,
    FixedPoints,
    Network,
    NetworkFile,
    Training,
    accuracy,
    free,
    learned,
)
from spinspike.model.learning.devices import Device, chosen
from spinspike.model.training.checkpoint import load_checkpoint, save_checkpoint
from spinspike.model.training.preset import Preset
from spinspike.model.training.training import Epoch, train_as
from spinspike.outputs import replacing
from spinspike.simulators import Bounds, NotAsked, Outcome, not_asked, validate
from spinspike.simulators.base import Regime
from spinspike.simulators.registry import Backend, find, require
from spinspike.simulators.validation.protocol import Trial, default_protocol, points_of
from spinspike.studies.page.provenance import installed_version
from spinspike.studies.page.terminal import bar, progress, spinner

CARRIED = 10_000  # fixed points of each run that a network file takes along


@dataclass(frozen=True)
class Job:
    """A training: what to learn and how, and where its checkpoints and history go."""

    data: Dataset
    preset: Preset
    seed: int = 0
    device: Device = "auto"
    checkpoint: Path | None = None
    history: Path | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """All that the weights depend on, as JSON takes it."""
        preset = asdict(self.preset)
        inputs = np.ascontiguousarray(self.data.train.inputs)
        found = {
            "data": self.data.name,
            "data checksum": zlib.crc32(inputs.data),
            "seed": self.seed,
            "device": chosen(self.device),
            **preset,
        }
        return dict(json.loads(json.dumps(found)))


def train_network(
    job: Job, *, resume: bool = False, description: str = "train"
) -> tuple[NetworkFile, Training]:
    """Train, find the fixed points, and note how it came about."""
    preset, data = job.preset, job.data
    start = None
    if resume and job.checkpoint:
        start = load_checkpoint(job.checkpoint, job.settings)
    with progress() as bars:
        update = bar(bars, description)
        images, epochs = len(data.train), preset.schedule.epochs
        note = ""

        def on_epoch(training: Training) -> None:
            nonlocal note
            e = training.history[-1]
            note = (
                f"validation {e.validation_accuracy:.3f}, weak {e.weak:.3f}, "
                f"flips {e.flips:.4f}, {e.images_per_second:,.0f} images/s"
            )
            update(e.epoch * images, epochs * images, note)
            if job.checkpoint:
                save_checkpoint(job.checkpoint, training, job.settings)
            if job.history:
                write_history(job.history, training.history)

        done = len(start.history) if start else 0
        update(done * images, epochs * images)
        training = train_as(
            data,
            preset,
            seed=job.seed,
            device=job.device,
            start=start,
            on_epoch=on_epoch,
            on_progress=lambda epoch, seen: update(epoch * images + seen, epochs * images, note),
        )
        update(1, 1, note)
    points, found = states_of(training.network, data)
    provenance = {
        "spinspike": installed_version(),
        **job.settings,
        **found,
        "epochs": len(training.history),
        "seconds": round(sum(e.seconds for e in training.history), 2),
    }
    return NetworkFile(training.network, points, provenance), training


def states_of(network: Network, data: Dataset) -> tuple[dict[str, FixedPoints], dict[str, Any]]:
    """Fixed points of both runs, and what to note of them: accuracies, and how many settled."""
    given = {"learned": data.train.first(CARRIED), "free": data.test.first(CARRIED)}
    points = {"learned": learned(network, given["learned"]), "free": free(network, given["free"])}
    found = {
        "accuracy": {
            split: accuracy(network, getattr(data, split))
            for split in ("train", "validation", "test")
        },
        "settled": {run: f"{len(points[run])} of {len(given[run])}" for run in points},
    }
    return points, found


def check_fits(network: Network, data: Dataset) -> None:
    """Refuse a data set that is none for a network."""
    low, high = network.input_range
    if (network.inputs, network.classes) != (data.train.inputs.shape[1], data.classes):
        message = (
            f"the network has {network.inputs} inputs and {network.classes} classes; allowed for "
            f"{data.name}: {data.train.inputs.shape[1]} and {data.classes}"
        )
        raise BadInput(message)
    if not low <= data.input_range[0] < data.input_range[1] <= high:
        message = (
            f"inputs of {data.name} range from {data.input_range[0]:g} to {data.input_range[1]:g}; "
            f"allowed by the network: {low:g} to {high:g}"
        )
        raise BadInput(message)


def write_history(path: Path, history: Sequence[Epoch]) -> None:
    """One row for each epoch, written whole or not at all."""
    with replacing(path, force=True) as temporary, temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Epoch)])
        writer.writeheader()
        writer.writerows(asdict(row) for row in history)


def map_file(
    content: NetworkFile,
    *,
    consolidation: Consolidation | None = Consolidation(),  # noqa: B008  (frozen)
    **options: Any,
) -> SynapseGraph:
    """Map a network with its fixed points; options are those of `map_network`.

    Without learned fixed points there is nothing to consolidate.
    """
    points = content.fixed_points
    with spinner("map"):
        return map_network(
            content.network,
            points,
            consolidation=consolidation if len(points.get("learned", ())) else None,
            provenance=content.provenance,
            **options,
        )


def mapping_summary(graph: SynapseGraph) -> dict[str, Any]:
    """Sizes of a graph and the certificates of its fixed points."""
    certificates = {}
    for run, points in graph.fixed_points.items():
        if len(points):
            margins, units = weakest_units(graph, points)
            worst = int(margins.argmin())
            certificates[run] = {
                "fixed_points": len(points),
                "certified": int(certified(graph, points).sum()),
                "smallest_margin": int(margins[worst]),
                "weakest_unit": int(units[worst]),
                "median_smallest_margin": float(sorted(margins)[len(margins) // 2]),
            }
    return {
        "encoding": graph.encoding,
        "weight_bits": graph.weight_bits,
        "integers": graph.provenance.get("integers"),
        "units": graph.units,
        "neurons": graph.neurons,
        "synapses": graph.synapses,
        "projections": [
            {"name": p.name, "sign": p.sign, "exponent": p.exponent, "synapses": p.mantissa.size}
            for p in graph.projections
        ],
        "certificates": certificates,
    }


def validate_on(
    graph: SynapseGraph,
    name: str,
    runs: Sequence[str],
    *,
    patterns: int,
    nulls: bool,
    seed: int,
    regime: Regime | None = None,
    hold: int | None = None,
) -> list[Outcome]:
    """Run the validation protocol on one simulator, a progress bar for each trial."""
    backend = find(name, regime)
    require([backend])
    with progress() as bars:

        def on_trial(trial: Trial) -> Callable[[int, int], None]:
            null = f", {trial.null}" if trial.null else ""
            return bar(bars, f"{backend.label}: {trial.run}{null}")

        return list(
            validate(
                graph,
                backend.make(),
                patterns=patterns,
                runs=runs,
                nulls=nulls,
                protocol=default_protocol(graph, backend.regime, hold=hold),
                seed=seed,
                on_trial=on_trial,
            )
        )


def too_few(
    graph: SynapseGraph, backend: Backend, trials: Sequence[Trial], bounds: Bounds, *, patterns: int
) -> list[NotAsked]:
    """Say before anything runs which claims so few patterns cannot decide, and how many could."""
    runs = dict.fromkeys(trial.run for trial in trials)
    points = {run: points_of(graph, run, slice(patterns)) for run in runs}
    found = not_asked(backend.label, backend.regime, points, bounds)
    for n in found:
        sys.stderr.write(
            f"{n.simulator}: {n.patterns} patterns cannot decide {n.statement!r}; {n.needed} can\n"
        )
    return found
