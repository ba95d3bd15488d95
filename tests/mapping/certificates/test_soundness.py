"""No certified case ever fails: brute force on small graphs, in arithmetic of its own.

Fixed points of every encoding, with autapses and with relays, of one module and of two, with input
by bias and by graded spikes, and of graphs of random weights that no mapping would make.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from spinspike.mapping.certificates.flips import certified_sets, losses, room_of
from spinspike.mapping.certificates.margins import certified, integer_margins
from spinspike.mapping.certificates.robustness import Robustness, robustness
from spinspike.mapping.graph.codec import bias, neuron_spikes
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.graph.membrane import lowest, switch_on_latency
from spinspike.mapping.mapper import map_network
from spinspike.mapping.quantisation.rounding import InputMode, Rounding
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.model.network.network import Network

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
States = Callable[[int], NDArray[np.int8]]
Modular = Callable[[int], Iterator[Network]]
ByDrawing = Callable[..., SynapseGraph]
every_encoding = pytest.mark.parametrize("encoding", ["signed", "dale", "pushpull"])


@dataclass(frozen=True)
class Wires:
    """Each synapse of a graph by itself; sources are the neurons, then the input."""

    target: Ints
    source: Ints
    weight: Ints
    neurons: int

    def field(self, delivered: NDArray[Any]) -> NDArray[Any]:
        """Sum of what synapses deliver, (B, S) to (B, N)."""
        table = self.target[:, None] == np.arange(self.neurons)
        return np.asarray(delivered @ table.astype(np.int64))


def wires_of(graph: SynapseGraph) -> Wires:
    start, count = {}, 0
    for population in graph.populations:
        if population.neuron == "threshold":
            start[population.name], count = count, count + population.size
    rows = []
    for p in graph.projections:
        if p.target in start and (p.source in start or p.source.startswith("input")):
            for k in range(len(p.indptr) - 1):
                for e in range(int(p.indptr[k]), int(p.indptr[k + 1])):
                    source = start.get(p.source, count) + int(p.indices[e])
                    rows.append(
                        (start[p.target] + k, source, p.sign * int(p.mantissa[e]) << p.exponent)
                    )
    targets, sources, weights = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return Wires(targets, sources, weights, count)


@dataclass(frozen=True)
class Scene:
    """One certified fixed point of a graph."""

    wires: Wires
    spikes: Bools  # (N,)
    sent: Ints  # (sources,)
    bias: Ints  # (N,)

    def holds(self, weight: NDArray[Any]) -> Bools:
        """Whether all fields have the right sign with other weights, (B, S) to (B,)."""
        x = self.wires.field(weight * self.sent[self.wires.source]) + self.bias
        return np.asarray(((x > 0) == self.spikes).all(axis=1))

    def step(self, spikes: Bools, membrane: Ints) -> tuple[Bools, Ints]:
        """One step of the chip, the input as it is."""
        sent = np.hstack([spikes, np.tile(self.sent[len(self.spikes) :], (len(spikes), 1))])
        x = self.wires.field(self.wires.weight * sent[:, self.wires.source]) + self.bias
        v = np.sign(membrane) * (abs(membrane) // 4096) + 64 * x
        return v > 0, np.where(v > 0, 0, v)


def scene(graph: SynapseGraph, wires: Wires, points: FixedPoints, p: int) -> Scene:
    spikes, levels = neuron_spikes(graph, points.states[p]), graph.io.levels
    low, high = graph.io.input_range
    pixels = np.rint((points.inputs[p] - low) * levels / (high - low)).astype(np.int64)
    sent = np.concatenate([spikes, pixels, [levels]]) if levels else spikes
    given = bias(graph, points.inputs[p : p + 1])[0]
    return Scene(wires, spikes, sent.astype(np.int64), given)


def returns(
    at: Scene,
    graph: SynapseGraph,
    sets: Bools,
    certain: Bools,
    bottom: Ints,
    rng: np.random.Generator,
) -> Bools:
    """Whether sets of wrong units are right after one step, whatever is left in their membranes."""
    wrong, back = sets[:, graph.io.unit], np.ones(len(sets), dtype=np.bool_)
    for left in (np.zeros_like(bottom), bottom, rng.integers(bottom, 1)):
        membrane = np.where(wrong & at.spikes, left, np.where(at.spikes | wrong, 0, bottom))
        after = at.step(at.spikes ^ wrong, membrane)[0]
        back &= (after == at.spikes).all(axis=1)
    assert back[certain].all()
    # and of any part of their neurons, updated one after the other in any order
    spikes = at.spikes ^ (wrong & (rng.random(wrong.shape) < 0.7))
    for k in rng.permutation(wrong.shape[1]):
        spikes[:, k] = at.step(spikes, np.zeros(spikes.shape, dtype=np.int64))[0][:, k]
    assert (spikes == at.spikes).all(axis=1)[certain].all()
    return back


def check_counts(sets: Bools, certain: Bools, p: int, bounds: Robustness) -> None:
    """Singles, pairs and radius against the certificates of every set of units."""
    size, units = sets.sum(axis=1), sets.shape[1]
    assert bounds.flips[p, sets[size == 1].argmax(axis=1)].tolist() == certain[size == 1].tolist()
    assert bounds.double[p] == pytest.approx(certain[size == 2].mean() if units > 1 else 1)
    assert bounds.radius[p] == max(r for r in range(units + 1) if certain[size <= r].all())


def check_tolerance(at: Scene, p: int, bounds: Robustness) -> int:
    """Weights off, scaled, or gone; the number of checks."""
    rng, wires = np.random.default_rng(p), at.wires
    weight, synapses = wires.weight, len(wires.weight)
    help_ = np.sign(weight) * np.where(at.spikes, 1, -1)[wires.target]

    noise = min(float(bounds.noise[p]), 100.0) * (1 - 1e-9)
    errors = np.vstack(
        [rng.choice([-1, 1], (20, synapses)), rng.uniform(-1, 1, (10, synapses)), -help_]
    )
    assert at.holds(weight * (1 + noise * errors)).all()
    if bounds.noise[p] < np.inf:
        worse = bounds.noise[p] * (1 + 1e-9) + 1e-9
        assert not at.holds((weight * (1 - worse * help_))[None])[0]

    low, high = float(bounds.scale_low[p]), min(float(bounds.scale_high[p]), 1e3)
    inner = min(low + 1e-9, 1), max(high - 1e-9, 1)  # sums in floating point are not exact
    factors = np.append(rng.uniform(*inner, 10), inner)
    assert at.holds(weight * factors[:, None]).all()
    beyond = [low * (1 - 1e-9) - 1e-9] * (low > 0) + [high * (1 + 1e-9) + 1e-9] * (high < 1e3)
    assert not at.holds(weight * np.array(beyond).reshape(-1, 1)).any()

    alone = at.holds(weight * ~np.eye(synapses, dtype=np.bool_))
    assert bounds.lost_single[p] == pytest.approx(alone.mean() if synapses else 1, abs=1e-12)
    cuts = worst_cuts(at, int(bounds.lost[p]), rng)
    assert at.holds(weight * ~cuts).all()
    if bounds.lost[p] < synapses:
        assert not at.holds(weight * ~worst_cuts(at, int(bounds.lost[p]) + 1, rng)).all()
    return len(errors) + len(factors) + int(alone.sum()) + len(cuts) + check_deaths(at, p, bounds)


def worst_cuts(at: Scene, number: int, rng: np.random.Generator) -> Bools:
    """Any so many synapses: all sets if few, random ones, and the strongest helpers of a neuron."""
    synapses = len(at.wires.weight)
    number = min(number, synapses)
    cuts = [rng.permutation(synapses)[:number] for _ in range(20)]
    if number == 2 and synapses < 60:
        cuts += [np.array(pair) for pair in combinations(range(synapses), 2)]
    helps = at.wires.weight * at.sent[at.wires.source] * np.where(at.spikes, 1, -1)[at.wires.target]
    for k in range(at.wires.neurons):
        cuts.append(np.argsort(-np.where(at.wires.target == k, helps, -1), kind="stable")[:number])
    rows = np.zeros((len(cuts), synapses), dtype=np.bool_)
    np.put_along_axis(rows, np.array(cuts, dtype=np.int64).reshape(len(cuts), number), True, axis=1)
    return rows


def check_deaths(at: Scene, p: int, bounds: Robustness) -> int:
    """Each neuron silent for ever: whether all others stay, over five steps."""
    neurons = at.wires.neurons
    alive = ~np.eye(neurons, dtype=np.bool_)
    spikes, stays = at.spikes & alive, np.ones(neurons, dtype=np.bool_)
    membrane = np.zeros(alive.shape, dtype=np.int64)
    for _ in range(5):
        spikes, membrane = at.step(spikes, membrane)
        spikes &= alive
        stays &= ((spikes == at.spikes) | ~alive).all(axis=1)
    assert bounds.dead[p] == pytest.approx(stays.mean(), abs=1e-12)
    return int(stays.sum())


def held_by(graph: SynapseGraph, every_state: States, images: NDArray[np.float64]) -> FixedPoints:
    """All certified states under each image."""
    states = every_state(graph.units)
    inputs = np.repeat(images, len(states), axis=0)
    labels = np.zeros(len(inputs), dtype=np.int64)
    points = FixedPoints(inputs, labels, np.tile(states, (len(images), 1)))
    return points.select(certified(graph, points))


def check(graph: SynapseGraph, points: FixedPoints) -> tuple[int, int, int]:
    """All of it; the number of checks of flips and of tolerances, and of singles not certified."""
    bounds, wires, entries = robustness(graph, points), wires_of(graph), losses(graph)
    assert bounds.certified.all()
    rooms, bottom = room_of(entries, integer_margins(graph, points)), lowest(graph)
    flips = missed = tolerances = 0
    for p in range(len(points)):
        at = scene(graph, wires, points, p)
        sets = (np.arange(2**graph.units)[:, None] >> np.arange(graph.units)) % 2 > 0
        certain = certified_sets(entries, points.states[p], rooms[p], sets)
        back = returns(at, graph, sets, certain, bottom, np.random.default_rng(p))
        check_counts(sets, certain, p, bounds)
        flips += 4 * int(certain.sum())
        missed += int((back & ~certain)[sets.sum(axis=1) == 1].sum())
        tolerances += check_tolerance(at, p, bounds)
    return flips, tolerances, missed


@pytest.mark.parametrize("mode", ["bias", "graded"])
@every_encoding
def test_no_certified_case_fails(
    encoding: str, mode: InputMode, modular: Modular, every_state: States
) -> None:
    """At least 18,000 checks in each of six cases, and nearly all flips that return are certain."""
    counts = np.zeros(3, dtype=np.int64)
    images = np.random.default_rng(1).random((16, 3))
    singles = 0
    for plain in (*modular(1), *modular(2)):
        for autapses, gain in ((True, 6.0), (False, 15.0)):
            network, rounding = replace(plain, gain=gain), Rounding(weight_bits=6, input=mode)
            graph = map_network(network, encoding=encoding, rounding=rounding, autapses=autapses)
            points = held_by(graph, every_state, images)
            counts += check(graph, points)
            singles += 6 * len(points)
    flips, tolerances, missed = counts
    assert flips >= 2_500
    assert flips + tolerances >= 18_000
    assert missed < 0.05 * singles


def random_scene(
    by_drawing: ByDrawing, seed: int, exponent: int
) -> tuple[SynapseGraph, FixedPoints]:
    """Any weights between any neurons, twins that differ, and biases that hold one state."""
    rng = np.random.default_rng(seed)
    units = int(rng.integers(1, 7))
    unit = np.append(np.arange(units), rng.integers(0, units, rng.integers(0, 5)))
    n, state = len(unit), rng.choice([-1, 1], units).astype(np.int8)
    weight = rng.integers(-255, 256, (n, n)) * (rng.random((n, n)) < rng.uniform(0.2, 1))
    sign = rng.choice([-1, 1], n)
    spikes = state[unit] * sign > 0
    margin = rng.integers(1, 2 + int(rng.choice([10, 600, 2000])) << exponent, n)
    x = np.where(spikes, margin, 1 - margin)
    offset = x - (weight << exponent) @ spikes
    wires = [
        (f"S>S:coupling{name}", np.maximum(part, 0).astype(np.uint8), exponent)
        for name, part in (("+", weight), ("-", -weight))
    ]
    graph = by_drawing(
        {"S": (n, "threshold")}, *wires, unit=unit, bias=np.clip(offset, -4095, 4095)
    )
    graph = replace(graph, io=replace(graph.io, input_sign=sign))
    points = FixedPoints(np.zeros((1, 1)), np.zeros(1, dtype=np.int64), state[None])
    return graph, points.select(certified(graph, points))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32 - 1), exponent=st.integers(0, 3))
def test_no_certified_case_fails_whatever_the_weights(
    by_drawing: ByDrawing, seed: int, exponent: int
) -> None:
    graph, points = random_scene(by_drawing, seed, exponent)
    check(graph, points)


def test_random_graphs_have_many_certified_cases(by_drawing: ByDrawing) -> None:
    """Lest the test above checks nothing: late neurons, twins that differ, and flips that return."""
    counts, late = np.zeros(3, dtype=np.int64), 0
    for seed in range(200):
        graph, points = random_scene(by_drawing, seed, seed % 4)
        counts += check(graph, points)
        late += int(switch_on_latency(graph).any())
    assert counts[0] >= 4_000
    assert counts[1] >= 3_000
    assert late >= 20
