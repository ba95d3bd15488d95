"""NIR there and back, with five tools that write it, each in an environment of its own.

    python benchmarks/nir_zoo.py [--envs DIR] [--python python3.11] [--tools snntorch norse …]
                                 [--lava] [--portable] [--network NETWORK.h5] [--keep DIR]

Builds the environments in DIR (a temporary folder without it; what lies there is used again), lets
each tool export the networks of `nir_producers.py`, and prints for each the primitives in its file and

    check     whether `spinspike check --for run --from TOOL` lets it pass
    guess     the tool that the file alone tells, of what `--from auto` takes
    run       values of `spinspike nir run --from TOOL` that differ from the tool's own, of how many
    as NIR    the null: values that differ when the file is read as NIR has it
    convert   with --lava: values that differ on Lava, or why it is refused
    back      values that differ when the tool reads the file that spinspike wrote of what it had read
    own       likewise its own file; what differs here is not ours

Spikes are compared exactly, membranes to 1e-4. With --portable a network of the digits (trained here,
or NETWORK.h5) is written in the portable form, as dale, signed and pushpull at 8 and 4 bits, and run by
snnTorch, Norse and nirtorch on all test images, 27 steps; the null has its recurrent weights deleted.
What the tools of --tools that cannot run it say or do is printed beside.

Exit code 1: values differ that should not. Networks that no file of the tool can hold are listed with
the reason and do not count. Needs Python 3.11 and some GB; CPU alone.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinspike.errors import SpinspikeError
from spinspike.mapping.nir import file as nir_file
from spinspike.mapping.nir.graph import NirGraph
from spinspike.mapping.nir.portable import to_portable_nir
from spinspike.mapping.nir.producers import Choices, guess, read_as
from spinspike.simulators.exchange import nir_executor, nir_lava

TORCH = "torch==2.13.0"
PINS = {
    "snntorch": (TORCH, "snntorch==1.0.0", "nir==1.0.8", "nirtorch==2.6"),
    "norse": (TORCH, "norse==1.1.0", "nir==1.0.8", "nirtorch==2.6"),
    "sinabs": (TORCH, "sinabs==3.1.3", "nir==1.0.4", "nirtorch==2.0.2"),
    "rockpool": (TORCH, "rockpool==3.1.0", "nir==1.0.8", "nirtorch==2.6"),
    "spyx": ("spyx==1.0.0", "nir==1.0.8"),
}
READERS = {"snntorch": "snntorch", "norse": "norse", "nirtorch": "snntorch"}  # tool: environment
CANNOT = ("sinabs", "rockpool", "spyx")  # run the portable form: what they say or do is printed
INSIDE = Path(__file__).with_name("nir_producers.py")
LOST = {  # what no file of the tool says
    "sinabs_iaf_floor": "min_v_mem is not written",
    "sinabs_lif_tau_syn": "tau_syn is not written",
    "rockpool_lif_bias": "biases of LIFTorch are written as v_leak 0",
    "rockpool_lif_recurrent": "recurrent weights of LIFTorch are not written",
    "spyx_readout": "LI is left out of the file",
}
BITS, ENCODINGS = (8, 4), ("dale", "signed", "pushpull")
CLAMPED, FREE = 5, 21  # steps after the first
CLOSE = 1e-4


def environment(tool: str, folder: Path, python: str) -> Path:
    """The Python of a tool's environment, made if it is not there as it should be."""
    place = folder / tool
    mark, pins = place / "pins.txt", "\n".join(PINS[tool])
    inside = place / "bin" / "python"
    if mark.is_file() and mark.read_text() == pins:
        return inside
    subprocess.run([python, "-m", "venv", "--clear", str(place)], check=True)
    command = [str(inside), "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    subprocess.run([*command, *PINS[tool]], check=True)
    mark.write_text(pins)
    return inside


def call(python: Path, action: str, tool: str, folder: Path) -> None:
    """Let a tool do its part; one thread, so that sums come out alike."""
    variables = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "JAX_PLATFORMS": "cpu",
        "PYTHONWARNINGS": "ignore",
    }
    command = [str(python), str(INSIDE), action, tool, str(folder)]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        message = f"{tool} {action}: {done.stderr.strip().splitlines()[-1:]}"
        raise SystemExit(message)


def differing(found: NDArray[Any], wanted: NDArray[Any]) -> int:
    """Values that differ; all of them, if there are others than wanted."""
    if found.size != wanted.size:
        return int(wanted.size)
    same = found.reshape(wanted.shape)
    if wanted.dtype.kind in "ui":
        return int((same != wanted).sum())
    return int((~np.isclose(same, wanted, rtol=CLOSE, atol=CLOSE)).sum())


def execute(graph: NirGraph, x: NDArray[Any], dt: float) -> NDArray[Any]:
    (name,) = graph.named("Input")
    (found,) = nir_executor.execute(graph, {name: x}, dt=dt).values()
    return found


def on_lava(graph: NirGraph, x: NDArray[Any], dt: float, wanted: NDArray[Any]) -> str:
    if problems := nir_lava.obstacles(graph, dt=dt):
        return problems[0]
    (name,) = graph.named("Input")
    (found,) = nir_lava.run(nir_lava.to_lava(graph, dt=dt), {name: x}).values()
    return str(differing(found, wanted))


def row(path: Path, tool: str, *, lava: bool) -> dict[str, Any]:
    """What becomes of one file."""
    with np.load(path.with_suffix(".npz"), allow_pickle=False) as file:
        x, wanted, words = file["input"], file["output"], shlex.split(str(file["options"]))
    options = {name[2:]: value for name, value in zip(words[::2], words[1::2], strict=True)}
    found: dict[str, Any] = {"network": path.stem, "values": int(wanted.size)}
    try:
        graph = nir_file.read(path)
        found["primitives"] = sorted(
            {node.kind for node in graph.nodes.values()} - {"Input", "Output"}
        )
        found["guess"] = guess(graph) or "-"
        read, dt = read_as(graph, Choices(source=tool, **options))
        problems = nir_executor.obstacles(read, dt=dt)
        found |= {"dt": dt, "check": problems[0] if problems else "ok"}
        found["run"] = differing(execute(read, x, dt), wanted)
        found["convert"] = on_lava(read, x, dt, wanted) if lava else "-"
        found["as_nir"] = "refused"
        plain, _ = read_as(graph, Choices(dt=dt))
        found["as_nir"] = differing(execute(plain, x, dt), wanted)
    except SpinspikeError as error:
        found.setdefault("check", str(error).replace(str(path), "the file"))
    found["lost"] = LOST.get(path.stem, "")
    return found


def returned(python: Path, tool: str, folder: Path, rows: list[dict[str, Any]]) -> None:
    """Add what the tool makes of its own files, and of ours of them."""
    for kind in ("own", "back"):
        place = folder / kind
        place.mkdir()
        for found in rows:
            source = folder / f"{found['network']}.nir"
            with np.load(source.with_suffix(".npz"), allow_pickle=False) as file:
                np.savez(
                    place / f"{source.stem}.in.npz", input=file["input"], dt=found.get("dt", 1.0)
                )
            if kind == "own":
                shutil.copyfile(source, place / source.name)
            elif "dt" in found:
                nir_file.write(place / source.name, nir_file.read(source))
        call(python, "back", tool, place)
        for found in rows:
            out = place / f"{found['network']}.out.npz"
            found[kind] = outcome(out, folder / f"{found['network']}.npz") if out.is_file() else "-"


def outcome(out: Path, source: Path) -> str:
    with np.load(out) as file, np.load(source) as wanted:
        if "error" in file:
            return str(file["error"])
        return str(differing(file["output"], wanted["output"]))


def zoo(tool: str, python: Path, folder: Path, *, lava: bool) -> tuple[list[Any], dict[str, str]]:
    folder.mkdir(parents=True)
    call(python, "write", tool, folder)
    rows = [row(path, tool, lava=lava) for path in sorted(folder.glob("*.nir"))]
    returned(python, tool, folder, rows)
    return rows, json.loads((folder / "refused.json").read_text())


def portable(envs: dict[str, Path], folder: Path, network: Path | None) -> list[dict[str, Any]]:
    """Digits in the portable form, read by others, against the emulator."""
    from spinspike import load, map_network, train
    from spinspike.mapping.quantisation.rounding import Rounding
    from spinspike.model import digits
    from spinspike.simulators import Emulator, Phases, encode_stimulus
    from spinspike.simulators.exchange.nir_simulator import feed

    trained: Any = load(network) if network else train("digits")
    split = digits().test
    phases = Phases(cue=1, clamped=CLAMPED, free=FREE)
    wanted: dict[str, NDArray[Any]] = {}
    places = {
        tool: folder / tool for tool in (*READERS, *(tool for tool in CANNOT if tool in envs))
    }
    for place in places.values():
        place.mkdir(parents=True)
    for encoding in ENCODINGS:
        for bits in BITS:
            graph = map_network(trained, encoding=encoding, rounding=Rounding(bits))
            given = encode_stimulus(graph, split.inputs, labels=split.labels)
            spikes = Emulator().run(graph, given, phases).spikes
            assert spikes is not None
            nir = to_portable_nir(graph)
            (x,) = feed(graph, given, phases, nir).values()
            forms = {f"{encoding} {bits}": nir}
            if (encoding, bits) == ("dale", 8):
                forms["dale 8, null"] = without_recurrence(nir)
            for name, made in forms.items():
                wanted[name] = spikes
                for tool, place in places.items():
                    if tool in CANNOT and name != "dale 8":
                        continue
                    nir_file.write(place / f"{name}.nir", made)
                    np.savez_compressed(place / f"{name}.in.npz", input=x, dt=1e-4)
    rows = []
    for tool, place in places.items():
        call(envs[READERS.get(tool, tool)], "back" if tool in CANNOT else "portable", tool, place)
        for name, spikes in wanted.items():
            if tool in CANNOT and name != "dale 8":
                continue
            with np.load(place / f"{name}.out.npz") as file:
                told = (
                    str(file["error"]) if "error" in file else differing(file["output"] > 0, spikes)
                )
            rows.append(
                {"tool": tool, "graph": name, "differing": told, "values": int(spikes.size)}
            )
    return rows


def without_recurrence(graph: NirGraph) -> NirGraph:
    node = graph.nodes["recurrent"]
    none = {"weight": 0 * node.parameters["weight"]}
    return replace(graph, nodes={**graph.nodes, "recurrent": replace(node, parameters=none)})


def shown(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    cells = [columns, *([str(found.get(name, "-"))[:70] for name in columns] for found in rows)]
    widths = [max(len(line[k]) for line in cells) for k in range(len(columns))]
    for line in cells:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        )
    print(flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--envs", type=Path)
    parser.add_argument("--python", default="python3.11")
    parser.add_argument("--tools", nargs="*", choices=list(PINS), default=list(PINS))
    parser.add_argument("--lava", action="store_true")
    parser.add_argument("--portable", action="store_true")
    parser.add_argument("--network", type=Path)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="nir-zoo-") as name:
        envs = options.envs or Path(name) / "envs"
        files = options.keep or Path(name) / "files"
        for tool in options.tools:
            python = environment(tool, envs, options.python)
            rows, refused = zoo(tool, python, files / tool, lava=options.lava)
            print(f"{tool}: {', '.join(PINS[tool])}")
            for found in rows:
                found["primitives"] = " ".join(found.get("primitives", ()))
            columns = ("network", "primitives", "check", "guess", "run", "as_nir", "values")
            shown(rows, (*columns, "lost"))
            shown(rows, ("network", "convert", "back", "own"))
            for network, why in refused.items():
                print(f"{network} is not exported: {why}")
            print()
            wrong += sum(bool(found.get("run")) and not found["lost"] for found in rows)
        if options.portable:
            tools = sorted({*READERS.values(), *(set(CANNOT) & set(options.tools))})
            pythons = {tool: environment(tool, envs, options.python) for tool in tools}
            rows = portable(pythons, files / "portable", options.network)
            shown(rows, ("tool", "graph", "differing", "values"))
            rows = [found for found in rows if found["tool"] not in CANNOT]
            wrong += sum(found["differing"] != 0 for found in rows if "null" not in found["graph"])
            wrong += sum(found["differing"] == 0 for found in rows if "null" in found["graph"])
    print(f"{wrong} networks differ that should not")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
