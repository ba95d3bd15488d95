"""IDX files are read as they were written, and whatever is in a file, reading it stays safe."""

from __future__ import annotations

import gzip
import os
import re
import struct
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from spinspike.errors import BadFile, BadInput
from spinspike.model.data.dataset import Split, held_out
from spinspike.model.data.idx import read_idx, read_set

ONE_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
REAL = os.environ.get("SPINSPIKE_DATA")
needs_real = pytest.mark.images


def idx_bytes(array: NDArray[Any]) -> bytes:
    """The format as its authors describe it: two zeros, type, dimensions, sizes, bytes."""
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(np.uint8).tobytes()


def pictures(count: int, first: int = 0) -> NDArray[np.uint8]:
    """Images of 2 x 3 pixels that each hold their own number, so that rows can be told apart."""
    return np.repeat(np.arange(first, first + count) % 256, 6).reshape(count, 2, 3).astype(np.uint8)


def write_set(
    folder: Path, train: int = 24, test: int = 5, *, end: str = "", mark: str = "-"
) -> Path:
    """Image n of label n % 10, in training and, from number 100 on, in test."""
    folder.mkdir(parents=True, exist_ok=True)
    for part, count, first in (("train", train, 0), ("t10k", test, 100)):
        labels = np.arange(first, first + count) % 10
        for stem, array in (("images", pictures(count, first)), ("labels", labels)):
            data = idx_bytes(array)
            name = f"{part}-{stem}{mark}idx{array.ndim}-ubyte{end}"
            (folder / name).write_bytes(gzip.compress(data) if end else data)
    return folder


@ONE_FOLDER
@given(
    arrays.arrays(np.uint8, arrays.array_shapes(min_dims=1, max_dims=3, max_side=9)),
    st.booleans(),
)
def test_an_array_comes_back_as_it_was_written(
    tmp_path: Path, array: NDArray[np.uint8], packed: bool
) -> None:
    path = tmp_path / "some-file"
    path.write_bytes(gzip.compress(idx_bytes(array)) if packed else idx_bytes(array))
    found = read_idx(path, dimensions=array.ndim)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, array)


def test_an_array_longer_than_a_chunk_comes_back(tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 256, (3, 800, 700)).astype(np.uint8)
    (tmp_path / "a").write_bytes(gzip.compress(idx_bytes(array), 1))
    np.testing.assert_array_equal(read_idx(tmp_path / "a", dimensions=3), array)


@ONE_FOLDER
@given(st.data(), st.booleans())
def test_damaged_bytes_give_an_array_of_the_promised_size_or_badfile(
    tmp_path: Path, data: st.DataObject, packed: bool
) -> None:
    raw = idx_bytes(pictures(4))
    whole = bytearray(gzip.compress(raw, mtime=0) if packed else raw)
    for position in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=3)):
        whole[position] = data.draw(st.integers(0, 255))
    whole = whole[: data.draw(st.integers(0, len(whole)))]
    path = tmp_path / "damaged"
    path.write_bytes(whole + data.draw(st.binary(max_size=3)))
    try:
        found = read_idx(path, dimensions=3)
    except BadFile as error:
        assert str(path) in str(error)  # noqa: PT017  (either outcome is right)
    else:
        # other sizes than the true ones may be promised only if their product is the same
        assert found.size == 24
        if packed:  # the checksum of gzip covers content and sizes
            np.testing.assert_array_equal(found, pictures(4))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "starts with nothing; allowed: 00000803"),
        (b"\x00\x00", "starts with 0000; allowed: 00000803"),
        (idx_bytes(np.zeros(3)), "starts with 00000801; allowed: 00000803"),
        (b"\x00\x00\x0d\x03" + bytes(40), "starts with 00000d03; allowed: 00000803"),
        (b"\x00\x00\x08\x03\x00\x00", "ends after 6 bytes; allowed: a header of 16"),
        (idx_bytes(np.zeros((0, 2, 3))), r"promises \(0, 2, 3\), 0 bytes; allowed: 1 to"),
        (idx_bytes(pictures(2))[:-1], "ends after 11 of the 12 bytes it promises"),
        (idx_bytes(pictures(2)) + b"x", "holds more than the 12 bytes it promises"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_a_file_that_is_not_what_it_says_is_refused(
    tmp_path: Path, content: bytes, message: str, packed: bool
) -> None:
    path = tmp_path / "images"
    path.write_bytes(gzip.compress(content) if packed else content)
    with pytest.raises(BadFile, match=rf"images: {message}"):
        read_idx(path, dimensions=3)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda packed: packed[:-9], "Compressed file ended"),
        (lambda packed: packed[:-8] + bytes(8), "CRC check failed"),
        (lambda packed: packed[:12] + b"\xff" * 20 + packed[32:], "while decompressing"),
        (lambda packed: packed[:5], "Compressed file ended"),
    ],
)
def test_a_damaged_packed_file_is_refused(tmp_path: Path, damage: Any, message: str) -> None:
    (tmp_path / "a.gz").write_bytes(damage(gzip.compress(idx_bytes(pictures(40)))))
    with pytest.raises(BadFile, match=rf"a\.gz cannot be read: .*{message}"):
        read_idx(tmp_path / "a.gz", dimensions=3)


@pytest.mark.parametrize("packed", [False, True])
def test_a_huge_promise_is_refused_before_it_is_allocated(tmp_path: Path, packed: bool) -> None:
    bomb = b"\x00\x00\x08\x03" + struct.pack(">3I", *[2**32 - 1] * 3)
    (tmp_path / "a").write_bytes(gzip.compress(bomb) if packed else bomb)
    with pytest.raises(BadFile, match=rf"promises .*{(2**32 - 1) ** 3} bytes; allowed: 1 to"):
        read_idx(tmp_path / "a", dimensions=3)


def test_a_bomb_is_unpacked_no_further_than_its_header_promises(tmp_path: Path) -> None:
    """200 MB of zeros in 200 kB behind a header that promises 12 bytes."""
    (tmp_path / "a").write_bytes(gzip.compress(idx_bytes(pictures(2)) + bytes(200_000_000), 1))
    tracemalloc.start()
    with pytest.raises(BadFile, match="holds more than the 12 bytes it promises"):
        read_idx(tmp_path / "a", dimensions=3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(BadFile, match=rf"{re.escape(str(path))} is not a file; give"):
            read_idx(path, dimensions=3)


def test_rows_held_out_are_a_fixed_share_in_rising_order() -> None:
    train, held = held_out(1000)
    assert (len(train), len(held)) == (917, 83)
    assert sorted([*train, *held]) == list(range(1000))
    assert (np.diff(train) > 0).all()
    assert (np.diff(held) > 0).all()
    assert set(held) < set(held_out(1000, 200)[1])
    assert held_out(60_000)[1][:4].tolist() == [6, 20, 21, 52]  # for ever


@pytest.mark.parametrize("validation", [0, -1, 24, 5000])
def test_other_numbers_to_hold_out_are_refused(validation: int) -> None:
    with pytest.raises(BadInput, match=rf"validation is {validation}; allowed: .*below the 24"):
        held_out(24, validation)


@pytest.mark.parametrize("end", ["", ".gz"])
@pytest.mark.parametrize("mark", ["-", "."])
@pytest.mark.parametrize("inner", ["", "mnist"])
def test_a_set_is_found_under_all_its_names(
    tmp_path: Path, end: str, mark: str, inner: str
) -> None:
    write_set(tmp_path / inner, end=end, mark=mark)
    data = read_set("mnist", tmp_path)
    assert [len(split) for split in (data.train, data.validation, data.test)] == [22, 2, 5]
    assert (data.classes, data.image_shape, data.input_range) == (10, (2, 3), (0.0, 255.0))


@pytest.mark.parametrize("validation", [1, 7, 23])
def test_every_image_keeps_its_label_in_exactly_one_split(tmp_path: Path, validation: int) -> None:
    data = read_set("mnist", write_set(tmp_path), validation=validation)
    numbers = []
    for split in (data.train, data.validation, data.test):
        assert split.inputs.dtype == np.uint8
        assert (split.inputs == split.inputs[:, :1]).all()  # no image is torn apart
        assert (split.inputs[:, 0] % 10 == split.labels).all()
        numbers += split.inputs[:, 0].tolist()
    assert sorted(numbers) == [*range(24), *range(100, 105)]
    assert len(data.validation) == validation


def test_many_images_are_moved_in_order(tmp_path: Path) -> None:
    """More than are moved at a time."""
    data = read_set("mnist", write_set(tmp_path, train=9000), validation=900)
    train, held = held_out(9000, 900)
    np.testing.assert_array_equal(data.train.inputs[:, 0], train % 256)
    np.testing.assert_array_equal(data.validation.inputs[:, 0], held % 256)


def replace(folder: Path, name: str, array: NDArray[Any]) -> None:
    (folder / name).write_bytes(idx_bytes(array))


def test_files_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    write_set(tmp_path)
    replace(tmp_path, "t10k-labels-idx1-ubyte", np.zeros(4))
    with pytest.raises(BadFile, match="has 5 t10k images; allowed: 4, one per label"):
        read_set("mnist", tmp_path)
    replace(tmp_path, "t10k-labels-idx1-ubyte", np.array([0, 1, 2, 3, 12]))
    with pytest.raises(BadFile, match="has t10k label 12; allowed: 0 to 9"):
        read_set("mnist", tmp_path)
    replace(tmp_path, "t10k-labels-idx1-ubyte", np.zeros(5))
    replace(tmp_path, "t10k-images-idx3-ubyte", np.zeros((5, 3, 2)))
    with pytest.raises(BadFile, match=r"test images are \(3, 2\); allowed: \(2, 3\) as in train"):
        read_set("mnist", tmp_path)


@pytest.mark.parametrize("missing", ["train-images-idx3", "t10k-labels-idx1"])
def test_a_missing_file_of_a_set_is_named_with_what_to_do(tmp_path: Path, missing: str) -> None:
    (write_set(tmp_path) / f"{missing}-ubyte").unlink()
    with pytest.raises(BadFile, match=rf"holds no {missing}-ubyte.*--data DIR.*--download"):
        read_set("mnist", tmp_path)


@needs_real
@pytest.mark.parametrize(
    ("name", "frequent"),
    [  # images of each digit as NIST counted them; Fashion-MNIST has 6,000 of each
        ("mnist", [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]),
        ("fashion-mnist", [6000] * 10),
    ],
)
def test_the_real_sets_are_complete_and_stay_bytes(name: str, frequent: list[int]) -> None:
    data = read_set(name, str(REAL))
    assert [len(s) for s in (data.train, data.validation, data.test)] == [55_000, 5_000, 10_000]
    both: list[Split] = [data.train, data.validation]
    assert np.bincount(np.concatenate([s.labels for s in both])).tolist() == frequent
    assert data.train.inputs.dtype == np.uint8
    assert (data.train.inputs.min(), data.train.inputs.max()) == data.input_range
    assert data.image_shape == (28, 28)
