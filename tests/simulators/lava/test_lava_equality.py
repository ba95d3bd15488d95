"""A quick form of `benchmarks/lava_equality.py`, which compares a thousand graphs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).resolve().parents[3] / "benchmarks" / "lava_equality.py"


@pytest.mark.lava
def test_lava_equals_the_emulator_on_random_graphs_and_a_wrong_emulator_would_not() -> None:
    options = [
        "--graphs",
        "20",
        "--stock",
        "2",
        "--together",
        "6",
        "--steps",
        "60",
        "--patterns",
        "3",
        "--seed",
        "5",
    ]
    command = [sys.executable, str(PROGRAM), *options, "--one-by-one"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    counts = {name: int(count) for name, count in re.findall(r"(\w+): (\d+)\n", done.stdout)}
    assert counts["stock"] == 2
    assert min(counts[kind] for kind in ("dale", "pushpull", "signed", "dense", "sparse")) > 0
    assert "Lava differs from the emulator in 0 graphs" in done.stdout
    nulls = [int(n) for n in re.findall(r"null: .* differs in (\d+) graphs", done.stdout)]
    assert len(nulls) == 2
    assert min(nulls) > 0
