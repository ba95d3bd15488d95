"""The IDX files that MNIST and Fashion-MNIST come in.

An IDX file is a header of big-endian integers and then the bytes of one array. It is read without
trust: what the header promises is held against the length of the file before anything is
allocated, and a packed file is never unpacked further than its header promises.
"""

from __future__ import annotations

import gzip
import io
import math
import os
import struct
import zlib
from contextlib import nullcontext
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from spinspike.arrays import IntArray
from spinspike.errors import BadFile
from spinspike.hdf5 import INFLATION
from spinspike.npz import MAX_BYTES

from .dataset import Dataset, Split, held_out

ByteArray = NDArray[np.uint8]
GZIP = b"\x1f\x8b"  # first bytes of a packed file, RFC 1952
UNSIGNED_BYTE = 0x08  # the one IDX type that images and labels use
CHUNK = 2**20  # bytes unpacked at a time
IMAGES_PER_BATCH = 4096  # images moved at a time


def read_idx(path: Path | str, *, dimensions: int) -> ByteArray:
    """Read one IDX file of unsigned bytes, plain or packed by gzip (told by its first bytes).

    Parameters
    ----------
    dimensions : int
        Number of dimensions it must have: 3 for images, 1 for labels.

    Raises
    ------
    BadFile
        It is missing, cut, corrupt, of another kind, or promises more than it can hold.
    """
    path = Path(path)
    if not path.is_file():
        message = f"{path} is not a file; give the name of an IDX file"
        raise BadFile(message)
    try:
        with path.open("rb") as raw:
            packed = raw.read(len(GZIP)) == GZIP
            raw.seek(0)
            size = os.fstat(raw.fileno()).st_size
            largest = min(MAX_BYTES, INFLATION * size + CHUNK if packed else size)
            with gzip.GzipFile(fileobj=raw) if packed else nullcontext(raw) as file:
                return _read(file, path, dimensions, largest)
    except (OSError, EOFError, zlib.error, MemoryError) as error:
        message = f"{path} cannot be read: {error}"
        raise BadFile(message) from error


def read_set(
    name: str, folder: Path | str, *, classes: int = 10, validation: int | None = None
) -> Dataset:
    """Read the four IDX files of a data set from a folder, or from its sub-folder ``name``.

    Of the training images `held_out` decides which validate. The pixels stay bytes, 0 … 255, and
    are in memory once.

    Raises
    ------
    BadFile
        A file is missing or corrupt, labels are out of range, or files do not belong together.
    """
    folder = _folder(Path(folder), name)
    images, labels = _pair(folder, "train", classes)
    test_images, test_labels = _pair(folder, "t10k", classes)
    shape = (images.shape[1], images.shape[2])
    if test_images.shape[1:] != shape:
        _fail(folder, f"test images are {test_images.shape[1:]}; allowed: {shape} as in training")
    inputs = images.reshape(len(images), -1)
    train, held = held_out(len(labels), validation)
    validating = Split(inputs[held], labels[held])
    return Dataset(
        name=name,
        train=Split(_keep(inputs, train), labels[train]),
        validation=validating,
        test=Split(test_images.reshape(len(test_images), -1), test_labels),
        classes=classes,
        input_range=(0.0, 255.0),
        image_shape=shape,
    )


def _read(file: io.BufferedIOBase, path: Path, dimensions: int, largest: int) -> ByteArray:
    """The array of an open file that may hold at most ``largest`` bytes."""
    magic = bytes([0, 0, UNSIGNED_BYTE, dimensions])
    header = file.read(4 + 4 * dimensions)
    if header[:4] != magic:
        _fail(
            path,
            f"starts with {header[:4].hex() or 'nothing'}; allowed: {magic.hex()} "
            f"(IDX, unsigned bytes, {dimensions} dimensions)",
        )
    if len(header) < 4 + 4 * dimensions:
        _fail(path, f"ends after {len(header)} bytes; allowed: a header of {4 + 4 * dimensions}")
    shape = struct.unpack(f">{dimensions}I", header[4:])
    promised = math.prod(shape)
    if not 1 <= promised <= largest:
        _fail(path, f"promises {shape}, {promised} bytes; allowed: 1 to {largest} bytes here")
    array = np.empty(promised, dtype=np.uint8)
    for start in range(0, promised, CHUNK):
        part = array[start : start + CHUNK]
        got = file.readinto(part.data)
        if got < len(part):
            _fail(path, f"ends after {start + got} of the {promised} bytes it promises")
    if file.read(1):
        _fail(path, f"holds more than the {promised} bytes it promises")
    return array.reshape(shape)


def _folder(folder: Path, name: str) -> Path:
    """Where the files are: the sub-folder of that name, if there is one with training images."""
    inner = folder / name
    return inner if _found(inner, "train-images", 3) else folder


def _found(folder: Path, stem: str, dimensions: int) -> Path | None:
    """The file of a data set, under any of the names that it goes by."""
    names = [
        f"{stem}{mark}idx{dimensions}-ubyte{end}" for mark in ("-", ".") for end in ("", ".gz")
    ]
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _pair(folder: Path, part: str, classes: int) -> tuple[ByteArray, IntArray]:
    """Images (P, h, w) and labels (P,) that belong together."""
    found = {}
    for what, dimensions in (("images", 3), ("labels", 1)):
        path = _found(folder, f"{part}-{what}", dimensions)
        if path is None:
            _fail(
                folder,
                f"holds no {part}-{what}-idx{dimensions}-ubyte, plain or .gz; allowed: a folder "
                "with the four IDX files: give it with --data DIR, or fetch them with --download",
            )
        found[what] = read_idx(path, dimensions=dimensions)
    images, labels = found["images"], found["labels"].astype(np.int64)
    if len(images) != len(labels):
        _fail(folder, f"has {len(images)} {part} images; allowed: {len(labels)}, one per label")
    if labels.max() >= classes:
        _fail(folder, f"has {part} label {labels.max()}; allowed: 0 to {classes - 1}")
    return images, labels


def _keep(inputs: ByteArray, rows: IntArray) -> ByteArray:
    """Move some rows, in rising order, to the front of the array itself: no second copy of it."""
    for start in range(0, len(rows), IMAGES_PER_BATCH):
        part = rows[start : start + IMAGES_PER_BATCH]
        inputs[start : start + len(part)] = inputs[part]
    return inputs[: len(rows)]


def _fail(path: Path, why: str) -> NoReturn:
    """Refuse the file or folder."""
    message = f"{path}: {why}"
    raise BadFile(message)
