"""What a network learns: labelled images, split into training, validation and test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinspike.arrays import BoolArray, InputArray, IntArray
from spinspike.errors import BadInput
from spinspike.one_line import OneLine

SPLIT_SEED = 20250904  # fixed for ever: figures stay comparable between versions
VALIDATION_SHARE = 12  # one of so many training images: 5,000 of MNIST's 60,000


@dataclass(frozen=True, repr=False)
class Split(OneLine):
    """Images and their labels."""

    inputs: InputArray  # (P, D), of the type they are stored in: MNIST stays in bytes
    labels: IntArray  # (P,) 0 … C - 1

    def summary(self) -> str:
        """How many of what size."""
        return f"{len(self)} inputs of {self.inputs.shape[1]} numbers"

    def __len__(self) -> int:
        return len(self.labels)

    def first(self, count: int) -> Split:
        """At most so many images, from the start."""
        return Split(self.inputs[:count], self.labels[:count])


@dataclass(frozen=True, repr=False)
class Dataset(OneLine):
    """A task: three splits, the range of its pixels and the shape of its images."""

    name: str
    train: Split
    validation: Split
    test: Split
    classes: int
    input_range: tuple[float, float]
    image_shape: tuple[int, int] | None  # None: the inputs are no pictures
    class_names: tuple[str, ...] = ()  # where labels were words: (C,), in the order of the numbers

    def summary(self) -> str:
        """Name and sizes."""
        return (
            f"{self.name}, {len(self.train)} to train on, {len(self.validation)} to validate with, "
            f"{len(self.test)} to test on, {self.train.inputs.shape[1]} inputs, {self.classes} classes"
        )


def held_out(
    total: int, validation: int | None = None, labels: IntArray | None = None
) -> tuple[IntArray, IntArray]:
    """Rows of the training images to train on and to validate with, each in rising order.

    Drawn once and for all: the same for every seed and version, and the validation rows of a
    smaller number are among those of a larger one.

    Parameters
    ----------
    total : int
        Number of training images P.
    validation : int, optional
        Images to hold out, 1 … P - 1; one in twelve when not given.
    labels : array of integers, shape (P,), optional
        With them the last image of a class is never held out, but the next that is drawn.

    Examples
    --------
    >>> train, validation = held_out(60_000)
    >>> len(train), len(validation), validation[:4].tolist()
    (55000, 5000, [6, 20, 21, 52])
    """
    count = max(1, total // VALIDATION_SHARE) if validation is None else validation
    if not 1 <= count < total:
        message = (
            f"validation is {count}; allowed: at least 1 and below the {total} training images"
        )
        raise BadInput(message)
    order = np.random.default_rng(SPLIT_SEED).permutation(total)
    if labels is not None:
        kept = _first_of_classes(labels[order[::-1]])[::-1]  # the last in order of each class
        if count > total - kept.sum():
            message = (
                f"validation is {count}; allowed: up to {total - kept.sum()}, so that one image of "
                "each class is left to train on"
            )
            raise BadInput(message)
        order = np.concatenate([order[~kept], order[kept]])
    return np.sort(order[count:]), np.sort(order[:count])


def _first_of_classes(labels: IntArray) -> BoolArray:
    """Where a class occurs for the first time; (P,)."""
    found = np.zeros(len(labels), dtype=np.bool_)
    found[np.unique(labels, return_index=True)[1]] = True
    return found
