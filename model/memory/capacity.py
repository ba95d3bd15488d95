"""How many patterns a rule can hold, by theory: a hint before the work, beside what is asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

HEBB_LIMIT = 0.138  # Amit, Gutfreund, Sompolinsky 1985
GARDNER_LIMIT = 2.0  # Cover 1965, Gardner 1988


@dataclass(frozen=True)
class Capacity:
    """What is asked of a rule and what it can do, in patterns over units."""

    load: float
    limit: float
    source: str  # of the limit

    @property
    def sentence(self) -> str:
        """In words."""
        side = "below" if self.load < self.limit else "beyond"
        return f"load {self.load:.3f}, {side} the rule's limit of {self.limit:.3f} ({self.source})"


def capacity(rule: str, patterns: int, units: int, activity: float = 0.5) -> Capacity:
    """The load, and the limit that theory gives for random patterns.

    Parameters
    ----------
    rule : str
        One of `rules.RULES`.
    patterns, units : int
        P and H.
    activity : float, 0 to 1
        Fraction f of units that are up; the limit of ``covariance`` depends on it.

    Examples
    --------
    >>> capacity("hebb", 10, 200).sentence
    "load 0.050, below the rule's limit of 0.138 (Amit, Gutfreund, Sompolinsky 1985)"

    References
    ----------
    Amit, Gutfreund, Sompolinsky, Phys. Rev. Lett. 55, 1530 (1985); Storkey, ICANN 1997; Kanter,
    Sompolinsky, Phys. Rev. A 35, 380 (1987); Gardner, J. Phys. A 21, 257 (1988); Tsodyks,
    Feigelman, Europhys. Lett. 6, 101 (1988).
    """
    f = min(max(activity, 1e-6), 1 - 1e-6)
    f = min(f, 1 - f)
    sparse = 1 / (2 * f * abs(np.log(f)))
    limit, source = {
        "hebb": (HEBB_LIMIT, "Amit, Gutfreund, Sompolinsky 1985"),
        "storkey": (1 / np.sqrt(2 * np.log(max(units, 3))), "Storkey 1997"),
        "pseudo-inverse": (1.0, "Kanter, Sompolinsky 1987"),
        "margin": (GARDNER_LIMIT, "Gardner 1988; less with a margin"),
        "covariance": (
            sparse if f < 0.1 else HEBB_LIMIT,
            "Tsodyks, Feigelman 1988, 1/(2 f |ln f|)"
            if f < 0.1
            else "Amit, Gutfreund, Sompolinsky 1985",
        ),
    }[rule]
    return Capacity(patterns / units, float(limit), source)
