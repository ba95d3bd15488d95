"""Damaged and hostile NIR files: what reading them ends in.

    python benchmarks/nir_fuzz.py [--count 10000] [--seed 0]

Every file is a good one with bytes flipped, cut off, filled or moved, or changed in meaning by
HDF5's own means: links to elsewhere, promised sizes, wrong types, lost parts. Each is read by
`nir_worker` in a process of its own, as `nir_file.load` does (forked, which saves the start of an
interpreter; one in 100 goes the whole way), and what comes out is parsed, taken for a graph and run
for three steps. Printed as JSON: how many were read, refused, or killed the reader, the longest
time and the largest memory, and every outcome that is none of these, of which there must be none.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import h5py
import numpy as np

from spinspike.errors import BadInput, SpinspikeError
from spinspike.mapping import map_network
from spinspike.mapping.nir import file as nir_file
from spinspike.mapping.nir import sandbox as nir_worker
from spinspike.mapping.nir.export import from_nir, is_ours, to_nir
from spinspike.mapping.nir.graph import NirGraph
from spinspike.mapping.nir.imported import import_nir
from spinspike.mapping.nir.shapes import shapes
from spinspike.mapping.quantisation.rounding import Rounding
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.network import random_network
from spinspike.simulators.exchange.nir_executor import execute

FOREIGN = Path(__file__).resolve().parents[1] / "tests" / "simulators" / "nir_files"
SLOW = 600.0  # seconds on the clock after which reading counts as hung
LARGE = 10**6  # neurons: more are not run here


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    """Bytes flipped, cut off, filled, moved, or several of these."""
    found = bytearray(data)
    for _ in range(int(rng.integers(1, 5))):
        at, size = int(rng.integers(len(found))), int(2 ** rng.uniform(0, 9))
        match rng.integers(5):
            case 0:
                found[at] ^= 1 << int(rng.integers(8))
            case 1:
                found[at : at + size] = rng.bytes(len(found[at : at + size]))
            case 2:
                found[at : at + size] = bytes([int(rng.choice([0, 255]))]) * size
            case 3:
                other = int(rng.integers(len(found)))
                found[at : at + size] = found[other : other + size]
            case _ if rng.random() < 0.3:
                del found[max(1, at) :]
            case _:
                found[at : at + 8] = int(rng.integers(2**63)).to_bytes(8, "little")
    return bytes(found)


def twisted(path: Path, rng: np.random.Generator) -> None:
    """Another meaning, by HDF5's own means."""
    with h5py.File(path, "a") as file:
        places: list[str] = []
        file.visit(places.append)
        place = str(rng.choice(places))
        parent, _, name = place.rpartition("/")
        group = file[parent] if parent else file
        del group[name]
        choices: list[Callable[[], object]] = [
            lambda: None,
            lambda: group.__setitem__(name, h5py.SoftLink("/")),
            lambda: group.__setitem__(name, h5py.ExternalLink("/etc/passwd", "/")),
            lambda: group.__setitem__(name, file["/"]),
            lambda: group.create_dataset(name, shape=(2**40,), dtype="f8", chunks=(2**20,)),
            lambda: group.create_dataset(name, shape=(2**20, 2**20), dtype="u1", chunks=True),
            lambda: group.create_dataset(name, data=np.full(3, np.nan)),
            lambda: group.create_dataset(name, data=np.zeros((3, 0))),
            lambda: group.create_dataset(name, data=-1),
            lambda: group.create_dataset(name, data=2**62),
            lambda: group.create_dataset(name, data="NIRGraph"),
            lambda: group.create_dataset(name, data=["x"] * 1000),
            lambda: group.create_dataset(name, data=b"\xff\xfe", dtype=h5py.string_dtype()),
            lambda: group.create_dataset(name, data=np.zeros(2, dtype=[("a", "f8")])),
            lambda: group.create_dataset(name, dtype=h5py.vlen_dtype("f8"), shape=(3,)),
            lambda: group.create_dataset(name, data=h5py.Empty("f8")),
            lambda: group.create_dataset(
                name, shape=(3,), dtype="f8", external=[("/etc/passwd", 0, 24)]
            ),
            lambda: group.create_group("/".join([name] * 40)),
        ]
        choices[int(rng.integers(len(choices)))]()


def read(path: Path, folder: Path, *, whole: bool) -> NirGraph | str:
    """The graph, or how the reader ended without one."""
    if whole:
        return nir_file.read(path)
    for name in ("texts.json", "arrays.npz"):
        (folder / name).unlink(missing_ok=True)
    if not (child := os.fork()):
        nir_worker.limit(path)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 2)
        os._exit(2 if nir_worker.convert(path, folder) else 0)
    end = time.monotonic() + SLOW
    while not (ended := os.waitpid(child, os.WNOHANG))[0]:
        if time.monotonic() > end:
            os.kill(child, 9)
            os.waitpid(child, 0)
            return "hung"
        time.sleep(0.0005)
    if ended[1]:
        return "refused" if os.WIFEXITED(ended[1]) else "killed the reader"
    return nir_file.parse(path, nir_file.tree_of(folder))


def use(graph: NirGraph) -> str:
    """Do with a graph what one does; "read", or the refusal of a part of it."""
    if is_ours(graph):
        from_nir(graph)
    size = shapes(graph)
    if sum(int(np.prod(shape)) for shape in size.values()) > LARGE:
        return "read, too large to run here"
    inputs = {name: np.ones((3, 1, *size[name])) for name in graph.named("Input")}
    execute(graph, inputs, dt=1e-4)
    if not is_ours(graph):
        with suppress(BadInput):  # neurons that leak are no threshold neurons
            import_nir(graph, dt=1e-4)
    return "read"


def samples(folder: Path) -> list[Path]:
    """Good files: ours and those of other tools."""
    architecture = Architecture(units=6, inputs=3, classes=2)
    network = random_network(architecture, np.random.default_rng(0), centre=np.zeros(3))
    ours = folder / "ours.nir"
    nir_file.write(ours, to_nir(map_network(network, rounding=Rounding(input="graded"))))
    return [ours, *sorted(FOREIGN.glob("*.nir"))]


def fuzz(count: int, seed: int, folder: Path) -> dict[str, object]:
    rng = np.random.default_rng(seed)
    good = samples(folder)
    outcomes: Counter[str] = Counter()
    odd: list[str] = []
    slowest = 0.0
    path = folder / "case.nir"
    for number in range(count):
        source = good[number % len(good)]
        shutil.copyfile(source, path)
        if number % 4 == 3:
            twisted(path, rng)
        else:
            path.write_bytes(damaged(source.read_bytes(), rng))
        start = time.monotonic()
        try:
            found = read(path, folder, whole=number % 100 == 99)
            outcome = found if isinstance(found, str) else use(found)
        except SpinspikeError as error:
            outcome = f"refused: {type(error).__name__}"
            if "\n" in str(error).strip() or not str(error):
                odd.append(f"{number}: message {str(error)!r}")
        except Exception as error:  # noqa: BLE001  these are what is looked for
            outcome = "other exception"
            odd.append(f"{number}: {type(error).__name__}: {error}")
        if outcome == "hung":
            odd.append(f"{number}: hung")
        outcomes[outcome] += 1
        slowest = max(slowest, time.monotonic() - start)
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "files": count,
        "outcomes": dict(outcomes.most_common()),
        "slowest_s": round(slowest, 2),
        "largest_memory_mb": max(children, own) // 1024,
        "odd": odd,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        result = fuzz(options.count, options.seed, Path(name))
    print(json.dumps(result, indent=2))
    return 1 if result["odd"] else 0


if __name__ == "__main__":
    sys.exit(main())
