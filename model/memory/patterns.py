"""Patterns to store: ±1 or 0/1, from an array, a file or a folder of pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinspike.arrays import FloatArray, SpinArray
from spinspike.errors import BadFile, BadInput, MissingPart
from spinspike.npz import npz_names, read_npz_arrays
from spinspike.one_line import OneLine

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".pgm")
FILES = (".npy", ".npz", ".csv")
LISTED = 5  # pairs of patterns in a message
MAX_BYTES = 2**31  # of a .npy file
MAX_PIXELS = 65_536  # of a picture: each is a unit


@dataclass(frozen=True, repr=False)
class Patterns(OneLine):
    """Patterns as spins, and the notation they came in."""

    states: SpinArray  # (P, H) in -1, +1
    values: tuple[int, int] = (-1, 1)  # what they were when down and up: -1, 1 or 0, 1
    image_shape: tuple[int, int] | None = None  # rows and columns, of pictures

    def summary(self) -> str:
        """Sizes."""
        count, units = self.states.shape
        return f"{count} patterns of {units} units, given as {self.values[0]} and {self.values[1]}"

    @property
    def activity(self) -> float:
        """Fraction of units that are up, over all patterns."""
        return float((self.states > 0).mean())


def patterns_of(given: ArrayLike | Patterns) -> Patterns:
    """Take patterns in either notation.

    Parameters
    ----------
    given : (P, H), or (P, rows, columns) for pictures
        All entries -1 and +1, or all 0 and 1; booleans are 0 and 1.

    Raises
    ------
    BadInput
        There are none, they have fewer than 2 units, or an entry is not finite or neither; the
        first such is named.

    Examples
    --------
    >>> patterns_of([[0, 1, 1], [1, 0, 0]]).states.tolist()
    [[-1, 1, 1], [1, -1, -1]]
    """
    if isinstance(given, Patterns):
        return given
    try:
        array = np.asarray(given)
    except ValueError as error:
        message = f"patterns are no array: {error}"
        raise BadInput(message) from error
    if array.dtype.kind not in "biuf":
        message = f"patterns have type {array.dtype}; allowed: numbers"
        raise BadInput(message)
    shape = (array.shape[1], array.shape[2]) if array.ndim == 3 else None
    if array.ndim == 3:
        array = array.reshape(len(array), -1)
    if array.ndim != 2 or not len(array) or array.shape[1] < 2:
        message = f"patterns have shape {array.shape}; allowed: (patterns, units), 1 and 2 or more"
        raise BadInput(message)
    low = -1 if (array < 0).any() else 0
    if low == 0 and (array == 1).all():  # no unit is ever down, so nothing says which it is
        low = -1
    wrong = np.argwhere(~np.isin(array, (low, 1)))
    if wrong.size:
        row, unit = wrong[0]
        allowed = "-1 and 1" if low else "0 and 1 (or -1 and 1) throughout"
        message = f"pattern {row} has {array[row, unit]:g} at unit {unit}; allowed: {allowed}"
        raise BadInput(message)
    states = np.where(array == 1, 1, -1).astype(np.int8)
    return Patterns(states, (low, 1), shape)


def read_patterns(path: Path | str, *, threshold: float = 0.5) -> Patterns:
    """Read patterns from a file, or pictures from a folder.

    Parameters
    ----------
    path : path
        ``.npy``, ``.npz`` with one array or one called "patterns", ``.csv`` with a pattern a line,
        or a folder of pictures of one size, in the order of their names.
    threshold : float, 0 to 1
        Of pictures: a pixel brighter than this fraction of white is up.

    Raises
    ------
    BadFile
        It cannot be read, or holds no patterns; the reason is named.
    """
    path = Path(path)
    if path.is_dir():
        return _pictures(path, threshold)
    if path.suffix not in FILES:
        kind = path.suffix or "nothing"
        message = f"{path} ends in {kind}; allowed: {', '.join(FILES)}, or a folder of pictures"
        raise BadFile(message)
    if not path.is_file():
        message = f"{path} is not a file; give patterns as {', '.join(FILES)} or a folder"
        raise BadFile(message)
    array = {".npy": _npy, ".npz": _npz, ".csv": _csv}[path.suffix](path)
    try:
        return patterns_of(array)
    except BadInput as error:
        message = f"{path}: {error}"
        raise BadFile(message) from error


def _npy(path: Path) -> NDArray[Any]:
    if path.stat().st_size > MAX_BYTES:
        message = f"{path} has {path.stat().st_size:,} bytes; allowed: {MAX_BYTES:,}"
        raise BadFile(message)
    try:
        array: NDArray[Any] = np.load(path, allow_pickle=False, mmap_mode="r")
        return np.array(array)
    except (OSError, ValueError, EOFError) as error:
        message = f"{path} cannot be read: {error}"
        raise BadFile(message) from error


def _npz(path: Path) -> NDArray[Any]:
    names = npz_names(path)
    name = "patterns" if "patterns" in names else names[0] if len(names) == 1 else None
    if name is None:
        message = f"{path} has arrays {', '.join(names)}; allowed: one, or one called patterns"
        raise BadFile(message)
    return read_npz_arrays(path, [name])[name]


def _csv(path: Path) -> NDArray[Any]:
    try:
        return np.loadtxt(path, delimiter=",", ndmin=2, encoding="utf-8")
    except (OSError, ValueError) as error:
        message = f"{path} is no table of numbers: {error}"
        raise BadFile(message) from error


def _pictures(folder: Path, threshold: float) -> Patterns:
    if not 0 < threshold < 1:
        message = f"threshold is {threshold:g}; allowed: above 0 and below 1"
        raise BadInput(message)
    try:
        from PIL import Image
    except ImportError as error:
        message = "pictures need Pillow: pip install 'spinspike[plot]'"
        raise MissingPart(message) from error
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in PICTURES)
    if not files:
        message = f"{folder} has no pictures; allowed: {', '.join(PICTURES)}"
        raise BadFile(message)
    rows: list[FloatArray] = []
    for file in files:
        try:
            with Image.open(file) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    message = f"{file} has {picture.width} x {picture.height} pixels; allowed: "
                    message += f"{MAX_PIXELS:,} in all, since each is a unit"
                    raise BadFile(message)
                grey = np.asarray(picture.convert("L"), dtype=np.float64) / 255
        except (OSError, ValueError, Image.DecompressionBombError) as error:
            message = f"{file} is no picture that can be read: {error}"
            raise BadFile(message) from error
        if rows and grey.shape != rows[0].shape:
            message = f"{file} has {grey.shape} pixels and {files[0].name} {rows[0].shape}; "
            message += "allowed: pictures of one size"
            raise BadFile(message)
        rows.append(grey)
    images = np.stack(rows) > threshold
    shape = (images.shape[1], images.shape[2])
    states = np.where(images.reshape(len(images), -1), 1, -1).astype(np.int8)
    if states.shape[1] < 2:
        message = f"pictures in {folder} have {states.shape[1]} pixel; allowed: 2 or more"
        raise BadFile(message)
    return Patterns(states, (0, 1), shape)


def refuse_contradictions(states: SpinArray, *, self_coupling: bool, bias: bool) -> None:
    """Refuse patterns that no couplings can hold together.

    Two equal ones are one. Two that differ in one unit alone put the same field on it, which
    cannot have both signs, unless it has a self-coupling. Where there are no biases, a pattern's
    complement is held whenever the pattern is, so that the same goes for complements.

    Parameters
    ----------
    states : (P, H)
        In -1 and +1.
    self_coupling, bias : bool
        Whether the network may have such.

    Raises
    ------
    BadInput
        Patterns are equal or contradict each other; they are named by number, from 0.
    """
    units = states.shape[1]
    overlap = np.rint(states.astype(np.float32) @ states.T.astype(np.float32)).astype(np.int64)
    distance = (units - overlap) // 2
    upper = np.triu(np.ones_like(distance, dtype=np.bool_), 1)
    equal = np.argwhere(upper & (distance == 0))
    if equal.size:
        message = f"{_pairs(equal)} are equal; allowed: each pattern once"
        raise BadInput(message)
    if self_coupling:
        return
    near = upper & (distance == 1)
    if not bias:
        near |= upper & (distance == units - 1)
    found = np.argwhere(near)
    if found.size:
        one, other = found[0]
        agree = states[one] == states[other]
        apart = ~agree if distance[one, other] == 1 else agree
        how = "differ in" if distance[one, other] == 1 else "are complements but for"
        message = (
            f"{_pairs(found)} contradict each other: {one} and {other} {how} unit "
            f"{int(np.flatnonzero(apart)[0])} alone, whose field would need both signs; no rule "
            "can store both without self-couplings"
        )
        raise BadInput(message)


def _pairs(found: NDArray[Any]) -> str:
    """Pairs of patterns, by number."""
    named = ", ".join(f"{one} and {other}" for one, other in found[:LISTED])
    more = f" and {len(found) - LISTED} more pairs" if len(found) > LISTED else ""
    return f"patterns {named}{more}"
