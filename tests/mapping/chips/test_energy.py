"""The price of a run: one spike at a time against hand counting, and answers against tables."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinspike.arrays import BoolArray, IntArray
from spinspike.errors import BadInput
from spinspike.mapping import Rounding, SynapseGraph, load_target, map_network, place
from spinspike.mapping.chips.energy import (
    LOIHI1,
    Consumption,
    bill,
    core_of,
    estimate,
    steps_to_answer,
)
from spinspike.mapping.chips.placement import Placement, placed_as
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.network import random_network

TARGET = load_target("loihi1")


@pytest.fixture(scope="module")
def small() -> SynapseGraph:
    """12 units as 24 neurons, 3 classes in twins, 9 pixels that come as spikes."""
    architecture = Architecture(units=12, inputs=9, classes=3)
    network = random_network(architecture, np.random.default_rng(0), centre=np.zeros(9))
    return map_network(network, rounding=Rounding(input="binary"))


@pytest.fixture(scope="module")
def spread(small: SynapseGraph) -> Placement:
    """On 24 cores, which fill a column and a half of tiles; sources come on the one after."""
    placed = small.neurons + small.classes
    return placed_as(small, TARGET, np.arange(placed) % 24)


def silent(graph: SynapseGraph) -> dict[str, BoolArray]:
    """One step of one pattern without a spike."""
    names = [p.name for p in graph.populations if p.neuron != "readout"]
    return {name: np.zeros((1, 1, graph.sizes[name]), dtype=np.bool_) for name in names}


def alone(graph: SynapseGraph, name: str, neuron: int) -> dict[str, BoolArray]:
    """The same with the spike of one neuron."""
    spikes = silent(graph)
    spikes[name][0, 0, neuron] = True
    return spikes


def targets_of(
    graph: SynapseGraph, core: Mapping[str, IntArray], name: str, neuron: int
) -> list[int]:
    """The core of the target of every synapse of a neuron, looked up one by one."""
    found = []
    for p in graph.projections:
        for row in range(len(p.indptr) - 1):
            for k in range(int(p.indptr[row]), int(p.indptr[row + 1])):
                if p.source == name and p.indices[k] == neuron:
                    found.append(int(core[p.target][row]))
    return found


def test_one_spike_costs_its_synapses_messages_and_hops(
    small: SynapseGraph, spread: Placement
) -> None:
    core = core_of(small, spread)
    rest = estimate(small, spread, silent(small))
    assert rest.joules[0, 0] == pytest.approx((24 + 3) * 72.8e-12)
    seen = set()
    for population in small.populations:
        if population.neuron == "readout":
            continue
        for neuron in range(population.size):
            used = estimate(small, spread, alone(small, population.name, neuron))
            targets = targets_of(small, core, population.name, neuron)
            home = int(core[population.name][neuron])
            messages = 0.0
            for other in set(targets):
                column, row = other // 16 - home // 16, other % 16 // 4 - home % 16 // 4
                messages += 111 + 3.0 * abs(column) + 4.2 * abs(row)
                seen.add((abs(column), abs(row)))
            spike = 69.3 if population.neuron == "threshold" else 0.0
            assert 1e12 * used.synapse[0, 0] == pytest.approx(33.6 * len(targets))
            assert 1e12 * used.network[0, 0] == pytest.approx(messages)
            assert 1e12 * (used.soma - rest.soma)[0, 0] == pytest.approx(spike)
    assert {(0, 0), (0, 1), (1, 0), (1, 1)} <= seen


def test_a_step_lasts_as_long_as_its_slowest_core(small: SynapseGraph) -> None:
    """One core: 27 neurons are looked at, or one message with its synapses is worked through."""
    together = placed_as(small, TARGET, np.zeros(27, dtype=np.int64))
    looking, sync = 27 * 9.7e-9, 0.6e-6
    rest = estimate(small, together, silent(small))
    assert rest.seconds[0, 0] == pytest.approx(sync + looking)
    core = core_of(small, together)
    fan_out = [len(targets_of(small, core, "E", k)) for k in range(12)]
    busiest = int(np.argmax(fan_out))
    used = estimate(small, together, alone(small, "E", busiest))
    sending, receiving = looking + 30e-9 + 5.1e-9, 16e-9 + 4.7e-9 * fan_out[busiest]
    assert used.seconds[0, 0] == pytest.approx(sync + max(sending, receiving))
    inputs = small.named("input")[0]
    loud = {"E": range(12), inputs: range(small.sizes[inputs])}
    synapses = [len(targets_of(small, core, name, k)) for name, ks in loud.items() for k in ks]
    receiving = sum(n > 0 for n in synapses) * 16e-9 + 4.7e-9 * sum(synapses)
    assert receiving > looking + 12 * 35.1e-9
    spikes = silent(small)
    for name in loud:
        spikes[name][:] = True
    assert estimate(small, together, spikes).seconds[0, 0] == pytest.approx(sync + receiving)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), rate=st.floats(0, 1))
def test_energy_is_that_of_silence_and_of_every_spike(
    small: SynapseGraph, spread: Placement, seed: int, rate: float
) -> None:
    rng = np.random.default_rng(seed)
    shape = {name: (2, 3, array.shape[2]) for name, array in silent(small).items()}
    spikes = {name: rng.random(size) < rate for name, size in shape.items()}
    some = {name: array & (rng.random(array.shape) < 0.5) for name, array in spikes.items()}
    others = {name: spikes[name] & ~some[name] for name in spikes}
    none = {name: np.zeros_like(array) for name, array in spikes.items()}
    whole, part, rest, base = (estimate(small, spread, s) for s in (spikes, some, others, none))
    np.testing.assert_allclose(whole.joules + base.joules, part.joules + rest.joules)
    assert (whole.seconds >= part.seconds - 1e-15).all()
    assert (whole.seconds <= part.seconds + rest.seconds).all()


def test_answers_come_when_nothing_moves_any_more() -> None:
    """Two neurons of three patterns: at rest from the start, from step 3 on, never."""
    resting = [(0, 1), (0, 1), (0, 1), (0, 1), (0, 1)]
    settling = [(0, 0), (1, 0), (0, 1), (0, 1), (0, 1)]
    blinking = [(1, 0), (0, 0), (1, 0), (0, 0), (1, 0)]
    spikes = np.array([resting, settling, blinking], dtype=np.bool_).swapaxes(0, 1)
    np.testing.assert_array_equal(steps_to_answer(spikes), [2, 4, 5])
    np.testing.assert_array_equal(steps_to_answer(spikes, least=3), [4, 4, 5])


def test_a_bill_adds_up_to_the_answer_and_holds_the_last_step() -> None:
    steps = np.arange(1.0, 5)[:, None] * [1, 10]
    used = Consumption(steps, 0 * steps, 2 * steps, 3 * steps, seconds=steps / 100)
    found = bill(used, np.array([2, 3]))
    answer = ((1 + 2) + 10 * (1 + 2 + 3)) / 2
    parts = (found.synapse, found.soma, found.network, found.seconds)
    assert parts == pytest.approx((answer, 2 * answer, 3 * answer, answer / 100))
    assert found.joules == pytest.approx(6 * answer)
    held = (4 + 40) / 2
    assert (found.joules_held, found.seconds_held) == pytest.approx((6 * held, held / 100))
    assert found.watts_held == pytest.approx(600)


def test_sources_lie_on_cores_after_all_others(small: SynapseGraph, spread: Placement) -> None:
    core = core_of(small, spread)
    assert list(core) == [
        "E",
        "I",
        "readout",
        "supervisory_E",
        "supervisory_I",
        *small.named("input"),
    ]
    np.testing.assert_array_equal(
        np.concatenate([core["E"], core["I"], core["readout"]]), spread.core
    )
    for name in (*small.named("supervisory"), *small.named("input")):
        assert (core[name] == 24).all()


def test_what_no_chip_holds_is_refused() -> None:
    architecture = Architecture(units=70, inputs=4, classes=3)
    graph = map_network(random_network(architecture, np.random.default_rng(0), centre=np.zeros(4)))
    everywhere = placed_as(graph, TARGET, np.arange(143) % 128)
    with pytest.raises(BadInput, match="takes 129 cores, those of its sources included"):
        core_of(graph, everywhere)
    architecture = Architecture(units=600, inputs=4, classes=3)
    graph = map_network(random_network(architecture, np.random.default_rng(0), centre=np.zeros(4)))
    heap = placed_as(graph, TARGET, np.zeros(1203, dtype=np.int64))
    with pytest.raises(BadInput, match="a core holds 1203 neurons; allowed: 1024"):
        estimate(graph, heap, silent(graph))
    assert place(graph, TARGET).usage.neurons.max() <= LOIHI1.neurons_per_core
