"""Whatever an algorithm calls a fixed point is one of those found by looking at every state."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from spinspike.model.landscape.search.algorithms import ALGORITHMS
from spinspike.model.landscape.search.convergence import random_states
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.network import random_network


@pytest.mark.parametrize("name", ALGORITHMS)
@pytest.mark.parametrize("strength", [0.0, 0.5])
def test_what_is_called_a_fixed_point_is_one(
    name: str, strength: float, every_state: Callable[[int], NDArray[np.int8]]
) -> None:
    """Two linked modules, with an external field and without; ends of other runs are none."""
    architecture = Architecture(
        units=5, inputs=1, classes=2, modules=2, link=0.2, self_coupling=0.1, sparsity=0.0
    )
    states, both = every_state(10), set()
    for seed in range(6):
        rng = np.random.default_rng(seed)
        network = random_network(architecture, rng, centre=np.zeros(1))
        e = strength * rng.normal(size=10)
        J = network.coupling.toarray() + network.link.toarray() + np.diag(network.self_coupling)
        held = {tuple(s) for s in states[((states @ J.T + e >= 0) == (states > 0)).all(axis=1)]}
        start = random_states(network, 8, rng)
        external = np.tile(e, (8, 1)) if strength else None
        end = ALGORITHMS[name](network, start, rng=rng, external=external, limit=40)
        assert [tuple(s) in held for s in end.states] == end.fixed.tolist()
        both |= set(end.fixed.tolist())
    assert both == {True, False}
