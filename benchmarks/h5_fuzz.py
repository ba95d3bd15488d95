"""Damaged and hostile graph and network files: what loading them ends in.

    python benchmarks/h5_fuzz.py [--count 10000] [--seed 0]

The same damage as in `nir_fuzz`, and attributes with another meaning, to files that `save` wrote:
graphs in turn with networks. Each is read by `graph_file.load` or `network_file.load`, and what
comes out runs for a few steps. That happens in a process of its own for every 200 files, which
tells of each before it opens the next: where one ends the process, by a crash of the HDF5 library
or by taking more than a minute or 4 GiB, it is counted, and the next process goes on behind it.
Printed as JSON: how many were read or refused, the longest time, the largest memory, and every
other outcome, of which there must be none.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from nir_fuzz import damaged, twisted

from spinspike.errors import SpinspikeError
from spinspike.mapping import map_network
from spinspike.mapping.graph import graph_file
from spinspike.mapping.graph.delays import with_delays
from spinspike.mapping.quantisation.rounding import InputMode, Rounding
from spinspike.model.network import network_file
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.dynamics import is_fixed
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.model.network.network import random_network
from spinspike.simulators import Emulator, Phases, encode_stimulus

AT_ONCE = 200  # files of one process
SLOW = 60  # seconds after which a file counts as hung
MEMORY = 4 * 2**30
LARGE = 10**5  # neurons: more are not run here
VALUES: tuple[Any, ...] = (
    -1, 0, 2**31, 2**62, 2.0**70, np.nan, np.inf, "", "x" * 10_000, "[" * 50_000, "[[]]", "{}",
    b"\xff\xfe", '[["E", 8388607, "threshold"]]', '[["E", "E", "coupling", 1, 99, 63]]',
    np.arange(3), h5py.Empty("f8"),
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """How one file ended."""

    outcome: str
    seconds: float


def samples(folder: Path) -> list[Path]:
    """Good files: graphs of several kinds, networks of one module and of two."""
    rng = np.random.default_rng(0)
    found = []
    kinds: list[tuple[str, InputMode, int]] = [
        ("dale", "bias", 1), ("signed", "graded", 2), ("pushpull", "binary", 1)
    ]  # fmt: skip
    for encoding, way, modules in kinds:
        shape = Architecture(units=5, inputs=3, classes=2, modules=modules, link=0.5)
        network = random_network(shape, rng, centre=np.zeros(3))
        states = rng.choice(np.array([-1, 1], dtype=np.int8), (2, network.units))
        points = {"learned": FixedPoints(np.eye(2, 3), np.arange(2), states)}
        rounding = Rounding(input=way)
        graph = map_network(network, encoding=encoding, rounding=rounding, fixed_points=points)
        found += [folder / f"graph_{encoding}.h5", folder / f"network_{encoding}.h5"]
        graph_file.save(found[-2], with_delays(graph, modules - 1, rng))
        network_file.save(found[-1], network_file.NetworkFile(network, points, {"seed": 0}))
    return found


def renamed(path: Path, rng: np.random.Generator) -> None:
    """An attribute lost or with another value."""
    with h5py.File(path, "a") as file:
        name = str(rng.choice(list(file.attrs)))
        del file.attrs[name]
        chosen = int(rng.integers(len(VALUES) + 1))
        if chosen < len(VALUES):
            value = VALUES[chosen]
            fixed = isinstance(value, str) and rng.random() < 0.8
            file.attrs[name] = np.bytes_(value.encode()) if fixed else value


def spoil(source: Path, path: Path, number: int, seed: int) -> None:
    """Case ``number``, made of a good file."""
    rng = np.random.default_rng([seed, number])
    data = source.read_bytes()
    path.write_bytes(data if number % 4 > 1 else damaged(data, rng))
    if number % 4 > 1:
        with suppress(OSError, RuntimeError, ValueError, TypeError, OverflowError):
            (twisted if number % 4 == 3 else renamed)(path, rng)


def use(path: Path, *, as_graph: bool) -> str:
    """Load a file and do with it what one does."""
    if not as_graph:
        content = network_file.load(path)
        for points in content.fixed_points.values():
            is_fixed(content.network, points.inputs, points.states)
        return "read"
    graph = graph_file.load(path)
    if graph.neurons > LARGE:
        return "read, too large to run here"
    low, high = graph.io.input_range
    images = np.stack([np.full(graph.io.centre.size, x) for x in (low, high)])
    Emulator().run(graph, encode_stimulus(graph, images, labels=np.zeros(2, int)), Phases(1, 2, 2))
    return "read"


def ending(path: Path, *, as_graph: bool) -> str:
    try:
        return use(path, as_graph=as_graph)
    except SpinspikeError as error:
        text = str(error)
        if not text or "\n" in text.strip():
            return f"odd: message {text!r}"
        return f"refused: {type(error).__name__}"
    except Exception as error:  # noqa: BLE001  these are what is looked for
        return f"odd: {type(error).__name__}: {error}"


def batch(numbers: range, seed: int, good: list[Path], folder: Path) -> None:
    """What a process of its own does: one line in ``told`` for each file."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    path = folder / "case.h5"
    with (folder / "told").open("w") as told:
        for number in numbers:
            source = good[number // 4 % len(good)]
            path.unlink(missing_ok=True)
            spoil(source, path, number, seed)
            signal.alarm(SLOW)
            start = time.monotonic()
            outcome = ending(path, as_graph=source.name.startswith("graph"))
            signal.alarm(0)
            told.write(json.dumps([outcome, time.monotonic() - start]) + "\n")
            told.flush()


def cases(count: int, seed: int, folder: Path) -> Iterator[Case]:
    """How each file ended, in order."""
    good, number = samples(folder), 0
    while number < count:
        numbers = range(number, min(number + AT_ONCE, count))
        if not (child := os.fork()):
            batch(numbers, seed, good, folder)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        lines = (folder / "told").read_text().splitlines()
        yield from (Case(*json.loads(line)) for line in lines)
        number += len(lines)
        if status:
            ended = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else status
            yield Case(f"odd: ended the process, {ended}", float(SLOW))
            number += 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        found = list(cases(options.count, options.seed, Path(name)))
    odd = [f"{number}: {c.outcome}" for number, c in enumerate(found) if c.outcome[:3] == "odd"]
    result = {
        "files": len(found),
        "outcomes": dict(Counter(c.outcome for c in found).most_common(12)),
        "slowest_s": round(max(c.seconds for c in found), 2),
        "largest_memory_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
        "odd": odd,
    }
    print(json.dumps(result, indent=2))
    return 1 if odd else 0


if __name__ == "__main__":
    sys.exit(main())
