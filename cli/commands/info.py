"""The command that says what a file holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import Json


def info(
    file: Annotated[Path, typer.Argument(help="A .h5, .nir or .npz file.")], as_json: Json = False
) -> None:
    """Say what a file holds: a network, a graph, a checkpoint, a NIR graph, arrays.

    Example: `spinspike info network.h5`
    """
    from spinspike.studies import info as of
    from spinspike.studies.page.terminal import show, table

    rows = of(file)
    shown = table("", "", "", rows=[list(row) for row in rows.items()])
    show(rows, shown, as_json=as_json, last=f"{rows['kind']}: {file}")
