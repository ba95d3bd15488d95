"""A Dale graph does what the rounded network does: all states, whole runs, and mutants do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array

from spinspike.mapping.dale import dale
from spinspike.mapping.graph import SynapseGraph
from spinspike.mapping.quantise import IntegerNetwork, quantise
from spinspike.model.architecture import Architecture
from spinspike.model.errors import OutOfRange
from spinspike.model.network import Network, draw
from spinspike.model.network_file import NetworkFile
from spinspike.model.own_network import from_arrays

Ints = NDArray[np.int64]
SmallNetworks = Callable[..., Iterator[Network]]
States = Callable[[int], NDArray[np.int8]]


class Table(Protocol):
    """Weights of a graph, added up synapse by synapse."""

    @property
    def weight(self) -> Ints: ...
    @property
    def signal(self) -> Ints: ...


ByHand = Callable[[SynapseGraph], Table]


@dataclass(frozen=True)
class Rounded:
    """The rounded network in spins: fields doubled, so that they are integers."""

    integers: IntegerNetwork
    network: Network

    def input(self, image: NDArray[np.float64]) -> list[int]:
        """round(alpha_i sum_k Win_ik gain (x_k - c_k)) in plain loops."""
        n, weight = self.network, self.network.input_weight.toarray()
        return [
            round(
                self.integers.scale[i]
                * sum(
                    weight[i, k] * n.gain * (image[k] - n.centre[k]) for k in range(n.centre.size)
                )
            )
            for i in range(n.units)
        ]

    def sweep(self, s: list[int], external: list[int]) -> list[int]:
        """s_i <- sign(sum_j w_ij s_j + d_i s_i + 2 u_i), sign(0) = +1."""
        w, d = self.integers.coupling.toarray().tolist(), self.integers.self_coupling.tolist()
        return [
            1 if sum(a * b for a, b in zip(w[i], s, strict=True)) + d[i] * s[i] + 2 * u >= 0 else -1
            for i, u in enumerate(external)
        ]

    def run(self, image: NDArray[np.float64], label: int, phases: str) -> list[list[int]]:
        """States after each sweep from s = 0; a "c" in ``phases`` is a clamped sweep."""
        s, given, states = [0] * self.network.units, self.input(image), []
        for phase in phases:
            signal = self.integers.signal[:, label].tolist() if phase == "c" else [0] * len(s)
            s = self.sweep(s, [u + v for u, v in zip(given, signal, strict=True)])
            states.append(s)
        return states


def run_graph(
    graph: SynapseGraph, table: Table, given: list[int], label: int, phases: str
) -> list[list[int]]:
    """Spikes of all neurons in each step from silence, by the equation of DESIGN in integers."""
    twice = np.array(given + given)
    n, steps = np.zeros(graph.neurons, dtype=np.int64), []
    for t, phase in enumerate(phases):
        x = table.weight @ n + twice + (graph.offset if t else graph.first_offset)
        if phase == "c":
            x = x + table.signal[:, label]
        n = (x > 0).astype(np.int64)
        steps.append(n.tolist())
    return steps


def wrong_states(graph: SynapseGraph, table: Table, rounded: Rounded, states: Ints) -> int:
    """Number of states that the graph answers otherwise than the rounded network.

    Over all images of a few, from states that both twins share.
    """
    wrong = 0
    for image in np.random.default_rng(0).random((2, rounded.network.centre.size)):
        given = rounded.input(image)
        for s in states.tolist():
            n = np.array([value > 0 for value in s + s], dtype=np.int64)
            x = table.weight @ n + np.array(given + given) + graph.offset
            after = np.where(x > 0, 1, -1).tolist()
            wrong += after != 2 * rounded.sweep(s, given)
    return wrong


@pytest.mark.parametrize("bits", range(1, 9))
def test_all_states_go_where_the_rounded_network_sends_them(
    bits: int, small_networks: SmallNetworks, every_state: States, by_hand: ByHand
) -> None:
    for network in small_networks():
        graph = dale(network, weight_bits=bits)
        rounded = Rounded(quantise(network, weight_bits=bits), network)
        states = every_state(network.units).astype(np.int64)
        assert wrong_states(graph, by_hand(graph), rounded, states) == 0


def test_all_states_of_eight_dense_units(every_state: States, by_hand: ByHand) -> None:
    architecture = Architecture(units=8, inputs=2, classes=2, sparsity=0.0)
    for seed in range(2):
        network = draw(architecture, np.random.default_rng(seed), centre=np.full(2, 0.5))
        graph = dale(network)
        states = every_state(8).astype(np.int64)
        assert wrong_states(graph, by_hand(graph), Rounded(quantise(network), network), states) == 0


@pytest.mark.parametrize("bits", [1, 4, 8])
def test_whole_runs_are_equal_from_the_first_step_out_of_silence(
    bits: int, small_networks: SmallNetworks, by_hand: ByHand
) -> None:
    """Cue, clamp, release and hold; and with the clamp from the first step on."""
    rng = np.random.default_rng(1)
    moved = 0
    for network in small_networks(seeds=5):
        graph = dale(network, weight_bits=bits)
        rounded, table = Rounded(quantise(network, weight_bits=bits), network), by_hand(graph)
        for image in rng.random((4, 3)):
            label = int(rng.integers(4))
            for phases in ("ffffffff", "fccccffffff", "ccff"):
                expected = rounded.run(image, label, phases)
                found = run_graph(graph, table, rounded.input(image), label, phases)
                assert found == [[int(v > 0) for v in s + s] for s in expected]
                moved += expected[0] != expected[1]
    assert moved > 5


def test_links_act_like_couplings_and_biases_like_inputs(
    small_networks: SmallNetworks, every_state: States, by_hand: ByHand
) -> None:
    """All states, and whole runs out of silence, of the network rounded by hand."""
    rng, moved = np.random.default_rng(1), 0
    for plain in small_networks():
        link = np.where(rng.random((6, 6)) < 0.4, 0.7, 0.0)
        np.fill_diagonal(link, 0.0)
        network = replace(plain, link=csr_array(link), bias=rng.normal(size=6))
        graph, rounded = dale(network), Rounded(quantise(network), network)
        real, scale = network.coupling.toarray() + link, rounded.integers.scale
        error = rounded.integers.coupling.toarray() - 2 * scale[:, None] * real
        assert np.abs(error).max() <= 0.5
        table, image = by_hand(graph), rng.random(3)
        given = rounded.input(image)
        own = [u + round(a * b) for u, a, b in zip(given, scale, network.bias, strict=True)]
        for s in every_state(6).astype(np.int64).tolist():
            n = np.array([value > 0 for value in s + s], dtype=np.int64)
            x = table.weight @ n + np.array(given + given) + graph.offset
            assert np.where(x > 0, 1, -1).tolist() == 2 * rounded.sweep(s, own)
        s, expected = [0] * 6, []
        for phase in "fccffff":
            push = rounded.integers.signal[:, 2].tolist() if phase == "c" else [0] * 6
            s = rounded.sweep(s, [u + v for u, v in zip(own, push, strict=True)])
            expected.append([int(v > 0) for v in s + s])
        assert run_graph(graph, table, given, 2, "fccffff") == expected
        moved += expected[0] != expected[1]
    assert moved > 1


def test_inputs_of_exactly_zero_count_as_up_from_the_first_step(by_hand: ByHand) -> None:
    """Without input and couplings every field is 0, and every unit is up for ever."""
    network = from_arrays(
        J=np.zeros((3, 3)),
        Win=np.ones((3, 1)),
        Wback=np.zeros((3, 2)),
        Wout=np.zeros((2, 3)),
        centre=np.full(1, 0.5),
        gain=1.0,
        input_range=(0.0, 1.0),
    )
    graph = dale(network)
    assert run_graph(graph, by_hand(graph), [0, 0, 0], 0, "fff") == [[1] * 6] * 3
    assert run_graph(graph, by_hand(graph), [0, -1, 1], 0, "ff") == [[1, 0, 1] * 2] * 2


def test_every_population_obeys_dales_law(graph: SynapseGraph) -> None:
    signs: dict[str, set[int]] = {}
    for p in graph.projections:
        signs.setdefault(p.source, set()).add(p.sign)
        assert p.mantissa.min() >= 1
    assert signs == {"E": {1}, "I": {-1}, "supervisory_E": {1}, "supervisory_I": {-1}}


def test_twins_have_the_same_inputs_and_bias(
    graph: SynapseGraph, by_hand: ByHand, small_networks: SmallNetworks
) -> None:
    for g in (graph, *map(dale, small_networks())):
        table, H = by_hand(g), g.units
        np.testing.assert_array_equal(table.weight[:H], table.weight[H:])
        np.testing.assert_array_equal(table.signal[:H], table.signal[H:])
        np.testing.assert_array_equal(g.offset[:H], g.offset[H:])
        assert set(g.first_offset.tolist()) == {1}


def test_a_coupling_runs_from_one_twin_to_both(small_networks: SmallNetworks) -> None:
    """Positive ones from E, negative ones from I, self-couplings on projections of their own."""
    for network in small_networks():
        integers, graph = quantise(network), dale(network)
        coupling = integers.coupling.toarray()
        found: dict[tuple[str, str, str], Ints] = {}
        for p in graph.projections:
            matrix = np.zeros((len(p.indptr) - 1, 6), dtype=np.int64)
            for row in range(len(matrix)):
                for k in range(p.indptr[row], p.indptr[row + 1]):
                    matrix[row, p.indices[k]] = int(p.mantissa[k]) << p.exponent
            found[p.source, p.target, p.role] = matrix
        for i in range(6):
            for j in range(6):
                role = "self" if i == j else "coupling"
                w = int(integers.self_coupling[i] if i == j else coupling[i, j])
                for target in ("E", "I"):
                    for source, value in (("E", max(w, 0)), ("I", max(-w, 0))):
                        matrix = found.get((source, target, role), np.zeros((6, 6), dtype=np.int64))
                        assert matrix[i, j] == value


def test_no_self_coupling_means_no_projection_for_it(trained: NetworkFile) -> None:
    bare = dale(replace(trained.network, self_coupling=np.zeros(trained.network.units)))
    assert {p.role for p in bare.projections} == {"coupling", "supervisory"}
    roles = {p.role for p in dale(trained.network).projections}
    assert roles == {"coupling", "self", "supervisory"}


def test_the_network_is_not_changed(trained: NetworkFile) -> None:
    before = deepcopy(trained.network)
    dale(trained.network, trained.fixed_points, weight_bits=4)
    for name in ("coupling", "link", "input_weight"):
        one, other = getattr(trained.network, name), getattr(before, name)
        for part in ("data", "indices", "indptr"):
            np.testing.assert_array_equal(getattr(one, part), getattr(other, part))
    for name in ("self_coupling", "bias", "supervisory"):
        np.testing.assert_array_equal(getattr(trained.network, name), getattr(before, name))


def test_what_does_not_fit_is_refused_with_its_value() -> None:
    architecture = Architecture(5, 2, 2, supervisory_scale=1e7, sparsity=0.0)
    network = draw(architecture, np.random.default_rng(0), centre=np.zeros(2))
    with pytest.raises(
        OutOfRange, match=r"unit 0: .* largest coupling comes to 0\.\d+ weight units"
    ):
        dale(network)


# Mutants: what a wrong mapping would do must show in the states above.


def flip_one_coupling(network: Network, graph: SynapseGraph) -> SynapseGraph:
    coupling = network.coupling.copy()
    coupling.data[np.abs(coupling.data).argmax()] *= -1
    wrong = dale(replace(network, coupling=coupling), weight_bits=graph.weight_bits)
    return replace(graph, projections=wrong.projections)


def flip_one_projection(network: Network, graph: SynapseGraph) -> SynapseGraph:
    first, *others = graph.projections
    return replace(graph, projections=(replace(first, sign=-1), *others))


def transpose_the_couplings(network: Network, graph: SynapseGraph) -> SynapseGraph:
    turned = replace(network, coupling=network.coupling.T.tocsr())
    return replace(graph, projections=dale(turned, weight_bits=graph.weight_bits).projections)


def drop_the_self_couplings(network: Network, graph: SynapseGraph) -> SynapseGraph:
    return replace(graph, projections=tuple(p for p in graph.projections if p.role != "self"))


def centre_the_bias_of_the_unrounded(network: Network, graph: SynapseGraph) -> SynapseGraph:
    total = graph.ends.scale * (network.coupling.sum(axis=1) + network.self_coupling)
    total = np.tile(total, 2)
    return replace(graph, offset=1 + np.floor(-total).astype(np.int64))


def forget_the_centre_of_the_bias(network: Network, graph: SynapseGraph) -> SynapseGraph:
    return replace(graph, offset=np.ones_like(graph.offset))


def forget_the_tie(network: Network, graph: SynapseGraph) -> SynapseGraph:
    return replace(graph, offset=graph.offset - 1)


def shift_an_exponent(network: Network, graph: SynapseGraph) -> SynapseGraph:
    first, *others = graph.projections
    return replace(graph, projections=(replace(first, exponent=first.exponent + 1), *others))


@pytest.mark.parametrize(
    "mutant",
    [
        flip_one_coupling,
        flip_one_projection,
        transpose_the_couplings,
        drop_the_self_couplings,
        centre_the_bias_of_the_unrounded,
        forget_the_centre_of_the_bias,
        forget_the_tie,
        shift_an_exponent,
    ],
    ids=lambda mutant: mutant.__name__,
)
def test_a_wrong_mapping_shows_in_some_state(
    mutant: Callable[[Network, SynapseGraph], SynapseGraph],
    small_networks: SmallNetworks,
    every_state: States,
    by_hand: ByHand,
) -> None:
    wrong = 0
    for network in small_networks():
        graph = mutant(network, dale(network, weight_bits=3))
        rounded = Rounded(quantise(network, weight_bits=3), network)
        states = every_state(network.units).astype(np.int64)
        wrong += wrong_states(graph, by_hand(graph), rounded, states)
    assert wrong > 0


def test_a_forgotten_first_bias_shows_in_the_first_step(
    small_networks: SmallNetworks, by_hand: ByHand
) -> None:
    wrong = 0
    for network in small_networks():
        graph, rounded = dale(network), Rounded(quantise(network), network)
        forgetful = replace(graph, first_offset=graph.offset)
        for image in np.random.default_rng(2).random((4, 3)):
            first = rounded.run(image, 0, "f")[0]
            found = run_graph(forgetful, by_hand(forgetful), rounded.input(image), 0, "f")
            wrong += found[0] != [int(v > 0) for v in first + first]
    assert wrong > 0


def test_a_signal_left_on_shows_after_the_release(
    small_networks: SmallNetworks, by_hand: ByHand
) -> None:
    """A strong signal holds what the network itself lets go."""
    rng = np.random.default_rng(0)
    differing = 0
    for network in small_networks(Wback=3 * rng.normal(size=(6, 4))):
        graph = dale(network)
        table, given = by_hand(graph), Rounded(quantise(network), network).input(rng.random(3))
        for label in range(graph.classes):
            off, on = (
                run_graph(graph, table, given, label, "fccccc" + rest * 10) for rest in ("f", "c")
            )
            assert off[:6] == on[:6]
            differing += off[-1] != on[-1]
    assert differing >= 6
