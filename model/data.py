"""Labelled images, split into training, validation and test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import FloatArray, IntArray
from .errors import BadInput

SPLIT_SEED = 20250904  # fixed for ever: figures stay comparable between versions
DIGITS_TEST, DIGITS_VALIDATION = 360, 290


@dataclass(frozen=True)
class Split:
    """Images and their labels."""

    inputs: FloatArray  # (P, D)
    labels: IntArray  # (P,) 0 … C - 1

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Dataset:
    """A task: three splits, the range of its pixels and the shape of its images."""

    name: str
    train: Split
    validation: Split
    test: Split
    classes: int
    input_range: tuple[float, float]
    image_shape: tuple[int, int]


def digits() -> Dataset:
    """1,797 real scans of handwritten digits, 8 x 8 pixels in [0, 1], that ship with scikit-learn.

    Split once and for all into 1,147 training, 290 validation and 360 test images.

    Examples
    --------
    >>> data = digits()
    >>> len(data.train), len(data.validation), len(data.test), data.train.inputs.shape[1]
    (1147, 290, 360, 64)

    References
    ----------
    E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI repository, 1998.
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    order = np.random.default_rng(SPLIT_SEED).permutation(len(bunch.target))
    inputs, labels = bunch.data[order] / 16.0, bunch.target[order].astype(np.int64)
    test = slice(0, DIGITS_TEST)
    validation = slice(DIGITS_TEST, DIGITS_TEST + DIGITS_VALIDATION)
    train = slice(DIGITS_TEST + DIGITS_VALIDATION, None)
    parts = {
        name: Split(inputs[rows], labels[rows])
        for name, rows in (("train", train), ("validation", validation), ("test", test))
    }
    return Dataset(name="digits", classes=10, input_range=(0.0, 1.0), image_shape=(8, 8), **parts)


DATASETS = {"digits": digits}


def load(name: str) -> Dataset:
    """Load a data set by its name."""
    if name not in DATASETS:
        message = f"unknown data set {name!r}; allowed: {', '.join(sorted(DATASETS))}"
        raise BadInput(message)
    return DATASETS[name]()
