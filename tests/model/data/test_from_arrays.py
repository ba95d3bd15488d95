"""Data sets of one's own: right arrays are taken whole, wrong ones are refused by name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spinspike.errors import BadFile, BadInput
from spinspike.model.data.from_arrays import from_arrays, read_csv, read_npz

Arrays = dict[str, Any]


def test_arrays_are_taken_whole_and_pictures_flattened(numbered: Arrays) -> None:
    made = from_arrays(**numbered)
    assert (made.classes, made.image_shape, made.input_range) == (3, (2, 3), (0.0, 23.0))
    assert (len(made.train), len(made.validation), len(made.test)) == (22, 2, 5)
    numbers = [*made.train.inputs[:, 5], *made.validation.inputs[:, 5]]
    assert sorted(numbers) == list(range(24))
    for split in (made.train, made.validation, made.test):
        np.testing.assert_array_equal(split.labels, split.inputs[:, 0] % 3)


def test_validation_arrays_are_used_as_given(numbered: Arrays) -> None:
    given_arrays = numbered
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
def test_types_that_save_memory_are_kept(given_type: Any, kept: Any, numbered: Arrays) -> None:
    arrays: dict[str, Any] = {
        key: array.astype(given_type) if key.endswith("inputs") else array
        for key, array in numbered.items()
    }
    made = from_arrays(**arrays)
    assert {s.inputs.dtype for s in (made.train, made.validation, made.test)} == {np.dtype(kept)}
    assert made.train.inputs.dtype.isnative
    assert made.test.inputs[:, 0].tolist() == [0, 1, 2, 3, 4]


def test_flat_inputs_have_no_image_shape_and_nothing_handed_in_changes(numbered: Arrays) -> None:
    arrays = numbered
    arrays["train_inputs"] = arrays["train_inputs"].reshape(24, 6)
    arrays["test_inputs"] = arrays["test_inputs"].reshape(5, 6)
    before = {key: array.copy() for key, array in arrays.items()}
    assert from_arrays(**arrays).image_shape is None
    for key, array in arrays.items():
        np.testing.assert_array_equal(array, before[key])


def test_the_range_can_be_wider_than_the_inputs_but_not_narrower(numbered: Arrays) -> None:
    assert from_arrays(**numbered, input_range=(-1.0, 255.0)).input_range == (-1.0, 255.0)
    for wrong in ((0.0, 22.0), (1.0, 255.0), (23.0, 0.0), (0.0, float("nan"))):
        with pytest.raises(BadInput, match=rf"input_range is {re.escape(str(wrong))}; allowed"):
            from_arrays(**numbered, input_range=wrong)


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
    tmp_path: Path, key: str, value: NDArray[Any], message: str, numbered: Arrays
) -> None:
    arrays = numbered | {key: value}
    with pytest.raises(BadInput, match=re.escape(message)):
        from_arrays(**arrays)
    np.savez(tmp_path / "own.npz", **arrays)
    with pytest.raises(BadFile, match=r"own\.npz: "):
        read_npz(tmp_path / "own.npz")


def test_one_class_or_one_value_is_no_task(numbered: Arrays) -> None:
    images, labels = numbered["train_inputs"], np.zeros(24, dtype=np.int64)
    with pytest.raises(BadInput, match="there is 1 class; allowed: 2 or more"):
        from_arrays(images, labels, images, labels)
    arrays = numbered
    arrays |= {key: array * 0 + 7 for key, array in arrays.items() if "inputs" in key}
    with pytest.raises(BadInput, match=r"all inputs are 7\.0; allowed: at least two values"):
        from_arrays(**arrays)


@pytest.mark.parametrize("write", [np.savez, np.savez_compressed])
def test_a_file_holds_what_its_arrays_hold(tmp_path: Path, write: Any, numbered: Arrays) -> None:
    arrays = numbered
    arrays["train_inputs"] = np.asfortranarray(arrays["train_inputs"])
    extra: dict[str, Any] = {
        "validation_inputs": arrays["test_inputs"],
        "validation_labels": np.zeros(5, int),
    }
    write(tmp_path / "a.npz", **arrays)
    write(tmp_path / "b.npz", **arrays, **extra)
    for name, more in (("a", {}), ("b", extra)):
        found, expected = read_npz(tmp_path / f"{name}.npz"), from_arrays(**arrays, **more)
        for part in ("train", "validation", "test"):
            left, right = getattr(found, part), getattr(expected, part)
            np.testing.assert_array_equal(left.inputs, right.inputs)
            np.testing.assert_array_equal(left.labels, right.labels)


def test_files_that_hold_no_data_set_are_refused(tmp_path: Path, numbered: Arrays) -> None:
    with pytest.raises(BadFile, match=r"none\.npz is not a file; give the name of an \.npz"):
        read_npz(tmp_path / "none.npz")
    for name in numbered:
        np.savez(tmp_path / "own.npz", **{key: numbered[key] for key in numbered if key != name})
        alone = name.startswith("test")
        says = (
            "test has (inputs|labels) alone" if alone else f"has no array {name}; needed: train_inp"
        )
        with pytest.raises(BadFile, match=rf"own\.npz:? {says}"):
            read_npz(tmp_path / "own.npz")
    np.savez(tmp_path / "own.npz", **numbered, validation_labls=numbered["test_labels"])
    with pytest.raises(BadFile, match=r"'validation_labls'; .*did you mean 'validation_labels'"):
        read_npz(tmp_path / "own.npz")


@pytest.mark.parametrize("alone", range(12))
def test_the_only_image_of_a_class_is_trained_on(alone: int) -> None:
    """Wherever it stands: a twelfth is held out, and it would be held out once."""
    labels = np.zeros(12, dtype=np.int64)
    labels[alone] = 1
    images = np.arange(24.0).reshape(12, 2)
    data = from_arrays(images, labels, images, labels)
    assert (len(data.train), len(data.validation), data.classes) == (11, 1, 2)
    assert sorted([*data.train.inputs[:, 0], *data.validation.inputs[:, 0]]) == [*images[:, 0]]
    with pytest.raises(BadInput, match="validation is 11; allowed: up to 10, so that one image"):
        from_arrays(images, labels, images, labels, validation=11)


def iris() -> tuple[NDArray[Any], NDArray[Any]]:
    from sklearn.datasets import load_iris

    bunch = load_iris()
    return bunch.data, bunch.target_names[bunch.target]


def test_words_are_labels_and_a_fifth_is_held_out_to_test_on() -> None:
    inputs, kinds = iris()
    data = from_arrays(inputs, kinds)
    assert data.class_names == ("setosa", "versicolor", "virginica")
    assert (len(data.test), len(data.validation), len(data.train)) == (30, 10, 110)
    seen = {tuple(row): kind for row, kind in zip(inputs.tolist(), kinds, strict=True)}
    for split in (data.train, data.validation, data.test):
        for row, label in zip(split.inputs.tolist(), split.labels, strict=True):
            assert seen[tuple(row)] == data.class_names[label]
    again = from_arrays(inputs, np.searchsorted(np.unique(kinds), kinds))
    assert np.array_equal(again.test.labels, data.test.labels)
    assert again.class_names == ()


def test_standardised_inputs_have_mean_0_and_deviation_1() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.normal([5, -2, 0], [100, 0.1, 0], (200, 3))
    inputs[7, 0] = 10_000
    data = from_arrays(inputs, np.arange(200) % 2, standardise=True)
    whole = np.concatenate([data.train.inputs, data.validation.inputs, data.test.inputs])
    assert data.input_range == (whole.min(), whole.max())
    assert np.abs(whole).max() == 3
    np.testing.assert_allclose(data.train.inputs[:, 1].mean(), 0, atol=0.02)  # a few are clipped
    np.testing.assert_allclose(data.train.inputs[:, 1].std(), 1, atol=0.05)
    assert not data.train.inputs[:, 2].any()


def test_a_table_is_read_with_its_heading_or_without(tmp_path: Path) -> None:
    inputs, kinds = iris()
    rows = [",".join([*map(str, row), kind]) for row, kind in zip(inputs, kinds, strict=True)]
    (tmp_path / "iris.csv").write_text("a,b,c,d,kind\n" + "\n".join(rows) + "\n\n")
    (tmp_path / "bare.csv").write_text("\n".join(rows))
    one, other = read_csv(tmp_path / "iris.csv"), read_csv(tmp_path / "bare.csv")
    meant = from_arrays(inputs, kinds)
    for data in (one, other):
        assert np.array_equal(data.train.inputs, meant.train.inputs)
        assert np.array_equal(data.test.labels, meant.test.labels)
        assert data.class_names == meant.class_names


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1,2,a\n3,x,b\n", r"line 2: 'x'; allowed: numbers, 3 columns, the class last"),
        ("1,2,a\n3,b\n", r"line 2: 2 columns; allowed: numbers, 3 columns"),
        ("", r"train_inputs has shape \(0, "),
        ("1,2,a\n3,nan,b\n", "train_inputs contains nan"),
    ],
)
def test_a_table_that_is_none_is_refused(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(text)
    with pytest.raises(BadFile, match=says):
        read_csv(tmp_path / "table.csv")
    with pytest.raises(BadFile, match="no readable table"):
        read_csv(tmp_path / "none.csv")


def test_a_word_that_is_no_class_is_named() -> None:
    words = np.array(["a", "b"] * 10)
    with pytest.raises(BadInput, match="test_labels has c; allowed: a, b"):
        from_arrays(np.eye(20), words, np.eye(20)[:2], np.array(["a", "c"]))
