"""The chain as functions: train, map, validate — each with progress, none of them printing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib.util import find_spec
from typing import Any

from spinspike.mapping import SynapseGraph, certified, dale, weakest_units
from spinspike.model import (
    Architecture,
    Dataset,
    MarginRule,
    NetworkFile,
    Schedule,
    Training,
    accuracy,
    free,
    learned,
    train,
)
from spinspike.model.errors import BadInput, MissingPart
from spinspike.simulators import Brian2LIF, Emulator, Lava, Outcome, Simulator, validate
from spinspike.simulators.validation import Trial

from .console import bar, progress

SIMULATORS = ("emulator", "lava", "brian2")
PARTS = {"lava": "lava", "brian2": "brian2"}  # simulator: the package it needs


def train_network(
    data: Dataset,
    architecture: Architecture,
    rule: MarginRule,
    schedule: Schedule,
    *,
    seed: int,
    description: str = "train",
) -> tuple[NetworkFile, Training]:
    """Train, find the fixed points, and note how it came about."""
    with progress() as bars:
        update = bar(bars, description)
        update(0, schedule.epochs)
        training = train(
            data,
            architecture,
            rule=rule,
            schedule=schedule,
            seed=seed,
            on_epoch=lambda e: update(
                e.epoch, schedule.epochs, f"validation accuracy {e.validation_accuracy:.3f}"
            ),
        )
    network = training.network
    points = {"learned": learned(network, data.train), "free": free(network, data.test)}
    provenance = {
        "spinspike": version(),
        "data": data.name,
        "seed": seed,
        "architecture": asdict(architecture),
        "rule": asdict(rule),
        "schedule": asdict(schedule),
        "accuracy": {
            "train": accuracy(network, data.train),
            "validation": accuracy(network, data.validation),
            "test": accuracy(network, data.test),
        },
        "seconds": round(sum(e.seconds for e in training.history), 2),
        "settled": {
            "learned": f"{len(points['learned'])} of {len(data.train)}",
            "free": f"{len(points['free'])} of {len(data.test)}",
        },
    }
    return NetworkFile(network, points, provenance), training


def map_file(content: NetworkFile, *, encoding: str, weight_bits: int) -> SynapseGraph:
    """Map a network with its fixed points."""
    if encoding != "dale":
        message = f"unknown encoding {encoding!r}; allowed: dale"
        raise BadInput(message)
    return dale(
        content.network,
        content.fixed_points,
        weight_bits=weight_bits,
        provenance=content.provenance,
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
        "units": graph.units,
        "neurons": graph.neurons,
        "synapses": graph.synapses,
        "projections": [
            {"name": p.name, "sign": p.sign, "exponent": p.exponent, "synapses": p.mantissa.size}
            for p in graph.projections
        ],
        "certificates": certificates,
    }


def require(names: Sequence[str]) -> None:
    """Refuse simulators that do not exist or whose package is missing, before any work is done."""
    for name in names:
        if name not in SIMULATORS:
            message = f"unknown simulator {name!r}; allowed: {', '.join(SIMULATORS)}"
            raise BadInput(message)
        if name in PARTS and find_spec(PARTS[name]) is None:
            message = f"simulator {name} is not installed: pip install 'spinspike[{name}]'"
            if name == "lava":
                message += " on Python 3.10, the only one Lava runs on"
            raise MissingPart(message)


def validate_on(
    graph: SynapseGraph, name: str, runs: Sequence[str], *, patterns: int, nulls: bool, seed: int
) -> list[Outcome]:
    """Run the validation protocol on one simulator, a progress bar for each trial."""
    require([name])
    chosen: Simulator = {"emulator": Emulator, "lava": Lava, "brian2": Brian2LIF}[name]()
    with progress() as bars:

        def on_trial(trial: Trial) -> Callable[[int, int], None]:
            null = f", {trial.null}" if trial.null else ""
            return bar(bars, f"{name}: {trial.run}{null}")

        return list(
            validate(
                graph,
                chosen,
                patterns=patterns,
                runs=runs,
                nulls=nulls,
                seed=seed,
                on_trial=on_trial,
            )
        )


def version() -> str:
    """Version of the installed spinspike."""
    from importlib.metadata import version as installed

    return installed("spinspike")
