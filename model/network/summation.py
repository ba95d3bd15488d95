"""By how much a field can differ when its terms are added up in another order.

Fast code keeps fields up to date flip by flip, or adds up parts of them beforehand. What it says of
a state is what the model's own field says, wherever rounding cannot decide on a sign; this module
tells where it could, and such states are left to `dynamics.field`.
"""

from __future__ import annotations

import numpy as np

from spinspike.arrays import BoolArray, FloatArray

from .network import Network

HALF_UNIT = 2.0**-53  # relative error of one addition in double precision


def rounding(network: Network, external: FloatArray) -> FloatArray:
    """Largest error of each addition on the way to a field, (H,), for external fields (P, H).

    A sum of n terms, in any order, is off by at most n times as much, to first order: no partial
    sum is larger than the sum of all absolute values, which is multiplied by 2^-53 here. Where all
    terms are multiples of one power of two, and not too large ones, as integers are, every sum is
    exact: zero.

    Examples
    --------
    >>> from spinspike.model.network.import_arrays import from_arrays
    >>> J = np.array([[0.0, 0.3], [3.0, 0.0]])
    >>> network = from_arrays(J, np.ones((2, 1)), np.eye(2), np.eye(2))
    >>> (rounding(network, np.array([[0.7, -8.0]])) * 2**53).tolist()
    [1.0, 0.0]
    """
    parts = network.coupling, network.link
    size = np.abs(network.self_coupling) + np.abs(external).max(axis=0, initial=0.0)
    size += sum(abs(part).sum(axis=1) for part in parts)
    grain = np.ldexp(1.0, np.frexp(size)[1] - 53)
    rough = _broken(network.self_coupling / grain) | _broken(external / grain).any(axis=0)
    for part in parts:
        unit = np.repeat(np.arange(network.units), np.diff(part.indptr))
        rough[unit[_broken(part.data / grain[unit])]] = True
    return np.where(rough, HALF_UNIT * size, 0.0)


def _broken(numbers: FloatArray) -> BoolArray:
    """Which of them are not whole."""
    return np.asarray(numbers != np.rint(numbers))
