"""Graded neurons on Lava: the emulator's integers, bit for bit, from real Lava processes.

Connections are lava-nc's own Dense and Sparse with graded messages, the input comes from its
RingBuffer, and its Sigma adds up the readout. The neurons are this project's (`processes`, which
says why lava-nc's SigmaDelta cannot hold a memory). A message takes one step from neuron to neuron,
which is the step of the linear map; on its way from the input and to the readout it takes one more
at either end, so that a run is two steps longer than the signal.
"""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spinspike.arrays import FloatArray, IntArray
from spinspike.errors import BadInput, OutOfRange, SimulationFailed
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.graph.registers import check_ranges
from spinspike.npz import write_npz
from spinspike.simulators.base_graded import Response, levels, response
from spinspike.simulators.emulator.graded import GradedEmulator

from .backend import environment, require_lava, reserve, room
from .network import stock_arrays
from .watchdog import supervise

ENDS = 2  # steps from the input to a neuron, and from there to the readout
ACCUMULATOR = 2**31  # Lava's Dense adds up in 32 bits, and wraps without a word


@dataclass(frozen=True)
class LavaGraded:
    """Real Lava processes on the CPU, in a process group of their own.

    Parameters
    ----------
    timeout
        Seconds without a step after which a run counts as hung.
    """

    timeout: float = 60.0
    name: str = "lava"

    def __post_init__(self) -> None:
        if not self.timeout > 0:
            message = f"timeout is {self.timeout}; allowed: more than 0"
            raise BadInput(message)

    def run(self, graph: SynapseGraph, signal: FloatArray) -> Response:
        """Drive the graph from silence; see `GradedSimulator.run`.

        Lava checks no register, hence the emulator runs first and refuses what would not fit.

        Raises
        ------
        MissingPart
            Lava is not installed.
        SimulationFailed
            Lava hung, crashed or lost a process, or the disk is full.
        """
        require_lava()
        given = levels(graph, signal)
        check_ranges(graph)
        _check_accumulators(graph, GradedEmulator().run(graph, signal), given)
        steps = len(given) + ENDS
        with tempfile.TemporaryDirectory(prefix="spinspike-lava-") as name:
            folder = Path(name)
            with room(folder):
                _write_job(folder, graph, given, steps)
            _supervise(folder, self.timeout, steps)
            messages = np.load(folder / "messages.npy").astype(np.int64)
            readout = np.load(folder / "readout.npy")[:, 0].astype(np.int64)
        # a value that the input of step k led to is there one step later, and read after two
        values = np.cumsum(messages, axis=0)[1:-1]
        return response(graph, values, readout[ENDS:], (messages[1:-1] != 0).sum(axis=1))


def _check_accumulators(graph: SynapseGraph, seen: Response, given: IntArray) -> None:
    """Refuse a run in which the messages of a step could add up to more than 32 bits."""
    largest = {"input": np.abs(np.diff(given, axis=0, prepend=0)).max(initial=0)}
    if seen.values is not None:
        largest["graded"] = np.abs(np.diff(seen.values, axis=0, prepend=0)).max(initial=0)
    model = {p.name: p.neuron for p in graph.populations}
    for p in graph.projections:
        rows = p.matrix(graph.sizes[p.source]).astype(np.int64).sum(axis=1)
        worst = int(rows.max()) * int(largest[model[p.source]]) << p.exponent
        if worst >= ACCUMULATOR:
            message = (
                f"projection {p.name}: messages may add up to {worst}; allowed: {ACCUMULATOR - 1}, "
                "32 bits: a weaker signal"
            )
            raise OutOfRange(message)


def _write_job(folder: Path, graph: SynapseGraph, given: IntArray, steps: int) -> None:
    """Write ``network.npz`` and the empty arrays that the run fills."""
    shift = 0 if graph.graded is None else graph.graded.shift
    changes = np.zeros((given.shape[1], steps), dtype=np.int32)
    changes[:, : len(given)] = np.diff(given, axis=0, prepend=0).T
    arrays = {"changes": changes, "shift": shift, **stock_arrays(graph)}
    write_npz(folder / "network.npz", arrays, packed=False)
    shapes = {
        "messages": ((steps, graph.neurons), np.int32),
        "readout": ((steps, 1), np.int32),
        "status": ((1 + len(graph.named("graded")) + 1,), np.int64),
    }
    for name, (shape, kind) in shapes.items():
        path = folder / f"{name}.npy"
        np.lib.format.open_memmap(path, mode="w+", dtype=kind, shape=shape)
        reserve(path)


def _supervise(folder: Path, timeout: float, steps: int) -> None:
    status = np.load(folder / "status.npy", mmap_mode="r")
    command = [sys.executable, "-m", "spinspike.simulators.lava.graded_worker"]
    try:
        supervise(
            [*command, str(folder), str(os.getpid())],
            folder=folder,
            stall=timeout,
            pulse=lambda: tuple(int(count) for count in status),
            environment=environment(),
        )
    except (TimeoutError, ChildProcessError) as error:
        stage = ("starting Python and importing Lava", "building", "running", "stopping")
        message = (
            f"Lava failed while {stage[int(status[0])]}, after step {min(status[1:])} of {steps}: "
            f"{error}"
        )
        raise SimulationFailed(message) from error
