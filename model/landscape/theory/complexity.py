"""How many fixed points theory expects: closed forms over Gaussian couplings.

There are exponentially many for any self-coupling or link above 0, which is the ground the
learning stands on. What `enumeration` counts is held against these means.
"""

from __future__ import annotations

from math import erf, exp, inf, log, sqrt
from sys import float_info

import numpy as np
from scipy.special import ndtr

from spinspike.errors import BadInput


def expected_count(units: int, self_coupling: float) -> float:
    """Mean number of fixed points over J_ij ~ N(0, 1/H), i != j.

    ::

        E[n] = (2 Phi(J_D sqrt(H / (H-1))))^H

    s_i h_i = J_D + g_i with independent g_i of variance (H-1)/H, whatever the state is; the factor
    is the missing diagonal. Infinite beyond the range of doubles, 1.8e308; `complexity` is not.

    Examples
    --------
    >>> round(expected_count(12, 1.0))
    598
    """
    return exp_or_inf(units * complexity(self_coupling * missing_diagonal(units)))


def expected_chain_count(
    units: int, link: float, self_coupling: float = 0.0, *, modules: int = 2
) -> float:
    """Mean number of fixed points of L modules of H units each in a chain, linked by lambda.

    ::

        E[n] = {sum_s prod_l Phi(r (J_D + lambda s^l (s^(l-1) + s^(l+1))))}^H,  r = sqrt(H / (H-1))
             = {2 [Phi((J_D + lambda) r)^2 + Phi((J_D - lambda) r)^2]}^H        for L = 2

    Links are one to one: units number i of all modules make a chain of L spins, whatever the
    others do. Spin l of it holds if J_D + lambda s^l (s^(l-1) + s^(l+1)) + g > 0; ends have one
    neighbour. Infinite beyond the range of doubles.

    Raises
    ------
    BadInput
        There are fewer than 2 units or 2 modules.

    Examples
    --------
    Without link there are so many networks, independent of each other:

    >>> round(expected_chain_count(6, 0.0, 0.5, modules=3) / expected_count(6, 0.5) ** 3, 6)
    1.0
    """
    r = missing_diagonal(units)
    return exp_or_inf(units * log(_chain(link * r, self_coupling * r, modules)))


def complexity(self_coupling: float) -> float:
    """Growth of the mean number of fixed points with H: lim ln E[n] / H = ln(1 + erf(J_D/sqrt 2)).

    Examples
    --------
    >>> round(complexity(0.5), 4)
    0.3242
    """
    return log(1 + erf(self_coupling / sqrt(2)))


def chain_complexity(link: float, self_coupling: float = 0.0, *, modules: int = 2) -> float:
    """The same per spin of a chain; ln{2 [Phi(J_D + l)^2 + Phi(J_D - l)^2]} / 2 for two modules.

    Raises
    ------
    BadInput
        There are fewer than 2 modules.

    Examples
    --------
    No link and no self-coupling, no fixed points to speak of; a strong link binds each chain into
    one free spin:

    >>> chain_complexity(0.0), round(chain_complexity(9.0), 4) == round(log(2) / 2, 4)
    (0.0, True)

    A link adds fixed points to weak self-couplings and takes some away from strong ones:

    >>> [round(chain_complexity(1.0, x) - complexity(x), 3) for x in (0.0, 0.5, 1.0)]
    [0.191, 0.005, -0.081]
    """
    return log(_chain(link, self_coupling, modules)) / modules


def _chain(link: float, self_coupling: float, modules: int) -> float:
    """Sum over the spins of one chain of the probability that all hold.

    Up to a mirror image a state is what neighbours do: agree (0) or differ (1). The end spins see
    one such bond, the others two.
    """
    if modules < 2:
        message = f"modules is {modules}; allowed: 2 or more"
        raise BadInput(message)
    bonds = np.array([link, -link])
    ends, inner = ndtr(self_coupling + bonds), ndtr(self_coupling + bonds + bonds[:, None])
    return float(2 * ends @ np.linalg.matrix_power(inner, modules - 2) @ ends)


def exp_or_inf(logarithm: float) -> float:
    """A number by its logarithm; infinite beyond the range of doubles."""
    return inf if logarithm > log(float_info.max) else exp(logarithm)


def missing_diagonal(units: int) -> float:
    """Sqrt(H / (H-1)): one over the deviation of a field that lacks one term."""
    if units < 2:
        message = f"units is {units}; allowed: 2 or more"
        raise BadInput(message)
    return sqrt(units / (units - 1))
