"""Matrices of one's own: orientation by a table made by hand, and wrong ones refused by name."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from spinspike.errors import BadFile, BadInput
from spinspike.model.learning.margin_rule import MarginRule, consolidate, consolidate_readout
from spinspike.model.network.dynamics import (
    Sweeps,
    field,
    input_field,
    is_fixed,
    predict,
    run_clamped,
)
from spinspike.model.network.import_arrays import from_arrays, from_darnax, read_arrays, read_darnax
from spinspike.model.network.network import Network

Arrays = dict[str, Any]
States = Callable[[int], NDArray[np.int8]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "own.npz"


@pytest.fixture
def two_units() -> Arrays:
    """Unit 0 hears unit 1 by 2 and itself by 1/2; unit 1 hears unit 0 by -3 and itself by 1/4.

    The image (1.5, 0.5) enters as (1, -1) and gives the fields 1 + 4 and -5, with the biases 5.5
    and -6.
    """
    return {
        "J": np.array([[0.5, 2.0], [-3.0, 0.25]]),
        "Win": np.array([[1.0, -4.0], [0.0, 5.0]]),
        "Wback": np.array([[0.0, 90.0], [0.0, 0.0]]),
        "Wout": np.array([[1.0, 0.0], [0.0, 2.0]]),
        "bias": np.array([0.5, -1.0]),
        "centre": np.array([1.0, 1.0]),
        "gain": 2.0,
        "input_range": (-3.0, 3.0),
    }


ONE_CLAMPED = Sweeps(clamped=1, free=0)
IMAGE = np.array([[1.5, 0.5]])
STATES = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]], dtype=np.int8)
FIELDS = [[8.0, -8.75], [4.0, -9.25], [7.0, -2.75], [3.0, -3.25]]


def fields_of(network: Network) -> list[list[float]]:
    external = input_field(network, np.repeat(IMAGE, 4, axis=0))
    found: list[list[float]] = field(network, STATES, external).tolist()
    return found


def test_rows_are_targets_and_columns_are_sources(two_units: Arrays) -> None:
    network = from_arrays(**two_units)
    assert fields_of(network) == FIELDS
    # scores s0 and 2 s1
    assert predict(network, STATES).tolist() == [1, 0, 1, 0]
    # code of label 0 (1/2, -1) pushes unit 0 by -90, of label 1 (-1, 1/2) by +45, unit 1 never
    for label, held in ((0, [-1, -1]), (1, [1, -1])):
        states, _ = run_clamped(network, IMAGE, np.array([label]))
        assert states.tolist() == [held]
    assert (network.units, network.inputs, network.classes) == (2, 2, 2)
    assert (network.input_range, network.modules) == ((-3.0, 3.0), (2,))


def test_sparse_matrices_lists_and_a_diagonal_apart_mean_the_same(two_units: Arrays) -> None:
    apart = two_units | {"J": two_units["J"] * [[0, 1], [1, 0]], "J_D": [0.5, 0.25]}
    for arrays in (two_units, apart):
        for make in (csr_array, coo_array, lambda matrix: matrix.tolist()):
            made = arrays | {name: make(arrays[name]) for name in ("J", "Win")}
            assert fields_of(from_arrays(**made)) == FIELDS
    one_for_all = from_arrays(**apart | {"J_D": 0.5})
    assert one_for_all.self_coupling.tolist() == [0.5, 0.5]


def test_zeros_are_synapses_that_do_not_exist(two_units: Arrays) -> None:
    """Stored zeros of a sparse matrix are zeros as well, and what is stored twice is added up."""
    for J in (
        [[0.5, 0.0], [-3.0, 0.0]],
        csr_array(([0.5, 0.0, -3.0, 0.0], ([0, 0, 1, 1], [0, 1, 0, 1]))),
        coo_array(([0.25, 0.25, -3.0], ([0, 0, 1], [0, 0, 0])), shape=(2, 2)),
        csr_array((np.array([0.25, 0.25, -3.0]), np.array([0, 0, 0]), np.array([0, 2, 3])), (2, 2)),
    ):
        network = from_arrays(**two_units | {"J": J})
        assert network.coupling.nnz == 1
        assert network.coupling.toarray().tolist() == [[0, 0], [-3, 0]]
        assert network.self_coupling.tolist() == [0.5, 0.0]
    assert from_arrays(**two_units).input_weight.nnz == 3
    assert from_arrays(**two_units).link.nnz == 0


def test_what_is_not_given_is_zero_or_one(two_units: Arrays) -> None:
    network = from_arrays(*(two_units[name] for name in ("J", "Win", "Wback", "Wout")))
    assert network.bias.tolist() == [0.0, 0.0]
    assert network.centre.tolist() == [0.0, 0.0]
    assert (network.gain, network.input_range, network.modules) == (1.0, (0.0, 1.0), (2,))
    assert from_arrays(**two_units, modules=[1, 1]).modules == (1, 1)


@pytest.mark.parametrize("sparse", [False, True])
def test_nothing_handed_in_changes_even_as_the_network_learns(
    two_units: Arrays, sparse: bool
) -> None:
    if sparse:  # stored twice, and a stored zero
        two_units["J"] = csr_array(
            (np.array([0.25, 2.0, 0.25, 0.0, -3.0]), np.array([0, 1, 0, 1, 0]), np.array([0, 3, 5]))
        )
        two_units["Win"] = csr_array(two_units["Win"])
    before = deepcopy(two_units)
    network = from_arrays(**two_units)
    rule = MarginRule(margin=99, readout_margin=99, bias_rate=1.0)
    consolidate(network, rule, IMAGE, STATES[:1])
    consolidate_readout(network, rule, np.array([0]), STATES[:1])
    for name, value in two_units.items():
        parts = ("data", "indices", "indptr") if sparse and name in ("J", "Win") else ()
        for part in parts:
            np.testing.assert_array_equal(getattr(value, part), getattr(before[name], part))
        if not parts:
            np.testing.assert_array_equal(value, before[name])


WRONG: list[tuple[str, Any, str]] = [
    ("J", np.ones((2, 3)), r"J has shape \(2, 3\); allowed: \(2, 2\)"),
    ("J", np.ones((3, 3)), r"Win has shape \(2, 2\); allowed: \(3, 2\)"),
    ("J", np.ones(2), r"J has shape \(2,\); allowed: \(any, any\)"),
    ("J", [[np.nan, 0.0], [0.0, 0.0]], r"J contains nan or infinity; allowed: finite numbers"),
    ("J", csr_array([[0.0, np.inf], [0.0, 0.0]]), r"J contains nan or infinity"),
    ("J", [["a", "b"], ["c", "d"]], r"J has type <U1; allowed: numbers"),
    ("J", [[1j, 0], [0, 0]], r"J has type complex128; allowed: numbers"),
    ("J", csr_array([[0, 1j], [0, 0]]), r"J has type complex128; allowed: numbers"),
    ("J", [[1.0, 2.0], [3.0]], r"J is no array: .*inhomogeneous"),
    ("Win", np.ones((3, 2)), r"Win has shape \(3, 2\); allowed: \(2, 2\)"),
    ("Win", np.ones((2, 0)), r"centre has shape \(2,\); allowed: \(0,\)"),
    ("Win", [1.0, 2.0], r"Win has shape \(2,\); allowed: \(any, any\)"),
    ("Wback", np.ones((2, 1)), r"Wout has shape \(2, 2\); allowed: \(1, 2\)"),
    ("Wback", np.ones((3, 2)), r"Wback has shape \(3, 2\); allowed: \(2, any\)"),
    ("Wout", np.ones((3, 2)), r"Wout has shape \(3, 2\); allowed: \(2, 2\)"),
    ("Wout", np.full((2, 2), np.inf), r"Wout contains nan or infinity"),
    ("Wout", np.full((2, 2), None), r"Wout has type object; allowed: numbers"),
    ("bias", np.ones(3), r"bias has shape \(3,\); allowed: \(2,\)"),
    ("centre", np.ones((1, 2)), r"centre has shape \(1, 2\); allowed: \(2,\)"),
    ("gain", 0.0, r"gain is 0\.0, input_range -3\.0 to 3\.0; allowed: above 0, increasing"),
    ("gain", [1.0], r"gain has shape \(1,\); allowed: \(\)"),
    ("gain", np.nan, r"gain contains nan or infinity"),
    ("input_range", (1.0, 1.0), r"gain is 2\.0, input_range 1\.0 to 1\.0; allowed: above 0, inc"),
    ("input_range", (0.0, 1.0, 2.0), r"input_range has shape \(3,\); allowed: \(2,\)"),
    ("modules", [1, 2], r"modules are \[1, 2\]; allowed: sizes that add up to 2"),
    ("modules", [2, 0], r"modules are \[2, 0\]; allowed"),
    ("modules", [3, -1], r"modules are \[3, -1\]; allowed"),
    ("modules", [1.0, 1.0], r"modules are \[1\.0, 1\.0\]; allowed"),
    ("modules", [], r"modules are \[\]; allowed"),
    ("J_D", 1.0, r"J has 0\.5 on its diagonal; allowed beside J_D: zeros"),
]


@pytest.mark.parametrize(("name", "value", "message"), WRONG)
def test_wrong_arrays_are_refused_by_name_and_value(
    two_units: Arrays, name: str, value: Any, message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        from_arrays(**two_units | {name: value})


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([1.0, 2.0, 3.0], r"J_D has shape \(3,\); allowed: .*\(2,\)"),
        ([np.nan, 0.0], r"J_D contains nan or infinity; allowed: finite numbers"),
    ],
)
def test_self_couplings_that_fit_no_unit_are_refused(
    path: Path, two_units: Arrays, value: Any, message: str
) -> None:
    without = two_units | {"J": np.zeros((2, 2)), "J_D": value}
    with pytest.raises(BadInput, match=message):
        from_arrays(**without)
    np.savez(path, **without)
    with pytest.raises(BadFile, match=rf"own\.npz: {message}"):
        read_arrays(path)


def test_a_file_holds_what_its_arrays_mean(path: Path, two_units: Arrays) -> None:
    np.savez(path, **two_units, modules=np.array([1, 1]))
    network = read_arrays(path)
    assert fields_of(network) == FIELDS
    assert (network.gain, network.input_range, network.modules) == (2.0, (-3.0, 3.0), (1, 1))
    two_units |= {"J": two_units["J"] * [[0, 1], [1, 0]], "J_D": np.array([0.5, 0.25])}
    np.savez_compressed(path, **two_units)
    assert fields_of(read_arrays(path)) == FIELDS


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("J_d", np.ones(2), r"own\.npz: no array is called 'J_d'; .*; did you mean 'J_D'\?"),
        ("Wback", None, r"own\.npz has no array Wback; needed for labels: Win, Wback, Wout"),
        ("J", np.ones((2, 3)), r"own\.npz: J has shape \(2, 3\); allowed: \(2, 2\)"),
        ("bias", np.array([0.0, np.nan]), r"own\.npz: bias contains nan or infinity"),
        ("gain", np.array(-1.0), r"own\.npz: gain is -1\.0, input_range"),
        ("Wout", np.array([["a", "b"]]), r"own\.npz: Wout\.npy has type <U1; allowed: numbers"),
    ],
)
def test_a_file_with_a_wrong_array_is_refused(
    path: Path, two_units: Arrays, name: str, value: Any, message: str
) -> None:
    changed = two_units | {name: value}
    np.savez(path, **{key: array for key, array in changed.items() if array is not None})
    with pytest.raises(BadFile, match=message):
        read_arrays(path)


def test_a_damaged_file_is_refused_or_gives_the_same_network(path: Path, two_units: Arrays) -> None:
    np.savez_compressed(path, **two_units)
    whole, refused = path.read_bytes(), 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        content = bytearray(whole)
        content[rng.integers(len(content))] ^= 1 << rng.integers(8)
        path.write_bytes(content)
        for read in (read_arrays, read_darnax):
            try:
                network = read(path)
            except BadFile as error:
                assert "own.npz" in str(error)  # noqa: PT017  (either outcome is right)
                refused += 1
            else:  # the damage may hide the name of an optional array, yet change none
                assert network.coupling.toarray().tolist() == [[0, 2], [-3, 0]]
                assert network.input_weight.toarray().tolist() == [[1, -4], [0, 5]]
    assert refused > 200
    for size in range(0, len(whole), 50):
        path.write_bytes(whole[:size])
        with pytest.raises(BadFile, match=r"own\.npz cannot be read"):
            read_arrays(path)


def darnax_arrays(rng: np.random.Generator) -> Arrays:
    """D 3, H 6, C 4: rows are presynaptic, so that a state stands on the left."""
    return {
        "W": rng.normal(size=(3, 6)),
        "J": rng.normal(size=(6, 6)),
        "V": rng.normal(size=(6, 4)),
        "B": 5 * rng.normal(size=(4, 6)),
    }


@pytest.mark.parametrize("from_file", [False, True])
def test_networks_of_darnax_do_here_what_they_do_there(
    path: Path, every_state: States, from_file: bool
) -> None:
    """Fixed points are those of sign(x @ W + s @ J), the answer is s @ V, the signal y @ B."""
    rng, states, fixed_points = np.random.default_rng(0), every_state(6), 0
    for _ in range(20):
        arrays = darnax_arrays(rng)
        np.savez(path, **arrays)
        network = read_darnax(path) if from_file else from_darnax(**arrays)
        image = rng.normal(size=3)
        expected = np.where(image @ arrays["W"] + states @ arrays["J"] >= 0, 1, -1) == states
        found = is_fixed(network, np.tile(image, (64, 1)), states)
        assert found.tolist() == expected.all(axis=1).tolist()
        fixed_points += int(found.sum())
        answers = np.argmax(states @ arrays["V"], axis=1)
        assert predict(network, states).tolist() == answers.tolist()
        code = np.full(4, -1 / np.sqrt(3))
        code[2] = np.sqrt(3) / 2
        first = np.where(image @ arrays["W"] >= 0, 1, -1)
        push = image @ arrays["W"] + first @ arrays["J"] + code @ arrays["B"]
        held, _ = run_clamped(network, image[None], np.array([2]), sweeps=ONE_CLAMPED)
        assert held.tolist() == [np.where(push >= 0, 1, -1).tolist()]
    assert fixed_points > 10


def test_choices_beside_the_matrices_of_darnax_are_kept(path: Path) -> None:
    arrays = darnax_arrays(np.random.default_rng(1))
    np.savez(path, **arrays)
    choices: Arrays = {"centre": np.arange(3.0), "gain": 2.0, "input_range": (0.0, 9.0)}
    for network in (from_darnax(**arrays, **choices), read_darnax(path, **choices)):
        assert network.centre.tolist() == [0.0, 1.0, 2.0]
        assert (network.gain, network.input_range) == (2.0, (0.0, 9.0))
        seen = (np.array([[4.0, 1.0, 0.0]]) - np.arange(3)) * 2
        np.testing.assert_allclose(
            input_field(network, np.array([[4.0, 1.0, 0.0]])), seen @ arrays["W"]
        )


def test_wrong_matrices_of_darnax_are_refused(path: Path) -> None:
    arrays = darnax_arrays(np.random.default_rng(1))
    np.savez(path, **{name: arrays[name] for name in ("W", "J", "B")})
    with pytest.raises(BadFile, match=r"own\.npz has no array V; needed: W, J, V, B"):
        read_darnax(path)
    np.savez(path, **arrays | {"J": np.full((6, 6), np.nan)})
    with pytest.raises(BadFile, match=r"own\.npz: J contains nan or infinity"):
        read_darnax(path)
    with pytest.raises(BadInput, match=r"J has shape \(6, 5\); allowed: \(6, 6\)"):
        from_darnax(**arrays | {"J": np.ones((5, 6))})


def bcoo(name: str, matrix: Any) -> Arrays:
    rows, columns = np.nonzero(matrix)
    return {
        f"{name}_data": matrix[rows, columns],
        f"{name}_indices": np.stack([rows, columns], axis=1).astype(np.int32),
        f"{name}_shape": np.array(matrix.shape),
    }


def csr(name: str, matrix: Any) -> Arrays:
    found = csr_array(matrix)
    parts = {p: getattr(found, p) for p in ("data", "indices", "indptr")}
    return {f"{name}_{p}": value for p, value in parts.items()} | {
        f"{name}_shape": np.array(matrix.shape)
    }


@pytest.mark.parametrize("stored", [bcoo, csr])
@pytest.mark.parametrize("names", ["WJ", "J", "WJVB"])
def test_sparse_matrices_of_darnax_mean_what_dense_ones_do(
    path: Path, stored: Any, names: str
) -> None:
    rng = np.random.default_rng(0)
    whole = {name: m * (rng.random(m.shape) < 0.6) for name, m in darnax_arrays(rng).items()}
    kept = {name: m for name, m in whole.items() if name not in names}
    for name in names:
        kept |= stored(name, whole[name])
    np.savez(path, **kept)
    found, wanted = read_darnax(path), from_darnax(**whole)
    assert (found.coupling != wanted.coupling).nnz == 0
    assert (found.input_weight != wanted.input_weight).nnz == 0
    for part in ("self_coupling", "supervisory", "readout"):
        assert np.array_equal(getattr(found, part), getattr(wanted, part))


@pytest.mark.parametrize(
    ("part", "value", "why"),
    [
        ("W_indices", np.array([[0, 99]]), "W_indices has shape"),
        ("W_indices", None, "W_indices"),
        ("W_shape", np.array([2]), "W_shape has shape"),
        ("W_shape", np.array([10**9, 2]), "W_shape is"),
        ("W_shape", np.array([1, 1]), "W_indices go from 0 to"),
        ("W_shape", np.array([1.5, 2.0]), "allowed: integers"),
        ("W_indptr", np.array([0, 1]), "W_ind"),
    ],
)
def test_parts_that_make_no_matrix_are_refused(path: Path, part: str, value: Any, why: str) -> None:
    whole = darnax_arrays(np.random.default_rng(0))
    arrays = {name: whole[name] for name in "JVB"} | bcoo("W", whole["W"]) | {part: value}
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    with pytest.raises(BadFile, match=why):
        read_darnax(path)


def test_pointers_that_go_down_are_refused(path: Path) -> None:
    whole = darnax_arrays(np.random.default_rng(0))
    arrays = {name: whole[name] for name in "JVB"} | csr("W", whole["W"])
    arrays["W_indptr"][1] = 10**6
    np.savez(path, **arrays)
    with pytest.raises(BadFile, match="W_indptr goes from 0"):
        read_darnax(path)


@pytest.mark.parametrize("kind", ["<f2", ">f2", ">f4", ">f8", ">i4", "longdouble", "bool"])
def test_numbers_of_every_kind_are_taken(two_units: Arrays, path: Path, kind: str) -> None:
    """Quarters and small whole numbers are exact in all kinds of floats; in others, without them."""
    names = ("J", "Win", "Wback", "Wout") if kind in (">i4", "bool") else tuple(two_units)
    whole: Arrays = {name: np.asarray(two_units[name]).astype(kind) for name in names}
    np.savez(path, **whole)
    found = read_arrays(path)
    wanted = from_arrays(**{name: array.astype(np.float64) for name, array in whole.items()})
    assert np.array_equal(found.coupling.toarray(), wanted.coupling.toarray())
    assert np.array_equal(found.self_coupling, wanted.self_coupling)
    assert np.array_equal(found.input_weight.toarray(), wanted.input_weight.toarray())
    assert (found.gain, found.input_range) == (wanted.gain, wanted.input_range)
