"""How much memory this process and all it started take, from Linux' own books."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROC = Path("/proc")
EVERY = 0.05  # seconds between two looks


def memory_in_use() -> int:
    """Bytes of this process and its descendants, pages they share counted once; 0 elsewhere."""
    parents: dict[int, int] = {}
    for folder in PROC.glob("[0-9]*"):
        try:
            # the name in brackets may hold blanks: what follows it is state and parent
            parents[int(folder.name)] = int(
                (folder / "stat").read_text().rpartition(")")[2].split()[1]
            )
        except (OSError, ValueError, IndexError):
            continue
    family = {os.getpid()}
    while grown := {p for p, parent in parents.items() if parent in family} - family:
        family |= grown
    return sum(_share(process) for process in family)


@contextmanager
def watched() -> Iterator[list[int]]:
    """Yield a list that holds, in the end, the largest memory seen meanwhile."""
    seen, stop = [memory_in_use()], threading.Event()

    def look() -> None:
        while not stop.wait(EVERY):
            seen[0] = max(seen[0], memory_in_use())

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()
        seen[0] = max(seen[0], memory_in_use())


def _share(process: int) -> int:
    """Proportional set size of a process."""
    try:
        lines = (PROC / str(process) / "smaps_rollup").read_text().splitlines()
    except OSError:  # it ended meanwhile, or this is no Linux
        return 0
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))
