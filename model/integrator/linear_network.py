"""A linear recurrent network, the filter it is to become, and the spectrum that tells how near it is.

A network whose couplings have one eigenvalue lambda close to 1 remembers for 1 / (1 - lambda): the
memory is the one direction in which leak and recurrence almost cancel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm

from spinspike.arrays import FloatArray
from spinspike.errors import BadInput


@dataclass(frozen=True)
class LinearNetwork:
    """dh/dt = -h + W h + u x(t), y = v . h.

    Raises
    ------
    BadInput
        Shapes do not fit, or an entry is not finite.
    """

    coupling: FloatArray  # (N, N) W
    input_weight: FloatArray  # (N,) u
    readout: FloatArray  # (N,) v

    def __post_init__(self) -> None:
        shapes = self.coupling.shape, self.input_weight.shape, self.readout.shape
        if not self.units or shapes != ((self.units, self.units), (self.units,), (self.units,)):
            message = f"shapes of W, u, v are {shapes}; allowed: (N, N), (N,), (N,)"
            raise BadInput(message)
        if not all(np.isfinite(a).all() for a in (self.coupling, self.input_weight, self.readout)):
            message = "W, u or v has nan or infinity; allowed: finite numbers"
            raise BadInput(message)

    @property
    def units(self) -> int:
        """Number of units N."""
        return self.readout.size

    @property
    def generator(self) -> FloatArray:
        """A = W - I, what drives the units when the input is silent, (N, N)."""
        return np.asarray(self.coupling - np.eye(self.units))


@dataclass(frozen=True)
class Filter:
    """The response asked for: Re e^{-(rate - i frequency) t}, time in units of the leak.

    Frequency 0 is the leaky integrator, whose memory lasts 1 / rate; any other a damped oscillator.

    Raises
    ------
    BadInput
        ``rate`` is not above 0, or the frequency is negative.

    Examples
    --------
    >>> Filter(0.1).response(np.array([0.0, 10.0])).round(4).tolist()
    [1.0, 0.3679]
    """

    rate: float  # c* > 0
    frequency: float = 0.0  # omega* >= 0

    def __post_init__(self) -> None:
        if not 0 < self.rate < np.inf:
            message = f"rate is {self.rate}; allowed: above 0"
            raise BadInput(message)
        if not 0 <= self.frequency < np.inf:
            message = f"frequency is {self.frequency}; allowed: 0 or more"
            raise BadInput(message)

    def response(self, times: FloatArray) -> FloatArray:
        """e^{-c* t} cos(omega* t) at the given times."""
        return np.asarray(np.exp(-self.rate * times) * np.cos(self.frequency * times))


def draw(
    units: int,
    rng: np.random.Generator,
    *,
    spread: float = 0.0,
    strength: float = 1e-3,
    alignment: float = 1.0,
) -> LinearNetwork:
    """A network before learning: W_ij ~ N(0, sigma^2 / N), u and v of equal length.

    Parameters
    ----------
    spread : float
        sigma, the radius of the disc that W's eigenvalues fill. Small (0 to .1) is the rich regime, in
        which learning grows an outlier; in the lazy one the disc itself reaches 1 - c*.
    strength : float
        |u| |v|, above 0. The smaller, the longer the plateau before anything is learned.
    alignment : float
        Cosine of the angle between u and v, -1 to 1.

    Raises
    ------
    BadInput
        A value is outside its range.

    Examples
    --------
    >>> network = draw(40, np.random.default_rng(0), spread=0.5, strength=0.01, alignment=0.5)
    >>> round(float(network.input_weight @ network.readout), 6)
    0.005
    """
    if units < 2 or spread < 0 or strength <= 0 or not -1 <= alignment <= 1:
        message = (
            f"units, spread, strength, alignment are {units}, {spread}, {strength}, {alignment};"
            " allowed: 2 up, 0 up, above 0, -1 to 1"
        )
        raise BadInput(message)
    first, second = np.linalg.qr(rng.standard_normal((units, 2)))[0].T
    length = np.sqrt(strength)
    return LinearNetwork(
        coupling=rng.standard_normal((units, units)) * (spread / np.sqrt(units)),
        input_weight=length * first,
        readout=length * (alignment * first + np.sqrt(1 - alignment**2) * second),
    )


def impulse_response(network: LinearNetwork, times: FloatArray) -> FloatArray:
    """f(t) = v^T e^{(W - I) t} u at the given times, (T,).

    Parameters
    ----------
    times : (T,)
        Never falling, from 0 up. Equal steps cost one matrix exponential between them.

    Raises
    ------
    BadInput
        A time is negative or earlier than the one before it.

    Examples
    --------
    A unit that drives itself with .9 leaks ten times slower than one that does not:

    >>> slow = LinearNetwork(np.array([[0.9]]), np.ones(1), np.ones(1))
    >>> impulse_response(slow, np.array([0.0, 10.0])).round(4).tolist()
    [1.0, 0.3679]
    """
    steps = np.round(np.diff(times, prepend=0.0), 12)
    if (steps < 0).any():
        message = f"times fall, or start at {times[:1]}; allowed: never falling, from 0 up"
        raise BadInput(message)
    transition = {step: expm(network.generator * step) for step in np.unique(steps)}
    state, response = network.input_weight, np.empty(len(times))
    for t, step in enumerate(steps):
        state = transition[step] @ state
        response[t] = network.readout @ state
    return response


def spectrum(network: LinearNetwork) -> NDArray[np.complex128]:
    """Eigenvalues of W, the farthest from 0 first, (N,).

    A complex one is followed by its conjugate, that with the positive imaginary part first.

    Examples
    --------
    >>> turning = LinearNetwork(np.array([[0.5, -2.0], [2.0, 0.5]]), np.ones(2), np.ones(2))
    >>> spectrum(turning).round(6).tolist()
    [(0.5+2j), (0.5-2j)]
    """
    eigenvalues = np.linalg.eigvals(network.coupling).astype(np.complex128)
    return np.asarray(eigenvalues[np.lexsort((-eigenvalues.imag, -np.abs(eigenvalues)))])


def outlier(network: LinearNetwork) -> complex:
    """The eigenvalue of W farthest from 0, above the axis if it is one of a pair.

    After learning it is the memory: 1 - Re is its rate, Im its frequency.

    Examples
    --------
    >>> outlier(LinearNetwork(np.diag([0.1, 0.9]), np.ones(2), np.ones(2)))
    (0.9+0j)
    """
    return complex(spectrum(network)[0])
