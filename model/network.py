"""The binary recurrent network: its parameters, and how they are drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import FloatArray
from .errors import BadInput


@dataclass(frozen=True)
class Architecture:
    """Size and random statistics of a network of one module.

    With spins s in {-1, +1}, input x and label code y the field of unit i is

        h_i = sum_{j != i} J_ij s_j + J_D s_i + sum_k Win_ik x_k + sum_c Wback_ic y_c,

    the last term only while the supervisory signal is on. At the start
    J_ij ~ N(0, 1/(H (1 - p))) where kept, Win ~ lambda_x N(0, 1/(D (1 - p_in))) where kept,
    Wback ~ lambda_r N(0, 1/C), Wout ~ N(0, 1/H); J_D and Wback never change.

    Parameters
    ----------
    units, inputs, classes : int
        H, D and C.
    self_coupling : float
        J_D, the diagonal. It holds units in the clamped state at the release.
    input_scale, supervisory_scale : float
        lambda_x and lambda_r.
    sparsity, input_sparsity : float
        p and p_in in [0, 1): the fraction of couplings that does not exist.

    References
    ----------
    Badalotti et al., arXiv 2509.05041, model section; scales as in the authors' experiments.
    """

    units: int
    inputs: int
    classes: int
    self_coupling: float = 0.5
    input_scale: float = 1.5
    supervisory_scale: float = 1.0
    sparsity: float = 0.85
    input_sparsity: float = 0.0

    def __post_init__(self) -> None:
        for name, least in (("units", 2), ("inputs", 1), ("classes", 2)):
            if getattr(self, name) < least:
                message = f"{name} is {getattr(self, name)}; allowed: {least} or more"
                raise BadInput(message)
        for name in ("sparsity", "input_sparsity"):
            if not 0 <= getattr(self, name) < 1:
                message = f"{name} is {getattr(self, name)}; allowed: 0 <= {name} < 1"
                raise BadInput(message)
        for name in ("self_coupling", "input_scale", "supervisory_scale"):
            if not np.isfinite(getattr(self, name)) or getattr(self, name) < 0:
                message = f"{name} is {getattr(self, name)}; allowed: a finite number >= 0"
                raise BadInput(message)


@dataclass(frozen=True)
class Network:
    """The parameters of a trained or fresh network, and how it sees its input.

    A coupling that is exactly zero does not exist and never will. An input enters as
    ``(x - centre) * gain``.
    """

    coupling: FloatArray  # (H, H) J, from unit j (column) to unit i (row); diagonal J_D
    input_weight: FloatArray  # (H, D) Win
    supervisory: FloatArray  # (H, C) Wback
    readout: FloatArray  # (C, H) Wout
    centre: FloatArray  # (D,)
    gain: float
    input_range: tuple[float, float]  # smallest and largest value an input may have

    @property
    def units(self) -> int:
        """H."""
        return self.coupling.shape[0]

    @property
    def classes(self) -> int:
        """C."""
        return self.readout.shape[0]

    @property
    def self_coupling(self) -> FloatArray:
        """J_D of every unit, (H,)."""
        return np.diag(self.coupling)


def draw(
    architecture: Architecture,
    rng: np.random.Generator,
    *,
    centre: FloatArray,
    gain: float = 2.5,
    input_range: tuple[float, float] = (0.0, 1.0),
) -> Network:
    """Draw a fresh network with the statistics of its architecture.

    Examples
    --------
    >>> architecture = Architecture(units=50, inputs=4, classes=3)
    >>> network = draw(architecture, np.random.default_rng(0), centre=np.zeros(4))
    >>> network.coupling.shape, float(network.self_coupling[0])
    ((50, 50), 0.5)
    """
    a = architecture
    if centre.shape != (a.inputs,):
        message = f"centre has shape {centre.shape}; allowed: ({a.inputs},)"
        raise BadInput(message)
    if not (np.isfinite(gain) and gain > 0 and np.isfinite(centre).all()):
        message = f"gain is {gain}, centre {centre}; allowed: finite numbers, gain above 0"
        raise BadInput(message)
    if not input_range[0] < input_range[1]:
        message = f"input_range is {input_range}; allowed: an increasing pair"
        raise BadInput(message)
    coupling = _sparse_normal(rng, (a.units, a.units), a.sparsity)
    np.fill_diagonal(coupling, a.self_coupling)
    return Network(
        coupling=coupling,
        input_weight=a.input_scale * _sparse_normal(rng, (a.units, a.inputs), a.input_sparsity),
        supervisory=a.supervisory_scale * _sparse_normal(rng, (a.units, a.classes), 0.0),
        readout=_sparse_normal(rng, (a.classes, a.units), 0.0),
        centre=centre,
        gain=gain,
        input_range=input_range,
    )


def _sparse_normal(rng: np.random.Generator, shape: tuple[int, int], sparsity: float) -> FloatArray:
    """Normal entries of variance 1/(kept columns), a fraction ``sparsity`` of them absent."""
    kept = rng.random(shape) >= sparsity
    weights: FloatArray = rng.normal(size=shape) * kept / np.sqrt(shape[1] * (1 - sparsity))
    return weights
