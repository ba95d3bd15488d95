"""What one step of a chip does to a linear network: a matrix that multiplies, a vector that adds.

The map that is exact for every step dt, for an input constant within it, is

    h(t + dt) = e^{A dt} h(t) + dt phi(A dt) u x(t),   A = W - I,   phi(z) = (e^z - 1) / z,

and its first order in dt, 1 + A dt and dt u, has W itself for couplings. The leak, e^{-dt} or 1 - dt, is
what is left of either when W is 0; dt is chosen so that it is a weight.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import expm

from spinspike.arrays import FloatArray
from spinspike.model.integrator.linear_network import LinearNetwork

HORIZON = 16.0  # time after an impulse in which the largest state is looked for


@dataclass(frozen=True)
class StepMap:
    """h <- (leak / 2**bits + couplings) h + drive * (step x)."""

    step: float  # dt
    leak: int
    couplings: FloatArray  # (N, N)
    drive: FloatArray  # (N,)
    largest_state: float  # that a unit impulse leads to in continuous time


def step_map(network: LinearNetwork, bits: int, step: float, *, exact: bool) -> StepMap:
    """The map of a step at the dt, nearest to ``step``, whose leak is a whole number of 2**-bits.

    Examples
    --------
    >>> lone = LinearNetwork(np.zeros((1, 1)), np.ones(1), np.ones(1))
    >>> one = step_map(lone, 8, 0.25, exact=True)
    >>> one.leak, round(one.step, 4), bool(abs(one.step + np.log(199 / 256)) < 1e-12)
    (199, 0.2519, True)
    >>> bool(np.abs(one.couplings).max() < 1e-12)
    True
    """
    full = 2**bits
    leak = int(np.clip(np.rint(full * (np.exp(-step) if exact else 1 - step)), 1, full - 1))
    step = -float(np.log(leak / full)) if exact else 1 - leak / full
    # of (h, x) with x constant: the last column is dt phi(A dt) u
    joint = np.zeros((network.units + 1,) * 2)
    size = np.abs(network.input_weight).max() or 1.0  # of which expm shall know nothing
    joint[:-1] = step * np.column_stack([network.generator, network.input_weight / size])
    whole = expm(joint)
    state, largest = whole[:-1, -1], 0.0
    for _ in range(int(HORIZON / step) + 1):
        largest = max(largest, float(np.abs(state).max()) / step)
        state = whole[:-1, :-1] @ state
    if not exact:
        whole = np.eye(len(joint)) + joint
    couplings = whole[:-1, :-1] - np.eye(network.units) * (leak / full)
    return StepMap(step, leak, couplings, whole[:-1, -1] * size / step, largest * size)
