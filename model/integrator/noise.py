"""The loss as it is met in life: a network and its filter driven by the same white noise.

Slow and noisy beside the exact one, and independent of it: no Lyapunov equation is solved.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import block_diag, expm

from spinspike.arrays import FloatArray
from spinspike.errors import BadInput

from .linear_network import Filter, LinearNetwork, spectrum


@dataclass(frozen=True)
class Estimate:
    """A mean and its standard error."""

    mean: float
    error: float


def sampled_loss(
    network: LinearNetwork,
    target: Filter,
    rng: np.random.Generator,
    *,
    trials: int = 1000,
    samples: int = 50,
    step: float = 2.0,
) -> Estimate:
    """Half the mean squared difference of the outputs of network and filter under white noise.

    Units and filter are integrated as one Ornstein-Uhlenbeck process without error of the step:
    dz = M z dt + b dB goes to e^{M dt} z + xi, and xi has the covariance
    int_0^dt e^{M s} b b^T e^{M^T s} ds, by Van Loan's matrix exponential.

    Parameters
    ----------
    trials : int
        Independent runs, 2 or more; the standard error is that of their means.
    samples : int
        Moments averaged in a run, 1 or more, after a warm-up of twenty of the longest memories.
    step : float
        Time between two moments, above 0.

    Raises
    ------
    BadInput
        A value is not allowed, or the network is unstable.

    References
    ----------
    Van Loan, Computing Integrals Involving the Matrix Exponential, IEEE TAC 23, 1978.

    Examples
    --------
    >>> silent = LinearNetwork(np.zeros((2, 2)), np.zeros(2), np.zeros(2))
    >>> found = sampled_loss(silent, Filter(rate=0.5), np.random.default_rng(0))  # 1 / (4 c*)
    >>> abs(found.mean - 0.5) < 3 * found.error < 0.05
    True
    """
    if trials < 2 or samples < 1 or not step > 0:
        message = (
            f"trials, samples, step are {trials}, {samples}, {step}; allowed: 2 up, 1 up, above 0"
        )
        raise BadInput(message)
    slowest = min(target.rate, float(1 - spectrum(network).real.max()))
    if slowest <= 0:
        message = f"an eigenvalue of W has the real part {1 - slowest:.4g}; allowed: below 1"
        raise BadInput(message)
    c, w = target.rate, target.frequency
    motion = block_diag(network.generator, [[-c, -w], [w, -c]])
    drive = np.concatenate([network.input_weight, [1.0, 0.0]])
    difference = np.concatenate([network.readout, [-1.0, 0.0]])
    transition, shaping = _exact_step(motion, drive, step)
    warm_up = int(np.ceil(20 / (slowest * step)))
    state, total = np.zeros((trials, drive.size)), np.zeros(trials)
    for t in range(warm_up + samples):
        state = state @ transition.T + rng.standard_normal(state.shape) @ shaping.T
        if t >= warm_up:
            total += (state @ difference) ** 2 / 2
    means = total / samples
    return Estimate(float(means.mean()), float(means.std(ddof=1) / np.sqrt(trials)))


def _exact_step(
    motion: FloatArray, drive: FloatArray, step: float
) -> tuple[FloatArray, FloatArray]:
    """e^{M dt}, and a root S S^T of the covariance of what the noise adds."""
    size = drive.size
    both = np.block([[-motion, np.outer(drive, drive)], [np.zeros_like(motion), motion.T]])
    exponential = expm(both * step)
    transition = exponential[size:, size:].T
    covariance = transition @ exponential[:size, size:]
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    return transition, vectors * np.sqrt(np.maximum(values, 0))
