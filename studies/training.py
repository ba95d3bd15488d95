"""Training as the command does it: data by name, a preset, fixed points at the end, with progress."""

from __future__ import annotations

import csv
import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from spinspike.errors import BadInput
from spinspike.model import (
    Architecture,
    Dataset,
    FixedPoints,
    MarginRule,
    Network,
    NetworkFile,
    Schedule,
    Training,
    accuracy,
    free_fixed_points,
    learned_fixed_points,
)
from spinspike.model.data.named import load
from spinspike.model.learning.devices import Device, chosen, known_device
from spinspike.model.network.dynamics import Sweeps
from spinspike.model.training.checkpoint import load_checkpoint, save_checkpoint
from spinspike.model.training.preset import PRESETS, Preset
from spinspike.model.training.training import Epoch, train_as
from spinspike.outputs import replacing
from spinspike.spelling import check_names
from spinspike.studies.page.provenance import installed_version
from spinspike.studies.page.terminal import bar, progress

CARRIED = 10_000  # fixed points of each run that a network file takes along
# What is not to be set: parts, which have settings of their own, and what the data say.
NO_SETTINGS = {
    "architecture", "rule", "schedule", "sweeps", "source", "inputs", "classes", "image_shape",
}  # fmt: skip
SETTINGS = tuple(
    field.name
    for part in (Architecture, MarginRule, Schedule, Sweeps, Preset)
    for field in fields(part)
    if field.name not in NO_SETTINGS
)


def train(
    data: str | Dataset = "digits",
    *,
    preset: str = "default",
    folder: Path | None = None,
    validation: int | None = None,
    standardise: bool = False,
    device: Device = "auto",
    seed: int = 0,
    checkpoint: Path | None = None,
    history: Path | None = None,
    resume: bool = False,
    **settings: Any,
) -> NetworkFile:
    """Train a network by the local rule and find its fixed points, as ``spinspike train`` does.

    Parameters
    ----------
    data : str or Dataset
        A data set, its name, or the path of an ``.npz`` or ``.csv`` file with one's own.
    preset : {"default", "best", "published"}
        Settings to start from.
    folder : Path, optional
        Where IDX files are; for MNIST and Fashion-MNIST.
    validation : int, optional
        Training images to hold out; one in twelve when not given.
    standardise : bool
        Give each input of a file of one's own mean 0 and deviation 1.
    device : {"auto", "cpu", "gpu", "numpy"}
        What does the work.
    seed : int >= 0
        Of everything random.
    checkpoint, history : Path, optional
        Files for what going on needs and for a row of each epoch.
    resume : bool
        Go on from the checkpoint.
    **settings
        Fields of `Architecture`, `MarginRule`, `Schedule` and `Sweeps`, ``gain`` and ``centred``,
        in place of the preset's.

    Returns
    -------
    NetworkFile
        The network with the states it learned (``"learned"``), those it reaches by itself on test
        images (``"free"``), and how it came about.

    Raises
    ------
    BadInput
        A name or a value is not allowed; the message says what is.

    Examples
    --------
    >>> train("digits", units=40, epochs=1).network
    <Network: 40 units in 1 modules, 64 inputs, 10 classes, 245 couplings>
    """
    if preset not in PRESETS:
        message = f"preset is {preset!r}; allowed: {', '.join(PRESETS)}"
        raise BadInput(message)
    known_device(device)
    if isinstance(data, str):
        data = load(data, folder, validation=validation, standardise=standardise)
    chosen_preset = overridden(PRESETS[preset](data), data, settings)
    job = Job(data, chosen_preset, seed, device, checkpoint, history)
    return train_network(job, resume=resume)[0]


def overridden(preset: Preset, data: Dataset, given: dict[str, Any]) -> Preset:
    """A preset with those of its values that are given replaced.

    Raises
    ------
    BadInput
        No setting has this name.
    """
    check_names(given, (), SETTINGS, what="setting")
    architecture, rule, schedule, sweeps = (
        {name: given[name] for name in vars(part) if name in given}
        for part in (preset.architecture, preset.rule, preset.schedule, preset.schedule.sweeps)
    )
    if given.get("receptive_field"):
        architecture["image_shape"] = data.image_shape
    if "margin" in given:
        rule.setdefault("input_margin", None)  # that of J
    return replace(
        preset,
        **{name: given[name] for name in ("gain", "centred") if name in given},
        architecture=replace(preset.architecture, **architecture),
        rule=replace(preset.rule, **rule),
        schedule=replace(
            preset.schedule, **schedule, sweeps=replace(preset.schedule.sweeps, **sweeps)
        ),
    )


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
            **({"class names": self.data.class_names} if self.data.class_names else {}),
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
    points = {
        "learned": learned_fixed_points(network, given["learned"]),
        "free": free_fixed_points(network, given["free"]),
    }
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
