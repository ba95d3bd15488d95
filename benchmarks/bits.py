"""What is left of a trained network at 8, 4, 3, 2 and 1 bits, by ways of rounding.

    python benchmarks/bits.py                          # digits, and two linked modules; 2 minutes
    python benchmarks/bits.py --data DIR               # also Fashion-MNIST, H 2000; 25 minutes

Columns: the share of training and of test fixed points that hold for certain (test states are
reached freely, and neither clipping nor consolidation sees them); the accuracy of the integer
readout on these test states, and how many points that is from the reference; the accuracy when the
integers run by themselves; the share of test states that hold although all couplings and links are
deleted, which is what a latch would hold; the mean self-coupling.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import numpy as np

from spinspike.arrays import BoolArray, IntArray
from spinspike.errors import OutOfRange
from spinspike.mapping.graph.integer_matrix import IntegerMatrix, IntegerNetwork, unit_field
from spinspike.mapping.quantisation.consolidate import Consolidation, consolidate
from spinspike.mapping.quantisation.quantise import integer_input, integer_unit_margins, quantise
from spinspike.mapping.quantisation.rounding import Rounding
from spinspike.model import Dataset, FixedPoints, Network, free_fixed_points, learned_fixed_points
from spinspike.model.data.named import digits, load
from spinspike.model.network.dynamics import predict
from spinspike.model.training.preset import Preset, best, default
from spinspike.model.training.training import train_as

BITS = (8, 4, 3, 2, 1)
PORTION = 1000  # states at a time
SWEEPS = 60  # of the free runs of the integers
HEADER = (
    "bits  rounding               training    test  readout   (ref)  free run  J = 0   J'     s"
)
Way = Callable[[Network, FixedPoints, int], IntegerNetwork]


@dataclass(frozen=True)
class Case:
    """A network, the states it is consolidated on, and those it is tested on."""

    name: str
    network: Network
    training: FixedPoints
    test: FixedPoints


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of Fashion-MNIST's IDX files")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--points", type=int, default=3000, help="training images at most")
    arguments = parser.parse_args()
    for case in cases(arguments.data, arguments.seed, arguments.points):
        say(f"\n{case.name}: {len(case.training)} training, {len(case.test)} test fixed points")
        say(HEADER)
        for bits in BITS:
            for name, way in ways(case.network).items():
                say(f"{bits:4}  {name:22} {row(case, way, bits)}")


def cases(folder: Path | None, seed: int, points: int) -> Iterator[Case]:
    data = digits()
    one = default(data)
    yield trained("digits, H 300", data, one, seed, points)
    two = replace(
        one.architecture,
        modules=2,
        link=0.5,
        self_coupling=0.0,
        input_scale=2.0,
        supervisory_scale=0.5,
    )
    linked = replace(one, architecture=two)
    yield trained("digits, two modules, lambda 0.5, J_D 0", data, linked, seed, points)
    if folder:
        clothes = load("fashion-mnist", folder)
        large = best(clothes)
        large = replace(
            large,
            architecture=replace(large.architecture, units=2000, sparsity=0.99),
            schedule=replace(large.schedule, epochs=4),
        )
        yield trained("Fashion-MNIST, H 2000", clothes, large, seed, points)


def trained(name: str, data: Dataset, preset: Preset, seed: int, points: int) -> Case:
    network = train_as(data, preset, seed=seed).network
    return Case(
        name,
        network,
        learned_fixed_points(network, data.train.first(points)),
        free_fixed_points(network, data.test),
    )


def ways(network: Network) -> dict[str, Way]:
    found: dict[str, Way] = {
        "nearest": lambda n, p, b: quantise(n, Rounding(b, clip=False)),
        "stochastic": lambda n, p, b: quantise(n, Rounding(b, stochastic=True, clip=False)),
        "clipped": lambda n, p, b: quantise(n, Rounding(b), points=p),
        "consolidated": lambda n, p, b: consolidate(n, p, Rounding(b)),
    }
    if network.self_coupling.any():
        how = Consolidation(reserve=0.0)
        found["... without reserve"] = lambda n, p, b: consolidate(n, p, Rounding(b), how)
    else:
        new = Consolidation(autapses=True)
        found["... with new autapses"] = lambda n, p, b: consolidate(n, p, Rounding(b), new)
    return found


def row(case: Case, way: Way, bits: int) -> str:
    start = perf_counter()
    try:
        integers = way(case.network, case.training, bits)
    except OutOfRange:
        return "does not fit"
    seconds, test = perf_counter() - start, case.test
    read = np.mean(classes(integers, test.states > 0) == test.labels)
    reference = np.mean(predict(case.network, test.states) == test.labels)
    alone = np.mean(classes(integers, settled(integers, case.network, test)) == test.labels)
    latched = held(without_couplings(integers), case.network, test)
    own = np.mean(integers.self_coupling.row_sums / (2 * integers.scale))
    return (
        f"{held(integers, case.network, case.training):8.2%} {held(integers, case.network, test):7.2%}"
        f"  {read:7.2%} {100 * (read - reference):+7.2f}  {alone:8.2%} {latched:6.1%} {own:5.2f}"
        f" {seconds:5.1f}"
    )


def portions(points: FixedPoints) -> Iterator[FixedPoints]:
    for start in range(0, len(points), PORTION):
        yield points.select(slice(start, start + PORTION))


def held(integers: IntegerNetwork, network: Network, points: FixedPoints) -> float:
    parts = (integer_unit_margins(integers, network, part) for part in portions(points))
    return float(np.mean(np.concatenate([(part >= 1).all(axis=1) for part in parts])))


def classes(integers: IntegerNetwork, up: BoolArray) -> IntArray:
    scores = integers.readout @ up.astype(np.int64) + integers.readout_bias
    return np.asarray(np.argmax(scores, axis=1))


def settled(integers: IntegerNetwork, network: Network, points: FixedPoints) -> BoolArray:
    """Where the integers go from silence, under the inputs of the points."""
    found = []
    for part in portions(points):
        external = integer_input(integers, network, part.inputs)
        up = external + integers.initial_bias > 0
        for _ in range(SWEEPS):
            up = unit_field(integers, up, external) > 0
        found.append(up)
    return np.concatenate(found)


def without_couplings(integers: IntegerNetwork) -> IntegerNetwork:
    """Couplings and links deleted, biases centred anew."""
    coupling, link = (
        IntegerMatrix(matrix.mantissa * 0, 0) for matrix in (integers.coupling, integers.link)
    )
    sums = integers.coupling.row_sums + integers.link.row_sums
    offset = integers.bias + sums // 2
    return replace(integers, coupling=coupling, link=link, bias=offset)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
