"""Rounded weights against the numbers they stand for, in plain loops."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from math import sqrt

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array

from spinspike.mapping.quantise import label_fields, quantise
from spinspike.model.architecture import Architecture
from spinspike.model.errors import BadInput, OutOfRange
from spinspike.model.network import Network, draw
from spinspike.model.network_file import NetworkFile
from spinspike.model.own_network import from_arrays

BITS = range(1, 9)
SmallNetworks = Callable[..., Iterator[Network]]


@pytest.mark.parametrize("bits", BITS)
def test_every_weight_is_the_nearest_step(bits: int, small_networks: SmallNetworks) -> None:
    """Each is a multiple of its 2**e, at most 2**bits - 1 of them, at most half a step away."""
    for network in small_networks():
        found = quantise(network, weight_bits=bits)
        H, C = network.units, network.classes
        rounded, coupling = found.coupling.toarray(), network.coupling.toarray()
        steps = (2**found.coupling_exponent, 2**found.self_exponent, 2**found.signal_exponent)
        assert steps[0] == 2 ** (8 - bits)
        pairs = []
        for i in range(H):
            alpha = found.scale[i]
            assert alpha > 0
            assert rounded[i, i] == 0
            pairs += [
                (rounded[i, j], 2 * alpha * coupling[i, j], steps[0]) for j in range(H) if j != i
            ]
            pairs.append((found.self_coupling[i], 2 * alpha * network.self_coupling[i], steps[1]))
            for c in range(C):
                field = sum(
                    network.supervisory[i, k] * (sqrt(C - 1) / 2 if k == c else -1 / sqrt(C - 1))
                    for k in range(C)
                )
                pairs.append((found.signal[i, c], alpha * field, steps[2]))
        for integer, real, step in pairs:
            assert integer % step == 0
            assert abs(integer) <= (2**bits - 1) * step
            assert abs(integer - real) <= step / 2 + 1e-9


def test_label_fields_by_the_formula_of_the_code() -> None:
    """Three classes: true sqrt(2)/2, others -1/sqrt(2), so each label is its own difference."""
    network = draw(
        Architecture(units=4, inputs=1, classes=3), np.random.default_rng(0), centre=np.zeros(1)
    )
    W = network.supervisory
    expected = (W - (W.sum(axis=1, keepdims=True) - W)) / sqrt(2)
    np.testing.assert_allclose(label_fields(network), expected)


@pytest.mark.parametrize("bits", BITS)
def test_each_row_uses_the_whole_range_of_weights_or_of_the_bias(
    bits: int, small_networks: SmallNetworks
) -> None:
    weighty = biased = 0
    for network in small_networks():
        found = quantise(network, weight_bits=bits)
        top = (2**bits - 1) * 2 ** (8 - bits)
        low, high = worst_fields(network)
        constants = network.coupling.sum(axis=1) + network.self_coupling
        largest = np.abs(found.coupling.toarray()).max(axis=1)
        for i in range(network.units):
            if largest[i] == top:
                weighty += 1
                continue
            fields = (low[i], high[i], low[i] - constants[i], high[i] - constants[i])
            worst = max(abs(field) for field in fields)
            assert 3900 < found.scale[i] * worst <= 4095
            biased += 1
    assert weighty > biased > 0


def worst_fields(network: Network) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Smallest and largest input field of each unit over all corners of the input range."""
    D = network.centre.size
    corners = np.array(np.meshgrid(*[network.input_range] * D)).reshape(D, -1).T
    fields = (corners - network.centre) * network.gain @ network.input_weight.toarray().T
    return fields.min(axis=0), fields.max(axis=0)


def test_more_bits_are_closer(trained: NetworkFile) -> None:
    network = trained.network
    errors = []
    for bits in (3, 5, 8):
        found = quantise(network, weight_bits=bits)
        real = network.coupling.toarray()
        meant = found.coupling.toarray() / (2 * found.scale[:, None])
        errors.append(np.abs(meant - real).mean())
    assert errors[0] > 3 * errors[1] > 9 * errors[2]


@pytest.mark.parametrize("bits", BITS)
def test_up_exactly_where_the_rounded_field_is_not_negative(
    bits: int,
    small_networks: SmallNetworks,
    every_state: Callable[[int], NDArray[np.int8]],
) -> None:
    """sum_j w_ij n_j + b_i + u > 0 in 0/1 iff sum_j w_ij s_j + 2u >= 0 in -1/+1, w_ii included.

    For all states, and integer inputs u around the tie.
    """
    ties = 0
    for network in small_networks():
        found = quantise(network, weight_bits=bits)
        total = found.coupling.toarray() + np.diag(found.self_coupling)
        states = every_state(network.units).astype(np.int64)
        doubled = states @ total.T
        x = (states > 0) @ total.T + found.offset
        for u in (-64, -1, 0, 1, 5):
            np.testing.assert_array_equal(x + u > 0, doubled + 2 * u >= 0)
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
        np.testing.assert_array_equal(one.coupling.toarray(), other.coupling.toarray())
        np.testing.assert_array_equal(one.offset, other.offset)
        np.testing.assert_allclose(one.scale, other.scale * factor)


def test_a_unit_with_nothing_at_all_stays_up() -> None:
    network = from_arrays(
        J=np.zeros((2, 2)),
        Win=np.zeros((2, 1)),
        Wback=np.zeros((2, 2)),
        Wout=np.zeros((2, 2)),
        centre=np.zeros(1),
        gain=1.0,
        input_range=(0.0, 1.0),
    )
    found = quantise(network)
    assert found.offset.tolist() == [1, 1]  # the tie alone
    assert found.scale.tolist() == [1.0, 1.0]


def test_a_strong_bias_fills_its_register_and_no_more(small_networks: SmallNetworks) -> None:
    """In both steps: alone with the input in the first, beside the sum of weights in the others."""
    for plain in small_networks():
        network = replace(plain, bias=np.array([200.0, -150.0, 180.0, -120.0, 250.0, 99.0]))
        found, (low, high) = quantise(network), worst_fields(network)
        for i in range(6):
            reach = [
                offset + found.scale[i] * field
                for offset in (found.offset[i], found.first_offset[i])
                for field in (low[i], high[i])
            ]
            assert 3900 < max(abs(value) for value in reach) <= 4095
            assert found.first_offset[i] == 1 + round(found.scale[i] * network.bias[i])


@pytest.mark.parametrize("bits", [0, 9, -1])
def test_other_numbers_of_bits_are_refused(bits: int, small_networks: SmallNetworks) -> None:
    with pytest.raises(BadInput, match=rf"weight_bits is {bits}; allowed: 1 to 8"):
        quantise(next(small_networks()), weight_bits=bits)


@pytest.mark.parametrize("part", ["self_coupling", "supervisory"])
def test_what_would_drown_the_couplings_is_refused(
    part: str, small_networks: SmallNetworks
) -> None:
    """A row scaled down until its latch or signal fits may not lose all its couplings."""
    network = next(small_networks())
    strong = getattr(network, part).copy()
    strong[3, ...] = 1e6
    message = r"unit 3: .* largest coupling comes to 0\.\d+ weight units; allowed: at least 0\.5"
    with pytest.raises(OutOfRange, match=message):
        quantise(replace(network, **{part: strong}))


@pytest.mark.parametrize("bits", [1, 2, 3, 4])
def test_a_row_without_couplings_fits_at_few_bits(bits: int, small_networks: SmallNetworks) -> None:
    """A unit with nothing but a self-coupling needs a single bit."""
    network = next(small_networks(Win=np.zeros((6, 3))))
    self_coupling = network.self_coupling.copy()
    self_coupling[0] = 0.3
    quantise(replace(network, self_coupling=self_coupling), weight_bits=bits)


def one_strong_row(units: int = 100, weak: float = 0.037) -> Network:
    """Couplings that all round up at 4 bits: 8.6 becomes 16, and the bias with their sum."""
    coupling = np.full((units, units), weak)
    coupling[:, 0] = coupling[0, 1] = 1.0
    np.fill_diagonal(coupling, 0.0)
    return from_arrays(
        J=coupling,
        Win=np.full((units, 1), -30.0),
        Wback=np.zeros((units, 2)),
        Wout=np.zeros((2, units)),
        centre=np.zeros(1),
        gain=1.0,
        input_range=(0.0, 1.0),
    )


def test_the_bias_leaves_room_for_rounding_at_few_bits() -> None:
    found = quantise(one_strong_row(), weight_bits=4)
    lowest = found.offset + np.floor(found.scale * -30.0)
    assert lowest.min() >= -4095
