"""Sweeps over random networks: against the table of A.5, latches, and known scatter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from spinspike.campaign import carry_out, unfinished
from spinspike.errors import BadInput
from spinspike.model.landscape.studies.sweep import (
    ParameterScan,
    Point,
    band,
    fixed,
    measure,
    pair_overlaps,
    rows,
)


def run(sweep: ParameterScan, folder: Path) -> dict[str, Any]:
    return carry_out(sweep.tasks(), folder, fingerprint=repr(sweep.settings))


def test_networks_of_100_units_converge_in_22_sweeps_at_a_half(tmp_path: Path) -> None:
    sweep = ParameterScan((0.5,), networks=8, starts=16, limit=1000)
    (row,) = rows(sweep, run(sweep, tmp_path))
    assert row.converged == 1
    assert abs(row.sweeps - 22) < 3 * row.sweeps_error + 1
    assert abs(row.start_overlap) < 3 * row.start_overlap_error + 0.02  # long forgotten
    assert row.complexity == pytest.approx(0.3242, abs=5e-5)


def test_only_strong_self_couplings_or_links_let_states_come_to_rest(tmp_path: Path) -> None:
    sweep = ParameterScan((0.0, 1.0), (0.0, 2.0), (60,), ("asynchronous", "synchronous"), 4, 8, 60)
    found = {(r.order, r.link, r.self_coupling): r for r in rows(sweep, run(sweep, tmp_path))}
    assert len(found) == 8
    for order in sweep.orders:
        assert found[order, 0.0, 0.0].converged == 0
        assert np.isnan(found[order, 0.0, 0.0].sweeps)
        assert found[order, 0.0, 1.0].converged == 1
    assert found["asynchronous", 2.0, 0.0].converged == 1
    assert found["asynchronous", 0.0, 0.0].cycles == 0  # which nobody looks for
    assert found["synchronous", 2.0, 0.0].cycles > 0.5  # pairs of modules that swap their states
    assert all(r.modules == 2 for r in found.values())


def test_a_latch_keeps_every_start(tmp_path: Path) -> None:
    sweep = ParameterScan((50.0,), units=(12,), networks=3, starts=5, limit=3)
    (row,) = rows(sweep, run(sweep, tmp_path))
    assert (row.converged, row.sweeps, row.start_overlap) == (1, 0, 1)
    assert row.pair_overlap == pytest.approx(12**-0.5, rel=0.5)  # fair coins: 1 / sqrt(H)


def test_results_are_those_of_their_key_whatever_else_is_in_the_sweep(tmp_path: Path) -> None:
    small = ParameterScan((0.6,), units=(20,), networks=2, starts=4, limit=50)
    large = replace(small, self_couplings=(0.3, 0.6), units=(16, 20), networks=3)
    first = run(small, tmp_path)
    missing = unfinished(large.tasks(), tmp_path, fingerprint=repr(large.settings))
    assert len(missing) == 12 - 2
    both = run(large, tmp_path)
    point = Point(20, 0.6, 0.0, "asynchronous")
    np.testing.assert_array_equal(fixed(small, point, first), fixed(large, point, both)[:2])
    again = measure(large, point, 1)
    for name, values in both[large.key(point, 1)].items():
        np.testing.assert_array_equal(again[name], values)


def test_other_algorithms_run_on_the_same_networks(tmp_path: Path) -> None:
    sweep = ParameterScan(
        (0.3,), units=(60,), orders=("synchronous", "reinforced"), networks=3, starts=4
    )
    synchronous, reinforced = rows(sweep, run(sweep, tmp_path))
    assert reinforced.converged > 0.5 > synchronous.converged


def test_another_seed_draws_other_networks() -> None:
    sweep = ParameterScan((0.6,), units=(40,), networks=1, starts=6, limit=50)
    other = measure(replace(sweep, seed=1), sweep.points[0], 0)
    found = measure(sweep, sweep.points[0], 0)
    assert (found["start_overlap"] != other["start_overlap"]).any()
    second = measure(sweep, sweep.points[0], 1)
    assert (found["start_overlap"] != second["start_overlap"]).any()


@given(st.lists(st.lists(st.booleans(), min_size=4, max_size=4), min_size=2, max_size=6))
def test_the_band_lies_between_that_of_networks_and_that_of_runs(reached: list[list[bool]]) -> None:
    array = np.array(reached)
    low, high = band(array)
    narrow = binomtest(int(array.sum()), array.size).proportion_ci(method="wilson")
    assert low <= narrow.low + 1e-12
    assert high >= narrow.high - 1e-12
    assert 0 <= low <= array.mean() <= high <= 1


def test_the_band_covers_what_networks_scatter_around() -> None:
    rng = np.random.default_rng(0)
    covered = naive = 0
    for _ in range(200):
        own = rng.beta(1.0, 1.0, size=12)  # fractions of the networks: their mean is a half
        reached = rng.random((12, 30)) < own[:, None]
        low, high = band(reached)
        covered += low < 0.5 < high
        wilson = binomtest(int(reached.sum()), reached.size).proportion_ci(method="wilson")
        naive += wilson.low < 0.5 < wilson.high
    assert covered > 170
    assert naive < 150  # what independent runs would claim


def test_pairs_of_states_overlap_as_counted_by_hand(every_state: Any) -> None:
    states = every_state(3)
    wanted = [
        sum(a * b for a, b in zip(s, t, strict=True)) / 3
        for k, s in enumerate(states.tolist())
        for t in states.tolist()[k + 1 :]
    ]
    np.testing.assert_allclose(pair_overlaps(states), wanted)
    assert pair_overlaps(states[:1]).size == pair_overlaps(states[:0]).size == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"networks": 0}, "networks is 0; allowed: 1 or more"),
        ({"self_couplings": ()}, "self_couplings are"),
        ({"units": (4, 4)}, "units are"),
        ({"orders": ("sideways",)}, "order is 'sideways'; allowed: asynchronous, synchronous"),
        ({"self_couplings": (-0.1,)}, "self_coupling is"),
        ({"links": (float("nan"),)}, "link is nan"),
    ],
)
def test_what_makes_no_sweep_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        replace(ParameterScan((0.5,)), **change)


def test_levels_that_differ_in_the_last_digit_have_results_of_their_own() -> None:
    sweep = ParameterScan((0.3, 0.1 + 0.2), units=(10,))
    assert len({sweep.key(point, 0) for point in sweep.points}) == 2
