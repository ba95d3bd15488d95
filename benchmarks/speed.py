"""How many times faster than an earlier spinspike, in one run on one machine, to the same results.

    python benchmarks/speed.py OLD/.venv/bin/python graph.h5 [more.h5 ...]

Both versions run the same lines in processes of their own, in turns, after a run that warms them up:
the learned fixed points of each graph file, over and over up to --patterns, clamped and released, for 60
steps on the emulator; and `spinspike --help`. A file must be readable by both. Spikes, states and readouts are compared
first; exit code 1 where they differ.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

EMULATE = """
import json, resource, sys, time, zlib
import numpy as np
from spinspike.mapping import load
from spinspike import simulators
from spinspike.simulators import Emulator

# names of now, or of before 0.2
Phases = getattr(simulators, "Phases", None) or simulators.Protocol
encode = getattr(simulators, "encode_stimulus", None) or simulators.stimulus

graph, wanted = load(sys.argv[1]), int(sys.argv[2])
points = graph.fixed_points["learned"]
rows = np.arange(wanted) % len(points)
given = encode(graph, points.inputs[rows], labels=points.labels[rows])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
Emulator().run(graph, given, Phases(1, 5, 54))
started = time.perf_counter()
found = Emulator().run(graph, given, Phases(1, 5, 54))
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
parts = (found.spikes, found.states, found.readout)
print(json.dumps({
    "seconds": seconds, "megabytes": peak / 1024,
    "result": [zlib.crc32(np.ascontiguousarray(part)) for part in parts],
}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("old", type=Path, help="Python of the earlier version's environment.")
    parser.add_argument("graphs", type=Path, nargs="+")
    parser.add_argument("--patterns", type=int, default=10_000)
    parser.add_argument("--pairs", type=int, default=5)
    given = parser.parse_args()
    pythons = {"old": str(given.old), "new": sys.executable}
    differs = False
    for graph in given.graphs:
        words = ["-c", EMULATE, str(graph), str(given.patterns)]
        runs = in_turns(pythons, words, given.pairs)
        differs |= runs["old"][0]["result"] != runs["new"][0]["result"]
        show(f"emulator, {graph.name}, {given.patterns} patterns", runs, "seconds")
        show("  memory beyond graph and stimulus, MB", runs, "megabytes")
    help_page = ["-m", "spinspike.cli.main", "--help"]
    show("spinspike --help", in_turns(pythons, help_page, given.pairs), "wall")
    sys.exit(differs)


def in_turns(
    pythons: dict[str, str], words: list[str], pairs: int
) -> dict[str, list[dict[str, Any]]]:
    """What the runs printed, with the time of the whole process."""
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in pythons}
    for _ in range(pairs):
        for name, python in pythons.items():
            started = perf_counter()
            done = subprocess.run([python, *words], capture_output=True, text=True, check=True)
            wall = {"wall": perf_counter() - started}
            runs[name].append(wall | (json.loads(done.stdout) if "{" in done.stdout[:1] else {}))
    return runs


def show(title: str, runs: dict[str, list[dict[str, Any]]], what: str) -> None:
    """Medians of both, and the median of the ratios with their extremes."""
    old, new = ([run[what] for run in runs[name]] for name in ("old", "new"))
    ratios = [one / other for one, other in zip(old, new, strict=True)]
    sys.stdout.write(
        f"{title}: {statistics.median(old):.2f} -> {statistics.median(new):.2f}, ratio "
        f"{statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})\n"
    )


if __name__ == "__main__":
    main()
