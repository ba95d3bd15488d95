"""The fast engine for processors: compiled kernels on sparse rows, sixteen patterns at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from scipy.sparse import coo_array, csr_array

from spinspike.arrays import BoolArray, FloatArray, InputArray, IntArray, SparseMatrix, SpinArray
from spinspike.model.network.dynamics import Sweeps, check_inputs, check_labels, label_code
from spinspike.model.network.network import Network

from .base import BatchStatistics, Course
from .margin_rule import fan_in
from .numba_kernels import (
    Phase,
    Rows,
    State,
    Weights,
    Workspace,
    add_outer,
    clamp_and_release,
    run_clamped,
    run_free,
    see,
)
from .numba_simd import WIDTH

Block = NDArray[Any]  # (rows, 16)
SHORT = 64  # rows of fewer synapses are treated as sparse, contiguous or not


class NumbaEngine:
    """Kernels behind the contract of an engine.

    Parameters
    ----------
    dtype
        float32 for learning, float64 for states that have to be exact.
    threads : int
        Threads of runs without learning; results do not depend on it.
    """

    def __init__(
        self, network: Network, course: Course, *, dtype: DTypeLike = np.float32, threads: int = 2
    ) -> None:
        self._origin, self._course, self._threads = network, course, threads
        self._dtype = np.dtype(dtype)
        self._order, coupling = _with_diagonal(network.coupling, network.self_coupling)
        self._diagonal = np.flatnonzero(self._order >= network.coupling.nnz)
        readout = _existing_columns(network.readout)
        self._weights = Weights(
            coupling=_rows(coupling, self._dtype),
            link=_rows(network.link, self._dtype),
            input_weight=_rows(network.input_weight, self._dtype),
            readout=_rows(readout, self._dtype),
            bias=network.bias.astype(self._dtype),
            supervisory=network.supervisory.astype(self._dtype),
            centre=network.centre.astype(self._dtype),
            gain=network.gain,
            modules=len(network.modules),
        )
        self._fans = (fan_in(network.coupling), fan_in(network.input_weight), fan_in(readout))
        self._workspaces: list[Workspace] = []  # of the blocks of a batch, used again and again

    def learn(
        self, inputs: InputArray, labels: IntArray, *, factor: float, rng: np.random.Generator
    ) -> BatchStatistics:
        """One batch: steer, release, consolidate; ``factor`` multiplies rates and decays."""
        check_inputs(self._origin, inputs)
        check_labels(labels, len(inputs))
        course, rule, batch, units = self._course, self._course.rule, len(inputs), self._units
        sweeps, read_free = course.sweeps, course.readout_states == "free"
        update_mask = sweeps.update_mask(rng, (sweeps.clamped + sweeps.free, batch, units))
        read_mask = (
            sweeps.update_mask(rng, (course.evaluation, batch, units)) if read_free else update_mask
        )
        weak = flips = 0
        for number, rows in enumerate(_blocks(batch)):
            if number == len(self._workspaces):
                self._workspaces.append(self._workspace())
            self._show(inputs[rows], self._workspaces[number])
            counts = clamp_and_release(
                self._weights,
                self._workspaces[number],
                len(labels[rows]),
                *self._codes(labels[rows]),
                self._phase(sweeps.strengths, update_mask[: sweeps.clamped, rows]),
                self._phase((0.0,) * sweeps.free, update_mask[sweeps.clamped :, rows]),
                self._phase((0.0,) * course.evaluation, read_mask[:, rows]),
                (rule.margin, rule.margin_of_input, rule.readout_margin),
                read_free,
            )
            weak, flips = weak + counts[0], flips + counts[1]
        self._consolidate(self._workspaces[: number + 1], factor, batch)
        return BatchStatistics(weak=weak / (batch * units), flips=flips / (batch * units))

    def free(self, inputs: InputArray, *, sweeps: int) -> SpinArray:
        """States that the input alone leads to, (B, H)."""
        check_inputs(self._origin, inputs)
        phase = self._phase((0.0,) * sweeps)
        states = np.empty((len(inputs), self._units), np.int8)

        def run(rows: slice, workspace: Workspace) -> None:
            self._show(inputs[rows], workspace)
            run_free(self._weights, workspace, phase)
            states[rows] = _patterns(workspace.state.spins, len(inputs[rows]))

        self._for_each_block(run, len(inputs))
        return states

    def clamped(
        self, inputs: InputArray, labels: IntArray, *, sweeps: Sweeps
    ) -> tuple[SpinArray, SpinArray]:
        """States at the release and after it, each (B, H); every spin moves in every sweep."""
        check_inputs(self._origin, inputs)
        check_labels(labels, len(inputs))
        phases = self._phase(sweeps.strengths), self._phase((0.0,) * sweeps.free)
        held, settled = np.empty((2, len(inputs), self._units), np.int8)

        def run(rows: slice, workspace: Workspace) -> None:
            code, _ = self._codes(labels[rows])
            self._show(inputs[rows], workspace)
            run_clamped(self._weights, workspace, code, *phases)
            held[rows] = _patterns(workspace.held, len(inputs[rows]))
            settled[rows] = _patterns(workspace.state.spins, len(inputs[rows]))

        self._for_each_block(run, len(inputs))
        return held, settled

    def network(self) -> Network:
        """The weights as they are now."""
        origin, weights = self._origin, self._weights
        values = np.empty(len(self._order))
        values[self._order] = weights.coupling.weight
        readout = np.zeros(origin.readout.shape)
        rows = np.repeat(np.arange(origin.classes), np.diff(weights.readout.indptr))
        readout[rows, weights.readout.indices] = weights.readout.weight
        return replace(
            origin,
            coupling=_same_places(origin.coupling, values[: origin.coupling.nnz]),
            input_weight=_same_places(origin.input_weight, weights.input_weight.weight),
            bias=weights.bias.astype(np.float64),
            readout=readout,
        )

    @property
    def _units(self) -> int:
        return self._origin.units

    def _phase(self, strengths: Sequence[float], update_mask: BoolArray | None = None) -> Phase:
        """A phase of one block; the mask is (sweeps, patterns, H)."""
        values = np.asarray(strengths, dtype=self._dtype)
        if update_mask is None or not update_mask.size:
            return Phase(values, np.empty((0, 0, 0), np.bool_))
        room = np.zeros((len(update_mask), self._units, WIDTH), np.bool_)
        room[:, :, : update_mask.shape[1]] = update_mask.transpose(0, 2, 1)
        return Phase(values, room)

    def _show(self, inputs: InputArray, workspace: Workspace) -> None:
        """Inputs of one block as the network sees them; lanes without a pattern see nothing."""
        workspace.seen[:, len(inputs) :] = 0
        see(inputs, self._weights.centre, self._weights.gain, workspace.seen)

    def _codes(self, labels: IntArray) -> tuple[Block, Block]:
        """Code that Wback sees, and target of the readout in -1, +1; each (C, 16)."""
        classes = self._origin.classes
        code = np.zeros((classes, WIDTH), self._dtype)
        code[:, : len(labels)] = label_code(labels, classes).T
        target = np.full((classes, WIDTH), -1, self._dtype)
        target[labels, np.arange(len(labels))] = 1
        return code, target

    def _consolidate(self, workspaces: Sequence[Workspace], factor: float, batch: int) -> None:
        """The rule, once all states of the batch are known."""
        rule, weights = self._course.rule, self._weights
        plastic = (
            (weights.coupling, rule.rate, rule.decay),
            (weights.input_weight, rule.input_rate, rule.input_decay),
            (weights.readout, rule.readout_rate, rule.readout_decay),
        )
        steps = [
            factor * rate / np.sqrt(fan * batch)
            for (_, rate, _), fan in zip(plastic, self._fans, strict=True)
        ]
        for workspace in workspaces:
            if rule.rate:
                add_outer(weights.coupling, workspace.post, workspace.state.spins, steps[0])
            if rule.input_rate:
                add_outer(weights.input_weight, workspace.post_input, workspace.seen, steps[1])
            if rule.readout_rate:
                add_outer(weights.readout, workspace.post_readout, workspace.read.spins, steps[2])
            if rule.bias_rate:
                step = np.asarray(factor * rule.bias_rate / np.sqrt(batch), self._dtype)
                weights.bias[:] += step * workspace.post_input.sum(axis=1)
        for rows, rate, decay in plastic:
            if rate and decay:
                rows.weight[:] *= np.asarray(1 - factor * decay, self._dtype)
        weights.coupling.weight[self._diagonal] = self._origin.self_coupling

    def _workspace(self) -> Workspace:
        units, classes, inputs = self._units, self._origin.classes, self._origin.inputs

        def room(rows: int) -> Block:
            return np.zeros((rows, WIDTH), self._dtype)

        return Workspace(
            seen=room(inputs),
            external=room(units),
            signal=room(units),
            state=State(room(units), room(units)),
            held=room(units),
            read=State(room(units), room(units)),
            post=room(units),
            post_input=room(units),
            post_readout=room(classes),
            change=room(units),
            driven=room(units),
            flipped=np.empty(units, np.int32),
        )

    def _for_each_block(self, run: Callable[[slice, Workspace], None], patterns: int) -> None:
        """Run every block, on all threads, each of which has a room of its own."""

        def share(first: int) -> None:
            workspace = self._workspace()
            for rows in islice(_blocks(patterns), first, None, self._threads):
                run(rows, workspace)

        with ThreadPoolExecutor(self._threads) as pool:
            list(pool.map(share, range(self._threads)))  # raises what a thread has raised


def _patterns(block: Block, lanes: int) -> SpinArray:
    """Spins of a block, a row for each pattern."""
    return block[:, :lanes].T.astype(np.int8)


def _rows(matrix: SparseMatrix, dtype: DTypeLike) -> Rows:
    """A CSR matrix as the kernels want it."""
    counts = np.diff(matrix.indptr)
    filled = counts > 0
    first, last = matrix.indptr[:-1][filled], matrix.indptr[1:][filled] - 1
    unbroken = (matrix.indices[last] - matrix.indices[first] == counts[filled] - 1).all()
    contiguous = bool(unbroken and matrix.nnz > SHORT * len(first))
    places = csr_array((np.arange(matrix.nnz), matrix.indices, matrix.indptr), shape=matrix.shape)
    back = places[:0].tocsc() if contiguous else places.tocsc()
    return Rows(
        indptr=matrix.indptr.astype(np.int64),
        indices=matrix.indices.astype(np.int32),
        weight=matrix.data.astype(dtype),
        out_indptr=back.indptr.astype(np.int64),
        out_target=back.indices.astype(np.int32),
        out_position=back.data.astype(np.int64),
        contiguous=contiguous,
    )


def _blocks(patterns: int) -> Iterator[slice]:
    """Sixteen patterns at a time."""
    return (slice(start, start + WIDTH) for start in range(0, patterns, WIDTH))


def _with_diagonal(matrix: SparseMatrix, diagonal: FloatArray) -> tuple[IntArray, SparseMatrix]:
    """The matrix with its diagonal filled, and where each of its entries came from.

    Entry k is entry ``order[k]`` of the matrix, or of the diagonal, counted on from there.
    """
    entries = coo_array(matrix)
    units = np.arange(len(diagonal))
    rows, columns = np.append(entries.row, units), np.append(entries.col, units)
    order = csr_array((np.arange(len(rows)), (rows, columns)), shape=matrix.shape)
    order.sort_indices()
    values = np.append(entries.data, diagonal)[order.data]
    return order.data, csr_array((values, order.indices, order.indptr), shape=matrix.shape)


def _existing_columns(dense: FloatArray) -> SparseMatrix:
    """Columns that are not all zero, as a sparse matrix that holds each of their entries."""
    columns = np.flatnonzero((dense != 0).any(axis=0))
    rows = np.repeat(np.arange(len(dense)), len(columns))
    places = (rows, np.tile(columns, len(dense)))
    return csr_array((dense[places], places), shape=dense.shape)


def _same_places(matrix: SparseMatrix, values: NDArray[Any]) -> SparseMatrix:
    """A matrix with the same synapses and other weights."""
    parts = (values.astype(np.float64), matrix.indices, matrix.indptr)
    return csr_array(parts, shape=matrix.shape)
