"""Ablations carried out, and what they say about self-couplings.

*What would make the claim about self-couplings fail.* It says that states survive the release of
the supervisory signal because of J_D, and that without J_D learning from them is impossible. So it
fails if two-phase training at J_D 0 is about as good as at J_D .5 (nothing needed them), and just
as well if two-phase training at J_D .5 is as bad as at J_D 0 (they do not help). One-phase runs
tell that from a network that could not learn at J_D 0 anyhow. `self_coupling_effect` puts a number
to it: how much more the release costs without self-couplings than with them; published .717.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from spinspike.model.data.dataset import Dataset
from spinspike.model.learning.base import Course
from spinspike.model.learning.devices import engine
from spinspike.model.network.network import random_network

from .ablation import Ablation
from .training import Epoch, Progress, accuracy, train_as

TRIED = 6  # batches timed for an estimate, after one that compiles


@dataclass(frozen=True)
class AblationRun:
    """What an ablation came to."""

    accuracy: float  # on test images, of free runs of T sweeps, as published
    history: tuple[Epoch, ...]
    seconds: float


def run_ablation(
    data: Dataset, ablation: Ablation, on_progress: Progress | None = None
) -> AblationRun:
    """Train as the ablation says, and read the accuracy after as many sweeps as it learned with."""
    started = perf_counter()
    run = train_as(data, ablation, seed=ablation.seed, on_progress=on_progress)
    reached = accuracy(run.network, data.test, sweeps=ablation.schedule.evaluation)
    return AblationRun(reached, run.history, perf_counter() - started)


def run_ablations(
    data: Dataset, runs: Sequence[Ablation], *, jobs: int = 1
) -> Iterator[tuple[int, AblationRun]]:
    """Train them, ``jobs`` processes at a time; yield the number of each as soon as it is done."""
    from joblib import Parallel, delayed

    def numbered(number: int, run: Ablation) -> tuple[int, AblationRun]:
        return number, run_ablation(data, run)

    yield from Parallel(n_jobs=jobs, return_as="generator_unordered")(
        delayed(numbered)(number, run) for number, run in enumerate(runs)
    )


def seconds_per_image(data: Dataset, ablation: Ablation) -> float:
    """Time that learning one image takes here and now, by the first batches."""
    a, batch = ablation, ablation.schedule.batch
    rng = np.random.default_rng(a.seed)
    network = random_network(
        a.architecture,
        rng,
        centre=np.zeros(a.architecture.inputs),
        gain=a.gain / (data.input_range[1] - data.input_range[0]),
        input_range=data.input_range,
    )
    schedule = a.schedule
    course = Course(a.rule, schedule.sweeps, schedule.evaluation, schedule.readout_states)
    runner = engine(network, course)
    for number in range(TRIED + 1):
        if number == 1:
            started = perf_counter()
        rows = slice(number * batch, (number + 1) * batch)
        runner.learn(data.train.inputs[rows], data.train.labels[rows], factor=1.0, rng=rng)
    return (perf_counter() - started) / (TRIED * batch)


def self_coupling_effect(accuracies: Mapping[tuple[str, float], float]) -> float:
    """How much more accuracy the release costs at J_D 0 than at J_D .5.

    Parameters
    ----------
    accuracies : mapping
        Of the group self-coupling, by (series, J_D).

    Examples
    --------
    >>> from spinspike.model.training.ablation import SELF_COUPLINGS
    >>> published = {(k, at): v for k, line in SELF_COUPLINGS.items() for at, v in line.items()}
    >>> round(self_coupling_effect(published), 3)
    0.717
    """
    without, with_it = (
        accuracies["one phase", J_D] - accuracies["two phases", J_D] for J_D in (0.0, 0.5)
    )
    return without - with_it
