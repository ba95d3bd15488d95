"""Train the same network on the same batches here and in darnax, and compare the speed.

    python benchmarks/train_vs_darnax.py --data DIR              # settings a and b, some minutes
    python benchmarks/train_vs_darnax.py --data DIR --setting b --repeats 3

DIR holds the IDX files of Fashion-MNIST; darnax is taken from where it is installed beside
spinspike (it runs on Python 3.11 or newer). Setting a: 100 entangled inputs, 300 units, dense;
setting b: 784 inputs, 2,000 units, couplings 99 % and input weights 90 % sparse. Batches of 16,
hyper-parameters as published.

First both engines learn 20 batches from the same initial weights, and the weights must agree to
1e-5: the same work is timed. Then they take turns, after a warm-up, and the ratio of every pair
is printed with its spread; likewise for the evaluation of 10,000 images, with each in the batch
size it is fastest in. Peak memory is that of a process which loads the data, as each of the two
holds it, trains and evaluates with one of them alone.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import darnax_side
import numpy as np
from darnax_side import Hyper
from numpy.typing import NDArray

from spinspike.model.data.named import load
from spinspike.model.learning.base import Course
from spinspike.model.learning.margin_rule import MarginRule, fan_in
from spinspike.model.learning.numba_engine import NumbaEngine
from spinspike.model.network.dynamics import Sweeps
from spinspike.model.network.import_arrays import from_darnax

BATCH, CHECKED, TOLERANCE = 16, 20, 1e-5
SEED, ORDER_SEED = 0, 7  # with other orders a margin equals kappa to the last bit sooner
CHUNKS = (16, 250, 1000)  # batch sizes that darnax evaluates in

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Setting:
    """A network to train, in the authors' terms."""

    data: str
    units: int
    input_scale: float
    supervisory_scale: float
    hyper: Hyper


SETTINGS = {
    "a": Setting(
        "entangled-fashion-mnist",
        300,
        5.0,
        5.0,
        Hyper(0.9, 1.6, 1.4, 7.0, 0.3, 0.02, 0.025, 0.0, 0.01, 0.02, compiled_decay=True),
    ),
    "b": Setting(
        "fashion-mnist",
        2000,
        4.91,
        1.3,
        Hyper(
            *(0.986, 1.294, 1.74, 7.0, 0.17, 0.118, 0.10, 2e-5, 1e-4, 0.02, 0.9, 0.99),
            compiled_decay=True,
        ),
    ),
}


@dataclass(frozen=True)
class Task:
    """Data and initial weights, the same for both."""

    hyper: Hyper
    inputs: NDArray[Any]
    labels: NDArray[np.int64]
    test: NDArray[Any]
    scale: float  # inputs times this are what darnax sees
    weights: dict[str, Floats]
    order: NDArray[np.int64]

    def rows(self, number: int) -> NDArray[np.int64]:
        """Images of one batch."""
        return self.order[number * BATCH : (number + 1) * BATCH]


def task(setting: Setting, folder: Path) -> Task:
    data = load(setting.data, folder)
    rng, h = np.random.default_rng(SEED), setting.hyper
    inputs, units = data.train.inputs.shape[1], setting.units
    weights = {
        "W": np.float32(setting.input_scale) * sparse_normal(rng, inputs, units, h.sparsity_in),
        "J": sparse_normal(rng, units, units, h.sparsity_j),
        "V": sparse_normal(rng, units, data.classes, 0.0),
        "B": np.float32(setting.supervisory_scale) * sparse_normal(rng, data.classes, units, 0.0),
    }
    np.fill_diagonal(weights["J"], h.self_coupling)
    return Task(
        hyper=h,
        inputs=data.train.inputs,
        labels=data.train.labels,
        test=data.test.inputs,
        scale=1.0 if data.input_range[0] < 0 else 1 / data.input_range[1],
        weights=weights,
        order=np.random.default_rng(ORDER_SEED).permutation(len(data.train)),
    )


def sparse_normal(
    rng: np.random.Generator, senders: int, receivers: int, sparsity: float
) -> Floats:
    """Normal weights of variance 1/(senders kept)."""
    weights = rng.normal(size=(senders, receivers)).astype(np.float32)
    weights *= rng.random(weights.shape, dtype=np.float32) >= sparsity
    return weights / np.float32(np.sqrt(senders * (1 - sparsity)))


def ours(given: Task, threads: int) -> NumbaEngine:
    """The engine here, with darnax's rates and decays in its own normalisation."""
    h, w = given.hyper, given.weights
    network = from_darnax(
        w["W"],
        w["J"],
        w["V"],
        w["B"],
        gain=given.scale,
        input_range=(-1 / given.scale, 1 / given.scale),
    )
    (inputs, units), kept_in, kept = w["W"].shape, 1 - h.sparsity_in, 1 - h.sparsity_j
    rule = MarginRule(
        margin=h.margin_j,
        input_margin=h.margin_in,
        readout_margin=h.margin_out,
        rate=h.rate_j * np.sqrt(fan_in(network.coupling) / (units * kept)),
        input_rate=h.rate_in * np.sqrt(fan_in(network.input_weight) / (inputs * kept_in)),
        readout_rate=h.rate_out,
        decay=h.decay_j * h.rate_j * np.sqrt(0.1 / (units * kept)),
        input_decay=h.decay_in * h.rate_in * np.sqrt(0.1 / (inputs * kept_in)),
        readout_decay=h.decay_out * h.rate_out / np.sqrt(units),
    )
    course = Course(rule, Sweeps(h.clamped, h.free), h.evaluation, readout_states="clamped")
    return NumbaEngine(network, course, threads=threads)


def learn_ours(engine: NumbaEngine, given: Task, numbers: range) -> None:
    rng = np.random.default_rng(0)
    for number in numbers:
        rows = given.rows(number)
        engine.learn(given.inputs[rows], given.labels[rows], factor=1.0, rng=rng)


def batches(given: Task, numbers: range) -> list[tuple[Any, Any]]:
    """The same batches as darnax wants them, on its device before the clock starts."""
    return [
        pair
        for number in numbers
        for pair in darnax_side.batches(
            np.float32(given.scale) * given.inputs[given.rows(number)].astype(np.float32),
            np.append(given.labels[given.rows(number)], 9),  # the last one tells it of ten classes
            np.arange(BATCH),
            BATCH,
        )
    ]


def check(given: Task) -> float:
    """Largest difference of a weight after 20 batches."""
    engine, side = ours(given, 1), darnax_side.build(given.weights, given.hyper)
    learn_ours(engine, given, range(CHECKED))
    darnax_side.train_epoch(side, batches(given, range(CHECKED)))
    network, theirs = engine.network(), darnax_side.weights(side)
    coupling = network.coupling.toarray()
    np.fill_diagonal(coupling, network.self_coupling)
    pairs = (
        (network.input_weight.toarray(), theirs["W"]),
        (coupling, theirs["J"]),
        (network.readout, theirs["V"]),
        (network.supervisory, theirs["B"]),
    )
    return float(max(np.abs(mine - their.T).max() for mine, their in pairs))


def compare(one: Callable[[], object], other: Callable[[], object], repeats: int) -> str:
    """Medians of both, and the median ratio of other to one with its extremes."""
    one(), other()
    times = np.array([[seconds(one), seconds(other)] for _ in range(repeats)])
    ratios = times[:, 1] / times[:, 0]
    mine, theirs = np.median(times, axis=0)
    return (
        f"{mine:.3f} s here, {theirs:.3f} s there: {np.median(ratios):.1f} times as fast "
        f"({ratios.min():.1f} to {ratios.max():.1f} in {repeats} pairs)"
    )


def seconds(run: Callable[[], object]) -> float:
    started = perf_counter()
    run()
    return perf_counter() - started


def alone(name: str, arguments: argparse.Namespace, engine: str) -> float:
    """Peak memory, in MB, of a process that trains with one of the two."""
    command = [sys.executable, __file__, "--data", str(arguments.data), "--setting", name]
    command += ["--batches", str(arguments.batches), "--alone", engine]
    return float(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))


def train_alone(given: Task, engine: str, count: int) -> None:
    """Train and evaluate with one of the two, and print the peak memory in MB."""
    if engine == "ours":
        runner = ours(given, 2)
        given.weights.clear()
        learn_ours(runner, given, range(count))
        for start in range(0, len(given.test), 1000):
            runner.free(given.test[start : start + 1000], sweeps=given.hyper.evaluation)
    else:
        # its own loader holds the whole data set in single precision
        floats = np.float32(given.scale) * given.inputs.astype(np.float32)
        given = replace(given, inputs=floats, scale=1.0, test=seen_by_darnax(given))
        side = darnax_side.build(given.weights, given.hyper)
        given.weights.clear()
        for number in range(count):
            darnax_side.train_epoch(side, batches(given, range(number, number + 1)))
        darnax_side.evaluate(side, seen_by_darnax(given))
    status = Path("/proc/self/status").read_text()  # ru_maxrss would count the parent's too
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    sys.stdout.write(json.dumps(int(kilobytes) / 1024))


def report(name: str, arguments: argparse.Namespace) -> bool:
    """Everything about one setting; whether the weights agree."""
    given = task(SETTINGS[name], arguments.data)
    out = sys.stdout.write
    out(
        f"setting {name}: {SETTINGS[name].data}, {SETTINGS[name].units} units, batches of {BATCH}\n"
    )
    difference = check(given)
    out(f"  largest difference of a weight after {CHECKED} batches: {difference:.1e}\n")
    if difference > TOLERANCE:
        out(f"  more than {TOLERANCE:g}: not the same work, not timed\n")
        return False
    numbers = range(CHECKED, CHECKED + arguments.batches)
    prepared = batches(given, numbers)
    engine, side = ours(given, 2), darnax_side.build(given.weights, given.hyper)
    images = BATCH * arguments.batches
    training = compare(
        lambda: learn_ours(engine, given, numbers),
        lambda: darnax_side.train_epoch(side, prepared),
        arguments.repeats,
    )
    out(f"  training on {images:,} images: {training}\n")
    seen = seen_by_darnax(given)
    best = min(CHUNKS, key=lambda size: second_time(side, seen, size))
    evaluation = compare(
        lambda: engine.free(given.test, sweeps=given.hyper.evaluation),
        lambda: darnax_side.evaluate(side, seen, size=best),
        arguments.repeats,
    )
    out(f"  evaluation of {len(seen):,} images (there in batches of {best}): {evaluation}\n")
    mine, theirs = (alone(name, arguments, who) for who in ("ours", "darnax"))
    out(f"  peak memory: {mine:.0f} MB here, {theirs:.0f} MB there: {mine / theirs:.2f}\n")
    return True


def seen_by_darnax(given: Task) -> Floats:
    """Test images, scaled as darnax has them."""
    return np.float32(given.scale) * given.test.astype(np.float32)


def second_time(side: darnax_side.Side, seen: Floats, size: int) -> float:
    """Seconds of an evaluation, once it has been compiled."""
    darnax_side.evaluate(side, seen, size=size)
    return seconds(lambda: darnax_side.evaluate(side, seen, size=size))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with Fashion-MNIST")
    parser.add_argument("--setting", choices=[*SETTINGS, "both"], default="both")
    parser.add_argument("--batches", type=int, default=300)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--alone", choices=["ours", "darnax"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    names = list(SETTINGS) if arguments.setting == "both" else [arguments.setting]
    if arguments.alone:
        train_alone(task(SETTINGS[names[0]], arguments.data), arguments.alone, arguments.batches)
        return 0
    return 0 if all(report(name, arguments) for name in names) else 1


if __name__ == "__main__":
    sys.exit(main())
