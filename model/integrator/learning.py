"""Gradient descent and gradient flow of the exact loss, with the spectrum on the way.

The loss is steep near a long memory: its curvature in 1 - lambda is 1 / (4 c*^3), so that descent
diverges for steps above 8 c*^3 however well it began; and beyond an eigenvalue of 1 there is no loss
at all. Descent therefore looks before it steps, and flow integrates with its error under control.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from spinspike.arrays import FloatArray
from spinspike.errors import BadInput, SimulationFailed

from .linear_network import Filter, LinearNetwork, spectrum
from .loss import Gradient, gradient, loss

GROWTH = 10.0  # of the step at most, from one to the next
SUFFICIENT = 1e-4  # a step must bring this part of what its slope promises
SMALLEST_STEP = 1e-12  # below it rounding errors decide whether the loss falls

Moment = tuple[float, float, float, NDArray[np.complex128]]  # the fields of a History, once


@dataclass(frozen=True)
class History:
    """What happened while a network learned, at T moments."""

    times: FloatArray  # (T,) learning time: the sum of the steps
    losses: FloatArray  # (T,)
    overlaps: FloatArray  # (T,) u . v
    spectra: NDArray[np.complex128]  # (T, N) eigenvalues of W, the farthest from 0 first

    @property
    def outliers(self) -> NDArray[np.complex128]:
        """The first eigenvalue at each moment, (T,)."""
        return np.asarray(self.spectra[:, 0])


@dataclass(frozen=True)
class Learned:
    """A network after learning, and the way there."""

    network: LinearNetwork
    history: History


def descend(
    network: LinearNetwork,
    target: Filter,
    *,
    learn: str = "Wuv",
    steps: int = 5000,
    tolerance: float = 1e-8,
    every: int = 10,
) -> Learned:
    """Gradient descent whose step follows the curvature.

    The first step is 4 c*^3. Each later one is 1 / k for the curvature k that the gradient showed
    along the one before, eta = s . y / y . y with s the change of the parameters and y that of the
    gradient; where it curves upwards, eta grows tenfold. A step that would make the network
    unstable or not lower the loss is halved. Valleys that are 1 / (4 c*^3) steep across and all but
    flat along take hundreds of steps so, with steps of one size tens of thousands.

    Parameters
    ----------
    learn : str
        Which of W, u and v learn, by their letters.
    steps : int
        Steps at most, 1 or more.
    tolerance : float
        Learning ends once the loss is below this, or no step lowers it any more.
    every : int
        The spectrum is kept once in so many steps, and at both ends.

    Raises
    ------
    BadInput
        A value is not allowed, or the network is unstable to begin with.

    References
    ----------
    Barzilai, Borwein, Two-point step size gradient methods, IMA J. Numer. Anal. 8, 1988.

    Examples
    --------
    >>> from spinspike.model.integrator.linear_network import draw, outlier
    >>> blank = draw(20, np.random.default_rng(0), strength=0.01)
    >>> learned = descend(blank, Filter(rate=0.25))
    >>> round(outlier(learned.network).real, 3)
    0.75
    """
    if steps < 1 or every < 1:
        message = f"steps and every are {steps} and {every}; allowed: 1 or more"
        raise BadInput(message)
    mask = _mask(network.units, learn)
    slope, step, now = gradient(network, target), 4 * target.rate**3, 0.0
    moments = [_moment(now, slope.loss, network)]
    for taken in range(1, steps + 1):
        direction = -mask * _packed(slope)
        moved, step = _downhill(network, target, slope, direction, step)
        if moved is None:
            moments.append(_moment(now, slope.loss, network))
            break
        before, network, slope = slope, moved, gradient(moved, target)
        now += step
        last = slope.loss < tolerance or taken == steps
        if last or taken % every == 0:
            moments.append(_moment(now, slope.loss, network))
        if last:
            break
        change = mask * (_packed(slope) - _packed(before))
        step = _next_step(step, direction, change)
    return Learned(network, _history(moments))


def flow(
    network: LinearNetwork,
    target: Filter,
    times: FloatArray,
    *,
    learn: str = "Wuv",
    tolerance: float = 0.0,
    accuracy: float = 1e-6,
) -> Learned:
    """Gradient flow dW/dt = -dL/dW, and likewise u and v, seen at the given times.

    Parameters
    ----------
    times : (T,)
        Rising, from 0 up.
    learn : str
        Which of W, u and v learn, by their letters.
    tolerance : float
        The flow ends, and is seen, when the loss comes down to this, short of some of the times.
    accuracy : float
        Relative error allowed to one step of the integration.

    Raises
    ------
    BadInput
        ``learn`` names no part, the times do not rise, or the network is unstable to begin with.
    SimulationFailed
        The flow is too steep to be integrated.

    Examples
    --------
    The only unit there is learns to hold what it is given:

    >>> unit = LinearNetwork(np.zeros((1, 1)), np.ones(1), np.ones(1))
    >>> learned = flow(unit, Filter(rate=0.5), np.array([0.0, 40.0]))
    >>> learned.history.outliers.real.round(3).tolist()
    [0.0, 0.5]
    """
    if len(times) < 1 or times[0] < 0 or (np.diff(times) <= 0).any():
        message = f"times are {times}; allowed: rising, from 0 up"
        raise BadInput(message)
    mask = _mask(network.units, learn)
    gradient(network, target)  # refuses an unstable network

    def down(_: float, packed: FloatArray) -> FloatArray:
        try:
            return -mask * _packed(gradient(_unpacked(packed), target))
        except BadInput:  # a trial step too far: not a number makes the integrator shorten it
            return np.full(packed.size, np.nan)

    def left(_: float, packed: FloatArray) -> float:
        return loss(_unpacked(packed), target) - tolerance

    left.terminal = True  # type: ignore[attr-defined]  # where SciPy looks for it
    path = solve_ivp(
        down,
        (0.0, times[-1]),
        _packed(network),
        t_eval=times,
        events=left if tolerance > 0 else None,
        rtol=accuracy,
        atol=accuracy / 1e3,
    )
    if path.status < 0:
        message = f"gradient flow cannot be followed to {times[-1]:g}: {path.message}"
        raise SimulationFailed(message)
    seen = [*zip(path.t, np.reshape(path.y, (mask.size, -1)).T, strict=True)]
    if path.status == 1:
        seen.append((path.t_events[0][0], path.y_events[0][0]))
    networks = [(t, _unpacked(packed)) for t, packed in seen]
    moments = [_moment(t, loss(there, target), there) for t, there in networks]
    return Learned(networks[-1][1], _history(moments))


def _downhill(
    network: LinearNetwork, target: Filter, slope: Gradient, direction: FloatArray, step: float
) -> tuple[LinearNetwork | None, float]:
    """The network after the first step, halved again and again, that lowers the loss; or none."""
    start, steepness = _packed(network), direction @ direction
    while step >= SMALLEST_STEP and steepness > 0:
        moved = _unpacked(start + step * direction)
        try:
            if loss(moved, target) <= slope.loss - SUFFICIENT * step * steepness:
                return moved, step
        except BadInput:  # unstable
            pass
        step /= 2
    return None, step


def _next_step(step: float, direction: FloatArray, change: FloatArray) -> float:
    """1 / k of the last step, whose gradient changed by ``change``."""
    along = step * direction @ change
    longest = GROWTH * step
    return min(float(along / (change @ change)), longest) if along > 0 else longest


def _mask(units: int, learn: str) -> FloatArray:
    """1 for every parameter that learns, in the order of `_packed`."""
    if not learn or set(learn) - set("Wuv"):
        message = f"learn is {learn!r}; allowed: letters among W, u and v"
        raise BadInput(message)
    sizes = {"W": units**2, "u": units, "v": units}
    return np.concatenate([np.full(size, float(part in learn)) for part, size in sizes.items()])


def _packed(of: LinearNetwork | Gradient) -> FloatArray:
    """W, u and v, or the derivatives in them, as one vector."""
    return np.concatenate([of.coupling.ravel(), of.input_weight, of.readout])


def _unpacked(packed: FloatArray) -> LinearNetwork:
    """The network of such a vector of N^2 + 2 N = (N + 1)^2 - 1 numbers."""
    units = round(np.sqrt(packed.size + 1)) - 1
    W, u, v = np.split(packed, [units**2, units**2 + units])
    return LinearNetwork(W.reshape(units, units), u, v)


def _moment(time: float, loss: float, network: LinearNetwork) -> Moment:
    return time, loss, float(network.input_weight @ network.readout), spectrum(network)


def _history(moments: list[Moment]) -> History:
    return History(*(np.array(part) for part in zip(*moments, strict=True)))
