"""The engine for a GPU: dense matrices and whole batches, compiled by JAX, in single precision.

A network of any sparsity is dense here, with a mask of the synapses that exist: that is what a GPU
is fast at. A batch is one compiled step, which leaves the new weights where the old ones were.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from spinspike.arrays import InputArray, IntArray, SparseMatrix, SpinArray
from spinspike.errors import BadInput, MissingPart
from spinspike.model.network.dynamics import Sweeps, check_inputs, label_code
from spinspike.model.network.network import Network

from .base import BatchStatistics, Course
from .jax_kernels import Batch, Given, Learned, Synapses, clamped, free, learn
from .margin_rule import fan_in

with suppress(ImportError):  # the module can be read without it, and `gpu` says what is missing
    import jax

PORTION = 2048  # patterns run at once, so that memory does not grow with their number


class JaxEngine:
    """JAX behind the contract of an engine, on any device it knows.

    Each batch waits for its two counts; the weights stay on the device until ``network()``.

    Parameters
    ----------
    device : jax.Device, optional
        Where to compute, as `gpu` finds it; by default where JAX would.

    Raises
    ------
    MissingPart
        JAX is not installed.
    """

    def __init__(
        self, network: Network, course: Course, *, device: jax.Device | None = None
    ) -> None:
        _check_jax()
        self._origin, self._course = network, course
        self._learned, self._given = jax.device_put((_learned(network), _given(network)), device)
        modules, static = len(network.modules), ("modules", "course")
        compiled = jax.jit(learn, static_argnames=static, donate_argnums=0)
        self._learn = partial(compiled, modules=modules, course=course)
        static = ("modules", "sweeps")
        self._free = partial(jax.jit(free, static_argnames=static), modules=modules)
        self._clamped = partial(jax.jit(clamped, static_argnames=static), modules=modules)

    def learn(
        self, inputs: InputArray, labels: IntArray, *, factor: float, rng: np.random.Generator
    ) -> BatchStatistics:
        """One batch: steer, release, consolidate; ``factor`` multiplies rates and decays."""
        course, sweeps = self._course, self._course.sweeps
        shown, code = self._show(inputs, labels)
        shape = len(inputs), self._origin.units
        update_mask = read_mask = sweeps.update_mask(rng, (sweeps.clamped + sweeps.free, *shape))
        if course.readout_states == "free":
            read_mask = sweeps.update_mask(rng, (course.evaluation, *shape))
        batch = Batch(shown, code, update_mask, read_mask, factor)
        self._learned, counts = self._learn(self._learned, self._given, batch)
        weak, flips = (np.asarray(counts) / np.prod(shape)).tolist()
        return BatchStatistics(weak=weak, flips=flips)

    def free(self, inputs: InputArray, *, sweeps: int) -> SpinArray:
        """States that the input alone leads to, (B, H)."""
        shown, _ = self._show(inputs)
        states = [
            np.asarray(self._free(self._learned, self._given, shown[rows], sweeps=sweeps))
            for rows in _portions(len(shown))
        ]
        return np.concatenate(states)

    def clamped(
        self, inputs: InputArray, labels: IntArray, *, sweeps: Sweeps
    ) -> tuple[SpinArray, SpinArray]:
        """States at the release and after it, each (B, H); every spin moves in every sweep."""
        shown, code = self._show(inputs, labels)
        run = partial(self._clamped, self._learned, self._given, sweeps=sweeps)
        pairs = [np.asarray(run(shown[rows], code[rows])) for rows in _portions(len(shown))]
        held, settled = np.concatenate(pairs, axis=1)
        return held, settled

    def network(self) -> Network:
        """The weights as they are now."""
        origin, now = self._origin, jax.device_get(self._learned)
        return replace(
            origin,
            coupling=_same_places(origin.coupling, now.coupling),
            input_weight=_same_places(origin.input_weight, now.input_weight),
            bias=now.bias.astype(np.float64),
            readout=now.readout.astype(np.float64),
        )

    def _show(self, inputs: InputArray, labels: IntArray | None = None) -> tuple[Any, Any]:
        """Inputs and the code of their labels, checked, in single precision."""
        check_inputs(self._origin, inputs)
        shown = inputs.astype(np.float32)
        if labels is None:
            return shown, None
        if labels.shape != (len(shown),):
            message = f"labels have shape {labels.shape}; allowed: one for each of {len(shown)}"
            raise BadInput(message)
        return shown, label_code(labels, self._origin.classes).astype(np.float32)


def gpu() -> jax.Device:
    """First GPU that JAX can use.

    Raises
    ------
    MissingPart
        JAX is not installed, or sees no GPU.
    """
    _check_jax()
    try:
        return jax.devices("gpu")[0]
    except RuntimeError as error:
        message = (
            "device gpu: JAX sees only CPUs; install jax with its CUDA plugin, "
            "pip install 'jax[cuda12]', or take --device cpu"
        )
        raise MissingPart(message) from error


def _check_jax() -> None:
    if find_spec("jax") is None:
        message = "device gpu needs jax: pip install 'spinspike[gpu]'"
        raise MissingPart(message)


def _learned(network: Network) -> Learned:
    return Learned(
        coupling=_single(network.coupling.toarray()),
        input_weight=_single(network.input_weight.toarray()),
        bias=_single(network.bias),
        readout=_single(network.readout),
    )


def _given(network: Network) -> Given:
    read_out = (network.readout != 0).any(axis=0)
    return Given(
        self_coupling=_single(network.self_coupling),
        link=_single(network.link.toarray()) if network.link.nnz else None,
        supervisory=_single(network.supervisory),
        centre=_single(network.centre),
        gain=_single(network.gain),
        coupling=_synapses(network.coupling),
        input_weight=_synapses(network.input_weight),
        readout=Synapses(read_out, _single(max(1, np.count_nonzero(read_out)))),
    )


def _synapses(matrix: SparseMatrix) -> Synapses:
    places = np.ones(matrix.nnz, np.bool_), matrix.indices, matrix.indptr
    exist = csr_array(places, shape=matrix.shape).toarray()
    return Synapses(exist, _single(fan_in(matrix)))


def _single(values: Any) -> Any:
    return np.array(values, np.float32)


def _same_places(matrix: SparseMatrix, dense: NDArray[np.float32]) -> SparseMatrix:
    """A matrix with the same synapses, and weights as in the dense one."""
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    values = dense[rows, matrix.indices].astype(np.float64)
    return csr_array((values, matrix.indices, matrix.indptr), shape=matrix.shape)


def _portions(patterns: int) -> Iterator[slice]:
    return (slice(start, start + PORTION) for start in range(0, max(patterns, 1), PORTION))
