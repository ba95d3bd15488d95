"""Campaigns on Dask: workers that die, tasks that fail, schedulers that are not there."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from spinspike import dask_cluster as cluster
from spinspike.campaign import Task, carry_out
from spinspike.errors import BadInput, SimulationFailed

pytestmark = pytest.mark.dask

WORK = '''
import os, signal, time
from pathlib import Path
import numpy as np

class Counted:
    """Notes in a file each time it is pickled."""
    def __init__(self, log):
        self.log = log
    def __reduce__(self):
        with open(self.log, "a") as file:
            file.write("x")
        return Counted, (self.log,)

def square(number, seconds=0.0, counted=None):
    time.sleep(seconds)
    return {"square": np.array(number**2), "process": np.array(os.getpid())}

def kill_own_process(number):
    os.kill(os.getpid(), signal.SIGKILL)

def fail(number):
    raise ArithmeticError(f"cannot square {number}")
'''


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A module that other processes can import."""
    (tmp_path / "campaign_work.py").write_text(WORK)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("campaign_work")
    del sys.modules["campaign_work"]


@pytest.fixture
def address(work: Any) -> Iterator[str]:
    """A scheduler that somebody else runs, with one worker."""
    from distributed import LocalCluster

    make: Any = LocalCluster
    with make(
        n_workers=1,
        threads_per_worker=2,
        processes=False,
        protocol="tcp",
        dashboard_address=":0",
    ) as running:
        yield running.scheduler_address


def squares(found: dict[str, dict[str, Any]]) -> list[int]:
    return [int(arrays["square"]) for arrays in found.values()]


def workers_of(process: psutil.Process) -> list[psutil.Process]:
    """Processes that Python's multiprocessing started in it; not its tracker of resources."""
    found = []
    for child in process.children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            found += [child] if "spawn_main" in " ".join(child.cmdline()) else []
    return found


def still_there() -> list[psutil.Process]:
    """Workers of this process that do not end."""
    gone_or_not = psutil.wait_procs(workers_of(psutil.Process()), timeout=10)
    return list(gone_or_not[1])


def test_a_worker_killed_in_the_middle_costs_no_result(tmp_path: Path, work: Any) -> None:
    counted = work.Counted(str(tmp_path / "pickled"))
    tasks = [Task(f"t{n}", work.square, (n, 0.1, counted)) for n in range(12)]
    folder = tmp_path / "results"
    killed: list[int] = []

    def kill(done: int, total: int) -> None:
        if done == 2:
            latest = max(folder.glob("*.npz"), key=lambda file: file.stat().st_mtime_ns)
            killed.append(int(np.load(latest)["process"]))  # it is at work on the next one
            os.kill(killed[0], signal.SIGKILL)

    found = carry_out(tasks, folder, fingerprint="a", jobs=2, progress=kill)
    assert killed
    assert squares(found) == [n**2 for n in range(12)]
    processes = {int(arrays["process"]) for arrays in found.values()}
    assert len(processes) > 1
    assert os.getpid() not in processes
    assert len(list(folder.glob("*.npz"))) == 12
    # twelve tasks share the argument: it left this process once, workers passed it on
    assert 1 <= len((tmp_path / "pickled").read_text()) < 6
    assert not still_there()


def test_a_task_that_kills_its_workers_is_named(
    tmp_path: Path, work: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(cluster.SETTINGS, "distributed.scheduler.allowed-failures", 1)
    tasks = [Task(f"t{n}", work.square, (n,)) for n in range(6)]
    poisoned = [*tasks[:3], Task("poison", work.kill_own_process, (3,)), *tasks[3:]]
    with pytest.raises(SimulationFailed, match="task poison failed: 2 workers that ran it died"):
        carry_out(poisoned, tmp_path / "results", fingerprint="a", jobs=2)
    kept = {file.stem for file in (tmp_path / "results").glob("*.npz")}
    assert {"t0", "t1", "t2"} <= kept
    assert "poison" not in kept
    assert not still_there()


def test_a_task_that_raises_is_named_on_somebody_elses_scheduler(
    tmp_path: Path, work: Any, address: str
) -> None:
    def run(function: Any) -> list[int]:
        tasks = [Task(f"t{n}", function if n == 3 else work.square, (n,)) for n in range(5)]
        return squares(carry_out(tasks, tmp_path / "r", fingerprint="a", scheduler=address))

    said = "task t3 failed: ArithmeticError: cannot square 3; finished tasks are kept"
    with pytest.raises(SimulationFailed, match=said):
        run(work.fail)
    assert (tmp_path / "r" / "t0.npz").exists()
    assert run(work.square) == [0, 1, 4, 9, 16]


def test_a_scheduler_without_workers_is_not_waited_for(
    tmp_path: Path, work: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from distributed import LocalCluster

    monkeypatch.setattr(cluster, "PATIENCE", 0.2)
    monkeypatch.setattr(cluster, "POLL", 0.1)
    make: Any = LocalCluster
    with make(n_workers=0, processes=False, protocol="tcp", dashboard_address=":0") as empty:
        where = empty.scheduler_address
        with pytest.raises(SimulationFailed, match=rf"{where} has had no workers for 0\.2 s"):
            carry_out([Task("t", work.square, (1,))], tmp_path, fingerprint="a", scheduler=where)


@pytest.mark.parametrize("where", ["", "nowhere", "tcp://127.0.0.1", "http://127.0.0.1:80"])
def test_what_is_no_address_is_refused(tmp_path: Path, where: str) -> None:
    said = rf"scheduler '{where}' does not answer: no address .*; allowed: tcp://host:port"
    with pytest.raises(BadInput, match=said):
        carry_out([Task("t", dict)], tmp_path, fingerprint="a", scheduler=where)


def test_a_scheduler_that_is_not_there_is_named(tmp_path: Path) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # and nobody listens
        where = f"tcp://127.0.0.1:{bound.getsockname()[1]}"
        with pytest.raises(BadInput, match=f"scheduler '{where}' does not answer: .*refused"):
            carry_out([Task("t", dict)], tmp_path, fingerprint="a", scheduler=where)


SCRIPT = """
import campaign_work
from pathlib import Path
from spinspike.campaign import Task, carry_out
if __name__ == "__main__":
    tasks = [Task(f"t{n}", campaign_work.square, (n, 30.0 * (n > 1))) for n in range(4)]
    carry_out(tasks, Path("results"), fingerprint="a", jobs=2)
"""


def test_no_worker_outlives_a_killed_parent(tmp_path: Path, work: Any) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    parent = subprocess.Popen([sys.executable, "script.py"], cwd=tmp_path)
    workers: list[psutil.Process] = []
    try:
        deadline = time.monotonic() + 120
        while len(list((tmp_path / "results").glob("*.npz"))) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        workers = workers_of(psutil.Process(parent.pid))
    finally:
        parent.kill()
        parent.wait()
    assert len(workers) >= 2
    assert psutil.wait_procs(workers, timeout=10)[1] == []
    kept = {file.stem for file in (tmp_path / "results").glob("*.npz")}
    assert kept == {"t0", "t1"}
    tasks = [Task(f"t{n}", work.square, (n,)) for n in range(4)]
    assert squares(carry_out(tasks, tmp_path / "results", fingerprint="a")) == [0, 1, 4, 9]
