"""What is certain to survive does, by the exact arithmetic of the damaged graph."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm, poisson

from spinspike.arrays import BoolArray
from spinspike.mapping import SynapseGraph
from spinspike.mapping.certificates.flips import certified_flips
from spinspike.mapping.certificates.margins import integer_margins
from spinspike.mapping.certificates.recovery import recovers
from spinspike.mapping.certificates.robustness import robustness
from spinspike.mapping.graph.codec import neuron_spikes
from spinspike.mapping.graph.membrane import lowest
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.simulators import Emulator, Phases, Recording, encode_stimulus
from spinspike.simulators.stress.bounds import (
    corrects_flips,
    settled,
    survives_damage,
    withstands_noise,
)
from spinspike.simulators.stress.damage import mismatched, without_synapses


@pytest.fixture(scope="module")
def points(graph: SynapseGraph) -> FixedPoints:
    return graph.fixed_points["learned"].select(slice(40))


def everyone(graph: SynapseGraph) -> BoolArray:
    return np.ones(graph.neurons, dtype=np.bool_)


@pytest.mark.parametrize("level", [0.0, 0.01, 0.05, 0.2])
@pytest.mark.parametrize("damage", [mismatched, without_synapses], ids=["mismatch", "lost"])
def test_what_survives_is_a_fixed_point_of_the_damaged_graph(
    graph: SynapseGraph, points: FixedPoints, damage: object, level: float
) -> None:
    assert callable(damage)
    for seed in range(4):
        damaged = damage(graph, level, np.random.default_rng(seed))
        sure = survives_damage(graph, damaged, points, everyone(graph))
        fixed = (integer_margins(damaged, points) >= 1).all(axis=1)
        assert (fixed | ~sure).all()
        intact = (integer_margins(graph, points) >= 1).all(axis=1)
        if level == 0:
            np.testing.assert_array_equal(sure, intact)
        if level == 0.01:
            assert sure.any()


def test_losing_all_but_one_of_the_margin_is_survived_and_the_whole_of_it_not(
    graph: SynapseGraph,
) -> None:
    """One synapse onto one neuron, made weaker by what the margin allows, and by one more."""
    points = graph.fixed_points["free"]
    spikes, margins = neuron_spikes(graph, points.states), integer_margins(graph, points)
    p = next(p for p in graph.projections if p.name == "E>E:coupling+")
    number, place, room = next(
        (n, k, int(margins[n, row]) - 1)
        for n in np.flatnonzero(margins.min(axis=1) >= 1)
        for row in np.flatnonzero(spikes[n, : len(p.indptr) - 1])
        for k in range(int(p.indptr[row]), int(p.indptr[row + 1]))
        if spikes[n, p.indices[k]] and int(p.mantissa[k]) > int(margins[n, row])
    )
    point = points.select(slice(number, number + 1))
    assert p.exponent == 0
    for taken, survives in ((room, True), (room + 1, False)):
        mantissa = p.mantissa.copy()
        mantissa[place] -= taken
        weaker = replace(p, mantissa=mantissa)
        damaged = replace(
            graph, projections=tuple(weaker if q is p else q for q in graph.projections)
        )
        assert survives_damage(graph, damaged, point, everyone(graph)).tolist() == [survives]


def test_worst_cases_are_among_what_survives(graph: SynapseGraph, points: FixedPoints) -> None:
    bounds = robustness(graph, points)
    most = int(bounds.lost.max())
    for seed in range(5):
        damaged = without_synapses(graph, most / graph.synapses, np.random.default_rng(seed))
        lost = graph.synapses - damaged.synapses
        sure = survives_damage(graph, damaged, points, everyone(graph))
        assert sure[bounds.certified & (bounds.lost >= lost)].all()
        # errors of one part in a hundred at most, by weights that can have it
        rng = np.random.default_rng(seed)
        moved = tuple(
            replace(p, mantissa=(p.mantissa + (p.mantissa >= 100) * rng.choice([-1, 1])).clip(1, 255)
                    .astype(np.uint8))
            for p in graph.projections
        )  # fmt: skip
        sure = survives_damage(graph, replace(graph, projections=moved), points, everyone(graph))
        assert sure[bounds.noise > 0.01].all()
        assert (bounds.noise > 0.01).any()


def test_flips_that_are_certain_to_be_corrected_are(
    graph: SynapseGraph, points: FixedPoints
) -> None:
    rng = np.random.default_rng(0)
    for count in (0, 1, 2, 5):
        flips = rng.permuted(
            np.tile(np.arange(graph.units) < count, (len(points), 1)), axis=1
        ).astype(np.bool_)
        sure = corrects_flips(graph, points, flips)
        for p in range(len(points)):
            one = points.select(slice(p, p + 1))
            back = recovers(graph, one, flips[p : p + 1], lowest(graph), steps=1)[0]
            assert back[0] or not sure[p]
        if count == 1:
            margins = integer_margins(graph, points)
            single = certified_flips(graph, points, margins).single
            np.testing.assert_array_equal(sure, single[flips])
            assert 0 < sure.sum() < len(sure)


def test_a_state_that_is_no_fixed_point_is_promised_nothing(
    graph: SynapseGraph, points: FixedPoints
) -> None:
    wrong = replace(points, states=-points.states)
    none = np.zeros(wrong.states.shape, dtype=np.bool_)
    assert not corrects_flips(graph, wrong, none).any()
    assert not survives_damage(graph, graph, wrong, everyone(graph)).any()
    assert not withstands_noise(graph, wrong, 0.0, 10).any()


def test_noise_is_withstood_with_the_probability_of_whole_numbers(
    graph: SynapseGraph, points: FixedPoints
) -> None:
    """Sum over the whole numbers that a rounded normal one may be, neuron by neuron."""
    deviation, steps = 60.0, 3  # of the order of the weakest margins: half a unit tells
    few = points.select(slice(3))
    numbers = np.arange(-1000, 1001)
    mass = norm.cdf((numbers + 0.5) / deviation) - norm.cdf((numbers - 0.5) / deviation)
    for p, margins in enumerate(integer_margins(graph, few)):
        product = 1.0
        for margin in margins.tolist():
            product *= mass[numbers >= 1 - margin].sum() ** steps
        found = withstands_noise(graph, few, deviation, steps)[p]
        assert found == pytest.approx(product, rel=1e-6)
        assert 0.1 < found < 0.9


def test_noise_on_the_emulator_does_no_more_harm_than_certified(
    graph: SynapseGraph, points: FixedPoints
) -> None:
    phases = Phases(cue=1, free=20)
    given = encode_stimulus(graph, points.inputs, cue=points.states)
    likely = withstands_noise(graph, points, 6.0, phases.total - 1)
    lost, draws = 0, 10
    for seed in range(draws):
        states = Emulator(noise=6.0, seed=seed).run(graph, given, phases).states
        lost += int((states != points.states).any(axis=(0, 2)).sum())
    expected = draws * (1 - likely).sum()
    assert expected > 5
    assert poisson.sf(lost - 1, expected) > 1e-6
    # the bound is tight: the residue of silent neurons is all that it leaves out
    assert poisson.cdf(lost, 0.5 * expected) > 1e-6


def test_a_state_has_settled_once_it_outlasts_the_longest_delay(
    graph: SynapseGraph, points: FixedPoints
) -> None:
    """Of three patterns one is there for 3 steps, one for 2, one for the last 3 alone."""
    three = points.select(np.flatnonzero((integer_margins(graph, points) >= 1).all(axis=1))[:3])
    right = np.array(
        [[0, 1, 1, 1, 0, 0, 0], [0, 1, 1, 0, 1, 1, 0], [1, 0, 0, 0, 1, 1, 1]], dtype=bool
    ).T
    spikes = neuron_spikes(graph, three.states) ^ ~right[:, :, None]
    recording = Recording(
        regime="step",
        times=np.arange(1.0, 8.0),
        states=np.zeros((7, 3, graph.units), dtype=np.int8),
        supervisory=np.zeros((7, 3)),
        release=1.0,
        spikes=spikes,
    )
    assert settled(graph, three, recording, 2).tolist() == [True, False, False]
    assert settled(graph, three, recording, 1).tolist() == [True, True, True]
    assert settled(graph, three, replace(recording, release=3.0), 2).tolist() == [False] * 3
    assert not settled(graph, three, replace(recording, spikes=None), 1).any()


def test_a_margin_of_0_promises_nothing(graph: SynapseGraph, points: FixedPoints) -> None:
    """A bias less, by the margin of the weakest neuron of each state, and by one less than that."""
    margins = integer_margins(graph, points)
    for p in np.flatnonzero(margins.min(axis=1) >= 1)[:5]:
        point, neuron = points.select(slice(p, p + 1)), int(margins[p].argmin())
        less = np.where(neuron_spikes(graph, point.states)[0, neuron], -1, 1) * margins[p, neuron]
        for change, sure in ((less - np.sign(less), True), (less, False)):
            offset = graph.bias.copy()
            offset[neuron] += change
            weak = replace(graph, bias=offset)
            assert integer_margins(weak, point).min() == int(sure)
            none = np.zeros(point.states.shape, dtype=np.bool_)
            spikes = np.repeat(neuron_spikes(weak, point.states)[None], 4, axis=0)
            states, signal = np.repeat(point.states[None], 4, axis=0), np.zeros((4, 1))
            seen = Recording("step", np.arange(1.0, 5.0), states, signal, 1.0, spikes)
            assert corrects_flips(weak, point, none).tolist() == [sure]
            assert survives_damage(weak, weak, point, everyone(weak)).tolist() == [sure]
            assert withstands_noise(weak, point, 0.0, 10).tolist() == [float(sure)]
            assert settled(weak, point, seen, 0).tolist() == [sure]
