"""Arrays and words as compact bytes that a page of ours unpacks.

After a magic word of 8 bytes stand two little-endian 32-bit numbers, the version and the length of the
header, then the header as JSON, which says type, shape and place of every array, then the arrays, each at
a multiple of 8 bytes. All of it is compressed with gzip, which browsers undo by themselves.
"""

from __future__ import annotations

import gzip
import json
import struct
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC = b"SPSKVIEW"
VERSION = 1  # of everything that the page reads; another one is refused there
INTEGERS = (np.uint8, np.int8, np.uint16, np.int16, np.int32)


class Pack:
    """Arrays that are added one by one; the same array is kept once.

    Examples
    --------
    >>> pack = Pack()
    >>> pack.add(np.arange(3)), pack.add(np.array([0, 1, 2], dtype=np.int32)), pack.add(np.eye(2))
    (0, 0, 1)
    >>> unpacked(pack.finish({"title": "three"}))[0]["title"]
    'three'
    """

    def __init__(self) -> None:
        self._arrays: list[NDArray[Any]] = []
        self._known: dict[bytes, int] = {}

    def add(self, array: NDArray[Any]) -> int:
        """Take an array in, integers in the smallest type that holds them; return its number."""
        small = _small(array)
        head = f"{small.dtype.str} {small.shape}".encode()
        key = blake2b(head + small.tobytes(), digest_size=16).digest()
        if key not in self._known:
            self._known[key] = len(self._arrays)
            self._arrays.append(small)
        return self._known[key]

    def finish(self, header: dict[str, Any]) -> bytes:
        """All of it, compressed; the header is JSON, in which arrays go by their numbers."""
        places, parts, at = [], [], 0
        for array in self._arrays:
            content = array.tobytes()
            places.append([array.dtype.name, list(array.shape), at])
            parts += [content, bytes(-len(content) % 8)]
            at += len(content) + len(parts[-1])
        words = json.dumps({**header, "arrays": places}, allow_nan=False).encode()
        words += b" " * (-(len(words) + 16) % 8)
        head = MAGIC + struct.pack("<II", VERSION, len(words))
        return gzip.compress(b"".join([head, words, *parts]), mtime=0)


def unpacked(content: bytes) -> tuple[dict[str, Any], list[NDArray[Any]]]:
    """Header and arrays of what `Pack.finish` made; the page does the same in its own language."""
    plain = gzip.decompress(content)
    _, length = struct.unpack_from("<II", plain, 8)
    header = json.loads(plain[16 : 16 + length])
    arrays = [
        np.frombuffer(plain, dtype, int(np.prod(shape)), 16 + length + at).reshape(shape)
        for dtype, shape, at in header["arrays"]
    ]
    return header, arrays


def _small(array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype.kind == "b":
        array = array.astype(np.uint8)
    if array.dtype.kind == "f":
        return np.ascontiguousarray(array, dtype="<f8")
    low, high = int(array.min(initial=0)), int(array.max(initial=0))
    for kind in INTEGERS:
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return np.ascontiguousarray(array, dtype=np.dtype(kind).newbyteorder("<"))
    return np.ascontiguousarray(array, dtype="<f8")  # exact up to 2**53
