"""Random graphs, and membranes of the plain equation at every step."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from spinspike.arrays import IntArray
from spinspike.errors import OutOfRange
from spinspike.mapping import Rounding, SynapseGraph, map_network
from spinspike.mapping.graph.delays import with_delays
from spinspike.mapping.graph.fields import input_field, supervisory_field, weight_matrix
from spinspike.mapping.quantisation.rounding import InputMode
from spinspike.model import Architecture, random_network
from spinspike.simulators import Phases, Stimulus
from spinspike.simulators.stimulus import encode_stimulus

Case = tuple[SynapseGraph, Stimulus, Phases]
INPUTS: tuple[InputMode, ...] = ("bias", "graded", "binary")


def random_graphs(count: int, seed: int = 0) -> Iterator[SynapseGraph]:
    """All encodings, inputs and bits; every second graph with delays."""
    rng = np.random.default_rng(seed)
    number = made = 0
    while made < count:
        number += 1
        shape = Architecture(int(rng.integers(3, 12)), 5, int(rng.integers(2, 5)), sparsity=0.3)
        network = random_network(shape, rng, centre=np.full(5, 0.5))
        try:
            graph = map_network(
                network,
                encoding=("signed", "dale", "pushpull")[number % 3],
                rounding=Rounding(1 + number % 8, INPUTS[int(rng.integers(3))]),
                on_chip_readout=bool(rng.integers(4)),
            )
        except OutOfRange:  # a drawn row that no integers hold
            continue
        made += 1
        yield with_delays(graph, int(rng.integers(1, 16)), rng) if number % 2 else graph


def random_cases(count: int, seed: int = 0) -> Iterator[Case]:
    """Graphs with three patterns each, some of whose states are forced."""
    rng = np.random.default_rng(seed)
    for number, graph in enumerate(random_graphs(count, seed)):
        binary = graph.io.levels == 1
        images = rng.integers(0, 2, (3, 5)).astype(float) if binary else rng.random((3, 5))
        cue = rng.choice([-1, 1], (3, graph.units)).astype(np.int8) if number % 5 == 0 else None
        given = encode_stimulus(graph, images, labels=rng.integers(0, graph.classes, 3), cue=cue)
        yield graph, given, Phases(int(rng.integers(1, 4)), int(rng.integers(0, 20)), 20)


def plain_membranes(graph: SynapseGraph, given: Stimulus, phases: Phases) -> IntArray:
    """Membranes (T, B, N) after every step, without delays: one matrix, one line an equation."""
    weights = weight_matrix(graph).toarray().astype(np.int64)
    v = np.zeros(given.bias.shape, dtype=np.int64)
    spikes, found = v, []
    for t in range(1, phases.total + 1):
        levels, bias = given.levels, given.bias
        if t == 1:
            levels, bias = given.first_levels, given.first_bias
        x = spikes @ weights.T + bias + input_field(graph, levels)
        if phases.cue < t <= phases.release:
            x = x + supervisory_field(graph, given.supervisor)
        v = np.sign(v) * (np.abs(v) >> 12) + 64 * x
        spikes = (v > 0).astype(np.int64)
        v = np.where(v > 0, 0, v)
        found.append(v)
    return np.array(found)


@pytest.fixture(scope="session")
def cases() -> list[Case]:
    return list(random_cases(16))
