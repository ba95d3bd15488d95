"""Noisy copies of random binary patterns: the task whose best possible answer is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinspike.errors import BadInput

from .dataset import Dataset, Split

FLIP = 0.2


def prototypes(
    *,
    classes: int = 10,
    pixels: int = 100,
    flip: float = FLIP,
    train: int = 1000,
    validation: int = 200,
    test: int = 200,
    seed: int = 0,
) -> Dataset:
    """Draw one random ±1 pattern per class, and samples of it with some pixels flipped.

    The label of the nearest pattern is the best guess there is, so accuracy can be judged without
    another method. Classes are equally frequent, up to one sample.

    Parameters
    ----------
    classes, pixels : int
        Number of patterns C, 2 or more, and of their pixels D, 1 or more.
    flip : float
        Probability that a pixel of a sample differs from the pattern, 0 to 0.5.
    train, validation, test : int
        Samples of each split; C or more to train on, 1 or more of the others.
    seed : int
        Of everything random, 0 or more.

    Returns
    -------
    Dataset
        Inputs of int8, -1 or +1.

    Examples
    --------
    >>> data = prototypes(classes=3, pixels=5, flip=0.0)
    >>> data.train.inputs.shape, len(set(map(tuple, data.test.inputs.tolist())))
    ((1000, 5), 3)
    """
    _check(classes, pixels, flip, (train, validation, test), seed)
    rng = np.random.default_rng(seed)
    patterns = np.where(rng.random((classes, pixels)) < 0.5, -1, 1).astype(np.int8)
    return Dataset(
        name="prototypes",
        train=_samples(patterns, train, flip, rng),
        validation=_samples(patterns, validation, flip, rng),
        test=_samples(patterns, test, flip, rng),
        classes=classes,
        input_range=(-1.0, 1.0),
        image_shape=None,
    )


def _check(classes: int, pixels: int, flip: float, sizes: tuple[int, int, int], seed: int) -> None:
    if classes < 2 or pixels < 1 or seed < 0:
        message = (
            f"classes {classes}, pixels {pixels}, seed {seed}; "
            "allowed: 2 or more, 1 or more, 0 or more"
        )
        raise BadInput(message)
    if not 0 <= flip <= 0.5:
        message = f"flip is {flip}; allowed: 0 <= flip <= 0.5"
        raise BadInput(message)
    if sizes[0] < classes or min(sizes[1:]) < 1:
        message = (
            f"train, validation and test are {sizes}; allowed: {classes} or more samples to train "
            "on, one per class, and 1 or more of the others"
        )
        raise BadInput(message)


def _samples(
    patterns: NDArray[np.int8], count: int, flip: float, rng: np.random.Generator
) -> Split:
    labels = rng.permutation(np.arange(count) % len(patterns))
    inputs = patterns[labels]
    inputs[rng.random(inputs.shape, dtype=np.float32) < flip] *= -1
    return Split(inputs, labels.astype(np.int64))
