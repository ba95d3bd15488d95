"""The local margin rule that consolidates the state reached after the release."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import FloatArray, IntArray, SpinArray
from .dynamics import field, input_field
from .errors import BadInput
from .network import Network


@dataclass(frozen=True)
class MarginRule:
    """Margins asked for and learning rates, per plastic matrix (J, Win, Wout).

    For every plastic synapse j -> i, with f_i the field without supervisory signal,

        if s_i f_i <= kappa:  w_ij += eta s_i s_j,

    averaged over a batch as eta / sqrt(fan_in B) sum_b; for Wout the label in -1, +1 takes the
    place of s_i. No gradient, no second state to compare with.

    References
    ----------
    Badalotti et al., arXiv 2509.05041, learning rule; the normalisation is that of the authors'
    library. Defaults were chosen on scikit-learn's digits, by validation accuracy and by what the
    null networks hold; test accuracies were seen beside them, so those may be optimistic.
    """

    margin: float = 1.25  # kappa of J and Win
    readout_margin: float = 2.0
    rate: float = 0.06  # eta of J
    input_rate: float = 0.25
    readout_rate: float = 0.4

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not np.isfinite(value) or value < 0:
                message = f"{name} is {value}; allowed: a finite number >= 0"
                raise BadInput(message)


def consolidate(
    network: Network,
    rule: MarginRule,
    inputs: FloatArray,
    spins: SpinArray,
    *,
    factor: float = 1.0,
) -> float:
    """One step of the rule on J and Win, in place, for the states a batch has reached.

    Parameters
    ----------
    inputs, spins : (B, D) and (B, H)
        What was clamped and where the dynamics went after the release.
    factor : float
        Multiplies both rates.

    Returns
    -------
    float
        Fraction of units whose margin was at most kappa.
    """
    centred = (inputs - network.centre) * network.gain
    s = spins.astype(np.float64)
    weak = s * field(network, spins, input_field(network, inputs)) <= rule.margin
    diagonal = network.self_coupling.copy()
    _step(network.coupling, weak * s, s, factor * rule.rate)
    np.fill_diagonal(network.coupling, diagonal)
    _step(network.input_weight, weak * s, centred, factor * rule.input_rate)
    return float(weak.mean())


def consolidate_readout(
    network: Network, rule: MarginRule, labels: IntArray, spins: SpinArray, *, factor: float = 1.0
) -> None:
    """One step of the rule on Wout, in place: the label in -1, +1 is the state asked for."""
    s = spins.astype(np.float64)
    target = 2.0 * np.eye(network.classes)[labels] - 1
    weak = target * (s @ network.readout.T) <= rule.readout_margin
    _step(network.readout, weak * target, s, factor * rule.readout_rate)


def _step(weight: FloatArray, post: FloatArray, pre: FloatArray, rate: float) -> None:
    """Weight += rate / sqrt(fan_in B) post' pre, on the synapses that exist."""
    exists = weight != 0
    if not exists.any():
        return
    fan_in = exists.sum() / weight.shape[0]
    weight += (rate / np.sqrt(fan_in * len(pre))) * (post.T @ pre) * exists
