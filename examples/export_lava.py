"""Map a network to excitatory and inhibitory neurons and classify an image on Lava.

    python examples/train.py -o network.h5
    python examples/export_lava.py network.h5 -o lava_network

The exported folder needs lava-nc and numpy only; it is run here as its user would.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np

from spinspike.mapping import Rounding, certified, map_network, population_view
from spinspike.model import digits, load
from spinspike.simulators import export


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network", type=Path, help="a network file, from examples/train.py")
    parser.add_argument("-o", "--output", type=Path, default=Path("lava_network"))
    parser.add_argument("--bits", type=int, default=8, help="bits of a weight's magnitude")
    parser.add_argument("--force", action="store_true", help="replace an earlier export")
    arguments = parser.parse_args()

    content = load(arguments.network)
    rounding = Rounding(weight_bits=arguments.bits)
    graph = map_network(content.network, content.fixed_points, rounding=rounding)
    print(f"{graph.neurons} neurons, {graph.synapses:,} synapses")
    for source, target, projection in population_view(graph).edges(data=True):
        sign = "excites" if projection["sign"] > 0 else "inhibits"
        print(f"  {source} {sign} {target}: {projection['synapses']} ({projection['role']})")

    # Proof before any simulation: which states the integers hold for certain.
    for run, points in graph.fixed_points.items():
        print(f"certified {run} fixed points: {certified(graph, points).sum()} of {len(points)}")

    export(graph, arguments.output, force=arguments.force)
    test = digits().test
    image = arguments.output.with_name("unseen.npy").resolve()
    np.save(image, test.inputs[0])
    print(f"an image of a {test.labels[0]}, classified by the exported folder alone:")
    subprocess.run(
        [sys.executable, "network.py", str(image)], cwd=arguments.output, check=True, timeout=300
    )


if __name__ == "__main__":
    main()
