"""How fast the simulators run a graph, as ratios within one run on one machine.

    python benchmarks/validate.py                    # digits, trained here; some minutes
    python benchmarks/validate.py GRAPH              # another graph file with fixed points
    python benchmarks/validate.py --graph fashion.h5 --images 10000     # and a large run

Before anything is timed, the emulator, Lava with many patterns in one network and Lava's stock
processes with one pattern at a time must give the same spikes.

The table is in microseconds per pattern and step. The emulator and batched Lava are timed from call
to return, the start of Lava's processes included. Stock Lava (pause after each pattern, set bias,
current, voltage and accumulators, go on) is charged the time from the end of its second pattern to
its last step, without start and stop, which favours it. Brian2 in continuous time is charged per
pattern and millisecond, many patterns in one network against one in each. Repeats alternate between
all of them; medians and extremes of times and ratios are printed.

With --graph, all its test images (N at most) run freely from silence for 60 steps, on the emulator
and on Lava, which must agree in every spike. Printed are the total seconds, the processor seconds,
how many images came to rest and from which step on these states were held.

Exit code 0: all equal and every target met; 1: a target missed; 2: spikes differ, or bad input.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import numpy as np

from spinspike.arrays import FloatArray
from spinspike.errors import SpinspikeError
from spinspike.mapping import SynapseGraph, map_network
from spinspike.mapping.graph import graph_file
from spinspike.model import (
    Architecture,
    Schedule,
    digits,
    free_fixed_points,
    learned_fixed_points,
    train,
)
from spinspike.simulators import (
    Brian2LIF,
    Emulator,
    Lava,
    Phases,
    Recording,
    Simulator,
    Stimulus,
    encode_stimulus,
)

STEP = Phases(cue=1, clamped=5, free=34)
CONTINUOUS = Phases(cue=50, clamped=0, free=50)
LONG = Phases(cue=1, clamped=0, free=59)
FEW = 2  # patterns of stock Lava that are not charged
PORTION = 512  # images at a time
EMULATOR, LAVA, BRIAN2 = 100.0, 20.0, 5.0  # ratios asked
EMULATOR_SECONDS, LAVA_SECONDS, IMAGES = 120.0, 900.0, 10_000  # seconds asked, for so many images


@dataclass(frozen=True)
class Target:
    """A measured number against what was asked."""

    name: str
    measured: float
    asked: float
    least: bool = True  # or at most

    @property
    def met(self) -> bool:
        return self.measured >= self.asked if self.least else self.measured <= self.asked

    def __str__(self) -> str:
        sign, word = ">=" if self.least else "<=", "met" if self.met else "MISSED"
        return f"{self.name}: {self.measured:.1f}, asked {sign} {self.asked:g}: {word}"


def main() -> int:
    arguments = parse()
    targets: list[Target] = []
    try:
        if not arguments.no_table:
            targets += table(graph_of(arguments.table_graph), arguments)
        if arguments.graph:
            targets += all_images(graph_file.load(arguments.graph), arguments.images)
    except (SpinspikeError, AssertionError) as error:
        say(f"validate.py: {error}")
        return 2
    say("")
    for target in targets:
        say(str(target))
    return 0 if all(target.met for target in targets) else 1


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "table_graph", metavar="GRAPH", nargs="?", type=Path, help="for the table [digits, H 300]"
    )
    parser.add_argument("--repeats", type=int, default=3, help="of every measurement [3]")
    parser.add_argument("--patterns", type=int, default=1000, help="emulator, batched Lava [1000]")
    parser.add_argument("--stock", type=int, default=8, help="patterns on stock Lava [8]")
    parser.add_argument(
        "--brian2", type=int, default=20, help="patterns in one network [20]; 0: no"
    )
    parser.add_argument("--graph", type=Path, help="graph file whose test images all run")
    parser.add_argument("--images", type=int, default=IMAGES, help="of them at most [10000]")
    parser.add_argument("--no-table", action="store_true", help="the large run alone")
    found = parser.parse_args()
    if min(found.repeats, found.patterns, found.images, found.stock) < 1 or found.brian2 < 0:
        parser.error("allowed: 1 or more repeats, patterns, images and stock patterns")
    return found


def graph_of(path: Path | None) -> SynapseGraph:
    """A graph file, or the digits trained here."""
    if path:
        return graph_file.load(path)
    data = digits()
    network = train(data, Architecture(300, 64, 10), schedule=Schedule(epochs=5), seed=0).network
    points = {
        "learned": learned_fixed_points(network, data.train),
        "free": free_fixed_points(network, data.test),
    }
    return map_network(network, points)


def given(graph: SynapseGraph, patterns: int) -> Stimulus:
    """Learned images with their labels, the first ones again if there are fewer."""
    points = graph.fixed_points["learned"]
    rows = np.arange(patterns) % len(points)
    return encode_stimulus(graph, points.inputs[rows], labels=points.labels[rows])


def table(graph: SynapseGraph, wanted: argparse.Namespace) -> list[Target]:
    """Times of all simulators, and their ratios."""
    many, some = given(graph, wanted.patterns), given(graph, FEW + wanted.stock)
    must_agree(graph, some, [Emulator(), Lava(), Lava(stock=True)], STEP)
    must_agree(graph, many, [Emulator(), Lava()], STEP)
    say(
        f"{graph.neurons} neurons, {graph.synapses} synapses: emulator, batched Lava "
        f"({wanted.patterns} patterns) and stock Lava ({FEW + wanted.stock}) give the same spikes\n"
    )
    steps = STEP.total

    def per_step(simulator: Simulator) -> float:
        return float(seconds(simulator, graph, many, STEP) / (wanted.patterns * steps))

    def stock() -> float:
        seen: list[tuple[float, int]] = []
        Lava(stock=True).run(
            graph, some, STEP, progress=lambda done, _: seen.append((perf_counter(), done))
        )
        begun = next(look for look in seen if look[1] >= FEW * steps)
        ended = next(look for look in seen if look[1] == len(some.bias) * steps)
        return (ended[0] - begun[0]) / (ended[1] - begun[1])

    rows: dict[str, Callable[[], float]] = {
        "stock Lava": stock,
        "batched Lava": lambda: per_step(Lava()),
        "emulator": lambda: per_step(Emulator()),
    }
    if wanted.brian2:
        rows |= brian2(graph, wanted.brian2)
    times = repeated(rows, wanted.repeats)
    say(f"{'':28} {'us, median':>12} {'lowest':>10} {'highest':>10}")
    for name, found in times.items():
        unit = "pattern and ms" if "Brian2" in name else "pattern and step"
        median, low, high = (1e6 * f(found) for f in (np.median, np.min, np.max))
        say(f"{name:28} {median:12.1f} {low:10.1f} {high:10.1f} per {unit}")
    say("")
    targets = [
        ratio(times, "stock Lava", "emulator", EMULATOR),
        ratio(times, "stock Lava", "batched Lava", LAVA),
    ]
    if wanted.brian2:
        targets.append(ratio(times, "Brian2, one pattern", "Brian2, batched", BRIAN2))
    return targets


def brian2(graph: SynapseGraph, patterns: int) -> dict[str, Callable[[], float]]:
    """Continuous time, both after a warm-up, in which code is compiled."""
    points = graph.fixed_points["learned"].select(slice(patterns))
    images = encode_stimulus(graph, points.inputs)
    together = Brian2LIF(synapses_at_once=patterns * graph.synapses)
    alone = replace(together, synapses_at_once=1)
    one = images.select(slice(1))
    together.run(graph, one, Phases(cue=1, clamped=0, free=1))

    def per_ms(simulator: Simulator, some: Stimulus) -> float:
        took = seconds(simulator, graph, some, CONTINUOUS)
        return took / (len(some.bias) * CONTINUOUS.total)

    return {
        "Brian2, one pattern": lambda: per_ms(alone, images.select(slice(2))),
        "Brian2, batched": lambda: per_ms(together, images),
    }


def repeated(rows: dict[str, Callable[[], float]], repeats: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in rows}
    for _ in range(repeats):
        for name, measure in rows.items():
            times[name].append(measure())
    return times


def ratio(times: dict[str, list[float]], slow: str, fast: str, asked: float) -> Target:
    """Of each repeat by itself; the median counts."""
    found = np.array(times[slow]) / np.array(times[fast])
    say(
        f"{slow} / {fast}: {np.median(found):.1f} ({found.min():.1f} to {found.max():.1f}, "
        f"{len(found)} repeats)"
    )
    return Target(f"{slow} / {fast}", float(np.median(found)), asked)


def seconds(simulator: Simulator, graph: SynapseGraph, some: Stimulus, phases: Phases) -> float:
    started = perf_counter()
    simulator.run(graph, some, phases)
    return perf_counter() - started


def must_agree(
    graph: SynapseGraph, some: Stimulus, simulators: list[Simulator], phases: Phases
) -> None:
    first, *others = (simulator.run(graph, some, phases) for simulator in simulators)
    for other in others:
        check_same(first, other)


def check_same(one: Recording, other: Recording) -> None:
    pairs = ((one.spikes, other.spikes), (one.readout, other.readout))
    if not all(np.array_equal(a, b) for a, b in pairs if a is not None and b is not None):
        message = "the simulators' spikes or readouts differ"
        raise AssertionError(message)


def all_images(graph: SynapseGraph, images: int) -> list[Target]:
    """All test images, freely from silence, on the emulator and on Lava."""
    points = graph.fixed_points["free"].select(slice(images))
    count = len(points)
    say(f"\n{graph.neurons} neurons, {graph.synapses} synapses: {count} images, 60 steps")
    took = dict.fromkeys(("emulator", "lava"), np.zeros(2))
    at_rest, reached, latest = 0, 0, 0
    for start in range(0, count, PORTION):
        part = points.select(slice(start, start + PORTION))
        some = encode_stimulus(graph, part.inputs)
        recordings = []
        for simulator in (Emulator(), Lava()):
            before = clocks()
            recordings.append(simulator.run(graph, some, LONG))
            took[simulator.name] = took[simulator.name] + clocks() - before
        check_same(*recordings)
        states = recordings[0].states
        moved = (states[1:] != states[:-1]).any(axis=2)  # (steps - 1, B)
        last = np.where(moved.any(axis=0), len(moved) - moved[::-1].argmax(axis=0), 0)
        held = last < len(moved) // 2  # for the second half of the run at least
        at_rest += int(held.sum())
        latest = max(latest, int(last[held].max(initial=0)) + 1)
        reached += int((states[-1] == part.states).all(axis=1).sum())
        wall = {name: f"{spent[0]:.0f}" for name, spent in took.items()}
        say(f"  {start + len(part)} images, emulator {wall['emulator']} s, Lava {wall['lava']} s")
    say(
        f"every spike equal; {at_rest} of {count} came to rest, all by step {latest}, and were "
        f"held to step 60; {reached} of them in the state s* of the reference"
    )
    for name, spent in took.items():
        say(f"{name}: {spent[0]:.1f} s in all, {spent[1]:.1f} s of processor time")
    share = count / IMAGES
    return [
        Target(
            f"emulator, s for {count} images", took["emulator"][0], EMULATOR_SECONDS * share, False
        ),
        Target(f"Lava, s for {count} images", took["lava"][0], LAVA_SECONDS * share, False),
    ]


def clocks() -> FloatArray:
    """Seconds on the wall, and of the processor, ended child processes included."""
    spent = os.times()
    return np.array([perf_counter(), sum(spent[:4])])


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
