"""Calls in a process of their own: the first thread, the same value, its errors, its end."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from spinspike.errors import BadInput, SimulationFailed
from spinspike.own_process import in_own_process

WORK = """
import os, signal, threading
import numpy as np

def where(number):
    print("what simulators say must not meet the answer")
    first = threading.current_thread() is threading.main_thread()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # as Brian2 does; refused to other threads
    return {"number": np.array(number), "first": np.array(first), "pid": np.array(os.getpid())}

def fail(error):
    raise error

def die():
    os.kill(os.getpid(), signal.SIGKILL)

class Unpicklable(Exception):
    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")

def fail_badly():
    raise Unpicklable(1, 2)
"""


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A module that other processes can import."""
    (tmp_path / "own_work.py").write_text(WORK)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("own_work")
    del sys.modules["own_work"]


def from_a_thread(work: Any, *arguments: Any) -> Any:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(in_own_process(work, *arguments)))
    thread.start()
    thread.join()
    return found[0]


def test_it_is_the_first_thread_of_another_process(work: Any) -> None:
    found = from_a_thread(work.where, 3)
    assert (found["number"], found["first"]) == (3, True)
    assert found["pid"] != os.getpid()


def test_its_errors_come_back_as_they_are(work: Any) -> None:
    with pytest.raises(BadInput, match="a is 2; allowed: 1"):
        in_own_process(work.fail, BadInput("a is 2; allowed: 1"))
    with pytest.raises(SimulationFailed, match="Unpicklable: 1 and 2"):
        in_own_process(work.fail_badly)


def test_its_death_is_said(work: Any) -> None:
    with pytest.raises(SimulationFailed, match=r"its process died \(-9\)"):
        in_own_process(work.die)


def test_it_ends_with_the_process_that_asked() -> None:
    code = "import time; from spinspike.own_process import in_own_process as i; i(time.sleep, 600)"
    asking = subprocess.Popen([sys.executable, "-c", code])
    end = time.monotonic() + 60
    while not (children := psutil.Process(asking.pid).children()) and time.monotonic() < end:
        time.sleep(0.05)
    asking.kill()
    asking.wait()
    assert children
    _, alive = psutil.wait_procs(children, timeout=30)
    assert not alive
