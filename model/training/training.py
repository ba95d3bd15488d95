"""The training loop: steer with the label, release, consolidate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from spinspike.errors import BadInput
from spinspike.model.data.dataset import Dataset, Split
from spinspike.model.learning.base import Course, Engine
from spinspike.model.learning.devices import Device, engine
from spinspike.model.learning.margin_rule import MarginRule
from spinspike.model.learning.schedule import Schedule
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.dynamics import predict
from spinspike.model.network.network import Network, random_network
from spinspike.one_line import OneLine

GAIN = 2.5  # of the centred input
SAMPLE = 5_000  # training images whose accuracy is read after each epoch
PORTION = 1_024  # images read at a time

Progress = Callable[[int, int], None]  # (epochs done, images done in this one)
TOLD = 64  # batches from one call to the next


@dataclass(frozen=True)
class Epoch:
    """What one pass over the training images showed."""

    epoch: int  # from 1
    train_accuracy: float  # of free runs, as all accuracies; of the first 5,000 images
    validation_accuracy: float
    weak: float  # fraction of unit margins at or below kappa
    flips: float  # fraction of units that flipped after the release
    images_per_second: float  # while learning
    seconds: float  # with the runs for the accuracies


@dataclass(frozen=True, repr=False)
class Training(OneLine):
    """A network in training or trained, and all that going on with it needs."""

    network: Network  # what it has learned; the best so far where the schedule has patience
    latest: Network  # after the last epoch
    history: tuple[Epoch, ...]
    generator: Mapping[str, Any]  # state of the random generator, as NumPy gives it

    def summary(self) -> str:
        """How long, how good."""
        if not self.history:
            return "not begun"
        accuracy = self.history[-1].validation_accuracy
        return f"{len(self.history)} epochs, validation accuracy {accuracy:.3f}"


@dataclass(frozen=True)
class Settings:
    """What a training takes beside data and seed; presets, controls and ablations add to it."""

    architecture: Architecture
    rule: MarginRule
    schedule: Schedule
    gain: float  # factor of the input
    centred: bool  # whether the mean image is subtracted


def train_as(data: Dataset, settings: Settings, *, seed: int = 0, **options: Any) -> Training:
    """Train as settings say; the options are the others of `train`."""
    return train(
        data,
        settings.architecture,
        rule=settings.rule,
        schedule=settings.schedule,
        seed=seed,
        gain=settings.gain,
        centred=settings.centred,
        **options,
    )


def train(
    data: Dataset,
    architecture: Architecture,
    *,
    rule: MarginRule | None = None,
    schedule: Schedule | None = None,
    seed: int = 0,
    gain: float = GAIN,
    centred: bool = True,
    device: Device = "auto",
    start: Training | None = None,
    on_epoch: Callable[[Training], None] | None = None,
    on_progress: Progress | None = None,
) -> Training:
    """Train a network on a data set by the local rule alone.

    For each batch: warm-up, clamped sweeps with the label, release, free sweeps; then one step of
    the margin rule on J and Win for the states reached. The readout learns by the same rule on
    states reached *without* the label, since those are what it will have to read.

    Parameters
    ----------
    data : Dataset
    architecture : Architecture
    rule, schedule : MarginRule and Schedule, optional
    seed : int >= 0
        Of all that is drawn.
    gain : float
        Factor of an input whose range has been scaled to a width of 1.
    centred : bool
        Whether the mean training image is subtracted from each.
    device : {"auto", "cpu", "gpu", "numpy"}
        What does the work; "auto" takes the fastest that is there.
    start : Training, optional
        Where to go on from: an interrupted training with the same arguments. The result has the
        same weights, bit by bit, as one without the interruption.
    on_epoch : callable, optional
        Called with the training so far after each epoch.
    on_progress : callable, optional
        Called with the epochs done and the images done in this one, every 64 batches.

    Examples
    --------
    >>> from spinspike.model.data.named import digits
    >>> architecture = Architecture(units=60, inputs=64, classes=10)
    >>> run = train(digits(), architecture, schedule=Schedule(epochs=2))
    >>> run.history[-1].validation_accuracy > 0.6
    True
    """
    _check(data, architecture)
    rule, schedule = rule or MarginRule(), schedule or Schedule()
    course = Course(rule, schedule.sweeps, schedule.evaluation, schedule.readout_states)
    rng = np.random.default_rng(seed)
    if start is None:
        network = _fresh(data, architecture, rng, gain=gain, centred=centred)
        start = Training(network, network, (), rng.bit_generator.state)
    rng.bit_generator.state = dict(start.generator)
    runner, training = engine(start.latest, course, device=device), start
    for epoch in range(len(start.history), schedule.epochs):
        if _exhausted(training.history, schedule):
            break
        row = _one_epoch(runner, data, schedule, epoch, rng, on_progress)
        latest = runner.network()
        kept = latest
        if schedule.patience and training.history:
            best = max(past.validation_accuracy for past in training.history)
            kept = latest if row.validation_accuracy > best else training.network
        training = Training(kept, latest, (*training.history, row), rng.bit_generator.state)
        if on_epoch:
            on_epoch(training)
    return training


def accuracy(network: Network, split: Split, *, sweeps: int = 50) -> float:
    """Fraction of images whose free-running state is read out as their label.

    Parameters
    ----------
    network : Network
    split : Split
        Inputs (P, D) with their labels.
    sweeps : int >= 0
        Of the free run, after the warm-up.
    """
    runner = engine(network, Course(MarginRule(), Schedule().sweeps))
    return _accuracy(runner, network, split, sweeps)


def _accuracy(runner: Engine, network: Network, split: Split, sweeps: int) -> float:
    right = 0
    for rows in _portions(len(split), PORTION):
        states = runner.free(split.inputs[rows], sweeps=sweeps)
        right += int(np.count_nonzero(predict(network, states) == split.labels[rows]))
    return right / len(split)


def _one_epoch(
    runner: Engine,
    data: Dataset,
    schedule: Schedule,
    epoch: int,
    rng: np.random.Generator,
    on_progress: Progress | None,
) -> Epoch:
    """One pass over the training images, and what it came to."""
    split = data.train
    started = perf_counter()
    order = rng.permutation(len(split))
    weak = flips = 0.0
    for number, rows in enumerate(_portions(len(order), schedule.batch)):
        chosen = order[rows]
        factor = schedule.factor(epoch + rows.start / len(order))
        counts = runner.learn(split.inputs[chosen], split.labels[chosen], factor=factor, rng=rng)
        weak += len(chosen) * counts.weak
        flips += len(chosen) * counts.flips
        if on_progress and number % TOLD == 0:
            on_progress(epoch, rows.start + len(chosen))
    learned = perf_counter()
    network = runner.network()
    return Epoch(
        epoch=epoch + 1,
        train_accuracy=_accuracy(runner, network, split.first(SAMPLE), schedule.evaluation),
        validation_accuracy=_accuracy(runner, network, data.validation, schedule.evaluation),
        weak=weak / len(order),
        flips=flips / len(order),
        images_per_second=len(order) / (learned - started),
        seconds=perf_counter() - started,
    )


def _fresh(
    data: Dataset,
    architecture: Architecture,
    rng: np.random.Generator,
    *,
    gain: float,
    centred: bool,
) -> Network:
    """A network before its first batch; its gain counts in the units of the inputs."""
    low, high = data.input_range
    inputs = data.train.inputs
    return random_network(
        architecture,
        rng,
        centre=inputs.mean(axis=0, dtype=np.float64) if centred else np.zeros(inputs.shape[1]),
        gain=gain / (high - low),
        input_range=data.input_range,
    )


def _exhausted(history: tuple[Epoch, ...], schedule: Schedule) -> bool:
    """Whether the last epochs, as many as there is patience, brought nothing better."""
    if not schedule.patience or not history:
        return False
    reached = [row.validation_accuracy for row in history]
    return len(reached) - 1 - reached.index(max(reached)) >= schedule.patience


def _portions(total: int, size: int) -> Iterator[slice]:
    return (slice(start, start + size) for start in range(0, total, size))


def _check(data: Dataset, architecture: Architecture) -> None:
    if (data.train.inputs.shape[1], data.classes) != (architecture.inputs, architecture.classes):
        message = (
            f"architecture has {architecture.inputs} inputs and {architecture.classes} classes; "
            f"allowed for {data.name}: {data.train.inputs.shape[1]} and {data.classes}"
        )
        raise BadInput(message)
    if not (len(data.train) and len(data.validation)):
        message = (
            f"{data.name} has {len(data.train)} training and {len(data.validation)} validation "
            "images; allowed: at least one of each"
        )
        raise BadInput(message)
