"""How well the reference learns, on every data set, and what its states would give a fitted readout.

    python benchmarks/accuracy.py --data DIR                     # everything: hours on two cores
    python benchmarks/accuracy.py --set digits --seeds 5         # needs no folder
    python benchmarks/accuracy.py --data DIR --set mnist --preset published

DIR holds the IDX files of MNIST and Fashion-MNIST (or folders with their names). Settings are the
presets of `spinspike train`, chosen on validation images; the test images are read once, at the
end. All accuracies come from free runs that never saw a label. Ridge is fitted to the same states,
as a measure of what the network's own readout leaves lying. Exit code 1 when a figure misses what
was asked of it.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

from spinspike.model.data.dataset import Dataset
from spinspike.model.data.named import load
from spinspike.model.learning.devices import exact_engine
from spinspike.model.network.dynamics import is_fixed
from spinspike.model.training.preset import PRESETS
from spinspike.model.training.probe import probe_accuracy
from spinspike.model.training.training import Training, accuracy, train_as

ASKED = {"digits": 0.975, "mnist": 0.96, "fashion-mnist": 0.855, "entangled-mnist": 0.873}
MINUTES = {"digits": 10, "mnist": 10, "fashion-mnist": 10, "entangled-mnist": 60}
SETTLE = 20  # sweeps after which a state should be a fixed point


@dataclass(frozen=True)
class Row:
    """One training and what it came to."""

    data: str
    preset: str
    seed: int
    units: int
    epochs: int
    minutes: float
    train: float
    validation: float
    test: float
    ridge: float  # test accuracy of ridge on the same states
    fixed: float  # fraction of test images in a fixed point after 20 sweeps
    flips: float  # at the release, in the last epoch


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder with the IDX files")
    parser.add_argument("--set", action="append", choices=list(ASKED), dest="sets")
    parser.add_argument("--preset", choices=list(PRESETS), default="best")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, help="also write the rows here, as JSON")
    arguments = parser.parse_args()
    rows = [
        measure(name, arguments.preset, seed, arguments.data)
        for name in arguments.sets or ASKED
        for seed in range(arguments.seeds)
    ]
    if arguments.output:
        arguments.output.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n")
    return 0 if summary(rows) or arguments.preset != "best" else 1


def measure(name: str, preset: str, seed: int, folder: Path | None) -> Row:
    data = load(name, None if name == "digits" else folder)
    chosen = PRESETS[preset](data)
    started = perf_counter()
    run = train_as(data, chosen, seed=seed, on_epoch=lambda training: say(training, started))
    minutes = (perf_counter() - started) / 60
    network, sweeps = run.network, chosen.schedule.evaluation
    row = Row(
        data=name,
        preset=preset,
        seed=seed,
        units=network.units,
        epochs=len(run.history),
        minutes=minutes,
        train=accuracy(network, data.train, sweeps=sweeps),
        validation=accuracy(network, data.validation, sweeps=sweeps),
        test=accuracy(network, data.test, sweeps=sweeps),
        ridge=probe_accuracy(network, data, "ridge", sweeps=sweeps),
        fixed=settled(run, data),
        flips=run.history[-1].flips,
    )
    sys.stdout.write(
        ", ".join(
            f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in asdict(row).items()
        )
        + "\n"
    )
    return row


def settled(run: Training, data: Dataset, count: int = 2000) -> float:
    """Fraction of test images whose state is a fixed point after 20 sweeps."""
    inputs = data.test.inputs[:count]
    states = exact_engine(run.network, len(inputs)).free(inputs, sweeps=SETTLE)
    return float(is_fixed(run.network, inputs, states).mean())


def say(training: Training, started: float) -> None:
    e = training.history[-1]
    sys.stderr.write(
        f"epoch {e.epoch}: validation {e.validation_accuracy:.4f}, weak {e.weak:.3f}, "
        f"flips {e.flips:.4f}, {e.images_per_second:,.0f} images/s, "
        f"{(perf_counter() - started) / 60:.1f} min\n"
    )


def summary(rows: list[Row]) -> bool:
    """Print a line for each data set; whether all that was asked is there."""
    met = True
    for name in dict.fromkeys(row.data for row in rows):
        mine = [row for row in rows if row.data == name]
        test = np.array([row.test for row in mine])
        minutes = max(row.minutes for row in mine)
        good = bool(test.mean() >= ASKED[name]) and minutes <= MINUTES[name]
        met &= good
        sys.stdout.write(
            f"{name}: test {test.mean():.4f} ({test.min():.4f} to {test.max():.4f}, "
            f"{len(test)} seeds), asked {ASKED[name]}; {minutes:.1f} minutes at most, "
            f"allowed {MINUTES[name]}: {'met' if good else 'MISSED'}\n"
        )
    return met


if __name__ == "__main__":
    sys.exit(main())
