"""The folder of a report: refused early, filled with tables."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from spinspike.errors import BadInput, MissingPart
from spinspike.outputs import make_folder

BESIDE = {"stress", "energy.json"}  # what other commands left in the folder, for the report to show


def check_folder(folder: Path, *, force: bool) -> None:
    """Refuse an output folder that holds something, unless forced; refuse early, not after work."""
    try:
        import jinja2  # noqa: F401  (looked for here, used below)
        import matplotlib as mpl  # noqa: F401
    except ImportError as error:
        message = f"reports need {error.name}: pip install 'spinspike[plot]'"
        raise MissingPart(message) from error
    if folder.is_dir() and any(f.name not in BESIDE for f in folder.iterdir()) and not force:
        message = f"{folder} is not empty; choose another name or allow overwriting with --force"
        raise BadInput(message)
    make_folder(folder)


def write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table as CSV."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
