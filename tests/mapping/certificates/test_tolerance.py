"""Tolerances of one neuron worked out by hand, and the risk of random noise by drawing it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import norm

from spinspike.mapping.certificates.margins import integer_margins
from spinspike.mapping.certificates.robustness import Robustness, robustness
from spinspike.mapping.certificates.tolerance import RISK, gaussian_error, held, synapses
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.model.network.fixed_points import FixedPoints

ByDrawing = Callable[..., SynapseGraph]


def fan(by_drawing: ByDrawing, bias: int) -> SynapseGraph:
    """Neuron 0 is excited with 5, 4 and 1 and inhibited with 3; biases hold the others up.

    One that excites it, with 9, is silent.
    """
    excites, inhibits = (np.zeros((6, 6), dtype=np.uint8) for _ in range(2))
    excites[0, 1:] = 5, 4, 1, 0, 9
    inhibits[0, 4] = 3
    wires = ("S>S:coupling+", excites), ("S>S:coupling-", inhibits)
    return by_drawing({"S": (6, "threshold")}, *wires, bias=[bias, 1, 1, 1, 1, 0])


def certify(graph: SynapseGraph, first: int) -> Robustness:
    state = np.array([[first, 1, 1, 1, 1, -1]], dtype=np.int8)
    return robustness(graph, FixedPoints(np.zeros((1, 1)), np.array([0]), state))


def test_a_neuron_that_spikes(by_drawing: ByDrawing) -> None:
    """X = 5 + 4 + 1 - 3 - 1 = 6 of A = 13 that is active: error 6/13, scale from 1/7."""
    found = certify(fan(by_drawing, -1), 1)
    assert found.margin.tolist() == [1]  # of those that the bias holds
    assert found.noise == pytest.approx(6 / 13)
    assert found.lost.tolist() == [1]  # 5 < 6 <= 5 + 4
    assert found.lost_single.tolist() == [1.0]
    assert found.dead.tolist() == [1.0]
    assert found.scale_low == pytest.approx(1 / 7)
    assert np.isinf(found.scale_high).all()


def test_a_neuron_that_is_silent(by_drawing: ByDrawing) -> None:
    """X = 7 - 9 = -2: error 2/13, scale up to 9/7, and 3 of inhibition lost is too much."""
    found = certify(fan(by_drawing, -9), -1)
    assert found.noise == pytest.approx(2 / 13)
    assert found.lost.tolist() == [0]
    assert found.lost_single == pytest.approx(4 / 5)
    assert found.dead == pytest.approx(5 / 6)
    assert found.scale_low.tolist() == [0]
    assert found.scale_high == pytest.approx(9 / 7)


def test_a_silent_neuron_with_field_0_bears_no_error(by_drawing: ByDrawing) -> None:
    found = certify(fan(by_drawing, -7), -1)
    assert found.certified.all()
    assert found.noise.tolist() == [0]
    assert found.gaussian.tolist() == [0]
    assert found.scale_high.tolist() == [1]


def test_random_noise_at_the_bound(by_drawing: ByDrawing) -> None:
    """One neuron at risk, with deviation sqrt(25 + 16 + 1 + 9): sigma is where 6 is 2.33 of it."""
    graph = fan(by_drawing, -1)
    sigma = certify(graph, 1).gaussian[0]
    assert sigma == pytest.approx(6 / np.sqrt(51) / norm.ppf(0.99), rel=1e-6)
    noise = np.random.default_rng(0).normal(size=(200_000, 4))
    fields = (1 + sigma * noise) @ [5, 4, 1, -3] - 1
    assert (fields <= 0).mean() == pytest.approx(RISK, rel=0.1)


def test_risks_of_all_neurons_add_up_to_1_percent(graph: SynapseGraph) -> None:
    points = graph.fixed_points["learned"].select(slice(10))
    seen = held(graph, points, integer_margins(graph, points))
    wires, found = synapses(graph), gaussian_error(graph, seen)
    for p in range(len(points)):
        squares = np.zeros(graph.neurons)
        for k, source, weight in zip(wires.target, wires.source, wires.weight, strict=True):
            squares[k] += (int(weight) * int(seen.activity[p, source])) ** 2
        firmness = np.abs(seen.field[p][squares > 0]) / np.sqrt(squares[squares > 0])
        assert norm.sf(firmness / found[p]).sum() == pytest.approx(RISK, rel=1e-4)
        assert norm.sf(firmness / found[p]).sum() <= RISK * (1 + 1e-9)


def test_noise_in_a_trained_graph_breaks_fewer_than_1_percent(graph: SynapseGraph) -> None:
    """By drawing every weight: fewer, since the risks of neurons overlap, but not far fewer."""
    points = graph.fixed_points["learned"].select(slice(1))
    seen = held(graph, points, integer_margins(graph, points))
    wires, sigma = synapses(graph), gaussian_error(graph, seen)[0]
    sent = wires.weight * seen.activity[0, wires.source]
    rng, broken, draws = np.random.default_rng(0), 0, 4000
    for _ in range(draws):
        noisy = sent * (1 + sigma * rng.normal(size=sent.size))
        field = np.bincount(wires.target, weights=noisy, minlength=graph.neurons) + seen.bias[0]
        broken += ((field > 0) != (seen.direction[0] > 0)).any()
    assert 0.001 <= broken / draws <= RISK + 3 * np.sqrt(RISK / draws)


def test_synapses_are_all_there(graph: SynapseGraph) -> None:
    """All but those of the supervisory signal and of the readout, the strongest of each first."""
    wires = synapses(graph)
    inside = [p for p in graph.projections if p.role not in ("supervisory", "readout")]
    assert wires.weight.size == sum(p.mantissa.size for p in inside)
    same = np.diff(wires.target) == 0
    assert (np.diff(wires.target) >= 0).all()
    assert (np.diff(np.abs(wires.weight))[same] <= 0).all()
