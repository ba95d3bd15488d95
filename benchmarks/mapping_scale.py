"""Map, quantise and certify networks of growing size; print time and peak memory.

    python benchmarks/mapping_scale.py                       # 10^5 to 10^7 synapses, a minute
    python benchmarks/mapping_scale.py --synapses 1e8
    python benchmarks/mapping_scale.py --figure cost.png

The networks are drawn at random, 100 couplings to a unit, with 100 states as fixed points; they
are mapped by the dale encoding at 8 bits. What is certified of them does not matter for the cost.
Every size runs in a process of its own, on one thread. Peak memory counts what was allocated from
before the mapping (interpreter, libraries and the reference network are there already) to its end.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from spinspike.mapping import certified, map_network
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.model.network.network import Network

SIZES = (1e5, 3e5, 1e6, 3e6, 1e7)
FAN_IN, INPUTS, CLASSES, PATTERNS = 100, 64, 10, 100
INPUT_FAN_IN = 16


def random_network(units: int, rng: np.random.Generator) -> Network:
    """A network with a fixed number of couplings and input weights to each unit."""
    return Network(
        coupling=_random_rows(units, units, FAN_IN, rng),
        self_coupling=np.full(units, 0.5),
        link=csr_array((units, units), dtype=np.float64),
        input_weight=_random_rows(units, INPUTS, INPUT_FAN_IN, rng),
        bias=np.zeros(units),
        supervisory=rng.normal(size=(units, CLASSES)) / np.sqrt(CLASSES),
        readout=rng.normal(size=(CLASSES, units)) / np.sqrt(units),
        centre=np.full(INPUTS, 0.5),
        gain=1.0,
        input_range=(0.0, 1.0),
        modules=(units,),
    )


def _random_rows(rows: int, columns: int, count: int, rng: np.random.Generator) -> Any:
    """Normal entries of variance 1/count, one in each of count stretches of every row."""
    width = columns // count
    places = rng.integers(0, width, size=(rows, count), dtype=np.int32)
    places += np.arange(count, dtype=np.int32) * width
    if rows == columns:  # no diagonal
        own = np.arange(rows, dtype=np.int32)[:, None]
        places += np.where(places == own, np.where(places % width, -1, 1), 0).astype(np.int32)
    values = rng.normal(size=rows * count) / np.sqrt(count)
    indptr = np.arange(0, rows * count + 1, count)
    return csr_array((values, places.ravel(), indptr), shape=(rows, columns))


def measure(synapses: float) -> dict[str, float]:
    """Map one network, here and now."""
    rng = np.random.default_rng(0)
    units = round(synapses / (2 * FAN_IN))
    network = random_network(units, rng)
    states = np.where(rng.random((PATTERNS, units)) < 0.5, -1, 1).astype(np.int8)
    labels = np.arange(PATTERNS) % CLASSES
    points = FixedPoints(rng.random((PATTERNS, INPUTS)), labels, states)
    before = resident()
    started = perf_counter()
    graph = map_network(network, {"learned": points})
    mapped, while_mapping = perf_counter(), peak() - before
    certified(graph, points)
    done = perf_counter()
    arrays = [a for p in graph.projections for a in (p.indptr, p.indices, p.mantissa)]
    return {
        "synapses": graph.synapses,
        "map": mapped - started,
        "certify": done - mapped,
        "graph": sum(a.nbytes for a in arrays) / 1e6,
        "stored": sum(a.nbytes for a in {id(a): a for a in arrays}.values()) / 1e6,
        "peak of mapping": while_mapping / 1e6,
        "peak": (peak() - before) / 1e6,
    }


def resident() -> float:
    """Bytes in memory now."""
    return _status("VmRSS")


def peak() -> float:
    """Most bytes that were ever in memory."""
    return _status("VmHWM")


def _status(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * float(next(line.split()[1] for line in lines if line.startswith(field)))


def draw(rows: list[dict[str, float]], path: Path) -> None:
    """Cost against size, both axes logarithmic, with a line of slope one."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 4), layout="constrained")
    axes = figure.subplots()
    size = np.array([row["synapses"] for row in rows])
    total = np.array([row["map"] + row["certify"] for row in rows])
    axes.loglog(size, total, "o-", label="map and certify 100 patterns")
    axes.loglog(size, total[-1] * size / size[-1], ":", color="grey", label="proportional")
    axes.set_xlabel("synapses")
    axes.set_ylabel("seconds, one core")
    axes.legend()
    figure.savefig(path)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--synapses", type=float, nargs="*", default=SIZES)
    parser.add_argument("--figure", type=Path, help="file to draw cost against size into")
    parser.add_argument("--alone", type=float, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.alone:
        sys.stdout.write(json.dumps(measure(arguments.alone)))
        return 0
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    environment = os.environ | dict.fromkeys(threads, "1")
    rows = []
    print("synapses      map s  certify s  graph MB  peak MB  peak / graph")
    for size in arguments.synapses:
        command = [sys.executable, __file__, "--alone", str(size)]
        output = subprocess.run(command, check=True, capture_output=True, env=environment).stdout
        row = json.loads(output)
        rows.append(row)
        print(
            f"{row['synapses']:>11,.0f} {row['map']:>7.2f} {row['certify']:>10.2f} "
            f"{row['graph']:>9.0f} {row['peak']:>8.0f} {row['peak'] / row['graph']:>13.1f}"
        )
    if arguments.figure:
        draw(rows, arguments.figure)
    return 0


if __name__ == "__main__":
    sys.exit(main())
