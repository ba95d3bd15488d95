"""Every encoding has the fields, and so the steps and fixed points, of the rounded network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spinspike.errors import BadInput
from spinspike.mapping.certificates.margins import certified
from spinspike.mapping.graph.codec import external_field, neuron_spikes
from spinspike.mapping.graph.encoding import DALE, ENCODINGS, PUSHPULL, SIGNED, encoding_named
from spinspike.mapping.graph.fields import field_of
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.mapper import map_network
from spinspike.mapping.quantisation.quantise import quantise
from spinspike.mapping.quantisation.rounding import InputMode, Rounding
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.model.network.network import Network, random_network

Networks = Callable[[int], Iterator[Network]]
States = Callable[[int], NDArray[np.int8]]
Polarity = dict[str, int]  # of the populations of an encoding, by their first letters

POLARITY: dict[str, Polarity] = {
    "signed": {"S": 1},
    "dale": {"E": 1, "I": 1},
    "pushpull": {"ON": 1, "OFF": -1},
}
LIMIT = 4095  # of the bias register

every_encoding = pytest.mark.parametrize("encoding", POLARITY)
every_input = pytest.mark.parametrize("mode", ["bias", "binary", "graded"])


def polarities(graph: SynapseGraph) -> NDArray[np.int64]:
    """Of each neuron, by the name of its population."""
    kinds = POLARITY[graph.encoding]
    found = []
    for p in graph.populations:
        if p.neuron == "threshold":
            kind = p.name.removesuffix("_relay").rstrip("012")
            found += [kinds[kind]] * p.size
    return np.array(found)


@pytest.mark.parametrize("autapses", [True, False])
@pytest.mark.parametrize("modules", [1, 2])
@every_input
@every_encoding
def test_fields_of_all_states_are_those_of_the_rounded_network(
    encoding: str,
    mode: InputMode,
    modules: int,
    autapses: bool,
    modular: Networks,
    every_state: States,
    by_hand: Callable[[SynapseGraph], Any],
    reference: Callable[..., Any],
) -> None:
    """x_k = x_i where a spike means up, else 1 - x_i: same successors, same fixed points.

    Where a bias saturates, the sign of the field is still the same.
    """
    states, fixed, saturated = every_state(6), 0, 0
    for seed, network in enumerate(modular(modules)):
        rounding = Rounding(weight_bits=8 if seed else 5, input=mode)
        graph = map_network(network, encoding=encoding, rounding=rounding, autapses=autapses)
        model = reference(quantise(network, rounding, encoding=ENCODINGS[encoding]), network)
        polarity, unit, table = polarities(graph), graph.io.unit, by_hand(graph)
        images = np.random.default_rng(0).integers(0, 2, (3, 3)).astype(np.float64)
        if mode != "binary":
            images[1:] = np.random.default_rng(1).random((2, 3))
        for image in images:
            repeated = np.tile(image, (len(states), 1))
            expected = model.field(states, model.given(image[None]))
            holds = ((expected > 0) == (states > 0)).all(axis=1)
            spikes = states[:, unit] * polarity > 0
            if mode == "bias":
                given = model.given(image[None])[:, unit] * polarity
            else:
                top = model.integers.levels
                given = np.append(np.rint(image * top), top) @ table.input.T
            expected = np.where(polarity > 0, expected[:, unit], 1 - expected[:, unit])
            x = spikes @ table.weight.T + given + graph.bias
            np.testing.assert_array_equal(x, expected)
            # and the library, which multiplies matrices, counts the same but where a bias saturates
            np.testing.assert_array_equal(neuron_spikes(graph, states), spikes)
            found = field_of(graph, spikes) + external_field(graph, repeated) + graph.bias
            fits = np.abs(given + graph.bias) <= LIMIT if mode == "bias" else np.bool_(True)
            np.testing.assert_array_equal(np.where(fits, found, x), x)
            np.testing.assert_array_equal(found > 0, x > 0)
            saturated += int((~fits).sum())
            points = FixedPoints(repeated, np.zeros(len(states), dtype=np.int64), states)
            np.testing.assert_array_equal(certified(graph, points), holds)
            fixed += int(holds.sum())
    assert fixed > 0
    assert (saturated > 0) == (mode == "bias")


@every_input
@every_encoding
def test_fields_of_random_states_of_a_large_network(
    encoding: str, mode: InputMode, reference: Callable[..., Any]
) -> None:
    """Three linked modules of 400 units, a few of the couplings between them."""
    architecture = Architecture(
        units=400, inputs=20, classes=5, modules=3, link=0.5, between_sparsity=0.98, sparsity=0.9
    )
    rng = np.random.default_rng(0)
    network = random_network(architecture, rng, centre=np.full(20, 0.4))
    rounding = Rounding(input=mode)
    graph = map_network(network, encoding=encoding, rounding=rounding)
    model = reference(quantise(network, rounding, encoding=ENCODINGS[encoding]), network)
    states = rng.choice(np.array([-1, 1], dtype=np.int8), (6, 1200))
    images = rng.integers(0, 2, (6, 20)).astype(np.float64)
    x = model.field(states, model.given(images))[:, graph.io.unit]
    expected = np.where(polarities(graph) > 0, x, 1 - x)
    field = field_of(graph, neuron_spikes(graph, states))
    found = field + external_field(graph, images) + graph.bias
    saturated = np.abs(expected - field) > LIMIT if mode == "bias" else np.bool_(False)
    np.testing.assert_array_equal(
        np.where(saturated, np.sign(found), found), np.where(saturated, np.sign(expected), expected)
    )


@pytest.mark.parametrize("modules", [1, 2])
@every_encoding
def test_signals_reach_every_neuron_with_its_polarity(
    encoding: str,
    modules: int,
    modular: Networks,
    by_hand: Callable[[SynapseGraph], Any],
) -> None:
    for network in modular(modules):
        graph = map_network(network, encoding=encoding)
        signal = quantise(network, encoding=ENCODINGS[encoding]).signal
        expected = (signal.mantissa.toarray().astype(np.int64) << signal.exponent)[graph.io.unit]
        found = by_hand(graph).signal
        np.testing.assert_array_equal(found, expected * polarities(graph)[:, None])
        assert found.any()


@pytest.mark.parametrize("modules", [1, 2])
@pytest.mark.parametrize("autapses", [True, False])
@every_input
@every_encoding
def test_every_population_obeys_dales_law(
    encoding: str, mode: InputMode, autapses: bool, modules: int, modular: Networks
) -> None:
    """Those of the input and of the supervisory signal too; signed neurons are exempt."""
    for network in modular(modules):
        graph = map_network(
            network, encoding=encoding, rounding=Rounding(input=mode), autapses=autapses
        )
        signs: dict[str, set[int]] = {}
        for p in graph.projections:
            signs.setdefault(p.source, set()).add(p.sign)
        both = {source for source, found in signs.items() if len(found) > 1}
        sources = {p.name for p in graph.populations if p.neuron != "readout"}
        assert both == (sources & both if encoding == "signed" else set())
        if encoding == "dale":
            assert all(found == {-1 if "I" in name else 1} for name, found in signs.items())
        if encoding == "pushpull":
            recurrent = [p for p in graph.projections if p.source.startswith("O")]
            assert {p.sign for p in recurrent} == {1}


def test_signed_neurons_have_synapses_of_both_signs(modular: Networks) -> None:
    graph = map_network(next(modular(1)), encoding="signed", rounding=Rounding(input="graded"))
    for source in ("S", "supervisory", "input"):
        assert {p.sign for p in graph.projections if p.source == source} == {-1, 1}


def test_encodings_by_name() -> None:
    assert [encoding_named(name) for name in POLARITY] == [SIGNED, DALE, PUSHPULL]
    for name, encoding in ENCODINGS.items():
        assert encoding.polarity == POLARITY[name]
        assert encoding.decoder == next(iter(POLARITY[name]))
        assert encoding.antagonistic == (name == "pushpull")
    with pytest.raises(BadInput, match="unknown encoding 'push'; allowed: signed, dale, pushpull"):
        encoding_named("push")
