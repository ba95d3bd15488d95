"""How far each row is scaled: what caps it in closed form, and what does not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from spinspike.errors import OutOfRange
from spinspike.mapping.graph.encoding import DALE, ENCODINGS, PUSHPULL
from spinspike.mapping.graph.integer_matrix import IntegerMatrix
from spinspike.mapping.mapper import map_network
from spinspike.mapping.quantisation.quantise import quantise
from spinspike.mapping.quantisation.rounding import InputMode, Rounding
from spinspike.model.network.import_arrays import from_arrays
from spinspike.model.network.network import Network

BITS = range(1, 9)
PART = 0.3  # no whole number, nor a half of one: such networks are mapped as they are
BIAS, STATE = 4095, 2**17 - 33  # of the registers, in weight units
SmallNetworks = Callable[..., Iterator[Network]]


def dense(matrix: IntegerMatrix) -> NDArray[np.int64]:
    return np.asarray(matrix.mantissa.toarray().astype(np.int64) * 2**matrix.exponent)


def plain(J: NDArray[np.float64], **changes: Any) -> Network:
    """Couplings and nothing else but what is given."""
    H = len(J)
    parts = {"Win": np.zeros((H, 1)), "Wback": np.zeros((H, 2)), "Wout": np.zeros((2, H))}
    return from_arrays(J=J, **(parts | changes))


@pytest.mark.parametrize("bits", BITS)
def test_the_strongest_coupling_is_the_largest_weight(bits: int) -> None:
    J = np.array([[0.0, 0.5, -2.0], [0.1, 0.0, 0.1], [-3.0, 1.0, 0.0]])
    found, top = quantise(plain(J), Rounding(bits)), (2**bits - 1) << (8 - bits)
    np.testing.assert_allclose(found.scale, top / (2 * np.array([2.0, 0.1, 3.0])))
    assert np.abs(dense(found.coupling)).max(axis=1).tolist() == [top] * 3


def test_a_one_sided_row_fills_the_bias_register() -> None:
    """100 equal couplings have a bias of half their sum; pushpull needs that for any signs."""
    one_sided = np.ones((101, 101)) - np.eye(101)
    signs = np.where(np.indices((101, 101)).sum(axis=0) % 2, 1.0, -1.0)
    for J, encoding, by_bias in (
        (one_sided, DALE, True),
        (one_sided, PUSHPULL, True),
        (one_sided * signs, DALE, False),
        (one_sided * signs, PUSHPULL, True),
    ):
        network = plain(PART * J)
        graph = map_network(network, encoding=encoding.name)
        if by_bias:
            assert 3600 < np.abs(graph.bias).max() <= BIAS
            assert PART * graph.io.scale.max() < BIAS / 100
        else:
            np.testing.assert_allclose(PART * graph.io.scale, 255 / 2)


def test_a_strong_row_fills_the_membrane() -> None:
    """599 couplings of 255 of both signs would deliver 152,745, and need no bias."""
    H = 600
    J = np.where(np.indices((H, H)).sum(axis=0) % 2, 1.0, -1.0)
    np.fill_diagonal(J, 0.0)
    graph = map_network(plain(PART * J))
    np.testing.assert_allclose(PART * graph.io.scale, (STATE - BIAS) / (2 * (H - 1)))


def test_a_strong_bias_saturates_where_the_synapses_cannot_outweigh_it() -> None:
    """They keep all their bits; and where they could, the scale gives way to the bias."""
    few, many = np.ones((4, 4)), np.where(np.indices((300, 300)).sum(axis=0) % 2, 1.0, -1.0)
    for J in (few, many):
        np.fill_diagonal(J, 0.0)
    for J, saturates in ((few, True), (many, False)):
        network = plain(J, bias=np.full(len(J), 200.0))
        found = quantise(network)
        synapses = np.abs(dense(found.coupling)).sum(axis=1)
        np.testing.assert_array_equal(
            found.initial_bias, 1 + np.rint(found.scale * 200).astype(np.int64)
        )
        assert (np.abs(found.bias).max() > BIAS) == saturates
        assert not saturates or (dense(found.coupling).max(axis=1) == 255).all()
        # either no bias saturates, or no synapses can outweigh one that does
        assert (synapses < BIAS).all() or (np.abs(found.bias) <= BIAS).all()
        map_network(network)


@pytest.mark.parametrize("mode", ["binary", "graded"])
def test_input_that_comes_as_spikes_counts_among_the_synapses(mode: InputMode) -> None:
    """A bias may not saturate where the input could outweigh it."""
    rng = np.random.default_rng(0)
    J = rng.normal(size=(20, 20)) * (1 - np.eye(20))
    network = plain(J, Win=5 * rng.normal(size=(20, 30)), bias=np.full(20, 50.0))
    found = quantise(network, Rounding(input=mode))
    assert np.abs(found.bias).max() <= BIAS
    for encoding in ENCODINGS:
        map_network(network, encoding=encoding, rounding=Rounding(input=mode))


@given(
    seed=st.integers(0, 2**32 - 1),
    units=st.integers(2, 40),
    bits=st.integers(4, 8),
    mode=st.sampled_from(["bias", "binary", "graded"]),
    stochastic=st.booleans(),
    encoding=st.sampled_from(list(ENCODINGS)),
    shift=st.sampled_from([0.0, 0.5, 2.0]),
    strength=st.sampled_from([0.0, 1.0, 20.0]),
)
@settings(max_examples=80, deadline=None, derandomize=True)
def test_what_is_rounded_fits_the_registers(
    seed: int,
    units: int,
    bits: int,
    mode: InputMode,
    stochastic: bool,
    encoding: str,
    shift: float,
    strength: float,
) -> None:
    """Whatever the couplings, biases and inputs: from 4 bits up nothing overflows."""
    rng = np.random.default_rng(seed)
    J = rng.normal(shift, 1.0, (units, units)) * (rng.random((units, units)) < rng.random())
    np.fill_diagonal(J, 0.0)
    network = from_arrays(
        J=J,
        J_D=rng.choice([-0.5, 0.0, 0.5]),
        bias=strength * rng.normal(size=units),
        Win=rng.choice([0.1, 1.0, 5.0]) * rng.normal(size=(units, 12)),
        Wback=0.3 * rng.normal(size=(units, 3)),
        Wout=rng.normal(size=(3, units)),
        centre=rng.random(12),
    )
    rounding = Rounding(bits, mode, stochastic=stochastic)
    refused = ""
    try:
        map_network(network, encoding=encoding, rounding=rounding)
    except OutOfRange as error:
        refused = str(error)
    assert not refused or "largest coupling comes to" in refused  # too weak beside the rest


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_readouts_of_unequal_classes_fit_the_bias_register(encoding: str) -> None:
    """One class has half the weights: a difference of half their sum, 50,000 at full scale."""
    readout = np.where(np.arange(800) % 2, 1.0, 0.9) * np.array([[1.0], [0.5]])
    graph = map_network(plain(np.zeros((800, 800)), Wout=readout), encoding=encoding)
    assert 1000 < np.abs(graph.io.readout_bias).max() <= BIAS


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
    quantise(replace(network, self_coupling=self_coupling), Rounding(bits))


def test_the_bias_leaves_room_for_rounding_at_few_bits() -> None:
    """Couplings that all round up at 4 bits: 8.9 becomes 16, and the bias with their sum."""
    coupling = np.full((400, 400), 0.037)
    coupling[:, 0] = coupling[0, 1] = 1.0
    np.fill_diagonal(coupling, 0.0)
    found = quantise(plain(coupling, Win=np.full((400, 1), -4.0)), Rounding(4))
    lowest = found.bias + np.floor(found.scale * -4.0)
    assert -BIAS <= lowest.min() < -3000
