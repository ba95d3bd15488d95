"""Fresh networks have the statistics of the paper; senseless architectures are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spinspike.arrays import FloatArray
from spinspike.errors import BadInput
from spinspike.model.learning.margin_rule import MarginRule, consolidate
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.network import Network, random_network

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
    return random_network(ARCHITECTURE, np.random.default_rng(0), centre=np.zeros(D))


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
        random_network(ARCHITECTURE, np.random.default_rng(seed), centre=np.zeros(D))
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.coupling.toarray(), same.coupling.toarray())
    np.testing.assert_array_equal(first.readout, same.readout)
    assert (first.coupling != other.coupling).nnz > 0


# Three modules in a directed ring; the first and the last see squares of 3 x 3 pixels.
U = 240
MODULES: dict[str, Any] = {
    "units": U,
    "inputs": 48,
    "classes": 20,
    "modules": 3,
    "graph": ((0, 1), (1, 2), (2, 0)),
    "link": 1.5,
    "between_sparsity": 0.75,
    "self_coupling": (0.5, 0.25, 0.0),
    "input_scale": 3.0,
    "supervisory_scale": 0.5,
    "sparsity": 0.6,
    "receptive_field": 3,
    "image_shape": (6, 8),
    "input_modules": (0, 2),
    "supervisory_modules": (1,),
    "readout_modules": (2,),
}


def modules_with(**changes: Any) -> Network:
    architecture = Architecture(**(MODULES | changes))
    return random_network(architecture, np.random.default_rng(7), centre=np.zeros(48))


@pytest.fixture(scope="module")
def ring() -> Network:
    return modules_with()


def block(matrix: Any, target: int, source: int) -> NDArray[np.float64]:
    rows, columns = slice(target * U, (target + 1) * U), slice(source * U, (source + 1) * U)
    return np.asarray(matrix.toarray()[rows, columns])


def assert_normal(entries: FloatArray, variance: float, fraction: float = 1.0) -> None:
    """Mean, variance and fraction of what is not zero, each within four standard errors."""
    kept, count = entries[entries != 0], entries.size
    assert abs(kept.mean()) < 4 * np.sqrt(variance / kept.size)
    assert abs(kept.var() / variance - 1) < 4 * np.sqrt(2 / kept.size)
    assert abs(kept.size / count - fraction) <= 4 * np.sqrt(fraction * (1 - fraction) / count)


def test_couplings_between_modules_follow_the_graph(ring: Network) -> None:
    assert (ring.units, ring.modules) == (3 * U, (U, U, U))
    for target in range(3):
        for source in range(3):
            entries = block(ring.coupling, target, source)
            if target == source:
                assert not entries.diagonal().any()
                assert_normal(off_diagonal(entries), 1 / (U * 0.4), 0.4)
            elif (source, target) in MODULES["graph"]:
                assert_normal(entries.ravel(), 1 / (U * 0.25), 0.25)
            else:
                assert not entries.any()


def test_links_are_one_to_one_along_the_graph(ring: Network) -> None:
    for target in range(3):
        for source in range(3):
            linked = (source, target) in MODULES["graph"]
            np.testing.assert_array_equal(
                block(ring.link, target, source), 1.5 * linked * np.eye(U)
            )
    assert ring.link.nnz == 3 * U
    assert modules_with(link=0.0).link.nnz == 0
    assert modules_with(graph=None).link.nnz == 4 * U
    assert modules_with(modules=1, graph=None, self_coupling=0.5, **ALL).link.nnz == 0


ALL = {"input_modules": None, "supervisory_modules": None, "readout_modules": None}


def test_without_learned_couplings_modules_are_joined_by_links_alone() -> None:
    bare = modules_with(between_sparsity=1.0)
    within = sum(np.count_nonzero(block(bare.coupling, m, m)) for m in range(3))
    assert bare.coupling.nnz == within


def test_each_module_has_its_self_coupling(ring: Network) -> None:
    assert ring.self_coupling.tolist() == [0.5] * U + [0.25] * U + [0.0] * U
    assert not ring.bias.any()


def test_every_unit_sees_a_square_of_the_image_somewhere(ring: Network) -> None:
    """Nine pixels, three by three in a row, at each of 4 x 6 places equally often."""
    exists = np.zeros((3 * U, 6, 8), dtype=bool)
    rows = np.repeat(np.arange(3 * U), np.diff(ring.input_weight.indptr))
    exists.reshape(3 * U, 48)[rows, ring.input_weight.indices] = True
    places = np.zeros((4, 6), dtype=int)
    for unit in [*range(U), *range(2 * U, 3 * U)]:
        top, left = (int(found.min()) for found in np.nonzero(exists[unit]))
        square = np.zeros((6, 8), dtype=bool)
        square[top : top + 3, left : left + 3] = True
        np.testing.assert_array_equal(exists[unit], square)
        places[top, left] += 1
    expected = 2 * U / 24
    chi_square = ((places - expected) ** 2 / expected).sum()
    assert abs(chi_square - 23) < 4 * np.sqrt(2 * 23)
    seen = ring.input_weight.data
    assert abs(seen.mean()) < 4 * np.sqrt(1 / seen.size)
    assert abs(seen.var() - 1) < 4 * np.sqrt(2 / seen.size)  # 3**2 / 9


def test_modules_without_input_have_no_input_weights(ring: Network) -> None:
    assert np.diff(ring.input_weight.indptr)[U : 2 * U].tolist() == [0] * U


def test_a_receptive_field_can_be_sparse() -> None:
    weight = modules_with(input_sparsity=0.5).input_weight
    pixels = weight.toarray().reshape(3 * U, 6, 8)
    for unit in range(U):
        for found in np.nonzero(pixels[unit]):
            assert np.ptp(found) <= 2 if found.size else True
    assert_normal(weight.data, 9 / (9 * 0.5))
    share, total = weight.nnz / (2 * U * 9), 2 * U * 9
    assert abs(share - 0.5) < 4 * np.sqrt(0.25 / total)


def test_signal_and_readout_belong_to_the_modules_named(ring: Network) -> None:
    assert not ring.supervisory[:U].any()
    assert not ring.supervisory[2 * U :].any()
    assert_normal(ring.supervisory[U : 2 * U].ravel(), 0.25 / 20)
    assert not ring.readout[:, : 2 * U].any()
    assert_normal(ring.readout[:, 2 * U :].ravel(), 1 / U)


def test_couplings_that_start_at_zero_exist_and_learn() -> None:
    silent, loud = modules_with(coupling_scale=0.0), modules_with()
    np.testing.assert_array_equal(silent.coupling.indices, loud.coupling.indices)
    np.testing.assert_array_equal(silent.coupling.indptr, loud.coupling.indptr)
    assert silent.coupling.nnz > 0
    assert not silent.coupling.data.any()
    rng = np.random.default_rng(0)
    images, spins = rng.random((5, 48)), rng.choice(np.array([-1, 1], np.int8), (5, 3 * U))
    consolidate(silent, MarginRule(margin=99.0), images, spins)
    assert silent.coupling.data.all()  # an odd number of steps of equal size


def test_couplings_scale_as_asked() -> None:
    twice, once = modules_with(coupling_scale=2.0), modules_with()
    np.testing.assert_allclose(twice.coupling.data, 2 * once.coupling.data)


def test_a_sparsity_of_one_leaves_no_synapse() -> None:
    nothing = modules_with(sparsity=1.0, between_sparsity=1.0, input_sparsity=1.0)
    assert nothing.coupling.nnz == nothing.input_weight.nnz == 0
    assert nothing.link.nnz == 3 * U


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gain": 0.0}, r"gain is 0\.0, centre .*; allowed: finite numbers, gain above 0"),
        ({"gain": float("inf")}, r"gain is inf, centre "),
        ({"centre": np.full(48, np.nan)}, r"centre (.|\n)*nan(.|\n)*; allowed: finite numbers"),
        ({"input_range": (1.0, 1.0)}, r"input_range is \(1\.0, 1\.0\); allowed: an increasing"),
        ({"input_range": (0.0, float("nan"))}, r"input_range is \(0\.0, nan\); allowed"),
    ],
)
def test_senseless_inputs_are_refused_with_the_value(changes: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"centre": np.zeros(48)} | changes
    with pytest.raises(BadInput, match=rf"(?s){message}"):
        random_network(Architecture(**MODULES), np.random.default_rng(0), **given)


def test_a_centre_of_another_size_is_refused() -> None:
    with pytest.raises(BadInput, match=r"centre has shape \(299,\); allowed: \(300,\)"):
        random_network(ARCHITECTURE, np.random.default_rng(0), centre=np.zeros(299))
