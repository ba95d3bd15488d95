"""What may reach the manifold of fixed points, by name; all are called alike."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from spinspike.arrays import FloatArray, SpinArray
from spinspike.model.network.network import Network

from .convergence import Convergence, converge
from .reinforcement import reinforced
from .replicated import replicated


def _reinforced(
    network: Network,
    states: SpinArray,
    *,
    rng: np.random.Generator,
    external: FloatArray | None = None,
    limit: int = 1000,
) -> Convergence:
    """Nothing in it is random but where it starts."""
    return reinforced(network, states, external=external, limit=limit)


# f(network, states (P, H), rng=..., external=None or (P, H), limit=1000)
ALGORITHMS: dict[str, Callable[..., Convergence]] = {
    "asynchronous": partial(converge, order="asynchronous"),
    "synchronous": partial(converge, order="synchronous"),
    "replicated": replicated,
    "reinforced": _reinforced,
}
