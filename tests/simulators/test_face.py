"""What `spinspike.simulators` names, each imported when it is asked for."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from spinspike import simulators

SOURCE = Path(simulators.__file__ or "")


def test_the_table_what_is_typed_and_all_agree() -> None:
    typed = {
        alias.name: node.module
        for node in ast.walk(ast.parse(SOURCE.read_text()))
        if isinstance(node, ast.ImportFrom) and node.level == 1
        for alias in node.names
    }
    table = {
        name: module for module, names in simulators._MODULES.items() for name in names.split()
    }
    assert typed == table
    assert sorted(table) == sorted(simulators.__all__)
    assert all(getattr(simulators, name) is not None for name in table)


def test_a_misspelt_name_is_named() -> None:
    with pytest.raises(AttributeError, match=r"'spinspike\.simulators' has no attribute 'Lav'"):
        simulators.Lav  # type: ignore[attr-defined]  # noqa: B018


def test_a_worker_of_lava_imports_no_other_simulator() -> None:
    code = "import sys, spinspike.simulators.lava.watchdog; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name for name in done.stdout.split() if name.startswith("spinspike.simulators.")}
    assert {name.split(".")[2] for name in loaded} <= {"lava", "base", "stimulus"}
