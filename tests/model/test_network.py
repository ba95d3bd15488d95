"""Fresh networks have the statistics of the paper; senseless architectures are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spinspike.model.architecture import Architecture
from spinspike.model.errors import BadInput
from spinspike.model.network import Network, draw

H, D, C = 400, 300, 200
ARCHITECTURE = Architecture(
    units=H,
    inputs=D,
    classes=C,
    self_coupling=0.6,
    input_scale=3.0,
    supervisory_scale=0.5,
    sparsity=0.75,
    input_sparsity=0.4,
)


@pytest.fixture(scope="module")
def network() -> Network:
    return draw(ARCHITECTURE, np.random.default_rng(0), centre=np.zeros(D))


def off_diagonal(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return matrix[~np.eye(len(matrix), dtype=bool)]


def parts(network: Network) -> dict[str, tuple[NDArray[np.float64], float, float]]:
    """Entries, the variance of those kept, and the fraction kept, by the paper's formulas."""
    return {
        "J": (off_diagonal(network.coupling.toarray()), 1 / (H * 0.25), 0.25),
        "Win": (network.input_weight.toarray().ravel(), 9 / (D * 0.6), 0.6),
        "Wback": (network.supervisory.ravel(), 0.25 / C, 1.0),
        "Wout": (network.readout.ravel(), 1 / H, 1.0),
    }


@pytest.mark.parametrize("name", ["J", "Win", "Wback", "Wout"])
def test_entries_have_mean_zero_and_the_variance_of_the_paper(network: Network, name: str) -> None:
    entries, variance, _ = parts(network)[name]
    kept = entries[entries != 0]
    # standard errors of a Gaussian's mean and variance
    assert abs(kept.mean()) < 4 * np.sqrt(variance / kept.size)
    assert abs(kept.var() / variance - 1) < 4 * np.sqrt(2 / kept.size)


@pytest.mark.parametrize("name", ["J", "Win", "Wback", "Wout"])
def test_the_fraction_kept_is_one_less_sparsity(network: Network, name: str) -> None:
    entries, _, fraction = parts(network)[name]
    error = np.sqrt(fraction * (1 - fraction) / entries.size)
    assert abs((entries != 0).mean() - fraction) <= 4 * error


def test_couplings_are_not_symmetric(network: Network) -> None:
    coupling = network.coupling.toarray()
    correlation = np.corrcoef(off_diagonal(coupling), off_diagonal(coupling.T))
    assert abs(correlation[0, 1]) < 4 / H


def test_every_unit_has_the_self_coupling_and_no_other_with_itself(network: Network) -> None:
    assert network.self_coupling.tolist() == [0.6] * H
    assert not network.coupling.diagonal().any()
    assert (network.units, network.classes) == (H, C)


def test_readout_and_supervisory_weights_are_independent(network: Network) -> None:
    pairs = network.readout.ravel() * network.supervisory.T.ravel()
    error = np.sqrt(1 / H * 0.25 / C / pairs.size)
    assert abs(pairs.mean()) < 4 * error


def test_the_generator_alone_decides() -> None:
    first, same, other = (
        draw(ARCHITECTURE, np.random.default_rng(seed), centre=np.zeros(D)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.coupling.toarray(), same.coupling.toarray())
    np.testing.assert_array_equal(first.readout, same.readout)
    assert (first.coupling != other.coupling).nnz > 0


def test_a_centre_of_another_size_is_refused() -> None:
    with pytest.raises(BadInput, match=r"centre has shape \(299,\); allowed: \(300,\)"):
        draw(ARCHITECTURE, np.random.default_rng(0), centre=np.zeros(299))
