"""What a batch of the local rule is to JAX: dense matrices, masks, and loops that it compiles."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from spinspike.model.network.dynamics import Sweeps

from .base import Course
from .margin_rule import MarginRule

with suppress(
    ImportError
):  # the module can be read without it, and `jax_engine` says what it needs
    import jax
    import jax.numpy as jnp


class Learned(NamedTuple):
    """Weights that learn, zero where there is no synapse."""

    coupling: jax.Array  # (H, H) J, without diagonal and links
    input_weight: jax.Array  # (H, D)
    bias: jax.Array  # (H,)
    readout: jax.Array  # (C, H)


class Synapses(NamedTuple):
    """Which synapses of a matrix exist, and how many of them a unit has on average."""

    exist: jax.Array  # of the shape of the matrix, or of one row
    fan_in: jax.Array  # ()


class Given(NamedTuple):
    """What no step of the rule changes."""

    self_coupling: jax.Array  # (H,)
    link: jax.Array | None  # (H, H)
    supervisory: jax.Array  # (H, C)
    centre: jax.Array  # (D,)
    gain: jax.Array  # ()
    coupling: Synapses
    input_weight: Synapses
    readout: Synapses


class Batch(NamedTuple):
    """What one step of learning takes from outside; a mask without entries are everyone's."""

    inputs: Any  # (B, D)
    code: Any  # (B, C) of the labels, as Wback sees it
    update_mask: Any  # (clamped and free sweeps, B, H)
    read_mask: Any  # (evaluation, B, H)
    factor: float  # of rates and decays


class Fields(NamedTuple):
    """What the fields of a batch are made of."""

    recurrent: jax.Array  # (H, H) J + link
    self_coupling: jax.Array  # (H,)
    external: jax.Array  # (B, H) Win (x - centre) gain + b

    def at(self, spins: jax.Array) -> jax.Array:
        """(J + link) s + J_D s + external, (B, H)."""
        return _product(spins, self.recurrent.T) + self.self_coupling * spins + self.external


def learn(
    learned: Learned, given: Given, batch: Batch, *, modules: int, course: Course
) -> tuple[Learned, jax.Array]:
    """The weights after a batch, and how many units were weak and how many flipped, (2,)."""
    rule, fields = course.rule, _fields(learned, given, batch.inputs)
    start = _warm_up(fields, modules)
    held, settled = _clamp_and_release(
        given, fields, start, batch.code, course.sweeps, batch.update_mask
    )
    read = settled
    if course.readout_states == "free":
        read = _relax(fields, start, course.evaluation, batch.read_mask)
    margin = settled * fields.at(settled)
    weak, weak_input = margin <= rule.margin, margin <= rule.margin_of_input
    target = jnp.sign(batch.code)  # positive for the true class alone
    missed = target * _product(read, learned.readout.T) <= rule.readout_margin
    posts = weak * settled, weak_input * settled, missed * target
    pres = settled, _seen(given, batch.inputs), read
    after = _consolidate(learned, given, rule, batch.factor, posts, pres)
    return after, jnp.stack([weak.sum(), (held != settled).sum()])


def _consolidate(
    learned: Learned,
    given: Given,
    rule: MarginRule,
    factor: float,
    posts: tuple[jax.Array, ...],
    pres: tuple[jax.Array, ...],
) -> Learned:
    """One step of the rule; ``posts`` are spins or labels where they are weak, (B, targets)."""
    matrices = (
        (learned.coupling, given.coupling, rule.rate, rule.decay),
        (learned.input_weight, given.input_weight, rule.input_rate, rule.input_decay),
        (learned.readout, given.readout, rule.readout_rate, rule.readout_decay),
    )
    coupling, input_weight, readout = (
        _step(*matrix, post, pre, factor)
        for matrix, post, pre in zip(matrices, posts, pres, strict=True)
    )
    step = factor * rule.bias_rate / len(pres[0]) ** 0.5
    return Learned(coupling, input_weight, learned.bias + step * posts[1].sum(axis=0), readout)


def _step(
    weight: jax.Array,
    synapses: Synapses,
    rate: float,
    decay: float,
    post: jax.Array,
    pre: jax.Array,
    factor: float,
) -> jax.Array:
    """(Weight + rate / sqrt(fan_in B) post' pre) (1 - decay), on the synapses that exist."""
    if not rate:
        return weight
    pace = factor * rate / jnp.sqrt(synapses.fan_in * len(pre))
    weight = weight + jnp.where(synapses.exist, pace * _product(post.T, pre), 0)
    return (1 - factor * decay) * weight if decay else weight


def free(
    learned: Learned, given: Given, inputs: jax.Array, *, modules: int, sweeps: int
) -> jax.Array:
    """Where the input alone leads, (B, H)."""
    fields = _fields(learned, given, inputs)
    return _relax(fields, _warm_up(fields, modules), sweeps).astype(jnp.int8)


def clamped(
    learned: Learned,
    given: Given,
    inputs: jax.Array,
    code: jax.Array,
    *,
    modules: int,
    sweeps: Sweeps,
) -> jax.Array:
    """States at the release and after it, (2, B, H)."""
    fields = _fields(learned, given, inputs)
    everyone = np.empty((0, 0, 0), np.bool_)
    pair = _clamp_and_release(given, fields, _warm_up(fields, modules), code, sweeps, everyone)
    return jnp.stack(pair).astype(jnp.int8)


def _clamp_and_release(
    given: Given,
    fields: Fields,
    start: jax.Array,
    code: jax.Array,
    sweeps: Sweeps,
    update_mask: Any,
) -> tuple[jax.Array, jax.Array]:
    """From the warm-up on: states at the release, and after the free sweeps."""
    signal = _product(code, given.supervisory.T)
    drive = jnp.asarray(sweeps.strengths, signal.dtype), signal
    held = _relax(fields, start, sweeps.clamped, update_mask[: sweeps.clamped], drive)
    return held, _relax(fields, held, sweeps.free, update_mask[sweeps.clamped :])


def _relax(
    fields: Fields,
    spins: jax.Array,
    sweeps: int,
    update_mask: Any = None,
    drive: tuple[jax.Array, jax.Array] | None = None,
) -> jax.Array:
    """Sweep synchronously.

    Parameters
    ----------
    update_mask : (sweeps, B, H), optional
        Whose turn it is in each sweep; none, or no entries: everyone's.
    drive : (sweeps,) and (B, H), optional
        Strength of the supervisory signal in each sweep, and the signal.
    """
    strengths, signal = drive or (None, 0.0)

    def sweep(now: jax.Array, at: tuple[Any, Any]) -> tuple[jax.Array, None]:
        strength, turn = at
        field = fields.at(now)
        moved = _sign(field if strength is None else field + strength * signal)
        return (moved if turn is None else jnp.where(turn, moved, now)), None

    at = strengths, None if update_mask is None or not update_mask.size else update_mask
    reached: jax.Array = jax.lax.scan(sweep, spins, at, length=sweeps)[0]
    return reached


def _warm_up(fields: Fields, modules: int) -> jax.Array:
    """One sweep for each module, from s = 0: in the first only the external field acts."""
    return _relax(fields, _sign(fields.external), modules - 1)


def _fields(learned: Learned, given: Given, inputs: jax.Array) -> Fields:
    recurrent = learned.coupling if given.link is None else learned.coupling + given.link
    external = _product(_seen(given, inputs), learned.input_weight.T) + learned.bias
    return Fields(recurrent, given.self_coupling, external)


def _seen(given: Given, inputs: jax.Array) -> jax.Array:
    """Inputs as the network sees them, (x - centre) gain."""
    return (inputs - given.centre) * given.gain


def _sign(field: jax.Array) -> jax.Array:
    """Spins that follow their field, as floats; sign(0) = +1."""
    spins: jax.Array = jnp.where(field >= 0, 1, -1).astype(field.dtype)
    return spins


def _product(left: jax.Array, right: jax.Array) -> jax.Array:
    """Matrix product in full single precision; less would turn the sign of small fields."""
    product: jax.Array = jnp.matmul(left, right, precision="highest")
    return product
