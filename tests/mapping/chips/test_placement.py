"""Placement against known answers, by brute force, and where it cannot be done."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from spinspike.mapping import SynapseGraph, Target, check_limits, load_target, map_network, place
from spinspike.mapping.chips.core_usage import usage_of
from spinspike.mapping.chips.placement import placed_as
from spinspike.mapping.chips.synapse_memory import synapse_lists
from spinspike.model.network.network import Network

Draw = Callable[..., SynapseGraph]
SmallNetworks = Callable[..., Iterator[Network]]
LOIHI = load_target("loihi1")


def fully_connected(draw: Draw, neurons: int) -> SynapseGraph:
    weights = np.full((neurons, neurons), 7, dtype=np.uint8)
    return draw({"S": (neurons, "threshold")}, ("S>S:coupling+", weights))


@pytest.mark.parametrize(
    ("neurons", "cores", "fill"), [(256, 1, 0.5625), (512, 3, 0.75), (1000, 9, 0.9765625)]
)
def test_dense_networks_take_as_many_cores_as_nengo_loihi_gives_them(
    by_drawing: Draw, neurons: int, cores: int, fill: float
) -> None:
    """Its emulator, 8 bits, all to all: 1 core 56 % full, 3 cores, 9 cores 97 % full.

    Of 1000 neurons a core holds 112 at most: 9 words for 64 and 7 for 48 weights, 1000 times.
    """
    placement = place(fully_connected(by_drawing, neurons), LOIHI)
    assert placement.cores == cores
    assert placement.usage.synapse_bits.max() / (16384 * 64) == fill
    assert all(c.fits for c in placement.candidates)
    assert {c.cores for c in placement.candidates} == {cores}


def test_one_core_less_does_not_hold_them(by_drawing: Draw) -> None:
    for neurons, cores in ((512, 2), (1000, 8)):
        graph = fully_connected(by_drawing, neurons)
        even = np.arange(neurons) * cores // neurons
        assert placed_as(graph, LOIHI, even).usage.synapse_bits.max() > 16384 * 64


def usage_one_by_one(graph: SynapseGraph, core: NDArray[np.int64]) -> dict[str, list[int] | int]:
    """Neurons, axons, fan-in and cut spikes counted synapse by synapse."""
    first: dict[str, int] = {}
    for model in ("threshold", "readout"):
        for population in graph.populations:
            if population.neuron == model:
                first[population.name] = sum(graph.sizes[name] for name in first)
    cores, fan_in = int(core.max()) + 1, [0] * core.size
    lists, cut_synapses = set(), 0
    for p in graph.projections:
        for row, (start, stop) in enumerate(pairwise(p.indptr.tolist())):
            for j in p.indices[start:stop].tolist():
                target = first[p.target] + row
                fan_in[target] += 1
                lists.add((p.source, j, p.role, p.sign, p.exponent, int(core[target])))
                if p.source in first:
                    cut_synapses += int(core[first[p.source] + j] != core[target])
    inside = [(int(core[first[key[0]] + key[1]]), key[-1]) for key in lists if key[0] in first]
    return {
        "neurons": [int((core == c).sum()) for c in range(cores)],
        "axons_in": [sum(key[-1] == c for key in lists) for c in range(cores)],
        "axons_out": [sum(home == c for home, _ in inside) for c in range(cores)],
        "fan_in": [max(fan_in[k] for k in np.flatnonzero(core == c)) for c in range(cores)],
        "cut_spikes": sum(home != there for home, there in inside),
        "cut_synapses": cut_synapses,
    }


TINY = Target(
    "tiny",
    "a chip with tiny cores",
    cores_per_chip=2,
    neurons_per_core=9,
    axons_in_per_core=60,
    axons_out_per_core=200,
    synapse_bits_per_core=2500,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 10**6),
    encoding=st.sampled_from(["signed", "dale", "pushpull"]),
    autapses=st.booleans(),
    readout=st.booleans(),
)
def test_every_neuron_once_and_units_together(
    seed: int, encoding: str, autapses: bool, readout: bool, small_networks: SmallNetworks
) -> None:
    network = list(small_networks(3))[seed % 3]
    graph = map_network(
        network, encoding=encoding, autapses=autapses, on_chip_readout=readout, seed=seed
    )
    placement = place(graph, TINY)
    core, usage = placement.core, placement.usage
    assert core.shape == (graph.neurons + len(graph.io.readout_bias),)
    assert sorted(set(core.tolist())) == list(range(placement.cores))
    for unit in range(graph.units):
        assert len(set(core[: graph.neurons][graph.io.unit == unit].tolist())) == 1
    for name, value in usage_one_by_one(graph, core).items():
        assert np.array_equal(getattr(usage, name), value), name
    if placement.candidates[0].fits or placement.candidates[-1].fits:
        assert usage.neurons.max() <= 9
        assert usage.axons_in.max() <= 60
        assert usage.synapse_bits.max() <= 2500
    assert placement.chip.tolist() == [k // 2 for k in range(placement.cores)]
    assert placement.chips == (placement.cores + 1) // 2


def rings(draw: Draw, members: NDArray[np.int64]) -> SynapseGraph:
    """Groups that are connected all to all inside and not at all between."""
    weights = (members[:, None] == members[None, :]).astype(np.uint8)
    return draw({"S": (members.size, "threshold")}, ("S>S:coupling+", weights))


@pytest.mark.pymetis
def test_groups_that_have_nothing_to_say_to_each_other_are_not_cut(by_drawing: Draw) -> None:
    """Four groups of 25, shuffled: METIS finds the cut of nothing, blocks cannot."""
    members = np.random.default_rng(0).permutation(np.arange(100) % 4)
    placement = place(rings(by_drawing, members), Target("t", "cores of 25", neurons_per_core=25))
    tried = {c.method: c for c in placement.candidates}
    assert placement.method == "metis"
    assert (placement.cores, placement.usage.cut_spikes) == (4, 0)
    assert tried["blocks"].cores == 4
    assert tried["blocks"].cut_spikes > 100
    for group in range(4):
        assert len(set(placement.core[members == group].tolist())) == 1


@pytest.mark.pymetis
def test_the_best_of_all_cuts_of_a_small_graph(by_drawing: Draw) -> None:
    """All 2**8 ways of cutting eight neurons in halves of four."""
    rng = np.random.default_rng(5)
    near = np.kron(np.eye(2), np.ones((4, 4)))
    order = rng.permutation(8)
    weights = np.maximum(near, rng.random((8, 8)) < 0.1)[order][:, order].astype(np.uint8)
    graph = by_drawing({"S": (8, "threshold")}, ("S>S:coupling+", weights))
    target = Target("t", "cores of four", neurons_per_core=4)
    lists = synapse_lists(graph)
    halves = [np.array(h) for h in product((0, 1), repeat=8) if sum(h) == 4]
    least = min(usage_of(lists, half, target, graph).cut_spikes for half in halves)
    placement = place(graph, target)
    assert placement.cores == 2
    assert placement.usage.cut_spikes == least


def test_without_metis_blocks_remain(by_drawing: Draw, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymetis", None)
    placement = place(fully_connected(by_drawing, 512), LOIHI)
    assert [c.method for c in placement.candidates] == ["blocks"]
    assert placement.cores == 3


def test_a_neuron_too_big_for_any_core_has_one_of_its_own_and_is_named(by_drawing: Draw) -> None:
    """Neuron 5 hears 4097 inputs; the other 2000 fill two cores."""
    weights = np.zeros((2000, 4097), dtype=np.uint8)
    weights[5] = 1
    weights[:, 0] = 1
    graph = by_drawing({"in": (4097, "input"), "S": (2000, "threshold")}, ("in>S:input+", weights))
    placement = place(graph, LOIHI)
    assert placement.cores == 3
    assert (placement.core == placement.core[5]).sum() == 1
    (misfit,) = (f for f in check_limits(graph, LOIHI, placement) if not f.fits)
    assert str(misfit) == (
        "core 2, above all population S, neuron 5, needs 4,097 input axons; allowed: 4,096"
    )


def test_twins_too_big_together_are_named(by_drawing: Draw) -> None:
    graph = by_drawing({"E": (3, "threshold"), "I": (3, "threshold")}, unit=[0, 1, 2, 0, 1, 2])
    target = Target("t", "cores of one", neurons_per_core=1)
    placement = place(graph, target)
    assert placement.cores == 3
    (misfit,) = check_limits(graph, target, placement)
    assert str(misfit) == "core 0, above all population E, needs 2 neurons on it; allowed: 1"


def test_it_ends_where_no_number_of_cores_is_enough(by_drawing: Draw) -> None:
    """Each of 30 neurons reaches 29 others: with one output axon per core there is no way."""
    target = Target("t", "cores with one axon", axons_out_per_core=1)
    graph = fully_connected(by_drawing, 30)
    placement = place(graph, target)
    assert not any(c.fits for c in placement.candidates)
    (misfit,) = check_limits(graph, target, placement)
    assert not misfit.fits
    assert "population S, neuron 0, needs 30 output axons; allowed: 1" in str(misfit)


def test_a_target_without_cores_takes_one(graph: SynapseGraph) -> None:
    placement = place(graph, load_target("generic"))
    assert (placement.cores, placement.chips, placement.usage.cut_spikes) == (1, 1, 0)


def test_chips_hold_cores_in_a_row(by_drawing: Draw) -> None:
    target = Target("t", "chips of three", neurons_per_core=10, cores_per_chip=3)
    placement = place(by_drawing({"S": (75, "threshold")}), target)
    assert placement.chip.tolist() == [0, 0, 0, 1, 1, 1, 2, 2]
    assert placement.chips == 3
