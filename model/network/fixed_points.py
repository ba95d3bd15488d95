"""States that a trained network holds: learned fixed points, and those it reaches by itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinspike.arrays import BoolArray, FloatArray, InputArray, IntArray, SpinArray
from spinspike.one_line import OneLine

from .dynamics import margins
from .network import Network

ROWS = 1024  # states checked at a time


@dataclass(frozen=True, repr=False)
class FixedPoints(OneLine):
    """States, each with the input that holds it and the label of that input."""

    inputs: InputArray  # (P, D)
    labels: IntArray  # (P,)
    states: SpinArray  # (P, H) in -1, +1

    def summary(self) -> str:
        """How many, of how many units."""
        return f"{len(self)} states of {self.states.shape[1]} units"

    def __len__(self) -> int:
        return len(self.labels)

    def select(self, rows: IntArray | BoolArray | slice) -> FixedPoints:
        """The given rows alone."""
        return FixedPoints(self.inputs[rows], self.labels[rows], self.states[rows])


def smallest_margins(network: Network, points: FixedPoints) -> FloatArray:
    """Margin of the weakest unit of each fixed point, (P,)."""
    found = [
        margins(network, part.inputs, part.states).min(axis=1)
        for part in (points.select(rows) for rows in _portions(len(points)))
    ]
    return np.concatenate(found) if found else np.empty(0)


def _portions(total: int) -> list[slice]:
    return [slice(start, start + ROWS) for start in range(0, total, ROWS)]
