"""How fast the parts are, as ratios within one run on one machine.

    make bench                        # some minutes
    make bench ARGS="--repeats 3"

Runs of the pairs alternate; medians and the ratio of each pair are printed with their extremes.
Absolute times are of this machine and whatever else it did.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from time import perf_counter

import numpy as np

from spinspike.mapping import SynapseGraph, map_network
from spinspike.model import Architecture, Schedule, digits, learned_fixed_points, train
from spinspike.simulators import Brian2LIF, Emulator, Lava, Phases, Simulator
from spinspike.simulators.stimulus import encode_stimulus

UNITS, STEPS, MILLISECONDS = 300, 40, Phases(cue=100, clamped=200, free=500)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--patterns", type=int, default=200)
    arguments = parser.parse_args()
    data = digits()
    network = train(data, Architecture(UNITS, 64, 10), schedule=Schedule(epochs=5)).network
    graph = map_network(network, {"learned": learned_fixed_points(network, data.train)})
    step = Phases(cue=1, clamped=5, free=STEPS - 6)
    few = min(10, arguments.patterns)
    emulate = runner(graph, Emulator(), step, arguments.patterns)
    pairs = {
        f"Lava / emulator, {arguments.patterns} patterns of {STEPS} steps": (
            runner(graph, Lava(), step, arguments.patterns),
            emulate,
        ),
        f"Lava, {arguments.patterns} patterns / one pattern": (
            runner(graph, Lava(), step, arguments.patterns),
            runner(graph, Lava(), step, 1),
        ),
        f"Brian2, {few} patterns of 0.8 s / emulator, {arguments.patterns} of {STEPS} steps": (
            runner(graph, Brian2LIF(), MILLISECONDS, few),
            emulate,
        ),
    }
    for name, (one, other) in pairs.items():
        sys.stdout.write(f"{name}\n  {compare(one, other, arguments.repeats)}\n")


def runner(
    graph: SynapseGraph, simulator: Simulator, phases: Phases, patterns: int
) -> Callable[[], object]:
    """A run of so many learned patterns, ready to be timed."""
    points = graph.fixed_points["learned"].select(slice(patterns))
    given = encode_stimulus(graph, points.inputs, labels=points.labels)
    return lambda: simulator.run(graph, given, phases)


def compare(one: Callable[[], object], other: Callable[[], object], repeats: int) -> str:
    """Medians of both and of their ratio, pair by pair, after one warm-up."""
    times = np.array([[seconds(one), seconds(other)] for _ in range(repeats + 1)])[1:]
    ratios = times[:, 0] / times[:, 1]
    a, b = np.median(times, axis=0)
    return (
        f"{a:.2f} s / {b:.2f} s, ratio {np.median(ratios):.1f} "
        f"({ratios.min():.1f} to {ratios.max():.1f}, {repeats} pairs)"
    )


def seconds(run: Callable[[], object]) -> float:
    started = perf_counter()
    run()
    return perf_counter() - started


if __name__ == "__main__":
    main()
