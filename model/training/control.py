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

from spinspike.model.data.dataset import Dataset
from spinspike.model.learning.margin_rule import MarginRule
from spinspike.model.learning.schedule import Schedule
from spinspike.model.network.architecture import Architecture

from .training import GAIN, Epoch, Settings, accuracy, train_as

# Strong couplings and signal, weak input; the clearest of five settings tried.
RECURRENT = Architecture(
    units=300, inputs=1, classes=2, input_scale=1.0, supervisory_scale=2.0, sparsity=0.0
)
SELF_COUPLINGS = (0.5, 0.0)


@dataclass(frozen=True, kw_only=True)
class Control(Settings):
    """One training to compare with another."""

    name: str
    seed: int
    centred: bool = True


@dataclass(frozen=True)
class ControlRun:
    """What a control came to."""

    name: str
    seed: int
    accuracy: float  # on test images, of free runs
    history: tuple[Epoch, ...]


def recurrent_controls(data: Dataset, seeds: Sequence[int], *, units: int = 300) -> list[Control]:
    """Strongly recurrent networks with and without self-couplings, all else equal."""
    inputs = data.train.inputs.shape[1]
    return [
        Control(
            name=f"strong recurrence, self-coupling {self_coupling:g}",
            seed=seed,
            architecture=replace(
                RECURRENT,
                units=units,
                inputs=inputs,
                classes=data.classes,
                self_coupling=self_coupling,
            ),
            rule=MarginRule(margin=1.0),
            schedule=Schedule(epochs=6),
            gain=2.0,
        )
        for self_coupling in SELF_COUPLINGS
        for seed in seeds
    ]


def ablations(architecture: Architecture, seeds: Sequence[int]) -> list[Control]:
    """The given architecture without self-couplings, and with couplings that stay as drawn."""
    bare, frozen = replace(architecture, self_coupling=0.0), replace(MarginRule(), rate=0.0)
    return [
        Control(
            name=f"this network, {name}",
            seed=seed,
            architecture=changed,
            rule=rule,
            schedule=Schedule(),
            gain=GAIN,
        )
        for name, changed, rule in (
            ("self-coupling 0", bare, MarginRule()),
            ("couplings not learned", architecture, frozen),
        )
        for seed in seeds
    ]


def run_control(data: Dataset, control: Control) -> ControlRun:
    """Train as the control says."""
    run = train_as(data, control, seed=control.seed)
    return ControlRun(control.name, control.seed, accuracy(run.network, data.test), run.history)


def run_controls(
    data: Dataset, controls: Sequence[Control], *, jobs: int = 1
) -> Iterator[ControlRun]:
    """Train all controls, ``jobs`` at a time (-1: one for each core), and yield them in order."""
    from joblib import Parallel, delayed

    yield from Parallel(n_jobs=jobs, return_as="generator")(
        delayed(run_control)(data, control) for control in controls
    )
