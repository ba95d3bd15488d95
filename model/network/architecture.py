"""The shape of a network: modules, what connects them, and the statistics they are drawn from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinspike.errors import BadInput


@dataclass(frozen=True)
class Architecture:
    """Modules of H units each, as in the paper's figure.

    With spins s in {-1, +1}, input x and label code y the field of unit i of module l is

        h_i = sum_{j != i} J_ij s_j + J_D s_i + lambda sum_m s_i^m
              + sum_k Win_ik x_k + b_i + sum_c Wback_ic y_c,

    where m runs over the modules that l is connected from and the last term is there only while
    the supervisory signal is on. At the start J_ij ~ N(0, 1/(H (1 - p))) where kept,
    Win ~ lambda_x N(0, 1/(D (1 - p_in))) where kept, Wback ~ lambda_r N(0, 1/C),
    Wout ~ N(0, 1/H), b = 0; J_D, lambda and Wback never change.

    Parameters
    ----------
    units, inputs, classes : int
        H of each module, D and C.
    modules : int
        Number of modules, L.
    graph : tuple of (source, target), optional
        Which module drives which; by default a chain with both directions between neighbours.
    link : float
        lambda >= 0, the strength of the excitatory one-to-one links along the graph.
    between_sparsity : float
        Fraction of the learned couplings along the graph that does not exist; 1: there are none.
    self_coupling : float, or one for each module
        J_D. It holds units in the clamped state at the release.
    input_scale, supervisory_scale : float
        lambda_x and lambda_r.
    coupling_scale : float
        Multiplies the couplings at the start; 0 starts them at zero, yet able to learn.
    sparsity, input_sparsity : float
        p and p_in in [0, 1]: the fraction of couplings or input weights that does not exist.
    receptive_field : int
        Side of the square of pixels that a unit sees, at a place of its own; 0: all pixels.
    image_shape : (int, int), optional
        Rows and columns of an image; needed for receptive fields.
    input_modules, supervisory_modules, readout_modules : tuple of int, optional
        Which modules see the input, feel the supervisory signal, are read out; by default all.

    Examples
    --------
    A chain of two modules; the first sees the input, the second is read out:

    >>> Architecture(400, 100, 10, modules=2, link=1.5, self_coupling=0.0,
    ...              input_modules=(0,), readout_modules=(1,)).connections
    ((0, 1), (1, 0))

    References
    ----------
    Badalotti et al., arXiv 2509.05041, model section; scales as in the authors' experiments.
    """

    units: int
    inputs: int
    classes: int
    modules: int = 1
    graph: tuple[tuple[int, int], ...] | None = None
    link: float = 0.0
    between_sparsity: float = 1.0
    self_coupling: float | tuple[float, ...] = 0.5
    input_scale: float = 1.5
    supervisory_scale: float = 1.0
    coupling_scale: float = 1.0
    sparsity: float = 0.85
    input_sparsity: float = 0.0
    receptive_field: int = 0
    image_shape: tuple[int, int] | None = None
    input_modules: tuple[int, ...] | None = None
    supervisory_modules: tuple[int, ...] | None = None
    readout_modules: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        least = {"units": 2, "inputs": 1, "classes": 2, "modules": 1, "receptive_field": 0}
        for name, bound in least.items():
            if getattr(self, name) < bound:
                message = f"{name} is {getattr(self, name)}; allowed: {bound} or more"
                raise BadInput(message)
        for name in ("sparsity", "input_sparsity", "between_sparsity"):
            if not 0 <= getattr(self, name) <= 1:
                message = f"{name} is {getattr(self, name)}; allowed: 0 <= {name} <= 1"
                raise BadInput(message)
        scales = ("self_coupling", "input_scale", "supervisory_scale", "coupling_scale", "link")
        for name in scales:
            value = np.asarray(getattr(self, name))
            if not (np.isfinite(value).all() and (value >= 0).all()):
                message = f"{name} is {getattr(self, name)}; allowed: a finite number >= 0"
                raise BadInput(message)
        self._check_modules()
        self._check_receptive_field()

    @property
    def connections(self) -> tuple[tuple[int, int], ...]:
        """Pairs (source, target) of different modules."""
        if self.graph is not None:
            return self.graph
        chain = [(left, left + 1) for left in range(self.modules - 1)]
        return tuple(pair for left, right in chain for pair in ((left, right), (right, left)))

    @property
    def self_couplings(self) -> tuple[float, ...]:
        """J_D of each module."""
        if isinstance(self.self_coupling, tuple):
            return self.self_coupling
        return (float(self.self_coupling),) * self.modules

    def chosen(self, role: str) -> tuple[int, ...]:
        """Modules of a role: "input", "supervisory" or "readout"."""
        named: tuple[int, ...] | None = getattr(self, f"{role}_modules")
        return tuple(range(self.modules)) if named is None else named

    def _check_modules(self) -> None:
        if len(self.self_couplings) != self.modules:
            message = f"self_coupling is {self.self_coupling}; allowed: one, or {self.modules}"
            raise BadInput(message)
        named = {
            f"{role}_modules": self.chosen(role) for role in ("input", "supervisory", "readout")
        }
        for name, modules in named.items():
            if not modules or not set(modules) <= set(range(self.modules)):
                message = f"{name} is {modules}; allowed: some of 0 to {self.modules - 1}"
                raise BadInput(message)
        for pair in self.connections:
            if len(pair) != 2 or pair[0] == pair[1] or not set(pair) <= set(range(self.modules)):
                message = (
                    f"graph has {pair}; allowed: pairs of different modules below {self.modules}"
                )
                raise BadInput(message)

    def _check_receptive_field(self) -> None:
        if not self.receptive_field:
            return
        shape = self.image_shape
        if shape is None or shape[0] * shape[1] != self.inputs or self.receptive_field > min(shape):
            message = (
                f"receptive_field is {self.receptive_field} for images of shape {shape} and "
                f"{self.inputs} inputs; allowed: 0, or up to the smaller side of an image"
            )
            raise BadInput(message)
