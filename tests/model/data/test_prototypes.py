"""Samples of random patterns, held against the binomial law and the known best answer."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spinspike.errors import BadInput
from spinspike.model.data.dataset import Dataset
from spinspike.model.data.prototypes import prototypes


def patterns_of(data: Dataset) -> NDArray[np.int8]:
    """The patterns, recovered by majority of the training samples."""
    groups = [data.train.inputs[data.train.labels == c] for c in range(data.classes)]
    return np.array([np.where(group.sum(axis=0) > 0, 1, -1) for group in groups], dtype=np.int8)


def test_sizes_types_and_ranges_are_those_asked_for() -> None:
    data = prototypes(classes=4, pixels=30, train=50, validation=20, test=30)
    for split, size in ((data.train, 50), (data.validation, 20), (data.test, 30)):
        assert split.inputs.shape == (size, 30)
        assert split.inputs.dtype == np.int8
        assert split.labels.dtype == np.int64
        assert set(np.unique(split.inputs)) == {-1, 1}
        count = np.bincount(split.labels, minlength=4)
        assert count.max() - count.min() <= 1
    assert (data.classes, data.input_range, data.image_shape) == (4, (-1.0, 1.0), None)


def test_without_flips_every_sample_is_the_pattern_of_its_class() -> None:
    data = prototypes(flip=0.0)
    patterns = patterns_of(data)
    for split in (data.train, data.validation, data.test):
        np.testing.assert_array_equal(split.inputs, patterns[split.labels])
    assert len(np.unique(patterns, axis=0)) == 10


@pytest.mark.parametrize("flip", [0.05, 0.2, 0.4])
def test_pixels_flip_independently_with_the_probability_asked_for(flip: float) -> None:
    data = prototypes(pixels=100, flip=flip, train=5000, test=2000)
    flipped = data.test.inputs != patterns_of(data)[data.test.labels]
    assert flipped.mean() == pytest.approx(flip, abs=5 * np.sqrt(flip * (1 - flip) / 200_000))
    # the number of flips of a sample is binomial: its variance is D p (1 - p)
    assert flipped.sum(axis=1).var() == pytest.approx(100 * flip * (1 - flip), rel=0.2)


def test_the_nearest_pattern_is_the_label() -> None:
    """At D 100 and p .2 a wrong pattern is nearer with a probability below 1e-5."""
    data = prototypes(flip=0.2)
    overlap = data.test.inputs.astype(int) @ patterns_of(data).T
    np.testing.assert_array_equal(overlap.argmax(axis=1), data.test.labels)


def test_the_seed_decides_on_everything() -> None:
    first, again, other = (prototypes(seed=seed).train for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.inputs, again.inputs)
    np.testing.assert_array_equal(first.labels, again.labels)
    assert (first.inputs != other.inputs).mean() == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"classes": 1}, "classes 1, pixels 100, seed 0; allowed: 2 or more"),
        ({"pixels": 0}, "classes 10, pixels 0, seed 0; allowed"),
        ({"seed": -1}, "classes 10, pixels 100, seed -1; allowed"),
        ({"flip": -0.1}, "flip is -0.1; allowed: 0 <= flip <= 0.5"),
        ({"flip": 0.6}, "flip is 0.6; allowed: 0 <= flip <= 0.5"),
        ({"flip": float("nan")}, "flip is nan; allowed: 0 <= flip <= 0.5"),
        ({"train": 9}, "train, validation and test are (9, 200, 200); allowed: 10 or more"),
        ({"validation": 0}, "train, validation and test are (1000, 0, 200); allowed"),
        ({"test": 0}, "train, validation and test are (1000, 200, 0); allowed"),
    ],
)
def test_impossible_tasks_are_refused(choices: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=re.escape(message)):
        prototypes(**choices)
