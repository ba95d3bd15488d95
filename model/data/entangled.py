"""Entangled inputs: what is left of an image in the signs of random projections."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from spinspike.arrays import FloatArray, InputArray
from spinspike.errors import BadInput

from .dataset import Dataset, Split

IMAGES_PER_BATCH = 1024  # images projected at a time: 6 MB of MNIST


def entangle(data: Dataset, *, dimensions: int = 100, seed: int = 0) -> Dataset:
    """Replace images by the signs of random projections, which no linear readout separates well.

    ::

        y = sign(R x),   R_kj ~ N(0, 1/D),   sign(0) = -1

    with the pixels x scaled from the range of the data set to [0, 1].

    Parameters
    ----------
    data : Dataset
        Images of D pixels.
    dimensions : int
        Number of projections, 1 or more.
    seed : int
        Of R, 0 or more.

    Returns
    -------
    Dataset
        Inputs (P, dimensions) of int8, -1 or +1, in the same splits with the same labels.

    Examples
    --------
    >>> from spinspike.model.data.named import digits
    >>> data = entangle(digits(), dimensions=50)
    >>> data.test.inputs.shape, sorted(set(data.test.inputs.ravel().tolist())), data.name
    ((360, 50), [-1, 1], 'entangled-digits')

    References
    ----------
    Entangled MNIST of D. Badalotti et al., arXiv:2509.05041: MNIST in 100 dimensions.
    """
    if dimensions < 1 or seed < 0:
        message = f"dimensions {dimensions}, seed {seed}; allowed: 1 or more, 0 or more"
        raise BadInput(message)
    pixels = data.train.inputs.shape[1]
    rng = np.random.default_rng(seed)
    projection = rng.normal(0.0, 1 / np.sqrt(pixels), size=(dimensions, pixels))

    def signs(split: Split) -> Split:
        return Split(_signs(split.inputs, projection, data.input_range), split.labels)

    return replace(
        data,
        name=f"entangled-{data.name}",
        train=signs(data.train),
        validation=signs(data.validation),
        test=signs(data.test),
        input_range=(-1.0, 1.0),
        image_shape=None,
    )


def _signs(
    inputs: InputArray, projection: FloatArray, input_range: tuple[float, float]
) -> NDArray[np.int8]:
    """Signs (P, dimensions) of the projected images, a few images at a time."""
    low, high = input_range
    signs = np.empty((len(inputs), len(projection)), dtype=np.int8)
    for start in range(0, len(inputs), IMAGES_PER_BATCH):
        scaled = np.subtract(inputs[start : start + IMAGES_PER_BATCH], low, dtype=np.float64) / (
            high - low
        )
        signs[start : start + IMAGES_PER_BATCH] = np.where(scaled @ projection.T > 0, 1, -1)
    return signs
