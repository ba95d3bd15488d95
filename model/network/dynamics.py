"""How spins move: synchronous sweeps through warm-up, clamped and free phases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from spinspike.arrays import BoolArray, FloatArray, InputArray, IntArray, SpinArray
from spinspike.errors import BadInput

from .network import Network


@dataclass(frozen=True)
class Sweeps:
    """Sweeps of each phase; a warm-up of one sweep for each module precedes both.

    Parameters
    ----------
    clamped, free : int
        With and after the supervisory signal. No free sweeps is the one-phase form of learning:
        the state is consolidated while the signal is still on.
    signal : {"abrupt", "annealed"}
        Whether the supervisory signal keeps its full strength until the release, or falls to
        zero in equal parts over the clamped sweeps: 1, 1 - 1/T, ... 1/T.
    update_probability : float
        Every spin takes part in a sweep with this probability, independently; 1: all of them.
        The first sweep moves all.

    References
    ----------
    Badalotti et al., arXiv 2509.05041, protocol; annealing: Scardecchia, arXiv 2510.11984.
    """

    clamped: int = 5
    free: int = 5
    signal: Literal["abrupt", "annealed"] = "abrupt"
    update_probability: float = 1.0

    def __post_init__(self) -> None:
        if self.clamped < 0 or self.free < 0:
            message = f"sweeps are {self.clamped} clamped, {self.free} free; allowed: 0 or more"
            raise BadInput(message)
        if self.signal not in ("abrupt", "annealed"):
            message = f"signal is {self.signal!r}; allowed: abrupt, annealed"
            raise BadInput(message)
        if not 0 < self.update_probability <= 1:
            message = f"update_probability is {self.update_probability}; allowed: above 0, up to 1"
            raise BadInput(message)

    @property
    def strengths(self) -> tuple[float, ...]:
        """Strength of the supervisory signal in each clamped sweep."""
        if self.signal == "abrupt":
            return (1.0,) * self.clamped
        return tuple(1 - t / self.clamped for t in range(self.clamped))

    def update_mask(
        self, rng: np.random.Generator | None, shape: tuple[int, int, int]
    ) -> BoolArray:
        """Whose turn it is, (sweeps, B, H); no entries when everyone moves in every sweep."""
        if self.update_probability == 1:
            return np.empty((0, *shape[1:]), dtype=np.bool_)
        if rng is None:
            message = f"update_probability {self.update_probability} needs a random generator"
            raise BadInput(message)
        return rng.random(shape) < self.update_probability


def sign(field: FloatArray) -> SpinArray:
    """Spins that follow their field; sign(0) = +1.

    Examples
    --------
    >>> sign(np.array([-0.5, 0.0, 2.0])).tolist()
    [-1, 1, 1]
    """
    return np.where(field >= 0, 1, -1).astype(np.int8)


def input_field(network: Network, inputs: InputArray) -> FloatArray:
    """Win (x - centre) gain + b, shape (B, H), of inputs (B, D)."""
    check_inputs(network, inputs)
    field: FloatArray = (network.input_weight @ seen(network, inputs).T).T + network.bias
    return field


def seen(network: Network, inputs: InputArray) -> FloatArray:
    """Inputs as the network sees them, (x - centre) gain."""
    return np.asarray((inputs - network.centre) * network.gain)


def check_inputs(network: Network, inputs: InputArray) -> None:
    """Refuse inputs of another shape, and numbers that are not finite."""
    if inputs.ndim != 2 or inputs.shape[1] != network.inputs:
        message = f"inputs have shape {inputs.shape}; allowed: (patterns, {network.inputs})"
        raise BadInput(message)
    if not np.isfinite(inputs).all():
        message = "inputs contain nan or infinity; allowed: finite numbers"
        raise BadInput(message)


def check_labels(labels: IntArray, patterns: int) -> None:
    """Refuse labels that are not one for each input."""
    if labels.shape != (patterns,):
        message = f"labels have shape {labels.shape}; allowed: one for each of {patterns} inputs"
        raise BadInput(message)


def label_code(labels: IntArray, classes: int) -> FloatArray:
    """Code of the label that Wback sees: true class sqrt(C-1)/2, others -1/sqrt(C-1).

    Shape (B, C); as in the authors' library.

    Examples
    --------
    >>> label_code(np.array([1]), 5).tolist()
    [[-0.5, 1.0, -0.5, -0.5, -0.5]]
    """
    largest = max(classes - 1, 0)  # without classes every label is 0
    if labels.size and not (labels.min() >= 0 and labels.max() <= largest):
        message = f"labels range from {labels.min()} to {labels.max()}; allowed: 0 to {largest}"
        raise BadInput(message)
    if not classes:
        return np.zeros((labels.size, 0))
    code = np.full((labels.size, classes), -1 / np.sqrt(classes - 1))
    code[np.arange(labels.size), labels] = np.sqrt(classes - 1) / 2
    return code


def field(network: Network, spins: SpinArray, external: FloatArray) -> FloatArray:
    """Field of every unit, (B, H): couplings, self-coupling, links and the external field."""
    s = spins.T.astype(np.float64)
    recurrent = network.coupling @ s + network.self_coupling[:, None] * s + network.link @ s
    return np.asarray(recurrent.T + external)


def relax(
    network: Network,
    spins: SpinArray,
    externals: Sequence[FloatArray],
    update_mask: BoolArray | None = None,
) -> SpinArray:
    """Sweep synchronously, once for each external field.

    Parameters
    ----------
    spins : (B, H)
    externals : sequence of (B, H)
        External field in each sweep.
    update_mask : (sweeps, B, H), optional
        Whose turn it is in each sweep; by default everyone's.
    """
    everyone = update_mask is None or not update_mask.size
    for sweep, external in enumerate(externals):
        moved = sign(field(network, spins, external))
        if everyone and sweep and external is externals[-1] and np.array_equal(moved, spins):
            return spins  # fixed for good
        spins = (
            moved if update_mask is None or everyone else np.where(update_mask[sweep], moved, spins)
        )
    return spins


def warm_up(network: Network, external: FloatArray) -> SpinArray:
    """One sweep for each module, from s = 0: in the first only the external field acts."""
    return relax(network, sign(external), [external] * (len(network.modules) - 1))


def run_free(
    network: Network,
    inputs: InputArray,
    *,
    sweeps: int = 50,
    update_mask: BoolArray | None = None,
) -> SpinArray:
    """States reached from s = 0 by the input alone: the runs that accuracy is read from."""
    external = input_field(network, inputs)
    return relax(network, warm_up(network, external), [external] * sweeps, update_mask)


def run_clamped(
    network: Network,
    inputs: InputArray,
    labels: IntArray,
    *,
    sweeps: Sweeps | None = None,
    rng: np.random.Generator | None = None,
) -> tuple[SpinArray, SpinArray]:
    """Warm up, clamp with the labels, release, run free.

    Returns the states at the release and those after the free phase, both (B, H). The generator
    is needed for partial updates alone.
    """
    sweeps = sweeps or Sweeps()
    check_labels(labels, len(inputs))
    external = input_field(network, inputs)
    signal = label_code(labels, network.classes) @ network.supervisory.T
    update_mask = sweeps.update_mask(
        rng, (sweeps.clamped + sweeps.free, len(inputs), network.units)
    )
    clamped = [external + strength * signal for strength in sweeps.strengths]
    held = relax(network, warm_up(network, external), clamped, update_mask[: sweeps.clamped])
    return held, relax(network, held, [external] * sweeps.free, update_mask[sweeps.clamped :])


def margins(network: Network, inputs: InputArray, spins: SpinArray) -> FloatArray:
    """s_i h_i of every unit without supervisory signal, (B, H): how firmly it holds."""
    return spins * field(network, spins, input_field(network, inputs))


def is_fixed(network: Network, inputs: InputArray, spins: SpinArray) -> BoolArray:
    """Whether each state is a fixed point, s = sign(h) in all units; (B,) booleans."""
    moved = sign(field(network, spins, input_field(network, inputs)))
    return np.asarray((moved == spins).all(axis=1))


def predict(network: Network, spins: SpinArray) -> IntArray:
    """Class of each state, argmax_c sum_i Wout_ci s_i, 0 where there are no classes; (B,)."""
    if not network.classes:
        return np.zeros(len(spins), dtype=np.int64)
    return np.asarray(np.argmax(spins.astype(np.float64) @ network.readout.T, axis=1))
