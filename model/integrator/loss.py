"""How far a network is from its filter under white noise, exactly, and which way is down.

White noise makes the mean squared error of the output the area between impulse responses, and
Lyapunov's equation turns such areas into linear algebra: no simulation, no truncated time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import get_lapack_funcs, schur

from spinspike.arrays import FloatArray
from spinspike.errors import BadInput

from .linear_network import Filter, LinearNetwork


@dataclass(frozen=True)
class Gradient:
    """The loss and its derivatives."""

    loss: float
    coupling: FloatArray  # (N, N) dL/dW
    input_weight: FloatArray  # (N,) dL/du
    readout: FloatArray  # (N,) dL/dv


def loss(network: LinearNetwork, target: Filter) -> float:
    """L = 1/2 int_0^inf (f - f*)^2 dt = 1/2 <(y - y*)^2> for white noise of unit intensity.

    Raises
    ------
    BadInput
        The network is unstable: an eigenvalue of W has a real part of 1 or more.

    Examples
    --------
    A silent network misses the whole filter, int e^{-2 c* t} dt / 2 = 1 / (4 c*):

    >>> silent = LinearNetwork(np.zeros((2, 2)), np.zeros(2), np.zeros(2))
    >>> loss(silent, Filter(rate=0.1))
    2.5
    """
    return gradient(network, target).loss


def gradient(network: LinearNetwork, target: Filter) -> Gradient:
    """The loss and its derivatives in W, u and v.

    ::

        A P + P A^T = -u u^T,   A^T Q + Q A = -v v^T,   A = W - I
        R = (gamma I - A)^-1,   gamma = c* - i omega*
        L = v^T P v / 2 - Re v^T R u + int f*^2 dt / 2
        dL/dW = Q P - Re (R^T v) (R u)^T,   dL/du = Q u - Re R^T v,   dL/dv = P v - Re R u

    since int f f* dt = Re v^T int e^{(A - gamma) t} dt u = Re v^T R u.

    Raises
    ------
    BadInput
        The network is unstable: an eigenvalue of W has a real part of 1 or more.

    References
    ----------
    Bordelon, Cotler, Pehlevan, Zavatone-Veth, Dynamically Learning to Integrate in Recurrent Neural
    Networks, arXiv 2503.18754.

    Examples
    --------
    >>> done = LinearNetwork(np.array([[0.9]]), np.ones(1), np.ones(1))
    >>> bool(np.abs(gradient(done, Filter(rate=0.1)).coupling).max() < 1e-12)
    True
    """
    u, v = network.input_weight, network.readout
    P, Q = gramians(network)
    gamma = complex(target.rate, -target.frequency)
    resolvent = gamma * np.eye(network.units) - network.generator
    Ru, Rv = np.linalg.solve(resolvent, u), np.linalg.solve(resolvent.T, v)
    return Gradient(
        loss=float(v @ P @ v / 2 - (v @ Ru).real + _energy(target) / 2),
        coupling=Q @ P - np.outer(Rv, Ru).real,
        input_weight=Q @ u - Rv.real,
        readout=P @ v - Ru.real,
    )


def gramians(network: LinearNetwork) -> tuple[FloatArray, FloatArray]:
    """P = <h h^T> under white noise, and Q, the same of the transposed network: both (N, N).

    One Schur form A = Z T Z^T serves both equations, and its diagonal says whether A is stable.

    Raises
    ------
    BadInput
        The network is unstable.
    """
    T, Z = schur(network.generator)
    if not np.diag(T).max() < 0:
        message = (
            f"an eigenvalue of W has the real part {1 + np.diag(T).max():.4g};"
            " allowed: below 1, or the network forgets nothing and its loss is infinite"
        )
        raise BadInput(message)
    (trsyl,) = get_lapack_funcs(("trsyl",), (T,))
    ends = Z.T @ network.input_weight, Z.T @ network.readout
    P, scale_p, _ = trsyl(T, T, -np.outer(ends[0], ends[0]), tranb="T")
    Q, scale_q, _ = trsyl(T, T, -np.outer(ends[1], ends[1]), trana="T")
    return Z @ P @ Z.T * scale_p, Z @ Q @ Z.T * scale_q


def _energy(target: Filter) -> float:
    """Int f*^2 dt = (1 / c* + Re 1 / gamma) / 4."""
    gamma = complex(target.rate, -target.frequency)
    return float(1 / target.rate + (1 / gamma).real) / 4
