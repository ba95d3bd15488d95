"""See whether a mapped network keeps its states in continuous time, with the label gone.

    python examples/train.py -o network.h5
    python examples/validate_brian2.py network.h5 -o overlap.png

Leaky integrate-and-fire neurons in Brian2: cue, clamp with the label, release, half a second of
silence from the label. Beside the graph runs the same graph with its couplings deleted.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from matplotlib.figure import Figure

from spinspike.mapping import map_network
from spinspike.model import load
from spinspike.simulators import Brian2LIF, validate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network", type=Path, help="a network file, from examples/train.py")
    parser.add_argument("-o", "--output", type=Path, default=Path("overlap.png"))
    parser.add_argument("--patterns", type=int, default=10)
    arguments = parser.parse_args()

    content = load(arguments.network)
    graph = map_network(content.network, content.fixed_points)
    figure = Figure(figsize=(7, 3.5), layout="constrained")
    axis = figure.subplots()
    shown = ("", "no couplings")
    for outcome in validate(graph, Brian2LIF(), patterns=arguments.patterns, runs=["learned"]):
        name = outcome.null or "the graph"
        print(
            f"{name:13s} ends exactly in s*: {outcome.exact.mean():6.1%}   "
            f"overlap with s*: {outcome.overlap[-1].mean():.4f}   "
            f"class kept: {outcome.class_kept.mean():.1%}"
        )
        if outcome.null in shown:
            axis.plot(outcome.times, outcome.overlap.mean(axis=1), label=name)
            axis.axvline(outcome.release, color="grey", linestyle=":")
    axis.set(xlabel="ms (label removed at the dotted line)", ylabel="overlap with s*")
    axis.legend()
    figure.savefig(arguments.output)
    print(f"wrote {arguments.output}")


if __name__ == "__main__":
    main()
