"""How the pages are built: `make docs` makes out/docs/index.html of them.

Two parts of the reference are written anew by every build, so that they cannot fall behind the code:
a page for each package, from its docstrings, and the options of each command, from the program.
"""

from __future__ import annotations

import ast
import shutil
from importlib import import_module
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import typer

from spinspike.cli.main import app as program

project = "spinspike"
author = "the spinspike authors"
project_copyright = author
version = release = installed("spinspike")

extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc"]
exclude_patterns: list[str] = []
default_role = "code"
myst_heading_anchors = 3
suppress_warnings = ["ref.python"]  # annotations name types by words that several modules know
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
numpydoc_show_class_members = False
nitpicky = False

html_theme = "pydata_sphinx_theme"
html_title = f"spinspike {version}"
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_nav_level": 1,
}

HERE = Path(__file__).parent
ROOT = HERE.parent
ROOMS = HERE / "reference" / "api"
FLOORS = ("core", "model", "mapping", "simulators", "studies")
FACES = ("spinspike", *(f"spinspike.{floor}" for floor in FLOORS[1:]))
# What runs inside a process of Lava's, and what a compiler makes machine code of.
INSIDE = (
    "spinspike.simulators.lava.processes",
    "_worker",
    "_kernels",
    "numba_lanes",
    "lava.worker",
)


def write_reference(_: Any = None) -> None:
    """Write reference/api/ and reference/commands.md."""
    shutil.rmtree(ROOMS, ignore_errors=True)
    ROOMS.mkdir()
    rooms = {name: modules for name, modules in packages().items() if modules or name in FACES}
    for name, modules in rooms.items():
        (ROOMS / f"{name}.md").write_text(room_page(name, modules), encoding="utf-8")
    listed = "\n".join(rooms)
    text = f"# Packages\n\n```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```\n"
    (ROOMS / "index.md").write_text(text, encoding="utf-8")
    (HERE / "reference" / "commands.md").write_text(command_page(), encoding="utf-8")


def packages() -> dict[str, list[str]]:
    """Every package and the modules in it that have a page, floor by floor."""
    found = {}
    for floor in FLOORS:
        for init in sorted((ROOT / floor).rglob("__init__.py")):
            parts = init.parent.relative_to(ROOT).parts
            name = ".".join(("spinspike", *(parts[1:] if parts[0] == "core" else parts)))
            if "template" in str(init):
                continue
            files = sorted(file for file in init.parent.glob("*.py") if file != init)
            modules = [f"{name}.{file.stem}" for file in files]
            found[name] = [m for m in modules if not any(part in m for part in INSIDE)]
    return found


def room_page(name: str, modules: list[str]) -> str:
    """A package: its tour, the names on its face, its modules with all they define."""
    face = import_module(name)
    lines = [f"# {name}", "", "```{eval-rst}", f".. automodule:: {name}", "   :no-members:", "```"]
    if name in FACES:
        lines += ["", "| name | |", "|---|---|", *(face_row(face, n) for n in face.__all__)]
    for module in modules:
        lines += ["", f"## {module}", "", "```{eval-rst}", f".. automodule:: {module}"]
        if named := defined_in(module):
            lines.append(f"   :members: {', '.join(named)}")
        lines.append("```")
    return "\n".join(lines) + "\n"


def face_row(face: Any, name: str) -> str:
    """A name of a face, where it is defined, and the first line of its docstring."""
    value = getattr(face, name)
    home = getattr(value, "__module__", None)
    if home is None:  # a module, or a mapping of constants
        words = (getattr(value, "__doc__", "") or "").splitlines()[0]
        keys = ", ".join(f"`{key}`" for key in value) if isinstance(value, dict) else ""
        return f"| `{name}` | {keys or words} |"
    if not (callable(value) and hasattr(value, "__name__")):
        return f"| `{name}` | a constant of `{home}` |"
    summary = (value.__doc__ or "").split("\n\n")[0].replace("\n", " ").replace("|", "\\|")
    return f"| {{py:obj}}`{name} <{home}.{value.__name__}>` | {' '.join(summary.split())} |"


def command_page() -> str:
    """Every command with its arguments and options, as `--help` has them."""
    lines = ["# Commands", "", "As `--help` says it. What each is for: [](../howto/index.md).", ""]
    for name, command in sorted(commands(typer.main.get_command(program), "spinspike")):
        lines += [
            f"## {name}",
            "",
            first_paragraph(command.help or ""),
            "",
            "| | | |",
            "|---|---|---|",
        ]
        lines += [row for parameter in command.params if (row := parameter_row(parameter))]
        lines.append("")
    return "\n".join(lines)


def commands(command: Any, name: str) -> list[tuple[str, Any]]:
    """The commands below one, by their whole names."""
    inner = getattr(command, "commands", None)
    if inner is None:
        return [(name, command)]
    return [pair for key, below in inner.items() for pair in commands(below, f"{name} {key}")]


def first_paragraph(text: str) -> str:
    """The first paragraph, on one line."""
    return " ".join(text.split("\n\n")[0].split())


def parameter_row(parameter: Any) -> str:
    """An argument or option, its default and what it is."""
    if "--help" in parameter.opts:
        return ""
    names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
    default = parameter.default
    plain = isinstance(default, str | int | float) and not isinstance(default, bool)
    shown = "required" if parameter.required else f"{default}" if plain else ""
    words = getattr(parameter, "help", None) or ""
    return f"| {names} | {shown} | {words.replace('|', chr(92) + '|')} |"


def defined_in(module: str) -> list[str]:
    """Public functions and classes that a module defines, in their order."""
    _, *path = module.split(".")
    folder = ROOT if path[0] in FLOORS else ROOT / "core"
    tree = ast.parse(folder.joinpath(*path).with_suffix(".py").read_text("utf-8"))
    kinds = (ast.FunctionDef, ast.ClassDef)
    named = [node.name for node in tree.body if isinstance(node, kinds)]
    return [name for name in named if not name.startswith("_")]


def tidy(_: Any, what: str, __: str, ___: Any, ____: Any, lines: list[str]) -> None:
    """What of our docstrings Sphinx would take for something else, in place.

    In |x| a substitution, where code stays as it is; in a module's "References" a heading of the page.
    """
    literal = False
    for place, line in enumerate(lines):
        if line.strip() and not line.startswith(" "):
            literal = False
        if not literal:
            parts = line.split("`")
            parts[::2] = [part.replace("|", r"\|") for part in parts[::2]]
            lines[place] = "`".join(parts)
        literal = literal or line.endswith("::")
        if what == "module" and line == "----------" and lines[place - 1] == "References":
            lines[place - 1 : place + 1] = [".. rubric:: References", ""]


def setup(sphinx: Any) -> None:
    """Called by Sphinx."""
    sphinx.connect("builder-inited", write_reference)
    sphinx.connect("autodoc-process-docstring", tidy, priority=100)  # before numpydoc
