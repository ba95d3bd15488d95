"""The exported Lava folder in an environment that has lava-nc and nothing else of ours.

    python benchmarks/lava_folder.py [--graph graph.h5] [--environment DIR] [--patterns 100]

Makes a virtual environment of the Python that runs this, installs lava-nc and what it imports, as
`spinspike setup lava` does (the latter at the versions of constraints.txt), exports the graph
(without --graph one that is trained on the digits here) and runs every certified pattern there, as
the one that it was learned as or reached by: training images are clamped with their label
and released, test images are shown alone. Patterns follow one another in one Lava run, each from
silence: the neurons are driven far below threshold for a step and to exactly 0 for another. A
pattern whose run ends elsewhere is run once more, started in its state. Printed as JSON: how many
patterns reached their state and kept it to the end, how many of those started in it, and in how
many the states of the units differ from the emulator's in any step. As a null, patterns start in
their states in a folder whose couplings are permuted. A few images go through the folder's own
`network.py`, too.

This file runs twice: here, and with --inside in the new environment, where it imports the folder.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

CONSTRAINTS = Path(__file__).resolve().parents[1] / "constraints.txt"
CLAMPED, HOLD = 5, 30  # steps
AT_ONCE = 100  # patterns of one Lava run
LIMIT = 4095  # what a state is forced with
TIMEOUT = 600  # seconds of one Lava run
# Lava executes all files beside a process: this one gets a folder of its own.
RECORDER = '''
import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyInPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.ports.ports import InPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol


class Recorder(AbstractProcess):
    """Writes spikes to a file, (steps, neurons): Lava's sinks hand back one number at a time."""

    def __init__(self, *, size: int, steps: int, file: str) -> None:
        np.lib.format.open_memmap(file, mode="w+", dtype=bool, shape=(steps, size)).flush()
        super().__init__(size=size, file=file)
        self.s_in = InPort(shape=(size,))


@implements(proc=Recorder, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyRecorder(PyLoihiProcessModel):
    s_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32)

    def __init__(self, proc_params) -> None:
        super().__init__(proc_params)
        self.spikes = np.load(proc_params["file"], mmap_mode="r+")

    def run_spk(self) -> None:
        self.spikes[self.time_step - 1] = self.s_in.recv()
'''


def inside(folder: Path, work: Path) -> None:
    """Run the patterns in ``work``/job.npz; the units' states go to ``work``/up.npy."""
    sys.path[:0] = [str(folder), str(work / "recorder")]
    # to be found in the folders named above, at run time alone; the first mends Lava
    program = import_module("network")
    from lava.magma.core.run_conditions import RunSteps
    from lava.magma.core.run_configs import Loihi2SimCfg
    from lava.proc.io.source import RingBuffer

    AttractorNetwork = import_module("processes").AttractorNetwork
    Recorder = import_module("recorder").Recorder
    arrays = dict(np.load(folder / "arrays.npz", allow_pickle=False))
    job = np.load(work / "job.npz", allow_pickle=False)
    given, signal_, silence = timeline(program, arrays, job)
    steps = given.shape[1]
    network = AttractorNetwork(arrays)
    RingBuffer(data=signal_).s_out.connect(network.supervisory)
    position = 0
    for name, size in program.head(arrays)["populations"].items():
        part = given[position : position + size]
        RingBuffer(data=part).s_out.connect(getattr(network, f"input_{name}"))
        recorder = Recorder(size=size, steps=steps, file=str(work / f"{name}.npy"))
        getattr(network, f"spikes_{name}").connect(recorder.s_in)
        position += size
    network.run(
        condition=RunSteps(num_steps=steps),
        run_cfg=Loihi2SimCfg(select_tag="fixed_pt", select_sub_proc_model=True),
    )
    network.stop()
    names = program.head(arrays)["populations"]
    spikes = np.concatenate([np.load(work / f"{name}.npy") for name in names], axis=1)
    decoder = arrays["decoder"]
    up = spikes[:, decoder] == (arrays["input_sign"][decoder] > 0)
    patterns = len(job["labels"])
    np.save(work / "up.npy", up.reshape(patterns, -1, up.shape[1])[:, silence:])


def timeline(program: Any, arrays: Any, job: Any) -> tuple[Any, Any, int]:
    """What the input ports and the supervisory neurons get in all steps; the steps of silence."""
    cue, rows = program.cue(arrays), program.head(arrays)["projections"]
    silence = 2 + max(row["longest_delay"] for row in rows)
    length = silence + cue + CLAMPED + HOLD
    change = arrays["first_offset"] - arrays["offset"]
    down = -(excitation(program, arrays) + np.abs(change) + np.abs(arrays["offset"]) + 1)
    given = np.zeros((len(change), len(job["labels"]), length), dtype=np.int32)
    supervisory = np.zeros((len(arrays["readout"]), len(job["labels"]), length), dtype=np.int32)
    for number, label in enumerate(job["labels"]):
        here = given[:, number]
        here[:, : silence - 1] = down[:, None]
        here[:, silence - 1] = -arrays["offset"]
        here[:, silence:] = program.encode(arrays, job["images"][number])[:, None]
        here[:, silence] += change
        if job["cued"]:
            on = job["states"][number][arrays["unit"]] == arrays["input_sign"]
            here[:, silence] = np.where(on, LIMIT, -LIMIT) - arrays["offset"]
        elif label >= 0:  # spikes act one step later
            supervisory[label, number, silence + cue - 1 : silence + cue - 1 + CLAMPED] = 1
    flat = (len(change), -1), (len(supervisory), -1)
    return given.reshape(flat[0]), supervisory.reshape(flat[1]), silence


def excitation(program: Any, arrays: Any) -> Any:
    """Sum of all excitatory weights into each neuron, supervisory ones too."""
    found = []
    head = program.head(arrays)
    for name, size in head["populations"].items():
        total = np.zeros(size, dtype=np.int64)
        for number, row in enumerate(head["projections"]):
            if row["target"] == name and row["sign"] > 0:
                ends = arrays[f"indptr{number}"]
                sums = np.append(0, np.cumsum(arrays[f"weights{number}"], dtype=np.int64))
                total += (sums[ends[1:]] - sums[ends[:-1]]) << row["exponent"]
        found.append(total)
    return np.concatenate(found)


def environment(place: Path, base: str, *installs: list[str]) -> tuple[Path, list[str]]:
    """A Python like ``base`` that has what these commands of pip install, and its packages."""
    python = place / "bin" / "python"
    if not python.exists():
        subprocess.run([base, "-m", "venv", str(place)], check=True)
        for install in installs:
            pip = [str(python), "-m", "pip", "--disable-pip-version-check", "-q", *install]
            subprocess.run(pip, check=True)
    freeze = [str(python), "-m", "pip", "freeze"]
    done = subprocess.run(freeze, check=True, capture_output=True, text=True)
    absent = (
        "import importlib.util as u, sys; sys.exit(any(map(u.find_spec, ['spinspike', 'h5py'])))"
    )
    subprocess.run([str(python), "-c", absent], check=True, cwd=place)
    return python, done.stdout.split()


def trained(work: Path) -> Path:
    """The graph of a network trained on the digits."""
    spinspike = str(Path(sys.executable).parent / "spinspike")
    network, graph = str(work / "network.h5"), work / "graph.h5"
    subprocess.run([spinspike, "train", "digits", "-o", network], check=True, stdout=sys.stderr)
    subprocess.run([spinspike, "map", network, "-o", str(graph)], check=True, stdout=sys.stderr)
    return graph


def run_inside(python: Path, folder: Path, work: Path, **job: Any) -> Any:
    """States of the units in all steps, (patterns, steps, units)."""
    np.savez(work / "job.npz", **job)
    command = [str(python), "-W", "ignore", str(Path(__file__).resolve()), "--inside"]
    command += [str(folder), str(work)]
    variables = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    variables |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with subprocess.Popen(command, env=variables, start_new_session=True, cwd=work) as process:
        try:
            if process.wait(TIMEOUT):
                sys.exit(f"Lava failed with status {process.returncode}")
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    return np.load(work / "up.npy")


def kept(up: Any, states: Any, since: int) -> Any:
    """Whether each pattern came to its state, stayed to the end, and for 10 steps at least."""
    right = (up == (states > 0)[:, None]).all(axis=2)[:, since:]
    return right[:, -10:].all(axis=1) & (np.diff(right.astype(int), axis=1) >= 0).all(axis=1)


def measure(options: argparse.Namespace, work: Path) -> dict[str, Any]:
    from spinspike.mapping.certificates.margins import certified
    from spinspike.mapping.graph.graph_file import load
    from spinspike.mapping.graph.nulls import permuted_couplings
    from spinspike.simulators import Emulator, Phases, encode_stimulus, export
    from spinspike.simulators.lava_setup import commands

    # each is: python -m pip install ...
    installs = [[*command[3:], "-c", str(CONSTRAINTS)] for command in commands()]
    place = options.environment or work / "environment"
    python, packages = environment(place, sys.executable, *installs)
    graph = load(options.graph or trained(work))
    if graph.io.levels:
        sys.exit("the image comes as spikes; allowed: a graph that takes it by the bias")
    folder = export(graph, work / "folder")
    (work / "recorder").mkdir()
    (work / "recorder" / "recorder.py").write_text(RECORDER)
    phases = Phases(cue=graph.modules, clamped=CLAMPED, free=HOLD)
    result: dict[str, Any] = {"packages": packages, "steps": phases.total}
    for name, all_points in graph.fixed_points.items():
        points = all_points.select(certified(graph, all_points))
        points = points.select(slice(options.patterns))
        reached, cued, differ, seconds = 0, 0, 0, 0.0
        for start in range(0, len(points), AT_ONCE):
            part = points.select(slice(start, start + AT_ONCE))
            job = job_of(part, clamp=name == "learned")
            began = time.monotonic()
            up = run_inside(python, folder, work, cued=False, **job)
            seconds += time.monotonic() - began
            given = encode_stimulus(
                graph, part.inputs, labels=job["labels"] if name == "learned" else None
            )
            expected = Emulator().run(graph, given, phases).states.swapaxes(0, 1) > 0
            differ += int((up != expected).any(axis=(1, 2)).sum())
            held = kept(up, part.states, phases.release - 1)
            reached += int(held.sum())
            if not held.all():
                rest = {key: value[~held] for key, value in job.items()}
                up = run_inside(python, folder, work, cued=True, **rest)
                cued += int(kept(up, rest["states"], 0).sum())
            print(name, start + len(part), "of", len(points), reached, cued, file=sys.stderr)
        result[name] = {
            "patterns": len(all_points),
            "certified_and_run": len(points),
            "reached_their_state_and_kept_it": reached,
            "of_the_others_kept_it_when_started_in_it": cued,
            "lost": len(points) - reached - cued,
            "differ_from_the_emulator": differ,
            "seconds_of_the_first_runs": round(seconds, 1),
        }
    null = export(permuted_couplings(graph, np.random.default_rng(0)), work / "null")
    points = next(iter(graph.fixed_points.values())).select(slice(options.patterns or AT_ONCE))
    points = points.select(slice(AT_ONCE))
    up = run_inside(python, null, work, cued=True, **job_of(points, clamp=False))
    held = int(kept(up, points.states, 0).sum())
    result["null: couplings permuted"] = {"started_in_their_state": len(points), "kept_it": held}
    result["network.py"] = by_program(python, folder, work, graph)
    return result


def job_of(points: Any, *, clamp: bool) -> dict[str, Any]:
    """Patterns for `inside`; a label below 0 is not shown."""
    labels = points.labels if clamp else np.full(len(points), -1)
    return {"images": points.inputs, "labels": labels, "states": points.states}


def by_program(python: Path, folder: Path, work: Path, graph: Any) -> dict[str, int]:
    """Three test images through the folder's own program: how many have the emulator's class."""
    from spinspike.simulators import Emulator, Phases, encode_stimulus

    points = graph.fixed_points["free"].select(slice(3))
    phases = Phases(cue=graph.modules, free=30)
    recording = Emulator().run(graph, encode_stimulus(graph, points.inputs), phases)
    scores = recording.states[-1] @ graph.io.readout.T
    classes = (scores if recording.readout is None else recording.readout).argmax(axis=1)
    same = 0
    for image, expected in zip(points.inputs, classes, strict=True):
        np.save(work / "image.npy", image)
        command = [str(python), str(folder / "network.py"), str(work / "image.npy"), "--json"]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        same += int(json.loads(done.stdout)["class"] == expected)
    return {"images": len(points), "class_as_the_emulator": same}


def main() -> int:
    if sys.argv[1:2] == ["--inside"]:
        inside(Path(sys.argv[2]), Path(sys.argv[3]))
        return 0
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--graph", type=Path, help="a graph file; its image comes by the bias")
    parser.add_argument("--environment", type=Path, help="made here, or used if it exists")
    parser.add_argument("--patterns", type=int, help="of each set, at most")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        result = measure(options, Path(name))
    print(json.dumps(result, indent=2))
    return int(any(result[name]["lost"] for name in ("learned", "free") if name in result))


if __name__ == "__main__":
    sys.exit(main())
