"""The fixed points of a network that learned: those of training inputs, and free ones."""

from __future__ import annotations

import numpy as np

from spinspike.arrays import SpinArray
from spinspike.model.data.dataset import Split
from spinspike.model.learning.devices import exact_engine
from spinspike.model.network.dynamics import Sweeps, is_fixed
from spinspike.model.network.fixed_points import FixedPoints, _portions
from spinspike.model.network.network import Network

SETTLE = 100  # sweeps granted to reach a fixed point


def learned_fixed_points(network: Network, split: Split, *, clamped: int = 5) -> FixedPoints:
    """Where training inputs end after warm-up, clamp with their label, and release.

    Inputs whose dynamics do not settle within 100 sweeps have no fixed point and are left out.

    Parameters
    ----------
    network : Network
    split : Split
        Inputs (P, D) with the labels to clamp.
    clamped : int >= 0
        Sweeps with the label.
    """
    sweeps = Sweeps(clamped=clamped, free=SETTLE)
    runner = exact_engine(network, len(split))
    states = runner.clamped(split.inputs, split.labels, sweeps=sweeps)[1]
    return _settled(network, split, states)


def free_fixed_points(network: Network, split: Split) -> FixedPoints:
    """Where inputs end by themselves, the label never shown.

    Parameters
    ----------
    network : Network
    split : Split
        Inputs (P, D), with labels that are noted and never used.
    """
    runner = exact_engine(network, len(split))
    return _settled(network, split, runner.free(split.inputs, sweeps=SETTLE))


def _settled(network: Network, split: Split, states: SpinArray) -> FixedPoints:
    keep = [is_fixed(network, split.inputs[rows], states[rows]) for rows in _portions(len(split))]
    points = FixedPoints(split.inputs, split.labels, states)
    return points.select(np.concatenate(keep) if keep else slice(0))
