"""A run that hangs, dies or loses its caller ends, is explained, and leaves no process behind."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import psutil
import pytest

from spinspike.errors import SimulationFailed
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.mapper import map_network
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.network import random_network
from spinspike.simulators.base import Phases, Stimulus
from spinspike.simulators.lava import watchdog as lava_watchdog
from spinspike.simulators.lava.backend import Lava
from spinspike.simulators.lava.watchdog import supervise
from spinspike.simulators.stimulus import encode_stimulus

FOREVER = Phases(cue=1, clamped=3, free=200_000)
PATHS = os.pathsep.join(os.path.abspath(path) for path in sys.path)
START = "import os, signal, sys, time, multiprocessing as mp\n"
START += "from spinspike.simulators.lava.watchdog import fail_with, work\n"


def network() -> tuple[SynapseGraph, Stimulus]:
    rng = np.random.default_rng(0)
    graph = map_network(
        random_network(Architecture(units=10, inputs=4, classes=3), rng, centre=np.zeros(4))
    )
    return graph, encode_stimulus(graph, rng.random((2, 4)), labels=np.array([0, 1]))


def worker(folder: Path, *lines: str, stall: float = 20.0) -> None:
    """Run a program as a worker; its task and caller are ``task`` and ``int(sys.argv[1])``."""
    program = folder / "worker.py"
    program.write_text(START + "\n".join(lines) + "\n")
    supervise(
        [sys.executable, str(program), str(os.getpid())],
        folder=folder,
        stall=stall,
        pulse=int,
        environment={**os.environ, "PYTHONPATH": PATHS},
    )


def members(session: int) -> list[int]:
    """Processes alive in a session."""
    found = []
    for process in psutil.process_iter(["pid", "status"]):
        try:
            if os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except (ProcessLookupError, PermissionError, psutil.NoSuchProcess):
            continue
    return found


def test_a_worker_that_ends_well_is_silent(tmp_path: Path) -> None:
    worker(tmp_path, "work(lambda: open('done', 'w').close(), int(sys.argv[1]))")
    assert (tmp_path / "done").exists()


def test_a_failing_task_is_reported_although_a_child_would_wait_for_ever(tmp_path: Path) -> None:
    with pytest.raises(ChildProcessError, match=r"^ZeroDivisionError: division by zero$"):
        worker(
            tmp_path,
            "def task():",
            "    mp.get_context('fork').Process(target=time.sleep, args=(600,)).start()",
            "    open('session', 'w').write(str(os.getsid(0)))",
            "    1 / 0",
            "work(task, int(sys.argv[1]))",
        )
    assert members(int((tmp_path / "session").read_text())) == []


@pytest.mark.parametrize(
    ("exception", "message"),
    [
        ("(ValueError('no such row'), 'Traceback')", "^ValueError: no such row$"),
        ("None", "^one of the processes of the run was killed$"),
    ],
)
def test_a_child_that_ends_early_ends_the_worker(
    exception: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ChildProcessError, match=message):
        worker(
            tmp_path,
            "def task():",
            "    child = mp.get_context('fork').Process(target=time.sleep, args=(0.2,))",
            "    child.start()",
            f"    child.exception = {exception}",
            "    with fail_with([child]):",
            "        time.sleep(600)",
            "work(task, int(sys.argv[1]))",
        )


def test_lavas_own_error_gives_way_to_the_reason(tmp_path: Path) -> None:
    with pytest.raises(ChildProcessError, match=r"^KeyError: 'weights'$"):
        worker(
            tmp_path,
            "def task():",
            "    child = mp.get_context('fork').Process(target=time.sleep, args=(600,))",
            "    child.start()",
            "    child.exception = (KeyError('weights'), 'Traceback')",
            "    with fail_with([child]):",
            "        raise RuntimeError('1 Exception(s) occurred. See output above for details.')",
            "work(task, int(sys.argv[1]))",
        )


def test_a_worker_that_ignores_the_first_signal_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lava_watchdog, "PATIENCE", 0.3)
    with pytest.raises(TimeoutError, match=r"^nothing moved for 4 s$"):
        worker(
            tmp_path,
            "signal.signal(signal.SIGTERM, signal.SIG_IGN)",
            "open('session', 'w').write(str(os.getsid(0)))",
            "time.sleep(600)",
            stall=4.0,
        )
    assert members(int((tmp_path / "session").read_text())) == []


def test_a_worker_without_last_words_gives_its_exit_status(tmp_path: Path) -> None:
    with pytest.raises(ChildProcessError, match=r"^exit status 7$"):
        worker(tmp_path, "os._exit(7)")


class Disturbance:
    """A progress callback that does something to one of Lava's processes once they run."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.seen: list[psutil.Process] = []

    def __call__(self, done: int, total: int) -> None:
        if done and not self.seen:
            workers = [p for p in psutil.Process().children() if "simulators.lava." in name(p)]
            self.seen = [workers[0], *workers[0].children(recursive=True)]
            if self.what == "raise":
                raise KeyboardInterrupt
            getattr(self.seen[-2], self.what)()


def name(process: psutil.Process) -> str:
    return " ".join(process.cmdline())


def assert_gone(processes: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(processes, timeout=10)
    assert not alive


@pytest.mark.lava
@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("suspend", r"hung while running chunk 1 of 1, after step \d+ of 200004: nothing moved"),
        ("kill", r"failed while running chunk 1 of 1, after step \d+ of 200004: one of the proc"),
    ],
)
def test_a_process_that_stops_or_dies_ends_the_run(what: str, message: str) -> None:
    disturb = Disturbance(what)
    with pytest.raises(SimulationFailed, match=message):
        # a loaded machine takes seconds to start; only what hangs is waited for to the end
        Lava(timeout=15 if what == "suspend" else 60).run(*network(), FOREVER, progress=disturb)
    assert len(disturb.seen) > 10
    assert_gone(disturb.seen)


@pytest.mark.lava
def test_an_interrupted_caller_ends_the_run() -> None:
    disturb = Disturbance("raise")
    with pytest.raises(KeyboardInterrupt):
        Lava().run(*network(), FOREVER, progress=disturb)
    assert_gone(disturb.seen)


@pytest.mark.lava
def test_a_run_that_does_not_even_start_is_ended() -> None:
    with pytest.raises(SimulationFailed, match=r"hung while starting Python.*moved for 0.001 s"):
        Lava(timeout=1e-3).run(*network(), FOREVER)


@pytest.mark.lava
def test_a_killed_caller_leaves_no_orphans(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("t")  # sockets in it allow no long name
    program = folder / "caller.py"
    program.write_text(
        "import numpy as np\n"
        "from spinspike.mapping.mapper import map_network\n"
        "from spinspike.model.network.architecture import Architecture\n"
        "from spinspike.model.network.network import random_network\n"
        "from spinspike.simulators import Lava, Phases, encode_stimulus\n"
        "rng = np.random.default_rng(0)\n"
        "shape = Architecture(units=10, inputs=4, classes=3)\n"
        "graph = map_network(random_network(shape, rng, centre=np.zeros(4)))\n"
        "Lava().run(graph, encode_stimulus(graph, rng.random((2, 4))), Phases(free=200_000),\n"
        "           progress=lambda done, total: done and print(done, flush=True))\n"
    )
    caller = subprocess.Popen(
        [sys.executable, str(program)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": PATHS, "TMPDIR": str(folder)},
    )
    assert caller.stdout is not None
    with caller.stdout:
        assert caller.stdout.readline().strip().isdigit()
        processes = psutil.Process(caller.pid).children(recursive=True)
        assert len(processes) > 10
        caller.kill()
        caller.wait()
    assert_gone(processes)
    assert [path.name for path in folder.iterdir()] == ["caller.py"]


FULL = """
import resource, sys
import numpy as np
from spinspike.mapping.mapper import map_network
from spinspike.model.network.architecture import Architecture
from spinspike.errors import SimulationFailed
from spinspike.model.network.network import random_network
from spinspike.simulators import Lava, Phases, encode_stimulus
rng = np.random.default_rng(0)
graph = map_network(random_network(Architecture(units=10, inputs=4, classes=3), rng, centre=np.zeros(4)))
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    Lava().run(graph, encode_stimulus(graph, rng.random((2, 4))), Phases(free={free}))
except SimulationFailed as error:
    sys.exit(str(error))
"""


@pytest.mark.lava
@pytest.mark.parametrize("free", [20, 20_000])
def test_a_full_disk_is_one_sentence_and_nothing_is_left(free: int, tmp_path: Path) -> None:
    """No file may grow beyond 100 kB: enough for 20 steps, too little for 20,000.

    The folder's path is longer than that of a socket may be.
    """
    temporary = tmp_path / ("temporary" * 15)
    temporary.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", FULL.format(free=free)],
        env={**os.environ, "PYTHONPATH": PATHS, "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    expected = f"no room for Lava's run in {temporary}: File too large; set TMPDIR\n"
    assert (done.returncode, done.stderr) == ((0, "") if free == 20 else (1, expected))
    assert list(temporary.iterdir()) == []


@pytest.mark.lava
def test_a_disk_without_room_is_found_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", no_room)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(SimulationFailed, match=r"^no room .*: No space left on device; set TMPDIR"):
        Lava().run(*network(), Phases(free=3))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.lava
def test_a_killed_process_of_the_stock_mode_ends_the_run() -> None:
    disturb = Disturbance("kill")
    with pytest.raises(SimulationFailed, match=r"failed while running chunk 1 of 2, after step"):
        Lava(stock=True).run(*network(), FOREVER, progress=disturb)
    assert_gone(disturb.seen)


def test_last_words_of_the_tracker_of_shared_memory_are_no_reason(tmp_path: Path) -> None:
    tracker = "resource_tracker: 3 leaked objects\\n  warnings.warn("
    program = f"import sys; sys.exit('the reason\\n{tracker}')"
    with pytest.raises(ChildProcessError, match=r"^the reason$"):
        supervise(
            [sys.executable, "-c", program],
            folder=tmp_path,
            stall=30,
            pulse=lambda: None,
            environment=dict(os.environ),
        )
