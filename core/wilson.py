"""The interval of a fraction that was counted."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

Z = float(ndtri(0.975))


def wilson_interval(fraction: float, count: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a fraction of ``count`` trials, which need not be a whole number.

    With z = 1.96, (p + z**2/2n ± z sqrt(p (1 - p)/n + z**2/4n**2)) / (1 + z**2/n).

    Examples
    --------
    >>> [round(v, 3) for v in wilson_interval(0.9, 10)]
    [0.596, 0.982]
    """
    z = Z
    scale = 1 + z**2 / count
    middle = (fraction + z**2 / (2 * count)) / scale
    half = z * np.sqrt(fraction * (1 - fraction) / count + z**2 / (4 * count**2)) / scale
    # rounding must not cut off the ends, which nothing and everything reach exactly
    low = float(middle - half) if fraction > 0 else 0.0
    high = float(middle + half) if fraction < 1 else 1.0
    return max(0.0, low), min(1.0, high)


def patterns_to_tell(fraction: float, bound: float) -> int | None:
    """How many trials make Wilson's interval of a fraction leave out a bound; None if none do.

    The interval holds all p with (f - p)**2 <= z**2 p (1 - p) / n, hence n = z**2 p (1 - p) /
    (f - p)**2.

    Examples
    --------
    >>> patterns_to_tell(1.0, 0.9), patterns_to_tell(0.95, 0.9), patterns_to_tell(0.9, 0.9)
    (35, 139, None)
    """
    if fraction == bound:
        return None
    return int(np.ceil(Z**2 * bound * (1 - bound) / (fraction - bound) ** 2))
