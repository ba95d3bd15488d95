"""Curves from results made by hand; intervals against SciPy's; files that are no summaries."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from spinspike.errors import BadFile
from spinspike.simulators.stress.curve import UNLIKELY, StressCurve, curve, read_curves
from spinspike.simulators.stress.kinds import KINDS
from spinspike.wilson import wilson_interval

Arrays = dict[str, NDArray[Any]]


def result(held: list[int], *, certain: list[float] | None = None, null: int = 0) -> Arrays:
    """One draw of four patterns; at the end one more is there than throughout."""
    patterns = len(held)
    ended = np.array(held, dtype=bool)
    ended[-1] = True
    return {
        "throughout": np.array(held, dtype=bool),
        "ended": ended,
        "units": np.linspace(0.25, 1, patterns),
        "class_kept": np.ones(patterns, dtype=bool),
        "certain": np.array(certain or [0.0] * patterns),
        "null_throughout": np.arange(patterns) < null,
        "null_ended": np.arange(patterns) < null,
        "null_units": np.full(patterns, 0.5),
        "null_class_kept": np.zeros(patterns, dtype=bool),
    }


def drawn(*rows: list[Arrays], kind: str = "mismatch", regime: str = "step") -> StressCurve:
    levels = tuple(float(k) for k in range(len(rows)))
    return curve(KINDS[kind], levels, rows, simulator="emulator", regime=regime)


def test_fractions_are_means_over_draws_and_patterns() -> None:
    found = drawn(
        [result([1, 1, 1, 1], null=2), result([1, 1, 1, 1], null=1)],
        [result([1, 1, 1, 0], null=1), result([1, 0, 0, 0])],
    )
    assert (found.patterns, found.draws, found.levels) == (4, 2, (0, 1))
    assert found.held == (1, 0.5)
    assert found.null == (3 / 8, 1 / 8)
    assert found.units == (0.625, 0.625)
    assert found.null_units == (0.5, 0.5)
    assert found.class_kept == (1, 1)
    assert found.bound == (0, 0)
    assert found.asked == "in s* from the start to the end"


def test_some_kinds_ask_for_the_end_alone_and_so_does_continuous_time() -> None:
    row = [result([1, 0, 0, 0])]
    assert drawn(row, kind="flips").held == (0.5,)
    assert drawn(row, kind="mismatch").held == (0.25,)
    continuous = drawn(row, kind="mismatch", regime="continuous")
    assert (continuous.held, continuous.bound) == ((0.5,), None)
    assert continuous.asked == "in s* at the end"
    assert drawn(row, kind="spike-loss").bound is None


@given(st.lists(st.lists(st.booleans(), min_size=9, max_size=9), min_size=1, max_size=4))
def test_the_band_holds_every_draw_and_the_interval_of_the_patterns(draws: list[list[int]]) -> None:
    found = drawn([result(row) for row in draws])
    each = [np.mean(row) for row in draws]
    low, high = wilson_interval(float(np.mean(each)), 9)
    assert found.low[0] == pytest.approx(min(low, *each))
    assert found.high[0] == pytest.approx(max(high, *each))


def test_one_certain_pattern_that_is_lost_is_one_too_many() -> None:
    sound = drawn([result([1, 1, 0, 0], certain=[1, 1, 0, 0])])
    assert (sound.cases, sound.broken, sound.bound, sound.sound) == (2, 0, (0.5,), True)
    unsound = drawn([result([1, 1, 0, 0], certain=[1, 0, 1, 0])])
    assert (unsound.cases, unsound.broken, unsound.sound) == (2, 1, False)
    assert (sound.sure, sound.lost, unsound.sure, unsound.lost) == (2, 0, 2, 1)
    assert sound.chance is None


def test_a_pattern_lost_in_several_cases_is_one_pattern() -> None:
    rows = [result([1, 0, 1, 0], certain=[1, 1, 1, 0]), result([0, 0, 1, 0], certain=[0, 1, 1, 0])]
    found = drawn(rows)
    assert (found.cases, found.broken, found.sure, found.lost) == (5, 2, 3, 1)


def test_the_chance_of_losses_is_never_below_that_of_counting_all_cases() -> None:
    """Every way in which patterns of given probabilities may be lost, added up."""
    likely = [0.9, 0.6, 0.95, 0.3, 0.8]
    for lost in range(6):
        held = [int(k >= lost) for k in range(5)]
        exact = sum(
            float(np.prod([p if stays else 1 - p for p, stays in zip(likely, case, strict=True)]))
            for case in product((0, 1), repeat=5)
            if 5 - sum(case) >= lost
        )
        found = drawn([result(held, certain=likely)], kind="noise").chance
        assert found is not None
        if lost >= 3:  # one more than the mean, 1.45, where a Poisson number bounds the tail
            assert exact <= found < 0.2
        assert found >= UNLIKELY


def test_more_losses_than_a_certificate_allows_refute_it() -> None:
    certain = [0.999] * 200
    found = drawn([result([0] * 10 + [1] * 190, certain=certain)], kind="noise")
    assert found.broken == 0
    assert found.chance is not None
    assert found.chance < UNLIKELY
    assert not found.sound
    assert found.least is not None
    assert found.least < found.chance
    assert drawn([result([0] + [1] * 199, certain=certain)], kind="noise").sound


@pytest.fixture
def summary(tmp_path: Path) -> dict[str, Any]:
    made = drawn([result([1, 1, 0, 0])], [result([0, 0, 0, 0])])
    return {"curves": [asdict(replace(made, marks={"1 % risk": 0.1}))]}


def test_curves_come_back_from_their_summary(tmp_path: Path, summary: dict[str, Any]) -> None:
    path = tmp_path / "summary.json"
    path.write_text(json.dumps(summary))
    (found,) = read_curves(path)
    assert asdict(found) == summary["curves"][0]
    assert found.held == (0.5, 0.0)


def test_what_is_no_summary_is_refused(tmp_path: Path, summary: dict[str, Any]) -> None:
    path = tmp_path / "summary.json"
    row = summary["curves"][0]
    wrong = [
        "no json", json.dumps([]), json.dumps({}), json.dumps({"curves": [{}]}),
        json.dumps({"curves": [row | {"held": [0.5]}]}),
        json.dumps({"curves": [row | {"held": ["a", "b"]}]}),
    ]  # fmt: skip
    for text in wrong:
        path.write_text(text)
        with pytest.raises(BadFile, match=r"summary\.json is no summary of `spinspike stress`"):
            read_curves(path)
    with pytest.raises(BadFile, match="absent"):
        read_curves(tmp_path / "absent")
