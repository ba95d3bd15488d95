"""Every fixed point of a tiny network, one by one, and how many theory expects.

Local dynamics find some fixed points of a network; only enumeration finds all. That there are
exponentially many for any self-coupling above 0 is the ground the learning stands on, and for
Gaussian couplings their mean number has a closed form at any size: what the code counts can be
held against a theorem.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt

import numpy as np

from ..architecture import Architecture
from ..arrays import FloatArray, SpinArray
from ..errors import BadInput
from ..network import Network, draw

LIMIT = 22  # units: 4 million states, some seconds
CHUNK = 2**14  # states at a time


def fixed_points(network: Network) -> SpinArray:
    """All states s = sign(h) without input and bias, sign(0) = +1; (count, H).

    Raises
    ------
    BadInput
        The network has more than `LIMIT` units.

    Examples
    --------
    Two units that copy each other agree, and nothing else holds:

    >>> from spinspike.model.own_network import from_arrays
    >>> pair = from_arrays([[0, 1], [1, 0]], np.ones((2, 1)), np.eye(2), np.eye(2))
    >>> fixed_points(pair).tolist()
    [[-1, -1], [1, 1]]
    """
    return np.concatenate(list(_held(network)))


def count_fixed_points(network: Network) -> int:
    """Number of fixed points without input and bias, among all 2^H states.

    Raises
    ------
    BadInput
        The network has more than `LIMIT` units.

    Examples
    --------
    Without couplings a self-coupling holds every state:

    >>> from spinspike.model.own_network import from_arrays
    >>> latches = from_arrays(0.5 * np.eye(6), np.ones((6, 1)), np.ones((6, 2)), np.ones((2, 6)))
    >>> count_fixed_points(latches)
    64
    """
    return sum(len(states) for states in _held(network))


def mean_count(
    units: int, self_coupling: float, networks: int, rng: np.random.Generator
) -> tuple[float, float]:
    """Mean number of fixed points of so many dense networks drawn anew, and its standard error.

    Examples
    --------
    >>> from spinspike.model.manifold.complexity import expected_count
    >>> mean, error = mean_count(6, 0.5, 200, np.random.default_rng(0))
    >>> abs(mean - expected_count(6, 0.5)) < 3 * error
    True
    """
    if networks < 2:
        message = f"networks is {networks}; allowed: 2 or more"
        raise BadInput(message)
    architecture = Architecture(
        units=units, inputs=1, classes=2, self_coupling=self_coupling, sparsity=0.0
    )
    found = [
        count_fixed_points(draw(architecture, rng, centre=np.zeros(1))) for _ in range(networks)
    ]
    return float(np.mean(found)), float(np.std(found, ddof=1) / sqrt(networks))


def _held(network: Network) -> Iterator[SpinArray]:
    """Fixed points among the states of each chunk."""
    units = network.units
    if units > LIMIT:
        message = (
            f"the network has {units} units and so 2^{units} states to look at; allowed: up to "
            f"{LIMIT} units; follow the dynamics of larger ones with `convergence`"
        )
        raise BadInput(message)
    weights = (network.coupling + network.link).toarray() + np.diag(network.self_coupling)
    for start in range(0, 2**units, CHUNK):
        states = _states(start, min(start + CHUNK, 2**units), units)
        yield states[((states @ weights.T >= 0) == (states > 0)).all(axis=1)].astype(np.int8)


def _states(start: int, stop: int, units: int) -> FloatArray:
    """States number start to stop - 1; bit i of a number is spin i."""
    bits = np.arange(start, stop)[:, None] >> np.arange(units) & 1
    return 2.0 * bits - 1
