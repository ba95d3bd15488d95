"""Ways of rounding: input that comes as spikes, stochastic rounding, clipping."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spinspike.mapping.graph.encoding import ENCODINGS
from spinspike.mapping.graph.integer_matrix import IntegerMatrix, IntegerNetwork
from spinspike.mapping.mapper import map_network
from spinspike.mapping.quantisation.quantise import integer_input, integer_unit_margins, quantise
from spinspike.mapping.quantisation.rounding import InputMode, Rounding
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.model.network.import_arrays import from_arrays
from spinspike.model.network.network import Network, random_network
from spinspike.model.network.network_file import NetworkFile

BIAS = 4095  # of the register, in weight units
Networks = Callable[[int], Iterator[Network]]


def dense(matrix: IntegerMatrix) -> NDArray[np.int64]:
    return np.asarray(matrix.mantissa.toarray().astype(np.int64) * 2**matrix.exponent)


def plain(J: NDArray[np.float64], **changes: Any) -> Network:
    """Couplings and nothing else but what is given."""
    H = len(J)
    parts = {"Win": np.zeros((H, 1)), "Wback": np.zeros((H, 2)), "Wout": np.zeros((2, H))}
    return from_arrays(J=J, **(parts | changes))


@pytest.mark.parametrize("mode", ["binary", "graded"])
@pytest.mark.parametrize("bits", [3, 8])
def test_input_spikes_deliver_the_field_of_the_rounded_weights(
    bits: int, mode: InputMode, modular: Networks
) -> None:
    """sum_d w_d x_d, the neuron that is always on, and the rest in the bias, to half a unit.

    With v the weight that w stands for, the field is alpha sum_d v_d (x_d - c_d) gain.
    """
    rng = np.random.default_rng(0)
    for network in modular(2):
        rounding = Rounding(bits, mode)
        found, G = quantise(network, rounding), 1 if mode == "binary" else 16
        assert found.levels == G
        images = rng.integers(0, G + 1, (20, 3)) / G
        own = 1 + np.rint(found.scale * network.bias)
        got = integer_input(found, network, images) + found.initial_bias - own
        weights = dense(found.input)[:, :3] * G
        np.testing.assert_allclose(got, (images - network.centre) @ weights.T, atol=0.5 + 1e-9)
        # and so that of the real weights, but for half a step of each
        exact = (images - network.centre) * network.gain @ network.input_weight.toarray().T
        error = np.abs(got - exact * found.scale)
        allowed = np.abs(images - network.centre).sum(axis=1) * G * 2**found.input.exponent / 2
        assert (error <= allowed[:, None] + 0.5 + 1e-9).all()


def test_levels_between_two_pixels_go_to_the_nearest(modular: Networks) -> None:
    network = next(modular(1))
    found = quantise(network, Rounding(input="graded"))
    images = np.random.default_rng(0).random((20, 3))
    nearest = np.rint(images * 16) / 16
    np.testing.assert_array_equal(
        integer_input(found, network, images), integer_input(found, network, nearest)
    )


@pytest.mark.parametrize(
    ("input_range", "levels"),
    [((0.0, 1.0), 16), ((0.0, 16.0), 16), ((-3.0, 3.0), 12), ((0.0, 255.0), 16), ((0.0, 2.5), 16)],
)
def test_whole_pixels_keep_their_values_as_levels(
    input_range: tuple[float, float], levels: int
) -> None:
    """Whole pixels up to 16 are levels or fall on them; all others come in 16 steps."""
    assert Rounding(input="graded").levels(input_range) == levels
    assert Rounding(input="binary").levels(input_range) == 1
    assert Rounding(input="bias").levels(input_range) == 0


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_input_as_spikes_leaves_the_couplings_their_bits(encoding: str) -> None:
    """784 pixels, input scale 5: as bias they force a scale that spikes do not need."""
    rng = np.random.default_rng(0)
    architecture = Architecture(units=200, inputs=784, classes=10, sparsity=0.0, input_scale=5.0)
    network = random_network(architecture, rng, centre=np.full(784, 0.13))
    scale = {}
    modes: tuple[InputMode, ...] = ("bias", "binary", "graded")
    for mode in modes:
        graph = map_network(network, encoding=encoding, rounding=Rounding(input=mode))
        scale[mode] = float(np.median(graph.io.scale))
        if mode != "bias":
            assert max(np.abs(graph.bias).max(), np.abs(graph.initial_bias).max()) <= BIAS
    assert scale["binary"] > 2 * scale["bias"]
    assert scale["graded"] > 2 * scale["bias"]


def test_stochastic_rounding_is_unbiased() -> None:
    """Mean over draws within four standard errors, and only the two neighbours occur."""
    J = np.array(
        [[0.0, 1.0, 0.3, -0.71], [1.0, 0.0, 0.01, -0.5], [1.0] * 2 + [0.0, 0.2], [1.0] * 4]
    )
    np.fill_diagonal(J, 0.0)
    network, rng, draws = plain(J), np.random.default_rng(0), 500
    rounding = Rounding(weight_bits=3, stochastic=True, clip=False)
    found = [quantise(network, rounding, rng=rng) for _ in range(draws)]
    exact = 2 * found[0].scale[:, None] * J / 32  # 3 bits: in steps of 2**5
    mantissa = np.array([one.coupling.mantissa.toarray() for one in found])
    low, fraction = np.floor(exact + 1e-9), (exact + 1e-9) % 1
    assert ((mantissa == low) | ((mantissa == low + 1) & (fraction > 1e-6))).all()
    error = np.sqrt(fraction * (1 - fraction) / draws)
    assert (np.abs(mantissa.mean(axis=0) - exact) <= 4 * error + 1e-6).all()
    assert (fraction > 0.01).sum() > 4


def worst_margins(
    network: Network, found: IntegerNetwork, points: FixedPoints
) -> NDArray[np.float64]:
    """Smallest margin of each unit over all states, in units of field."""
    return np.asarray(integer_unit_margins(found, network, points).min(axis=0) / found.scale)


@pytest.mark.parametrize("mode", ["bias", "graded"])
@pytest.mark.parametrize("bits", [2, 3, 4, 6])
def test_clipping_never_makes_the_worst_margin_of_a_unit_worse(
    bits: int, mode: InputMode, trained: NetworkFile
) -> None:
    network, points = trained.network, trained.fixed_points["learned"].select(slice(200))
    unclipped = quantise(network, Rounding(bits, mode, clip=False), points=points)
    clipped = quantise(network, Rounding(bits, mode), points=points)
    before = worst_margins(network, unclipped, points)
    after = worst_margins(network, clipped, points)
    assert (after >= before).all()
    assert np.median(after) > np.median(before)
    held = [
        (integer_unit_margins(one, network, points) >= 1).all(axis=1).mean()
        for one in (unclipped, clipped)
    ]
    assert held[1] >= held[0]


def test_only_fewer_than_eight_bits_and_known_states_are_clipped(trained: NetworkFile) -> None:
    network, points = trained.network, trained.fixed_points["learned"]
    plainly = {bits: quantise(network, Rounding(bits, clip=False)).scale for bits in (3, 8)}
    np.testing.assert_array_equal(quantise(network, points=points).scale, plainly[8])
    np.testing.assert_array_equal(quantise(network, Rounding(3)).scale, plainly[3])
    none = points.select(slice(0))
    np.testing.assert_array_equal(quantise(network, Rounding(3), points=none).scale, plainly[3])
    assert (quantise(network, Rounding(3), points=points).scale != plainly[3]).mean() > 0.5


@pytest.mark.parametrize("bits", [2, 4])
def test_clipping_leaves_the_bias_in_its_register(bits: int) -> None:
    """20 strong couplings balance 200 weak ones; without the strong ones no bias would fit."""
    rng, H = np.random.default_rng(0), 221
    J = np.zeros((H, H))
    for i in range(H):
        others = rng.permutation(np.delete(np.arange(H), i))
        J[i, others[:20]], J[i, others[20:]] = 1.0, -0.1
    network = plain(J)
    states = np.where(rng.choice([-1, 1], (1, H)) @ J.T >= 0, 1, -1).astype(np.int8)
    points = FixedPoints(np.zeros((1, 1)), np.zeros(1, dtype=np.int64), states)
    for encoding in ENCODINGS:
        map_network(network, {"learned": points}, encoding=encoding, rounding=Rounding(bits))
