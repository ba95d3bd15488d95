"""Data sets by name, and arrays of one's own: right ones are taken whole, wrong ones refused."""

from __future__ import annotations

import io
import os
import re
import struct
import subprocess
import sys
import tracemalloc
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from spinspike.model import data
from spinspike.model.data import load
from spinspike.model.dataset import Dataset
from spinspike.model.entangling import entangle
from spinspike.model.errors import BadFile, BadInput
from spinspike.model.own_data import from_arrays, read_npz

REAL = os.environ.get("SPINSPIKE_DATA")


def test_every_scan_is_in_exactly_one_split_with_its_label(handwritten: Dataset) -> None:
    splits = (handwritten.train, handwritten.validation, handwritten.test)
    found = Counter(
        (*(16 * image).astype(int).tolist(), int(label))
        for split in splits
        for image, label in zip(split.inputs, split.labels, strict=True)
    )
    bunch = load_digits()
    expected = Counter(
        (*image.astype(int).tolist(), int(label))
        for image, label in zip(bunch.data, bunch.target, strict=True)
    )
    assert found == expected
    assert [len(split) for split in splits] == [1147, 290, 360]


def test_pixels_fill_the_range_and_the_shape(handwritten: Dataset) -> None:
    inputs = handwritten.train.inputs
    assert (inputs.min(), inputs.max()) == handwritten.input_range
    assert handwritten.image_shape == (8, 8)
    assert inputs.shape[1] == 64
    assert set(handwritten.test.labels.tolist()) == set(range(handwritten.classes))


def test_the_split_never_changes(handwritten: Dataset) -> None:
    again = data.digits()
    np.testing.assert_array_equal(again.test.inputs, handwritten.test.inputs)
    # figures of all versions rest on these
    assert handwritten.test.labels[:8].tolist() == [1, 4, 8, 4, 5, 2, 9, 3]


def arrays_of(count: int = 24) -> dict[str, Any]:
    """Image n of 2 x 3 pixels holds n; its label is n % 3."""
    numbers = np.arange(count)
    images = np.repeat(numbers, 6).reshape(count, 2, 3).astype(np.float64)
    return {
        "train_inputs": images,
        "train_labels": numbers % 3,
        "test_inputs": images[:5],
        "test_labels": numbers[:5] % 3,
    }


def idx_folder(folder: Path) -> Path:
    """The 24 images as IDX files."""
    for part in ("train", "test"):
        stem = "t10k" if part == "test" else part
        for what, key in (("images-idx3", "inputs"), ("labels-idx1", "labels")):
            array = arrays_of()[f"{part}_{key}"].astype(np.uint8)
            header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
            (folder / f"{stem}-{what}-ubyte").write_bytes(header + array.tobytes())
    return folder


def test_data_sets_go_by_name(tmp_path: Path) -> None:
    assert len(load("digits").train) == 1147
    folder = idx_folder(tmp_path)
    for name in ("mnist", "fashion-mnist"):
        plain, entangled = load(name, folder), load(f"entangled-{name}", folder)
        assert (plain.name, entangled.name) == (name, f"entangled-{name}")
        np.testing.assert_array_equal(entangled.test.inputs, entangle(plain).test.inputs)
    assert load("prototypes").name == "prototypes"
    np.savez(tmp_path / "own.npz", **arrays_of())
    assert load(str(tmp_path / "own.npz")).name == "own"


def test_the_number_to_hold_out_can_be_chosen(tmp_path: Path) -> None:
    folder = idx_folder(tmp_path)
    np.savez(tmp_path / "own.npz", **arrays_of())
    assert len(load("mnist", folder, validation=5).validation) == 5
    assert len(load("entangled-mnist", folder, validation=5).validation) == 5
    assert len(load("prototypes", validation=5).validation) == 5
    assert len(load(str(tmp_path / "own.npz"), validation=5).validation) == 5


@pytest.mark.parametrize("name", ["minst", "", "entangled-digits", "own.npy", "entangled-"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(BadInput, match=rf"unknown data set '{name}'; allowed: digits, mnist, fas"):
        load(name)


@pytest.mark.parametrize("name", ["mnist", "entangled-fashion-mnist"])
def test_without_a_folder_it_says_what_to_do(name: str) -> None:
    with pytest.raises(BadInput, match=rf"'{name}' is read from IDX.*--data DIR.*--download"):
        load(name)


def test_choices_that_a_data_set_does_not_have_are_refused(tmp_path: Path) -> None:
    for name in ("digits", "prototypes", "own.npz"):
        with pytest.raises(BadInput, match=f"'{name}' is read from no folder, got .*leave out"):
            load(name, tmp_path)
    with pytest.raises(BadInput, match="validation is 9; allowed for digits: none"):
        load("digits", validation=9)


def test_arrays_are_taken_whole_and_pictures_flattened() -> None:
    made = from_arrays(**arrays_of())
    assert (made.classes, made.image_shape, made.input_range) == (3, (2, 3), (0.0, 23.0))
    assert (len(made.train), len(made.validation), len(made.test)) == (22, 2, 5)
    numbers = [*made.train.inputs[:, 5], *made.validation.inputs[:, 5]]
    assert sorted(numbers) == list(range(24))
    for split in (made.train, made.validation, made.test):
        np.testing.assert_array_equal(split.labels, split.inputs[:, 0] % 3)


def test_validation_arrays_are_used_as_given() -> None:
    given_arrays = arrays_of()
    more: dict[str, Any] = {
        "validation_inputs": given_arrays["test_inputs"] + 1,
        "validation_labels": (given_arrays["test_labels"] + 1) % 3,
    }
    made = from_arrays(**given_arrays, **more)
    assert (len(made.train), made.validation.inputs[:, 0].tolist()) == (24, [1, 2, 3, 4, 5])
    for alone in ("inputs", "labels"):
        with pytest.raises(BadInput, match=f"validation has {alone} alone; allowed"):
            from_arrays(**given_arrays, **{f"validation_{alone}": more[f"validation_{alone}"]})
    with pytest.raises(BadInput, match="validation is 4; allowed beside validation arrays: none"):
        from_arrays(**given_arrays, **more, validation=4)


@pytest.mark.parametrize(
    ("given_type", "kept"),
    [
        (np.uint8, np.uint8),
        (np.int8, np.int8),
        (np.float32, np.float32),
        (np.float64, np.float64),
        (np.int64, np.float64),
        (np.uint16, np.float64),
        (np.float16, np.float64),
        (">f4", np.float64),
    ],
)
def test_types_that_save_memory_are_kept(given_type: Any, kept: Any) -> None:
    arrays: dict[str, Any] = {
        key: array.astype(given_type) if key.endswith("inputs") else array
        for key, array in arrays_of().items()
    }
    made = from_arrays(**arrays)
    assert {s.inputs.dtype for s in (made.train, made.validation, made.test)} == {np.dtype(kept)}
    assert made.train.inputs.dtype.isnative
    assert made.test.inputs[:, 0].tolist() == [0, 1, 2, 3, 4]


def test_flat_inputs_have_no_image_shape_and_nothing_handed_in_changes() -> None:
    arrays = arrays_of()
    arrays["train_inputs"] = arrays["train_inputs"].reshape(24, 6)
    arrays["test_inputs"] = arrays["test_inputs"].reshape(5, 6)
    before = {key: array.copy() for key, array in arrays.items()}
    assert from_arrays(**arrays).image_shape is None
    for key, array in arrays.items():
        np.testing.assert_array_equal(array, before[key])


def test_the_range_can_be_wider_than_the_inputs_but_not_narrower() -> None:
    assert from_arrays(**arrays_of(), input_range=(-1.0, 255.0)).input_range == (-1.0, 255.0)
    for wrong in ((0.0, 22.0), (1.0, 255.0), (23.0, 0.0), (0.0, float("nan"))):
        with pytest.raises(BadInput, match=rf"input_range is {re.escape(str(wrong))}; allowed"):
            from_arrays(**arrays_of(), input_range=wrong)


WRONG: list[tuple[str, Any, str]] = [
    ("train_inputs", np.zeros(24), "train_inputs has shape (24,); allowed: (P, D) or (P, h, w)"),
    ("test_inputs", np.zeros((5, 0)), "test_inputs has shape (5, 0); allowed"),
    ("test_inputs", np.zeros((5, 1, 2, 3)), "test_inputs has shape (5, 1, 2, 3); allowed"),
    ("test_inputs", np.zeros((5, 3, 2)), "'test': (3, 2)}; allowed: the same in all splits"),
    ("test_inputs", np.zeros((5, 6)), "'test': (6,)}; allowed: the same in all splits"),
    ("test_inputs", np.zeros((5, 2, 3), complex), "test_inputs has type complex128; allowed"),
    ("test_inputs", np.full((5, 2, 3), np.nan), "test_inputs contains nan or infinity"),
    ("train_inputs", np.full((24, 2, 3), -np.inf), "train_inputs contains nan or infinity"),
    ("train_labels", np.zeros(24), "train_labels has type float64; allowed: integers"),
    ("train_labels", np.zeros(24, bool), "train_labels has type bool; allowed: integers"),
    ("train_labels", np.zeros((24, 1), int), "train_labels has shape (24, 1); allowed: (24,)"),
    ("test_labels", np.zeros(4, int), "test_labels has shape (4,); allowed: (5,)"),
    ("test_labels", np.array([0, 1, 2, -1, 0]), "test_labels has -1 to 2; allowed: 0 to C - 1"),
    ("test_labels", np.full(5, 2**64 - 1, np.uint64), f"test_labels has {2**64 - 1} to"),
    ("test_labels", np.array([0, 1, 2, 3, 0]), "test_labels has 3; allowed: 0 to 2"),
    ("train_labels", np.arange(24) % 3 * 2, "go to 4 and no image has label 1; allowed"),
    ("train_labels", np.full(24, 10**18), f"go to {10**18} and no image has label 0; allowed"),
    ("train_labels", np.zeros(24, int), "test_labels has 2; allowed: 0 to 0"),
]


@pytest.mark.parametrize(("key", "value", "message"), WRONG)
def test_wrong_arrays_are_refused(
    tmp_path: Path, key: str, value: NDArray[Any], message: str
) -> None:
    arrays = arrays_of() | {key: value}
    with pytest.raises(BadInput, match=re.escape(message)):
        from_arrays(**arrays)
    np.savez(tmp_path / "own.npz", **arrays)
    with pytest.raises(BadFile, match=r"own\.npz: "):
        read_npz(tmp_path / "own.npz")


def test_one_class_or_one_value_is_no_task() -> None:
    images, labels = arrays_of()["train_inputs"], np.zeros(24, dtype=np.int64)
    with pytest.raises(BadInput, match="there is 1 class; allowed: 2 or more"):
        from_arrays(images, labels, images, labels)
    arrays = arrays_of()
    arrays |= {key: array * 0 + 7 for key, array in arrays.items() if "inputs" in key}
    with pytest.raises(BadInput, match=r"all inputs are 7\.0; allowed: at least two values"):
        from_arrays(**arrays)


@pytest.mark.parametrize("write", [np.savez, np.savez_compressed])
def test_a_file_holds_what_its_arrays_hold(tmp_path: Path, write: Any) -> None:
    arrays = arrays_of()
    arrays["train_inputs"] = np.asfortranarray(arrays["train_inputs"])
    extra: dict[str, Any] = {
        "validation_inputs": arrays["test_inputs"],
        "validation_labels": np.zeros(5, int),
    }
    write(tmp_path / "a.npz", **arrays)
    write(tmp_path / "b.npz", **arrays, **extra, something_else=np.array(["text"]))
    for name, more in (("a", {}), ("b", extra)):
        found, expected = read_npz(tmp_path / f"{name}.npz"), from_arrays(**arrays, **more)
        for part in ("train", "validation", "test"):
            left, right = getattr(found, part), getattr(expected, part)
            np.testing.assert_array_equal(left.inputs, right.inputs)
            np.testing.assert_array_equal(left.labels, right.labels)


def archive_of(path: Path, changed: dict[str, bytes | None], packing: int = 8) -> Path:
    """A file in which some members have other bytes, or are left out."""
    with zipfile.ZipFile(path, "w", packing) as archive:
        for key, array in arrays_of().items():
            content = io.BytesIO()
            np.save(content, array)
            value = changed.get(key, content.getvalue())
            if value is not None:
                archive.writestr(f"{key}.npy", value)
    return path


def npy_header(shape: str, dtype: str = "'<f8'") -> bytes:
    text = f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}}}".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "test_inputs.npy is missing; allowed: train and test inputs and labels"),
        (b"", "cannot be read"),
        (b"\x93NUMPY\x07\x00", "npy format (7, 0); allowed: (1, 0) and (2, 0)"),
        (npy_header("(5, 2, 3)", "'|O'") + bytes(240), "test_inputs.npy has type object; allowed"),
        (npy_header("(5, 2, 3)", "'<U1'") + bytes(120), "test_inputs.npy has type <U1; allowed"),
        (npy_header("(5, 2, 3)") + bytes(239), "240 bytes, and holds 239; allowed: the same"),
        (npy_header("(5, 2, 3)") + bytes(241), "240 bytes, and holds 241; allowed: the same"),
        (npy_header(f"({2**62}, 2, 3)"), f"promises ({2**62}, 2, 3) of float64, {2**62 * 48} by"),
        (npy_header("(-1, -30)") + bytes(240), "cannot be read"),
        (npy_header("(" * 150 + "5" + ")" * 150), "cannot be read"),
        (npy_header("-" * 9000 + "5"), "cannot be read"),
        (npy_header("__import__('os')"), "cannot be read"),
    ],
)
def test_a_member_that_is_not_what_it_says_is_refused(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = archive_of(tmp_path / "own.npz", {"test_inputs": content})
    with pytest.raises(BadFile, match=rf"own\.npz.*{re.escape(message)}"):
        read_npz(path)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    """200 MB of zeros that the directory says come from a few kilobytes."""
    path = tmp_path / "own.npz"
    archive_of(path, {"train_inputs": None})
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("train_inputs.npy", "w") as member,
    ):
        member.write(npy_header("(200000000, 1)", "'|u1'"))
        for _ in range(200):
            member.write(bytes(10**6))
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo("train_inputs.npy")
    # the directory claims a hundredth of what the member takes up
    content = bytearray(path.read_bytes())
    at = content.rindex(b"train_inputs.npy") - 46
    content[at + 20 : at + 24] = struct.pack("<I", entry.compress_size // 100)
    path.write_bytes(content)
    tracemalloc.start()
    with pytest.raises(BadFile, match=r"promises \(200000000, 1\) of uint8, 200000000 bytes"):
        read_npz(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


def test_pickles_are_never_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "sprung",))

    arrays = arrays_of()
    np.savez(tmp_path / "own.npz", **arrays | {"test_labels": np.array([Trap()], dtype=object)})
    with pytest.raises(BadFile, match=r"test_labels\.npy has type object; allowed: numbers"):
        read_npz(tmp_path / "own.npz")
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_packings_are_refused(tmp_path: Path, packing: int) -> None:
    path = archive_of(tmp_path / "own.npz", {}, packing)
    with pytest.raises(BadFile, match=rf"is packed by method {packing}; allowed: \(0, 8\)"):
        read_npz(path)


def test_files_that_are_no_archive_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"none\.npz is not a file; give the name of an \.npz"):
        read_npz(tmp_path / "none.npz")
    (tmp_path / "own.npz").write_bytes(b"no archive")
    with pytest.raises(BadFile, match=r"own\.npz cannot be read: File is not a zip file"):
        read_npz(tmp_path / "own.npz")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data(), st.sampled_from([0, 8]))
def test_damaged_archives_give_badfile_or_the_true_arrays(
    tmp_path: Path, drawn: st.DataObject, packing: int
) -> None:
    path = archive_of(tmp_path / "own.npz", {}, packing)
    whole = bytearray(path.read_bytes())
    for position in drawn.draw(st.lists(st.integers(0, len(whole) - 1), max_size=3)):
        whole[position] = drawn.draw(st.integers(0, 255))
    path.write_bytes(whole[: drawn.draw(st.integers(0, len(whole)) | st.just(len(whole)))])
    try:
        found = read_npz(path)
    except BadFile as error:
        assert str(path) in str(error)  # noqa: PT017  (either outcome is right)
    else:
        expected = from_arrays(**arrays_of())
        np.testing.assert_array_equal(found.train.inputs, expected.train.inputs)
        np.testing.assert_array_equal(found.test.labels, expected.test.labels)


@pytest.mark.skipif(not REAL, reason="SPINSPIKE_DATA names no folder with MNIST")
def test_mnist_is_in_memory_once() -> None:
    """47 MB of training and 8 MB of test pixels; copies or floats would take 100 to 430 MB."""
    code = (
        "import resource, sys; from spinspike.model.data import load\n"
        "used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n"
        "before = used(); load('mnist', sys.argv[1]); print(used() - before)"
    )
    command = [sys.executable, "-c", code, str(REAL)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert float(result.stdout) < 80
