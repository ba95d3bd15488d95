"""The contract of an engine: what runs and teaches a network, batch by batch.

Whoever writes an engine reads this page. All engines give the same spins and weights, up to the
rounding of their floats; `numpy_engine` is the plainest, and the oracle of the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from spinspike.arrays import InputArray, IntArray, SpinArray
from spinspike.errors import BadInput
from spinspike.model.network.dynamics import Sweeps
from spinspike.model.network.network import Network

from .margin_rule import MarginRule


@dataclass(frozen=True)
class BatchStatistics:
    """What one batch showed."""

    weak: float  # fraction of unit margins at or below kappa
    flips: float  # fraction of units that flipped after the release


@dataclass(frozen=True)
class Course:
    """All that an engine must know of the learning, the same in every batch.

    Parameters
    ----------
    rule : MarginRule
    sweeps : Sweeps
    evaluation : int
        Sweeps of a free run after its warm-up.
    readout_states : {"free", "clamped"}
        Whether the readout learns on states that the input alone leads to, or, as published, on
        those reached through the clamped phase, which still carry the label.
    """

    rule: MarginRule
    sweeps: Sweeps
    evaluation: int = 5
    readout_states: Literal["free", "clamped"] = "free"

    def __post_init__(self) -> None:
        if self.evaluation < 0:
            message = f"evaluation is {self.evaluation} sweeps; allowed: 0 or more"
            raise BadInput(message)
        if self.readout_states not in ("free", "clamped"):
            message = f"readout_states is {self.readout_states!r}; allowed: free, clamped"
            raise BadInput(message)


class Engine(Protocol):
    """A network at work. It keeps weights of its own; ``network()`` hands out a copy."""

    def learn(
        self, inputs: InputArray, labels: IntArray, *, factor: float, rng: np.random.Generator
    ) -> BatchStatistics:
        """One batch: steer, release, consolidate; ``factor`` multiplies rates and decays."""
        ...

    def free(self, inputs: InputArray, *, sweeps: int) -> SpinArray:
        """States that the input alone leads to, (B, H)."""
        ...

    def clamped(
        self, inputs: InputArray, labels: IntArray, *, sweeps: Sweeps
    ) -> tuple[SpinArray, SpinArray]:
        """States at the release and after it, each (B, H); every spin moves in every sweep."""
        ...

    def network(self) -> Network:
        """The weights as they are now."""
        ...
