"""What the faces offer is documented: every parameter by name, in a section of its own."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

FACES = (
    "spinspike", "spinspike.model", "spinspike.mapping", "spinspike.simulators",
    "spinspike.studies", "spinspike.studies.page.plot",
)  # fmt: skip


def offered() -> Iterator[Any]:
    for name in FACES:
        face = import_module(name)
        names = getattr(face, "__all__", [n for n in vars(face) if not n.startswith("_")])
        for thing in (getattr(face, name) for name in names):
            if inspect.isfunction(thing) and thing.__module__.startswith("spinspike"):
                yield thing


FUNCTIONS = {f"{thing.__module__}.{thing.__name__}": thing for thing in offered()}


def test_there_are_many() -> None:
    assert len(FUNCTIONS) > 40


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_parameter_is_in_the_docstring(name: str) -> None:
    function = FUNCTIONS[name]
    parameters = list(inspect.signature(function).parameters)
    if not parameters:
        return
    _, _, section = str(inspect.getdoc(function)).partition("Parameters\n----------\n")
    section = re.split(r"\n[A-Z]\w+\n---", section)[0]
    named = re.findall(r"^(\*{0,2}\w[\w, *]*?)(?: :|$)", section, re.MULTILINE)
    found = [one.strip(" *") for group in named for one in group.split(",")]
    assert found == parameters
