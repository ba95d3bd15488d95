"""Whether states are held in continuous time, on a mapped graph and on its nulls.

    python benchmarks/continuous.py digits.h5 fashion.h5 --patterns 500 --seed 0

Parameters and the bound on margins come from the first 500 learned fixed points, then both are
frozen. Cued are the test images' states, and learned states that played no part in the choice;
clamped are learned images with their label. A state is held if every unit is as in s* at every
read-out from the release to a second later.
"""

from __future__ import annotations

import argparse
import sys
from time import perf_counter

import numpy as np

from spinspike.arrays import BoolArray, IntArray, SpinArray
from spinspike.mapping import SynapseGraph
from spinspike.mapping.graph.codec import decode
from spinspike.mapping.graph.graph_file import load
from spinspike.mapping.graph.nulls import permuted_couplings, without_couplings
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.simulators import Brian2LIF, Phases
from spinspike.simulators.physics.calibration import (
    PATTERNS,
    calibrate,
    compare,
    held,
    margin_bound,
    smallest_margin_states,
    weakest_fields,
)
from spinspike.simulators.physics.lif_parameters import LIFParameters
from spinspike.simulators.stimulus import encode_stimulus
from spinspike.simulators.validation.outcome import wilson

SECOND = Phases(cue=100, clamped=0, free=1000)
TAUGHT = Phases(cue=100, clamped=200, free=1000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("graphs", nargs="+")
    parser.add_argument("--patterns", type=int, default=500, help="test states, at most")
    parser.add_argument("--held-out", type=int, default=200, help="learned states, at most")
    parser.add_argument("--nulls", type=int, default=60, help="states of each null, at most")
    parser.add_argument("--hardest", type=int, default=100, help="states that fix the bound")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for path in arguments.graphs:
        say(path)
        study(load(path), arguments)


def study(graph: SynapseGraph, wanted: argparse.Namespace) -> None:
    learned, free = graph.fixed_points["learned"], graph.fixed_points["free"]
    tuning, rest = learned.select(slice(PATTERNS)), learned.select(slice(PATTERNS, None))
    hard = smallest_margin_states(graph, tuning, wanted.smallest_margin_states)
    candidates = {"calibrated": calibrate(graph), "hand-set": LIFParameters()}

    def make(parameters: LIFParameters) -> Brian2LIF:
        return Brian2LIF(parameters, seed=wanted.seed)

    best, fractions = compare(graph, hard, candidates, make)
    say(f"  held of the {len(hard)} weakest learned states in 0.5 s: {fractions}; taken: {best}")
    simulator = make(candidates[best])
    say(f"  {simulator.parameters}")
    bound = margin_bound(weakest_fields(graph, hard), held(simulator, graph, hard, SECOND))
    say(f"  frozen bound: {bound:.4f} units of field")
    free, rest = free.select(slice(wanted.patterns)), rest.select(slice(wanted.held_out))
    cued("test", simulator, graph, free, bound)
    cued("held-out learned", simulator, graph, rest, bound)
    taught("clamped learned", simulator, graph, rest)
    rng, few = np.random.default_rng(wanted.seed), free.select(slice(wanted.nulls))
    cued("null: no couplings", simulator, without_couplings(graph), few)
    cued("null: permuted", simulator, permuted_couplings(graph, rng), few)
    start = rng.choice(np.array([-1, 1], dtype=np.int8), few.states.shape)
    cued("null: random start", simulator, graph, few, start=start)


def cued(
    name: str,
    simulator: Brian2LIF,
    graph: SynapseGraph,
    points: FixedPoints,
    bound: float | None = None,
    start: SpinArray | None = None,
) -> None:
    """Cue states and watch them for a second."""
    show(name, simulator, graph, points, SECOND, bound, points.states if start is None else start)


def taught(name: str, simulator: Brian2LIF, graph: SynapseGraph, points: FixedPoints) -> None:
    """Clamp images with their label and watch what is left a second after the release."""
    show(name, simulator, graph, points, TAUGHT, labels=points.labels)


def show(
    name: str,
    simulator: Brian2LIF,
    graph: SynapseGraph,
    points: FixedPoints,
    phases: Phases,
    bound: float | None = None,
    cue: SpinArray | None = None,
    labels: IntArray | None = None,
) -> None:
    started = perf_counter()
    given = encode_stimulus(graph, points.inputs, labels=labels, cue=cue)
    recording = simulator.run(graph, given, phases)
    after = recording.states[recording.times >= phases.release]
    exact = (after == points.states).all(axis=(0, 2))
    overlap = (after[-1] * points.states.astype(np.int64)).mean()
    same = (decode(graph, after[-1]) == decode(graph, points.states)).mean()
    say(
        f"  {name}: {len(points)} states, unchanged {(after[-1] == after[0]).mean():.5f}, "
        f"overlap {overlap:.5f}, ends in s* {(after[-1] == points.states).all(axis=1).mean():.4f}, "
        f"held {interval(exact)}, class {same:.4f}, {perf_counter() - started:.0f} s"
    )
    if bound is not None:
        above = weakest_fields(graph, points) >= bound
        say(f"    above the bound {above.mean():.4f}, of these held {interval(exact[above])}")


def interval(successes: BoolArray) -> str:
    value, low, high = wilson(successes)
    return f"{value:.4f} ({low:.3f} to {high:.3f})"


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
