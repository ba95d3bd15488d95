"""Curves of stress: how many patterns are held at each level, how sure that is, what was proved."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import pdtrc

from spinspike.arrays import FloatArray
from spinspike.errors import BadFile
from spinspike.one_line import OneLine
from spinspike.wilson import wilson_interval

from .experiment import Kind

UNLIKELY = 1e-6  # what is less likely under a certificate refutes it
Values = tuple[float, ...]


@dataclass(frozen=True, repr=False)
class StressCurve(OneLine):
    """What became of P fixed points at each level of one kind of stress, over several draws.

    Fractions are of patterns, averaged over draws. All draws run the same patterns, so that more
    draws do not make more of them: the band is the Wilson 95 % interval of as many trials as there
    are patterns, widened to hold the fraction of every single draw.
    """

    kind: str
    title: str
    unit: str  # of the levels
    asked: str  # when a pattern counts as held
    simulator: str
    regime: str
    patterns: int
    draws: int
    levels: Values  # (L,)
    held: Values  # (L,) patterns held
    low: Values  # (L,) of the band
    high: Values
    units: Values  # (L,) units that are as in s* at the end
    class_kept: Values  # (L,) patterns whose class is that of s*
    null: Values  # (L,) patterns held by the graph without couplings
    null_units: Values
    bound: Values | None  # (L,) patterns that are certain to be held; None where nothing is proved
    certified: str  # what the certificate says
    cases: int  # patterns, draws and levels that are certain to be held
    broken: int  # those of them that were not
    sure: int  # patterns that are certain to be held in some case
    lost: int  # those of them that were not in some such case
    chance: float | None  # probability of as many losses, if the certificate is a probability
    least: float | None  # of the most losses there could have been
    marks: Mapping[str, float]  # levels up to which fixed points withstand any stress of this kind

    def summary(self) -> str:
        """How much is held at the first level and at the last."""
        ends = [f"{self.held[k]:.0%} at {self.levels[k]:g}" for k in (0, -1)]
        return (
            f"{self.kind} on {self.simulator}: {self.patterns} patterns, held {' to '.join(ends)}"
        )

    @property
    def sound(self) -> bool:
        """Whether what was certified came true."""
        return self.broken == 0 and (self.chance is None or self.chance >= UNLIKELY)


def curve(
    kind: Kind,
    levels: Sequence[float],
    results: Sequence[Sequence[Mapping[str, NDArray[Any]]]],
    *,
    simulator: str,
    regime: str,
    marks: Mapping[str, float] | None = None,
) -> StressCurve:
    """Put the results of all levels and draws (L by D, those of `stress.work`) together."""
    throughout = kind.throughout and regime != "continuous"
    what = "throughout" if throughout else "ended"
    held, null, certain = (_table(results, n) for n in (what, f"null_{what}", "certain"))
    fractions = held.mean(axis=2)
    bands = [_band(row, held.shape[2]) for row in fractions]
    gone = (certain == 1) & (held == 0)
    proved = kind.certain is not None and regime != "continuous"
    return StressCurve(
        kind=kind.name,
        title=kind.title,
        unit=kind.unit,
        asked="in s* from the start to the end" if throughout else "in s* at the end",
        simulator=simulator,
        regime=regime,
        patterns=held.shape[2],
        draws=held.shape[1],
        levels=tuple(levels),
        held=_values(fractions.mean(axis=1)),
        low=tuple(low for low, _ in bands),
        high=tuple(high for _, high in bands),
        units=_mean(results, "units"),
        class_kept=_mean(results, "class_kept"),
        null=_values(null.mean(axis=(1, 2))),
        null_units=_mean(results, "null_units"),
        bound=_values(certain.mean(axis=(1, 2))) if proved else None,
        certified=kind.certified if proved else "",
        cases=int((certain == 1).sum()),
        broken=int(gone.sum()),
        sure=int((certain == 1).any(axis=(0, 1)).sum()),
        lost=int(gone.any(axis=(0, 1)).sum()),
        chance=_chance(held, certain),
        least=_chance(np.zeros_like(held), certain),
        marks=dict(marks or {}),
    )


def read_curves(path: Path) -> list[StressCurve]:
    """The curves of a ``summary.json`` that `spinspike stress` wrote.

    Raises
    ------
    BadFile
        It is missing, or no such file.
    """
    try:
        found = [_from_json(row) for row in json.loads(path.read_text())["curves"]]
    except (OSError, ValueError, TypeError, KeyError) as error:
        message = f"{path} is no summary of `spinspike stress`: {error!r}"
        raise BadFile(message) from error
    return found


def _from_json(row: Mapping[str, Any]) -> StressCurve:
    values = {f.name: row[f.name] for f in fields(StressCurve)}
    for f in fields(StressCurve):
        if "Values" in str(f.type) and values[f.name] is not None:
            values[f.name] = tuple(float(v) for v in values[f.name])
            if len(values[f.name]) != len(row["levels"]):
                message = f"{f.name} has {len(values[f.name])} values, levels {len(row['levels'])}"
                raise ValueError(message)
    return StressCurve(**values)


def _table(results: Sequence[Sequence[Mapping[str, NDArray[Any]]]], name: str) -> FloatArray:
    """(L, D, P)."""
    rows = [[np.asarray(r[name], dtype=np.float64) for r in row] for row in results]
    return np.array(rows)


def _mean(results: Sequence[Sequence[Mapping[str, NDArray[Any]]]], name: str) -> Values:
    return _values(_table(results, name).mean(axis=(1, 2)))


def _values(array: FloatArray) -> Values:
    return tuple(float(v) for v in array)


def _band(draws: FloatArray, patterns: int) -> tuple[float, float]:
    low, high = wilson_interval(float(draws.mean()), patterns)
    return min(low, float(draws.min())), max(high, float(draws.max()))


def _chance(held: FloatArray, certain: FloatArray) -> float | None:
    """Smallest probability of a level's losses under certificates that are probabilities.

    Losses are independent, each at most as likely as 1 - certain; a Poisson number of the same
    mean has the heavier tail.
    """
    likely = (certain > 0) & (certain < 1)
    if not likely.any():
        return None
    losses = (likely & (held == 0)).sum(axis=(1, 2))
    expected = np.where(likely, 1 - certain, 0).sum(axis=(1, 2))
    return float(np.where(losses > 0, pdtrc(losses - 1, expected), 1.0).min())
