"""How few bits of weight still hold a fixed point."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from spinspike.arrays import IntArray
from spinspike.errors import OutOfRange
from spinspike.mapping.graph.register_limits import FULL_BITS
from spinspike.mapping.mapper import map_network
from spinspike.mapping.quantisation.rounding import Rounding
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.model.network.network import Network

from .margins import certified

NONE = FULL_BITS + 1  # the width of states that not even 8 bits hold


def smallest_bits(
    network: Network,
    fixed_points: Mapping[str, FixedPoints],
    *,
    rounding: Rounding = Rounding(),  # noqa: B008  (frozen)
    on_progress: Callable[[int, int], None] | None = None,
    **options: Any,
) -> dict[str, IntArray]:
    """Fewest bits at which a state is certified, and at every larger width up to 8 as well.

    Parameters
    ----------
    network : Network
    fixed_points : mapping
        Of each run. The learned ones have the say in clipping and consolidation that they have in
        `map_network`; the others have none.
    rounding : Rounding
        All but its ``weight_bits``.
    on_progress : callable, optional
        Called with the number of widths done, and of all.
    **options
        Others of `map_network`: encoding, consolidation, seed.

    Returns
    -------
    dict
        For each run (P,): 1 … 8; 9 for states that are not certified even at 8 bits. A width at
        which the network does not fit the registers holds none.
    """
    found = {run: np.full(len(points), NONE) for run, points in fixed_points.items()}
    for bits in range(FULL_BITS, 0, -1):
        width = replace(rounding, weight_bits=bits)
        try:
            graph = map_network(network, fixed_points, rounding=width, **options)
        except OutOfRange:
            break
        for run, points in fixed_points.items():
            found[run][certified(graph, points) & (found[run] == bits + 1)] = bits
        if on_progress:
            on_progress(NONE - bits, FULL_BITS)
        if not any((run == bits).any() for run in found.values()):
            break
    return found
