"""The emulator's steps, compiled: one pattern after the other, and of each only what changes.

A neuron's sum of spikes is kept from step to step; a spike that comes or goes adds its weights to
it or takes them away, after its delay. Integers make that exact. A pattern at rest is copied on to
the next moment at which its input changes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spinspike.compiled import compiled


@compiled
def run_patterns(
    begin: int,
    end: int,
    spikes: Any,
    states: Any,
    readout: Any,
    first: Any,
    later: Any,
    signal: Any,
    which: Any,
    kept: Any,
    cue: int,
    release: int,
    delays: Any,
    starts: Any,
    targets: Any,
    weights: Any,
    read_starts: Any,
    read_targets: Any,
    read_weights: Any,
    offset: Any,
    number: Any,
    decoder: Any,
    sign: Any,
) -> None:
    """Run the patterns ``begin`` … ``end - 1``.

    Parameters
    ----------
    begin, end : int
        Patterns, of B.
    spikes : (T, B, N) bool
        Filled in, as are ``states`` (T, B, H) int8 and ``readout`` (B, C) int64.
    first, later : (B, N) int64
        External field in the first step and in all others.
    signal : (L, N) int64
        What the supervisory signal adds to it, with ``which`` (B,) of them in each pattern.
    kept : (M,) int64
        The neurons that are computed; twins of theirs are copies.
    cue, release : int
        Steps before the signal comes and until it has gone.
    delays : (D,) int64
        In growing order; of each, ``starts`` (D, M + 1) says where a neuron's synapses lie in
        ``targets`` and ``weights``. The same without delays into the readout.
    offset : (C,) int64
        Bias of the readout.
    number : (N,) int64
        Which of the M stands for a neuron.
    decoder, sign : (H,) int64, int8
        Which of the M a unit is read from, and its sign.
    """
    total, neurons, units = spikes.shape[0], len(kept), states.shape[2]
    slots = delays[-1] + 1 if len(delays) else 1
    sums, membrane = np.zeros(neurons, np.int64), np.zeros(neurons, np.int64)
    score = offset.copy()
    flips, counts = np.zeros((slots, neurons), np.int32), np.zeros(slots, np.int64)
    external = np.zeros(neurons, np.int64)
    now, before = np.zeros(neurons, np.bool_), np.zeros(neurons, np.bool_)
    history = np.zeros((slots, neurons), np.bool_)  # of a spike in flips: did it come or go?
    for b in range(begin, end):
        sums[:] = 0
        membrane[:] = 0
        score[:] = offset
        counts[:] = 0
        before[:] = False
        still, t = 0, 1
        while t <= total:
            if t in (1, 2, cue + 1, release + 1):
                still = 0
            if still >= slots:
                stop = total + 1
                for event in (cue + 1, release + 1):
                    if t < event < stop:
                        stop = event
                for later_step in range(t, stop):
                    spikes[later_step - 1, b] = spikes[t - 2, b]
                    states[later_step - 1, b] = states[t - 2, b]
                counts[:] = 0
                t = stop
                continue
            for k in range(len(delays)):
                sent = t - 1 - delays[k]
                if sent >= 1:
                    slot = sent % slots
                    for n in range(counts[slot]):
                        j = flips[slot, n]
                        if history[slot, n]:
                            for q in range(starts[k, j], starts[k, j + 1]):
                                sums[targets[q]] += weights[q]
                        else:
                            for q in range(starts[k, j], starts[k, j + 1]):
                                sums[targets[q]] -= weights[q]
            slot = (t - 1) % slots
            for n in range(counts[slot] if t > 1 else 0):
                j = flips[slot, n]
                came = 1 if history[slot, n] else -1
                for q in range(read_starts[j], read_starts[j + 1]):
                    score[read_targets[q]] += came * read_weights[q]
            if t in (1, 2, cue + 1, release + 1):
                given = first[b] if t == 1 else later[b]
                for i in range(neurons):
                    external[i] = given[kept[i]]
                    if cue < t <= release:
                        external[i] += signal[which[b], kept[i]]
            moved = 0
            for i in range(neurons):
                left = 64 * (sums[i] + external[i]) - ((-membrane[i]) >> 12)
                now[i] = left > 0
                left = min(left, 0)
                moved |= left ^ membrane[i]
                membrane[i] = left
            count, slot = 0, t % slots
            for i in range(neurons):
                if now[i] != before[i]:
                    flips[slot, count] = i
                    history[slot, count] = now[i]
                    count += 1
            counts[slot] = count
            before[:] = now
            for i in range(len(number)):
                spikes[t - 1, b, i] = now[number[i]]
            for u in range(units):
                states[t - 1, b, u] = sign[u] if now[decoder[u]] else -sign[u]
            for c in range(len(offset)):
                held = readout[b, c]
                leaked = held >> 12 if held >= 0 else -((-held) >> 12)
                readout[b, c] = leaked + 64 * score[c]
                moved |= readout[b, c] ^ held
            still = still + 1 if count == 0 and moved == 0 else 0
            t += 1


@compiled
def twins_alike(values: Any, stands: Any) -> bool:
    """Whether every column of values (P, N) equals the one that stands for it."""
    for row in values:
        for i in range(len(stands)):
            if row[i] != row[stands[i]]:
                return False
    return True
