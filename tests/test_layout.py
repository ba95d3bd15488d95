"""The shape of the repository: what DESIGN calls floors, and the names that things go by."""

from __future__ import annotations

import ast
import importlib
import statistics
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import networkx as nx
import pytest

ROOT = Path(__file__).resolve().parents[1]
# Each may import those to its left; core is installed as spinspike itself.
FLOORS = ("core", "model", "mapping", "simulators", "studies", "cli")
SCRIPTS = ("tests", "examples", "benchmarks")
HEAVY = (
    "brian2", "brian2_loihi", "dask", "jax", "lava", "matplotlib", "nest", "nir", "numba", "pyNN",
    "sanafe", "sklearn",
)  # fmt: skip
LARGEST = 15  # source files in a folder
MEDIAN = 8  # likewise, over all folders
LONGEST = 60  # lines of a function's body, without its docstring
CIRCUIT = "simulators/hardware/core.py: elaborate"  # one circuit, whose parts share their wires
WIDEST = 12  # parameters; those of a command are the options that its user reads
NO_CONTENT = {"utils.py", "helpers.py", "common.py"}  # names that say nothing of what is inside


def module_files(folder: Path) -> dict[str, Path]:
    """Dotted module name → file, for a package and the packages directly inside it, and so on."""
    found = {}
    for file in folder.glob("*.py"):
        floor, *parts = file.relative_to(ROOT).with_suffix("").parts
        names = ("spinspike", *parts) if floor == "core" else ("spinspike", floor, *parts)
        found[".".join(names).removesuffix(".__init__")] = file
    for init in folder.glob("*/__init__.py"):
        found |= module_files(init.parent)
    return found


MODULES = {name: file for floor in FLOORS for name, file in module_files(ROOT / floor).items()}
PACKAGES = sorted(name for name, file in MODULES.items() if file.name == "__init__.py")


def floor_of(name: str) -> str:
    """The floor that a dotted name of spinspike lies on."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in FLOORS else "core"


def room_of(module: str) -> str:
    """The package a module lies in; a package's own face stands beside it."""
    if MODULES[module].name == "__init__.py":
        return f"{module} (its face)"
    return module.rpartition(".")[0]


def circles(pairs: Iterable[tuple[str, str]]) -> list[list[str]]:
    groups = nx.strongly_connected_components(nx.DiGraph(list(pairs)))
    return [sorted(group) for group in groups if len(group) > 1]


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
    above = {f"spinspike.{floor}": floor for floor in FLOORS[1:]}
    assert setuptools["package-dir"] == {"spinspike": "core"} | above


@pytest.mark.parametrize("module", sorted(MODULES.keys() - {"spinspike"}))
def test_a_floor_imports_only_what_stands_to_its_left(module: str) -> None:
    level = FLOORS.index(floor_of(module))
    names = imported_names(MODULES[module], module)
    used = {floor_of(name) for name in names if name.split(".")[0] == "spinspike"}
    assert used <= set(FLOORS[: level + 1]), f"{module} reaches up to {sorted(used)}"


def test_nothing_inside_goes_through_the_front_door() -> None:
    # Its table names all floors; whoever imported it from within would stand above them all.
    inside = sorted(name for name in MODULES if "spinspike" in imported_modules(name))
    assert not inside


def test_no_import_circles() -> None:
    assert not circles((name, used) for name in MODULES for used in imported_modules(name))


def test_no_circles_between_packages() -> None:
    pairs = {(room_of(name), room_of(used)) for name in MODULES for used in imported_modules(name)}
    assert not circles((one, other) for one, other in pairs if one != other)


def test_no_folder_is_too_large() -> None:
    count = Counter(str(file.parent.relative_to(ROOT)) for file in MODULES.values())
    assert {folder: files for folder, files in count.items() if files > LARGEST} == {}


def test_folders_are_small_as_a_rule() -> None:
    count = Counter(file.parent for file in MODULES.values())
    assert statistics.median(count.values()) <= MEDIAN


def functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    """Every function of the source, and where it is."""
    for file in MODULES.values():
        where = file.relative_to(ROOT)
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                yield f"{where}: {node.name}", node


def test_functions_are_short() -> None:
    def lines(node: ast.FunctionDef) -> int:
        body = node.body[bool(ast.get_docstring(node)) :]
        return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0

    long = {name for name, node in functions() if lines(node) > LONGEST}
    assert long == {CIRCUIT}


def test_signatures_are_short() -> None:
    def width(node: ast.FunctionDef) -> int:
        return len(node.args.posonlyargs) + len(node.args.args) + len(node.args.kwonlyargs)

    wide = {name: n for name, node in functions() if (n := width(node)) > WIDEST}
    assert {name: n for name, n in wide.items() if not name.startswith("cli/commands/")} == {}


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
    loaded = loaded_after(
        "".join(f"import {name}\n" for name in PACKAGES if "lava.processes" not in name)
    )
    assert "spinspike" in loaded
    assert loaded.isdisjoint(FLOORS)


def test_importing_packages_loads_no_heavy_library() -> None:
    code = "".join(f"import {name}\n" for name in PACKAGES if "lava.processes" not in name)
    assert loaded_after(code).isdisjoint(HEAVY)


def test_help_loads_no_heavy_library() -> None:
    code = "from spinspike.cli.main import app\napp(['--help'], standalone_mode=False)"
    assert loaded_after(code).isdisjoint(HEAVY)


def rank(name: str) -> tuple[int, str]:
    """Order that ruff's RUF022 keeps: constants, then classes, then functions."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name


@pytest.mark.parametrize(
    "package",
    [
        pytest.param(name, marks=pytest.mark.lava if "lava.processes" in name else ())
        for name in PACKAGES
    ],
)
def test_all_is_sorted_and_importable(package: str) -> None:
    # Read, not imported: importing Lava's processes would change this interpreter.
    tree = ast.parse(MODULES[package].read_text(encoding="utf-8"))
    assigned = {ast.unparse(n.targets[0]): n.value for n in tree.body if isinstance(n, ast.Assign)}
    listed = ast.literal_eval(assigned.get("__all__", ast.List([])))
    assert list(listed) == sorted(set(listed), key=rank)
    if listed:
        loaded_after(f"from {package} import {', '.join(listed)}")


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
