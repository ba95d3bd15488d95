"""The training loop: steer with the label, release, consolidate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter

import numpy as np

from .data import Dataset, Split
from .dynamics import Sweeps, predict, run_clamped, run_free
from .errors import BadInput
from .learning import MarginRule, consolidate, consolidate_readout
from .network import Architecture, Network, draw

GAIN = 2.5  # of the centred input


@dataclass(frozen=True)
class Schedule:
    """How long and in which portions to learn.

    The rates of epoch e (from 0) are multiplied by ``anneal ** e``.
    """

    epochs: int = 20
    batch: int = 16
    anneal: float = 0.95
    sweeps: Sweeps = field(default_factory=Sweeps)

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch < 1:
            message = f"epochs {self.epochs}, batch {self.batch}; allowed: 1 or more of each"
            raise BadInput(message)
        if not 0 < self.anneal <= 1:
            message = f"anneal is {self.anneal}; allowed: 0 < anneal <= 1"
            raise BadInput(message)


@dataclass(frozen=True)
class Epoch:
    """What one pass over the training images showed."""

    epoch: int  # from 1
    train_accuracy: float  # of free runs, as all accuracies
    validation_accuracy: float
    weak: float  # fraction of unit margins at or below kappa
    flips: float  # fraction of units that flipped after the release
    seconds: float


@dataclass(frozen=True)
class Training:
    """A trained network and how it came about."""

    network: Network
    history: tuple[Epoch, ...]


def train(
    data: Dataset,
    architecture: Architecture,
    *,
    rule: MarginRule | None = None,
    schedule: Schedule | None = None,
    seed: int = 0,
    gain: float = GAIN,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> Training:
    """Train a network on a data set by the local rule alone.

    For each batch: warm-up, clamped sweeps with the label, release, free sweeps; then one step of
    the margin rule on J and Win for the states reached. The readout learns by the same rule on
    states reached *without* the label, since those are what it will have to read.

    Examples
    --------
    >>> from spinspike.model.data import digits
    >>> architecture = Architecture(units=60, inputs=64, classes=10)
    >>> run = train(digits(), architecture, schedule=Schedule(epochs=2))
    >>> run.history[-1].validation_accuracy > 0.6
    True
    """
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
    rule, schedule = rule or MarginRule(), schedule or Schedule()
    rng = np.random.default_rng(seed)
    centre = data.train.inputs.mean(axis=0)
    network = draw(architecture, rng, centre=centre, gain=gain, input_range=data.input_range)
    history = []
    for epoch in range(schedule.epochs):
        started = perf_counter()
        weak, flips = _one_pass(network, data.train, rule, schedule, epoch, rng)
        row = Epoch(
            epoch=epoch + 1,
            train_accuracy=accuracy(network, data.train),
            validation_accuracy=accuracy(network, data.validation),
            weak=weak,
            flips=flips,
            seconds=perf_counter() - started,
        )
        history.append(row)
        if on_epoch:
            on_epoch(row)
    return Training(network, tuple(history))


def accuracy(network: Network, split: Split) -> float:
    """Fraction of images whose free-running state is read out as their label."""
    return float(np.mean(predict(network, run_free(network, split.inputs)) == split.labels))


def _one_pass(
    network: Network,
    split: Split,
    rule: MarginRule,
    schedule: Schedule,
    epoch: int,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Change the network's weights over one pass; return mean fractions of weak and flipped."""
    factor = schedule.anneal**epoch
    weak = flips = 0.0
    order = rng.permutation(len(split))
    for rows in np.split(order, range(schedule.batch, len(order), schedule.batch)):
        inputs, labels = split.inputs[rows], split.labels[rows]
        held, settled = run_clamped(network, inputs, labels, sweeps=schedule.sweeps)
        free = run_free(network, inputs, sweeps=schedule.sweeps.free)
        weak += len(rows) * consolidate(network, rule, inputs, settled, factor=factor)
        flips += len(rows) * float((held != settled).mean())
        consolidate_readout(network, rule, labels, free, factor=factor)
    return weak / len(order), flips / len(order)
