"""Data sets of one's own: arrays, the .npz files that NumPy writes, and tables as .csv."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinspike.errors import BadFile, BadInput
from spinspike.npz import NUMBERS, read_whole_npz

from .dataset import Dataset, Split, held_out

INPUT_TYPES = (np.uint8, np.int8, np.float32, np.float64)  # others become float64
PARTS = ("train", "test", "validation")
TEST_SHARE = 5  # one of so many examples is tested on, where no others are given
CLIPPED = 3.0  # deviations


def from_arrays(
    train_inputs: NDArray[Any],
    train_labels: NDArray[Any],
    test_inputs: NDArray[Any] | None = None,
    test_labels: NDArray[Any] | None = None,
    *,
    validation_inputs: NDArray[Any] | None = None,
    validation_labels: NDArray[Any] | None = None,
    validation: int | None = None,
    input_range: tuple[float, float] | None = None,
    standardise: bool = False,
    name: str = "arrays",
) -> Dataset:
    """Make a data set of arrays.

    Parameters
    ----------
    train_inputs, test_inputs, validation_inputs : array, shape (P, D) or (P, h, w)
        Finite numbers. Bytes (uint8, int8), float32 and float64 keep their type. Without test
        arrays one in five of the training images is held out.
    train_labels, test_labels, validation_labels : array of integers or text, shape (P,)
        0 … C - 1, where each class has at least one training image; words, sorted, become these.
    validation : int, optional
        Without validation arrays: training images to hold out, one in twelve when not given.
    input_range : tuple, optional
        Smallest and largest value an input may have; those found when not given.
    standardise : bool
        Give each input mean 0 and deviation 1 over the training images, at most 3 either way:
        for columns of different units, which one global scale would drown.
    name : str
        What the data set is called.

    Raises
    ------
    BadInput
        Arrays are of another shape, type or range, or do not belong together.

    Examples
    --------
    >>> images, labels = np.eye(24).reshape(24, 4, 6), np.arange(24) % 2
    >>> data = from_arrays(images, labels, images[:6], labels[:6])
    >>> len(data.train), len(data.validation), data.classes, data.image_shape, data.input_range
    (22, 2, 2, (4, 6), (0.0, 1.0))
    """
    if (test_inputs is None) != (test_labels is None):
        alone = "inputs" if test_labels is None else "labels"
        message = f"test has {alone} alone; allowed: inputs and labels, or neither"
        raise BadInput(message)
    given = {"train": (train_inputs, train_labels)}
    if test_inputs is not None and test_labels is not None:
        given["test"] = (test_inputs, test_labels)
    if validation_inputs is not None and validation_labels is not None:
        given["validation"] = (validation_inputs, validation_labels)
        if validation is not None:
            message = f"validation is {validation}; allowed beside validation arrays: none"
            raise BadInput(message)
    elif validation_inputs is not None or validation_labels is not None:
        alone = "inputs" if validation_labels is None else "labels"
        message = f"validation has {alone} alone; allowed: inputs and labels, or neither"
        raise BadInput(message)
    words, given = _numbered(given)
    splits = {part: _split(part, *arrays) for part, arrays in given.items()}
    shapes = {part: arrays[0].shape[1:] for part, arrays in given.items()}
    shape = shapes["train"]
    if set(shapes.values()) != {shape}:
        message = f"images have shapes {shapes}; allowed: the same in all splits"
        raise BadInput(message)
    for part, count in (
        ("test", max(1, len(splits["train"]) // TEST_SHARE)),
        ("validation", validation),
    ):
        if part not in splits:
            whole = splits["train"]
            for kept, rows in zip(
                ("train", part), held_out(len(whole), count, whole.labels), strict=True
            ):
                splits[kept] = Split(whole.inputs[rows], whole.labels[rows])
    if standardise:
        splits = _standardised(splits)
    return Dataset(
        name=name,
        classes=_classes(splits),
        input_range=_range(splits, input_range),
        image_shape=(shape[0], shape[1]) if len(shape) == 2 else None,
        class_names=words,
        **splits,
    )


def read_npz(
    path: Path | str, *, validation: int | None = None, standardise: bool = False
) -> Dataset:
    """Read a data set from an .npz file, as ``numpy.savez`` writes it.

    Its arrays are named as the arguments of `from_arrays`: train_inputs, train_labels and, if
    wanted, test_inputs, test_labels, validation_inputs and validation_labels.

    Parameters
    ----------
    path : path
    validation : int, optional
    standardise : bool
        Both as `from_arrays` takes them.

    Raises
    ------
    BadFile
        It is missing or corrupt, needs pickle, promises more than it can hold, has an array of
        another name, or its arrays are none that `from_arrays` takes.
    """
    names = [f"{part}_{what}" for part in PARTS for what in ("inputs", "labels")]
    needed = [name for name in names if name.startswith("train")]
    arrays: dict[str, Any] = read_whole_npz(path, needed, names)
    try:
        return from_arrays(
            **arrays, validation=validation, standardise=standardise, name=Path(path).stem
        )
    except BadInput as error:
        message = f"{path}: {error}"
        raise BadFile(message) from error


def read_csv(
    path: Path | str, *, validation: int | None = None, standardise: bool = False
) -> Dataset:
    """Read a table: a row for each example, numbers, and its class in the last column.

    A first line without numbers is a heading. One row in five is held out to test on.

    Parameters
    ----------
    path : path
        Text in UTF-8, with commas.
    validation : int, optional
    standardise : bool
        Both as `from_arrays` takes them.

    Raises
    ------
    BadFile
        It is missing, its rows differ in length, or an entry is no number; the line is named.
    """
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            lines = [
                (row, [entry.strip() for entry in text])
                for row, text in enumerate(csv.reader(file), 1)
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        message = f"{path} is no readable table: {error}"
        raise BadFile(message) from error
    lines = [(row, entries) for row, entries in lines if any(entries)]
    if lines and not any(_is_number(entry) for entry in lines[0][1][:-1]):
        lines = lines[1:]
    columns = len(lines[0][1]) if lines else 0
    for row, entries in lines:
        wrong = next((e for e in entries[:-1] if not _is_number(e)), None)
        if len(entries) != columns or columns < 2 or wrong is not None:
            what = f"{wrong!r}" if wrong is not None else f"{len(entries)} columns"
            message = (
                f"{path}, line {row}: {what}; allowed: numbers, {columns} columns, the class last"
            )
            raise BadFile(message)
    numbers = [[float(e) for e in entries[:-1]] for _, entries in lines]
    inputs = np.array(numbers, dtype=np.float64).reshape(len(lines), max(columns - 1, 0))
    labels = np.array([entries[-1] for _, entries in lines])
    try:
        return from_arrays(
            inputs, labels, validation=validation, standardise=standardise, name=Path(path).stem
        )
    except BadInput as error:
        message = f"{path}: {error}"
        raise BadFile(message) from error


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _numbered(
    given: dict[str, tuple[NDArray[Any], NDArray[Any]]],
) -> tuple[tuple[str, ...], dict[str, tuple[NDArray[Any], NDArray[Any]]]]:
    """Words among the labels as numbers, and the words in the order of these."""
    if given["train"][1].dtype.kind not in "US":
        return (), given
    words = np.unique(given["train"][1])
    numbered = {}
    for part, (inputs, labels) in given.items():
        strange = np.setdiff1d(
            labels.astype(words.dtype) if labels.dtype.kind in "US" else labels, words
        )
        if len(strange):
            message = f"{part}_labels has {strange[0]}; allowed: {', '.join(map(str, words))}"
            raise BadInput(message)
        numbered[part] = (inputs, np.searchsorted(words, labels))
    return tuple(str(word) for word in words), numbered


def _standardised(splits: dict[str, Split]) -> dict[str, Split]:
    """Mean 0 and deviation 1 over the training rows, constant inputs 0, nothing beyond 3."""
    rows = splits["train"].inputs.astype(np.float64)
    mean, deviation = rows.mean(axis=0), rows.std(axis=0)
    deviation[deviation == 0] = 1
    return {
        part: Split(np.clip((s.inputs - mean) / deviation, -CLIPPED, CLIPPED), s.labels)
        for part, s in splits.items()
    }


def _split(part: str, inputs: NDArray[Any], labels: NDArray[Any]) -> Split:
    """Checked images, flattened, and their labels."""
    if inputs.ndim not in (2, 3) or 0 in inputs.shape:
        message = f"{part}_inputs has shape {inputs.shape}; allowed: (P, D) or (P, h, w), none 0"
        raise BadInput(message)
    if inputs.dtype.kind not in NUMBERS:
        message = f"{part}_inputs has type {inputs.dtype}; allowed: numbers"
        raise BadInput(message)
    if labels.dtype.kind not in "iu":
        message = f"{part}_labels has type {labels.dtype}; allowed: integers"
        raise BadInput(message)
    if labels.shape != inputs.shape[:1]:
        message = f"{part}_labels has shape {labels.shape}; allowed: {inputs.shape[:1]}"
        raise BadInput(message)
    if labels.min() < 0 or labels.max() > np.iinfo(np.int64).max:
        message = f"{part}_labels has {labels.min()} to {labels.max()}; allowed: 0 to C - 1"
        raise BadInput(message)
    flat = inputs.reshape(len(inputs), -1)
    if not any(flat.dtype == kept for kept in INPUT_TYPES):
        flat = flat.astype(np.float64)
    if not np.isfinite(flat).all():
        message = f"{part}_inputs contains nan or infinity; allowed: finite numbers"
        raise BadInput(message)
    return Split(flat, labels.astype(np.int64))


def _classes(splits: dict[str, Split]) -> int:
    """Number of classes C: each of 0 … C - 1 in the training images, and no other anywhere."""
    present = np.unique(splits["train"].labels)
    classes = len(present)
    if present[-1] != classes - 1:
        missing = int(np.flatnonzero(present != np.arange(classes))[0])
        message = (
            f"labels to train on go to {present[-1]} and no image has label {missing}; "
            "allowed: at least one of each class, beside those held out for validation"
        )
        raise BadInput(message)
    for part, split in splits.items():
        if split.labels.max() >= classes:
            message = f"{part}_labels has {split.labels.max()}; allowed: 0 to {classes - 1}"
            raise BadInput(message)
    if classes < 2:
        message = f"there is {classes} class; allowed: 2 or more"
        raise BadInput(message)
    return classes


def _range(splits: dict[str, Split], wanted: tuple[float, float] | None) -> tuple[float, float]:
    """Smallest and largest value an input may have; those found when none are wanted."""
    low = min(float(split.inputs.min()) for split in splits.values())
    high = max(float(split.inputs.max()) for split in splits.values())
    if wanted is None and low == high:
        message = f"all inputs are {low}; allowed: at least two values"
        raise BadInput(message)
    if wanted is not None and not (wanted[0] <= low <= high <= wanted[1] and wanted[0] < wanted[1]):
        message = f"input_range is {wanted}; allowed: increasing, around {low} to {high} as found"
        raise BadInput(message)
    return wanted or (low, high)
