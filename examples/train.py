"""Train the reference network on handwritten digits and look at what it holds.

    python examples/train.py -o network.h5

The label steers the dynamics, is taken away, and a local rule consolidates the state reached.
The same training without self-couplings shows what they are for.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from spinspike.model import (
    Architecture,
    NetworkFile,
    Schedule,
    Training,
    accuracy,
    digits,
    free_fixed_points,
    learned_fixed_points,
    save,
    train,
)
from spinspike.model.network.fixed_points import smallest_margins


def show(training: Training) -> None:
    """Print the last epoch."""
    e = training.history[-1]
    print(f"{e.epoch:5d}  {e.validation_accuracy:19.3f}  {e.flips:.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=Path("network.h5"))
    parser.add_argument("--quick", action="store_true", help="a small network, a few epochs")
    arguments = parser.parse_args()

    data = digits()
    architecture = Architecture(units=100 if arguments.quick else 300, inputs=64, classes=10)
    schedule = Schedule(epochs=4 if arguments.quick else 20)

    print("epoch  validation accuracy  units that flip at the release")
    training = train(
        data,
        architecture,
        schedule=schedule,
        on_epoch=show,
    )
    network = training.network
    print(f"test accuracy of free runs: {accuracy(network, data.test):.3f}")

    # The states it holds: one for each training image, reached under the label, kept without it.
    points = {
        "learned": learned_fixed_points(network, data.train),
        "free": free_fixed_points(network, data.test),
    }
    margins = smallest_margins(network, points["learned"])
    print(f"learned fixed points: {len(points['learned'])} of {len(data.train)} images")
    print(f"their smallest margins: median {np.median(margins):.3f}, least {margins.min():.4f}")

    # The control: everything equal, but no self-coupling.
    bare = train(data, replace(architecture, self_coupling=0.0), schedule=schedule)
    print(f"without self-couplings: {accuracy(bare.network, data.test):.3f}")

    save(arguments.output, NetworkFile(network, points, {"example": "train.py"}), force=True)
    print(f"wrote {arguments.output}")


if __name__ == "__main__":
    main()
