"""Does real Lava hold every fixed point that is certified? All of them, started in their state.

    python benchmarks/hold.py graph.h5 [more.h5 ...] --steps 30 --patterns 1000

Each certified fixed point of a graph, learned and free, is forced in the first step and then left
alone with its input. Beside the graph runs the same one without its couplings, which must lose
most of the states for the holding to mean anything. Exit code 1 if a certified state moves.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from time import perf_counter

import numpy as np

from spinspike.mapping import SynapseGraph, certified, without_couplings
from spinspike.mapping.graph import graph_file
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.simulators import Emulator, Lava, Phases
from spinspike.simulators.stimulus import encode_stimulus


def held(graph: SynapseGraph, points: FixedPoints, steps: int, simulator: Lava | Emulator) -> int:
    """How many patterns are in their state in every step."""
    given = encode_stimulus(graph, points.inputs, cue=points.states)
    states = simulator.run(graph, given, Phases(cue=1, free=steps)).states
    return int((states == points.states).all(axis=(0, 2)).sum())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("graphs", type=Path, nargs="+")
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--patterns", type=int, default=100_000, help="of each run, at most")
    arguments = parser.parse_args()
    moved = 0
    print(f"{'graph':24} {'run':8} certified  held on Lava  without couplings (emulator)  seconds")
    for path in arguments.graphs:
        graph = graph_file.load(path)
        for run, points in graph.fixed_points.items():
            points = points.select(slice(arguments.patterns))
            sure = points.select(np.flatnonzero(certified(graph, points)))
            started = perf_counter()
            count = held(graph, sure, arguments.steps, Lava())
            seconds = perf_counter() - started
            null = held(without_couplings(graph), sure, arguments.steps, Emulator())
            moved += len(sure) - count
            print(
                f"{path.stem:24} {run:8} {len(sure):>5}/{len(points):<5} {count:>10} "
                f"{null:>22} {seconds:>18.1f}",
                flush=True,
            )
    return 1 if moved else 0


if __name__ == "__main__":
    sys.exit(main())
