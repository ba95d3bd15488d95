"""Where convergence sets in: the threshold of one size, and how it moves as networks grow."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import OptimizeWarning, curve_fit, isotonic_regression
from scipy.stats import chi2

from spinspike.arrays import FloatArray
from spinspike.errors import BadInput

DRAWS = 400  # of the bootstrap
MISFIT = 0.01  # probability of a chi2 as large, below which a law does not fit
CERTAIN = 0.95  # of its draws must have a threshold, or there is none


@dataclass(frozen=True)
class Threshold:
    """The level at which half of the runs converge; NaN where the levels do not enclose it."""

    level: float
    error: float  # standard error, by the bootstrap; NaN of one network
    low: float  # 95 % interval of the bootstrap
    high: float
    says: str  # why there is none; empty where there is one

    @property
    def found(self) -> bool:
        """Whether there is one."""
        return not self.says


@dataclass(frozen=True)
class Scaling:
    """J_c(H) = limit + scale H^(-power), with standard errors; NaN where nothing is determined."""

    limit: float
    limit_error: float
    scale: float
    scale_error: float
    power: float
    power_error: float
    chi2: float  # sum of squared deviations in standard errors
    freedom: int  # sizes less parameters
    says: str  # why nothing is determined; empty where it is

    @property
    def found(self) -> bool:
        """Whether the sizes determine it."""
        return not self.says

    def at(self, units: FloatArray) -> FloatArray:
        """The threshold it gives for other sizes."""
        return np.asarray(self.limit + self.scale * np.asarray(units, dtype=float) ** -self.power)


def threshold(
    levels: Sequence[float] | FloatArray,
    fractions: FloatArray,
    rng: np.random.Generator,
    *,
    draws: int = DRAWS,
) -> Threshold:
    """Find where half of the runs converge.

    The fractions are made monotone (isotonic regression) and interpolated between levels; the
    error comes from drawing the K networks anew, with replacement, all levels of one together;
    what the draws scatter by is sqrt((K-1)/K) too little, and made up for. That is the scatter of
    networks alone: the distance of the levels adds what interpolation may miss.

    Parameters
    ----------
    levels : (L,), increasing
        Self-couplings or links.
    fractions : (K, L)
        Of the runs of each of K networks that converge.

    Raises
    ------
    BadInput
        Shapes do not fit, or levels do not increase.

    Examples
    --------
    >>> runs = np.array([[0.0, 0.1, 0.7, 1.0], [0.0, 0.3, 0.9, 1.0]])
    >>> found = threshold([0.4, 0.5, 0.6, 0.7], runs, np.random.default_rng(0))
    >>> round(found.level, 3), found.low < 0.55 < found.high
    (0.55, True)
    """
    at = np.asarray(levels, dtype=float)
    if fractions.ndim != 2 or fractions.shape[1:] != at.shape or not len(fractions):
        message = f"fractions have shape {fractions.shape}; allowed: (networks, {at.size})"
        raise BadInput(message)
    if at.size < 2 or (np.diff(at) <= 0).any():
        message = f"levels are {list(levels)}; allowed: two or more that increase"
        raise BadInput(message)
    level = _crossing(at, fractions.mean(axis=0))
    if not np.isfinite(level):
        side = f"below {at[0]:g}" if level < 0 else f"above {at[-1]:g}"
        return Threshold(np.nan, np.nan, np.nan, np.nan, f"it lies {side}")
    chosen = rng.integers(0, len(fractions), (draws, len(fractions)))
    found = np.array([_crossing(at, fractions[rows].mean(axis=0)) for rows in chosen])
    inside = np.isfinite(found)
    if inside.mean() < CERTAIN:
        says = f"it lies outside the levels in {1 - inside.mean():.0%} of the bootstrap"
        return Threshold(np.nan, np.nan, np.nan, np.nan, says)
    if len(fractions) == 1:
        return Threshold(level, np.nan, np.nan, np.nan, "")
    off = (found[inside] - level) * np.sqrt(len(fractions) / (len(fractions) - 1))
    low, high = level + np.quantile(off, (0.025, 0.975))
    return Threshold(level, float(off.std()), float(low), float(high), "")


def scaling(units: Sequence[int], thresholds: Sequence[Threshold]) -> Scaling:
    """Fit J_c(H) = limit + scale H^(-power) to the thresholds of several sizes.

    Least squares weighted by the errors. It is determined by four or more sizes whose thresholds
    are known with an error, if a law fits them (chi2 with a probability of .01 or more), and the
    error of its power is smaller than the power, that of its limit than half the range of the
    thresholds. The limit is an extrapolation: with a small power it lies far from any of them.

    Examples
    --------
    Three parameters pass through any three points:

    >>> known = [Threshold(level, 0.01, 0.0, 1.0, "") for level in (0.4, 0.5, 0.6)]
    >>> scaling([100, 200, 400], known).says
    '3 sizes have a threshold; 4 or more are needed for 3 parameters'
    """
    kept = [(h, t) for h, t in zip(units, thresholds, strict=True) if t.found and t.error > 0]
    if len(kept) < 4:
        return _undetermined(
            f"{len(kept)} sizes have a threshold; 4 or more are needed for 3 parameters"
        )
    sizes = np.array([h for h, _ in kept], dtype=float)
    levels, errors = (np.array([getattr(t, n) for _, t in kept]) for n in ("level", "error"))
    guess = (levels[-1], (levels[0] - levels[-1]) * np.sqrt(sizes[0]), 0.5)
    try:
        with warnings.catch_warnings(), np.errstate(over="ignore", invalid="ignore"):
            warnings.simplefilter("error", OptimizeWarning)
            best, covariance = curve_fit(
                _power_law, sizes, levels, guess, errors, absolute_sigma=True, maxfev=5000
            )
    except (RuntimeError, OptimizeWarning):
        return _undetermined("no power law fits the thresholds")
    limit, scale, power = best.tolist()
    limit_error, scale_error, power_error = np.sqrt(np.diag(covariance)).tolist()
    fit = Scaling(
        limit,
        limit_error,
        scale,
        scale_error,
        power,
        power_error,
        chi2=float((((levels - _power_law(sizes, *best)) / errors) ** 2).sum()),
        freedom=len(kept) - 3,
        says="",
    )
    if chi2.sf(fit.chi2, fit.freedom) < MISFIT:
        return _undetermined(
            f"no power law fits the thresholds: chi2 is {fit.chi2:.1f} for {fit.freedom}"
        )
    if not 0 < fit.power_error < fit.power or fit.limit_error > np.ptp(levels) / 2:
        return _undetermined(
            f"the thresholds of {len(kept)} sizes leave the power at {fit.power:.2g} ± "
            f"{fit.power_error:.2g} and the limit at {fit.limit:.2g} ± {fit.limit_error:.2g}"
        )
    return fit


def _power_law(units: FloatArray, limit: float, scale: float, power: float) -> FloatArray:
    return np.asarray(limit + scale * units**-power)


def _undetermined(says: str) -> Scaling:
    nan = float("nan")
    return Scaling(nan, nan, nan, nan, nan, nan, chi2=nan, freedom=0, says=says)


def _crossing(levels: FloatArray, fractions: FloatArray) -> float:
    """Where the monotone curve passes one half; -inf or inf where it does so outside."""
    rising = isotonic_regression(fractions).x
    above = np.flatnonzero(rising >= 0.5)
    if not above.size:
        return float(np.inf)
    k = int(above[0])
    if k == 0:
        return float(-np.inf)
    share = (0.5 - rising[k - 1]) / (rising[k] - rising[k - 1])
    return float(levels[k - 1] + share * (levels[k] - levels[k - 1]))
