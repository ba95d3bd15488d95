"""The other methods run on the same split and score what their authors would expect."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from spinspike.model.data.dataset import Dataset, Split
from spinspike.model.training.comparators import Comparator, compare


@pytest.fixture(scope="module")
def found(handwritten: Dataset) -> dict[str, Comparator]:
    return {c.name: c for c in compare(handwritten, units=50)}


def test_four_methods_say_how_they_learn(found: dict[str, Comparator]) -> None:
    assert list(found) == [
        "perceptron on pixels",
        "ridge on pixels",
        "ridge on 50 random sign features",
        "multilayer perceptron, 50 ReLU units",
    ]
    assert all(c.learning for c in found.values())


def test_all_are_far_above_chance_and_backpropagation_is_best(
    found: dict[str, Comparator],
) -> None:
    scores = [c.accuracy for c in found.values()]
    assert min(scores) > 0.8
    assert max(scores) == found["multilayer perceptron, 50 ReLU units"].accuracy
    assert max(scores) > 0.95


def test_ridge_on_pixels_by_its_normal_equations(
    found: dict[str, Comparator], handwritten: Dataset
) -> None:
    """W = (X'X + 1)^-1 X'Y for targets -1, +1 of centred columns; the class is the largest."""
    train, test = handwritten.train, handwritten.test
    centre = train.inputs.mean(axis=0)
    X, Y = train.inputs - centre, 2.0 * np.eye(10)[train.labels] - 1
    W = np.linalg.solve(X.T @ X + np.eye(64), X.T @ (Y - Y.mean(axis=0)))
    answers = ((test.inputs - centre) @ W + Y.mean(axis=0)).argmax(axis=1)
    assert found["ridge on pixels"].accuracy == pytest.approx(np.mean(answers == test.labels))


def test_labels_without_meaning_leave_all_at_chance(handwritten: Dataset) -> None:
    labels = np.random.default_rng(0).permutation(handwritten.train.labels)[:200]
    null = replace(handwritten, train=Split(handwritten.train.inputs[:200], labels))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # noise has no good fit to converge to
        assert max(c.accuracy for c in compare(null, units=50)) < 0.25
