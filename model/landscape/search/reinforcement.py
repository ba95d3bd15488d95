"""Reinforced belief propagation: beliefs that are fed back to themselves until they are certain."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from spinspike.arrays import BoolArray, FloatArray, SpinArray
from spinspike.errors import BadInput
from spinspike.model.network.dynamics import field, sign
from spinspike.model.network.network import Network

from .belief_propagation import Messages, constraints, first_messages, propagate
from .convergence import Convergence

START = 0.1  # magnetisation of a start
CERTAIN = 1 - 1e-12  # magnetisation that counts as such


def reinforced(
    network: Network,
    states: SpinArray,
    *,
    external: FloatArray | None = None,
    limit: int = 1000,
    rate: float = 0.005,
) -> Convergence:
    """Look for fixed points by reinforced belief propagation.

    In iteration t the field by which each spin was believed in the one before comes back as a prior
    of strength 1 - (1 - rate)^t, so that the beliefs, all undecided at first, polarise. A run ends
    where the signs of the beliefs are a fixed point of the network's own field. An iteration costs
    five products with the couplings, a synchronous sweep one.

    Parameters
    ----------
    states : (P, H)
        Where to start from: weakly, as magnetisations of .1.
    external : (P, H), optional
    limit : int
        Iterations, 1 or more.
    rate : float
        How fast reinforcement sets in, above 0 and below 1; slower reaches more.

    Returns
    -------
    The fixed points, with the iterations in place of sweeps; period 0: none was found.

    Raises
    ------
    BadInput
        A value is none of these, or links join too many spins.

    References
    ----------
    Braunstein and Zecchina, Phys. Rev. Lett. 96, 030201 (2006); as a focusing of belief propagation
    on dense regions: Baldassi et al., PNAS 113, E7655 (2016).

    Examples
    --------
    Two units that copy each other:

    >>> from spinspike.model.network.import_arrays import from_arrays
    >>> pair = from_arrays([[0, 1], [1, 0]], np.ones((2, 1)), np.eye(2), np.eye(2))
    >>> reinforced(pair, np.array([[-1, -1]], dtype=np.int8)).states.tolist()
    [[-1, -1]]
    """
    external = np.zeros(states.shape) if external is None else external
    _check(network, states, external, limit, rate)
    c, patterns = constraints(network), len(states)
    found, sweeps, period = states.copy(), np.full(patterns, limit), np.zeros(patterns, np.int64)
    rows, messages = np.arange(patterns), first_messages(START * states.astype(np.float64))
    for t in range(1, limit + 1):
        believed = np.arctanh(np.clip(messages.mean, -CERTAIN, CERTAIN))
        prior = (1 - (1 - rate) ** t) * believed
        messages = propagate(c, messages, external[rows], prior)
        found[rows] = sign(messages.mean)
        fixed = (sign(field(network, found[rows], external[rows])) == found[rows]).all(axis=1)
        sweeps[rows[fixed]], period[rows[fixed]] = t, 1
        rows, messages = rows[~fixed], _select(messages, ~fixed)
        if not rows.size:
            break
    return Convergence(found, sweeps, period)


def _select(messages: Messages, rows: BoolArray) -> Messages:
    return Messages(*(getattr(messages, part.name)[rows] for part in fields(messages)))


def _check(
    network: Network, states: SpinArray, external: FloatArray, limit: int, rate: float
) -> None:
    if states.ndim != 2 or states.shape[1] != network.units:
        message = f"states have shape {states.shape}; allowed: (patterns, {network.units})"
        raise BadInput(message)
    if external.shape != states.shape:
        message = f"external has shape {external.shape}; allowed: that of states, {states.shape}"
        raise BadInput(message)
    if limit < 1:
        message = f"limit is {limit} iterations; allowed: 1 or more"
        raise BadInput(message)
    if not 0 < rate < 1:
        message = f"rate is {rate}; allowed: above 0, below 1"
        raise BadInput(message)
