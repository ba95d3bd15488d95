"""A run in a process group of its own that cannot hang for ever and leaves no process behind.

Lava runs every Lava process in an operating-system process. When one of them dies the others
wait for ever, and when the parent is killed they live on as orphans. Hence a run happens in a
**worker**, a fresh interpreter that leads its own session; all processes of the run are in its
group, and

* the caller ends the group when nothing has moved for a while (:func:`supervise`),
* the worker ends the group when its caller, or one of its own processes, is gone
  (:func:`work`, :func:`fail_with`).

This file needs the standard library alone: exported networks carry a copy of it.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing import connection
from pathlib import Path
from typing import Any

POLL = 0.05  # seconds between two looks at a run
PATIENCE = 2.0  # seconds that a process has to obey a signal


def supervise(
    command: Sequence[str],
    *,
    folder: Path,
    stall: float,
    pulse: Callable[[], object],
    environment: Mapping[str, str],
) -> None:
    """Run a worker to its end, or end its whole process group.

    Parameters
    ----------
    command
        Program and arguments of the worker.
    folder
        Working directory; what the worker writes goes to ``log.txt`` in it.
    stall
        Seconds without any change of ``pulse()`` after which the run counts as hung.
    pulse
        Anything that changes while the run goes on.
    environment
        Environment of the worker.

    Raises
    ------
    TimeoutError
        Nothing moved for ``stall`` seconds.
    ChildProcessError
        The worker failed; the message is the last line it wrote.
    """
    with (folder / "log.txt").open("wb") as log:
        worker = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _await_end(worker, stall, pulse)
        # Read now: processes that are ended below may have last words of their own.
        log_lines = (folder / "log.txt").read_text(errors="replace").strip().split("\n")
        # Python's tracker of shared memory may have been faster; what it says, with the line of code
        # that a warning shows, is no reason.
        said = [
            line for line in log_lines if not re.search(r"resource_tracker|^ *warnings\.", line)
        ]
    finally:
        _end_group(worker)
    if worker.returncode != 0:
        raise ChildProcessError((said and said[-1]) or f"exit status {worker.returncode}")


def _await_end(worker: subprocess.Popen[bytes], stall: float, pulse: Callable[[], object]) -> None:
    last, since = pulse(), time.monotonic()
    while worker.poll() is None:
        time.sleep(POLL)
        now = pulse()
        if now != last:
            last, since = now, time.monotonic()
        elif time.monotonic() - since > stall:
            message = f"nothing moved for {stall:g} s"
            raise TimeoutError(message)
    pulse()


def _end_group(worker: subprocess.Popen[bytes]) -> None:
    """SIGTERM, then SIGKILL; the first lets Python unlink shared memory, the second is final."""
    for request in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + PATIENCE
        try:
            os.killpg(worker.pid, request)
            os.killpg(worker.pid, signal.SIGCONT)  # a stopped process obeys nothing else
            # A worker that ended well has waited for its children; what is left is a zombie
            # until the system reaps it, which may take a second.
            while worker.poll() != 0 and time.monotonic() < deadline:
                os.killpg(worker.pid, 0)
                time.sleep(0.005)
        except (ProcessLookupError, PermissionError):  # EPERM: macOS, only zombies are left
            break
        if worker.returncode == 0:
            break
    worker.wait()


def work(task: Callable[[], None], caller: int, folder: Path | None = None) -> None:
    """Do a worker's task; end the whole group if it fails or if the caller is gone.

    Parameters
    ----------
    folder
        What the caller would have removed after the run; goes with it. The task runs in it.
    """
    _guard_group(caller, folder)
    if folder:
        # Where multiprocessing keeps its sockets, which killed processes leave. Relative, since a
        # socket's path has room for 104 characters, fewer than a folder's may have.
        os.chdir(folder)
        multiprocessing.current_process()._config["tempdir"] = os.curdir  # type: ignore[attr-defined]
    try:
        task()
    except BaseException:  # noqa: BLE001  whatever it was, the group must end
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)  # a plain exit would wait for children that wait for each other


def _guard_group(caller: int, folder: Path | None) -> None:
    """End this process group once the process ``caller`` is no longer our parent.

    Processes forked from here on watch their own parent in the same way.
    """

    def watch(parent: int) -> None:
        while os.getppid() == parent:
            time.sleep(4 * POLL)
        if folder and parent == caller:
            shutil.rmtree(folder, ignore_errors=True)
        os.killpg(0, signal.SIGTERM)

    def start(parent: int) -> None:
        threading.Thread(target=watch, args=(parent,), daemon=True).start()

    start(caller)
    own = os.getpid()
    os.register_at_fork(after_in_child=lambda: start(own))


@contextmanager
def fail_with(children: Sequence[Any]) -> Iterator[None]:
    """Within the block, end this process as soon as one of its children ends, and say why.

    Parameters
    ----------
    children
        Processes of multiprocessing; Lava's have an ``exception``, (error, traceback) or None.
    """
    sentinels = [child.sentinel for child in children]
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            if connection.wait(sentinels, timeout=4 * POLL) and not over.is_set():
                end()

    def end() -> None:
        reasons = [found for child in children if (found := getattr(child, "exception", None))]
        for error, trace in reasons:
            sys.stderr.write(f"{trace}\n{type(error).__name__}: {error}\n")
        if not reasons:
            sys.stderr.write("one of the processes of the run was killed\n")
        sys.stderr.flush()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    except RuntimeError:  # Lava noticed as well, but does not tell the reason
        end()
    finally:
        over.set()
