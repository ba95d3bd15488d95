"""How spins move: synchronous sweeps through warm-up, clamped and free phases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import BoolArray, FloatArray, IntArray, SpinArray
from .errors import BadInput
from .network import Network


@dataclass(frozen=True)
class Sweeps:
    """Number of sweeps in each phase (one warm-up sweep precedes both)."""

    clamped: int = 5
    free: int = 5

    def __post_init__(self) -> None:
        if self.clamped < 0 or self.free < 0:
            message = f"sweeps are {self.clamped} clamped, {self.free} free; allowed: 0 or more"
            raise BadInput(message)


def sign(field: FloatArray) -> SpinArray:
    """Spins that follow their field; sign(0) = +1.

    Examples
    --------
    >>> sign(np.array([-0.5, 0.0, 2.0])).tolist()
    [-1, 1, 1]
    """
    return np.where(field >= 0, 1, -1).astype(np.int8)


def input_field(network: Network, inputs: FloatArray) -> FloatArray:
    """Win (x - centre) gain, shape (B, H), of inputs (B, D)."""
    if inputs.ndim != 2 or inputs.shape[1] != network.centre.size:
        message = f"inputs have shape {inputs.shape}; allowed: (patterns, {network.centre.size})"
        raise BadInput(message)
    if not np.isfinite(inputs).all():
        message = "inputs contain nan or infinity; allowed: finite numbers"
        raise BadInput(message)
    return ((inputs - network.centre) * network.gain) @ network.input_weight.T


def label_code(labels: IntArray, classes: int) -> FloatArray:
    """Code of the label that Wback sees: true class sqrt(C-1)/2, others -1/sqrt(C-1).

    Shape (B, C); as in the authors' library.

    Examples
    --------
    >>> label_code(np.array([1]), 5).tolist()
    [[-0.5, 1.0, -0.5, -0.5, -0.5]]
    """
    if labels.size and not (labels.min() >= 0 and labels.max() < classes):
        message = f"labels range from {labels.min()} to {labels.max()}; allowed: 0 to {classes - 1}"
        raise BadInput(message)
    code = np.full((labels.size, classes), -1 / np.sqrt(classes - 1))
    code[np.arange(labels.size), labels] = np.sqrt(classes - 1) / 2
    return code


def field(network: Network, spins: SpinArray, external: FloatArray) -> FloatArray:
    """Field of every unit, (B, H): couplings, self-coupling and the external field."""
    return spins.astype(np.float64) @ network.coupling.T + external


def relax(
    network: Network, spins: SpinArray, external: FloatArray, sweeps: int
) -> tuple[SpinArray, int]:
    """Sweep synchronously until nothing moves, at most ``sweeps`` times.

    Returns the spins and the number of sweeps in which any spin of the batch flipped. A state
    that one sweep leaves unchanged is fixed for good, so only the others are swept again.
    """
    spins = spins.copy()
    moving = np.arange(len(spins))
    for sweep in range(sweeps):
        moved = sign(field(network, spins[moving], external[moving]))
        changed = (moved != spins[moving]).any(axis=1)
        if not changed.any():
            return spins, sweep
        moving = moving[changed]
        spins[moving] = moved[changed]
    return spins, sweeps


def warm_up(external: FloatArray) -> SpinArray:
    """First sweep, from s = 0: only the external field acts."""
    return sign(external)


def run_free(network: Network, inputs: FloatArray, *, sweeps: int = 50) -> SpinArray:
    """States reached from s = 0 by the input alone: the runs that accuracy is read from."""
    external = input_field(network, inputs)
    return relax(network, warm_up(external), external, sweeps)[0]


def run_clamped(
    network: Network, inputs: FloatArray, labels: IntArray, *, sweeps: Sweeps | None = None
) -> tuple[SpinArray, SpinArray]:
    """Warm up, clamp with the labels, release, run free.

    Returns the states at the release and those after the free phase, both (B, H).
    """
    sweeps = sweeps or Sweeps()
    if labels.shape != (len(inputs),):
        message = f"labels have shape {labels.shape}; allowed: one for each of {len(inputs)} inputs"
        raise BadInput(message)
    external = input_field(network, inputs)
    signal = label_code(labels, network.classes) @ network.supervisory.T
    held, _ = relax(network, warm_up(external), external + signal, sweeps.clamped)
    return held, relax(network, held, external, sweeps.free)[0]


def margins(network: Network, inputs: FloatArray, spins: SpinArray) -> FloatArray:
    """s_i h_i of every unit without supervisory signal, (B, H): how firmly it holds."""
    return spins * field(network, spins, input_field(network, inputs))


def is_fixed(network: Network, inputs: FloatArray, spins: SpinArray) -> BoolArray:
    """Whether each state is a fixed point, s = sign(h) in all units; (B,) booleans."""
    moved = sign(field(network, spins, input_field(network, inputs)))
    return np.asarray((moved == spins).all(axis=1))


def predict(network: Network, spins: SpinArray) -> IntArray:
    """Class of each state, argmax_c sum_i Wout_ci s_i; (B,)."""
    return np.asarray(np.argmax(spins.astype(np.float64) @ network.readout.T, axis=1))
