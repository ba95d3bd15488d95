"""One run of a campaign, and what is said when it fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from .errors import SimulationFailed

Arrays = Mapping[str, NDArray[Any]]
Progress = Callable[[int, int], None]  # (done, total)


@dataclass(frozen=True)
class Task:
    """One run: a function and what it is called with, both to be had in another process.

    ``work`` is a function of a module, which other processes import by its name, and returns
    arrays of numbers by name. An argument that several tasks share, the same object, travels once.
    With ``own_process`` each worker that is not the caller itself does it in a process of its own
    (`spinspike.own_process`).
    """

    key: str  # names the result file; unique in the campaign
    work: Callable[..., Arrays]
    arguments: tuple[Any, ...] = ()
    own_process: bool = False


def failed(key: str, error: BaseException) -> SimulationFailed:
    """What is said of a task that raised."""
    kind = type(error).__name__
    message = f"task {key} failed: {kind}: {error}; finished tasks are kept, run again to go on"
    return SimulationFailed(message)
