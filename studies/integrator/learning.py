"""Learning a memory for the command `integrate`, beside what theory says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from spinspike.errors import BadInput
from spinspike.mapping.integrator.integrator_graph import DEFAULT_STEP
from spinspike.model.integrator.learning import History, descend, flow
from spinspike.model.integrator.linear_network import Filter, LinearNetwork, draw
from spinspike.model.integrator.loss import loss
from spinspike.model.integrator.reduced import growth_rate, pair, plateau
from spinspike.model.integrator.subspace import subspace

SPREADS = {"rich": 0.05, "lazy": 0.8}  # sigma of the couplings before learning
STRENGTHS = {"rich": 1e-3, "lazy": 1.0}
OSCILLATOR_STRENGTH = 0.1  # |u| |v| where a pair is to grow: u and v start at a right angle
UNLEARNED = 1e-3  # part of the first loss at which flow gives way to descent
SLOWEST = 5e-3  # rate; learning takes about 1 / rate^2 steps, here minutes for 20 units
BOTTOM = 1e-6  # part of it at which descent ends


@dataclass(frozen=True)
class Memory:
    """A network that learned, how it did, and what theory says of it."""

    blank: LinearNetwork
    network: LinearNetwork
    target: Filter
    history: History  # of gradient flow, until a thousandth of the loss was left
    theory: Mapping[str, NDArray[np.complex128]]  # outliers at the same times; of rich ones
    plateau: float | None  # as theory has it; of rich ones
    first_loss: float  # of a silent network
    last_loss: float

    @property
    def rich(self) -> bool:
        """Whether the outlier is the memory."""
        return self.plateau is not None

    @property
    def reach(self) -> float:
        """How far the filter is from the leak, in units of the radius of W before learning."""
        radius = np.linalg.norm(self.blank.coupling) / np.sqrt(self.blank.units)
        away = abs(complex(1 - self.target.rate, self.target.frequency))
        return float(away / radius) if radius else np.inf

    @property
    def change(self) -> float:
        """How far the couplings moved, in units of what they were; of all there is without any."""
        before, after = self.blank.coupling, self.network.coupling
        size = np.linalg.norm(before) or np.linalg.norm(after) or 1.0
        return float(np.linalg.norm(after - before) / size)

    @property
    def plateau_seen(self) -> float | None:
        """When the overlap passed half of what it would settle at without learning in W."""
        over = self.history.overlaps > growth_rate(self.target)
        return float(self.history.times[np.argmax(over)]) if over.any() else None


def start(
    units: int, regime: str, target: Filter, spread: float | None, seed: int
) -> LinearNetwork:
    """The network before learning.

    Raises
    ------
    BadInput
        There is no such regime, or a value is not allowed.
    """
    if target.rate < SLOWEST or target.frequency * DEFAULT_STEP >= np.pi:
        message = f"rate and frequency are {target.rate:g} and {target.frequency:g}; allowed: "
        message += f"{SLOWEST:g} up, and below {np.pi / DEFAULT_STEP:.3g}, half a turn in a step"
        raise BadInput(message)
    if regime not in SPREADS:
        message = f"regime is {regime!r}; allowed: {', '.join(SPREADS)}"
        raise BadInput(message)
    oscillator = regime == "rich" and target.frequency > 0
    return draw(
        units,
        np.random.default_rng(seed),
        spread=SPREADS[regime] if spread is None else spread,
        strength=OSCILLATOR_STRENGTH if oscillator else STRENGTHS[regime],
        alignment=0.5 if regime == "rich" and not oscillator else 0.0,
    )


def learned(blank: LinearNetwork, target: Filter, *, rich: bool, parts: str = "Wuv") -> Memory:
    """Gradient flow to within a thousandth of the first loss, then descent to the bottom."""
    first = loss(replace(blank, readout=np.zeros(blank.units)), target)
    along = (blank.input_weight + blank.readout) / 2
    waits = plateau(float(along @ along), target) if rich else None
    times = np.linspace(0, 20 * (waits or 5.0), 2001)
    flowed = flow(blank, target, times, learn=parts, tolerance=UNLEARNED * first, accuracy=1e-5)
    seen = flowed.history.times
    theory = {}
    if rich and parts == "Wuv":
        theory["the plane of u and v"] = pair(blank, target, seen).outliers
        few = subspace(blank)
        theory[f"{few.units} directions"] = flow(few, target, seen).history.outliers
    left = BOTTOM * first
    network = descend(flowed.network, target, learn=parts, tolerance=left).network
    return Memory(
        blank, network, target, flowed.history, theory, waits, first, loss(network, target)
    )


def theory_off(memory: Memory, name: str) -> float:
    """The most that the outlier is off a theory on its way, in units of where it should end.

    It counts once out of the disc of the other eigenvalues.
    """
    outliers = memory.theory[name]
    disc = np.abs(memory.history.spectra[0]).max()
    grown = np.abs(outliers) > 2 * disc + 0.02
    away = np.abs(memory.history.outliers - outliers)[grown]
    end = abs(complex(1 - memory.target.rate, memory.target.frequency))
    return float(away.max(initial=0) / end) if end else 0.0
