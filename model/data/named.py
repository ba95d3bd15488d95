"""The data sets by name, and arrays of one's own.

``digits`` ships with scikit-learn and ``prototypes`` are drawn; MNIST and Fashion-MNIST are read
from a folder, as they are or entangled; a path that ends in .npz is a file of one's own.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from spinspike.errors import BadInput

from .dataset import SPLIT_SEED, Dataset, Split
from .entangled import entangle
from .from_arrays import read_csv, read_npz
from .idx import read_set
from .prototypes import prototypes

DIGITS_TEST, DIGITS_VALIDATION = 360, 290
ENTANGLED = "entangled-"
IDX_SETS = ("mnist", "fashion-mnist")
NAMES = ("digits", *IDX_SETS, *(ENTANGLED + name for name in IDX_SETS), "prototypes")


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
    return Dataset(
        "digits", parts["train"], parts["validation"], parts["test"], 10, (0.0, 1.0), (8, 8)
    )


def load(
    name: str,
    folder: Path | None = None,
    *,
    validation: int | None = None,
    standardise: bool = False,
) -> Dataset:
    """Load a data set by its name.

    Parameters
    ----------
    name : str
        One of `NAMES`, or the path of an .npz or .csv file as `read_npz` and `read_csv` take it.
    folder : Path, optional
        Where the IDX files are; for MNIST and Fashion-MNIST only, which need it.
    validation : int, optional
        Training images to hold out; one in twelve when not given (5,000 of MNIST). Not for the
        digits, whose split is fixed.
    standardise : bool
        Give each input of a file of one's own mean 0 and deviation 1.

    Raises
    ------
    BadInput
        No data set has this name, or it does not go with the other choices.
    BadFile
        Its files are missing or corrupt.
    """
    own = {".npz": read_npz, ".csv": read_csv}.get(Path(name).suffix)
    if own is None and name not in NAMES:
        message = (
            f"unknown data set {name!r}; allowed: {', '.join(NAMES)}, or a path to an .npz or .csv"
        )
        raise BadInput(message)
    if standardise and own is None:
        message = f"data set {name!r} is not standardised; allowed: files of one's own"
        raise BadInput(message)
    source = name.removeprefix(ENTANGLED)
    if source in IDX_SETS:
        if folder is None:
            message = (
                f"data set {name!r} is read from IDX files and no folder was given; give the "
                "folder with --data DIR, or fetch the files with --download"
            )
            raise BadInput(message)
        data = read_set(source, folder, validation=validation)
        return entangle(data) if name.startswith(ENTANGLED) else data
    if folder is not None:
        message = f"data set {name!r} is read from no folder, got {folder}; leave out --data"
        raise BadInput(message)
    if own:
        return own(name, validation=validation, standardise=standardise)
    if name == "prototypes":
        return prototypes() if validation is None else prototypes(validation=validation)
    if validation is not None:
        message = f"validation is {validation}; allowed for digits: none, its split is fixed"
        raise BadInput(message)
    return digits()
