"""Patterns into a network: one call."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from spinspike.arrays import BoolArray, SpinArray
from spinspike.errors import BadInput
from spinspike.model.network.dynamics import is_fixed
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.model.network.import_arrays import from_arrays
from spinspike.model.network.network import Network
from spinspike.model.network.network_file import NetworkFile
from spinspike.task import Progress

from .capacity import capacity
from .patterns import Patterns, patterns_of, refuse_contradictions
from .rules import (
    RULES,
    Coupled,
    MarginOptions,
    covariance,
    hebb,
    margin,
    pseudo_inverse,
    storkey,
)

PATTERNS_PER_BATCH = 256  # patterns whose fields are looked at together


def store(
    patterns: ArrayLike | Patterns,
    rule: str = "pseudo-inverse",
    *,
    self_coupling: float = 0.0,
    coding_level: float | None = None,
    how: MarginOptions = MarginOptions(),  # noqa: B008  (frozen)
    progress: Progress | None = None,
) -> NetworkFile:
    """Store patterns in an associative memory: a network without inputs and classes.

    Parameters
    ----------
    patterns : (P, H), or (P, rows, columns)
        All entries -1 and +1, or all 0 and 1.
    rule : str
        One of `RULES`: "hebb", "storkey", "pseudo-inverse", "margin", "covariance".
    self_coupling : float
        J_D of all units, 0 or more; it holds a state, and makes basins smaller.
    coding_level : float, optional
        Of ``covariance``: fraction of units that are up; that of the patterns when not given.
    how : MarginOptions
        Of ``margin``: margin, step and epochs.
    progress : callable, optional
        Told how much is done, of how much, where it takes time.

    Returns
    -------
    NetworkFile
        The network; the patterns as its "learned" states, held or not; and where from, with the
        load beside the rule's limit, and the patterns that are no fixed points by number.

    Raises
    ------
    BadInput
        Patterns are not what they must be, equal, or contradict each other.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> memory = store(rng.choice([-1, 1], (10, 200)), "hebb")
    >>> print(memory.network)
    <Network: 200 units in 1 modules, 0 inputs, 0 classes, 29,928 couplings>
    >>> memory.provenance["held"]
    10
    """
    if rule not in RULES:
        message = f"rule is {rule!r}; allowed: {', '.join(RULES)}"
        raise BadInput(message)
    if not 0 <= self_coupling < np.inf:
        message = f"self_coupling is {self_coupling}; allowed: a finite number, 0 or more"
        raise BadInput(message)
    if coding_level is not None and rule != "covariance":
        message = f"coding_level is {coding_level:g} with {rule}; allowed with covariance alone"
        raise BadInput(message)
    given = patterns_of(patterns)
    states = given.states
    refuse_contradictions(states, self_coupling=self_coupling > 0, bias=rule == "covariance")
    begun = time.perf_counter()
    made = _couple(states, rule, coding_level, how, progress)
    network = from_arrays(made.coupling, J_D=self_coupling, bias=made.bias)
    fixed = held(network, states)
    load = capacity(rule, len(states), states.shape[1], given.activity)
    provenance: dict[str, Any] = {
        "data": f"{len(states)} patterns",
        "rule": rule,
        "unit_values": list(given.values),
        "load": load.load,
        "limit": load.limit,
        "capacity": load.sentence,
        "held": int(fixed.sum()),
        "not_held": np.flatnonzero(~fixed).tolist(),
        "epochs": made.epochs,
        "seconds": round(time.perf_counter() - begun, 3),
    }
    if given.image_shape is not None:
        provenance["image_shape"] = list(given.image_shape)
    return NetworkFile(network, {"learned": memories(states)}, provenance)


def memories(states: SpinArray) -> FixedPoints:
    """States as the fixed points of a network that has neither inputs nor classes.

    Parameters
    ----------
    states : (P, H)
        In -1 and +1.
    """
    count = len(states)
    return FixedPoints(np.zeros((count, 0)), np.zeros(count, dtype=np.int64), states)


def held(network: Network, states: SpinArray) -> BoolArray:
    """Which states are fixed points of a network without inputs, (P,).

    Parameters
    ----------
    network : Network
    states : (P, H)
        In -1 and +1.
    """
    parts = (
        states[start : start + PATTERNS_PER_BATCH]
        for start in range(0, len(states), PATTERNS_PER_BATCH)
    )
    found = [is_fixed(network, np.zeros((len(part), 0)), part) for part in parts]
    return np.concatenate(found) if found else np.zeros(0, dtype=np.bool_)


def _couple(
    states: SpinArray,
    rule: str,
    level: float | None,
    how: MarginOptions,
    progress: Progress | None,
) -> Coupled:
    match rule:
        case "hebb":
            return hebb(states)
        case "storkey":
            return storkey(states, progress)
        case "pseudo-inverse":
            return pseudo_inverse(states)
        case "margin":
            return margin(states, how, progress)
        case _:
            return covariance(states, level)
