"""Files of arrays as NumPy has them (.npz), read without trust: no pickle, no promise believed."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import BadFile, BadInput
from .hdf5 import INFLATION
from .spelling import check_names

MAX_BYTES = 2**31  # bytes of one array; MNIST's training images are 47 million

HEADER = 30  # bytes of a member's own header, beside its name
SLACK = 44  # that writers may add to it: 64-bit sizes, and once more behind the data
NUMBERS = "biuf"  # kinds of NumPy types
PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # what NumPy writes


def write_npz(path: Path, arrays: Mapping[str, Any], *, packed: bool = True) -> None:
    """Write arrays as ``numpy.savez`` does.

    That one leaves an open archive behind on a full disk, which complains when it is collected,
    and takes no array by the name of one of its arguments.

    Parameters
    ----------
    path : Path
        The file; what is there is overwritten.
    arrays : mapping
        Arrays of numbers or text by name, none of them of objects.
    packed : bool
        Whether to compress them.
    """
    npy: Any = np.lib.format  # without annotations
    packing = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                npy.write_array(member, np.asanyarray(array), allow_pickle=False)


def read_npz_arrays(path: Path | str, names: Iterable[str]) -> dict[str, NDArray[Any]]:
    """The named arrays of a file, those that it has.

    Raises
    ------
    BadFile
        It is missing or corrupt, needs pickle, or promises more than it can hold.
    """
    path = Path(path)
    if not path.is_file():
        message = f"{path} is not a file; give the name of an .npz file"
        raise BadFile(message)
    try:
        with zipfile.ZipFile(path) as archive:
            found = set(archive.namelist())
            size = path.stat().st_size
            return {
                name: _member(archive, f"{name}.npy", size)
                for name in names
                if f"{name}.npy" in found
            }
    except BadInput as error:
        message = f"{path}: {error}"
        raise BadFile(message) from error
    except Exception as error:  # a broken archive raises a dozen kinds from zipfile, zlib and NumPy
        message = f"{path} cannot be read: {error}"
        raise BadFile(message) from error


def read_whole_npz(
    path: Path | str, needed: Iterable[str], optional: Iterable[str] = (), *, what: str = "array"
) -> dict[str, NDArray[Any]]:
    """All arrays of a file, which are those that are expected and no others.

    Parameters
    ----------
    path : path
        The file.
    needed, optional : iterable of str
        Names of arrays that it must and that it may have.
    what : str
        What the arrays stand for.

    Raises
    ------
    BadFile
        As for `read_npz_arrays`; or a name is not known, or one is missing.
    """
    found = npz_names(path)
    with zipfile.ZipFile(path) as archive:
        if (hidden := _hidden(archive)) >= HEADER:
            message = f"{path} is damaged: {hidden} of its bytes belong to no array that it names"
            raise BadFile(message)
    try:
        check_names(found, needed, optional, what=what, where=str(path))
    except BadInput as error:
        raise BadFile(str(error)) from error
    return read_npz_arrays(path, found)


def npz_names(path: Path | str) -> list[str]:
    """Names of the arrays that a file holds.

    Parameters
    ----------
    path : path
        The file.

    Raises
    ------
    BadFile
        It is missing or no archive.
    """
    read_npz_arrays(path, [])
    with zipfile.ZipFile(path) as archive:
        return [name.removesuffix(".npy") for name in archive.namelist()]


def _hidden(archive: zipfile.ZipFile) -> int:
    """Bytes before the directory that are in no member: those of one that the directory lost."""
    members = archive.infolist()
    used = sum(HEADER + len(m.filename.encode()) + m.compress_size for m in members)
    return archive.start_dir - used - SLACK * len(members)


def _member(archive: zipfile.ZipFile, key: str, size: int) -> NDArray[Any]:
    """One array of an archive, its header held against its length before it is unpacked."""
    entry = archive.getinfo(key)
    if entry.compress_type not in PACKINGS:
        message = f"{key} is packed by method {entry.compress_type}; allowed: {PACKINGS}"
        raise BadInput(message)
    npy: Any = np.lib.format  # without annotations
    with archive.open(entry) as file:
        version = npy.read_magic(file)
        if version not in ((1, 0), (2, 0)):
            message = f"{key} is of npy format {version}; allowed: (1, 0) and (2, 0)"
            raise BadInput(message)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read(file)
        stored = entry.file_size - file.tell()
    if dtype.kind not in NUMBERS:
        bfloat16 = " (bfloat16? save it as float32)" if dtype.str == "|V2" else ""
        message = f"{key} has type {dtype}{bfloat16}; allowed: numbers"
        raise BadInput(message)
    promised = math.prod(shape) * dtype.itemsize
    largest = min(MAX_BYTES, INFLATION * min(entry.compress_size, size) + 2**20)
    if promised != stored or not 0 <= promised <= largest:
        message = (
            f"{key} promises {shape} of {dtype}, {promised} bytes, and holds {stored}; "
            f"allowed: the same, at most {largest} here"
        )
        raise BadInput(message)
    with archive.open(entry) as file:
        array: NDArray[Any] = npy.read_array(file, allow_pickle=False)
        file.read(1)  # reaches the end, where the checksum is verified
    return array
