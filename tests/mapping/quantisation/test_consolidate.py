"""Consolidated integers against exhaustive search, plain loops and the states they must hold."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.sparse import csr_array

from spinspike.arrays import FloatArray, IntArray
from spinspike.errors import BadInput
from spinspike.mapping import Rounding, certified, map_network
from spinspike.mapping.graph.integer_matrix import IntegerNetwork
from spinspike.mapping.quantisation.adaptive_rounding import Rows, adaptive_rounding
from spinspike.mapping.quantisation.consolidate import Consolidation, consolidate, with_free
from spinspike.mapping.quantisation.integer_readout import integer_readout
from spinspike.mapping.quantisation.integer_rule import margin_rule
from spinspike.mapping.quantisation.quantise import integer_unit_margins, quantise
from spinspike.model.data.dataset import Dataset
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.model.network.network_file import NetworkFile
from spinspike.model.training.settled import learned_fixed_points


def strayed(weights: FloatArray, exact: FloatArray, states: IntArray) -> float:
    """Variance over states of what two weighted sums differ by, state by state."""
    differences = [
        sum((w - e) * s for w, e, s in zip(weights, exact, state, strict=True)) for state in states
    ]
    mean = sum(differences) / len(differences)
    return float(sum((d - mean) ** 2 for d in differences) / len(differences))


@pytest.mark.parametrize("seed", range(4))
def test_rounded_sums_stray_as_told_and_no_single_step_helps(seed: int) -> None:
    rng = np.random.default_rng(seed)
    exact = rng.normal(size=5)
    states = rng.choice([-1, 1], (40, 5))
    states[:, 1] = np.where(rng.random(40) < 0.8, states[:, 0], states[:, 1])
    rows, unit = Rows.of(csr_array(exact[None])), np.full((1, 5), 0.5)
    covariance = np.cov(states.T, bias=True)
    integers, variance = adaptive_rounding(rows, unit, 2, covariance)
    best = strayed(integers[0] * 0.5, exact, states)
    assert variance[0] == pytest.approx(best)
    nearest = np.clip(np.rint(exact / 0.5), -2, 2)
    assert best <= strayed(nearest * 0.5, exact, states) + 1e-12
    for place, step in product(range(5), (-1, 1)):
        other = integers[0].copy()
        other[place] += step
        if abs(other[place]) <= 2:
            assert strayed(other * 0.5, exact, states) >= best - 1e-9


def test_kicks_find_the_best_of_all_integers() -> None:
    rng = np.random.default_rng(1)
    exact, states = rng.normal(size=4), rng.choice([-1, 1], (30, 4))
    unit = np.full((1, 4), 0.6)
    covariance = np.cov(states.T, bias=True)
    rows = Rows.of(csr_array(exact[None]))
    _, variance = adaptive_rounding(rows, unit, 2, covariance, kicks=100)
    every = (strayed(np.array(m) * 0.6, exact, states) for m in product(range(-2, 3), repeat=4))
    assert variance[0] == pytest.approx(min(every))


def test_rows_without_synapses_stay_empty() -> None:
    rows = Rows.of(csr_array(np.array([[0.0, 0.0], [0.7, 0.0]])))
    integers, variance = adaptive_rounding(rows, np.ones((2, 1)), 1, np.eye(2))
    assert integers.tolist() == [[0], [1]]
    assert variance == pytest.approx([0.0, 0.09])


def test_the_rule_finds_integers_that_hold_every_state() -> None:
    """Three synapses of which a majority decides; all start at nothing."""
    states = np.array(list(product((-1, 1), repeat=3)), dtype=np.int8)
    sign = np.where(states.sum(axis=1) > 0, 1, -1)
    margin = np.where(sign > 0, 0, 1)  # x is 0 everywhere
    weight, bias = margin_rule(
        margin, sign, states, np.zeros(3, int), np.full(3, 4), largest=3, goal=6, rounds=50
    )
    x = [
        4 * sum(w * (s > 0) for w, s in zip(weight, state, strict=True)) + bias for state in states
    ]
    assert all((value > 0) == (s > 0) for value, s in zip(x, sign, strict=True))
    assert np.abs(weight).max() <= 3


def test_what_does_not_help_is_not_kept() -> None:
    """The same sources, opposite states: nothing can hold both."""
    sources, sign = np.ones((2, 1), dtype=np.int8), np.array([1, -1])
    kept = margin_rule(
        np.array([1, 0]), sign, sources, np.array([2]), np.array([1]), largest=3, goal=5, rounds=9
    )
    assert kept[0].tolist() == [2]
    assert kept[1] == 0


@pytest.mark.parametrize("bits", [8, 4, 2])
def test_all_training_states_hold_and_nearly_all_unseen_ones(
    larger: NetworkFile, bits: int
) -> None:
    """What rounding to the nearest does not reach at any of these bits."""
    rounding = Rounding(weight_bits=bits, clip=False)
    graph = map_network(
        larger.network, larger.fixed_points, rounding=rounding, consolidation=Consolidation()
    )
    nearest = map_network(larger, rounding=rounding, consolidation=None)
    training, unseen = larger.fixed_points["learned"], larger.fixed_points["free"]
    assert certified(graph, training).mean() >= 0.999
    assert certified(graph, unseen).mean() >= 0.98
    assert certified(graph, unseen).mean() > certified(nearest, unseen).mean()


def test_test_states_have_no_say(trained: NetworkFile) -> None:
    """A graph is the same with and without them; consolidation knows the learned ones alone."""
    learned = {"learned": trained.fixed_points["learned"]}
    three, how = Rounding(weight_bits=3), Consolidation()
    one = map_network(trained.network, trained.fixed_points, rounding=three, consolidation=how)
    other = map_network(trained.network, learned, rounding=three, consolidation=how)
    for a, b in zip(one.projections, other.projections, strict=True):
        assert np.array_equal(a.mantissa, b.mantissa)
    assert np.array_equal(one.bias, other.bias)


def test_self_couplings_cover_the_error_that_is_left(trained: NetworkFile) -> None:
    """J' of every unit is at least J_D, and not more than a few errors above it."""
    network, points = trained.network, trained.fixed_points["learned"]
    found = consolidate(network, points, Rounding(weight_bits=4), Consolidation(rounds=0))
    own = found.self_coupling.row_sums / (2 * found.scale)
    exact = network.coupling.toarray()
    rounded = found.coupling.mantissa.toarray() * 2.0**found.coupling.exponent
    for i in range(0, network.units, 7):
        error = (rounded[i] / (2 * found.scale[i]) - exact[i]) @ points.states.T
        assert own[i] >= network.self_coupling[i] + 1.5 * error.std()


def test_units_without_a_self_coupling_get_one_only_on_demand(trained: NetworkFile) -> None:
    network = replace(trained.network, self_coupling=np.zeros(trained.network.units))
    points, four = trained.fixed_points["learned"], Rounding(weight_bits=4)
    assert not consolidate(network, points, four).self_coupling.mantissa.data.any()
    asked = consolidate(network, points, four, Consolidation(autapses=True))
    assert (asked.self_coupling.mantissa.data > 0).all()


@pytest.mark.parametrize("bits", range(1, 9))
def test_no_more_bits_and_no_other_synapses_than_before(trained: NetworkFile, bits: int) -> None:
    network, points = trained.network, trained.fixed_points["learned"].select(slice(0, 200))
    found = consolidate(network, points, Rounding(weight_bits=bits))
    for matrix in (found.coupling, found.link, found.self_coupling, found.signal, found.readout):
        assert np.abs(matrix.mantissa.data).max(initial=0) < 2**bits
        assert matrix.exponent in range(8)
    assert np.array_equal(found.coupling.mantissa.indices, network.coupling.indices)


def test_the_readout_of_few_bits_decides_as_the_exact_one(larger: NetworkFile) -> None:
    network, unseen = larger.network, larger.fixed_points["free"]
    points = larger.fixed_points["learned"]
    exact = np.argmax(unseen.states @ network.readout.T, axis=1)

    def agreement(integers: IntegerNetwork) -> float:
        scores = integers.readout @ (unseen.states > 0).astype(np.int64) + integers.readout_bias
        return float(np.mean(np.argmax(scores, axis=1) == exact))

    two = Rounding(weight_bits=2, clip=False)
    assert agreement(consolidate(network, points, two)) > agreement(quantise(network, two))
    assert agreement(consolidate(network, points, two)) > 0.97


@pytest.mark.parametrize("bits", [8, 4, 1])
@pytest.mark.parametrize("kind", ["one class apart", "many strong weights"])
def test_a_readout_fits_bias_and_membrane_in_every_encoding(kind: str, bits: int) -> None:
    """At full scale the biases come to 50,000 of 4,095, and the membranes to 190,000 of 131,039."""
    rng = np.random.default_rng(0)
    if kind == "one class apart":
        readout = np.where(np.arange(800) % 2, 1.0, 0.9) * np.array([[1.0], [0.5]])
    else:
        readout = rng.choice([-1.0, 1.0], (3, 1000)) * rng.uniform(0.5, 1, (3, 1000))
    states = rng.choice([-1, 1], (200, readout.shape[1])).astype(np.int8)
    mean, rounding = states.mean(axis=0), Rounding(bits)
    scores, offset = integer_readout(
        readout, rounding, np.array([1.0]), mean, np.cov(states.T, bias=True)
    )
    weight = scores.mantissa.toarray().astype(np.int64) << scores.exponent
    down = np.where(weight < 0, weight, 0).sum(axis=1)
    for biases in (offset, offset + down):  # carriers that spike when their unit is up, and down
        centred = biases - (biases.max() + biases.min()) // 2
        assert np.abs(centred).max() <= 4095
        assert (np.abs(weight).sum(axis=1) + np.abs(centred)).max() <= 131039
    exact = np.argmax(states @ readout.T, axis=1)
    found = np.argmax((states > 0) @ weight.T + offset, axis=1)
    assert np.mean(found == exact) > (0.9 if bits > 1 else 0.5)


def test_a_readout_of_nothing_reads_nothing() -> None:
    scores, offset = integer_readout(
        np.zeros((3, 5)), Rounding(weight_bits=2), np.array([1.0]), np.zeros(5), np.eye(5)
    )
    assert not scores.mantissa.nnz
    assert offset.tolist() == [0, 0, 0]


def test_without_learned_states_each_weight_is_rounded_by_itself(trained: NetworkFile) -> None:
    none = trained.fixed_points["learned"].select(slice(0))
    with pytest.raises(BadInput, match="there are 0 learned fixed points"):
        consolidate(trained.network, none)
    free: dict[str, FixedPoints] = {"free": trained.fixed_points["free"]}
    one = map_network(trained.network, free, consolidation=Consolidation())
    other = map_network(trained.network, free, consolidation=None)
    for left, right in zip(one.projections, other.projections, strict=True):
        np.testing.assert_array_equal(left.mantissa, right.mantissa)


@pytest.mark.parametrize("changes", [{"reserve": -1.0}, {"margin": np.nan}, {"rounds": -1}])
def test_settings_that_make_no_sense_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(BadInput, match="allowed: finite numbers >= 0"):
        Consolidation(**changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("bits", [8, 3])
@pytest.mark.parametrize("kept", [0.0, 0.5])
def test_units_without_couplings_keep_their_self_coupling(
    trained: NetworkFile, handwritten: Dataset, bits: int, kept: float
) -> None:
    """Half of the rows, or all, are empty: what is left of the network holds all its states."""
    empty = np.arange(trained.network.units) >= kept * trained.network.units
    coupling = csr_array(trained.network.coupling.multiply(~empty[:, None]))
    coupling.eliminate_zeros()
    network = replace(trained.network, coupling=coupling)
    points = learned_fixed_points(network, handwritten.train)
    found = consolidate(network, points, Rounding(bits))
    assert (integer_unit_margins(found, network, points) >= 1).all()
    grown = found.self_coupling.row_sums[empty] / (2 * found.scale[empty])
    np.testing.assert_array_less(0.5 - 1e-9, grown)
    np.testing.assert_array_less(grown, 0.6)


@pytest.mark.parametrize("bits", [2, 8])
def test_the_mean_error_of_rounding_is_in_the_bias(trained: NetworkFile, bits: int) -> None:
    """Integer fields less exact ones average to 1/2, where they switch, to within a rounding.

    The exact field counts the self-coupling as it has grown.
    """
    network, points = trained.network, with_free(trained.network, trained.fixed_points["learned"])
    found = consolidate(
        network, trained.fixed_points["learned"], Rounding(bits), Consolidation(rounds=0)
    )
    spins, scale = points.states.astype(np.float64), found.scale
    weight = {
        name: getattr(found, name).mantissa.toarray() * 2.0 ** getattr(found, name).exponent
        for name in ("coupling", "self_coupling")
    }
    given = (points.inputs - network.centre) * network.gain @ network.input_weight.toarray().T
    integer = (spins + 1) / 2 @ (weight["coupling"] + weight["self_coupling"]).T
    integer += found.bias + np.rint(given * scale)
    exact = spins @ (scale[:, None] * network.coupling.toarray()).T + given * scale
    exact += spins @ weight["self_coupling"] / 2
    bias = (integer - exact).mean(axis=0)
    assert np.abs(bias - 0.5).max() <= 0.5 + 1e-6
