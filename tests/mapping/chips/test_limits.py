"""Every limit of every target at its very edge, one beyond it, and who is named then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spinspike.mapping import SynapseGraph, Target, check_limits, load_target, place
from spinspike.mapping.chips.limits import CHECKS
from spinspike.mapping.chips.placement import placed_as
from spinspike.mapping.chips.target import BUILT_IN, KINDS

Draw = Callable[..., SynapseGraph]
# What shapes other limits and is no limit of its own; test_synapse_memory and below.
SHAPES = {
    "word_bits", "header_bits", "block_weights", "index_bits", "state_shift", "bias_exponent"
}  # fmt: skip
OWN = Target("own", "a chip of one's own", mixed_signs=False, autapses=False)


@dataclass(frozen=True)
class Edge:
    """A graph, where its neurons lie (by default where they are put) and who asks too much."""

    graph: SynapseGraph
    culprit: str
    core: NDArray[np.int64] | None = None


def crowd(draw: Draw, size: int, **options: Any) -> SynapseGraph:
    return draw({"small": (1, "threshold"), "crowd": (size - 1, "threshold")}, **options)


def cores(draw: Draw, target: Target, beyond: int) -> Edge:
    """All cores full but the last, which has one neuron."""
    full = limit(target, "neurons_per_core")
    neurons = full * (limit(target, "cores_per_chip") - 1 + beyond) + 1
    return Edge(crowd(draw, max(neurons, 2)), "neurons, mostly of population crowd")


def neurons(draw: Draw, target: Target, beyond: int) -> Edge:
    size = limit(target, "neurons_per_core") + beyond
    core = np.zeros(size, dtype=np.int64)
    return Edge(crowd(draw, size), "core 0, above all population crowd", core)


def readouts(draw: Draw, target: Target, beyond: int) -> Edge:
    size = limit(target, "readouts_per_core") + beyond
    graph = draw({"S": (3, "threshold"), "judges": (size, "readout")})
    return Edge(graph, "core 0, above all population judges", np.zeros(3 + size, dtype=np.int64))


def greedy(draw: Draw, sources: int) -> SynapseGraph:
    """Neuron 3 of population greedy hears so many inputs, once each."""
    row = np.full((1, sources), 1, dtype=np.uint8)
    weights = np.vstack([np.zeros((3, sources), dtype=np.uint8), row])
    populations = {"in": (sources, "input"), "greedy": (4, "threshold")}
    return draw(populations, ("in>greedy:input+", weights))


def synapse_bits(draw: Draw, target: Target, beyond: int) -> Edge:
    """One word (Loihi 1) or one byte for each of so many inputs."""
    word = target.word_bits or 8
    graph = greedy(draw, limit(target, "synapse_bits_per_core") // word + beyond)
    return Edge(graph, "above all population greedy, neuron 3")


def axons_in(draw: Draw, target: Target, beyond: int) -> Edge:
    graph = greedy(draw, limit(target, "axons_in_per_core") + beyond)
    return Edge(graph, "above all population greedy, neuron 3")


def axons_out(draw: Draw, target: Target, beyond: int) -> Edge:
    """64 listeners, each on a core of its own, hear so many talkers on core 0; one has one more."""
    count = limit(target, "axons_out_per_core") // 64
    heard = np.ones((64 + beyond, count), dtype=np.uint8)
    heard[64:, : count - 1] = 0
    graph = draw(
        {"talker": (count, "threshold"), "ear": (64 + beyond, "threshold")},
        ("talker>ear:coupling+", heard),
    )
    core = np.append(np.zeros(count, dtype=np.int64), np.arange(1, 65 + beyond))
    return Edge(graph, f"core 0, above all population talker, neuron {count - 1}", core)


def synapses(draw: Draw, target: Target, beyond: int) -> Edge:
    return full_chip(draw, limit(target, "synapses_per_chip") + beyond, "in", "input", "input")


def recurrent(draw: Draw, target: Target, beyond: int) -> Edge:
    count = limit(target, "recurrent_synapses_per_chip") + beyond
    return full_chip(draw, count, "other", "threshold", "coupling")


def full_chip(draw: Draw, synapses: int, source: str, model: str, role: str) -> Edge:
    """So many synapses onto 500 neurons, row after row."""
    weights = np.zeros((500, -(-synapses // 500)), dtype=np.uint8)
    weights.ravel()[:synapses] = 1
    populations = {source: (weights.shape[1], model), "S": (500, "threshold")}
    graph = draw(populations, (f"{source}>S:{role}+", weights))
    sizes = (weights.shape[1] if model == "threshold" else 0) + 500
    return Edge(graph, f"projection {source}>S:{role}+", np.zeros(sizes, dtype=np.int64))


def fan_in(draw: Draw, target: Target, beyond: int) -> Edge:
    return Edge(greedy(draw, limit(target, "fan_in") + beyond), "population greedy, neuron 3")


def two(draw: Draw, weight: int, exponent: int = 0, **options: Any) -> SynapseGraph:
    """Two neurons and two projections, the second of which is strong."""
    return draw(
        {"S": (2, "threshold")},
        ("S>S:coupling+", np.array([[0, 1], [1, 0]], dtype=np.uint8)),
        ("S>S:link-", np.array([[0, 0], [weight, 0]], dtype=np.uint32), exponent),
        **options,
    )


def weight_bits(draw: Draw, target: Target, beyond: int) -> Edge:
    widest = max(target.weight_bits or ())
    return Edge(two(draw, 2**widest - 1 + beyond), "projection S>S:link-")


def weight_exponents(draw: Draw, target: Target, beyond: int) -> Edge:
    _, high = target.weight_exponents or (0, 0)
    return Edge(two(draw, 1, high + beyond), "projection S>S:link-")


def delay(draw: Draw, target: Target, beyond: int) -> Edge:
    longest = limit(target, "delay") + beyond
    graph = two(draw, 1)
    first, second = graph.projections
    graph = replace(graph, projections=(first, replace(second, delay=longest)))
    return Edge(graph, f"projection S>S:link-{f'@{longest}' if longest else ''}")


# In weight units, counted on paper: 12 bits beside the sign, with an exponent that makes a bias of
# 1 worth a weight of 1; 2**23 - 1 in steps of 2**6; 2**15 - 1; 2**21 - 1 in steps of 2**6.
LAVAS = ("loihi1", "loihi2", "generic", "ice40up5k", "ecp5-25k", "ecp5-85k")  # registers as Lava's
REGISTERS = {
    "bias_bits": dict.fromkeys(LAVAS, 4095),
    "state_bits": {**dict.fromkeys(LAVAS, 131071), "xylo": 32767},
    "accumulator_bits": {"loihi1": 32767},
}


def bias_bits(draw: Draw, target: Target, beyond: int) -> Edge:
    """Of a neuron with a synapse that could outweigh it, else it may as well saturate."""
    most = REGISTERS["bias_bits"][target.name] + beyond
    return Edge(two(draw, 255, 6, bias=[3, -most]), "population S, neuron 1")


def state_bits(draw: Draw, target: Target, beyond: int) -> Edge:
    """A synapse of 255 * 2**6, the rest as bias."""
    most = REGISTERS["state_bits"][target.name] + beyond
    graph = two(draw, 255, 6, bias=[3, 255 * 64 - most])
    return Edge(graph, "population S, neuron 1")


def accumulator_bits(draw: Draw, target: Target, beyond: int) -> Edge:
    """255 * 2**7 and 127 more; a bias does not count."""
    weights = np.array([[0, 0], [255, 0]], dtype=np.uint8)
    rest = np.array([[0, 0], [127 + beyond, 0]], dtype=np.uint8)
    graph = draw(
        {"S": (2, "threshold")},
        ("S>S:coupling+", weights, 7),
        ("S>S:link+", rest),
        ("S>S:self-", weights),
        bias=[0, 4000],
    )
    assert REGISTERS["accumulator_bits"][target.name] == 255 * 128 + 127
    return Edge(graph, "population S, neuron 1")


def mixed_signs(draw: Draw, target: Target, beyond: int) -> Edge:
    """Neuron 2 of population both excites neuron 0 and, beyond, inhibits it."""
    excites = np.array([[0, 0, 1]], dtype=np.uint8)
    inhibits = np.array([[0, 1, beyond]], dtype=np.uint8)
    graph = draw(
        {"S": (1, "threshold"), "both": (3, "threshold")},
        ("both>S:coupling+", excites),
        ("both>S:coupling-", inhibits),
    )
    return Edge(graph, "population both (the first: neuron 2)")


def autapses(draw: Draw, target: Target, beyond: int) -> Edge:
    weights = np.array([[0, 1, 0], [1, 0, 1], [0, 1, beyond]], dtype=np.uint8)
    graph = draw({"S": (3, "threshold")}, ("S>S:coupling+", weights))
    return Edge(graph, "projection S>S:coupling+ (the first: neuron 2)")


def memoryless(draw: Draw, target: Target, beyond: int) -> Edge:
    weights = np.array([[0, 0], [beyond, 0]], dtype=np.uint8)
    return Edge(draw({"S": (2, "threshold")}, ("S>S:coupling+", weights)), "above all population S")


def input_levels(draw: Draw, target: Target, beyond: int) -> Edge:
    populations = {"pixels": (2, "input"), "S": (1, "threshold")}
    wire = ("pixels>S:input+", np.ones((1, 2), dtype=np.uint8))
    levels = limit(target, "input_levels") + beyond
    return Edge(draw(populations, wire, levels=levels), "population pixels")


def input_channels(draw: Draw, target: Target, beyond: int) -> Edge:
    pixels = limit(target, "input_channels") - 3 + beyond
    graph = draw({"pixels": (pixels, "input"), "labels": (3, "supervisory"), "S": (1, "threshold")})
    return Edge(graph, "above all population pixels")


EDGES: dict[str, Callable[[Draw, Target, int], Edge]] = {
    "cores_per_chip": cores,
    "neurons_per_core": neurons,
    "readouts_per_core": readouts,
    "synapse_bits_per_core": synapse_bits,
    "axons_in_per_core": axons_in,
    "axons_out_per_core": axons_out,
    "synapses_per_chip": synapses,
    "recurrent_synapses_per_chip": recurrent,
    "fan_in": fan_in,
    "weight_bits": weight_bits,
    "weight_exponents": weight_exponents,
    "delay": delay,
    "bias_bits": bias_bits,
    "state_bits": state_bits,
    "accumulator_bits": accumulator_bits,
    "mixed_signs": mixed_signs,
    "autapses": autapses,
    "memoryless": memoryless,
    "input_levels": input_levels,
    "input_channels": input_channels,
}
TARGETS = {name: load_target(name) for name in BUILT_IN} | {"own": OWN}
CASES = [
    (name, key)
    for name, target in TARGETS.items()
    for key, value in target.limits.items()
    if key not in SHAPES and value is not True
]


def limit(target: Target, key: str) -> int:
    return int(target.limits[key])


def test_every_limit_has_a_check_and_every_check_an_edge() -> None:
    assert set(CHECKS) == set(EDGES) == set(KINDS) - SHAPES
    assert {key for _, key in CASES} == set(EDGES)


@pytest.mark.parametrize(("name", "key"), CASES)
def test_at_the_edge_it_fits_and_one_beyond_it_names_the_culprit(
    by_drawing: Draw, name: str, key: str
) -> None:
    target = TARGETS[name]
    for beyond in (0, 1):
        edge = EDGES[key](by_drawing, target, beyond)
        if edge.core is None:
            placement = place(edge.graph, target)
        else:
            placement = placed_as(edge.graph, target, edge.core)
        findings = {f.limit: f for f in check_limits(edge.graph, target, placement)}
        assert list(findings) == [k for k in target.limits if k not in SHAPES]
        found = findings[key]
        assert found.fits == (beyond == 0), str(found)
        if beyond:
            assert found.used > found.allowed
            assert edge.culprit in str(found)
            assert f"needs {found.used:,}" in str(found)
            assert f"allowed: {found.allowed:,}" in str(found)
        else:
            assert found.used == found.allowed


def test_an_exponent_below_the_smallest(by_drawing: Draw) -> None:
    target = Target("t", "t", weight_exponents=(-2, 7))
    assert all(f.fits for f in check_limits(two(by_drawing, 1, 0), target))
    (found,) = check_limits(two(by_drawing, 1, 0), Target("t", "t", weight_exponents=(1, 3)))
    assert str(found) == ("projection S>S:coupling+ needs 0 as exponent of its weights; allowed: 1")
    assert not found.fits


@pytest.mark.parametrize(
    ("shape", "most"),
    [
        ({}, 127),  # 8 bits: a bias of 1 counts as a weight of 1
        ({"state_shift": 6, "bias_exponent": 7}, 127),
        ({"state_shift": 6, "bias_exponent": 4}, 31),  # 127 * 2**4 / 2**6 = 31.75
    ],
)
def test_the_bias_counts_in_weight_units(
    by_drawing: Draw, shape: dict[str, Any], most: int
) -> None:
    target = Target("t", "t", bias_bits=8, **shape)
    (found,) = check_limits(crowd(by_drawing, 3, bias=[0, most, 0]), target)
    assert found.fits
    assert found.allowed == most
    (found,) = check_limits(crowd(by_drawing, 3, bias=[0, -most - 1, 0]), target)
    assert not found.fits


def test_readout_neurons_count_among_the_others_unless_they_have_their_own_places(
    by_drawing: Draw,
) -> None:
    graph = by_drawing(
        {"S": (3, "threshold"), "out": (2, "readout")},
        ("S>out:readout+", np.ones((2, 3), dtype=np.uint8)),
    )
    together = Target("t", "t", cores_per_chip=1, neurons_per_core=4, fan_in=2)
    misfits = {f.limit: str(f) for f in check_limits(graph, together) if not f.fits}
    assert misfits == {
        "cores_per_chip": "the graph, for its neurons, mostly of population S, needs 2 cores; "
        "allowed: 1",
        "fan_in": "population out, neuron 0 needs 3 incoming synapses; allowed: 2",
    }
    apart = Target("t", "t", cores_per_chip=1, neurons_per_core=3, readouts_per_core=2, fan_in=2)
    assert all(f.fits for f in check_limits(graph, apart))


def test_more_chips_hold_more_cores(by_drawing: Draw) -> None:
    graph = crowd(by_drawing, 25)
    target = Target("t", "t", cores_per_chip=2, neurons_per_core=10)
    assert [f.fits for f in check_limits(graph, target)] == [False, True]
    assert [f.fits for f in check_limits(graph, target, chips=2)] == [True, True]


def test_flags_that_allow_are_no_limits(by_drawing: Draw) -> None:
    graph = two(by_drawing, 3)
    assert (
        check_limits(graph, Target("t", "t", mixed_signs=True, autapses=True, memoryless=True))
        == []
    )


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_graph_without_synapses_fits_everywhere(by_drawing: Draw, name: str) -> None:
    graph = by_drawing({"S": (2, "threshold")}, levels=0)
    assert all(f.fits for f in check_limits(graph, load_target(name)))


def test_the_trained_graph_fits_loihi_1(graph: SynapseGraph) -> None:
    findings = check_limits(graph, load_target("loihi1"))
    assert all(f.fits for f in findings), [str(f) for f in findings if not f.fits]
