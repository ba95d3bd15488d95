"""Rounded weights against the numbers they stand for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from math import sqrt

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array

from spinspike.errors import BadInput, OutOfRange
from spinspike.mapping.graph.codec import BIAS_LIMIT
from spinspike.mapping.graph.encoding import SIGNED
from spinspike.mapping.graph.integer_matrix import IntegerMatrix, unit_field
from spinspike.mapping.graph.register_limits import STATE_LIMIT
from spinspike.mapping.quantisation.quantise import quantise, refuse_lost_rows
from spinspike.mapping.quantisation.rounding import InputMode, Rounding
from spinspike.mapping.quantisation.row_scale import (
    label_fields,
    largest_readout_scale,
    largest_scale,
)
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.import_arrays import from_arrays
from spinspike.model.network.network import Network, random_network
from spinspike.model.network.network_file import NetworkFile

BITS = range(1, 9)
SmallNetworks = Callable[..., Iterator[Network]]
Networks = Callable[[int], Iterator[Network]]


def dense(matrix: IntegerMatrix) -> NDArray[np.int64]:
    return np.asarray(matrix.mantissa.toarray().astype(np.int64) * 2**matrix.exponent)


@pytest.mark.parametrize("mode", ["bias", "graded"])
@pytest.mark.parametrize("bits", BITS)
def test_every_weight_is_the_nearest_step(bits: int, mode: InputMode, modular: Networks) -> None:
    """Each is a multiple of its 2**e, at most 2**bits - 1 of them, at most half a step away."""
    for network in modular(2):
        found, C = quantise(network, Rounding(bits, mode)), network.classes
        alpha = found.scale[:, None]
        code = np.where(np.eye(C), sqrt(C - 1) / 2, -1 / sqrt(C - 1))
        pairs = [
            (found.coupling, 2 * alpha * network.coupling.toarray()),
            (found.link, 2 * alpha * network.link.toarray()),
            (found.self_coupling, 2 * alpha * np.diag(network.self_coupling)),
            (found.signal, alpha * network.supervisory @ code),
        ]
        if mode == "graded":  # pixels from 0 to 1 in 16 steps
            step = alpha * network.input_weight.toarray() * network.gain / 16
            pairs.append((IntegerMatrix(found.input.mantissa[:, :-1], found.input.exponent), step))
        assert found.coupling.exponent == 8 - bits
        assert (alpha > 0).all()
        for matrix, exact in pairs:
            assert np.abs(matrix.mantissa.data).max() <= 2**bits - 1
            assert 0 <= matrix.exponent <= 7
            assert np.abs(dense(matrix) - exact).max() <= 2**matrix.exponent / 2 + 1e-9


@pytest.mark.parametrize("bits", range(2, 9))
def test_scores_keep_the_proportions_of_the_readout(bits: int, trained: NetworkFile) -> None:
    """One scale for all classes: the strongest weight is the largest there is."""
    found = quantise(trained.network, Rounding(bits)).readout
    exact = trained.network.readout / np.abs(trained.network.readout).max()
    top = (2**bits - 1) << found.exponent
    assert np.abs(found.mantissa.data).max() == 2**bits - 1
    assert np.abs(dense(found) / top - exact).max() <= 0.5 / (2**bits - 1) + 1e-9


def test_label_fields_by_the_formula_of_the_code() -> None:
    """Three classes: true sqrt(2)/2, others -1/sqrt(2), so each label is its own difference."""
    network = random_network(
        Architecture(units=4, inputs=1, classes=3), np.random.default_rng(0), centre=np.zeros(1)
    )
    W = network.supervisory
    expected = (W - (W.sum(axis=1, keepdims=True) - W)) / sqrt(2)
    np.testing.assert_allclose(label_fields(network), expected)


def test_more_bits_are_closer(trained: NetworkFile) -> None:
    errors = []
    for bits in (3, 5, 8):
        found = quantise(trained.network, Rounding(bits))
        meant = dense(found.coupling) / (2 * found.scale[:, None])
        errors.append(np.abs(meant - trained.network.coupling.toarray()).mean())
    assert errors[0] > 3 * errors[1] > 9 * errors[2]


@pytest.mark.parametrize("bits", BITS)
def test_up_exactly_where_the_rounded_field_is_not_negative(
    bits: int, modular: Networks, every_state: Callable[[int], NDArray[np.int8]]
) -> None:
    """sum_j w_ij n_j + b_i + u > 0 in 0/1 iff sum_j w_ij s_j + 2(u + bias) >= 0 in -1/+1.

    For all states, and integer inputs u around the tie.
    """
    ties, states = 0, every_state(6)
    for modules in (1, 2):
        for network in modular(modules):
            found = quantise(network, Rounding(bits))
            total = np.sum([dense(m) for m in found.recurrent], axis=0)
            own = 2 * np.rint(found.scale * network.bias).astype(np.int64)
            doubled = states.astype(np.int64) @ total.T + own
            for u in (-64, -1, 0, 1, 5):
                given = np.full(states.shape, u)
                x = unit_field(found, states > 0, given)
                np.testing.assert_array_equal(x > 0, doubled + 2 * u >= 0)
                ties += int((doubled + 2 * u == 0).sum())
    assert ties > 100


def test_scaling_a_row_changes_nothing_but_its_scale(small_networks: SmallNetworks) -> None:
    """Only the sign of a field matters, so a unit may count in a currency of its own."""
    for network in small_networks():
        factor = 2.0 ** np.arange(network.units)
        scaled = replace(
            network,
            coupling=csr_array(network.coupling * factor[:, None]),
            self_coupling=network.self_coupling * factor,
            input_weight=csr_array(network.input_weight * factor[:, None]),
            supervisory=network.supervisory * factor[:, None],
        )
        one, other = quantise(network), quantise(scaled)
        np.testing.assert_array_equal(dense(one.coupling), dense(other.coupling))
        np.testing.assert_array_equal(one.bias, other.bias)
        np.testing.assert_allclose(one.scale, other.scale * factor)


def test_a_unit_with_nothing_at_all_stays_up() -> None:
    found = quantise(from_arrays(*np.zeros((4, 2, 2))))
    assert found.bias.tolist() == [1, 1]  # the tie alone
    assert found.scale.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("bits", [0, 9, -1])
def test_other_numbers_of_bits_are_refused(bits: int) -> None:
    with pytest.raises(BadInput, match=rf"weight_bits is {bits}; allowed: 1 to 8"):
        Rounding(weight_bits=bits)


def test_other_ways_in_are_refused() -> None:
    with pytest.raises(BadInput, match="input is 'rate'; allowed: bias, binary, graded"):
        Rounding(input="rate")  # type: ignore[arg-type]


def test_the_largest_scale_of_a_readout_by_hand() -> None:
    """Rows' absolute sums 3 and 7.5, sums 1 and -0.5: their difference, 4.5, bounds the bias."""
    readout = np.array([[2.0, -1.0], [3.5, -4.0]])
    bias, membrane = BIAS_LIMIT / 4.5, STATE_LIMIT / 4 / 7.5
    assert largest_readout_scale(readout) == pytest.approx(min(bias, membrane), rel=1e-12)
    wide = np.tile([2.5, -2.5], (2, 300))  # rows alike: the membrane alone bounds them
    assert largest_readout_scale(wide) == pytest.approx(STATE_LIMIT / 4 / 1500, rel=1e-12)


def test_a_coupling_below_half_a_step_is_lost() -> None:
    """With exponent 3 a step is 8 units: 2 alpha J of 4 is kept, of less than that refused."""
    pair = from_arrays([[0.0, 1.0], [1.0, 0.0]], [[1.0], [1.0]], np.zeros((2, 2)), np.eye(2))
    found = quantise(pair, Rounding(8))
    coarse = replace(found, coupling=replace(found.coupling, exponent=3))
    refuse_lost_rows(pair, replace(coarse, scale=np.array([2.0, 2.0])))
    with pytest.raises(OutOfRange, match=r"unit 1: .* comes to 3\.8 weight units; .* least 4 "):
        refuse_lost_rows(pair, replace(coarse, scale=np.array([2.0, 1.9])))


def test_a_self_coupling_alone_takes_all_of_a_single_bit() -> None:
    """At 1 bit the strongest synapse is 2**7: 2 alpha J_D may be no more, and bias has room."""
    alone = from_arrays(np.diag([0.5, 2.0]), np.zeros((2, 1)), np.zeros((2, 2)), np.eye(2))
    found = largest_scale(alone, Rounding(1), SIGNED)
    np.testing.assert_allclose(found, [128 / (2 * 0.5), 128 / (2 * 2.0)])
