"""Every fixed point of a tiny network, one by one, and how many theory expects.

Local dynamics find some fixed points of a network; only enumeration finds all. That there are
exponentially many for any self-coupling above 0 is the ground the learning stands on, and for
Gaussian couplings their mean number has a closed form at any size: what the code counts can be
held against a theorem.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import erf, erfc, log, sqrt

import numpy as np

from .architecture import Architecture
from .arrays import FloatArray, SpinArray
from .errors import BadInput
from .network import Network, draw

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


def expected_count(units: int, self_coupling: float) -> float:
    """Mean number of fixed points over J_ij ~ N(0, 1/H), i != j.

    ::

        E[n] = (2 Phi(J_D sqrt(H / (H-1))))^H

    s_i h_i = J_D + g_i with independent g_i of variance (H-1)/H, whatever the state is; the factor
    is the missing diagonal.

    Examples
    --------
    >>> round(expected_count(12, 1.0))
    598
    """
    return (2 * _normal(self_coupling * _missing_diagonal(units))) ** units


def expected_chain_count(units: int, link: float, self_coupling: float = 0.0) -> float:
    """Mean number of fixed points of two modules of H units, linked one to one by lambda.

    ::

        E[n] = {2 [Phi((J_D + lambda) r)^2 + Phi((J_D - lambda) r)^2]}^H,   r = sqrt(H / (H-1))

    Unit i of a module holds if J_D + lambda s_i s'_i + g_i > 0, where s'_i is its partner, which
    sees the same product: a pair that agrees holds with probability Phi((J_D + lambda) r)^2, one
    that does not with Phi((J_D - lambda) r)^2, and each of the H pairs has two states of either
    kind.

    Examples
    --------
    Without link there are two networks, independent of each other:

    >>> round(expected_chain_count(6, 0.0, 0.5) / expected_count(6, 0.5) ** 2, 6)
    1.0
    """
    r = _missing_diagonal(units)
    agree, differ = _normal((self_coupling + link) * r), _normal((self_coupling - link) * r)
    return (2 * (agree**2 + differ**2)) ** units


def complexity(self_coupling: float) -> float:
    """Growth of the mean number of fixed points with H: lim ln E[n] / H = ln(1 + erf(J_D/sqrt 2)).

    Examples
    --------
    >>> round(complexity(0.5), 4)
    0.3242
    """
    return log(1 + erf(self_coupling / sqrt(2)))


def chain_complexity(link: float) -> float:
    """The same per spin of two linked modules at J_D 0: ln{2 [Phi(l)^2 + Phi(-l)^2]} / 2.

    Examples
    --------
    No link, no fixed points to speak of; a strong one binds each pair into a free spin:

    >>> chain_complexity(0.0), round(chain_complexity(9.0), 4) == round(log(2) / 2, 4)
    (0.0, True)
    """
    return log(2 * (_normal(link) ** 2 + _normal(-link) ** 2)) / 2


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


def _missing_diagonal(units: int) -> float:
    """Sqrt(H / (H-1)): one over the deviation of a field that lacks one term."""
    if units < 2:
        message = f"units is {units}; allowed: 2 or more"
        raise BadInput(message)
    return sqrt(units / (units - 1))


def _normal(x: float) -> float:
    """Phi, the distribution of the normal law."""
    return erfc(-x / sqrt(2)) / 2
