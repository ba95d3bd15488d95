"""A quick form of `benchmarks/h5_fuzz.py`, which damages ten thousand files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).resolve().parents[2] / "benchmarks" / "h5_fuzz.py"
# stands in for loading: file 1 ends the process, 2 raises what is no refusal, 3 hangs
BROKEN = """
import os, signal, sys, time
sys.path.insert(0, {folder!r})
import h5_fuzz

def spoil(source, path, number, seed):
    h5_fuzz.number = number

def use(path, *, as_graph):
    if h5_fuzz.number == 1:
        os.kill(os.getpid(), signal.SIGSEGV)
    if h5_fuzz.number == 2:
        raise KeyError("name")
    if h5_fuzz.number == 3:
        time.sleep(60)
    return "read"

h5_fuzz.SLOW, h5_fuzz.spoil, h5_fuzz.use = 1, spoil, use
sys.argv = ["h5_fuzz.py", "--count", "5"]
sys.exit(h5_fuzz.main())
"""


def run(*command: str) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, timeout=120, check=False
    )
    return done.returncode, json.loads(done.stdout)


def test_damaged_files_are_read_or_refused_and_nothing_else() -> None:
    status, found = run(str(PROGRAM), "--count", "120", "--seed", "3")
    assert (status, found["odd"], found["files"]) == (0, [], 120)
    # some damage leaves the meaning alone: if nothing were read, refusals would say nothing
    assert set(found["outcomes"]) == {"read", "refused: BadFile"}


def test_a_reader_that_crashes_raises_or_hangs_would_be_seen(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(BROKEN.format(folder=str(PROGRAM.parent)))
    status, found = run(str(program))
    assert status == 1
    assert found["outcomes"]["read"] == 2
    assert found["odd"] == [
        "1: odd: ended the process, SIGSEGV",
        "2: odd: KeyError: 'name'",
        "3: odd: ended the process, SIGALRM",
    ]
