"""Other methods on the same split, so that an accuracy can be judged.

None of them is a recurrent network that holds what it learned; two learn without gradients, two
with all the freedom of a modern optimiser.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from spinspike.arrays import FloatArray
from spinspike.model.data.dataset import Dataset


@dataclass(frozen=True)
class Comparator:
    """A method, how it learns, and its accuracy on the test images."""

    name: str
    learning: str
    accuracy: float


def compare(data: Dataset, *, units: int = 300, seed: int = 0) -> list[Comparator]:
    """Train every comparator on the training images and read its test accuracy.

    All see centred pixels. The hidden layers have ``units`` units.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import Perceptron, RidgeClassifier
    from sklearn.neural_network import MLPClassifier

    rng = np.random.default_rng(seed)
    centre = data.train.inputs.mean(axis=0)
    projection = rng.normal(size=(data.train.inputs.shape[1], units))

    def pixels(inputs: FloatArray) -> FloatArray:
        return np.subtract(inputs, centre)

    def random_signs(inputs: FloatArray) -> FloatArray:
        return np.where(pixels(inputs) @ projection >= 0, 1.0, -1.0)

    rows = (
        (
            "perceptron on pixels",
            "local rule, no hidden layer",
            Perceptron(random_state=seed),
            pixels,
        ),
        ("ridge on pixels", "linear algebra", RidgeClassifier(), pixels),
        (
            f"ridge on {units} random sign features",
            "linear algebra",
            RidgeClassifier(alpha=30),
            random_signs,
        ),
        (
            f"multilayer perceptron, {units} ReLU units",
            "backpropagation with Adam",
            MLPClassifier((units,), max_iter=500, random_state=seed),
            pixels,
        ),
    )
    found = []
    for name, learning, method, features in rows:
        with warnings.catch_warnings():  # not converged in 500 epochs: its accuracy says enough
            warnings.simplefilter("ignore", ConvergenceWarning)
            method.fit(features(data.train.inputs), data.train.labels)
        score = method.score(features(data.test.inputs), data.test.labels)
        found.append(Comparator(name, learning, float(score)))
    return found
