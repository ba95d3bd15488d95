"""The few directions in which a network with small couplings learns, as a network of their own.

All derivatives are sums of products of u, v, W and W^T. Without couplings they stay in the plane of u
and v; to first order in W_0 in the span of u, v, W_0 u, W_0^T u, W_0 v and W_0^T v, and so on. An order
adds as many directions as the words of that length have, whatever N is.
"""

from __future__ import annotations

import numpy as np

from spinspike.errors import BadInput

from .linear_network import LinearNetwork

SAME = 1e-9  # directions that differ by less are one


def subspace(network: LinearNetwork, *, order: int = 2) -> LinearNetwork:
    """The network as it is within the span of u, v and the words of up to so many W and W^T on them.

    Its gradient flow has the outliers and the response of the full network's, up to terms of order
    sigma^(order + 1); with order 0 it is the plane of `reduced.pair`.

    Parameters
    ----------
    order : int
        0, 1, 2, ...: at most 2, 6, 14, ... units.

    Raises
    ------
    BadInput
        ``order`` is negative.

    Examples
    --------
    >>> from spinspike.model.integrator.linear_network import draw
    >>> blank = draw(50, np.random.default_rng(0), spread=0.05, alignment=0.0)
    >>> [subspace(blank, order=order).units for order in (0, 1, 2)]
    [2, 6, 14]
    """
    if order < 0:
        message = f"order is {order}; allowed: 0 or more"
        raise BadInput(message)
    W = network.coupling
    words = [np.stack([network.input_weight, network.readout], axis=1)]
    for _ in range(order):
        words.append(np.concatenate([W @ words[-1], W.T @ words[-1]], axis=1))
    directions = np.concatenate(words, axis=1)
    lengths = np.linalg.norm(directions, axis=0)
    directions = directions[:, lengths > 0] / lengths[lengths > 0]
    axes, sizes, _ = np.linalg.svd(directions, full_matrices=False)
    axes = axes[:, sizes > SAME]
    return LinearNetwork(axes.T @ W @ axes, axes.T @ network.input_weight, axes.T @ network.readout)
