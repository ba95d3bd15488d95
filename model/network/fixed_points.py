"""States that a trained network holds: learned fixed points, and those it reaches by itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

import numpy as np

from spinspike.arrays import BoolArray, FloatArray, InputArray, IntArray, SpinArray
from spinspike.one_line import OneLine

from .dynamics import margins
from .network import Network

STATES_PER_BATCH = 1024  # states checked at a time


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

    @cached_property
    def keys(self) -> tuple[bytes, ...]:
        """What tells each pattern from the others: a digest of its input and its state."""
        inputs, states = (np.ascontiguousarray(a) for a in (self.inputs, self.states))
        rows = zip(inputs, states, strict=True)
        return tuple(blake2b(x.tobytes() + s.tobytes(), digest_size=16).digest() for x, s in rows)

    @cached_property
    def distinct(self) -> FixedPoints:
        """Every pattern once, in the order of first appearance."""
        first = {key: row for row, key in reversed([*enumerate(self.keys)])}
        return self.select(np.array(sorted(first.values()), dtype=np.int64))


def smallest_margins(network: Network, points: FixedPoints) -> FloatArray:
    """Margin of the weakest unit of each fixed point, (P,)."""
    found = [
        margins(network, part.inputs, part.states).min(axis=1)
        for part in (points.select(rows) for rows in _portions(len(points)))
    ]
    return np.concatenate(found) if found else np.empty(0)


def _portions(total: int) -> list[slice]:
    return [slice(start, start + STATES_PER_BATCH) for start in range(0, total, STATES_PER_BATCH)]
