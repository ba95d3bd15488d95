"""Signs of random projections, held against the statistics that they must have."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spinspike.arrays import InputArray
from spinspike.errors import BadInput
from spinspike.model.data.dataset import Dataset, Split
from spinspike.model.data.entangled import IMAGES_PER_BATCH, entangle
from spinspike.model.data.named import load

REAL = os.environ.get("SPINSPIKE_DATA")


def dataset(inputs: InputArray, input_range: tuple[float, float] = (0.0, 1.0)) -> Dataset:
    """The same images in all three splits."""
    split = Split(inputs, np.zeros(len(inputs), dtype=np.int64))
    return Dataset("some", split, split, split, 1, input_range, (1, inputs.shape[1]))


def test_inputs_become_signs_with_the_same_labels(handwritten: Dataset) -> None:
    data = entangle(handwritten, dimensions=70)
    for before, after in zip(
        (handwritten.train, handwritten.validation, handwritten.test),
        (data.train, data.validation, data.test),
        strict=True,
    ):
        assert after.inputs.shape == (len(before), 70)
        assert after.inputs.dtype == np.int8
        assert set(np.unique(after.inputs)) == {-1, 1}
        np.testing.assert_array_equal(after.labels, before.labels)
    assert (data.name, data.input_range, data.image_shape) == ("entangled-digits", (-1, 1), None)
    assert handwritten.image_shape == (8, 8)


def test_two_images_agree_as_often_as_their_angle_says() -> None:
    """Signs of x and y differ with probability angle / pi (Goemans and Williamson 1995)."""
    angles = np.linspace(0.05, 1.5, 6)
    images = np.zeros((7, 40))
    images[0, 0] = 1.0
    images[1:, 0], images[1:, 1] = np.cos(angles), np.sin(angles)
    signs = entangle(dataset(images), dimensions=20_000).test.inputs
    differ = (signs[1:] != signs[0]).mean(axis=1)
    np.testing.assert_allclose(differ, angles / np.pi, atol=5 * 0.5 / np.sqrt(20_000))


def test_the_sign_of_zero_is_minus_one() -> None:
    black = dataset(np.zeros((3, 5)))
    assert (entangle(black).test.inputs == -1).all()


def test_bytes_and_their_scaled_values_give_the_same_signs() -> None:
    """More images than are projected at a time; 255 is the range, not the largest value."""
    pixels = np.random.default_rng(1).integers(0, 200, (IMAGES_PER_BATCH + 3, 12)).astype(np.uint8)
    scaled = entangle(dataset(pixels / 255.0))
    raw = entangle(dataset(pixels, (0.0, 255.0)))
    np.testing.assert_array_equal(raw.train.inputs, scaled.train.inputs)


def test_inputs_of_another_range_are_moved_to_zero_and_one() -> None:
    spins = np.where(np.random.default_rng(2).random((9, 12)) < 0.5, -1, 1).astype(np.int8)
    moved = entangle(dataset((spins + 1.0) / 2))
    np.testing.assert_array_equal(
        entangle(dataset(spins, (-1.0, 1.0))).test.inputs, moved.test.inputs
    )


def test_the_seed_decides_on_the_projection(handwritten: Dataset) -> None:
    few = replace(handwritten, train=handwritten.test, validation=handwritten.test)
    first, again, other = (entangle(few, seed=seed).test.inputs for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert 0.3 < (first != other).mean() < 0.7


@pytest.mark.parametrize(("dimensions", "seed"), [(0, 0), (-3, 0), (5, -1)])
def test_other_dimensions_and_seeds_are_refused(dimensions: int, seed: int) -> None:
    with pytest.raises(BadInput, match=rf"dimensions {dimensions}, seed {seed}; allowed: 1 or"):
        entangle(dataset(np.zeros((2, 3))), dimensions=dimensions, seed=seed)


@pytest.mark.images
def test_entangled_mnist_is_harder_for_a_linear_readout_than_its_pixels() -> None:
    """Ridge on 5,000 images: .83 on pixels, .75 on their entangled signs."""
    from sklearn.linear_model import RidgeClassifier

    score = {}
    for name in ("mnist", "entangled-mnist"):
        data = load(name, Path(str(REAL)))
        readout = RidgeClassifier(alpha=1e3)
        readout.fit(data.train.inputs[:5000].astype(np.float64), data.train.labels[:5000])
        score[name] = readout.score(data.test.inputs.astype(np.float64), data.test.labels)
    assert score["mnist"] > 0.8
    assert 0.5 < score["entangled-mnist"] < score["mnist"] - 0.05
