"""Whole runs of a mapped network are those of the rounded one, and wrong mappings show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spinspike.errors import BadInput, OutOfRange
from spinspike.mapping.graph.encoding import ENCODINGS
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.mapper import map_network
from spinspike.mapping.quantisation.quantise import quantise
from spinspike.mapping.quantisation.rounding import InputMode, Rounding
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.import_arrays import from_arrays
from spinspike.model.network.network import Network, random_network
from spinspike.model.network.network_file import NetworkFile

Ints = NDArray[np.int64]
Networks = Callable[[int], Iterator[Network]]
States = Callable[[int], NDArray[np.int8]]
ByHand = Callable[[SynapseGraph], Any]
LIMIT = 4095  # of the bias register, which saturates

every_encoding = pytest.mark.parametrize("encoding", ENCODINGS)


def spins(graph: SynapseGraph, table: Any, given: Ints, labels: Ints, phases: str) -> Ints:
    """Unit states in each step from silence, by the equation of DESIGN; (steps, B, H).

    ``given`` (B, N) is the input's part of the bias, or the field of its spikes; all neurons of a
    unit must agree.
    """
    by_bias = graph.io.levels == 0
    n, steps = np.zeros((len(given), graph.neurons), dtype=np.int64), []
    for t, phase in enumerate(phases):
        offset = graph.bias if t else graph.initial_bias
        bias = np.clip(offset + given * by_bias, -LIMIT, LIMIT) + given * (not by_bias)
        x = n @ table.weight.T + bias
        if phase == "c":
            x = x + table.signal[:, labels].T
        n = (x > 0).astype(np.int64)
        s = np.where(n == (graph.io.input_sign > 0), 1, -1)
        units = s[:, : graph.units]
        np.testing.assert_array_equal(s, units[:, graph.io.unit])
        steps.append(units)
    return np.array(steps)


def drives(graph: SynapseGraph, table: Any, model: Any, images: NDArray[np.float64]) -> Ints:
    """Input of each neuron, by hand."""
    if not graph.io.levels:
        return np.asarray(model.given(images)[:, graph.io.unit] * graph.io.input_sign)
    top = graph.io.levels
    sent = np.append(np.rint(images * top), np.full((len(images), 1), top), axis=1)
    return np.asarray(sent.astype(np.int64) @ table.input.T)


@pytest.mark.parametrize("autapses", [True, False])
@pytest.mark.parametrize("modules", [1, 2])
@pytest.mark.parametrize("mode", ["bias", "binary", "graded"])
@every_encoding
def test_whole_runs_are_equal_from_the_first_step_out_of_silence(
    encoding: str,
    mode: InputMode,
    modules: int,
    autapses: bool,
    modular: Networks,
    by_hand: ByHand,
    reference: Callable[..., Any],
) -> None:
    """Cue, clamp, release and hold; and with the clamp from the first step on."""
    rng, moved = np.random.default_rng(1), 0
    for bits, network in zip((8, 4, 1), modular(modules), strict=True):
        rounding = Rounding(weight_bits=bits, input=mode)
        graph = map_network(network, encoding=encoding, rounding=rounding, autapses=autapses)
        model = reference(quantise(network, rounding, encoding=ENCODINGS[encoding]), network)
        images = rng.random((6, 3))
        if mode == "binary":
            images = np.rint(images)
        table, labels = by_hand(graph), rng.integers(0, 4, 6)
        given = drives(graph, table, model, images)
        for phases in ("ffffffff", "fccccffffff", "ccff"):
            expected = model.run(images, labels, phases)
            found = spins(graph, table, given, labels, phases)
            np.testing.assert_array_equal(found, expected)
            moved += int((expected[0] != expected[1]).any())
    assert moved > 4


@every_encoding
def test_a_trained_network_runs_as_its_rounded_self(
    encoding: str, trained: NetworkFile, by_hand: ByHand, reference: Callable[..., Any]
) -> None:
    network, points = trained.network, trained.fixed_points["learned"].select(slice(40))
    graph = map_network(network, encoding=encoding)
    model = reference(quantise(network, encoding=ENCODINGS[encoding]), network)
    table = by_hand(graph)
    given = drives(graph, table, model, points.inputs)
    phases = "fccccc" + "f" * 20
    expected = model.run(points.inputs, points.labels, phases)
    np.testing.assert_array_equal(spins(graph, table, given, points.labels, phases), expected)
    assert (expected[-1] == points.states).mean() > 0.98


@every_encoding
def test_inputs_of_exactly_zero_count_as_up_from_the_first_step(
    encoding: str, by_hand: ByHand
) -> None:
    """Without input and couplings every field is 0, and every unit is up for ever."""
    network = from_arrays(
        J=np.zeros((3, 3)),
        Win=np.ones((3, 1)),
        Wback=np.zeros((3, 2)),
        Wout=np.zeros((2, 3)),
        centre=np.full(1, 0.5),
    )
    graph, labels = map_network(network, encoding=encoding), np.zeros(1, dtype=np.int64)
    for input_, expected in (([0, 0, 0], [1, 1, 1]), ([0, -1, 1], [1, -1, 1])):
        given = np.array([input_])[:, graph.io.unit] * graph.io.input_sign
        found = spins(graph, by_hand(graph), given, labels, "fff")
        assert found.tolist() == [[expected]] * 3


def test_the_network_is_not_changed(trained: NetworkFile) -> None:
    before = deepcopy(trained.network)
    rounding = Rounding(weight_bits=4, input="graded")
    for encoding in ENCODINGS:
        map_network(trained.network, trained.fixed_points, encoding=encoding, rounding=rounding)
    for name in ("coupling", "link", "input_weight"):
        one, other = getattr(trained.network, name), getattr(before, name)
        for part in ("data", "indices", "indptr"):
            np.testing.assert_array_equal(getattr(one, part), getattr(other, part))
    for name in ("self_coupling", "bias", "supervisory"):
        np.testing.assert_array_equal(getattr(trained.network, name), getattr(before, name))


def test_the_seed_decides_stochastic_rounding_alone(trained: NetworkFile) -> None:
    def first(*, seed: int, stochastic: bool) -> list[int]:
        rounding = Rounding(stochastic=stochastic)
        graph = map_network(trained.network, rounding=rounding, seed=seed)
        return [int(m) for m in graph.projections[0].mantissa]

    assert first(seed=0, stochastic=True) == first(seed=0, stochastic=True)
    assert first(seed=0, stochastic=True) != first(seed=1, stochastic=True)
    assert first(seed=0, stochastic=False) == first(seed=1, stochastic=False)


def test_choices_reach_the_graph(trained: NetworkFile) -> None:
    graph = map_network(
        trained.network,
        trained.fixed_points,
        encoding="signed",
        rounding=Rounding(weight_bits=6, input="graded"),
        on_chip_readout=False,
        autapses=False,
        provenance={"seed": 3},
    )
    assert (graph.encoding, graph.weight_bits, graph.io.levels) == ("signed", 6, 16)
    assert list(graph.sizes) == ["S", "S_relay", "supervisory", "input"]
    assert graph.fixed_points == trained.fixed_points
    assert graph.provenance["seed"] == 3


def test_what_does_not_fit_is_refused_with_its_value() -> None:
    architecture = Architecture(5, 2, 2, supervisory_scale=1e7, sparsity=0.0)
    network = random_network(architecture, np.random.default_rng(0), centre=np.zeros(2))
    message = r"unit 0: .* largest coupling comes to 0\.\d+ weight units"
    with pytest.raises(OutOfRange, match=message):
        map_network(network)


def test_an_unknown_encoding_is_refused(trained: NetworkFile) -> None:
    with pytest.raises(BadInput, match="unknown encoding 'x'; allowed: signed, dale, pushpull"):
        map_network(trained.network, encoding="x")


# Mutants: what a wrong mapping would do must show in the states of small networks.


def flip_one_projection(graph: SynapseGraph) -> SynapseGraph:
    first, *others = graph.projections
    return replace(graph, projections=(replace(first, sign=-1), *others))


def drop_the_self_couplings(graph: SynapseGraph) -> SynapseGraph:
    return replace(graph, projections=tuple(p for p in graph.projections if p.role != "self"))


def drop_a_synapse(graph: SynapseGraph) -> SynapseGraph:
    first, *others = graph.projections
    indptr = np.minimum(first.indptr, first.indptr[-1] - 1)
    fewer = replace(first, indptr=indptr, indices=first.indices[:-1], mantissa=first.mantissa[:-1])
    return replace(graph, projections=(fewer, *others))


def double_a_projection(graph: SynapseGraph) -> SynapseGraph:
    return replace(graph, projections=(*graph.projections, graph.projections[0]))


def forget_the_centre_of_the_bias(graph: SynapseGraph) -> SynapseGraph:
    return replace(graph, bias=graph.initial_bias)


def forget_the_tie(graph: SynapseGraph) -> SynapseGraph:
    return replace(graph, bias=graph.bias - graph.io.input_sign)


def shift_an_exponent(graph: SynapseGraph) -> SynapseGraph:
    first, *others = graph.projections
    return replace(graph, projections=(replace(first, exponent=first.exponent + 1), *others))


def forget_the_first_bias(graph: SynapseGraph) -> SynapseGraph:
    return replace(graph, initial_bias=graph.bias)


@every_encoding
@pytest.mark.parametrize(
    "mutant",
    [
        flip_one_projection,
        drop_the_self_couplings,
        drop_a_synapse,
        double_a_projection,
        forget_the_centre_of_the_bias,
        forget_the_tie,
        shift_an_exponent,
        forget_the_first_bias,
    ],
    ids=lambda mutant: mutant.__name__,
)
def test_a_wrong_mapping_shows_in_some_step(
    mutant: Callable[[SynapseGraph], SynapseGraph],
    encoding: str,
    modular: Networks,
    by_hand: ByHand,
    reference: Callable[..., Any],
) -> None:
    rng, wrong = np.random.default_rng(1), 0
    for network in modular(1):
        rounding = Rounding(weight_bits=3)
        graph = mutant(map_network(network, encoding=encoding, rounding=rounding))
        model = reference(quantise(network, rounding, encoding=ENCODINGS[encoding]), network)
        images, labels = rng.random((30, 3)), rng.integers(0, 4, 30)
        table = by_hand(graph)
        given = drives(graph, table, model, images)
        for phases in ("ffffff", "ccffff"):
            expected = model.run(images, labels, phases)
            try:
                found = spins(graph, table, given, labels, phases)
            except AssertionError:  # neurons of one unit disagree
                wrong += 1
            else:
                wrong += int((found != expected).any())
    assert wrong > 0
