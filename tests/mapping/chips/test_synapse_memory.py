"""Packed words counted on paper, and once more synapse by synapse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import ceil, log2
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spinspike.mapping import SynapseGraph, Target, load_target
from spinspike.mapping.chips.placement import placed_as
from spinspike.mapping.chips.synapse_memory import list_bits, packed_bits, synapse_lists

LOIHI = load_target("loihi1")
BARE = Target("bare", "a chip that packs nothing")
Draw = Callable[..., SynapseGraph]

# Words of 64 bits that n weights of 8 bits take: 8 n + 10 bits, in blocks of 64.
ON_PAPER = {
    1: 1,  # 18 bits
    6: 1,  # 58
    7: 2,  # 66
    54: 7,  # 442 = 6.9 words
    55: 8,  # 450 = 7.03
    64: 9,  # 522 = 8.2
    65: 10,  # a block of 64, and one of 1
    112: 16,  # 9, and 48 weights in 394 bits = 6.2
    128: 18,
    256: 36,
}


@pytest.mark.parametrize("weights", ON_PAPER)
def test_words_counted_on_paper(weights: int) -> None:
    assert packed_bits(np.array([weights]), 8, LOIHI).tolist() == [64 * ON_PAPER[weights]]


def test_256_neurons_fill_56_percent_as_in_nengo_loihi() -> None:
    """256 lists of 256 weights: 256 * 36 = 9216 of 16384 words."""
    one = list_bits(np.array([256]), np.array([256]), 8, LOIHI)
    assert 256 * int(one[0]) == 9216 * 64
    assert 9216 / 16384 == 0.5625


@pytest.mark.parametrize(
    ("synapses", "neurons", "words"),
    [
        (3, 100, 1),  # sparse: 7 bits of index, 3 * 15 + 10 = 55; dense would be 9 + 5
        (100, 100, 14),  # dense: 9, and 36 weights in 298 bits = 4.7; sparse 16 + 9
        (1, 1, 1),  # 18 bits either way
        (13, 64, 3),  # sparse: 6 bits of index, 13 * 14 + 10 = 192 = 3 words
        (13, 65, 4),  # 7 bits: 13 * 15 + 10 = 205 = 3.2
    ],
)
def test_the_cheaper_of_dense_and_sparse(synapses: int, neurons: int, words: int) -> None:
    assert list_bits(np.array([synapses]), np.array([neurons]), 8, LOIHI) == [64 * words]


def test_seven_bits_are_stored_as_eight_and_nine_as_nine() -> None:
    many = np.array([64])
    full = list_bits(many, many, 8, LOIHI)
    assert list_bits(many, many, 7, LOIHI) == full
    assert list_bits(many, many, 6, LOIHI) == [7 * 64]  # 64 * 6 + 10 = 394 = 6.2 words
    assert list_bits(many, many, 9, LOIHI) == [10 * 64]  # 586 = 9.2


def test_without_packing_a_synapse_takes_its_weight() -> None:
    assert list_bits(np.array([3, 70]), np.array([99, 99]), 5, BARE).tolist() == [15, 350]


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("word_bits", 32, 12 / 2),  # 20 * 18 + 10 = 370 bits = 11.6 half words
        ("header_bits", 200, 9),  # 20 * 18 + 200 = 560 = 8.75
        ("block_weights", 10, 6),  # twice 190 = 2.97
        ("index_bits", (12,), 7),  # 20 * 20 + 10 = 410 = 6.4
        ("weight_bits", (16,), 9),  # 20 * 26 + 10 = 530 = 8.3
    ],
)
def test_every_number_of_the_packing_counts(key: str, value: Any, words: float) -> None:
    """20 of 1000 neurons: 10 bits of index, 20 * 18 + 10 = 370 bits = 5.8 words."""
    given = np.array([20]), np.array([1000]), 8
    assert list_bits(*given, LOIHI) == [6 * 64]
    assert list_bits(*given, replace(LOIHI, **{key: value})) == [words * 64]


def random_graph(draw: Draw, rng: np.random.Generator) -> SynapseGraph:
    """Two populations, a readout, input and supervisory neurons, sparse and dense wires."""

    def weights(targets: int, sources: int, share: float) -> NDArray[np.uint8]:
        there = rng.random((targets, sources)) < share
        return np.where(there, rng.integers(1, 255, (targets, sources)), 0).astype(np.uint8)

    a, b, c, d, s = (int(n) for n in rng.integers(1, 40, 5))
    return draw(
        {
            "in": (d, "input"),
            "A": (a, "threshold"),
            "B": (b, "threshold"),
            "sup": (s, "supervisory"),
            "out": (c, "readout"),
        },
        ("A>A:coupling+", weights(a, a, 0.9), 1),
        ("A>B:coupling+", weights(b, a, 0.1), 1),
        ("A>B:link+", weights(b, a, 0.1), 1),
        ("B>A:coupling-", weights(a, b, 0.5), 1),
        ("B>B:self-", np.eye(b, dtype=np.uint8), 4),
        ("in>A:input+", weights(a, d, 0.5), 0),
        ("sup>B:supervisory+", weights(b, s, 0.5), 0),
        ("A>out:readout+", weights(c, a, 0.7), 0),
        ("B>out:readout-", weights(c, b, 0.7), 0),
        weight_bits=int(rng.integers(1, 9)),
    )


def words_one_by_one(entries: int, width: int) -> int:
    """Weight after weight into a block; a full block is closed."""
    words, bits, held = 0, 0, 0
    for _ in range(entries):
        bits, held = (bits or 10) + width, held + 1
        if held == 64:
            words, bits, held = words + ceil(bits / 64), 0, 0
    return words + ceil(bits / 64)


def memory_synapse_by_synapse(graph: SynapseGraph, core: NDArray[np.int64]) -> list[int]:
    """Bits on each core, from a dictionary of lists."""
    first, total = {}, 0
    for model in ("threshold", "readout"):
        for population in graph.populations:
            if population.neuron == model:
                first[population.name] = total
                total += population.size
    lists: dict[Any, int] = {}
    for p in graph.projections:
        for row in range(len(p.indptr) - 1):
            for k in range(int(p.indptr[row]), int(p.indptr[row + 1])):
                there = int(core[first[p.target] + row])
                key = (p.source, int(p.indices[k]), p.role, p.sign, p.exponent, there)
                lists[key] = lists.get(key, 0) + 1
    width = 8 if graph.weight_bits == 7 else graph.weight_bits
    found = [0] * (int(core.max()) + 1)
    for key, synapses in lists.items():
        neurons = int((core == key[-1]).sum())
        index = min(n for n in (0, 6, 7, 8, 9, 10, 11, 12) if n >= ceil(log2(neurons)))
        sparse = words_one_by_one(synapses, width + index)
        found[key[-1]] += 64 * min(sparse, words_one_by_one(neurons, width))
    return found


@pytest.mark.parametrize("seed", range(12))
def test_memory_synapse_by_synapse(by_drawing: Draw, seed: int) -> None:
    rng = np.random.default_rng(seed)
    graph = random_graph(by_drawing, rng)
    placed = synapse_lists(graph).placed
    core = np.append(rng.integers(0, 4, placed - 1), 3)
    core = np.unique(core, return_inverse=True)[1]
    usage = placed_as(graph, LOIHI, core).usage
    assert usage.synapse_bits.tolist() == memory_synapse_by_synapse(graph, core)


def test_lists_know_whose_they_are(by_drawing: Draw) -> None:
    graph = random_graph(by_drawing, np.random.default_rng(0))
    lists = synapse_lists(graph)
    assert list(lists.start) == ["A", "B", "out", "in", "sup"]
    sizes = graph.sizes
    for name, start in lists.start.items():
        assert lists.owner(start) == (name, 0)
        assert lists.owner(start + sizes[name] - 1) == (name, sizes[name] - 1)
    assert lists.synapses.sum() == graph.synapses
