"""No command writes over what it reads, forced or not: held here for all of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import typer

Function = TypeVar("Function", bound=Callable[..., Any])
OUTPUT = "output"  # the parameter of every command that writes
IDX = ("*-ubyte*", "*/*-ubyte*")  # what is read of a folder of images


class Commands(typer.Typer):
    """A program whose commands refuse an output that is one of their inputs."""

    def command(self, *names: Any, **options: Any) -> Callable[[Function], Function]:
        """Add a command, as `typer.Typer.command` does."""
        register = super().command(*names, **options)

        def add(function: Function) -> Function:
            register(guarded(function))
            return function

        return add


def guarded(function: Function) -> Function:
    """The same command, which looks at its output before anything else."""

    @wraps(function)
    def run(**given: Any) -> Any:
        output = given.get(OUTPUT)
        if isinstance(output, Path):
            refuse_inputs(output, inputs(given))
        return function(**given)

    return cast("Function", run)


def inputs(given: dict[str, Any]) -> Iterator[Path]:
    """Files and folders among the arguments of a command.

    Paths, and texts with a suffix that name a file, since data sets and targets go by either.
    """
    for name, value in given.items():
        for one in value if isinstance(value, list | tuple) else [value]:
            if name == OUTPUT:
                continue
            if isinstance(one, Path):
                yield one
                yield from (file for pattern in IDX for file in one.glob(pattern))
            elif isinstance(one, str) and Path(one).suffix and Path(one).is_file():
                yield Path(one)


def refuse_inputs(output: Path, sources: Iterable[Path]) -> None:
    """Refuse an output that is an input, or a folder that holds one, by whatever path or link.

    Raises
    ------
    BadInput
        It is.
    """
    from spinspike.errors import BadInput

    known = {_identity(source): source for source in sources}
    known.pop(None, None)  # those that are not there
    for verb, places in (("is", [output]), ("holds", output.rglob("*"))):
        if found := next((known[key] for key in map(_identity, places) if key in known), None):
            message = (
                f"{output} {verb} the input {found}, and no input is written over, forced or not; "
                "choose another name"
            )
            raise BadInput(message)


def _identity(path: Path) -> tuple[int, int] | None:
    """What a path stands for, links followed; None if there is nothing."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
