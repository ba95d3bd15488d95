"""How long, in which portions and at which pace to learn."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from spinspike.errors import BadInput
from spinspike.model.network.dynamics import Sweeps

Pace = Literal["exponential", "linear", "cosine"]


@dataclass(frozen=True)
class Schedule:
    """Epochs, batches, sweeps, and how the rates fall.

    Parameters
    ----------
    epochs, batch : int
        Passes over the training images, and images per step of the rule.
    pace : {"exponential", "linear", "cosine"}
        Factor of rates and decays after e of E epochs, parts of an epoch included:
        ``anneal**e``, ``1 - e/E``, or ``(1 + cos(pi e/E)) / 2``.
    anneal : float
        In (0, 1], for the exponential pace.
    sweeps : Sweeps
        Of the clamped and the free phase.
    evaluation : int
        Sweeps of a free run after its warm-up, also of the runs the readout learns on.
    readout_states : {"free", "clamped"}
        Whether the readout learns on states that the input alone leads to, or, as published, on
        those reached through the clamped phase, which still carry the label.
    patience : int
        Stop after so many epochs without a better validation accuracy, and keep the best
        network; 0: run all epochs, and keep the last.
    """

    epochs: int = 20
    batch: int = 16
    pace: Pace = "exponential"
    anneal: float = 0.95
    sweeps: Sweeps = field(default_factory=Sweeps)
    evaluation: int = 5
    readout_states: Literal["free", "clamped"] = "free"
    patience: int = 0

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch < 1 or self.patience < 0:
            message = (
                f"epochs {self.epochs}, batch {self.batch}, patience {self.patience}; "
                "allowed: 1 or more, 1 or more, 0 or more"
            )
            raise BadInput(message)
        if self.pace not in PACES:
            message = f"pace is {self.pace!r}; allowed: {', '.join(PACES)}"
            raise BadInput(message)
        if self.evaluation < 0:
            message = f"evaluation is {self.evaluation} sweeps; allowed: 0 or more"
            raise BadInput(message)
        if self.readout_states not in ("free", "clamped"):
            message = f"readout_states is {self.readout_states!r}; allowed: free, clamped"
            raise BadInput(message)
        if not 0 < self.anneal <= 1:
            message = f"anneal is {self.anneal}; allowed: 0 < anneal <= 1"
            raise BadInput(message)

    def factor(self, epochs: float) -> float:
        """What rates and decays are multiplied with after so many epochs.

        Examples
        --------
        >>> [Schedule(epochs=4, pace="linear").factor(e) for e in (0, 0.5, 2)]
        [1.0, 0.875, 0.5]
        """
        return PACES[self.pace](self, epochs)


PACES: Mapping[str, Callable[[Schedule, float], float]] = {
    "exponential": lambda schedule, epochs: schedule.anneal**epochs,
    "linear": lambda schedule, epochs: 1 - epochs / schedule.epochs,
    "cosine": lambda schedule, epochs: (1 + math.cos(math.pi * epochs / schedule.epochs)) / 2,
}
