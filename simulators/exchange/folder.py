"""Folders that are exported whole or not at all, and never over somebody's other files."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from spinspike.errors import BadInput
from spinspike.outputs import try_beside, writing


@contextmanager
def whole_folder(folder: Path, written: Collection[str], *, force: bool) -> Iterator[Path]:
    """An empty folder beside ``folder`` that takes its place once it is complete.

    Parameters
    ----------
    folder
        Must not exist, unless ``force``; its parent must.
    written
        Names of what an export writes into it.
    force
        Replace a folder that holds nothing else.

    Raises
    ------
    BadInput
        As for `check_place`, or the system refuses a file.
    """
    check_place(folder, written, force=force)
    beside: dict[str, Any] = {"dir": folder.parent, "prefix": f".{folder.name}."}
    with writing(folder), tempfile.TemporaryDirectory(**beside) as name:
        new, old = Path(name) / "new", Path(name) / "old"
        new.mkdir()
        yield new
        try:
            if folder.exists():
                folder.rename(old)
            new.rename(folder)
        except BaseException:
            if old.exists() and not folder.exists():
                old.rename(folder)
            raise


def check_place(folder: Path, written: Collection[str], *, force: bool) -> None:
    """Refuse a folder that cannot be written, as `whole_folder` takes it: before any work.

    Raises
    ------
    BadInput
        The folder exists and ``force`` is not set, holds other files, or has no parent, or nothing
        can be written beside it.
    """
    with writing(folder):
        _check_content(folder, written, force=force)
        try_beside(folder)


def _check_content(folder: Path, written: Collection[str], *, force: bool) -> None:
    if not folder.parent.is_dir():
        message = f"folder {folder.parent} does not exist; create it first"
        raise BadInput(message)
    if not folder.exists():
        return
    if not force:
        message = f"{folder} exists; choose another name or allow overwriting with --force"
        raise BadInput(message)
    is_folder = folder.is_dir()
    allowed = {*written, "__pycache__"}
    # Forced or not, somebody's other files are not ours to delete.
    foreign = sorted(f.name for f in folder.iterdir() if f.name not in allowed) if is_folder else []
    if foreign or not is_folder:
        what = f"holds {foreign[0]}, which no export writes" if is_folder else "is a file"
        message = f"{folder} {what}; choose another name"
        raise BadInput(message)
