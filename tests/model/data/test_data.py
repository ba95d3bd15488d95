"""Data sets by name: each is the one it says, and choices it does not have are refused."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

from spinspike.errors import BadInput
from spinspike.model.data import named as data
from spinspike.model.data.dataset import Dataset
from spinspike.model.data.entangled import entangle
from spinspike.model.data.named import load

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


def idx_folder(folder: Path, arrays: Mapping[str, Any]) -> Path:
    """The 24 images as IDX files."""
    for part in ("train", "test"):
        stem = "t10k" if part == "test" else part
        for what, key in (("images-idx3", "inputs"), ("labels-idx1", "labels")):
            array = arrays[f"{part}_{key}"].astype(np.uint8)
            header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
            (folder / f"{stem}-{what}-ubyte").write_bytes(header + array.tobytes())
    return folder


def test_data_sets_go_by_name(tmp_path: Path, numbered: dict[str, Any]) -> None:
    assert len(load("digits").train) == 1147
    folder = idx_folder(tmp_path, numbered)
    for name in ("mnist", "fashion-mnist"):
        plain, entangled = load(name, folder), load(f"entangled-{name}", folder)
        assert (plain.name, entangled.name) == (name, f"entangled-{name}")
        np.testing.assert_array_equal(entangled.test.inputs, entangle(plain).test.inputs)
    assert load("prototypes").name == "prototypes"
    np.savez(tmp_path / "own.npz", **numbered)
    assert load(str(tmp_path / "own.npz")).name == "own"


def test_the_number_to_hold_out_can_be_chosen(tmp_path: Path, numbered: dict[str, Any]) -> None:
    folder = idx_folder(tmp_path, numbered)
    np.savez(tmp_path / "own.npz", **numbered)
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


@pytest.mark.images
def test_mnist_is_in_memory_once() -> None:
    """47 MB of training and 8 MB of test pixels; copies or floats would take 100 to 430 MB."""
    code = (
        "import resource, sys; from spinspike.model.data.named import load\n"
        "used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n"
        "before = used(); load('mnist', sys.argv[1]); print(used() - before)"
    )
    command = [sys.executable, "-c", code, str(REAL)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert float(result.stdout) < 80
