"""The circuit against the equation: spikes, membranes, readouts; certified states; speed; synthesis.

    python benchmarks/hardware.py graph.h5 --graphs 200 --synthesis icebreaker --synthesis ulx3s-25

Every line of the first part has its null: the same comparison where the core is not right. Random
graphs are small and of all encodings, inputs, bits and delays; the graph of the file is run on the
images of its free fixed points (of the digits: the test images), free and clamped.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from spinspike.arrays import BoolArray, IntArray
from spinspike.errors import OutOfRange
from spinspike.mapping import Rounding, SynapseGraph, certified, map_network
from spinspike.mapping.graph.codec import neuron_spikes
from spinspike.mapping.graph.delays import with_delays
from spinspike.mapping.graph.fields import field_from, input_field, supervisory_field
from spinspike.mapping.graph.graph_file import load
from spinspike.mapping.quantisation.rounding import InputMode
from spinspike.model import Architecture, random_network
from spinspike.simulators import Phases, Stimulus
from spinspike.simulators.emulator import plain
from spinspike.simulators.hardware import fpga
from spinspike.simulators.hardware.backend import RTL, Trace
from spinspike.simulators.hardware.image import image_of
from spinspike.simulators.stimulus import encode_stimulus

INPUTS: tuple[InputMode, ...] = ("bias", "graded", "binary")


def membranes(
    graph: SynapseGraph, given: Stimulus, phases: Phases, spikes: BoolArray, *, residue: bool
) -> IntArray:
    """Membranes (T, B, N) that belong to the spikes of the plain equation, with or without residue."""
    v = np.zeros(given.bias.shape, dtype=np.int64)
    places, found = graph.slices(), []
    late = sorted({p.delay for p in graph.projections})
    parts = {
        d: replace(graph, projections=tuple(p for p in graph.projections if p.delay == d))
        for d in late
    }
    for t in range(phases.total):
        first = t == 0
        x = given.first_bias if first else given.bias
        x = x + input_field(graph, given.first_levels if first else given.levels)
        if phases.cue <= t < phases.release:
            x = x + supervisory_field(graph, given.supervisor)
        for d, part in parts.items():
            if t > d:
                sent = spikes[t - 1 - d]
                x = x + field_from(part, {name: sent[:, at] for name, at in places.items()})
        v = 64 * x + (np.sign(v) * (np.abs(v) >> 12) if residue else 0)
        v = np.where(spikes[t], 0, v)
        found.append(v)
    return np.array(found)


def differences(
    graph: SynapseGraph, given: Stimulus, phases: Phases, seen: Trace
) -> tuple[IntArray, int]:
    """Spikes, membranes, readouts and classes that differ; membranes that would, without residue."""
    spikes, readout = plain.run(graph, given, phases)
    right = membranes(graph, given, phases, spikes, residue=True)
    wrong = membranes(graph, given, phases, spikes, residue=False)
    winner = (seen.winner != readout.argmax(axis=1)).sum() if readout.size else 0
    found = [
        (seen.spikes != spikes).sum(), (seen.membranes != right).sum(),
        (seen.readout != readout).sum(), winner, spikes.size,
    ]  # fmt: skip
    return np.array(found), int((seen.membranes != wrong).sum())


def random_graphs(count: int) -> None:
    rng, total, without, made, number = np.random.default_rng(0), np.zeros(5, int), 0, 0, 0
    while made < count:
        number += 1
        shape = Architecture(int(rng.integers(3, 24)), 5, int(rng.integers(2, 5)), sparsity=0.3)
        network = random_network(shape, rng, centre=np.full(5, 0.5))
        mode = INPUTS[int(rng.integers(3))]
        encoding = ("signed", "dale", "pushpull")[number % 3]
        try:
            graph = map_network(network, encoding=encoding, rounding=Rounding(1 + number % 8, mode))
        except OutOfRange:
            continue
        if number % 2:
            graph = with_delays(graph, int(rng.integers(1, 16)), rng)
        made += 1
        images = rng.random((3, 5)) if mode != "binary" else rng.integers(0, 2, (3, 5)) * 1.0
        given = encode_stimulus(graph, images, labels=rng.integers(0, graph.classes, 3))
        phases = Phases(2, 30, 30)
        one = RTL(lanes=1).trace(graph, given, phases)
        found, missing = differences(graph, given, phases, one)
        total, without = total + found, without + missing
    told("random graphs, 62 steps", total, without)


def told(what: str, total: IntArray, without: int) -> None:
    spikes, states, readouts, winners, of = total.tolist()
    print(f"{what}: of {of:,} spikes {spikes}, of as many membranes {states} differ; readouts {readouts}, "
          f"classes {winners}; without the residue {without:,} membranes would", flush=True)  # fmt: skip


def images(graph: SynapseGraph) -> None:
    points = graph.fixed_points["free"]
    for clamped in (0, 30):
        phases = Phases(1, clamped, 60 - clamped)
        given = encode_stimulus(graph, points.inputs, labels=points.labels)
        started = time.perf_counter()
        seen = RTL().trace(graph, given, phases)
        took = time.perf_counter() - started
        total, without = differences(graph, given, phases, seen)
        told(f"{len(points)} images, {'clamped' if clamped else 'free'}, 61 steps", total, without)
        steps, cycles = seen.steps, seen.cycles
        print(f"  steps until rest: median {np.median(steps):g}, most {steps.max()}; cycles: mean "
              f"{cycles.mean():,.0f}, most {cycles.max():,}; {steps.sum() / took:,.0f} steps computed "
              f"and {phases.total * len(steps) / took:,.0f} steps shown a second", flush=True)  # fmt: skip
    image = image_of(graph)
    weights = image.weights.copy()
    at = int(np.flatnonzero(np.diff(weights[: image.starts[1], 0]))[0])
    weights[[at, at + 1]] = weights[[at + 1, at]]
    wrong = RTL().trace(graph, given, phases, image=replace(image, weights=weights))
    early = RTL().trace(graph, given, Phases(1, 29, 31))
    for what, other in (("two synapse words swapped", wrong), ("label a step shorter", early)):
        print(f"null, {what}: spikes {(other.spikes != seen.spikes).sum():,}, membranes "
              f"{(other.membranes != seen.membranes).sum():,} differ", flush=True)  # fmt: skip
    one, other = seen, RTL(fold=False).trace(graph, given, phases)
    apart = (one.membranes != other.membranes).sum() + (one.spikes != other.spikes).sum()
    print(f"folded against unfolded: {apart} differ; cycles {other.cycles.mean():,.0f} unfolded")
    for lanes in (2, 4, 8):
        wide = RTL(lanes=lanes).trace(
            graph, encode_stimulus(graph, points.inputs), Phases(1, 0, 60)
        )
        print(f"lanes {lanes}: cycles mean {wide.cycles.mean():,.0f}, most {wide.cycles.max():,}")


def states(graph: SynapseGraph, steps: int) -> None:
    for run, points in graph.fixed_points.items():
        held_by_proof = points.select(np.flatnonzero(certified(graph, points)))
        given = encode_stimulus(graph, held_by_proof.inputs, cue=held_by_proof.states)
        phases = Phases(1, 0, steps)
        held, lost = 0, 0
        for at in range(0, len(held_by_proof), 40):  # 1,001 steps of all spikes at once are large
            rows = slice(at, at + 40)
            seen = RTL().trace(graph, given.select(rows), phases).spikes[1:]
            wanted = neuron_spikes(graph, held_by_proof.states[rows])
            held += int((seen == wanted).all(axis=(0, 2)).sum())
            lost += int((seen == np.roll(wanted, 1, axis=0)).all(axis=(0, 2)).sum())
        print(f"{run}: {held} of {len(held_by_proof)} certified states held for {steps} steps; "
              f"null, the state of the pattern before: {lost}", flush=True)  # fmt: skip


def synthesis(graph: SynapseGraph, board: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = fpga.write(graph, Path(name) / "out", board=board)
        started = time.perf_counter()
        call = [sys.executable, str(folder / "build.py")]
        said = subprocess.run(call, capture_output=True, text=True, check=False).stdout
        print(f"{board}, {time.perf_counter() - started:.0f} s: " + "; ".join(said.splitlines()))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("graph", type=Path, help="graph file with free fixed points")
    parser.add_argument("--graphs", type=int, default=200)
    parser.add_argument("--hold", type=int, default=1000, help="steps of certified states; 0: none")
    parser.add_argument("--synthesis", action="append", default=[], help="a board")
    given = parser.parse_args()
    graph = load(given.graph)
    print(graph)
    random_graphs(given.graphs)
    images(graph)
    if given.hold:
        states(graph, given.hold)
    for board in given.synthesis:
        synthesis(graph, board)


if __name__ == "__main__":
    main()
