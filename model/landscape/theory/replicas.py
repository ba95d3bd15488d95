"""Clusters of fixed points: how many y of them lie at one mutual overlap, in closed form.

Typical fixed points are isolated (`pairs`). Weighing each region by the number of its fixed
points to the power y, as y copies of the system at a mutual overlap do, brings forward the rare
regions where they lie dense.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, exp, log, pi, sqrt

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

from spinspike.errors import BadInput

MAX_PARAMETER = 1000.0  # replicas, overlap and self-coupling for which the grid was tried out
LOOSEST, TIGHTEST = 1e-3, 0.9999
STRONGEST = 10.0
FAR = 8.0  # deviations of a Gaussian integral that count


@dataclass(frozen=True)
class Clusters:
    """The clusters that y replicas see, all per unit and in nats."""

    replicas: float  # y
    tuples: float  # y Phi(y, q): growth of the mean number of ordered y-tuples, lim ln E / H
    internal_entropy: float  # s_I = d(y Phi)/dy: growth of the number of fixed points in a cluster

    @property
    def complexity(self) -> float:
        """Growth of the mean number of such clusters, y Phi - y s_I; below 0 there are none."""
        return self.tuples - self.replicas * self.internal_entropy


def clusters(replicas: float, overlap: float, self_coupling: float) -> Clusters:
    """Mean number of y-tuples of fixed points at mutual overlap q, and what it says of clusters.

    ::

        y Phi(y, q) = min_c { -c q y(y-1)/2 + ln sum_s exp(c sum_{a<b} s_a s_b) P(s) }
        P(s)        = int Dt prod_a Phi((J_D + s_a sqrt(q) t) / sqrt(1-q))

    over the y spins s = (s_a) of one unit. The couplings' fields g_a on it have correlation q, as
    g_a = sqrt(q) t + sqrt(1-q) z_a has, and replica a holds if J_D + s_a g_a > 0. A second
    Gaussian u uncouples the replicas, which makes sense of any real y >= 1:

        sum_s ...   = int Du Dt Z(u, t)^y
        Z(u, t)     = sum_{s=+-1} exp(sqrt(c) u s - c/2) Phi((J_D + s sqrt(q) t) / sqrt(1-q))

    For whole y it is the exact first moment: where y Phi < 0 there are no such y-tuples in large
    networks; that there are some where it is positive does not follow.

    Parameters
    ----------
    replicas : y in 1..1000, whole or not
        2 gives `pairs.pair_complexity`, 1 the complexity for each overlap; the derivative is
        taken at fixed q.
    overlap : q in 0.001..0.9999
    self_coupling : J_D in 0..10

    Raises
    ------
    BadInput
        A value is out of its bounds.

    Examples
    --------
    Close to a typical fixed point there are none; in the clusters that ten replicas see there are:

    >>> [round(clusters(y, 0.99, 0.5).internal_entropy, 4) for y in (1, 10)]
    [-0.0035, 0.0128]

    References
    ----------
    R. Monasson, "Structural glass transition and the entropy of the metastable states", Physical
    Review Letters 75, 2847 (1995). C. Baldassi et al., "Unreasonable effectiveness of learning
    neural networks", PNAS 113, E7655 (2016).
    """
    _check(replicas, overlap, self_coupling)
    y, q = replicas, overlap

    def excess(log_conjugate: float) -> float:
        return _moments(y, exp(log_conjugate), q, self_coupling)[2] - q

    low = log(q / y)
    while excess(low) > 0:
        low -= 1
    high = low + 1
    while excess(high) < 0:
        high += 1
    conjugate = exp(brentq(excess, low, high, xtol=1e-10))
    log_sum, log_one, _ = _moments(y, conjugate, q, self_coupling)
    tuples = log_sum - conjugate * q * y * (y - 1) / 2
    return Clusters(replicas, tuples, log_one - conjugate * q * (2 * y - 1) / 2)


def densest(overlap: float, self_coupling: float, limit: float = 100.0) -> Clusters:
    """The clusters of largest y at this overlap that are still expected, of complexity 0.

    More replicas bring forward fewer and denser clusters until there is none: the internal entropy
    comes closer to that of free spins at the same y and q, which a large J_D gives. Up to
    y = ``limit``, from 2, are looked at; where the complexity stays positive, those of the limit.
    Where their internal entropy is below 0 no cluster at all is expected.

    Raises
    ------
    BadInput
        A value is out of its bounds.

    Examples
    --------
    Even a weak self-coupling has clusters with many fixed points at an overlap of .9:

    >>> found = densest(0.9, 0.2)
    >>> round(found.replicas, 1), round(found.internal_entropy, 3), abs(found.complexity) < 1e-6
    (12.4, 0.047, True)
    """
    if not 2 <= limit <= MAX_PARAMETER:
        message = f"limit is {limit}; allowed: 2 to {MAX_PARAMETER:g}"
        raise BadInput(message)
    many = clusters(limit, overlap, self_coupling)
    if many.complexity >= 0:
        return many

    def left(log_replicas: float) -> float:
        return clusters(exp(log_replicas), overlap, self_coupling).complexity

    return clusters(exp(brentq(left, 0.0, log(limit))), overlap, self_coupling)


def _moments(
    replicas: float, conjugate: float, overlap: float, self_coupling: float
) -> tuple[float, float, float]:
    """``ln int Du Dt Z^y``; under Z^y the means of ln Z and of the square of a spin's mean.

    A sum over a grid, which for such integrands errs by less than 1e-8. With v = sqrt(c) u and
    by the symmetry (u, t) -> (-u, -t), v >= 0 is enough; steps are those of the narrowest factor.
    """
    width, deviation = sqrt(1 - overlap), sqrt(conjugate)
    step_t = min(width / sqrt(16 + replicas / 8), 0.25)
    step_v = min(deviation / 2, 0.25)
    t = step_t * np.arange(-ceil(FAR / step_t), ceil(FAR / step_t) + 1)
    v = np.arange(0, conjugate * replicas + FAR * deviation + step_v, step_v)[:, None]
    up = ndtr((self_coupling + sqrt(overlap) * t) / width)
    down = up[::-1] * np.exp(-2 * v)  # both times exp(v - c/2)
    total = up + down + np.finfo(np.float64).tiny
    log_one = np.log(total) + v - conjugate / 2
    exponent = replicas * log_one - v**2 / (2 * conjugate) - t**2 / 2
    top = exponent.max()
    weight = np.exp(exponent - top)
    weight[0] /= 2  # v = 0 is its own mirror image
    whole = weight.sum()
    return (
        float(top + log(whole * step_t * step_v / (pi * deviation))),
        float((weight * log_one).sum() / whole),
        float((weight * ((up - down) / total) ** 2).sum() / whole),
    )


def _check(replicas: float, overlap: float, self_coupling: float) -> None:
    """Raise BadInput where the integrals are not what they stand for, or too wide a grid."""
    for name, value, low, high in (
        ("replicas", replicas, 1.0, MAX_PARAMETER),
        ("overlap", overlap, LOOSEST, TIGHTEST),
        ("self_coupling", self_coupling, 0.0, STRONGEST),
    ):
        if not low <= value <= high:
            message = f"{name} is {value}; allowed: {low:g} to {high:g}"
            raise BadInput(message)
