"""Hold Lava's graded neurons against the emulator, and Lava's own SigmaDelta against the memory.

    python benchmarks/lava_graded.py                  # 50 random graphs, then SigmaDelta: minutes
    python benchmarks/lava_graded.py --graphs 0       # SigmaDelta alone

Graphs have 1 to 24 units, couplings of both signs, dense or sparse, 2 to 8 bits; signals have both
signs and are as loud as a 24-bit state allows. As a null, an emulator that forgets its residues must
differ. Exit code 1 when Lava differs in a graph, or the null in none.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from unittest.mock import patch

import numpy as np

from spinspike.arrays import FloatArray, IntArray
from spinspike.errors import OutOfRange
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.graph.register_limits import MESSAGE_LIMIT
from spinspike.mapping.integrator.integrator_graph import map_integrator
from spinspike.model.integrator.learning import descend
from spinspike.model.integrator.linear_network import Filter, LinearNetwork, draw, outlier
from spinspike.simulators.base_graded import Response, levels
from spinspike.simulators.emulator.graded import GradedEmulator, _matrices
from spinspike.simulators.integrator.impulse import fit_response
from spinspike.simulators.lava.backend import environment
from spinspike.simulators.lava.graded import LavaGraded

RATES = (0.5, 0.1, 0.05)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--graphs", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inside:
        run_stock(arguments.inside)
        return 0
    differ = equality(arguments.graphs, np.random.default_rng(arguments.seed))
    for rate in RATES:
        print(sigma_delta(rate), flush=True)
    return 1 if differ else 0


def equality(graphs: int, rng: np.random.Generator) -> bool:
    """Whether Lava differs from the emulator in any of so many graphs, or the null in none."""
    started, differ, null, numbers, largest = perf_counter(), 0, 0, 0, 0.0
    for count in range(1, graphs + 1):
        graph, signal, expected = loud(rng)
        assert graph.graded is not None
        assert expected.values is not None
        found = LavaGraded().run(graph, signal)
        differ += not same(found, expected)
        null += not np.array_equal(without_residue(graph, signal), expected.values)
        numbers += expected.values.size
        largest = max(largest, int(expected.values.max() + 1 << graph.graded.shift) / MESSAGE_LIMIT)
        print(f"\r{count} graphs, {differ} differ, {perf_counter() - started:.0f} s", end=" ")
    print(
        f"\n{numbers:,} numbers compared, the largest {largest:.0%} of a state\n"
        f"Lava differs from the emulator in {differ} of {graphs} graphs\n"
        f"null: an emulator without residues differs in {null}"
    )
    return differ > 0 or null < (graphs > 0)


def loud(rng: np.random.Generator) -> tuple[SynapseGraph, FloatArray, Response]:
    """A random graph, a signal halved until it fits, and what the emulator makes of them."""
    units = int(rng.integers(1, 25))
    coupling = rng.standard_normal((units, units)) * (rng.uniform(0.2, 1.5) / np.sqrt(units))
    coupling[rng.random(coupling.shape) < rng.choice([0.0, 0.7])] = 0
    coupling -= max(0.0, np.linalg.eigvals(coupling).real.max() - 0.95) * np.eye(units)
    network = LinearNetwork(coupling, rng.standard_normal(units), rng.standard_normal(units))
    bits, exact = int(rng.integers(2, 9)), bool(rng.random() < 0.5)
    graph = map_integrator(network, bits=bits, exact=exact, headroom=1.1)
    signal = np.repeat(rng.uniform(*graph.io.input_range, 20), rng.integers(1, 5, 20))
    while True:
        try:
            return graph, signal, GradedEmulator().run(graph, signal)
        except OutOfRange:
            signal = signal / 2


def same(one: Response, other: Response) -> bool:
    return all(np.array_equal(a, getattr(other, name)) for name, a in vars(one).items())


def without_residue(graph: SynapseGraph, signal: FloatArray) -> IntArray:
    """What the neurons of an emulator hold that rounds every number down and forgets the rest."""
    assert graph.graded is not None
    between, driven, _ = _matrices(graph)
    now, values = np.zeros(graph.neurons, dtype=np.int64), []
    for drive in levels(graph, signal) @ driven.T:
        now = np.maximum((between @ now).astype(np.int64) + drive, 0) >> graph.graded.shift
        values.append(now)
    return np.array(values)


def sigma_delta(rate: float) -> str:
    """Time-scale and offset of an impulse's memory: learned, on Lava, on Lava with SigmaDelta."""
    blank = draw(64, np.random.default_rng(0), strength=0.01)
    network = descend(blank, Filter(rate), tolerance=1e-7).network
    graph = map_integrator(network)
    impulse = np.zeros(round(8 / rate * graph.io.input_range[1]))
    impulse[0] = graph.io.input_range[1]
    seen = [LavaGraded().run(graph, impulse)]
    with patch("spinspike.simulators.lava.graded._supervise", supervise_stock):
        seen.append(LavaGraded().run(graph, impulse))
    fits = [fit_response(found.times, found.readout) for found in seen]
    ours, stock = (
        f"{fit.time_scale:.2f}, offset {found.readout[-1] / found.readout.max():+.3f} of the peak"
        for fit, found in zip(fits, seen, strict=True)
    )
    learned = 1 / (1 - outlier(network).real)
    return f"time-scale {learned:.2f} learned; {ours}; with SigmaDelta {stock}"


def supervise_stock(folder: Path, _timeout: float, _steps: int) -> None:
    command = [sys.executable, __file__, "--inside", str(folder)]
    subprocess.run(command, env=environment(), check=True, timeout=600)


def run_stock(folder: Path) -> None:
    """The worker's run with lava-nc's SigmaDelta in the place of this project's neurons."""
    from lava.proc.sdn.process import SigmaDelta

    from spinspike.simulators.lava import graded_worker as lava_graded_worker

    def stock(*, shape: tuple[int], shift: int, name: str) -> SigmaDelta:
        return SigmaDelta(shape=shape, vth=1, state_exp=shift, name=name)

    with patch.object(lava_graded_worker, "GradedNeurons", stock):
        lava_graded_worker.run(folder)


if __name__ == "__main__":
    sys.exit(main())
