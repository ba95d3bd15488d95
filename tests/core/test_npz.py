"""Files of NumPy arrays: what is in them comes out, and no file makes reading them misbehave."""

from __future__ import annotations

import gc
import io
import re
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from spinspike.errors import BadFile
from spinspike.npz import read_npz_arrays, read_whole_npz, write_npz

ARRAYS: dict[str, Any] = {
    "pictures": np.arange(30.0).reshape(5, 2, 3),
    "labels": np.arange(24) % 3,
    "gain": np.array(2.5),
}
NUMBERS = arrays.boolean_dtypes() | arrays.integer_dtypes() | arrays.floating_dtypes()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "own.npz"


def archive_of(path: Path, changed: dict[str, bytes | None], packing: int = 8) -> Path:
    """A file in which some members have other bytes, or are left out."""
    with zipfile.ZipFile(path, "w", packing) as archive:
        for key, array in ARRAYS.items():
            content = io.BytesIO()
            np.save(content, array)
            value = changed.get(key, content.getvalue())
            if value is not None:
                archive.writestr(f"{key}.npy", value)
    return path


def npy_header(shape: str, dtype: str = "'<f8'") -> bytes:
    text = f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}}}".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


@pytest.mark.parametrize("write", [np.savez, np.savez_compressed])
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, derandomize=True
)
@given(value=arrays.arrays(NUMBERS, arrays.array_shapes(min_dims=0, min_side=0)))
def test_what_numpy_writes_is_read_bit_for_bit(path: Path, write: Any, value: NDArray[Any]) -> None:
    """Of any type and order of bytes, empty ones and single numbers among them."""
    write(path, one=value, two=value.copy(order="F"))
    found = read_npz_arrays(path, ["one", "two"])
    for array in found.values():
        assert (array.dtype, array.shape) == (value.dtype, value.shape)
        assert array.tobytes() == value.tobytes()


def test_only_what_is_asked_for_is_read(path: Path) -> None:
    """Names that the file lacks are left out, and what else it holds is never looked at."""
    text: Any = np.array(["text", None], dtype=object)
    np.savez(path, **ARRAYS, text=text)
    found = read_npz_arrays(path, ["labels", "pictures", "nothing"])
    assert list(found) == ["labels", "pictures"]
    np.testing.assert_array_equal(found["pictures"], ARRAYS["pictures"])
    assert read_npz_arrays(path, []) == {}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cannot be read"),
        (b"\x93NUMPY\x07\x00", "npy format (7, 0); allowed: (1, 0) and (2, 0)"),
        (npy_header("(5, 2, 3)", "'|O'") + bytes(240), "pictures.npy has type object; allowed"),
        (npy_header("(5, 2, 3)", "'<U1'") + bytes(120), "pictures.npy has type <U1; allowed"),
        (npy_header("(5, 2, 3)", "'<c8'") + bytes(240), "pictures.npy has type complex64; allowed"),
        (npy_header("(5, 2, 3)", "'<M8[s]'") + bytes(240), "has type datetime64[s]; allowed"),
        (npy_header("(5, 2, 3)") + bytes(239), "240 bytes, and holds 239; allowed: the same"),
        (npy_header("(5, 2, 3)") + bytes(241), "240 bytes, and holds 241; allowed: the same"),
        (npy_header(f"({2**62}, 2, 3)"), f"promises ({2**62}, 2, 3) of float64, {2**62 * 48} by"),
        (npy_header(f"({2**62}, 0)"), "cannot be read"),
        (npy_header("(-1, -30)") + bytes(240), "cannot be read"),
        (npy_header("(" * 150 + "5" + ")" * 150), "cannot be read"),
        (npy_header("-" * 9000 + "5"), "cannot be read"),
        (npy_header("__import__('os')"), "cannot be read"),
    ],
)
def test_a_member_that_is_not_what_it_says_is_refused(
    path: Path, content: bytes, message: str
) -> None:
    archive_of(path, {"pictures": content})
    with pytest.raises(BadFile, match=rf"own\.npz.*{re.escape(message)}"):
        read_npz_arrays(path, ARRAYS)


def test_a_bomb_is_refused_before_it_is_unpacked(path: Path) -> None:
    """200 MB of zeros that the directory says come from a few kilobytes."""
    archive_of(path, {"pictures": None})
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("pictures.npy", "w") as member,
    ):
        member.write(npy_header("(200000000, 1)", "'|u1'"))
        for _ in range(200):
            member.write(bytes(10**6))
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo("pictures.npy")
    # the directory claims a hundredth of what the member takes up
    content = bytearray(path.read_bytes())
    at = content.rindex(b"pictures.npy") - 46
    content[at + 20 : at + 24] = struct.pack("<I", entry.compress_size // 100)
    path.write_bytes(content)
    tracemalloc.start()
    with pytest.raises(BadFile, match=r"promises \(200000000, 1\) of uint8, 200000000 bytes"):
        read_npz_arrays(path, ARRAYS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


def test_pickles_are_never_run(path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (path.with_name("sprung"),))

    np.savez(path, **ARRAYS | {"labels": np.array([Trap()], dtype=object)})
    with pytest.raises(BadFile, match=r"labels\.npy has type object; allowed: numbers"):
        read_npz_arrays(path, ARRAYS)
    assert not path.with_name("sprung").exists()


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_packings_are_refused(path: Path, packing: int) -> None:
    archive_of(path, {}, packing)
    with pytest.raises(BadFile, match=rf"is packed by method {packing}; allowed: \(0, 8\)"):
        read_npz_arrays(path, ARRAYS)


def test_files_that_are_no_archive_are_refused(path: Path) -> None:
    with pytest.raises(BadFile, match=r"own\.npz is not a file; give the name of an \.npz file"):
        read_npz_arrays(path, ARRAYS)
    with pytest.raises(BadFile, match="is not a file"):
        read_npz_arrays(path.parent, ARRAYS)
    path.write_bytes(b"no archive")
    with pytest.raises(BadFile, match=r"own\.npz cannot be read: File is not a zip file"):
        read_npz_arrays(path, ARRAYS)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data(), st.sampled_from([0, 8]))
def test_damaged_archives_give_badfile_or_the_true_arrays(
    path: Path, drawn: st.DataObject, packing: int
) -> None:
    archive_of(path, {}, packing)
    whole = bytearray(path.read_bytes())
    for position in drawn.draw(st.lists(st.integers(0, len(whole) - 1), max_size=3)):
        whole[position] = drawn.draw(st.integers(0, 255))
    path.write_bytes(whole[: drawn.draw(st.integers(0, len(whole)) | st.just(len(whole)))])
    try:
        found = read_npz_arrays(path, ARRAYS)
    except BadFile as error:
        assert str(path) in str(error)  # noqa: PT017  (either outcome is right)
    else:
        assert found.keys() <= ARRAYS.keys()  # the name of a member may be what is damaged
        for name, array in found.items():
            np.testing.assert_array_equal(array, ARRAYS[name])


@pytest.mark.parametrize("packed", [True, False])
def test_numpy_reads_what_is_written(path: Path, packed: bool) -> None:
    given = ARRAYS | {"file": np.array([1, 2]), "head": np.array("text"), "F": ARRAYS["pictures"].T}
    write_npz(path, given, packed=packed)
    with np.load(path, allow_pickle=False) as found:
        assert found.files == list(given)
        assert all(np.array_equal(found[name], value) for name, value in given.items())


def test_objects_are_not_written(path: Path) -> None:
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        write_npz(path, {"a": np.array([None])})


@pytest.mark.parametrize("bound", [0, 1000, 99_900])
def test_a_full_disk_leaves_nothing_open(
    path: Path, bound: int, full_disk: Callable[[int], AbstractContextManager[None]]
) -> None:
    """NumPy's own archive tries again when it is collected, which would be a warning here."""
    noise = np.frombuffer(np.random.default_rng(0).bytes(100_000), dtype=np.uint8)
    with full_disk(bound), pytest.raises(OSError, match="File too large"):
        write_npz(path, {"a": noise})
    gc.collect()


def test_any_name_can_be_written_and_what_is_not_asked_for_is_an_error(path: Path) -> None:
    """numpy.savez takes no array called file."""
    given = {name: np.arange(3.0) for name in ("file", "allow_pickle", "args", "a b", "x.npy")}
    write_npz(path, given)
    with np.load(path) as file:
        assert set(file.files) == set(given)
    found = read_whole_npz(path, ["file", "args"], ["allow_pickle", "a b", "x.npy", "y"])
    assert found.keys() == given.keys()
    with pytest.raises(BadFile, match=r"own\.npz: no spike is called 'a b'; allowed: file, args"):
        read_whole_npz(path, ["file", "args"], ["allow_pickle"], what="spike")
    with pytest.raises(
        BadFile, match=r"own\.npz has no array z; needed: z; there are: file, allow"
    ):
        read_whole_npz(path, ["z"], given)


def test_bfloat16_is_refused_by_its_name(path: Path) -> None:
    archive_of(path, {"pictures": npy_header("(5, 2, 3)", "'|V2'") + bytes(60)})
    with pytest.raises(BadFile, match=r"has type \|V2 \(bfloat16\? save it as float32\)"):
        read_npz_arrays(path, ARRAYS)
