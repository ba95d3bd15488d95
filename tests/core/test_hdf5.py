"""Files are written whole or not at all, and whatever is in a file, reading it stays safe."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from spinspike import hdf5 as storage
from spinspike.errors import BadFile, BadInput
from spinspike.hdf5 import reading, write

Change = Callable[[h5py.File], None]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "thing.h5"


def stored(path: Path, value: Any = None, **options: Any) -> Path:
    """A file of kind "thing" with one data set "a"."""
    write(path, "thing", {}, {"size": 3.0, "name": "x"}, force=True)
    with h5py.File(path, "a") as file:
        if value is not None or options:
            file.create_dataset("a", data=value, **options)
    return path


def changed(path: Path, change: Change) -> Path:
    with h5py.File(path, "a") as file:
        change(file)
    return path


def put(path: Path, name: str, value: Any) -> Path:
    """Replace an attribute, text in the type that it is stored in; or remove it."""
    with h5py.File(path, "a") as file:
        if isinstance(value, str) and isinstance(file.attrs["kind"], bytes):
            value = np.bytes_(value.encode())
        del file.attrs[name]
        if value is not None:
            file.attrs[name] = value
    return path


def take(path: Path, kind: str = "float", shape: tuple[int | None, ...] = (None,)) -> Any:
    with reading(path, "thing") as file:
        return file.array("a", kind, shape)


@given(
    value=arrays.arrays(
        np.float64,
        arrays.array_shapes(min_dims=1, max_dims=3, max_side=20),
        elements=st.floats(allow_nan=False, allow_infinity=False),
    ),
    number=st.floats(allow_nan=False, allow_infinity=False),
    text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1),
)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_what_is_written_is_read_bit_for_bit(
    tmp_path_factory: pytest.TempPathFactory,
    value: NDArray[np.float64],
    number: float,
    text: str,
) -> None:
    path = tmp_path_factory.getbasetemp() / "round.h5"
    write(path, "thing", {"a": value}, {"size": number, "name": text}, force=True)
    with reading(path, "thing") as file:
        assert file.array("a", "float", value.shape).tobytes() == value.tobytes()
        assert file.number("size") == number
        assert file.text("name") == text


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [
        ("float", np.float32),
        ("int", np.uint8),
        ("int", np.int64),
        ("spin", np.int8),
    ],
)
def test_types_are_widened_and_kept(path: Path, kind: str, dtype: Any) -> None:
    value: NDArray[Any] = np.array([1, 1, 1], dtype=dtype)
    found = take(stored(path, value), kind, (3,))
    expected = {"float": np.float64, "int": np.int64, "spin": np.int8}[kind]
    assert found.dtype == expected
    np.testing.assert_array_equal(found, value)


@pytest.mark.parametrize("value", [0, 2, -128, 127])
def test_other_values_than_spins_are_refused(path: Path, value: int) -> None:
    spins = np.array([1, value, -1], dtype=np.int8)
    with pytest.raises(BadFile, match=r"thing\.h5: a contains other values than -1 and \+1"):
        take(stored(path, spins), "spin")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_refused(path: Path, value: float) -> None:
    with pytest.raises(BadFile, match="a contains nan or infinity; allowed: finite numbers"):
        take(stored(path, np.array([0.0, value])))


@pytest.mark.parametrize(
    ("value", "kind", "name"),
    [
        (np.array([1, 2]), "float", "int64"),
        (np.array([1.0, 2.0]), "int", "float64"),
        (np.array([1, 1], dtype=np.uint8), "spin", "uint8"),
        (np.array([1j]), "float", "complex128"),
        (np.array([b"x", b"y"]), "float", r"\|S1"),
        (np.array([(1.0, 2)], dtype=[("p", "f8"), ("q", "i4")]), "float", "p"),
        (np.array([True]), "int", "bool"),
    ],
)
def test_another_type_is_refused(path: Path, value: NDArray[Any], kind: str, name: str) -> None:
    with pytest.raises(BadFile, match=rf"a has type .*{name}.*; allowed: {kind}"):
        take(stored(path, value), kind)


@pytest.mark.parametrize(
    "dtype",
    [h5py.string_dtype(), h5py.vlen_dtype(np.float64), h5py.ref_dtype, h5py.regionref_dtype],
)
def test_objects_strings_and_references_are_refused(path: Path, dtype: Any) -> None:
    with pytest.raises(BadFile, match=r"a has type object; allowed: float"):
        take(stored(path, shape=(3,), dtype=dtype))


@pytest.mark.parametrize(
    ("shape", "wanted", "message"),
    [
        ((3,), (4,), r"a has shape \(3,\); allowed: \(4,\)"),
        ((3,), (None, 3), r"a has shape \(3,\); allowed: \(any, 3\)"),
        ((2, 3), (None,), r"a has shape \(2, 3\); allowed: \(any,\)"),
        ((2, 3), (3, None), r"a has shape \(2, 3\); allowed: \(3, any\)"),
        ((), (1,), r"a has shape \(\); allowed: \(1,\)"),
    ],
)
def test_another_shape_is_refused(
    path: Path, shape: tuple[int, ...], wanted: tuple[int | None, ...], message: str
) -> None:
    with pytest.raises(BadFile, match=message):
        take(stored(path, np.zeros(shape)), shape=wanted)


def test_a_huge_claim_is_refused_before_it_is_allocated(path: Path) -> None:
    """The file of a few kilobytes promises 8 exabytes."""
    stored(path, shape=(2**30, 2**30), dtype="f8", chunks=(64, 64))
    assert path.stat().st_size < 10_000
    with pytest.raises(BadFile, match=rf"a claims {2**60} entries in 0 bytes"):
        take(path, shape=(None, None))


def test_the_bytes_on_disk_bound_the_bytes_in_memory(path: Path) -> None:
    """A megabyte is always allowed, and zeros pack 1,000 to one; never written is not zeros."""
    zeros = np.zeros((300, 1000))
    assert take(stored(path, zeros), shape=(300, 1000)).size == 300_000
    with h5py.File(path, "w") as file:
        file.attrs.update({"kind": np.bytes_(b"spinspike thing"), "format": storage.FORMAT})
        file.create_dataset("a", shape=(300, 1000), dtype="f8", chunks=(10, 1000))
    with pytest.raises(BadFile, match="a claims 300000 entries in 0 bytes"):
        take(path, shape=(300, 1000))


def other_file(path: Path) -> Path:
    other = path.with_name("other.h5")
    with h5py.File(other, "w") as file:
        file["a"] = np.zeros(3)
    return other


def soft(file: h5py.File) -> None:
    file["b"] = np.zeros(3)
    file["a"] = h5py.SoftLink("/b")


def external_link(file: h5py.File) -> None:
    file["a"] = h5py.ExternalLink(other_file(Path(file.filename)), "/a")


def dangling(file: h5py.File) -> None:
    file["a"] = h5py.ExternalLink("nowhere.h5", "/a")


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((3,), "f8")
    layout[:] = h5py.VirtualSource(other_file(Path(file.filename)), "a", (3,))
    file.create_virtual_dataset("a", layout)


def external_storage(file: h5py.File) -> None:
    raw = Path(file.filename).with_name("raw")
    raw.write_bytes(bytes(24))
    file.create_dataset("a", shape=(3,), dtype="f8", external=[(str(raw), 0, 24)])


def group(file: h5py.File) -> None:
    file.create_group("a")


def named_type(file: h5py.File) -> None:
    file["a"] = np.dtype("f8")


@pytest.mark.parametrize(
    "change",
    [soft, external_link, dangling, virtual, external_storage, group, named_type],
    ids=lambda change: change.__name__,
)
def test_only_arrays_that_live_in_the_file_are_read(path: Path, change: Change) -> None:
    with pytest.raises(BadFile, match=r"thing\.h5: a is missing"):
        take(changed(stored(path), change))


def test_a_missing_array_is_named(path: Path) -> None:
    with pytest.raises(BadFile, match=r"thing\.h5: a is missing"):
        take(stored(path))


def test_an_array_without_a_shape_is_refused(path: Path) -> None:
    with pytest.raises(BadFile, match="a has shape None"):
        take(stored(path, h5py.Empty("f8")))


def test_numbers_beyond_double_precision_are_refused(path: Path) -> None:
    with pytest.raises(BadFile, match="a contains nan or infinity"):
        take(stored(path, np.array(["1e4000"], dtype=np.longdouble)))


def test_integers_beyond_64_bits_are_refused(path: Path) -> None:
    with pytest.raises(BadFile, match=str(2**64 - 5)):
        take(stored(path, np.array([2**64 - 5], dtype=np.uint64)), "int")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("size", "three", r"attribute size is .*'three'"),
        ("size", np.array([1.0, 2.0]), r"attribute size is array\(\[1\., 2\.\]\)"),
        ("size", np.nan, r"size is nan; allowed: a finite number"),
        ("size", -np.inf, r"size is -inf; allowed: a finite number"),
        ("size", h5py.Empty("f8"), r"attribute size is "),
        ("size", None, r"attribute size is None"),
        ("name", 3, r"attribute name is 3|attribute name is np\.int64\(3\)"),
        ("name", h5py.Empty("f8"), r"attribute name is "),
        ("name", None, r"attribute name is None"),
    ],
)
def test_attributes_of_another_type_are_refused(
    path: Path, name: str, value: Any, message: str
) -> None:
    with (
        reading(put(stored(path), name, value), "thing") as file,
        pytest.raises(BadFile, match=message),
    ):
        file.number(name) if name == "size" else file.text(name)


def test_a_complex_attribute_is_refused(path: Path) -> None:
    with (
        reading(put(stored(path), "size", 1 + 2j), "thing") as file,
        pytest.raises(BadFile, match="attribute size is"),
    ):
        file.number("size")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("kind", "spinspike other", r"is a 'spinspike other' file; allowed: 'spinspike thing'"),
        ("kind", 7, r"attribute kind is .*7"),
        ("format", 1, r"has format 1; allowed: 2"),
        ("format", 0, r"has format 0; allowed: 2"),
        ("format", "2", r"attribute format is .*'2'"),
    ],
)
def test_another_kind_or_version_is_refused(
    path: Path, name: str, value: Any, message: str
) -> None:
    put(stored(path), name, value)
    with pytest.raises(BadFile, match=message), reading(path, "thing"):
        pass


@pytest.mark.parametrize("content", [b"", b"\x89HDF\r\n\x1a\n", b"not a file " * 500])
def test_what_is_not_hdf5_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(BadFile, match=r"thing\.h5 is not a readable HDF5 file"):
        take(path)


def test_hdf5_of_somebody_else_is_refused(path: Path) -> None:
    with pytest.raises(BadFile, match="attribute kind is None"):
        take(other_file(path))


def test_what_is_no_file_is_refused(path: Path) -> None:
    with pytest.raises(BadFile, match=r"thing\.h5 is not a file; give the name of a thing file"):
        take(path)
    with pytest.raises(BadFile, match="is not a file"):
        take(path.parent)


def test_a_name_too_long_for_the_file_system_is_refused(tmp_path: Path) -> None:
    path = tmp_path / ("a" * 300)
    with pytest.raises(BadFile, match="aaa"):
        take(path)


def folder_content(path: Path) -> list[str]:
    return sorted(p.name for p in path.parent.iterdir())


def test_an_existing_file_is_untouched_without_force(path: Path) -> None:
    path.write_bytes(b"precious")
    with pytest.raises(BadInput, match=r"thing\.h5 exists; .* with --force"):
        write(path, "thing", {}, {})
    assert path.read_bytes() == b"precious"
    assert folder_content(path) == ["thing.h5"]
    write(path, "thing", {}, {}, force=True)
    assert folder_content(path) == ["thing.h5"]
    with reading(path, "thing"):
        pass


@pytest.mark.parametrize("before", [None, b"precious"], ids=["new", "existing"])
def test_a_failure_while_writing_leaves_everything_as_it_was(
    path: Path, before: bytes | None
) -> None:
    if before:
        path.write_bytes(before)
    names = folder_content(path)
    arrays = {"good": np.zeros(1000), "bad": np.array([object()])}
    with pytest.raises(TypeError, match="Object dtype"):
        write(path, "thing", arrays, {}, force=True)
    assert folder_content(path) == names
    assert not before or path.read_bytes() == before


FULL = """
import resource, sys
from pathlib import Path

import numpy as np

from spinspike.hdf5 import write

def attempt(array):
    try:
        write(Path(sys.argv[1]), "thing", {"a": array}, {}, force=True)
    except Exception as error:
        print(type(error).__name__, error)

noise = np.frombuffer(np.random.default_rng(0).bytes(10**6), dtype=np.uint8)
size, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
for bound in 0, 5_000, 500_000:
    resource.setrlimit(resource.RLIMIT_FSIZE, (bound, hard))
    attempt(noise)
resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
large = np.zeros(10**8, dtype=np.uint8)
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 2**20, hard))
attempt(large)
"""


def test_a_full_disk_or_memory_is_said_and_costs_nothing(path: Path) -> None:
    """In a process of its own: the HDF5 library crashes when it cannot write."""
    path.write_bytes(b"precious")
    command = [sys.executable, "-c", FULL, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    *full, memory = done.stdout.splitlines()
    said = (
        rf"BadInput {re.escape(str(path))} cannot be written: File too large; [\d,.]+ MB are free"
    )
    assert [bool(re.match(said, line)) for line in full] == [True] * 3
    assert "MemoryError" in memory
    assert folder_content(path) == ["thing.h5"]
    assert path.read_bytes() == b"precious"


def test_hdf5_files_are_written_in_one_place_alone() -> None:
    root = Path(__file__).parents[2]
    files = [
        f
        for floor in ("core", "model", "mapping", "simulators", "studies", "cli")
        for f in root.glob(f"{floor}/**/*.py")
    ]
    found = {
        (file.name, line.strip())
        for file in files
        for line in file.read_text().splitlines()
        if re.search(r"h5py\.File\((?!.*core).*\"[wax]", line)
    }
    assert found == {("hdf5.py", 'with h5py.File(image, "w", **options) as file:')}
