"""HDF5 files that are written whole or not at all, and read without trust.

A file is one flat group of numeric arrays and text attributes. On reading, the kind, the format
version and of every array the type, the number of dimensions, the size and (for floats)
finiteness are checked before it is used; nothing in a file is ever executed.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import h5py
import numpy as np
from numpy.typing import NDArray

from .arrays import open_shape
from .errors import BadFile
from .outputs import replacing

FORMAT = 2
INFLATION = 1100  # gzip packs at most 1032 bytes into one; a small file can promise any size
SLACK = 2**24  # bytes that the HDF5 library needs for itself
KINDS = {"float": "f", "int": "iu", "spin": "i", "input": "fiu"}
TYPES = {"float": np.float64, "int": np.int64, "spin": np.int8}
INPUT_TYPES = ("uint8", "int8", "float32", "float64")


def write(
    path: Path | str,
    kind: str,
    arrays: Mapping[str, NDArray[Any]],
    attributes: Mapping[str, Any],
    *,
    force: bool = False,
) -> None:
    """Write arrays and attributes to ``path``, whole or not at all.

    Raises
    ------
    BadInput
        The file exists and ``force`` is not set, its folder does not exist, or the file system
        refuses it.
    """
    everything = {"kind": f"spinspike {kind}", "format": FORMAT, **attributes}
    # libver "latest" gives all metadata checksums, fletcher32 the arrays; text of variable length
    # has none, and damage to it has crashed the HDF5 library
    size = sum(array.nbytes for array in arrays.values())
    with hdf5(path, size, force=force, libver="latest") as file:
        for name, value in everything.items():
            file.attrs[name] = np.bytes_(value.encode()) if isinstance(value, str) else value
        for name, array in arrays.items():
            packing = "gzip" if array.size > 64 else None
            file.create_dataset(name, data=array, compression=packing, fletcher32=array.size > 0)


@contextmanager
def hdf5(path: Path | str, size: int, *, force: bool, **options: Any) -> Iterator[h5py.File]:
    """An HDF5 file to be filled, which takes the name ``path`` once it is complete.

    The HDF5 library takes the process down when it cannot write. So the file is made in memory, as
    large as it will be on disk, and memory that is missing shows before the library is at work.

    Parameters
    ----------
    path : path
        Its place.
    size : int
        Bytes of all arrays before they are packed.
    force : bool
        Whether a file may be there already.
    **options
        As `h5py.File` takes them.

    Raises
    ------
    BadInput
        As for `write`.
    MemoryError
        The file may not fit into memory.
    """
    with replacing(Path(path), force=force) as temporary:
        np.empty(2 * size + SLACK, dtype=np.uint8)  # twice: what grows may be copied; never touched
        image = io.BytesIO()
        with h5py.File(image, "w", **options) as file:
            yield file
        with temporary.open("wb") as target:
            # nothing may hold on to the buffer if this fails, or the image could not be freed
            target.write(image.getbuffer())


class Reader:
    """An open file of a known kind whose arrays are checked as they are taken."""

    def __init__(self, file: h5py.File, path: Path) -> None:
        self._file = file
        self._path = path

    def array(self, name: str, kind: str, shape: tuple[int | None, ...]) -> Any:
        """Read one array.

        Parameters
        ----------
        kind : {"float", "int", "spin", "input"}
            Converted to float64, int64 or int8 (entries -1, +1 only); inputs keep their type,
            one of uint8, int8, float32 and float64.
        shape : tuple
            The shape it must have; None leaves an axis open.
        """
        dataset = self._plain(name)
        if dataset.shape is None:
            self.fail(f"{name} has shape None; allowed: {shape}")
        if dataset.dtype.kind not in KINDS[kind]:
            self.fail(f"{name} has type {dataset.dtype}; allowed: {kind}")
        right = len(dataset.shape) == len(shape) and all(
            want in (None, got) for want, got in zip(shape, dataset.shape, strict=True)
        )
        if not right:
            self.fail(f"{name} has shape {dataset.shape}; allowed: {open_shape(shape)}")
        stored = dataset.id.get_storage_size()
        if dataset.size * dataset.dtype.itemsize > INFLATION * stored + 2**20:
            self.fail(f"{name} claims {dataset.size} entries in {stored} bytes")
        try:
            value = np.asarray(dataset[()])
        except (OSError, RuntimeError, MemoryError) as error:
            self.fail(f"{name} cannot be read: {error}")
        if kind == "input" and value.dtype.name not in INPUT_TYPES:
            self.fail(f"{name} has type {value.dtype}; allowed: {', '.join(INPUT_TYPES)}")
        if value.dtype.kind == "f" and not (np.abs(value) <= np.finfo(np.float64).max).all():
            self.fail(f"{name} contains nan or infinity; allowed: finite numbers")
        if kind == "int" and value.size and value.max() > np.iinfo(np.int64).max:
            self.fail(f"{name} has {value.max()}; allowed: 64-bit integers")
        if kind == "spin" and not np.isin(value, (-1, 1)).all():
            self.fail(f"{name} contains other values than -1 and +1")
        return value if kind == "input" else value.astype(TYPES[kind])

    def text(self, name: str) -> str:
        """Read one text attribute."""
        try:
            return bytes(self._attribute(name, np.bytes_)).decode()
        except UnicodeDecodeError as error:
            self.fail(f"attribute {name} is not UTF-8: {error}")

    def number(self, name: str) -> float:
        """Read one finite number."""
        value = float(self._attribute(name, (int, float, np.integer, np.floating)))
        if not np.isfinite(value):
            self.fail(f"{name} is {value}; allowed: a finite number")
        return value

    def fail(self, why: str) -> NoReturn:
        """Refuse the file."""
        message = f"{self._path}: {why}"
        raise BadFile(message)

    def __contains__(self, name: str) -> bool:
        try:
            return name in self._file
        except (OSError, RuntimeError, KeyError, ValueError) as error:
            self.fail(f"{name} cannot be read: {error}")

    def _attribute(self, name: str, types: Any) -> Any:
        try:
            if name in self._file.attrs:
                text = h5py.check_string_dtype(self._file.attrs.get_id(name).dtype)
                if text is not None and text.length is None:
                    self.fail(f"attribute {name} is text of variable length; allowed: fixed")
            value = self._file.attrs.get(name)
        except BadFile:
            raise
        except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:
            self.fail(f"attribute {name} cannot be read: {error}")
        if not isinstance(value, types):
            self.fail(f"attribute {name} is {value!r}; allowed: {types}")
        return value

    def _plain(self, name: str) -> h5py.Dataset:
        """A data set that lives in this very file: no link or storage elsewhere."""
        try:
            link = self._file.get(name, getlink=True)
            dataset = self._file.get(name) if isinstance(link, h5py.HardLink) else None
        except (OSError, RuntimeError, KeyError, ValueError) as error:
            self.fail(f"{name} cannot be read: {error}")
        if not isinstance(dataset, h5py.Dataset) or dataset.is_virtual or dataset.external:
            self.fail(f"{name} is missing")
        return dataset


@contextmanager
def reading(path: Path | str, kind: str) -> Iterator[Reader]:
    """Open a file of the given kind.

    Raises
    ------
    BadFile
        It is missing, not HDF5, of another kind or from a newer version.
    """
    path = Path(path)
    try:
        if not path.is_file():
            message = f"{path} is not a file; give the name of a {kind} file"
            raise BadFile(message)
        file = h5py.File(path, "r")
    except (OSError, RuntimeError) as error:
        message = f"{path} is not a readable HDF5 file: {error}"
        raise BadFile(message) from error
    with file:
        reader = Reader(file, path)
        found = reader.text("kind")
        if found != f"spinspike {kind}":
            reader.fail(f"is a {found!r} file; allowed: 'spinspike {kind}'")
        if reader.number("format") != FORMAT:
            reader.fail(f"has format {reader.number('format'):g}; allowed: {FORMAT}")
        yield reader
