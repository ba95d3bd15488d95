"""The shape of the repository: what DESIGN calls floors, and the names that things go by."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import networkx as nx
import pytest

ROOT = Path(__file__).resolve().parents[1]
FLOORS = ("model", "mapping", "simulators", "cli")  # each may import those to its left
SCRIPTS = ("tests", "examples", "benchmarks")
HEAVY = (
    "brian2", "brian2_loihi", "dask", "jax", "lava", "matplotlib", "nest", "nir", "numba", "pyNN",
    "sanafe", "sklearn",
)  # fmt: skip
NO_CONTENT = {"utils.py", "helpers.py", "common.py"}  # names that say nothing of what is inside


def module_files(folder: Path) -> dict[str, Path]:
    """Dotted module name → file, for a package and the packages directly inside it, and so on."""
    found = {}
    for file in folder.glob("*.py"):
        parts = ("spinspike", *file.relative_to(ROOT).with_suffix("").parts)
        found[".".join(parts).removesuffix(".__init__")] = file
    for init in folder.glob("*/__init__.py"):
        found |= module_files(init.parent)
    return found


MODULES = {name: file for floor in FLOORS for name, file in module_files(ROOT / floor).items()}
PACKAGES = sorted(name for name, file in MODULES.items() if file.name == "__init__.py")


def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def imported_names(file: Path, module: str) -> Iterator[str]:
    """Dotted names that a file imports anywhere, inside functions too; relative ones resolved."""
    package = module.split(".") if file.name == "__init__.py" else module.split(".")[:-1]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"), str(file))):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=source, names=names, level=level):
                start = package[: len(package) - level + 1] if level else []
                base = ".".join([*start, *([source] if source else [])])
                yield from (f"{base}.{alias.name}" for alias in names)
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__")
                | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield name


def imported_modules(module: str) -> set[str]:
    """Modules of spinspike that a module imports: the longest known prefix of each name."""
    found = set()
    for name in imported_names(MODULES[module], module):
        while name and name not in MODULES:
            name = name.rpartition(".")[0]
        found.add(name)
    return found - {"", module}


def test_pyproject_lists_exactly_the_folders_that_are_packages() -> None:
    setuptools = pyproject()["tool"]["setuptools"]
    assert sorted(setuptools["packages"]) == PACKAGES
    assert setuptools["package-dir"] == {f"spinspike.{floor}": floor for floor in FLOORS}


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_floor_imports_only_what_stands_to_its_left(module: str) -> None:
    level = FLOORS.index(module.split(".")[1])
    allowed = set(FLOORS[: level + 1])
    names = [name.split(".") for name in imported_names(MODULES[module], module)]
    used = {name[1] for name in names if name[0] == "spinspike" and len(name) > 1}
    assert used <= allowed, f"{module} reaches up to {sorted(used - allowed)}"


def test_no_import_circles() -> None:
    graph = nx.DiGraph([(name, used) for name in MODULES for used in imported_modules(name)])
    circles = [sorted(group) for group in nx.strongly_connected_components(graph) if len(group) > 1]
    assert not circles


def test_floors_are_imported_by_their_full_name() -> None:
    scripts = [file for folder in SCRIPTS for file in sorted((ROOT / folder).rglob("*.py"))]
    files = [*MODULES.items(), *((file.stem, file) for file in scripts)]
    bare = {
        f"{file.relative_to(ROOT)}: {name}"
        for module, file in files
        for name in imported_names(file, module)
        if name.split(".")[0] in FLOORS
    }
    assert not bare, "write import spinspike.model, not import model"


def loaded_after(code: str) -> set[str]:
    """Top-level modules in a fresh interpreter, started in the checkout, that has run the code."""
    code += "\nimport sys; print(); print(*{name.partition('.')[0] for name in sys.modules})"
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return set(result.stdout.splitlines()[-1].split())


def test_nothing_is_loaded_a_second_time_under_a_bare_name() -> None:
    loaded = loaded_after("".join(f"import spinspike.{floor}\n" for floor in FLOORS))
    assert "spinspike" in loaded
    assert loaded.isdisjoint(FLOORS)


@pytest.mark.parametrize("floor", FLOORS)
def test_importing_a_floor_loads_no_heavy_library(floor: str) -> None:
    assert loaded_after(f"import spinspike.{floor}").isdisjoint(HEAVY)


def test_help_loads_no_heavy_library() -> None:
    code = "from spinspike.cli.main import app\napp(['--help'], standalone_mode=False)"
    assert loaded_after(code).isdisjoint(HEAVY)


def rank(name: str) -> tuple[int, str]:
    """Order that ruff's RUF022 keeps: constants, then classes, then functions."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name


@pytest.mark.parametrize(
    "package",
    [pytest.param(name, marks=pytest.mark.lava if "lava" in name else ()) for name in PACKAGES],
)
def test_all_is_sorted_and_importable(package: str) -> None:
    # Read, not imported: importing Lava's processes would change this interpreter.
    tree = ast.parse(MODULES[package].read_text(encoding="utf-8"))
    assigned = {ast.unparse(n.targets[0]): n.value for n in tree.body if isinstance(n, ast.Assign)}
    listed = ast.literal_eval(assigned.get("__all__", ast.List([])))
    assert list(listed) == sorted(set(listed), key=rank)
    loaded_after(f"from {package} import {', '.join(listed)}" if listed else f"import {package}")


def test_every_package_is_marked_as_typed() -> None:
    missing = [name for name in PACKAGES if not (MODULES[name].parent / "py.typed").exists()]
    assert not missing


def test_no_file_has_a_name_that_says_nothing() -> None:
    folders = (*FLOORS, *SCRIPTS)
    files = [file for folder in folders for file in (ROOT / folder).rglob("*.py")]
    assert not [str(file) for file in files if file.name in NO_CONTENT]


def test_test_files_have_unique_names() -> None:
    names = [file.name for file in (ROOT / "tests").rglob("test_*.py")]
    assert len(names) == len(set(names)), sorted({name for name in names if names.count(name) > 1})


def test_the_installed_package_is_what_is_tested() -> None:
    model = importlib.import_module("spinspike.model")
    assert Path(model.__file__ or "").resolve() == ROOT / "model" / "__init__.py"
