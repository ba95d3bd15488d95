"""Impulse, hold and release: what a memory shows of its rate, its frequency and its drift.

A `Pulse` is what enters; after its end, the **release**, nothing does. A memory of rate c and
frequency w then answers with

    y(t) = e^{-c t} (p cos w t + q sin w t) + b,            t from the release,

w = 0 and q = 0 if it does not oscillate. The offset b is its drift: zero for whatever forgets.
Times are in units of the time constant of a unit, so a network without couplings has c = 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import hankel
from scipy.optimize import least_squares

from spinspike.arrays import FloatArray
from spinspike.errors import BadInput

PENCIL = 150  # points that the first guess looks at
TAIL = 0.1  # of the response, whose mean the guess takes for the offset
WORST = 1e14  # condition number from which some parameter makes no difference


@dataclass(frozen=True)
class Pulse:
    """A constant input x(t) = ``amplitude`` for ``length``, then none for ``after``.

    Examples
    --------
    >>> Pulse(2.0, 1.0, 3.0).samples(0.5)
    array([1., 1., 1., 1., 0., 0., 0., 0., 0., 0.])
    """

    length: float
    amplitude: float
    after: float

    def __post_init__(self) -> None:
        for name in ("length", "after"):
            if not 0 < getattr(self, name) < np.inf:
                message = f"{name} of a pulse is {getattr(self, name)}; allowed: more than 0"
                raise BadInput(message)

    @classmethod
    def impulse(cls, length: float, after: float) -> Pulse:
        """The area of a unit impulse within a short length."""
        return cls(length, 1 / length, after)

    def samples(self, dt: float) -> FloatArray:
        """The input in each step of ``dt``, (K,)."""
        on, off = round(self.length / dt), round(self.after / dt)
        return np.repeat([self.amplitude, 0.0], [on, off])


@dataclass(frozen=True)
class ResponseFit:
    """What a response decays like, each with its standard error.

    Parameters
    ----------
    explained : float
        1 - (mean square of the residuals) / (variance of the response); close to 1 if it is
        what the equation says.
    """

    rate: float
    rate_error: float
    frequency: float  # >= 0; 0 if it does not oscillate
    frequency_error: float
    amplitude: float  # sqrt(p^2 + q^2)
    amplitude_error: float
    offset: float
    offset_error: float
    explained: float

    @property
    def time_scale(self) -> float:
        """1/c."""
        return 1 / self.rate if self.rate else np.inf

    @property
    def time_scale_error(self) -> float:
        """Its standard error, to first order."""
        return self.rate_error * self.time_scale**2

    @property
    def damping(self) -> float:
        """The damping ratio c / sqrt(c^2 + w^2); 1 without oscillation."""
        return float(self.rate / np.hypot(self.rate, self.frequency))

    @property
    def drift(self) -> float:
        """The offset in units of the amplitude."""
        return self.offset / self.amplitude


def fit_response(
    times: FloatArray, responses: FloatArray, *, oscillates: bool = False
) -> ResponseFit:
    """Fit a response after the release by non-linear least squares.

    The first guess comes from the matrix pencil [1]_: a sum of r exponentials, sampled evenly and
    written as a Hankel matrix, has rank r, and the shift of its columns has their factors per
    sample as eigenvalues. Errors over B >= 2 trials are those of the jackknife; a single one
    takes those of the fit, widened by the autocorrelation of its residuals.

    Parameters
    ----------
    times : (K,)
        Since the release, evenly spaced.
    responses : (K,) or (K, B)
        Of one trial or several.
    oscillates : bool
        Whether to look for a frequency. Where none makes a difference, the fit is that of a decay.

    Returns
    -------
    ResponseFit
        All of it nan where the response is the same at all times, which has no rate.

    Raises
    ------
    BadInput
        Fewer than 20 times, not evenly spaced, or not those of the responses.

    References
    ----------
    .. [1] Hua and Sarkar, IEEE Trans. Acoust. Speech Signal Process. 38 (1990) 814.

    Examples
    --------
    >>> t = np.arange(0, 40, 0.1)
    >>> fit = fit_response(t, 2 * np.exp(-0.1 * t) + 0.01)
    >>> round(fit.time_scale, 3), round(fit.drift, 4)
    (10.0, 0.005)
    """
    trials = np.reshape(responses, (len(responses), -1)).astype(np.float64)
    _check(times, trials)
    mean = trials.mean(axis=1)
    if np.ptp(mean) == 0:
        return ResponseFit(*[np.nan] * 9)
    found, covariance = _least_squares(times, mean, _guess(times, mean, oscillates))
    if oscillates and not np.isfinite(covariance).all():  # no frequency makes a difference
        return fit_response(times, responses)
    residual = mean - _curve(times, *found)
    count = trials.shape[1]
    if count > 1:
        left = (mean[:, None] * count - trials) / (count - 1)
        each = np.array([_named(_least_squares(times, y, found)[0]) for y in left.T])
        error = np.sqrt((count - 1) * each.var(axis=0))
    else:
        error = _propagated(found, covariance * _correlation(residual))
    explained = 1 - residual.var() / mean.var()
    pairs = np.transpose([_named(found), error]).ravel()
    return ResponseFit(*np.append(pairs, explained).tolist())


def _check(times: FloatArray, trials: FloatArray) -> None:
    """Raise BadInput for times that cannot be those of the responses."""
    if len(times) < 20 or len(times) != len(trials):
        message = f"{len(times)} times for responses at {len(trials)}; allowed: as many, 20 or more"
        raise BadInput(message)
    steps = np.diff(times)
    if not np.allclose(steps, steps[0], rtol=1e-6, atol=0) or steps[0] <= 0:
        message = f"steps of time from {steps.min()} to {steps.max()}; allowed: even, above 0"
        raise BadInput(message)


def _curve(
    t: FloatArray, rate: float, p: float, offset: float, frequency: float = 0.0, q: float = 0.0
) -> FloatArray:
    """The equation above; without the last two it is a decay."""
    wave = p * np.cos(frequency * t) + q * np.sin(frequency * t)
    with np.errstate(over="ignore", invalid="ignore"):  # a step of the fit may go far
        return np.asarray(np.exp(-rate * t) * wave + offset)


def _guess(times: FloatArray, mean: FloatArray, oscillates: bool) -> FloatArray:
    """Parameters of the curve by the matrix pencil, for which the tail is the offset."""
    every = max(1, len(times) // PENCIL)
    above = mean - mean[-max(1, round(TAIL * len(mean))) :].mean()
    seen = above[: len(mean) // every * every].reshape(-1, every).mean(axis=1)
    corner = len(seen) * 2 // 3
    basis = np.linalg.svd(hankel(seen[:corner], seen[corner - 1 :]), full_matrices=False)[2]
    basis = basis[: 2 if oscillates else 1].T
    factors = np.linalg.eigvals(np.linalg.lstsq(basis[:-1], basis[1:], rcond=None)[0])
    slowest = np.log(factors[np.argmax(np.abs(factors))].astype(np.complex128))
    step = every * (times[1] - times[0])
    rate, frequency = -slowest.real / step, abs(slowest.imag) / step
    fixed = (rate, frequency or np.pi / times[-1]) if oscillates else (rate, 0.0)
    columns = [_curve(times, fixed[0], 1, 0, fixed[1]), np.ones_like(times)]
    if oscillates:
        columns.append(_curve(times, fixed[0], 0, 0, fixed[1], 1))
    linear = np.linalg.lstsq(np.transpose(columns), mean, rcond=None)[0]
    return np.array([rate, *linear[:2], *([fixed[1], linear[2]] if oscillates else [])])


def _least_squares(
    times: FloatArray, values: FloatArray, first: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The curve's parameters and their covariance for white noise."""

    def residual(parameters: FloatArray) -> FloatArray:
        return _curve(times, *parameters) - values

    found = least_squares(residual, first, method="lm", x_scale="jac")
    variance = 2 * found.cost / (len(times) - len(first))
    curvature = found.jac.T @ found.jac
    if np.linalg.cond(curvature) > WORST:
        return found.x, np.full_like(curvature, np.inf)
    return found.x, variance * np.linalg.inv(curvature)


def _named(parameters: FloatArray) -> FloatArray:
    """Rate, frequency, amplitude and offset of a curve; the size of amplitudes, not their sign."""
    rate, p, offset, frequency, q = np.append(parameters, [0.0, 0.0])[:5]
    return np.array([rate, abs(frequency), np.hypot(p, q), offset])


def _propagated(parameters: FloatArray, covariance: FloatArray) -> FloatArray:
    """Standard errors of what `_named` names, to first order."""
    if not np.isfinite(covariance).all():
        return np.full(4, np.inf)
    p, q = np.append(parameters, 0.0)[[1, 4 if len(parameters) > 3 else -1]]
    rows = np.zeros((4, 5))
    rows[0, 0] = rows[1, 3] = rows[3, 2] = 1
    rows[2, [1, 4]] = np.array([p, q]) / (np.hypot(p, q) or 1)
    rows = rows[:, : len(parameters)]
    return np.asarray(np.sqrt(np.diag(rows @ covariance @ rows.T)))


def _correlation(residual: FloatArray) -> float:
    """Samples that count as one: 1 + 2 (autocorrelations up to the first that is not positive)."""
    around = residual - residual.mean()
    found = np.correlate(around, around, "full")[len(around) - 1 :]
    if found[0] == 0:
        return 1.0
    found /= found[0]
    return float(1 + 2 * found[1 : np.argmax(np.append(found, -1) <= 0)].sum())
