"""Every example in a docstring runs and prints what it says.

A test of its own, since pytest's ``--doctest-modules`` does not find modules that are installed
under another name than their folder's.
"""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import spinspike


def module_names(path: Iterable[str], prefix: str) -> Iterator[str]:
    """All modules below a package, without importing any."""
    for folder in path:
        for module in pkgutil.iter_modules([folder], prefix):
            yield module.name
            if module.ispkg:
                inner = Path(folder, module.name.rpartition(".")[2])
                yield from module_names([str(inner)], f"{module.name}.")


MODULES = sorted(set(module_names(spinspike.__path__, "spinspike.")))
# `import lava` changes how an interpreter starts processes, and some of these do it.
LAVA = [name for name in MODULES if ".lava" in name]
ORDINARY = [name for name in MODULES if name not in LAVA and not name.endswith(".__main__")]


@pytest.mark.parametrize("name", ORDINARY)
def test_examples_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.lava
def test_examples_of_modules_that_import_lava_hold() -> None:
    code = (
        "import doctest, importlib, sys\n"
        "modules = [importlib.import_module(name) for name in sys.argv[1:]]\n"
        "sys.exit(sum(doctest.testmod(module).failed for module in modules))"
    )
    command = [sys.executable, "-c", code, *LAVA]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder()
    modules = [importlib.import_module(name) for name in ORDINARY]
    examples = sum(len(test.examples) for module in modules for test in finder.find(module))
    assert examples > 0
