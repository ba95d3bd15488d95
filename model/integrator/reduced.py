"""Learning in the rich regime as a handful of equations: one outlier eigenvalue, or a pair.

With W = 0 to begin with, all derivatives stay in the plane of u and v, whatever N is. If u and v are
also of equal length, the axes u + v and u - v of that plane leave five numbers::

    W = [[1 - r, k], [-k, 1 - d]],   u = (p, q),   v = (p, -q)

since exchanging u and v (up to the sign of q) and transposing W changes no response. The response is
then of second order, and its loss and derivatives are rational::

    f^(s) = (b s + e) / (s^2 + T s + D),   T = r + d,   D = r d + k^2,
    b = p^2 - q^2,   e = d p^2 + 2 k p q - r q^2
    L = (b^2 D + e^2) / (4 T D) - Re (b gamma + e) / (gamma^2 + T gamma + D) + const

A small random W_0 of radius sigma changes this by terms of order sigma.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from spinspike.arrays import FloatArray
from spinspike.errors import BadInput

from .linear_network import Filter, LinearNetwork

Down = Callable[[float, FloatArray], FloatArray]  # time and state to the velocity of the state


@dataclass(frozen=True)
class OneOutlier:
    """The leaky integrator: f(t) = a e^{-c t} at T moments of learning."""

    times: FloatArray  # (T,)
    overlap: FloatArray  # (T,) a = u . v
    gap: FloatArray  # (T,) c = 1 - lambda

    @property
    def outliers(self) -> NDArray[np.complex128]:
        """The eigenvalue lambda, (T,)."""
        return np.asarray(1 - self.gap, dtype=np.complex128)


@dataclass(frozen=True)
class Pair:
    """Two outliers, real or conjugate, at T moments of learning."""

    times: FloatArray  # (T,)
    plane: FloatArray  # (T, 5) r, d, k, p, q

    @property
    def outliers(self) -> NDArray[np.complex128]:
        """The one farther from 0, above the axis if it is one of a conjugate pair, (T,)."""
        r, d, k, _, _ = self.plane.T
        middle, root = 1 - (r + d) / 2, np.sqrt(((r - d) / 2) ** 2 - k**2 + 0j)
        return np.asarray(np.where((middle < 0) & (root.imag == 0), middle - root, middle + root))

    @property
    def conserved(self) -> FloatArray:
        """K (r - d) + p q, which learning never changes, (T,): see `imbalance`."""
        r, d, k, p, q = self.plane.T
        return np.asarray(k * (r - d) + p * q)


def imbalance(network: LinearNetwork) -> FloatArray:
    """W W^T - W^T W + u u^T - v v^T, which gradient flow conserves, (N, N).

    A change of basis h -> G h leaves the response as it is, so the gradient is orthogonal to it; for
    symmetric generators of G this says that the imbalance stands still. Its trace: so does
    |u|^2 - |v|^2. Its smallness in the rich regime: learning ends with u = v and a normal W.

    Examples
    --------
    >>> spiral = LinearNetwork(np.array([[0.5, -2.0], [2.0, 0.5]]), np.ones(2), np.ones(2))
    >>> imbalance(spiral).tolist()
    [[0.0, 0.0], [0.0, 0.0]]
    """
    W, u, v = network.coupling, network.input_weight, network.readout
    return np.asarray(W @ W.T - W.T @ W + np.outer(u, u) - np.outer(v, v))


def one_outlier(overlap: float, gap: float, target: Filter, times: FloatArray) -> OneOutlier:
    """The two equations of a leaky integrator with u = v along the outlier's eigenvector.

    ::

        da/dt = 2 a [Re 1 / (c + gamma) - a / 2c],   dc/dt = a^2 / 4c^2 - a Re 1 / (c + gamma)^2
        L = [a^2 / 2c - 2 a Re 1 / (c + gamma)] / 2 + const

    Parameters
    ----------
    overlap, gap : float
        a and c at time 0; without couplings c = 1. Above 0.
    times : (T,)
        Rising, from 0 up.

    Raises
    ------
    BadInput
        ``overlap`` or ``gap`` is not above 0.

    References
    ----------
    Bordelon, Cotler, Pehlevan, Zavatone-Veth, arXiv 2503.18754.

    Examples
    --------
    >>> path = one_outlier(1e-3, 1.0, Filter(rate=0.1), np.array([0.0, 30.0]))
    >>> path.outliers.real.round(3).tolist()
    [0.0, 0.9]
    """
    if not (overlap > 0 and gap > 0):
        message = f"overlap and gap are {overlap} and {gap}; allowed: above 0"
        raise BadInput(message)
    gamma = complex(target.rate, -target.frequency)

    def down(_: float, state: FloatArray) -> FloatArray:
        a, c = state
        transfer = 1 / (c + gamma)
        growth = 2 * a * (transfer.real - a / (2 * c))
        return np.array([growth, a**2 / (4 * c**2) - a * (transfer**2).real])

    overlaps, gaps = _solve(down, np.array([overlap, gap]), times)
    return OneOutlier(times, overlaps, gaps)


def pair(network: LinearNetwork, target: Filter, times: FloatArray) -> Pair:
    """The five equations of the plane of u and v, from where a network stands.

    Parameters
    ----------
    network : LinearNetwork
        Before learning; u and v of equal length. What W does outside their plane is left out.
    times : (T,)
        Rising, from 0 up.

    Raises
    ------
    BadInput
        u and v differ in length.

    Examples
    --------
    >>> from spinspike.model.integrator.linear_network import draw
    >>> blank = draw(9, np.random.default_rng(0), strength=0.1, alignment=0.0)
    >>> pair(blank, Filter(rate=0.2, frequency=1.0), np.array([0.0, 60.0])).outliers.round(3).tolist()
    [0j, (0.8+1j)]
    """
    gamma = complex(target.rate, -target.frequency)
    return Pair(times, _solve(lambda _, s: _descent(s, gamma), _plane(network), times).T)


def plateau(overlap: float, target: Filter) -> float:
    """How long u . v stays small: ln(1 / a_0) / 2g with its rate of growth 2g, g = Re 1 / (1 + gamma).

    For the leaky integrator (1 + c*) / 2 ln(1 / a_0). It is over, to within terms of order 1, when
    the overlap passes g, half of what it would settle at if W never learned.

    Parameters
    ----------
    overlap : float
        a_0, between 0 and 1: |u + v|^2 / 4, since u - v decays as fast as u + v grows.

    Raises
    ------
    BadInput
        ``overlap`` is not between 0 and 1.

    Examples
    --------
    >>> round(plateau(1e-3, Filter(rate=0.1)), 2)
    3.8
    """
    if not 0 < overlap < 1:
        message = f"overlap is {overlap}; allowed: between 0 and 1"
        raise BadInput(message)
    return float(-np.log(overlap) / (2 * growth_rate(target)))


def growth_rate(target: Filter) -> float:
    """Re 1 / (1 + gamma), at which small u and v grow towards each other without couplings.

    Examples
    --------
    >>> growth_rate(Filter(rate=0.25))
    0.8
    """
    return (1 / complex(1 + target.rate, -target.frequency)).real


def _descent(state: FloatArray, gamma: complex) -> FloatArray:
    """Minus the derivatives of L in r, d, k, p, q; k, p and q each stand for two entries."""
    r, d, k, p, q = state
    trace, determinant = r + d, r * d + k * k
    b, e = p * p - q * q, d * p * p + 2 * k * p * q - r * q * q
    chi = gamma**2 + trace * gamma + determinant
    cross = (b * gamma + e) / chi**2
    by_b = b / (2 * trace) - (gamma / chi).real
    by_e = e / (2 * trace * determinant) - (1 / chi).real
    by_trace = (cross * gamma).real - (b * b * determinant + e * e) / (4 * trace**2 * determinant)
    by_determinant = cross.real - e * e / (4 * trace * determinant**2)
    return -np.array(
        [
            by_trace + d * by_determinant - q * q * by_e,
            by_trace + r * by_determinant + p * p * by_e,
            k * by_determinant + p * q * by_e,
            p * by_b + (d * p + k * q) * by_e,
            -q * by_b + (k * p - r * q) * by_e,
        ]
    )


def _plane(network: LinearNetwork) -> FloatArray:
    """r, d, k, p, q of a network."""
    W, u, v = network.coupling, network.input_weight, network.readout
    if not np.isclose(u @ u, v @ v):
        message = f"|u|^2 and |v|^2 are {u @ u:.4g} and {v @ v:.4g}; allowed: equal"
        raise BadInput(message)
    along, across = (u + v) / 2, (u - v) / 2
    p, q = np.linalg.norm(along), np.linalg.norm(across)
    first = along / p if p > 0 else np.zeros_like(u)
    second = across / q if q > 0 else np.zeros_like(u)
    k = (first @ W @ second - second @ W @ first) / 2
    return np.array([1 - first @ W @ first, 1 - second @ W @ second, k, p, q])


def _solve(down: Down, start: FloatArray, times: FloatArray) -> FloatArray:
    path = solve_ivp(
        down, (0.0, times[-1]), start, t_eval=times, method="LSODA", rtol=1e-9, atol=1e-12
    )
    return np.asarray(path.y)
