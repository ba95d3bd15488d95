"""Time constants, delays and steps of NIR: each comparison is made here, for all who make it.

Files hold single precision, so a tau of 1e-4 is not quite 1e-4; and three delays of 0.4 steps are
one of 1.2. What is within `TOLERANCE` of a step counts as one, delays are added up along a path and
rounded once, at its end.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinspike.arrays import FloatArray
from spinspike.errors import BadInput

from .graph import TIMES, Node

TOLERANCE = 1e-6  # of a time, relative; single precision has 6e-8
LONGEST = 100_000  # steps of a delay
FAR = 10_000  # steps: what lasts longer was probably meant in another unit


def check_step(dt: float) -> None:
    """Refuse what is no time step.

    Parameters
    ----------
    dt : float
        In the unit of the time constants.

    Raises
    ------
    BadInput
        It is not finite and above 0.
    """
    if not (np.isfinite(dt) and dt > 0):
        message = f"dt is {dt}; allowed: above 0"
        raise BadInput(message)


def is_step(tau: NDArray[Any], dt: float) -> NDArray[np.bool_]:
    """Where a time constant is one step.

    Parameters
    ----------
    tau, dt
        In one unit.
    """
    return np.asarray(np.abs(tau - dt) <= TOLERANCE * dt)


def rate(tau: NDArray[Any], dt: float) -> FloatArray:
    """Dt / tau, the part that a step of forward Euler takes; exactly 1 where tau is a step.

    Parameters
    ----------
    tau, dt
        In one unit.
    """
    wide = np.asarray(tau, dtype=np.float64)
    return np.where(is_step(wide, dt), 1.0, dt / wide)


def steps(delay: float, dt: float) -> int:
    """Whole steps of a delay, halves up.

    Parameters
    ----------
    delay, dt : float
        In one unit.
    """
    return int(np.floor(delay / dt + 0.5 + TOLERANCE))


def too_short(name: str, node: Node, dt: float) -> Iterator[str]:
    """Which time constants of a node are shorter than a step, one line for each kind of them.

    Parameters
    ----------
    name, node
        The node.
    dt : float
        In the unit of its time constants.
    """
    for part in TIMES:
        tau = node.parameters.get(part)
        if tau is not None and (tau < dt * (1 - TOLERANCE)).any():
            yield f"node {name} has a {part} of {tau.min():g}; allowed: dt = {dt:g} or more"


def too_late(path: str, delay: float, dt: float) -> Iterator[str]:
    """That a delay has too many steps, if it has.

    Parameters
    ----------
    path : str
        What is delayed, with its verb: "node x delays", say.
    delay, dt : float
        In one unit.
    """
    if not delay / dt <= LONGEST:
        yield f"{path} by {delay / dt:g} steps; allowed: 0 to {LONGEST}"
