"""How few bits of weight still hold a fixed point."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spinspike.model.arrays import IntArray
from spinspike.model.errors import OutOfRange
from spinspike.model.fixed_points import FixedPoints
from spinspike.model.network import Network

from .certificate import certified
from .mapper import map_network
from .rounding import FULL_BITS, Rounding

NONE = FULL_BITS + 1  # the width of states that not even 8 bits hold


def smallest_bits(
    network: Network,
    points: FixedPoints,
    *,
    encoding: str = "dale",
    rounding: Rounding = Rounding(),  # noqa: B008  (frozen)
    seed: int = 0,
) -> IntArray:
    """Fewest bits at which a state is certified, and at every larger width up to 8 as well; (P,).

    Parameters
    ----------
    network : Network
    points : FixedPoints
        Clipping at fewer than 8 bits is chosen by these, as by the learned ones in `map_network`.
    encoding : {"signed", "dale", "pushpull"}
    rounding : Rounding
        All but its ``weight_bits``.
    seed : int
        Of stochastic rounding.

    Returns
    -------
    array of int
        1 … 8; 9 for states that are not certified even at 8 bits. A width at which the network
        does not fit the registers holds none.
    """
    found = np.full(len(points), NONE)
    for bits in range(FULL_BITS, 0, -1):
        try:
            graph = map_network(
                network,
                {"learned": points},
                encoding=encoding,
                rounding=replace(rounding, weight_bits=bits),
                on_chip_readout=False,
                seed=seed,
            )
        except OutOfRange:
            break
        held = certified(graph, points) & (found == bits + 1)
        if not held.any():
            break
        found[held] = bits
    return found
