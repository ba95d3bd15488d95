"""Whole numbers stay what they are: every state of small networks, one by one, ties included."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from spinspike.mapping import Rounding, map_network
from spinspike.mapping.graph.codec import external_field, neuron_spikes
from spinspike.mapping.graph.fields import field_of
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.quantisation.consolidate import Consolidation
from spinspike.mapping.quantisation.exact import exact_integers
from spinspike.mapping.quantisation.rounding import InputMode
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.model.network.import_arrays import from_arrays
from spinspike.model.network.network import Network
from spinspike.model.network.network_file import NetworkFile

ENCODINGS = ("signed", "dale", "pushpull")


def ring() -> Network:
    """Two units that agree, and an input that contradicts: its field and theirs cancel."""
    return from_arrays(
        [[0, 1], [1, 0]], [[1], [0]], np.zeros((2, 2)), np.eye(2), input_range=(-1, 1)
    )


def drawn(rng: np.random.Generator, bits: int) -> Network:
    """Whole numbers up to the largest weight, mostly small ones, so that sums are often 0."""
    units, inputs = int(rng.integers(2, 5)), int(rng.integers(1, 3))
    most = int(rng.integers(1, min(2**bits, 6)))
    J = rng.integers(-most, most + 1, (units, units)) * (rng.random((units, units)) < 0.8)
    if bits == 1:
        np.fill_diagonal(J, rng.integers(0, 2))
    factor = float(rng.choice([1, 3, 0.25, 7]))
    return from_arrays(
        J * factor,
        rng.integers(-2, 3, (units, inputs)) * factor,
        rng.integers(-1, 2, (units, 2)) * factor,
        rng.normal(size=(2, units)),
        bias=rng.integers(-1, 2, units) * factor,
        input_range=(-1, 1),
    )


def lost_ties(graph: SynapseGraph, network: Network) -> tuple[int, int]:
    """Ties over all states and inputs of +-1, and updates that the graph does otherwise."""
    ties = wrong = 0
    J = network.coupling.toarray() + np.diag(network.self_coupling)
    win = network.input_weight.toarray()
    states = np.array(list(product((-1, 1), repeat=network.units)), dtype=np.int8)
    for image in product((-1.0, 1.0), repeat=network.inputs):
        x = states @ J.T + win @ np.array(image) + network.bias
        given = external_field(graph, np.repeat(np.array([image]), len(states), axis=0))
        spikes = field_of(graph, neuron_spikes(graph, states)) + given + graph.bias > 0
        wanted = neuron_spikes(graph, np.where(x >= 0, 1, -1).astype(np.int8))
        ties += int((x == 0).sum())
        wrong += int((spikes != wanted).sum())
    return ties, wrong


def sampled(count: int, seed: int) -> tuple[int, int, int]:
    """Networks said to be exact, their ties, and updates that differ."""
    rng = np.random.default_rng(seed)
    exact = ties = wrong = 0
    for number in range(count):
        bits = 1 + number % 8
        mode: InputMode = "binary" if rng.integers(2) else "bias"
        network = drawn(rng, bits)
        rounding = Rounding(bits, mode)
        try:
            graph = map_network(network, encoding=str(rng.choice(ENCODINGS)), rounding=rounding)
        except ValueError:  # of few bits: its couplings are too weak beside the rest
            continue
        if graph.provenance["integers"]["exact"]:
            found = lost_ties(graph, network)
            exact, ties, wrong = exact + 1, ties + found[0], wrong + found[1]
    return exact, ties, wrong


def test_no_tie_is_lost_where_a_graph_is_said_to_be_exact() -> None:
    exact, ties, wrong = sampled(240, 0)
    assert exact > 120
    assert ties > 300
    assert wrong == 0


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("bits", range(1, 9))
def test_the_smallest_tie_is_kept_at_all_widths(bits: int, encoding: str) -> None:
    graph = map_network(ring(), encoding=encoding, rounding=Rounding(bits))
    assert graph.provenance["integers"]["exact"]
    assert lost_ties(graph, ring()) == (4, 0)


def test_ties_that_rounding_loses_are_counted() -> None:
    """With 1/3 beside it, which no integer holds, the sum of 1 and -1 is not 0 any more."""
    network = from_arrays(
        [[0, 1, 1 / 3], [1, 0, 0], [0, 0, 1]],
        [[1 + 1 / 3], [0], [0]],
        np.zeros((3, 2)),
        np.eye(2, 3),
        input_range=(-1, 1),
    )
    state = np.ones((1, 3), dtype=np.int8)
    points = {"free": FixedPoints(np.array([[-1.0]]), np.array([0]), state)}
    assert exact_integers(network) is None
    found = [map_network(network, points, rounding=Rounding(b)).provenance for b in range(1, 9)]
    counts = [provenance["integers"]["ties"]["free"] for provenance in found]
    assert all(c["fields"] == 1 for c in counts)
    assert any(c["lost"] == 1 == c["states"] for c in counts)
    assert not any(provenance["integers"]["exact"] for provenance in found)


def test_weights_that_do_not_fit_are_rounded() -> None:
    strong = from_arrays([[0, 256], [1, 0]], [[0], [1]], np.zeros((2, 2)), np.eye(2))
    both = from_arrays(
        [[0, 255, 2], [1, 0, 0], [0, 0, 0]], np.ones((3, 1)), np.eye(3, 2), np.eye(2, 3)
    )
    assert exact_integers(strong, Rounding(8)) is not None  # alone in its row it is 1
    assert exact_integers(both, Rounding(7)) is None


def test_learned_weights_are_rounded_and_new_autapses_wanted(trained: NetworkFile) -> None:
    assert exact_integers(trained.network) is None
    state = np.ones((1, 2), dtype=np.int8)
    points = {"learned": FixedPoints(np.array([[-1.0]]), np.array([0]), state)}
    kept = map_network(ring(), points, consolidation=Consolidation())
    new = map_network(ring(), points, consolidation=Consolidation(autapses=True))
    assert kept.provenance["integers"] == {
        "exact": True,
        "ties": {"learned": {"fields": 1, "lost": 0, "states": 0}},
    }
    assert not new.provenance["integers"]["exact"]


@pytest.mark.parametrize(
    ("gain", "centre", "exact"), [(1.0, 1.0, True), (0.5, 1.0, True), (2.0, 1 / 3, False)]
)
def test_the_centre_counts_among_what_must_be_whole(
    gain: float, centre: float, exact: bool
) -> None:
    network = replace(ring(), gain=gain, centre=np.array([centre]))
    assert (exact_integers(network) is not None) == exact


@pytest.mark.parametrize("mode", ["binary", "graded"])
def test_spiking_inputs_are_exact_whatever_their_number(mode: InputMode) -> None:
    J, Win = [[0, 1], [1, 0]], [[1, 2, -1], [0, 1, 3]]
    network = from_arrays(J, Win, np.zeros((2, 2)), np.eye(2), input_range=(0, 1))
    found = exact_integers(network, Rounding(8, mode))
    assert found is not None
    weights = found.input.mantissa.toarray() * 2.0**found.input.exponent
    ratio = weights[0, 0] / Win[0][0]
    assert (weights[0, :3] == ratio * np.array(Win[0])).all()
