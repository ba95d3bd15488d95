"""A chip in plain integers: what every step simulator is held against."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from spinspike.mapping import SynapseGraph
from spinspike.simulators import Phases, Stimulus

Neuron = tuple[str, int]  # population and number in it
ByHand = tuple[NDArray[np.bool_], NDArray[np.int64]]


def synapses_of(graph: SynapseGraph) -> dict[Neuron, list[tuple[Neuron, int, int]]]:
    """Source, weight and delay of every synapse into each neuron."""
    found: dict[Neuron, list[tuple[Neuron, int, int]]] = {}
    for p in graph.projections:
        for row in range(len(p.indptr) - 1):
            for k in range(int(p.indptr[row]), int(p.indptr[row + 1])):
                weight = p.sign * int(p.mantissa[k]) * 2**p.exponent
                source = (p.source, int(p.indices[k]))
                found.setdefault((p.target, row), []).append((source, weight, p.delay))
    return found


def lava_by_hand(graph: SynapseGraph, given: Stimulus, phases: Phases) -> ByHand:
    """One neuron and one step at a time, in Python integers, from Lava's documented equations.

    Returns all spikes (steps, B, N) and the membranes of the readout at the end (B, C).
    """
    synapses, model = synapses_of(graph), {p.name: p.neuron for p in graph.populations}
    everyone = [(p.name, k) for p in graph.populations for k in range(p.size)]
    numbered = [key for key in everyone if model[key[0]] == "threshold"]
    outputs = [key for key in everyone if model[key[0]] == "readout"]
    readout_bias = {(name, k): int(graph.io.readout_bias[k]) for name, k in outputs}
    patterns = len(given.bias)
    spikes = np.zeros((phases.total, patterns, len(numbered)), dtype=bool)
    readout = np.zeros((patterns, len(outputs)), dtype=np.int64)
    for b in range(patterns):
        v, sent = dict.fromkeys(everyone, 0), dict.fromkeys(everyone, 0)
        earlier: list[dict[Neuron, int]] = []  # what was sent in steps 1, 2, …
        for t in range(1, phases.total + 1):
            for name, k in everyone:
                if model[name] == "supervisory":
                    on = phases.cue < t <= phases.cue + phases.clamped
                    sent[name, k] = int(on and given.supervisor[b, k])
                elif model[name] == "input":
                    forced = t == 1 and given.cue[b].any()
                    sent[name, k] = 0 if forced else int(given.levels[b, k])
            register = (given.first_bias if t == 1 else given.bias)[b].tolist()
            biases = dict(zip(numbered, register, strict=True)) | readout_bias
            for key, bias in biases.items():
                current = 0
                for source, weight, delay in synapses.get(key, []):
                    if delay <= len(earlier):
                        current += weight * (earlier[-delay] if delay else sent)[source]
                residue = (abs(v[key]) * (4096 - 4095)) >> 12
                v[key] = (residue if v[key] > 0 else -residue) + (current << 6) + (bias << 6)
            earlier.append(dict(sent))
            for key in numbered:
                sent[key] = int(v[key] > 0)
                v[key] = 0 if sent[key] else v[key]
            spikes[t - 1, b] = [sent[key] for key in numbered]
        readout[b] = [v[key] for key in outputs]
    return spikes, readout


@pytest.fixture(scope="session")
def by_hand_run() -> Callable[[SynapseGraph, Stimulus, Phases], ByHand]:
    """Spikes (steps, B, N) and readout (B, C) of a run, one neuron at a time."""
    return lava_by_hand
