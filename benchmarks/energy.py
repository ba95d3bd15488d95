"""Joules of an answer and of a held second on Loihi 1, estimated twice, by encoding, bits, placement.

    python benchmarks/energy.py                                    # digits, H 300; some minutes
    python benchmarks/energy.py fashion.h5 --patterns 4 --bits 8   # a network that `train` wrote

Without a network one is trained on the digits. Test images run by themselves from silence: until
no spike changes any more, and a step for the readout, is the answer; then the state is held. Each
pair of columns is the analytic estimate and SANA-FE 2.2.9 on its Loihi, which must make the
emulator's spikes (exit code 1 if not); what both assume is printed below. "off" is the largest
difference between the two in any figure of a row. The last rows place one graph in several ways:
by its synapses on at least four cores, and on as many of them in contiguous blocks and dealt out
neuron by neuron; "fits" tells whether a core of Loihi 1 holds what it is asked to.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from spinspike.errors import OutOfRange
from spinspike.mapping import Rounding, SynapseGraph, load_target, map_network
from spinspike.mapping.chips.energy import LOIHI1
from spinspike.mapping.chips.placement import Placement, place, placed_as
from spinspike.model import NetworkFile, free_fixed_points, learned_fixed_points
from spinspike.model.data.named import digits
from spinspike.model.network.network_file import load
from spinspike.model.training.preset import default
from spinspike.model.training.training import train_as
from spinspike.studies.chips.energy import ASSUMPTIONS, energy_summary, scaled

SPREAD = 4  # cores to place on at least, where placements are compared
HEADER = (
    f"{'encoding':9} bits  {'placed':14} cores  fits  synapses  steps  {'an answer':21}  {'time':21}  "
    f"{'a step held':21}  {'a second, full speed':21}  {'a second, 1 ms steps':21}    off"
)
FIGURES = (
    ("answer", "joules", "J"),
    ("answer", "seconds", "s"),
    ("held", "joules_per_step", "J"),
    ("held", "joules_per_second", "J"),
    ("held", "joules_per_second_of_1_ms_steps", "J"),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network", type=Path, nargs="?", help="network file; digits without one")
    parser.add_argument("--patterns", type=int, default=20)
    parser.add_argument("--encodings", nargs="+", default=["signed", "dale", "pushpull"])
    parser.add_argument("--bits", type=int, nargs="+", default=[8, 4, 2])
    arguments = parser.parse_args()
    network = load(arguments.network) if arguments.network else trained()
    target = load_target("loihi1")
    same = True
    say(HEADER)
    mapped: list[SynapseGraph] = []
    for encoding in arguments.encodings:
        for bits in arguments.bits:
            try:
                graph = map_network(network, encoding=encoding, rounding=Rounding(weight_bits=bits))
            except OutOfRange as error:
                say(f"{encoding:9} {bits:4}  {error}")
                continue
            found = place(graph, target)
            same &= show(graph, f"place: {found.method}", found, arguments.patterns)
            mapped = [graph]
    for graph in mapped:
        for name, placement in placements(graph):
            same &= show(graph, name, placement, arguments.patterns)
    say("\n".join(["", f"Costs of events: {LOIHI1.source}", *ASSUMPTIONS]))
    return 0 if same else 1


def trained() -> NetworkFile:
    """A network as `spinspike train digits` makes it."""
    data = digits()
    network = train_as(data, default(data)).network
    points = {
        "learned": learned_fixed_points(network, data.train),
        "free": free_fixed_points(network, data.test),
    }
    return NetworkFile(network, points, {"data": "digits"})


def placements(graph: SynapseGraph) -> Iterator[tuple[str, Placement]]:
    """The graph on at least four cores: by its synapses, and on as many without a look at them."""
    target = load_target("loihi1")
    neurons = graph.neurons + graph.io.readout_bias.size
    found = place(graph, target)
    if found.cores < SPREAD:
        found = place(graph, replace(target, neurons_per_core=neurons // SPREAD + 4))
    yield f"place: {found.method}", placed_as(graph, target, found.core)
    units = np.append(graph.io.unit, np.zeros(graph.io.readout_bias.size, dtype=np.int64))
    yield "blocks", placed_as(graph, target, units * found.cores // graph.units)
    yield "dealt out", placed_as(graph, target, np.arange(neurons) % found.cores)


def show(graph: SynapseGraph, name: str, placement: Placement, patterns: int) -> bool:
    """Print a row; whether SANA-FE made the emulator's spikes."""
    summary = energy_summary(graph, placement, LOIHI1, run="free", patterns=patterns)
    pairs = [
        [summary["estimates"][kind][what][key] for kind in ("analytic", "sanafe")]
        for what, key, _ in FIGURES
    ]
    cells = (cell(pair, unit) for pair, (_, _, unit) in zip(pairs, FIGURES, strict=True))
    fits = placed_as(graph, load_target("loihi1"), placement.core).candidates[0].fits
    off = max(abs(one / other - 1) for one, other in pairs)
    say(
        f"{graph.encoding:9} {graph.weight_bits:4}  {name:14} {placement.cores:5}  "
        f"{'yes' if fits else 'no':>4} {graph.synapses:9,} {summary['steps_to_answer']:6.1f}  {'  '.join(cells)}  {off:5.1%}"
    )
    return bool(summary["same_spikes"])


def cell(pair: list[float], unit: str) -> str:
    return " | ".join(f"{scaled(value, unit):>9}" for value in pair)


def say(*words: Any) -> None:
    print(*words, flush=True)


if __name__ == "__main__":
    sys.exit(main())
