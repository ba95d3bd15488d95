"""Files and folders that are written whole or not at all, and refused before the work.

Whatever is written goes under a temporary name beside its place and is renamed once it is complete.
So a full disk, a quota or an interruption leaves what was there, and nothing half-written.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import BadInput

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
TRIED = 4096  # bytes: where a disk is full, an empty file can still be made


def check_target(path: Path, *, force: bool) -> None:
    """Refuse a file that cannot be written: before the work, not after it.

    Parameters
    ----------
    path : Path
        The file; its folder must exist.
    force : bool
        Whether it may be there already.

    Raises
    ------
    BadInput
        It is there and may not be, is no file, or nothing can be written beside it.
    """
    with writing(path):
        _check_name(path, force=force)
        try_beside(path)


def make_folder(folder: Path) -> None:
    """Make a folder, and its parents; refuse one that nothing can be written into."""
    if folder.exists() and not folder.is_dir():
        message = f"{folder} is a file; give the name of a folder"
        raise BadInput(message)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        try_beside(folder / "new")


def try_beside(path: Path) -> None:
    """Write a little under a temporary name, and take it away again."""
    temporary = _beside(path)
    try:
        temporary.write_bytes(bytes(TRIED))
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Make one sentence of what the system says: which file, why, and how much room there is."""
    try:
        yield
    except OSError as error:
        message = f"{path} cannot be written: {reason(error, path)}"
        raise BadInput(message) from error


def reason(error: OSError, path: Path) -> str:
    """Why the system refused to write a file, and what is free where its room ran out."""
    why = error.strerror or str(error)
    if error.errno not in (*FULL, None):  # NumPy and Pillow give no number where a disk is full
        return why
    path = path.absolute()
    place = next(folder for folder in (path, *path.parents) if folder.is_dir())
    return f"{why}; {shutil.disk_usage(place).free / 1e6:,.1f} MB are free in {place}"


@contextmanager
def replacing(path: Path, *, force: bool) -> Iterator[Path]:
    """A temporary file beside ``path`` that takes its name once it is complete."""
    with writing(path):
        _check_name(path, force=force)
        temporary = _beside(path)
        try:
            yield temporary
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def filling(folder: Path) -> Iterator[Path]:
    """An empty folder whose files take their places in ``folder`` once all are complete.

    What else ``folder`` holds stays.

    Raises
    ------
    BadInput
        The system refuses a file, or a folder has the place of one.
    """
    with writing(folder), tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as name:
        new = Path(name)
        yield new
        places = {file: folder / file.relative_to(new) for file in new.rglob("*") if file.is_file()}
        for place in places.values():
            place.parent.mkdir(parents=True, exist_ok=True)
            _check_name(place, force=True)
        for file, place in places.items():
            os.replace(file, place)


def _check_name(path: Path, *, force: bool) -> None:
    if path.exists() and not force:
        message = f"{path} exists; choose another name or allow overwriting with --force"
        raise BadInput(message)
    if path.exists() and not path.is_file():
        what = "folder" if path.is_dir() else "device"
        message = f"{path} is a {what}; give the name of a file"
        raise BadInput(message)
    if not path.parent.is_dir():
        message = f"folder {path.parent} does not exist; create it first"
        raise BadInput(message)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}")
