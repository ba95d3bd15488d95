"""Validation and stress on workers: the same results as alone, on every simulator.

    python benchmarks/workers.py [--on emulator lava brian2 nest] [--units 60] [--patterns 6]

A small network of the digits is trained, mapped, validated and stressed alone, with two jobs, and with
a Dask scheduler of two workers of two threads each, started here. Printed for each simulator: values
compared, values that differ from those alone, and, as a null, values that differ with another seed.
Exit code 1 if any differ from those alone.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from spinspike import map_network, stress, train, validate
from spinspike.mapping import SynapseGraph

TAKEN = ("seconds", "wall", "elapsed")  # which may differ


def values(found: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """All numbers and texts in a result, by where they are; times that it took are left out."""
    if dataclasses.is_dataclass(found) and not isinstance(found, type):
        for part in dataclasses.fields(found):
            if not any(word in part.name for word in TAKEN):
                yield from values(getattr(found, part.name), f"{place}.{part.name}")
    elif isinstance(found, dict):
        for name, value in found.items():
            yield from values(value, f"{place}[{name}]")
    elif isinstance(found, list | tuple):
        for number, value in enumerate(found):
            yield from values(value, f"{place}[{number}]")
    elif isinstance(found, np.ndarray):
        for number, value in enumerate(found.ravel().tolist()):
            yield f"{place}[{number}]", value
    else:
        yield place, found


def differing(found: Any, wanted: Any) -> tuple[int, int]:
    """Values compared, and those that differ; NaN is NaN."""
    a, b = dict(values(found)), dict(values(wanted))
    places = a.keys() | b.keys()
    return len(places), sum(repr(a.get(name)) != repr(b.get(name)) for name in places)


def asked(graph: SynapseGraph, on: str, patterns: int, seed: int, **where: Any) -> tuple[Any, Any]:
    validated = validate(graph, on=on, patterns=patterns, seed=seed, **where)
    kinds = ["lost-synapses"]
    stressed = stress(
        graph, kinds, levels=[0.0, 0.3], on=on, patterns=patterns, draws=2, seed=seed, **where
    )
    return validated.outcomes, stressed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--on", nargs="+", default=["emulator", "lava", "brian2", "nest"])
    parser.add_argument("--units", type=int, default=60)
    parser.add_argument("--patterns", type=int, default=6)
    options = parser.parse_args()
    from distributed import LocalCluster

    graph = map_network(train("digits", units=options.units, epochs=1))
    make: Any = LocalCluster
    wrong = 0
    with make(n_workers=2, threads_per_worker=2, processes=True, dashboard_address=None) as cluster:
        for on in options.on:
            start = time.monotonic()
            alone = asked(graph, on, options.patterns, 0)
            found = {
                "jobs 2": asked(graph, on, options.patterns, 0, jobs=2),
                "scheduler": asked(
                    graph, on, options.patterns, 0, scheduler=cluster.scheduler_address
                ),
                "null: seed 1": asked(graph, on, options.patterns, 1),
            }
            for name, results in found.items():
                for verb, ours, theirs in zip(("validate", "stress"), results, alone, strict=True):
                    compared, other = differing(ours, theirs)
                    print(f"{on:9} {verb:9} {name:13} {other} of {compared} differ", flush=True)
                    wrong += 0 if name.startswith("null") else other
            print(f"{on:9} {time.monotonic() - start:.0f} s", flush=True)
    print(f"{wrong} values differ from those alone")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
