"""What `import spinspike` gives: the same objects as the floors, and nothing heavy before them."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import pytest

import spinspike
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.mapper import map_network
from spinspike.studies.validation.run import validate

SOURCE = Path(__file__).resolve().parents[2] / "core" / "__init__.py"


def test_the_version_is_that_of_the_installed_package() -> None:
    assert spinspike.__version__ == version("spinspike")


def test_it_is_short() -> None:
    assert len(SOURCE.read_text().splitlines()) <= 45


def test_names_are_the_objects_themselves() -> None:
    assert spinspike.SynapseGraph is SynapseGraph
    assert spinspike.map_network is map_network
    assert spinspike.validate is validate


def test_the_table_what_is_typed_and_all_agree() -> None:
    tree = ast.parse(SOURCE.read_text())
    typed = {
        alias.name: str(node.module)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("spinspike")
        for alias in node.names
    }
    floors = {
        name: f"spinspike.{floor}"
        for floor, names in spinspike._FLOORS.items()
        for name in names.split()
    }
    assert typed == floors
    assert sorted(floors) == sorted(spinspike.__all__)
    for name in spinspike.__all__:
        thing = getattr(spinspike, name)
        assert callable(thing) or isinstance(thing, ModuleType), name


def test_a_misspelt_name_is_named() -> None:
    with pytest.raises(AttributeError, match="module 'spinspike' has no attribute 'tarin'"):
        spinspike.tarin  # type: ignore[attr-defined]  # noqa: B018


def test_importing_it_imports_no_floor() -> None:
    code = "import spinspike, sys; print([n for n in sys.modules if n.startswith('spinspike.')])"
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"
