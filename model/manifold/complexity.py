"""How many fixed points theory expects: closed forms over Gaussian couplings.

There are exponentially many for any self-coupling or link above 0, which is the ground the
learning stands on. What `enumeration` counts is held against these means.
"""

from __future__ import annotations

from math import erf, erfc, log, sqrt

from ..errors import BadInput


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
    return (2 * _normal(self_coupling * missing_diagonal(units))) ** units


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
    r = missing_diagonal(units)
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


def chain_complexity(link: float, self_coupling: float = 0.0) -> float:
    """The same per spin of two linked modules: ln{2 [Phi(J_D + l)^2 + Phi(J_D - l)^2]} / 2.

    Examples
    --------
    No link and no self-coupling, no fixed points to speak of; a strong link binds each pair into
    a free spin, a self-coupling adds to a weak one and hardly to a strong one:

    >>> chain_complexity(0.0), round(chain_complexity(9.0), 4) == round(log(2) / 2, 4)
    (0.0, True)
    >>> [round(chain_complexity(link, 0.5), 4) for link in (0.0, 0.5, 2.0)]
    [0.3242, 0.325, 0.3426]
    """
    agree, differ = _normal(self_coupling + link), _normal(self_coupling - link)
    return log(2 * (agree**2 + differ**2)) / 2


def missing_diagonal(units: int) -> float:
    """Sqrt(H / (H-1)): one over the deviation of a field that lacks one term."""
    if units < 2:
        message = f"units is {units}; allowed: 2 or more"
        raise BadInput(message)
    return sqrt(units / (units - 1))


def _normal(x: float) -> float:
    """Phi, the distribution of the normal law."""
    return erfc(-x / sqrt(2)) / 2
