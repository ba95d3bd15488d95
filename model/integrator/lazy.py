"""Learning without changing the couplings: what a readout can make of the modes that are there.

Random couplings of radius sigma send the input through W u, W^2 u, ..., which are orthogonal in a
large network and of length sigma^k. Along them the response e^{(W - I) t} u is e^{-t} sum_k t^k/k! W^k u,
and the filter e^{-t} sum_k t^k/k! Re z^k with z = 1 - c* + i omega*. So the shortest readout that is
right has v . W^k u = Re z^k, and::

    |u|^2 |v|^2 = sum_k (Re z^k)^2 / sigma^2k
                = [1 / (1 - |z|^2 / sigma^2) + Re 1 / (1 - z^2 / sigma^2)] / 2

which is finite where |z| < sigma: the leaky integrator is learnable iff |1 - c*| < sigma. Beyond it a
readout of N numbers may still fit, but only by ever longer vectors as N grows, which gradient flow
needs ever more time to build: what it builds from v = 0 is the shortest one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from spinspike.arrays import FloatArray
from spinspike.errors import BadInput

from .linear_network import Filter, LinearNetwork
from .loss import gramians

RIDGE = 1e-7  # of the trace of P: below it lies what rounding errors make of the smallest modes
REACH = (
    0.8  # targets up to here, in units of the spread: short enough readouts at some hundred units
)


def shortest_readouts(network: LinearNetwork, targets: Sequence[Filter]) -> FloatArray:
    """For each filter the shortest of the readouts of least loss, W and u as they are, (F, N).

    ::

        v = (P + ridge)^-1 Re R u

    Raises
    ------
    BadInput
        The network is unstable.

    Examples
    --------
    >>> alone = LinearNetwork(np.array([[0.5]]), np.array([2.0]), np.ones(1))
    >>> shortest_readouts(alone, [Filter(rate=0.5)]).round(4).tolist()
    [[0.5]]
    """
    P, _ = gramians(network)
    identity = np.eye(network.units)
    driven = [
        np.linalg.solve(
            complex(target.rate, -target.frequency) * identity - network.generator,
            network.input_weight,
        ).real
        for target in targets
    ]
    ridge = RIDGE * np.trace(P)
    return np.asarray(np.linalg.solve(P + ridge * identity, np.transpose(driven)).T)


def expected_length(spread: float, target: Filter) -> float:
    """|u|^2 |v|^2 of the shortest readout in a large network, infinite where there is none.

    Examples
    --------
    >>> round(expected_length(0.5, Filter(rate=0.6)), 3)
    2.778
    >>> expected_length(0.5, Filter(rate=0.4))
    inf
    """
    z = complex(1 - target.rate, target.frequency)
    if abs(z) >= spread:
        return np.inf
    return (1 / (1 - abs(z) ** 2 / spread**2) + (1 / (1 - z**2 / spread**2)).real) / 2


def threshold(
    network: LinearNetwork, rng: np.random.Generator, *, inputs: int = 16, targets: int = 9
) -> float:
    """The largest |1 - c*| that is learnable, located from the lengths of readouts short of it.

    1 / (|u|^2 |v|^2) falls with (1 - c*)^2 as the straight line 1 - (1 - c*)^2 / sigma^2; where the
    line through as many targets with c* < 1 meets 0 is the threshold.

    Parameters
    ----------
    inputs : int
        Random input weights to average over, 1 or more: one alone is off by some N^-1/2, since it
        is not quite orthogonal to W u.
    targets : int
        3 or more, of 1 - c* up to .8 of the couplings' radius |W| / sqrt(N).

    Raises
    ------
    BadInput
        Too few inputs or targets; the network is unstable or has no couplings.

    Examples
    --------
    >>> from spinspike.model.integrator.linear_network import draw
    >>> rng = np.random.default_rng(0)
    >>> round(threshold(draw(100, rng, spread=0.6), rng), 1)
    0.6
    """
    radius = float(np.linalg.norm(network.coupling) / np.sqrt(network.units))
    if inputs < 1 or targets < 3 or radius == 0:
        message = (
            f"inputs, targets and radius are {inputs}, {targets} and {radius};"
            " allowed: 1 up, 3 up, above 0"
        )
        raise BadInput(message)
    reach = np.linspace(0, min(REACH * radius, 0.99), targets)
    lengths = np.empty((inputs, targets))
    for i in range(inputs):
        u = rng.standard_normal(network.units)
        driven = replace(network, input_weight=u / np.linalg.norm(u))
        readouts = shortest_readouts(driven, [Filter(rate=1 - x) for x in reach])
        lengths[i] = (readouts**2).sum(axis=1)
    slope, level = np.polyfit(reach**2, (1 / lengths).mean(axis=0), 1)
    return float(np.sqrt(-level / slope))
