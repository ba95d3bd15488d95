"""Campaigns: many independent runs, kept one by one, so that what was interrupted can go on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import BadFile, BadInput, SimulationFailed
from .npz import NUMBERS, read_npz_arrays, write_npz
from .outputs import replacing
from .task import Arrays, Progress, Task, failed

__all__ = ["Arrays", "Task", "carry_out", "unfinished"]

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=+-]{0,199}")
HEAD = "head"  # the array of a result file that says what it is


def carry_out(
    tasks: Sequence[Task],
    folder: Path,
    *,
    fingerprint: str,
    scheduler: str | None = None,
    jobs: int = 1,
    progress: Progress | None = None,
) -> dict[str, dict[str, NDArray[Any]]]:
    """Run what the folder does not hold yet, and return all results by key.

    Each result is ``<key>.npz``, written when it comes in, under a temporary name first. One
    that is damaged, or was made under another fingerprint, is made again.

    Parameters
    ----------
    folder : Path
        Created if need be, its parents not.
    fingerprint : str
        Names everything the results depend on: graph, settings, seeds.
    scheduler : str, optional
        Address of a Dask scheduler, such as ``tcp://10.0.0.1:8786``, with spinspike on its workers.
    jobs : int
        Without a scheduler: processes on this machine, of one thread each; 1 is this process.
        A script that asks for more needs ``if __name__ == "__main__":`` around its doings.
    progress : callable, optional
        Called with the number of results there are, and of all.

    Raises
    ------
    BadInput
        Keys that are no file names or not unique; fewer jobs than 1; a scheduler that does not
        answer; a folder that cannot be written.
    MissingPart
        Dask is asked for and not installed.
    SimulationFailed
        A task raised, or killed the processes it ran in; its key is named. What is finished is
        kept, and the same call goes on from there.
    """
    _check(tasks, folder, jobs)
    found = {task.key: _kept(folder, task.key, fingerprint) for task in tasks}
    missing = [task for task in tasks if found[task.key] is None]
    done = len(tasks) - len(missing)
    if progress:
        progress(done, len(tasks))
    for key, arrays in _run(missing, scheduler, jobs):
        _keep(folder, key, fingerprint, arrays)
        found[key] = dict(arrays)
        done += 1
        if progress:
            progress(done, len(tasks))
    return {key: arrays for key, arrays in found.items() if arrays is not None}


def unfinished(tasks: Sequence[Task], folder: Path, *, fingerprint: str) -> list[Task]:
    """Tasks whose result is not in the folder, or not to be trusted."""
    return [task for task in tasks if _kept(folder, task.key, fingerprint) is None]


def _check(tasks: Sequence[Task], folder: Path, jobs: int) -> None:
    if jobs < 1:
        message = f"jobs is {jobs}; allowed: 1 or more"
        raise BadInput(message)
    seen: set[str] = set()
    for task in tasks:
        if not KEY.fullmatch(task.key) or task.key in seen:
            message = (
                f"a task has the key {task.key!r}; allowed: letters, digits and ._=+-, at most "
                "200 of them, each key once"
            )
            raise BadInput(message)
        seen.add(task.key)
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        message = f"{folder} cannot be written: {error}"
        raise BadInput(message) from error


def _run(
    tasks: Sequence[Task], scheduler: str | None, jobs: int
) -> Iterator[tuple[str, dict[str, NDArray[Any]]]]:
    if tasks and (scheduler is not None or jobs > 1):
        from .dask_cluster import run

        yield from run(tasks, scheduler, jobs)
        return
    for task in tasks:
        try:
            arrays = task.work(*task.arguments)
        except Exception as error:
            raise failed(task.key, error) from error
        yield task.key, dict(arrays)


def _kept(folder: Path, key: str, fingerprint: str) -> dict[str, NDArray[Any]] | None:
    """The result in the folder, or None if there is none to be trusted."""
    path = folder / f"{key}.npz"
    try:
        head = json.loads(read_npz_arrays(path, [HEAD])[HEAD].astype(np.uint8).tobytes())
        if head["fingerprint"] != fingerprint:
            return None
        arrays = read_npz_arrays(path, head["names"])
    except (BadFile, ValueError, TypeError, KeyError):
        return None
    return arrays if list(arrays) == head["names"] else None


def _keep(folder: Path, key: str, fingerprint: str, arrays: Arrays) -> None:
    for name, array in arrays.items():
        if array.dtype.kind not in NUMBERS or name == HEAD:
            message = (
                f"task {key} returned {name!r} of type {array.dtype}; allowed: arrays of numbers "
                f"by other names than {HEAD!r}"
            )
            raise SimulationFailed(message)
    head = json.dumps({"fingerprint": fingerprint, "names": list(arrays)}).encode()
    everything: dict[str, Any] = {HEAD: np.frombuffer(head, dtype=np.uint8), **arrays}
    with replacing(folder / f"{key}.npz", force=True) as path:
        write_npz(path, everything)
