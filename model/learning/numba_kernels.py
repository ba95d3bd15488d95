"""What a batch of the local rule costs its time on, compiled: fields, sweeps, and the rule.

A batch is cut into blocks of sixteen patterns (`numba_lanes`), and a block is an array (rows, 16).
Three facts about this model make the kernels fast. The input field is the same in all sweeps. After
the first sweep few spins flip, and only those change the fields. The rule touches the rows of
units whose margin is too small, and no others. `numpy_engine` computes the same in plain NumPy.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import uint64
from numpy.typing import NDArray

from spinspike.compiled import compiled

from .numba_simd import (
    TOGETHER,
    WIDTH,
    add_dense_row,
    add_dense_rows,
    add_row,
    add_scaled,
    count_different,
    dot,
    follow_row,
    weak_row,
)

Block = NDArray[Any]  # (rows, 16) float32 or float64
FEW = 3  # weak patterns of a unit that are cheaper one by one than all sixteen lanes at once


class Rows(NamedTuple):
    """A weight matrix by rows of target units (CSR), and the way from each source to its targets.

    ``contiguous`` rows hold one unbroken range of sources, as dense matrices do; for them there
    is no way back, since the position of a synapse can be computed.
    """

    indptr: NDArray[np.int64]  # (targets + 1,)
    indices: NDArray[np.int32]  # (synapses,)
    weight: NDArray[Any]  # (synapses,)
    out_indptr: NDArray[np.int64]  # (sources + 1,)
    out_target: NDArray[np.int32]  # (synapses,)
    out_position: NDArray[np.int64]  # (synapses,) into weight
    contiguous: bool


class Weights(NamedTuple):
    """All parameters of a network; the diagonal of ``coupling`` holds the self-couplings."""

    coupling: Rows
    link: Rows
    input_weight: Rows
    readout: Rows
    bias: NDArray[Any]  # (H,)
    supervisory: NDArray[Any]  # (H, C)
    centre: NDArray[Any]  # (D,)
    gain: float
    modules: int


class Phase(NamedTuple):
    """Sweeps under one kind of external field.

    ``update_mask`` (sweeps, H, 16) says whose turn it is in each sweep; with no entries, everyone's.
    """

    strengths: NDArray[Any]  # (sweeps,) of the supervisory signal
    update_mask: NDArray[np.bool_]


class State(NamedTuple):
    """Spins, and their field through couplings, self-couplings and links."""

    spins: Block  # (H, 16)
    field: Block  # (H, 16)


class Workspace(NamedTuple):
    """Room for one block: what it sees, where its spins are, and what they are to learn."""

    seen: Block  # (D, 16) (x - centre) gain
    external: Block  # (H, 16) input field and bias
    signal: Block  # (H, 16) supervisory field at full strength
    state: State
    held: Block  # (H, 16) spins at the release
    read: State  # what the readout learns on
    post: Block  # (H, 16) spins of units that are weak by the margin of J, else 0
    post_input: Block  # (H, 16) the same by the margin of Win
    post_readout: Block  # (C, 16) label in -1, +1 where the readout is weak, else 0
    change: Block  # (H, 16)
    driven: Block  # (H, 16)
    flipped: NDArray[np.int32]  # (H,)


@compiled
def copy(source: Block, target: Block) -> None:
    """``target = source``; a slice assignment would take seconds to compile."""
    for i in range(len(source)):
        for b in range(WIDTH):
            target[i, b] = source[i, b]


@compiled
def add_scaled_block(factor: float, source: Block, target: Block) -> None:
    """``target += factor source``."""
    for i in range(len(source)):
        add_scaled(target, i, target.dtype.type(factor), source, i)


@compiled
def fill(value: float, target: Block) -> None:
    """``target = value``."""
    for i in range(len(target)):
        for b in range(WIDTH):
            target[i, b] = value


@compiled
def add_product(rows: Rows, source: Block, field: Block) -> None:
    """``field += W source``, every synapse."""
    if rows.contiguous:
        add_dense(rows, source, np.arange(len(source)).astype(np.int32), field)
        return
    for i in range(len(rows.indptr) - 1):
        add_row(field, i, rows.weight, rows.indices, rows.indptr[i], rows.indptr[i + 1], source)


@compiled
def add_flips(rows: Rows, change: Block, flipped: NDArray[np.int32], field: Block) -> None:
    """``field += W change``, where only the rows ``flipped`` of change are not zero."""
    if rows.contiguous:
        add_dense(rows, change, flipped, field)
        return
    for j in flipped:
        for k in range(rows.out_indptr[j], rows.out_indptr[j + 1]):
            add_scaled(field, rows.out_target[k], rows.weight[rows.out_position[k]], change, j)


@compiled
def add_dense(rows: Rows, source: Block, columns: NDArray[np.int32], field: Block) -> None:
    """``field += W source`` through the given columns, in increasing order, of contiguous rows."""
    last, i = len(rows.indptr) - 1, 0
    while i < last:
        start, length = rows.indptr[i], rows.indptr[i + 1] - rows.indptr[i]
        first = np.int64(rows.indices[start]) if length else 0
        alike = 1  # neighbouring rows with the same sources
        while (
            i + alike < last
            and rows.indptr[i + alike + 1] - rows.indptr[i + alike] == length
            and length
            and rows.indices[rows.indptr[i + alike]] == first
        ):
            alike += 1
        low, high = 0, len(columns)
        while low < high and columns[low] < first:
            low += 1
        while low < high and columns[high - 1] >= first + length:
            high -= 1
        inside = columns[low:high]
        together = alike - alike % TOGETHER
        for k in range(0, together, TOGETHER):
            at = start + k * length
            add_dense_rows(
                field, i + k, rows.weight, at, length, inside, len(inside), first, source
            )
        for k in range(together, alike):
            at = start + k * length
            add_dense_row(field, i + k, rows.weight, at, length, inside, len(inside), first, source)
        i += alike


@compiled
def follow(state: State, external: Block, workspace: Workspace) -> int:
    """Set every spin to the sign of its field, sign(0) = +1; note who flipped, return how many."""
    count = 0
    for i in range(len(state.spins)):
        if follow_row(state.spins, workspace.change, state.field, external, i):
            workspace.flipped[count] = i
            count += 1
    return count


@compiled
def spread(weights: Weights, state: State, workspace: Workspace, count: int) -> None:
    """Let the fields know of the flips."""
    add_flips(weights.coupling, workspace.change, workspace.flipped[:count], state.field)
    add_flips(weights.link, workspace.change, workspace.flipped[:count], state.field)


@compiled
def hold_back(
    update_mask: NDArray[np.bool_], state: State, workspace: Workspace, count: int
) -> None:
    """Take back the flips of those spins whose turn it is not."""
    for n in range(count):
        i = workspace.flipped[n]
        for b in range(WIDTH):
            if not update_mask[i, b]:
                state.spins[i, b] -= workspace.change[i, b]
                workspace.change[i, b] = 0


@compiled
def relax(weights: Weights, state: State, workspace: Workspace, phase: Phase) -> None:
    """Sweep synchronously; sweep t adds ``strengths[t] * signal`` to the external field."""
    strengths, partial = phase.strengths, phase.update_mask.size > 0
    for t in range(len(strengths)):
        if t == 0 or strengths[t] != strengths[t - 1]:
            copy(workspace.external, workspace.driven)
            if strengths[t] != 0:
                add_scaled_block(strengths[t], workspace.signal, workspace.driven)
        count = follow(state, workspace.driven, workspace)
        if partial:
            hold_back(phase.update_mask[t], state, workspace, count)
        elif count == 0 and strengths[t] == strengths[-1]:
            return  # strengths only ever fall, so they stay as they are
        spread(weights, state, workspace, count)


@compiled
def warm_up(weights: Weights, workspace: Workspace) -> None:
    """One sweep for each module, from s = 0: in the first only the external field acts."""
    state = workspace.state
    for i in range(len(weights.bias)):
        for b in range(WIDTH):
            workspace.external[i, b] = weights.bias[i]
    add_product(weights.input_weight, workspace.seen, workspace.external)
    fill(0, state.spins)
    fill(0, state.field)
    follow(state, workspace.external, workspace)
    add_product(weights.coupling, state.spins, state.field)
    add_product(weights.link, state.spins, state.field)
    for _ in range(weights.modules - 1):
        spread(weights, state, workspace, follow(state, workspace.external, workspace))


@compiled
def run_free(weights: Weights, workspace: Workspace, free: Phase) -> None:
    """Where the input alone leads."""
    warm_up(weights, workspace)
    relax(weights, workspace.state, workspace, free)


@compiled
def run_clamped(
    weights: Weights, workspace: Workspace, code: Block, clamped: Phase, free: Phase
) -> None:
    """Warm up, clamp with the code (C, 16) of the labels, release, run free."""
    warm_up(weights, workspace)
    copy(workspace.state.spins, workspace.read.spins)
    copy(workspace.state.field, workspace.read.field)
    fill(0, workspace.signal)
    for i in range(len(workspace.signal)):
        for c in range(len(code)):
            add_scaled(workspace.signal, i, weights.supervisory[i, c], code, c)
    relax(weights, workspace.state, workspace, clamped)
    copy(workspace.state.spins, workspace.held)
    relax(weights, workspace.state, workspace, free)


@compiled
def find_below_margin(margin: float, target: Block, field: Block, lanes: int, post: Block) -> int:
    """``post = target`` where ``target field <= margin``, else 0; how many there are."""
    count = 0
    kappa = field.dtype.type(margin)
    for i in range(len(target)):
        count += weak_row(post, target, field, i, kappa)
        for b in range(lanes, WIDTH):
            count -= post[i, b] != 0
            post[i, b] = 0
    return count


@compiled
def clamp_and_release(
    weights: Weights,
    workspace: Workspace,
    lanes: int,
    code: Block,
    target: Block,
    clamped: Phase,
    free: Phase,
    reading: Phase,
    margins: tuple[float, float, float],
    read_free: bool,
) -> tuple[int, int]:
    """Run a block of so many patterns (lanes) clamped, and find what it has to learn.

    The readout learns on a free run of its own (``reading``), or on the state after the release.
    ``margins`` are those of J, Win and Wout; ``target`` (C, 16) is the label in -1, +1. Returns
    the numbers of weak and of flipped units.
    """
    state = workspace.state
    run_clamped(weights, workspace, code, clamped, free)
    flips = 0
    for i in range(len(state.spins)):
        for b in range(lanes, WIDTH):
            workspace.held[i, b] = state.spins[i, b]  # no patterns there
        flips += count_different(state.spins, workspace.held, i)
    copy(state.field, workspace.driven)
    add_scaled_block(1, workspace.external, workspace.driven)
    weak = find_below_margin(margins[0], state.spins, workspace.driven, lanes, workspace.post)
    if margins[1] == margins[0]:
        copy(workspace.post, workspace.post_input)
    else:
        find_below_margin(margins[1], state.spins, workspace.driven, lanes, workspace.post_input)
    if read_free:
        relax(weights, workspace.read, workspace, reading)
    else:
        copy(state.spins, workspace.read.spins)
    output = np.zeros_like(target)
    add_product(weights.readout, workspace.read.spins, output)
    find_below_margin(margins[2], target, output, lanes, workspace.post_readout)
    return weak, flips


@compiled
def add_outer(rows: Rows, post: Block, source: Block, rate: float) -> None:
    """``W += rate * post source'`` on the synapses that exist, for the rows that post names."""
    step = post.dtype.type(rate)
    patterns = np.ascontiguousarray(source.T) if rows.contiguous else source
    for i in range(len(rows.indptr) - 1):
        start, stop = rows.indptr[i], rows.indptr[i + 1]
        weight, sources = rows.weight[start:stop], rows.indices[start:stop]
        weak = 0
        for b in range(WIDTH):
            weak += post[i, b] != 0
        if weak == 0 or start == stop:
            continue
        if weak > FEW and not rows.contiguous:
            for k in range(len(weight)):
                weight[k] += step * dot(post, i, source, sources[k])
            continue
        for b in range(WIDTH):
            if post[i, b] == 0:
                continue
            scaled = step * post[i, b]
            if rows.contiguous:
                values = patterns[b, sources[0] : sources[0] + len(weight)]
                for k in range(len(weight)):
                    weight[k] += scaled * values[k]
            else:
                for k in range(len(weight)):
                    weight[k] += scaled * source[uint64(sources[k]), uint64(b)]


@compiled
def see(inputs: NDArray[Any], centre: NDArray[Any], gain: float, seen: Block) -> None:
    """``seen = ((inputs - centre) gain)'``; lanes without a pattern are left as they are."""
    scale = seen.dtype.type(gain)
    for b in range(len(inputs)):
        for k in range(len(centre)):
            seen[k, b] = (seen.dtype.type(inputs[b, k]) - centre[k]) * scale
