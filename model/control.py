"""The controls that give the learning its meaning: what becomes of it when a part is taken out.

*Self-couplings.* Where couplings and supervisory signal outweigh the input, a unit without
self-coupling follows its neighbours as soon as the signal is gone: far more units leave the
clamped state at the release. Fixed points there are, and they hold; but they are not what the
label asked for, and consolidating them ruins the accuracy. Where the input is stronger, as in the
default architecture, the loss is smaller.

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
            name = f"strong recurrence, self-coupling {self_coupling:g}"
            yield ControlRun(name, seed, score, run.history)


def ablation_runs(
    data: Dataset, architecture: Architecture, seeds: Sequence[int]
) -> Iterator[ControlRun]:
    """The given architecture without self-couplings, and with couplings that stay as drawn."""
    bare = replace(architecture, self_coupling=0.0)
    frozen = replace(MarginRule(), rate=0.0)
    for name, changed, rule in (
        ("this network, self-coupling 0", bare, MarginRule()),
        ("this network, couplings not learned", architecture, frozen),
    ):
        for seed in seeds:
            run = train(data, changed, rule=rule, seed=seed)
            yield ControlRun(name, seed, accuracy(run.network, data.test), run.history)
