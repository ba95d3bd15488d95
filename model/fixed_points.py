"""States that a trained network holds: learned fixed points, and those it reaches by itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import BoolArray, FloatArray, InputArray, IntArray, SpinArray
from .dataset import Split
from .devices import exact_engine
from .dynamics import Sweeps, is_fixed, margins
from .network import Network

SETTLE = 100  # sweeps granted to reach a fixed point
ROWS = 1024  # states checked at a time


@dataclass(frozen=True)
class FixedPoints:
    """States, each with the input that holds it and the label of that input."""

    inputs: InputArray  # (P, D)
    labels: IntArray  # (P,)
    states: SpinArray  # (P, H) in -1, +1

    def __len__(self) -> int:
        return len(self.labels)

    def select(self, rows: IntArray | BoolArray | slice) -> FixedPoints:
        """The given rows alone."""
        return FixedPoints(self.inputs[rows], self.labels[rows], self.states[rows])


def learned(network: Network, split: Split, *, clamped: int = 5) -> FixedPoints:
    """Where training inputs end after warm-up, clamp with their label, and release.

    Inputs whose dynamics do not settle within 100 sweeps have no fixed point and are left out.
    """
    sweeps = Sweeps(clamped=clamped, free=SETTLE)
    runner = exact_engine(network, len(split))
    states = runner.clamped(split.inputs, split.labels, sweeps=sweeps)[1]
    return _settled(network, split, states)


def free(network: Network, split: Split) -> FixedPoints:
    """Where inputs end by themselves, the label never shown."""
    runner = exact_engine(network, len(split))
    return _settled(network, split, runner.free(split.inputs, sweeps=SETTLE))


def smallest_margins(network: Network, points: FixedPoints) -> FloatArray:
    """Margin of the weakest unit of each fixed point, (P,)."""
    found = [
        margins(network, part.inputs, part.states).min(axis=1)
        for part in (points.select(rows) for rows in _portions(len(points)))
    ]
    return np.concatenate(found) if found else np.empty(0)


def _settled(network: Network, split: Split, states: SpinArray) -> FixedPoints:
    keep = [is_fixed(network, split.inputs[rows], states[rows]) for rows in _portions(len(split))]
    points = FixedPoints(split.inputs, split.labels, states)
    return points.select(np.concatenate(keep) if keep else slice(0))


def _portions(total: int) -> list[slice]:
    return [slice(start, start + ROWS) for start in range(0, total, ROWS)]
