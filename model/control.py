"""The controls that give the learning its meaning: what becomes of it when a part is taken out.

*Self-couplings.* In a network whose couplings and supervisory signal outweigh its input, states
survive the release only if units hold themselves. With J_D = 0 and all else equal the same rule
consolidates whatever the dynamics drift to, and ruins what the random network could do.

*Learned couplings.* With J frozen at its random values, Win and Wout alone still learn digits
well: this task does not need what J learns. The row is there so that nobody believes it does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from .data import Dataset
from .learning import MarginRule
from .network import Architecture
from .training import Epoch, Schedule, accuracy, train

# Strong couplings and signal, weak input; found on validation images.
RECURRENT = {"input_scale": 1.0, "supervisory_scale": 2.0, "sparsity": 0.0}
RULE = MarginRule(margin=1.0)
SCHEDULE = Schedule(epochs=10)
GAIN = 2.0
SELF_COUPLINGS = (0.5, 0.0)


@dataclass(frozen=True)
class ControlRun:
    """One training with something taken out, or its counterpart with nothing taken out."""

    name: str
    seed: int
    accuracy: float  # on test images, of free runs
    history: tuple[Epoch, ...]


def self_coupling_runs(
    data: Dataset, seeds: Sequence[int], *, units: int = 300
) -> Iterator[ControlRun]:
    """Strongly recurrent networks with and without self-couplings, all else equal."""
    for self_coupling in SELF_COUPLINGS:
        architecture = Architecture(
            units, data.train.inputs.shape[1], data.classes, self_coupling, **RECURRENT
        )
        for seed in seeds:
            run = train(data, architecture, rule=RULE, schedule=SCHEDULE, seed=seed, gain=GAIN)
            score = accuracy(run.network, data.test)
            yield ControlRun(f"self-coupling {self_coupling:g}", seed, score, run.history)


def frozen_coupling_runs(
    data: Dataset, architecture: Architecture, seeds: Sequence[int]
) -> Iterator[ControlRun]:
    """The given architecture with couplings that stay as they were drawn."""
    for seed in seeds:
        run = train(data, architecture, rule=replace(MarginRule(), rate=0.0), seed=seed)
        score = accuracy(run.network, data.test)
        yield ControlRun("couplings not learned", seed, score, run.history)
