"""Ablations trained one by one and kept: a file with a line for each finished run."""

from __future__ import annotations

import json
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from spinspike.errors import BadFile
from spinspike.model import Dataset
from spinspike.model.training.ablation import Ablation
from spinspike.model.training.ablation_run import (
    AblationRun,
    run_ablation,
    run_ablations,
    seconds_per_image,
)
from spinspike.outputs import replacing, writing
from spinspike.studies.page.terminal import bar, progress

Record = dict[str, Any]  # "settings", "accuracy", "seconds" and "history" of one run
LONG = 60  # seconds from which an estimate is given
IMAGES_READ = 1.15  # time of an epoch over that of its learning


def train_all(data: Dataset, runs: Sequence[Ablation], path: Path, *, jobs: int) -> list[float]:
    """Test accuracies of all runs; those that the file does not hold are trained and added."""
    settings = [settings_of(data, run) for run in runs]
    done = {text(record["settings"]): record for record in read_runs(path)}
    alike = {text(own): run for run, own in zip(runs, settings, strict=True)}  # groups share some
    pending = [run for key, run in alike.items() if key not in done]
    for run, result in _trained(data, pending, jobs):
        own = settings_of(data, run)
        done[text(own)] = {"settings": own, "name": run.name, **asdict(result)}
        with writing(path), path.open("a") as file:
            file.write(json.dumps(done[text(own)]) + "\n")
    return [float(done[text(own)]["accuracy"]) for own in settings]


def settings_of(data: Dataset, run: Ablation) -> Record:
    """All that the result depends on, as JSON takes it."""
    inputs = np.ascontiguousarray(data.train.inputs)
    found = {"data": data.name, "checksum": zlib.crc32(inputs.data), **asdict(run)}
    del found["published"], found["group"], found["series"], found["at"]
    return dict(json.loads(json.dumps(found)))


def text(settings: Record) -> str:
    """Settings as a key."""
    return json.dumps(settings, sort_keys=True)


def read_runs(path: Path) -> list[Record]:
    """Finished runs of a file; none if it does not exist. A last line cut short is left out."""
    if not path.exists():
        return []
    *lines, _cut = path.read_text().split("\n")
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            record = json.loads(line)
            found.append(record | {"accuracy": float(record["accuracy"])})
            text(record["settings"])
        except (ValueError, TypeError, KeyError) as error:
            message = f"{path} has line {number} that is no finished run ({error!r}); remove it"
            raise BadFile(message) from error
    return found


def write_runs(path: Path, records: Sequence[Record]) -> None:
    """The file anew, with these runs alone."""
    with replacing(path, force=True) as temporary:
        temporary.write_text("".join(json.dumps(record) + "\n" for record in records))


def estimate(data: Dataset, runs: Sequence[Ablation]) -> float:
    """Seconds of computing that runs will take, by a few batches of each that costs differently."""
    known: dict[str, float] = {}
    total = 0.0
    for run in runs:
        kind = repr((run.architecture, run.schedule.sweeps, run.rule.rate > 0))
        if kind not in known:
            known[kind] = seconds_per_image(data, run)
        total += known[kind] * len(data.train) * run.schedule.epochs * IMAGES_READ
    return total


def _trained(
    data: Dataset, runs: Sequence[Ablation], jobs: int
) -> Iterator[tuple[Ablation, AblationRun]]:
    """Runs with their results as they are done, with a bar and, where it is long, an estimate."""
    if not runs:
        return
    seconds = estimate(data, runs)
    if seconds > LONG:
        share = "" if jobs == 1 else f", shared by {jobs if jobs > 0 else 'all'} processes"
        sys.stderr.write(f"{len(runs)} runs, about {duration(seconds)} of computing{share}\n")
    with progress() as bars:
        update = bar(bars, "ablations")
        if jobs == 1:
            images = [len(data.train) * run.schedule.epochs for run in runs]
            for number, run in enumerate(runs):

                def on_progress(
                    epoch: int, seen: int, before: int = sum(images[:number]), name: str = run.name
                ) -> None:
                    update(before + epoch * len(data.train) + seen, sum(images), name)

                yield run, run_ablation(data, run, on_progress)
        else:
            update(0, len(runs))
            for done, (number, result) in enumerate(run_ablations(data, runs, jobs=jobs), start=1):
                update(done, len(runs), f"{runs[number].name}: {result.accuracy:.3f}")
                yield runs[number], result
        update(1, 1)


def duration(seconds: float) -> str:
    """Hours or minutes.

    Examples
    --------
    >>> duration(100), duration(10_000)
    ('2 min', '2.8 h')
    """
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
