"""Who disagrees with whom: final states of the same patterns on several simulators."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from spinspike.arrays import BoolArray
from spinspike.mapping.certificates.margins import integer_margins
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.simulators.registry import label

from .outcome import Outcome, wilson

PATTERNS_PER_BATCH = 256  # patterns whose margins are computed at a time


@dataclass(frozen=True)
class Agreement:
    """In how many patterns of a run two simulators end in the very same state."""

    run: str
    one: str
    other: str
    same: BoolArray  # (P,)

    @property
    def interval(self) -> tuple[float, float, float]:
        """Fraction that is the same, with its Wilson 95 % interval."""
        return wilson(self.same)


@dataclass(frozen=True)
class Disagreement:
    """A pattern that ends in different states, and the differing unit with the smallest margin.

    The margin is that of the unit in s*, in integer weight units: where it is small, little
    decides. ``left`` names the simulators that are not in s* at the end.
    """

    run: str
    pattern: int
    one: str
    other: str
    units: int  # that differ
    unit: int
    margin: int
    left: str


def agreements(outcomes: Sequence[Outcome]) -> list[Agreement]:
    """Every pair of simulators and every run that both have, nulls left out.

    Parameters
    ----------
    outcomes : sequence of Outcome
        Of several simulators; nulls are passed over.
    """
    return [
        Agreement(a.run, _name(a), _name(b), (a.final[:count] == b.final[:count]).all(axis=1))
        for a, b, count in _pairs(outcomes)
    ]


def disagreements(graph: SynapseGraph, outcomes: Sequence[Outcome]) -> list[Disagreement]:
    """Every pattern of every pair that ends in different states; smallest margins first.

    Parameters
    ----------
    graph : SynapseGraph
    outcomes : sequence of Outcome
        Of several simulators on this graph.
    """
    found: list[Disagreement] = []
    for a, b, count in _pairs(outcomes):
        patterns = np.flatnonzero((a.final[:count] != b.final[:count]).any(axis=1))
        held = [(o, o.exact) for o in (a, b)]
        for start in range(0, len(patterns), PATTERNS_PER_BATCH):
            rows = patterns[start : start + PATTERNS_PER_BATCH]
            margins = integer_margins(graph, a.points.select(rows))[:, graph.io.decoder]
            differ = a.final[rows] != b.final[rows]
            margins = np.where(differ, margins, np.iinfo(np.int64).max)
            for row, pattern in enumerate(rows.tolist()):
                unit = int(margins[row].argmin())
                gone = [_name(o) for o, exact in held if not exact[pattern]]
                found.append(
                    Disagreement(
                        run=a.run,
                        pattern=pattern,
                        one=_name(a),
                        other=_name(b),
                        units=int(differ[row].sum()),
                        unit=unit,
                        margin=int(margins[row, unit]),
                        left=" and ".join(gone),
                    )
                )
    return sorted(found, key=lambda d: d.margin)


def _pairs(outcomes: Sequence[Outcome]) -> Iterator[tuple[Outcome, Outcome, int]]:
    """Outcomes of the same run on two simulators, and how many patterns both have."""
    for a, b in combinations([o for o in outcomes if not o.null], 2):
        if a.run == b.run and (a.simulator, a.regime) != (b.simulator, b.regime):
            yield a, b, min(len(a.points), len(b.points))


def _name(outcome: Outcome) -> str:
    return label(outcome.simulator, outcome.regime)
