"""How much memories hold, on a chip's integers: capacity, 1,000 units, continuous time, speed.

python benchmarks/recall.py capacity     # load against recall, by rule and bits, 300 units
python benchmarks/recall.py large        # 1,000 units, 100 patterns, 20 % flipped
python benchmarks/recall.py continuous   # Brian2 and NEST, 200 units, 20 patterns
python benchmarks/recall.py speed        # 10,000 recalls; 1,000 patterns by margin
"""

from __future__ import annotations

import sys
import time

import numpy as np

import spinspike
from spinspike.arrays import SpinArray
from spinspike.errors import BadInput
from spinspike.mapping import Rounding
from spinspike.simulators import Brian2LIF, Emulator, Lava, NestLIF, Recall, Simulator

UNITS = 300
LOADS = (0.05, 0.1, 0.14, 0.2, 0.3, 0.5, 0.7)
FLIPPED = 0.1


def patterns(count: int, units: int, seed: int = 0) -> SpinArray:
    """Random ones."""
    return np.random.default_rng(seed).choice(np.array([-1, 1], np.int8), (count, units))


def show(found: list[Recall]) -> None:
    """A line for each run."""
    for one in found:
        overlap = one.overlap.mean()
        sys.stdout.write(f"    {one}; overlap {overlap:.3f}; unlike {one.unlike_emulator}\n")
    sys.stdout.flush()


def capacity() -> None:
    """Overlap at the end and share recalled exactly, from 10 % flips, by rule, load and bits."""
    sys.stdout.write("rule            load   reference      8 bits       4 bits       2 bits\n")
    for rule in ("hebb", "storkey", "pseudo-inverse", "margin"):
        for load in LOADS:
            states = patterns(round(load * UNITS), UNITS)
            try:
                memory = spinspike.store(states, rule)
            except BadInput as error:
                sys.stdout.write(f"{rule:14} {load:5} {error}\n")
                continue
            cells: list[str] = []
            for bits in (8, 4, 2):
                graph = spinspike.map_network(
                    memory.network, memory.fixed_points, rounding=Rounding(bits)
                )
                found = spinspike.recall(
                    graph, fractions=[FLIPPED], nulls=False, network=memory.network
                )
                cells += [] if cells else [_cell(found[1])]
                cells.append(_cell(found[0]))
            sys.stdout.write(f"{rule:14} {load:5} {'  '.join(cells)}\n")
            sys.stdout.flush()


def _cell(one: Recall) -> str:
    return f"{one.overlap.mean():.3f} {100 * one.recalled.mean():4.0f} %"


def large() -> None:
    """The integers against the reference, and Lava for 200 steps."""
    for rule in ("pseudo-inverse", "margin"):
        memory = spinspike.store(patterns(100, 1000), rule)
        for bits in (8, 4):
            graph = spinspike.map_network(
                memory.network, memory.fixed_points, rounding=Rounding(bits)
            )
            sys.stdout.write(f"{rule}, {bits} bits, emulator\n")
            show(spinspike.recall(graph, fractions=[0.2], network=memory.network))
            sys.stdout.write(f"{rule}, {bits} bits, Lava, 200 steps\n")
            show(spinspike.recall(graph, Lava(), fractions=[0.2], hold=200, nulls=False))


def continuous() -> None:
    """100 cues of 20 patterns in 200 units, 8 bits."""
    memory = spinspike.store(patterns(20, 200))
    graph = spinspike.map_network(memory.network, memory.fixed_points)
    simulators: tuple[Simulator, ...] = (Emulator(), Brian2LIF(), NestLIF())
    for simulator in simulators:
        begun = time.perf_counter()
        show(
            spinspike.recall(
                graph, simulator, fractions=[0.2], cues=5, nulls=False, network=memory.network
            )
        )
        sys.stdout.write(f"    {time.perf_counter() - begun:.0f} s\n")


def speed() -> None:
    """Seconds on this machine."""
    memory = spinspike.store(patterns(100, 1000))
    graph = spinspike.map_network(memory.network, memory.fixed_points)
    begun = time.perf_counter()
    show(spinspike.recall(graph, fractions=[0.2], cues=100, nulls=False))
    sys.stdout.write(f"10,000 recalls of 1,000 units: {time.perf_counter() - begun:.1f} s\n")
    begun = time.perf_counter()
    memory = spinspike.store(patterns(1000, 2000), "margin")
    seconds = time.perf_counter() - begun
    held = memory.provenance["held"]
    sys.stdout.write(f"1,000 patterns in 2,000 units by margin: {seconds:.1f} s, {held} held\n")


PARTS = {"capacity": capacity, "large": large, "continuous": continuous, "speed": speed}

if __name__ == "__main__":
    for part in sys.argv[1:] or PARTS:
        PARTS[part]()
