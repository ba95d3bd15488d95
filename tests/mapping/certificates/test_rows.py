"""Largest entries of rows, against every subset of small ones."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spinspike.mapping.certificates.rows import fewest_above, in_order, starts

tables = st.lists(st.lists(st.integers(1, 9), max_size=5), min_size=1, max_size=4)


def flat(table: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    row = np.array([k for k, values in enumerate(table) for _ in values], dtype=np.int64)
    value = np.array([v for values in table for v in values], dtype=np.int64)
    order = in_order(row, value)
    return row[order], value[order]


@given(tables, st.integers(0, 25))
def test_fewest_above_by_trying_all_subsets(table: list[list[int]], room: int) -> None:
    row, value = flat(table)
    places, counts = fewest_above(row, value, np.full(len(table), room))
    expected = {}
    for k, values in enumerate(table):
        sizes = [
            size
            for size in range(len(values) + 1)
            if any(sum(subset) > room for subset in combinations(values, size))
        ]
        if sizes:
            expected[k] = min(sizes)
    assert dict(zip(row[places].tolist(), counts.tolist(), strict=True)) == expected
    for place, count in zip(places, counts, strict=True):
        assert value[place : place + count].sum() > room


@given(tables)
def test_rows_follow_each_other_and_their_values_fall(table: list[list[int]]) -> None:
    row, value = flat(table)
    expected = [sorted(values, reverse=True) for values in table]
    assert value.tolist() == [v for values in expected for v in values]
    assert starts(row).tolist() == [row.tolist().index(k) for k in row]
