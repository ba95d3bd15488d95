"""A network of darnax, the authors' library, does here what it does there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from spinspike.errors import BadInput
from spinspike.model.data.dataset import Split
from spinspike.model.network.dynamics import is_fixed, predict, run_free
from spinspike.model.network.import_arrays import from_orchestrator
from spinspike.model.training.settled import free_fixed_points

INPUTS, UNITS, CLASSES, PATTERNS, SWEEPS = 12, 60, 3, 300, 100


def orchestrator() -> Any:
    """A fresh darnax network of one module, coupled strongly enough to move for some sweeps."""
    import jax
    from darnax.layer_maps.sparse import LayerMap
    from darnax.modules.fully_connected import FrozenRescaledFullyConnected, FullyConnected
    from darnax.modules.input_output import OutputLayer
    from darnax.modules.recurrent import RecurrentDiscrete
    from darnax.orchestrators.sequential import SequentialOrchestrator

    keys = jax.random.split(jax.random.key(3), 4)
    layers = {
        1: {
            0: FullyConnected(INPUTS, UNITS, 1.0, 1.0, keys[0]),
            1: RecurrentDiscrete(UNITS, 0.8, 1.0, keys[1]),
            2: FrozenRescaledFullyConnected(CLASSES, UNITS, 2.0, 0.0, keys[2]),
        },
        2: {1: FullyConnected(UNITS, CLASSES, 1.0, 1.0, keys[3]), 2: OutputLayer()},
    }
    return SequentialOrchestrator(layers=LayerMap.from_dict(layers))


def run(network: Any, inputs: Any, sweeps: int) -> Any:
    """States after so many of darnax's own sweeps without a label."""
    import jax
    import jax.numpy as jnp
    from darnax.states.sequential import SequentialState
    from darnax.trainers.utils import scan_n

    state = SequentialState((INPUTS, UNITS, CLASSES)).init(jnp.asarray(inputs))
    carry = state, jax.random.key(0)
    (end, _), _ = scan_n(network.step, carry, sweeps, filter_messages="forward")
    return np.asarray(end[1])


@pytest.mark.darnax
def test_free_runs_end_in_the_same_states_and_fixed_points() -> None:
    theirs, inputs = orchestrator(), np.random.default_rng(0).normal(size=(PATTERNS, INPUTS))
    ours = from_orchestrator(theirs, input_range=(-9.0, 9.0))
    inputs = inputs.astype(np.float32)
    states = run(theirs, inputs, SWEEPS)
    assert np.array_equal(run_free(ours, inputs, sweeps=SWEEPS - 1), states)
    after = run(theirs, inputs, SWEEPS + 1)
    fixed = (after == states).all(axis=1)
    assert fixed.mean() > 0.5
    assert np.array_equal(is_fixed(ours, inputs, states.astype(np.int8)), fixed)
    points = free_fixed_points(ours, Split(inputs, np.zeros(PATTERNS, np.int64)))
    assert np.array_equal(points.states, states[fixed])
    scores = states @ np.asarray(theirs.lmap[2][1].W)
    assert np.array_equal(predict(ours, states.astype(np.int8)), scores.argmax(axis=1))


@pytest.mark.parametrize(
    "layers",
    [{}, {1: {0: SimpleNamespace(W=np.ones((2, 3)))}}, {1: {0: SimpleNamespace(J=1)}, 2: {}}],
)
def test_other_layers_are_refused(layers: Any) -> None:
    with pytest.raises(BadInput, match=r"the orchestrator lacks .*; allowed: W at lmap\[1\]\[0\]"):
        from_orchestrator(SimpleNamespace(lmap=layers))
