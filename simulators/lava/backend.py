"""Lava, Intel's framework for Loihi, spike for spike.

Neurons are lava-nc's own fixed-point LIF. Synapses, source neurons and sinks are processes of this
project (`processes`), so that many patterns share one process graph. In the stock mode
synapses are lava-nc's own too, Dense and Sparse, with delays DelayDense and DelaySparse, as they
are in an exported folder: the reference of the reference, one pattern at a time.

Lava counts a neuron's current in 1/64 of a weight unit and keeps it, like the voltage, in 24 bits:

    u(t) = 64 sum_p sign_p 2**e_p sum_j m_kj n_j(t - 1)
    v(t) = sgn(v) (|v| >> 12) + u(t) + 64 b(t),     n(t) = 1 and v(t) = 0 if v(t) > 0

The residue |v| >> 12 is what the largest leak (dv = 4095) leaves of the last step's voltage.
Readout neurons have the highest threshold there is, which no sum within 24 bits reaches; their
voltage is read before the network stops.
Source: lava-nc 0.10.0, ``lava/proc/lif/models.py``, PyLifModelBitAcc.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spinspike.arrays import IntArray
from spinspike.errors import BadInput, MissingPart, SimulationFailed
from spinspike.mapping.graph.codec import unit_states
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.graph.registers import check_synapses
from spinspike.npz import write_npz
from spinspike.simulators.base import Phases, Recording, Regime, Stimulus
from spinspike.simulators.lava.network import joined, stock_arrays
from spinspike.simulators.lava.registers import check_stimulus
from spinspike.simulators.lava.watchdog import supervise
from spinspike.simulators.lava_setup import COMMAND
from spinspike.simulators.stimulus import check_size
from spinspike.task import Progress

# Shared memory per pattern for each neuron at either end of a projection: an int32 in each of four
# slots, and as much again for what the sinks receive and Lava rounds up (measured: half as much).
BYTES_PER_END = 2 * 4 * 4
# Neurons of all patterns in one run, beyond which the start of Lava costs little any more.
AT_ONCE = 2**20


@dataclass(frozen=True)
class Lava:
    """Real Lava processes on the CPU, in a process group of their own.

    Lava checks no register and waits for ever when one of its processes dies; hence ranges are
    checked before the run, and a watchdog ends a run in which nothing moves.

    Parameters
    ----------
    timeout
        Seconds without a step after which a run counts as hung.
    patterns_per_run
        Patterns that share one Lava network; None: as many as make a million neurons, or fewer
        if shared memory is short.
    stock
        Synapses by lava-nc's own processes: one network for all patterns, which pauses after
        each of them and is set back, one number at a time. Slow; it checks the fast way.
    """

    timeout: float = 60.0
    patterns_per_run: int | None = None
    stock: bool = False
    name: str = "lava"
    regime: Regime = "step"

    def __post_init__(self) -> None:
        for what in ("timeout", "patterns_per_run"):
            value = getattr(self, what)
            if value is not None and not value > 0:
                message = f"{what} is {value}; allowed: more than 0"
                raise BadInput(message)

    def run(
        self,
        graph: SynapseGraph,
        stimulus: Stimulus,
        phases: Phases,
        *,
        progress: Progress | None = None,
    ) -> Recording:
        """Run every pattern of the stimulus through the protocol, each from silence.

        Parameters
        ----------
        progress
            Called with the steps done and the steps of all chunks of patterns.

        Raises
        ------
        MissingPart
            Lava is not installed.
        OutOfRange
            A weight, a bias or a sum does not fit Loihi's registers.
        SimulationFailed
            Lava hung, crashed or lost a process, or the disk is full.
        """
        require_lava()
        check_size(graph, stimulus)
        check_synapses(graph)
        check_stimulus(graph, stimulus)
        patterns = len(stimulus.bias)
        chunk = 1 if self.stock else self.patterns_per_run or _chunk(graph)
        total = -(-patterns // chunk) * phases.total
        with tempfile.TemporaryDirectory(prefix="spinspike-lava-") as name:
            folder = Path(name)
            with room(folder):
                _write_job(folder, joined(graph), stimulus, phases, chunk)
                if self.stock:
                    write_npz(folder / "network.npz", stock_arrays(graph), packed=False)
            if total:
                self._supervise(folder, phases.total, total, progress)
            return _recording(folder, graph, phases)

    def _supervise(self, folder: Path, steps: int, total: int, progress: Progress | None) -> None:
        status = np.load(folder / "status.npy", mmap_mode="r")

        def pulse() -> tuple[int, ...]:
            seen = tuple(int(count) for count in status)
            if progress is not None:
                progress(min(seen[1:]), total)
            return seen

        worker = "stock_worker" if self.stock else "worker"
        command = [sys.executable, "-m", f"spinspike.simulators.lava.{worker}"]
        command += [str(folder), str(os.getpid())]
        try:
            supervise(
                command,
                folder=folder,
                stall=self.timeout,
                pulse=pulse,
                environment=environment(),
            )
        except TimeoutError as error:
            message = (
                f"Lava hung {_where(status, steps, total)}: {error}; its processes were ended, "
                "raise the timeout if the machine is merely slow"
            )
            raise SimulationFailed(message) from error
        except ChildProcessError as error:
            message = f"Lava failed {_where(status, steps, total)}: {error}"
            raise SimulationFailed(message) from error


def require_lava() -> None:
    """Refuse in one sentence when lava-nc cannot be imported; imports nothing of it."""
    try:
        found = importlib.util.find_spec("lava.magma") is not None
    except ModuleNotFoundError:
        found = False
    if found:
        return
    message = (
        f"Lava is not installed: {COMMAND} (pip alone would refuse, since its last release asks "
        "for Python 3.10)"
    )
    raise MissingPart(message)


def _chunk(graph: SynapseGraph) -> int:
    """Patterns per run, such that Lava's channels take a quarter of the free shared memory."""
    largest = AT_ONCE // graph.neurons
    try:
        disk = os.statvfs("/dev/shm")
    except OSError:  # macOS keeps no such file system
        return max(1, largest)
    connections = {(p.source, p.target, p.sign) for p in graph.projections}
    ends = graph.neurons + sum(
        graph.sizes[source] + graph.sizes[target] for source, target, _ in connections
    )
    need = BYTES_PER_END * ends
    return max(1, min(disk.f_bavail * disk.f_frsize // 4 // need, largest))


@contextmanager
def room(folder: Path) -> Iterator[None]:
    """What the disk refuses is one sentence."""
    try:
        yield
    except OSError as error:
        message = (
            f"no room for Lava's run in {folder.parent}: {error.strerror or error}; set TMPDIR"
        )
        raise SimulationFailed(message) from error


def environment() -> dict[str, str]:
    """The worker finds what we find, and each of Lava's processes keeps to one thread."""
    paths = os.pathsep.join(os.path.abspath(path) for path in sys.path)
    threads = dict.fromkeys(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"], "1")
    return {**os.environ, "PYTHONPATH": paths, **threads}


def _write_job(
    folder: Path, graph: SynapseGraph, stimulus: Stimulus, phases: Phases, chunk: int
) -> None:
    """Write ``job.npz`` and the empty arrays that the run fills."""
    clamped_at_once = phases.cue == 0 < phases.clamped
    arrays: dict[str, Any] = {
        "bias": stimulus.bias,
        "first_bias": stimulus.first_bias,
        "readout_bias": graph.io.readout_bias,
        "supervisory": stimulus.supervisor.astype(np.int32),
        "supervisory_before": np.int32(clamped_at_once) * stimulus.supervisor,
        "input": stimulus.levels.astype(np.int32),
        "input_before": stimulus.first_levels.astype(np.int32),
    }
    for p, projection in enumerate(graph.projections):
        for part in ("indptr", "indices", "mantissa"):
            arrays[f"{part}{p}"] = getattr(projection, part)
    head = {
        "populations": [(p.name, p.size, p.neuron) for p in graph.populations],
        "projections": [
            (p.name, p.source, p.target, p.exponent, p.sign, p.delay) for p in graph.projections
        ],
        # steps in which sources send, the last excluded; a spike acts one step later
        "windows": {
            "supervisory": (phases.cue, phases.release),
            "input": (1, phases.total + 1),
        },
        "steps": phases.total,
        "patterns_per_run": chunk,
    }
    write_npz(folder / "job.npz", {"head": json.dumps(head), **arrays}, packed=False)
    patterns, neurons = stimulus.bias.shape
    sinks = len(graph.named("threshold"))
    shapes = {
        "spikes": ((phases.total, patterns, neurons), np.bool_),
        "supervisory": ((sinks, phases.total, patterns), np.int64),
        "readout": ((patterns, graph.io.readout_bias.size), np.int64),
        "status": ((1 + sinks,), np.int64),
    }
    for name, (shape, kind) in shapes.items():
        path = folder / f"{name}.npy"
        np.lib.format.open_memmap(path, mode="w+", dtype=kind, shape=shape)
        reserve(path)


def reserve(path: Path) -> None:
    """Take the room on disk: a process that finds none when it writes into a map is killed."""
    if hasattr(os, "posix_fallocate"):  # not on macOS
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)


def _recording(folder: Path, graph: SynapseGraph, phases: Phases) -> Recording:
    spikes = np.load(folder / "spikes.npy")
    return Recording(
        regime="step",
        times=np.arange(1, phases.total + 1, dtype=np.float64),
        states=unit_states(graph, spikes),
        supervisory=np.load(folder / "supervisory.npy").sum(axis=0).astype(np.float64),
        release=float(phases.release),
        spikes=spikes,
        readout=np.load(folder / "readout.npy") if graph.named("readout") else None,
    )


def _where(status: IntArray, steps: int, total: int) -> str:
    """What the run had reached, in words."""
    stage = int(status[0])
    if stage == 0:
        return "while starting Python and importing Lava"
    chunk, phase = divmod(stage - 1, 3)
    doing = ["while building", "while running", "while stopping"][phase]
    step = int(min(status[1:])) - chunk * steps
    return f"{doing} chunk {chunk + 1} of {total // steps}, after step {step} of {steps}"
