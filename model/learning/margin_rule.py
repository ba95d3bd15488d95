"""The local margin rule that consolidates the state reached after the release."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinspike.arrays import FloatArray, InputArray, IntArray, SparseMatrix, SpinArray
from spinspike.errors import BadInput
from spinspike.model.network.dynamics import field, input_field, seen
from spinspike.model.network.network import Network


@dataclass(frozen=True)
class MarginRule:
    """Margins asked for, learning rates and decays, per plastic matrix (J, Win, b, Wout).

    For every plastic synapse j -> i, with f_i the field without supervisory signal,

        if s_i f_i <= kappa:  w_ij += eta s_i s_j,

    averaged over a batch as eta / sqrt(fan_in B) sum_b, with fan_in the mean number of synapses
    of a unit; for Wout the label in -1, +1 takes the place of s_i. After it, each weight of the
    matrix is multiplied by 1 - decay. No gradient, no second state to compare with. A rate of 0
    freezes a matrix, decay included.

    References
    ----------
    Badalotti et al., arXiv 2509.05041, learning rule; the normalisation is that of the authors'
    library. Defaults were chosen on scikit-learn's digits, by validation accuracy and by what the
    null networks hold; test accuracies were seen beside them, so those may be optimistic.
    """

    margin: float = 1.25  # kappa of J
    input_margin: float | None = None  # kappa of Win and b; by default that of J
    readout_margin: float = 2.0
    rate: float = 0.06  # eta of J
    input_rate: float = 0.25
    bias_rate: float = 0.0
    readout_rate: float = 0.4
    decay: float = 0.0  # of J, per batch at the full rate
    input_decay: float = 0.0
    readout_decay: float = 0.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value is not None and not (np.isfinite(value) and value >= 0):
                message = f"{name} is {value}; allowed: a finite number >= 0"
                raise BadInput(message)
        for name in ("decay", "input_decay", "readout_decay"):
            if getattr(self, name) >= 1:
                message = f"{name} is {getattr(self, name)}; allowed: below 1"
                raise BadInput(message)

    @property
    def margin_of_input(self) -> float:
        """Kappa of Win and b."""
        return self.margin if self.input_margin is None else self.input_margin


def fan_in(matrix: SparseMatrix) -> float:
    """Mean number of synapses of a unit that has some; 1 for an empty matrix."""
    rows = np.count_nonzero(np.diff(matrix.indptr))
    return matrix.nnz / rows if rows else 1.0


def consolidate(
    network: Network,
    rule: MarginRule,
    inputs: InputArray,
    spins: SpinArray,
    *,
    factor: float = 1.0,
) -> float:
    """One step of the rule on J, Win and b, in place, for the states a batch has reached.

    Parameters
    ----------
    inputs, spins : (B, D) and (B, H)
        What was clamped and where the dynamics went after the release.
    factor : float
        Multiplies rates and decays.

    Returns
    -------
    float
        Fraction of units whose margin was at most kappa.
    """
    s = spins.astype(np.float64)
    margin = s * field(network, spins, input_field(network, inputs))
    weak, weak_input = margin <= rule.margin, margin <= rule.margin_of_input
    _step(network.coupling, weak * s, s, factor * rule.rate, factor * rule.decay)
    _step(
        network.input_weight,
        weak_input * s,
        seen(network, inputs),
        factor * rule.input_rate,
        factor * rule.input_decay,
    )
    network.bias[:] += factor * rule.bias_rate / np.sqrt(len(s)) * (weak_input * s).sum(axis=0)
    return float(weak.mean())


def consolidate_readout(
    network: Network, rule: MarginRule, labels: IntArray, spins: SpinArray, *, factor: float = 1.0
) -> None:
    """One step of the rule on Wout, in place: the label in -1, +1 is the state asked for."""
    s = spins.astype(np.float64)
    target = 2.0 * np.eye(network.classes)[labels] - 1
    weak = target * (s @ network.readout.T) <= rule.readout_margin
    exists = (network.readout != 0).any(axis=0)
    step = factor * rule.readout_rate / np.sqrt(max(int(np.count_nonzero(exists)), 1) * len(s))
    if rule.readout_rate:
        network.readout[:, exists] += step * ((weak * target).T @ s[:, exists])
        network.readout[:] *= 1 - factor * rule.readout_decay


def _step(
    matrix: SparseMatrix, post: FloatArray, pre: FloatArray, rate: float, decay: float
) -> None:
    """Weight += rate / sqrt(fan_in B) post' pre, on the synapses that exist, then decay."""
    if not rate:
        return
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    change = (post.T @ pre)[rows, matrix.indices]
    matrix.data[:] += rate / np.sqrt(fan_in(matrix) * len(pre)) * change
    matrix.data[:] *= 1 - decay
