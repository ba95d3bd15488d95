"""The digits are scikit-learn's, each in one split."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from sklearn.datasets import load_digits

from spinspike.model import data
from spinspike.model.data import Dataset
from spinspike.model.errors import BadInput


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
    assert inputs.shape[1] == np.prod(handwritten.image_shape)
    assert set(handwritten.test.labels.tolist()) == set(range(handwritten.classes))


def test_the_split_never_changes(handwritten: Dataset) -> None:
    again = data.digits()
    np.testing.assert_array_equal(again.test.inputs, handwritten.test.inputs)
    # figures of all versions rest on these
    assert handwritten.test.labels[:8].tolist() == [1, 4, 8, 4, 5, 2, 9, 3]


def test_data_sets_go_by_name() -> None:
    assert len(data.load("digits").train) == 1147
    with pytest.raises(BadInput, match=r"unknown data set 'mnist'; allowed: digits"):
        data.load("mnist")
