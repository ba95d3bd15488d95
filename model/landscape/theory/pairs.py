"""How fixed points lie to each other: mean numbers of pairs at a distance, in closed form.

Most fixed points stand alone: near a typical one no other is expected, however large the
self-coupling. The states that dynamics reach must be others (`replicas`).
"""

from __future__ import annotations

from math import comb, exp, inf, log, sqrt

from scipy.optimize import brentq
from scipy.special import entr, ndtr, owens_t, xlog1py

from spinspike.errors import BadInput

from .complexity import complexity, exp_or_inf, missing_diagonal

NEAREST, STRONGEST = 1e-290, 20.0  # within these the gap is found in double precision


def pair_complexity(overlap: float, self_coupling: float) -> float:
    """Growth of the mean number of ordered pairs of fixed points at overlap q: lim ln E / H.

    ::

        Sigma_2(q) = ln 2 + H_2((1+q)/2) + (1+q)/2 ln P_2(q) + (1-q)/2 ln P_2(-q)
        P_2(r)     = P(u_1 > -J_D, u_2 > -J_D),  a Gaussian pair of correlation r

    2^H states have exp(H H_2) others each at this overlap; a unit that agrees in both sees two
    fields of correlation q, one that differs holds against fields of correlation -q. H_2 is the
    entropy of one spin in nats.

    Raises
    ------
    BadInput
        The overlap is not in -1..1.

    Examples
    --------
    At overlap 0 the two know nothing of each other, at 1 they are one:

    >>> round(pair_complexity(0.0, 0.5) / complexity(0.5), 6)
    2.0
    >>> round(pair_complexity(1.0, 0.5) / complexity(0.5), 6)
    1.0
    """
    if not -1 <= overlap <= 1:
        message = f"overlap is {overlap}; allowed: -1 to 1"
        raise BadInput(message)
    return complexity(self_coupling) + _others((1 - overlap) / 2, self_coupling)


def expected_pairs(units: int, distance: int, self_coupling: float) -> float:
    """Mean number of ordered pairs of fixed points that differ in d units, J_ij ~ N(0, 1/H).

    ::

        E = 2^H binom(H, d) P_2(r_same)^(H-d) P_2(r_flipped)^d,   J_D sqrt(H/(H-1)) in place of J_D
        r_same = (H-1-2d)/(H-1),   r_flipped = -(H+1-2d)/(H-1)

    Of the H - 1 terms of a field, d change sign where the unit itself stays, d - 1 where it flips:
    the missing diagonal makes the two kinds of units differ. Each row of J is drawn apart, so
    that the units are independent. Infinite beyond the range of doubles, 1.8e308.

    Raises
    ------
    BadInput
        There are fewer than 2 units, or the distance is not in 0..H.

    Examples
    --------
    A pair at distance 0 is one fixed point:

    >>> from spinspike.model.landscape.theory.complexity import expected_count
    >>> round(expected_pairs(12, 0, 1.0) / expected_count(12, 1.0), 6)
    1.0
    """
    count = units * complexity(self_coupling * missing_diagonal(units))
    return exp_or_inf(count + _log_neighbours(units, distance, self_coupling))


def expected_neighbours(units: int, distance: int, self_coupling: float) -> float:
    """Mean number of fixed points at distance d from a typical one: `expected_pairs` per count.

    Typical means that each fixed point of each network weighs the same. The mean is that of
    networks drawn under the condition that a given state is a fixed point; infinite beyond the
    range of doubles.

    Raises
    ------
    BadInput
        There are fewer than 2 units, or the distance is not in 0..H.

    Examples
    --------
    The gap around typical fixed points (`isolation`) is less than a flip in networks that are
    small; one flip leads nowhere only in large ones:

    >>> [round(expected_neighbours(units, 1, 1.0), 3) for units in (12, 100, 1000)]
    [4.723, 8.195, 0.562]
    """
    return exp_or_inf(_log_neighbours(units, distance, self_coupling))


def isolation(self_coupling: float) -> float:
    """Fraction of all units around a typical fixed point within which no other is expected.

    The smallest d/H above 0 at which ``pair_complexity`` is the complexity again: nearer, the mean
    number of others vanishes exponentially in H. In overlap the gap is (1 - 2 d/H, 1). A flip of
    d units costs sqrt(d) at units with fields near -J_D and gains only d ln d in choices, hence
    the gap is there at every J_D; it shrinks about as fast as exp(-J_D^2).

    Raises
    ------
    BadInput
        The self-coupling is not in 0..20.

    Examples
    --------
    >>> round(isolation(0.5), 4), round(isolation(1.0), 4)
    (0.0053, 0.0009)
    """
    if not 0 <= self_coupling <= STRONGEST:
        message = f"self_coupling is {self_coupling}; allowed: 0 to {STRONGEST:g}"
        raise BadInput(message)
    if self_coupling == 0:  # half of all units: the others are those of a state unrelated to it
        return 0.5
    return exp(brentq(lambda x: _others(exp(x), self_coupling), log(NEAREST), log(0.5)))


def _others(fraction: float, self_coupling: float) -> float:
    """Sigma_2 - Sigma where this fraction of units differs; exact for the smallest of fractions."""
    rest = 1 - fraction
    return float(
        entr(fraction)
        + entr(rest)
        + _held_again(rest, fraction, rest, self_coupling)
        + _held_again(fraction, rest, fraction, self_coupling)
    )


def _log_neighbours(units: int, distance: int, self_coupling: float) -> float:
    """Logarithm of `expected_neighbours`."""
    threshold = self_coupling * missing_diagonal(units)
    if not 0 <= distance <= units:
        message = f"distance is {distance}; allowed: 0 to {units}, the number of units"
        raise BadInput(message)
    same = units - distance
    return (
        log(comb(units, distance))
        + _held_again(same, distance, same - 1, threshold)
        + _held_again(distance, same, distance - 1, threshold)
    )


def _held_again(units: float, changed: float, kept: float, threshold: float) -> float:
    """Log probability that so many units hold in a second state, given that they do in the first.

    Of the terms s_i J_ij s_j of a field, ``changed`` of them or that fraction have the other sign
    in the second state: correlation r = (kept - changed) / (kept + changed). With Owen's T,
    P_2(r) = Phi(J_D) - 2 T(J_D, sqrt((1-r)/(1+r))), and the root is that of changed / kept.
    """
    slope = sqrt(changed / kept) if kept > 0 else inf
    lost = 2 * owens_t(threshold, slope) / ndtr(threshold)
    return float(xlog1py(units, -min(lost, 1.0)))
