"""The authors' own library, darnax, ready to be run beside this one.

It needs darnax with its JAX (the CPU build will do) and nothing of spinspike. The network, the
optimiser with one rate per matrix, the trainer and the weight decay after each batch are put
together as in darnax's tutorial 09; only the initial weights are given instead of drawn. Arrays are
oriented as darnax uses them, sender first: ``x @ W``, ``s @ J``, ``s @ V``, ``label @ B``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters in the authors' terms; rates and decays are the nominal ones.

    A sparsity above 0 selects darnax's masked modules, and it divides the rate of its matrix by
    √(1 - sparsity) and the decay likewise, as published.
    """

    self_coupling: float  # J_D, the diagonal of J
    margin_in: float
    margin_j: float
    margin_out: float
    rate_in: float
    rate_j: float
    rate_out: float
    decay_in: float = 0.0
    decay_j: float = 0.0
    decay_out: float = 0.0
    sparsity_in: float = 0.0
    sparsity_j: float = 0.0
    warmup: int = 1
    clamped: int = 5
    free: int = 5
    evaluation: int = 5  # sweeps after the warm-up
    compiled_decay: bool = False  # True: one compiled call; False: as published, piece by piece


@dataclass
class Side:
    """A darnax trainer with what its loop carries along."""

    trainer: Any
    hyper: Hyper
    key: Any
    decay: Any
    compiled: dict[int, Any] = field(default_factory=dict)  # free runs by number of sweeps


def build(weights: dict[str, Floats], hyper: Hyper, *, seed: int = 0) -> Side:
    """Put darnax's network and trainer together around given weights.

    Parameters
    ----------
    weights
        ``W`` (inputs, units), ``J`` (units, units) with the self-couplings on its diagonal,
        ``V`` (units, classes) and the frozen ``B`` (classes, units). Of a sparse matrix the
        synapses that exist are those that are not zero.
    hyper
        Hyper-parameters.
    seed
        Of darnax's random key, which the published dynamics carry along but never use.
    """
    import equinox as eqx
    import jax
    import optax
    from darnax.layer_maps.sparse import LayerMap
    from darnax.modules.fully_connected import (
        FrozenRescaledFullyConnected,
        FullyConnected,
        SparseFullyConnected,
    )
    from darnax.modules.input_output import OutputLayer
    from darnax.modules.recurrent import RecurrentDiscrete, SparseRecurrentDiscrete
    from darnax.orchestrators.sequential import SequentialOrchestrator
    from darnax.states.sequential import SequentialState
    from darnax.trainers.dynamical import DynamicalTrainer

    inputs, units = weights["W"].shape
    classes = weights["V"].shape[1]
    if not np.allclose(np.diag(weights["J"]), hyper.self_coupling):
        msg = "the diagonal of J differs from the self-coupling"
        raise ValueError(msg)
    keys = jax.random.split(jax.random.key(seed), 4)
    win: Any
    core: Any
    if hyper.sparsity_in:
        win = SparseFullyConnected(inputs, units, 1.0, hyper.margin_in, hyper.sparsity_in, keys[0])
    else:
        win = FullyConnected(inputs, units, 1.0, hyper.margin_in, keys[0])
    if hyper.sparsity_j:
        core = SparseRecurrentDiscrete(
            units, hyper.self_coupling, hyper.sparsity_j, hyper.margin_j, keys[1]
        )
    else:
        core = RecurrentDiscrete(units, hyper.self_coupling, hyper.margin_j, keys[1])
    wback = FrozenRescaledFullyConnected(classes, units, 1.0, 0.0, keys[2])
    wout = FullyConnected(units, classes, 1.0, hyper.margin_out, keys[3])

    win = _replaced(win, "W", weights["W"])
    core = _replaced(core, "J", weights["J"])
    wback = _replaced(wback, "W", weights["B"])
    wout = _replaced(wout, "W", weights["V"])
    if hyper.sparsity_in:
        win = _replaced(win, "_mask", weights["W"] != 0)
    if hyper.sparsity_j:
        core = _replaced(core, "_mask", (weights["J"] != 0) & ~np.eye(units, dtype=bool))

    layers = {1: {0: win, 1: core, 2: wback}, 2: {1: wout, 2: OutputLayer()}}
    orchestrator = SequentialOrchestrator(layers=LayerMap.from_dict(layers))
    optimizer = optax.multi_transform(
        {
            "default": optax.sgd(learning_rate=0.0),
            "w_in": optax.sgd(learning_rate=_sparse_rate(hyper.rate_in, hyper.sparsity_in)),
            "j": optax.sgd(learning_rate=_sparse_rate(hyper.rate_j, hyper.sparsity_j)),
            "w_out": optax.sgd(learning_rate=hyper.rate_out),
        },
        _rate_labels(orchestrator),
    )
    trainer: Any = DynamicalTrainer(
        orchestrator=orchestrator,
        state=SequentialState((inputs, units, classes)),
        optimizer=optimizer,
        optimizer_state=optimizer.init(eqx.filter(orchestrator, eqx.is_inexact_array)),
        warmup_n_iter=hyper.warmup,
        train_clamped_n_iter=hyper.clamped,
        train_free_n_iter=hyper.free,
        eval_n_iter=hyper.evaluation,
    )
    decay = _decay(hyper, inputs, units)
    return Side(
        trainer=trainer,
        hyper=hyper,
        key=jax.random.key(seed),
        decay=eqx.filter_jit(decay) if hyper.compiled_decay else decay,
    )


def batches(inputs: Floats, labels: Integers, order: Integers, size: int) -> list[tuple[Any, Any]]:
    """Batches of these samples in this order as darnax wants them: on its device, labels in ±1."""
    import jax.numpy as jnp

    signs = np.where(np.eye(int(labels.max()) + 1, dtype=bool)[labels], 1, -1).astype(np.float32)
    found = [
        (jnp.asarray(inputs[some], dtype=jnp.float32), jnp.asarray(signs[some]))
        for some in np.split(order, range(size, len(order), size))
    ]
    _wait(found)
    return found


def train_epoch(state: Side, batches: Iterable[tuple[Any, Any]]) -> Side:
    """Learn these batches one after the other, and wait until the last weight is there."""
    trainer = state.trainer
    for inputs, labels in batches:
        state.key = trainer.train_step(inputs, labels, state.key)
        trainer.orchestrator = state.decay(trainer.orchestrator)
    _wait(trainer.orchestrator)
    return state


def evaluate(state: Side, inputs: Floats, *, size: int = 16) -> Integers:
    """Predicted labels from darnax's own evaluation step, ``size`` samples at a time."""
    import jax.numpy as jnp

    trainer = state.trainer
    left = trainer.state  # a state of another batch size would make JAX compile once more
    classes = trainer.orchestrator.lmap[2][1].W.shape[1]
    found: list[Integers] = []
    for some in _slices(len(inputs), size):
        chunk = jnp.asarray(inputs[some], dtype=jnp.float32)
        unknown = jnp.zeros((len(chunk), classes), dtype=jnp.float32)  # serves its accuracy only
        trainer.state = left
        state.key, _ = trainer.eval_step(chunk, unknown, state.key)
        found.append(np.asarray(jnp.argmax(trainer.state.readout, axis=-1), dtype=np.int64))
    trainer.state = left
    return np.concatenate(found)


def weights(state: Side) -> dict[str, Floats]:
    """The current ``W``, ``J``, ``V`` and ``B``, oriented as given."""
    layers = state.trainer.orchestrator.lmap
    return {
        "W": np.array(layers[1][0].W),
        "J": np.array(layers[1][1].J),
        "V": np.array(layers[2][1].W),
        "B": np.array(layers[1][2].W),
    }


def free_states(state: Side, inputs: Floats, sweeps: int, *, size: int = 256) -> Floats:
    """Hidden spins after so many unsupervised sweeps from zero, the warm-up counted in."""
    import equinox as eqx
    import jax.numpy as jnp
    from darnax.trainers.utils import scan_n

    if sweeps not in state.compiled:

        def run(orchestrator: Any, start: Any, samples: Any, key: Any) -> Any:
            carry = (start.init(samples), key)
            (end, _), _ = scan_n(orchestrator.step, carry, sweeps, filter_messages="forward")
            return end[1]

        state.compiled[sweeps] = eqx.filter_jit(run)
    run = state.compiled[sweeps]
    trainer = state.trainer
    found = [
        run(trainer.orchestrator, trainer.state, jnp.asarray(inputs[some], jnp.float32), state.key)
        for some in _slices(len(inputs), size)
    ]
    return np.concatenate([np.asarray(part) for part in found])


def _wait(tree: Any) -> None:
    import jax

    for leaf in jax.tree.leaves(tree):
        leaf.block_until_ready()


def _slices(total: int, size: int) -> Iterator[slice]:
    return (slice(start, start + size) for start in range(0, total, size))


def _replaced(module: Any, name: str, value: npt.NDArray[Any]) -> Any:
    import equinox as eqx
    import jax.numpy as jnp

    old = getattr(module, name)
    if old.shape != value.shape:
        msg = f"{name}: {value.shape} instead of {old.shape}"
        raise ValueError(msg)
    return eqx.tree_at(lambda m: getattr(m, name), module, jnp.asarray(value, dtype=old.dtype))


def _rate_labels(orchestrator: Any) -> Any:
    """For each leaf the name of its rate (the tutorial's ``make_lr_map_v2``)."""
    import equinox as eqx
    import jax

    parameters = eqx.filter(orchestrator, eqx.is_inexact_array)
    labels = jax.tree.map(lambda _: "default", parameters)
    for (row, column), name in {(1, 0): "w_in", (1, 1): "j", (2, 1): "w_out"}.items():
        named = jax.tree.map(lambda _, name=name: name, parameters.lmap[row][column])
        labels = eqx.tree_at(lambda m, r=row, c=column: m.lmap[r][c], labels, replace=named)
    return labels


def _sparse_rate(rate: float, sparsity: float) -> Any:
    import jax.numpy as jnp

    return rate / jnp.sqrt(1.0 - sparsity) if sparsity else rate


def _decay(hyper: Hyper, inputs: int, units: int) -> Any:
    """The tutorial's decay; √.1 is its correction of rates found before it knew sparsity."""
    import equinox as eqx

    lost_in = (
        hyper.decay_in * hyper.rate_in / inputs**0.5 * 0.1**0.5 / (1 - hyper.sparsity_in) ** 0.5
    )
    lost_j = hyper.decay_j * hyper.rate_j / units**0.5 * 0.1**0.5 / (1 - hyper.sparsity_j) ** 0.5
    lost_out = hyper.decay_out * hyper.rate_out / units**0.5

    def apply(orchestrator: Any) -> Any:
        core = orchestrator.lmap[1][1]  # its mask spares the diagonal
        new = (
            orchestrator.lmap[1][0].W * (1.0 - lost_in),
            core.J * (1.0 - lost_j * core._mask),
            orchestrator.lmap[2][1].W * (1.0 - lost_out),
        )
        return eqx.tree_at(
            lambda m: (m.lmap[1][0].W, m.lmap[1][1].J, m.lmap[2][1].W), orchestrator, new
        )

    return apply
