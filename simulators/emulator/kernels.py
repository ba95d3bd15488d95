"""The emulator's steps, compiled: one pattern after the other, and of each only what changes.

A neuron's sum of spikes is kept from step to step; a spike that comes or goes adds its weights to
it or takes them away, after its delay. Integers make that exact. A pattern at rest is copied on to
the next moment at which its input changes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from spinspike.compiled import compiled

from .by_source import BySource


class Fields(NamedTuple):
    """What comes from outside, int64: in the first step, in all others, and the signal's share."""

    first: Any  # (B, N)
    later: Any  # (B, N)
    signal: Any  # (L, N)
    which: Any  # (B,), of the L
    offset: Any  # (C,), the bias of the readout


class Layout(NamedTuple):
    """Of N neurons M are computed; the others are twins of theirs."""

    kept: Any  # (M,), of the N
    number: Any  # (N,), of the M
    decoder: Any  # (H,), of the M
    sign: Any  # (H,), -1 or 1


class Run(NamedTuple):
    """What is filled in."""

    spikes: Any  # (T, B, N) bool
    states: Any  # (T, B, H) int8
    readout: Any  # (B, C) int64


class Flips(NamedTuple):
    """Spikes that came or went in the last steps, as many as the longest delay asks for."""

    neurons: Any  # (slots, M) int32
    came: Any  # (slots, M) bool
    counts: Any  # (slots,) int64


@compiled
def run_patterns(
    begin: int,
    end: int,
    run: Run,
    fields: Fields,
    layout: Layout,
    cue: int,
    release: int,
    synapses: BySource,
    scores: BySource,
) -> None:
    """Run the patterns ``begin`` … ``end - 1``, of B.

    Parameters
    ----------
    begin, end : int
        The patterns of this call.
    run : Run
        Filled in.
    fields : Fields
        What comes from outside.
    layout : Layout
        Which neurons are computed and how units are read.
    cue, release : int
        Steps before the signal comes and until it has gone.
    synapses, scores : BySource
        Among the neurons, and into the readout.
    """
    total, neurons, delays = run.spikes.shape[0], len(layout.kept), synapses.delays
    slots = delays[-1] + 1 if len(delays) else 1
    sums, membrane = np.zeros(neurons, np.int64), np.zeros(neurons, np.int64)
    external, score = np.zeros(neurons, np.int64), fields.offset.copy()
    now, before = np.zeros(neurons, np.bool_), np.zeros(neurons, np.bool_)
    flips = Flips(
        np.zeros((slots, neurons), np.int32),
        np.zeros((slots, neurons), np.bool_),
        np.zeros(slots, np.int64),
    )
    for b in range(begin, end):
        sums[:], membrane[:], score[:], before[:] = 0, 0, fields.offset, False
        flips.counts[:] = 0
        still, t = 0, 1
        while t <= total:
            if t in (1, 2, cue + 1, release + 1):
                still = 0
                drive(external, fields, layout.kept, b, t == 1, cue < t <= release)
            if still >= slots:
                stop = total + 1
                for event in (cue + 1, release + 1):
                    if t < event < stop:
                        stop = event
                for later_step in range(t, stop):
                    run.spikes[later_step - 1, b] = run.spikes[t - 2, b]
                    run.states[later_step - 1, b] = run.states[t - 2, b]
                flips.counts[:] = 0
                t = stop
                continue
            for k in range(len(delays)):
                if t - 1 - delays[k] >= 1:
                    push(sums, synapses, k, flips, (t - 1 - delays[k]) % slots)
            if t > 1:
                push(score, scores, 0, flips, (t - 1) % slots)
            moved = threshold(now, membrane, sums, external)
            count = compare(now, before, flips, t % slots)
            for i in range(len(layout.number)):
                run.spikes[t - 1, b, i] = now[layout.number[i]]
            for u in range(len(layout.sign)):
                sign = layout.sign[u]
                run.states[t - 1, b, u] = sign if now[layout.decoder[u]] else -sign
            moved |= read(run.readout[b], score)
            still = still + 1 if count == 0 and moved == 0 else 0
            t += 1


@compiled
def drive(external: Any, fields: Fields, kept: Any, b: int, at_first: bool, on: bool) -> None:
    """The external field of a pattern, with the supervisory signal or without."""
    given = fields.first[b] if at_first else fields.later[b]
    for i in range(len(kept)):
        external[i] = given[kept[i]]
        if on:
            external[i] += fields.signal[fields.which[b], kept[i]]


@compiled
def push(sums: Any, synapses: BySource, k: int, flips: Flips, slot: int) -> None:
    """Add what came and take away what went in a step, through the synapses of the k-th delay."""
    for n in range(flips.counts[slot]):
        j = flips.neurons[slot, n]
        if flips.came[slot, n]:
            for q in range(synapses.starts[k, j], synapses.starts[k, j + 1]):
                sums[synapses.targets[q]] += synapses.weights[q]
        else:
            for q in range(synapses.starts[k, j], synapses.starts[k, j + 1]):
                sums[synapses.targets[q]] -= synapses.weights[q]


@compiled
def threshold(now: Any, membrane: Any, sums: Any, external: Any) -> int:
    """Who spikes and what the membranes keep; other than 0 where one of them changed."""
    moved = 0
    for i in range(len(now)):
        left = 64 * (sums[i] + external[i]) - ((-membrane[i]) >> 12)
        now[i] = left > 0
        left = min(left, 0)
        moved |= left ^ membrane[i]
        membrane[i] = left
    return moved


@compiled
def compare(now: Any, before: Any, flips: Flips, slot: int) -> int:
    """Note whose spike came or went, and how many they are."""
    count = 0
    for i in range(len(now)):
        if now[i] != before[i]:
            flips.neurons[slot, count] = i
            flips.came[slot, count] = now[i]
            before[i] = now[i]
            count += 1
    flips.counts[slot] = count
    return count


@compiled
def read(readout: Any, score: Any) -> int:
    """A step of the readout's membranes; other than 0 where one of them changed."""
    moved = 0
    for c in range(len(score)):
        held = readout[c]
        leaked = held >> 12 if held >= 0 else -((-held) >> 12)
        readout[c] = leaked + 64 * score[c]
        moved |= readout[c] ^ held
    return moved


@compiled
def twins_alike(values: Any, stands: Any) -> bool:
    """Whether every column of values (P, N) equals the one that stands for it."""
    for row in values:
        for i in range(len(stands)):
            if row[i] != row[stands[i]]:
                return False
    return True
