"""What NEST's recorders saw, whichever process each neuron lived in.

A recorder keeps in memory what the neurons of its own process did. Under MPI every virtual
process writes files instead, into one folder that all machines see, and every process reads all
of them: then each holds the whole recording, and what the user's script does with it is the same
with one process as with a thousand.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from spinspike.arrays import FloatArray, IntArray
from spinspike.errors import BadInput, SimulationFailed

PREFIX = "nest-"
DIGITS = 12  # decimals in files


@dataclass(frozen=True)
class Events:
    """What a recorder saw, by time and at the same time by neuron."""

    senders: IntArray  # (E,) neuron, 0 to N - 1
    times: FloatArray  # (E,) ms
    values: FloatArray  # (E,) what was recorded; empty for spikes


@dataclass(frozen=True)
class Recorders:
    """Records in memory, or in files of a folder: then under mpirun too.

    Parameters
    ----------
    folder : path or None
        Where virtual processes leave their files until all have read them.

    Raises
    ------
    BadInput
        There are several processes and no folder.
    """

    nest: ModuleType
    folder: Path | None

    def __post_init__(self) -> None:
        processes = self.nest.num_processes
        if self.folder is None and processes > 1:
            message = (
                f"folder is None with {processes} processes; "
                "allowed under mpirun: a folder that all machines see"
            )
            raise BadInput(message)
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.nest.set(data_path=str(self.folder), overwrite_files=True)

    def create(self, model: str, label: str, **parameters: Any) -> Any:
        """Make a recorder; its label must be its own in this run."""
        if self.folder is not None:
            parameters |= {"record_to": "ascii", "precision": DIGITS, "label": label}
        return self.nest.Create(model, params=parameters)

    def simulate(self, duration: float) -> None:
        """Run on; NEST begins its files anew each time, so each time they have other names."""
        if self.folder is not None:
            self.nest.set(data_prefix=f"{PREFIX}{self.nest.biological_time:g}-")
        self.nest.Simulate(duration)

    def events(self, recorder: Any, label: str, first: int) -> Events:
        """All that a recorder saw since the start, of neurons numbered from ``first``."""
        if self.folder is None:
            seen = recorder.events
            value = next((v for k, v in seen.items() if k not in ("senders", "times")), None)
            columns = [seen["senders"], seen["times"], *([] if value is None else [value])]
            return _ordered(np.column_stack(columns), first)
        self.nest.SyncProcesses()  # all files are written
        paths = sorted(self.folder.glob(f"{PREFIX}*-{label}-*.dat"))
        found = merged(paths, self.nest.total_num_virtual_procs)
        self.nest.SyncProcesses()  # all are read
        for path in paths:
            if virtual_process(path) in self.nest.GetLocalVPs():
                path.unlink()
        return _ordered(found, first)


def merged(paths: Iterable[Path], processes: int) -> FloatArray:
    """Rows of the files of all virtual processes: sender, time and value if there is one.

    Raises
    ------
    SimulationFailed
        Not every virtual process left as many files as the others, or one is cut off.
    """
    tables: dict[int, list[FloatArray]] = {number: [] for number in range(processes)}
    for path in paths:
        tables.setdefault(virtual_process(path), []).append(_table(path))
    counts = {number: len(found) for number, found in tables.items()}
    if len(counts) != processes or len(set(counts.values())) != 1 or 0 in counts.values():
        message = (
            f"files by virtual process: {counts}; needed: as many of each of {processes}, in an "
            "empty folder that all machines see"
        )
        raise SimulationFailed(message)
    return np.concatenate([table for found in tables.values() for table in found])


def virtual_process(path: Path) -> int:
    """Number of the virtual process that wrote a file: the last in its name."""
    return int(path.stem.rsplit("-", 1)[1])


def _table(path: Path) -> FloatArray:
    """Numbers of one file, below its two lines of comment and one of names."""
    *_, names, body = path.read_text(encoding="ascii").split("\n", 3)
    columns = len(names.split("\t"))
    numbers = np.array(body.split(), dtype=np.float64)
    if numbers.size % columns:
        message = f"{path} ends within a row of {columns} columns: is the disk full?"
        raise SimulationFailed(message)
    return numbers.reshape(-1, columns)


def _ordered(rows: FloatArray, first: int) -> Events:
    rows = rows[np.lexsort((rows[:, 0], rows[:, 1]))]
    return Events(rows[:, 0].astype(np.int64) - first, rows[:, 1], rows[:, 2:].ravel())
