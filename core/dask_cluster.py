"""Tasks on a Dask cluster: processes of this machine, or wherever a scheduler has workers.

Dask gives the tasks of a worker that dies to another one. Only as many tasks are handed out as
there are threads, so that of those that a dying worker takes along one is to blame.
"""

from __future__ import annotations

import logging
import secrets
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import urlsplit

from numpy.typing import NDArray

from .errors import BadInput, MissingPart, SimulationFailed
from .own_process import in_own_process
from .task import Task, failed

ANSWER = 10.0  # seconds for a scheduler to answer
PATIENCE = 60.0  # seconds for it to have workers
POLL = 1.0  # seconds between two looks at the cluster
DEATHS = 2  # of workers, after which a task is given to yet another one
SETTINGS = {
    "distributed.scheduler.allowed-failures": DEATHS,
    "distributed.scheduler.worker-saturation": 1.0,
    # a graph travels once and may be large
    "distributed.admin.large-graph-warning-threshold": "4 GiB",
}
Result = tuple[str, dict[str, NDArray[Any]]]
Client = Any  # Dask's classes are not annotated
Future = Any


def run(tasks: Sequence[Task], scheduler: str | None, jobs: int) -> Iterator[Result]:
    """Carry out tasks and yield their results as they finish.

    Raises
    ------
    BadInput
        The scheduler does not answer.
    MissingPart
        Dask is not installed.
    SimulationFailed
        A task failed, or the cluster is gone or has no workers.
    """
    with _client(scheduler, jobs) as client:
        shared = _shared(client, tasks)
        waiting, done = list(reversed(tasks)), SimpleQueue[Any]()
        running: dict[str, tuple[str, Future]] = {}
        idle = 0.0  # seconds without any worker
        while waiting or running:
            threads = sum(client.nthreads().values())
            while waiting and len(running) < threads:
                task = waiting.pop()
                given = [shared.get(id(a), a) for a in task.arguments]
                key = f"{task.key}-{secrets.token_hex(4)}"  # others use the scheduler, too
                work = (in_own_process, task.work) if task.own_process else (task.work,)
                future = client.submit(*work, *given, key=key, pure=False)
                running[key] = task.key, future
                future.add_done_callback(lambda f: done.put(f.key))
            try:
                key, future = running.pop(done.get(timeout=POLL))
            except Empty:
                idle = 0.0 if threads else idle + POLL
                _check_alive(client, idle)
                continue
            yield key, _result(key, future)


def _result(key: str, future: Future) -> dict[str, NDArray[Any]]:
    from distributed import KilledWorker

    try:
        return dict(future.result())
    except KilledWorker as error:
        message = (
            f"task {key} failed: {error.allowed_failures + 1} workers that ran it died, of too "
            "little memory perhaps; finished tasks are kept, run again to go on"
        )
        raise SimulationFailed(message) from error
    except Exception as error:
        raise failed(key, error) from error


def _shared(client: Client, tasks: Sequence[Task]) -> dict[int, Future]:
    """Arguments that several tasks have, as tasks: what a dying worker takes along is made again."""
    seen: dict[int, int] = {}
    for task in tasks:
        for argument in task.arguments:
            seen[id(argument)] = seen.get(id(argument), 0) + 1
    values = {id(a): a for task in tasks for a in task.arguments}
    plain = (str, bytes, int, float, bool, type(None))
    return {
        place: client.submit(_itself, values[place], key=f"given-{secrets.token_hex(8)}")
        for place, count in seen.items()
        if count > 1 and not isinstance(values[place], plain)
    }


def _itself(value: Any) -> Any:
    return value


def _check_alive(client: Client, idle: float) -> None:
    """Refuse to wait for a cluster that is gone."""
    where = client.scheduler.address if client.scheduler else "?"
    if client.status != "running":
        message = f"the scheduler at {where} is gone; finished tasks are kept, run again to go on"
        raise SimulationFailed(message)
    if idle > PATIENCE:
        message = f"the scheduler at {where} has had no workers for {PATIENCE:g} s; start some"
        raise SimulationFailed(message)


@contextmanager
def _client(scheduler: str | None, jobs: int) -> Iterator[Client]:
    try:
        import dask
        import distributed
    except ImportError as error:
        message = "several jobs need Dask: pip install 'spinspike[parallel]'"
        raise MissingPart(message) from error
    library: Any = distributed
    with ExitStack() as stack:
        stack.enter_context(dask.config.set(SETTINGS))
        if scheduler is None:
            cluster = library.LocalCluster(
                n_workers=jobs,
                threads_per_worker=1,
                dashboard_address=":0",  # any port that is free: 8787 may be another run's
                silence_logs=logging.CRITICAL,
            )
            yield stack.enter_context(library.Client(stack.enter_context(cluster)))
            return
        try:
            _knock(scheduler)
            client = library.Client(scheduler, timeout=ANSWER)
        except (OSError, ValueError, MemoryError) as error:
            message = f"scheduler {scheduler!r} does not answer: {error}; allowed: tcp://host:port"
            raise BadInput(message) from error
        yield stack.enter_context(client)


def _knock(scheduler: str) -> None:
    """Refuse at once what is no address, or where nobody listens: Dask keeps trying."""
    parts = urlsplit(scheduler)
    if parts.scheme not in ("tcp", "tls") or not parts.hostname or not parts.port:
        message = "no address of a Dask scheduler"
        raise ValueError(message)
    socket.create_connection((parts.hostname, parts.port), timeout=ANSWER).close()
