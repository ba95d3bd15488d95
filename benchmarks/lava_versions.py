"""Is Lava on this Python the Lava of Python 3.10? Exit code 1 if any number differs.

    python benchmarks/lava_versions.py [--graphs 200] [--digits 200] [--python python3.10]

lava-nc asks for Python 3.10; on newer ones it runs with the mends of `simulators/lava/mends.py`.
Here the same networks run in both: in an environment of Python 3.10 that is made here by a plain
``pip install lava-nc``, without spinspike and without the mends, and in the one that runs this.
The networks are the random graphs of `lava_equality`, a few side by side, and one trained on the
digits (--graph names another), which sees images with their labels and then without. They are built
from lava-nc's own processes alone. Patterns follow one another in one Lava run; a step far below
threshold and one without input stand before each.

Compared are the spikes, membranes and currents of all neurons in all steps, and all weights as Lava
hands them back after the run. As a null, one weight is changed by one on this Python, and one
neuron made to spike or not in the last step, in the first run of either kind. Printed as JSON: how
many numbers were compared, and how many differ.

This file runs here, and with --inside in either environment, where it needs lava-nc alone.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

SIMULATORS = Path(__file__).resolve().parents[1] / "simulators" / "lava"
CARRIED = {"parts.py": "parts.py", "watchdog.py": "watchdog.py"}
MENDS = "lava_mends.py"  # this Python alone gets it
QUIET, DOWN = 2, 2**15  # steps before each pattern; weight units below threshold in the first
PATTERNS, STEPS = 2, 100  # of each random graph; longer than the longest delay
TOGETHER = 5  # graphs in one run
TIMEOUT = 1800  # seconds of one Lava run
SEEN = {"spikes": "?", "membranes": "i4", "currents": "i4"}
NULL = "differ if one weight and one spike are changed, in the first run"


def inside(folder: Path) -> None:
    """Run the network in ``folder``/job.npz; what it shows goes into files beside it."""
    if (folder / MENDS).exists():
        import_module("lava_mends")
    from lava.magma.core.run_conditions import RunSteps
    from lava.magma.core.run_configs import Loihi2SimCfg
    from lava.proc.io.source import RingBuffer

    parts, watchdog = import_module("parts"), import_module("watchdog")
    job = dict(np.load(folder / "job.npz", allow_pickle=False))
    head, neurons, position = json.loads(str(job["head"])), {}, 0
    for name, size in head["populations"].items():
        here = slice(position, position := position + size)
        neurons[name] = parts.lif(name, job["offset"][here], 0)
        RingBuffer(data=job["fed"][here]).s_out.connect(neurons[name].a_in)
    for name in head["readout"]:
        neurons[name] = parts.lif(name, job["readout_offset"], parts.NEVER)
    sources = {name: RingBuffer(data=job[name]) for name in ("supervisory", "input")}
    connections = []
    for number, row in enumerate(head["projections"]):
        connections.append(parts.connection(job, row, number, head["levels"]))
        source = sources.get(row["source_model"]) or neurons[row["source"]]
        source.s_out.connect(connections[-1].s_in)
        connections[-1].a_out.connect(neurons[row["target"]].a_in)
    steps = job["fed"].shape[1]
    record(neurons, steps, folder)
    process = next(iter(neurons.values()))
    process.create_runtime(run_cfg=Loihi2SimCfg(select_tag="fixed_pt"))
    with watchdog.fail_with(multiprocessing.active_children()):
        process.run(condition=RunSteps(num_steps=steps))
        weights = [one.weights.get() for one in connections]
    process.stop()
    dense = [one if isinstance(one, np.ndarray) else one.toarray() for one in weights]
    np.save(folder / "weights.npy", np.concatenate([one.ravel() for one in dense]))
    about: dict[str, Any] = {"python": platform.python_version()}
    about |= {name: version(name) for name in ("lava-nc", "numpy", "scipy", "networkx")}
    about["mended"] = "LavaMends" in {type(finder).__name__ for finder in sys.meta_path}
    about["processes"] = [type(one).__name__ for one in connections]
    (folder / "about.json").write_text(json.dumps(about))


def record(neurons: dict[str, Any], steps: int, folder: Path) -> None:
    """After each step neurons write what they sent and hold into files mapped before they fork."""
    from lava.proc.lif.models import PyLifModelBitAcc

    files, original = {}, PyLifModelBitAcc.run_spk
    for name, neuron in neurons.items():
        kind = [(what, code, neuron.v.shape) for what, code in SEEN.items()]
        path = folder / f"{name}.npy"
        files[name] = np.lib.format.open_memmap(path, mode="w+", dtype=kind, shape=(steps,))

    def run_spk(self: Any) -> None:
        original(self)
        file, step = files[self.proc_params["name"]], self.time_step - 1
        for what, value in zip(SEEN, (self.s_out_buff, self.v, self.u), strict=True):
            file[what][step] = value

    PyLifModelBitAcc.run_spk = run_spk


def job(case: Any, phases: Any) -> dict[str, Any]:
    """Arrays for `inside`: the network, and what its neurons get in every step."""
    from spinspike.simulators.lava.network import stock_arrays

    graph, given, length = case.graph, case.given, QUIET + phases.total
    fed = np.repeat(given.bias.T[:, :, None], length, axis=2)
    fed[:, :, QUIET] = given.first_bias.T
    fed[:, :, 0], fed[:, :, 1] = -DOWN, 0
    arrays = stock_arrays(graph) | {"fed": fed - graph.bias[:, None, None]}
    # a spike acts one step later
    start, stop = QUIET - 1 + phases.cue, QUIET - 1 + phases.release
    for name, values, sent in (
        ("supervisory", given.supervisor, slice(start, stop)),
        ("input", given.levels, slice(QUIET - 1, length - 1)),
    ):
        arrays[name] = np.zeros((*values.T.shape, length))
        arrays[name][:, :, sent] = values.T[:, :, None]
    for name in ("fed", "supervisory", "input"):
        arrays[name] = arrays[name].reshape(-1, fed[0].size).astype(np.int32)
    return arrays


def run(python: Path | str, arrays: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Numbers that Lava showed, by kind, and what it ran with."""
    from spinspike.simulators.lava.watchdog import supervise

    files = CARRIED | ({"mends.py": MENDS} if python == sys.executable else {})
    variables = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    variables |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory(prefix="lava-versions-") as place:
        folder = Path(place)
        for file, name in files.items():
            shutil.copyfile(SIMULATORS / file, folder / name)
        np.savez(folder / "job.npz", **arrays)
        command = [str(python), "-W", "ignore", str(Path(__file__).resolve())]
        command += ["--inside", place, str(os.getpid())]
        # nothing is known before the end: the timeout is for the whole run
        supervise(command, folder=folder, stall=TIMEOUT, pulse=int, environment=variables)
        head = json.loads(str(arrays["head"]))
        seen = [
            np.load(folder / f"{name}.npy") for name in (*head["populations"], *head["readout"])
        ]
        found = {what: np.concatenate([one[what] for one in seen], axis=1) for what in SEEN}
        found["weights"] = np.load(folder / "weights.npy")
        return found, json.loads((folder / "about.json").read_text())


def disturbed(arrays: dict[str, Any], spikes: Any) -> dict[str, Any]:
    """A weight changed by one, of a neuron that spikes in about half of the steps, and a spike."""
    head, rates, position = json.loads(str(arrays["head"])), {}, 0
    for name, size in head["populations"].items():
        rates[name] = spikes[:, position : position + size].mean(axis=0)
        position += size
    options = []
    for number, row in enumerate(head["projections"]):
        if row["source"] in rates and arrays[f"indices{number}"].size:
            far = np.abs(rates[row["source"]][arrays[f"indices{number}"]] - 0.5)
            options.append((far.min(), number, far.argmin()))
    _, number, synapse = min(options)
    weights = arrays[f"weights{number}"].copy()
    # neither to 0 nor beyond 8 bits
    weights[synapse] += 1 if weights[synapse] == -255 or 0 < weights[synapse] < 255 else -1
    fed = arrays["fed"].copy()
    fed[0, -1] = -DOWN if spikes[-1, 0] else DOWN
    return arrays | {f"weights{number}": weights, "fed": fed}


def random_graphs(count: int) -> Iterator[tuple[dict[str, int], Any, Any]]:
    """Graphs as `lava_equality` draws them, side by side: their kinds, a case, its protocol."""
    from lava_equality import batches, side_by_side

    from spinspike.simulators import Phases

    rng = np.random.default_rng(0)
    for cases in batches(rng, count, PATTERNS, TOGETHER, stock=True):
        cue, clamped = int(rng.integers(0, 4)), int(rng.integers(0, 20))
        kinds = Counter(kind for case in cases for kind in case.kind)
        phases = Phases(cue=cue, clamped=clamped, free=STEPS - cue - clamped)
        yield {"graphs": len(cases), **kinds}, side_by_side(cases), phases


def digits(count: int, file: Path | None, work: Path) -> Iterator[tuple[dict[str, int], Any, Any]]:
    """Test images on a trained network, with their labels and then without."""
    from lava_equality import Case
    from lava_folder import trained

    from spinspike.mapping.graph.graph_file import load
    from spinspike.simulators import Phases, encode_stimulus

    graph = load(file or trained(work))
    points = graph.fixed_points["free"].select(slice(count))
    case = Case(graph, encode_stimulus(graph, points.inputs, labels=points.labels), frozenset())
    yield {"patterns": len(points)}, case, Phases(cue=graph.modules, clamped=5, free=20)


def measure(options: argparse.Namespace, python: str, work: Path) -> dict[str, Any]:
    """All counts."""
    from lava_folder import environment

    from spinspike.simulators.lava_setup import RELEASE

    untouched, _ = environment(options.environment or work / "lava", python, ["install", RELEASE])
    result: dict[str, Any] = {}
    sets = {"random graphs": random_graphs(options.graphs)}
    sets["digits"] = digits(options.digits, options.graph, work)
    for name, cases in sets.items():
        rows = ("what", "processes", "compared", "differ", NULL)
        counts = result[name] = {row: Counter[str]() for row in rows}
        for what, case, phases in cases:
            arrays = job(case, phases)
            (old, before), (new, now) = run(untouched, arrays), run(sys.executable, arrays)
            if not counts["what"]:
                changed, _ = run(sys.executable, disturbed(arrays, old["spikes"]))
                counts[NULL].update(differing(old, changed))
            counts["what"].update(what)
            counts["processes"].update(before.pop("processes"))
            counts["compared"].update({kind: numbers.size for kind, numbers in old.items()})
            counts["compared"]["spikes that were sent"] += int(old["spikes"].sum())
            counts["differ"].update(differing(old, new))
            result["on"] = [before, {key: now[key] for key in before}]
            print(name, dict(counts["what"]), dict(counts["differ"]), file=sys.stderr, flush=True)
    return result


def differing(one: dict[str, Any], other: dict[str, Any]) -> dict[str, int]:
    """How many numbers differ, by kind."""
    return {what: int((one[what] != other[what]).sum()) for what in one}


def python310(named: str | None) -> str | None:
    """The Python 3.10 that is named, or that pyenv or PATH has."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = [*map(str, root.glob("versions/3.10*/bin/python")), "python3.10"]
    for candidate in filter(shutil.which, [named] if named else found):
        command = [candidate, "-c", "import sys; print(*sys.version_info[:2])"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.stdout == "3 10\n":
            return candidate
    return None


def main() -> int:
    if sys.argv[1:2] == ["--inside"]:
        folder, caller = Path(sys.argv[2]), int(sys.argv[3])
        sys.path.insert(0, str(folder))
        import_module("watchdog").work(lambda: inside(folder), caller, folder)
        return 0
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--graphs", type=int, default=200, help="random graphs [200]")
    parser.add_argument("--digits", type=int, default=200, help="images [200]")
    parser.add_argument("--graph", type=Path, help="a graph file; shows its own images")
    parser.add_argument("--environment", type=Path, help="made here, or used if it exists")
    parser.add_argument("--python", help="a Python 3.10 [the one that pyenv or PATH has]")
    options = parser.parse_args()
    python = python310(options.python)
    if python is None:
        where = options.python or "on PATH or in pyenv"
        parser.error(f"no Python 3.10: {where}; name one by --python")
    with tempfile.TemporaryDirectory() as name:
        result = measure(options, python, Path(name))
    print(json.dumps(result, indent=2))
    sets = [result["random graphs"], result["digits"]]
    blind = not all(all(counts[NULL].values()) for counts in sets)
    return int(blind or any(counts["differ"].total() for counts in sets))


if __name__ == "__main__":
    sys.exit(main())
