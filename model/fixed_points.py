"""States that a trained network holds: learned fixed points, and those it reaches by itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import BoolArray, FloatArray, IntArray, SpinArray
from .data import Split
from .dynamics import Sweeps, is_fixed, margins, run_clamped, run_free
from .network import Network

SETTLE = 100  # sweeps granted to reach a fixed point


@dataclass(frozen=True)
class FixedPoints:
    """States, each with the input that holds it and the label of that input."""

    inputs: FloatArray  # (P, D)
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
    states = run_clamped(network, split.inputs, split.labels, sweeps=sweeps)[1]
    return _settled(network, split, states)


def free(network: Network, split: Split) -> FixedPoints:
    """Where inputs end by themselves, the label never shown."""
    return _settled(network, split, run_free(network, split.inputs, sweeps=SETTLE))


def smallest_margins(network: Network, points: FixedPoints) -> FloatArray:
    """Margin of the weakest unit of each fixed point, (P,)."""
    return np.asarray(margins(network, points.inputs, points.states).min(axis=1))


def _settled(network: Network, split: Split, states: SpinArray) -> FixedPoints:
    keep = is_fixed(network, split.inputs, states)
    return FixedPoints(split.inputs, split.labels, states).select(keep)
