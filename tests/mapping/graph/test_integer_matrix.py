"""Exact products of sparse integers, whichever way they are taken."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from spinspike.mapping.graph import integer_matrix as integers
from spinspike.mapping.graph.integer_matrix import IntegerMatrix, product


def random_matrix(seed: int, rows: int, columns: int, density: float) -> csr_array:
    rng = np.random.default_rng(seed)
    kept = rng.random((rows, columns)) < density
    return csr_array(rng.integers(-255, 256, (rows, columns)) * kept, dtype=np.int16)


@given(
    seed=st.integers(0, 2**32 - 1),
    rows=st.integers(1, 30),
    columns=st.integers(1, 30),
    density=st.sampled_from([0.0, 0.05, 0.5, 1.0]),
    levels=st.sampled_from([0, 1, 15]),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_products_by_plain_sums(
    seed: int, rows: int, columns: int, density: float, levels: int
) -> None:
    matrix = random_matrix(seed, rows, columns, density)
    active = np.random.default_rng(seed).integers(0, levels + 1, (4, columns))
    weights = matrix.toarray().tolist()
    expected = [
        [sum(w * a for w, a in zip(row, given, strict=True)) for row in weights]
        for given in active.tolist()
    ]
    assert product(matrix, active).tolist() == expected
    assert (IntegerMatrix(matrix, 3) @ active).tolist() == [[8 * x for x in y] for y in expected]
    if levels == 1:
        assert product(matrix, active.astype(np.bool_)).tolist() == expected
    assert IntegerMatrix(matrix, 2).row_sums.tolist() == [4 * sum(row) for row in weights]


@pytest.mark.parametrize("density", [0.05, 1.0])
@pytest.mark.parametrize("at_once", [1, 40, 100])
def test_slices_of_rows_make_no_difference(
    at_once: int, density: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    matrix = random_matrix(0, 37, 20, density)
    active = np.random.default_rng(1).integers(0, 2, (5, 20))
    whole = product(matrix, active)
    monkeypatch.setattr(integers, "SYNAPSES_PER_BATCH", at_once)
    np.testing.assert_array_equal(product(matrix, active), whole)


def test_sums_beyond_single_precision_are_exact() -> None:
    """An odd number above 2**24, which single precision would round to an even one."""
    columns = 4500
    matrix = csr_array(np.full((1, columns), 255, dtype=np.int16))
    active = np.full((1, columns), 16)
    active[0, -1] = 15
    assert product(matrix, active).tolist() == [[255 * (16 * columns - 1)]]
    assert 255 * (16 * columns - 1) > 2**24


def test_no_patterns_are_no_fields() -> None:
    assert product(random_matrix(0, 3, 4, 0.5), np.zeros((0, 4), dtype=np.int64)).shape == (0, 3)
