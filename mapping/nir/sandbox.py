"""A NIR file read in a process of its own, which may die of it.

NIR files hold text of variable length, and damage to such text has crashed the HDF5 library. Hence
`file` starts this file as a program: it reads everything under limits of memory and time and
writes plain arrays and JSON, which are safe to read. It needs h5py and NumPy alone.
"""

from __future__ import annotations

import json
import math
import os
import resource
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np

MEMORY = 2**30, 6 * 2**30  # bytes of address space: for a small file, at most
SECONDS = 3  # of processor time for a small file
PACE = 2**20  # bytes that are worth a second more
INFLATION = 1100  # gzip packs at most 1032 bytes into one
DEPTH = 12  # groups inside groups
ENTRIES = 100_000  # groups and data sets of a file
TOTAL = 2**31  # bytes of all arrays
LONGEST = 2**24  # bytes of one text


class Refused(Exception):
    """What is wrong with the file, in one line."""


def contents(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Texts and arrays of a file by their place, such as ``node/nodes/lif/tau``."""
    texts: dict[str, Any] = {}
    arrays: dict[str, Any] = {}
    total = 0
    with h5py.File(path, "r") as file:
        for place, dataset in _datasets(file, "", 0, [0]):
            _check(place, dataset)
            text = h5py.check_string_dtype(dataset.dtype)
            total += dataset.size * (1 if text is not None else dataset.dtype.itemsize)
            if total > TOTAL:
                message = f"its arrays claim over {TOTAL} bytes"
                raise Refused(message)
            if text is not None:
                texts[place] = _text(place, np.asarray(dataset[()]))
            else:
                arrays[place] = np.asarray(dataset[()])
    return texts, arrays


def _datasets(
    group: h5py.Group, place: str, depth: int, seen: list[int]
) -> Iterator[tuple[str, h5py.Dataset]]:
    """All data sets that live in this very file."""
    if depth > DEPTH:
        message = f"{place} lies deeper than {DEPTH} groups"
        raise Refused(message)
    for name in group:
        seen[0] += 1
        inner = f"{place}/{name}" if place else name
        if seen[0] > ENTRIES:
            message = f"it has over {ENTRIES} entries"
            raise Refused(message)
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            message = f"{inner} is a link to somewhere else"
            raise Refused(message)
        found = group[name]
        if isinstance(found, h5py.Group):
            yield from _datasets(found, inner, depth + 1, seen)
        elif isinstance(found, h5py.Dataset):
            yield inner, found
        else:
            message = f"{inner} is neither a group nor an array"
            raise Refused(message)


def _check(place: str, dataset: h5py.Dataset) -> None:
    """Before a byte is allocated: the type, where it is stored, and how much."""
    if dataset.is_virtual or dataset.external or dataset.shape is None:
        message = f"{place} has no data in this file"
        raise Refused(message)
    if h5py.check_string_dtype(dataset.dtype) is None and dataset.dtype.kind not in "biuf":
        bfloat16 = " (bfloat16? save it as float32)" if dataset.dtype.str == "|V2" else ""
        message = f"{place} has type {dataset.dtype}{bfloat16}; allowed: numbers and text"
        raise Refused(message)
    stored = dataset.id.get_storage_size()
    entries = max(dataset.size, math.prod(dataset.chunks or ()))
    if entries * dataset.dtype.itemsize > INFLATION * stored + 2**20:
        message = f"{place} claims {entries} entries in {stored} bytes"
        raise Refused(message)


def _text(place: str, value: Any) -> Any:
    """A string, or a nested list of strings."""
    flat = [v if isinstance(v, bytes) else str(v).encode() for v in value.ravel().tolist()]
    if sum(len(v) for v in flat) > LONGEST:
        message = f"{place} is text of over {LONGEST} bytes"
        raise Refused(message)
    words = np.array([v.decode() for v in flat], dtype=object).reshape(value.shape)
    return words.tolist()


def convert(path: Path, folder: Path) -> str:
    """Write ``texts.json`` and ``arrays.npz``; what is wrong with the file, or nothing."""
    try:
        texts, arrays = contents(path)
        names = list(arrays)
        np.savez(folder / "arrays.npz", **{f"a{k}": arrays[n] for k, n in enumerate(names)})
        (folder / "texts.json").write_text(json.dumps([texts, names]), encoding="utf-8")
    except Refused as error:
        return str(error)
    except Exception as error:  # noqa: BLE001  h5py raises nearly anything on a damaged file
        return f"cannot be read: {type(error).__name__}: {error}"
    return ""


def seconds(path: Path) -> int:
    """Processor time granted for reading a file; damaged ones can keep the library busy for ever."""
    return SECONDS + path.stat().st_size // PACE


def limit(path: Path) -> None:
    """Bound memory, time and what a crash leaves behind."""
    least, most = MEMORY
    bounds = (
        (resource.RLIMIT_AS, min(least + 4 * INFLATION * path.stat().st_size, most)),
        (resource.RLIMIT_CPU, seconds(path)),
        (resource.RLIMIT_CORE, 0),
    )
    for kind, bound in bounds:
        hard = resource.getrlimit(kind)[1]
        with suppress(ValueError, OSError):  # macOS knows some limits by name only
            resource.setrlimit(kind, (bound if hard < 0 else min(bound, hard), hard))


if __name__ == "__main__":
    limit(Path(sys.argv[1]))
    problem = convert(Path(sys.argv[1]), Path(sys.argv[2]))
    sys.stderr.write(problem)
    sys.stderr.flush()
    os._exit(2 if problem else 0)  # closing what a damaged file opened has crashed, too
