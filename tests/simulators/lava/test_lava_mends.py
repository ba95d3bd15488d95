"""Lava on a Python that it does not know: what is mended, and that nothing else is touched."""

from __future__ import annotations

import ast
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from spinspike.simulators.lava import mends as lava_mends

FILE = lava_mends.__file__
RESHAPED = """
import multiprocessing
{before}
import numpy as np
from lava.magma.core.run_conditions import RunSteps
from lava.magma.core.run_configs import Loihi2SimCfg
from lava.proc.dense.process import Dense
from lava.proc.io.source import RingBuffer
from lava.proc.lif.process import LIF

if __name__ == "__main__":
    source = RingBuffer(data=np.array([[1], [0], [1], [1]]))
    neuron = LIF(shape=(1,), du=4095, dv=0, vth=100)
    wide = Dense(weights=np.array([[1, 2, 4, 8]]))
    source.s_out.reshape((2, 2)).reshape((4,)).connect(wide.s_in)
    wide.a_out.connect(neuron.a_in)
    neuron.run(condition=RunSteps(num_steps=2), run_cfg=Loihi2SimCfg(select_tag="fixed_pt"))
    print(int(neuron.v.get()[0]) // 64, multiprocessing.get_start_method())
    neuron.stop()
"""
SET_BEFORE = 'import spinspike.simulators.lava\nmultiprocessing.set_start_method("forkserver")'


@pytest.fixture
def meta_path(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Finders as if the file had never been imported."""
    left: list[object] = [f for f in sys.meta_path if type(f).__name__ != "LavaMends"]
    monkeypatch.setattr(sys, "meta_path", left)
    return left


def run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "program.py").write_text(code)
    return subprocess.run(
        [sys.executable, "program.py"], cwd=folder, capture_output=True, text=True, check=False,
        timeout=60,
    )  # fmt: skip


@pytest.mark.lava
@pytest.mark.parametrize("before", ["import spinspike.simulators.lava", SET_BEFORE])
def test_messages_that_are_reshaped_arrive(before: str, tmp_path: Path) -> None:
    """1 + 4 + 8 in the second step, whatever way of starting processes was set before."""
    done = run(RESHAPED.format(before=before), tmp_path)
    assert done.stdout == "13 fork\n", done.stderr


@pytest.mark.lava
def test_without_the_mends_lava_cannot_be_imported(tmp_path: Path) -> None:
    done = run("import lava.magma.compiler.var_model", tmp_path)
    assert done.returncode != 0
    assert "ValueError: mutable default" in done.stderr


@pytest.mark.lava
def test_dataclasses_are_as_python_made_them_afterwards(tmp_path: Path) -> None:
    code = (
        "import dataclasses\noriginal = dataclasses.dataclass\n"
        "import spinspike.simulators.lava\n"
        "import lava.magma.compiler.var_model as mended\n"
        "kinds = [k for k in vars(mended).values() if dataclasses.is_dataclass(k)]\n"
        "print(dataclasses.dataclass is original, mended.dataclass is original)\n"
        "print(len(kinds) > 10, {k.__hash__ for k in kinds if k.__eq__ is not object.__eq__})"
    )
    assert run(code, tmp_path).stdout == "True True\nTrue {None}\n"


def test_only_the_modules_named_are_looked_at() -> None:
    finder = lava_mends.LavaMends()
    assert finder.find_spec("json", None) is None
    assert finder.find_spec("lava.magma.core.process.process", None) is None
    assert all(name.startswith("lava.magma.") for name in lava_mends.MENDS)


def test_one_finder_is_enough(meta_path: list[object]) -> None:
    for _ in range(2):
        runpy.run_path(FILE)
    assert [type(f).__name__ for f in meta_path].count("LavaMends") == 1


def test_nothing_is_done_on_python_3_10(
    meta_path: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = list(meta_path)
    monkeypatch.setattr(sys, "version_info", (3, 10, 13))
    runpy.run_path(FILE)
    assert meta_path == before


def test_the_file_needs_the_standard_library_alone() -> None:
    tree = ast.parse(Path(FILE).read_text(encoding="utf-8"))
    imports = [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]
    names = {
        a.name if isinstance(n, ast.Import) else str(n.module) for n in imports for a in n.names
    }
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names
