"""Schedules: how the rates fall, by tables made by hand, and what is no schedule."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from spinspike.errors import BadInput
from spinspike.model.learning.schedule import PACES, Pace, Schedule
from spinspike.model.network.dynamics import Sweeps


@pytest.mark.parametrize(
    ("schedule", "factors"),
    [
        (Schedule(epochs=4, anneal=0.5), [1, 0.5, 0.25, 0.125]),
        (Schedule(epochs=3, anneal=1.0), [1, 1, 1]),
        (Schedule(epochs=4, pace="linear"), [1, 0.75, 0.5, 0.25]),
        # (1 + cos 0, 60, 120 degrees) / 2
        (Schedule(epochs=3, pace="cosine"), [1, 0.75, 0.25]),
        (Schedule(epochs=4, pace="cosine"), [1, 0.853553, 0.5, 0.146447]),
        (Schedule(epochs=1, pace="linear"), [1]),
        (Schedule(epochs=1, pace="cosine"), [1]),
    ],
)
def test_factors_fall_as_their_pace_says(schedule: Schedule, factors: list[float]) -> None:
    found = [schedule.factor(epoch) for epoch in range(schedule.epochs)]
    assert found == pytest.approx(factors, abs=1e-6)


@pytest.mark.parametrize(
    ("schedule", "epochs", "factor"),
    [
        (Schedule(epochs=4, anneal=0.25), 0.5, 0.5),
        (Schedule(epochs=4, anneal=0.25), 1.5, 0.125),
        (Schedule(epochs=4, pace="linear"), 3.9, 0.025),
        (Schedule(epochs=1, pace="linear"), 0.25, 0.75),
        (Schedule(epochs=2, pace="cosine"), 0.5, 0.853553),  # (1 + cos 45 degrees) / 2
    ],
)
def test_factors_fall_within_an_epoch_as_well(
    schedule: Schedule, epochs: float, factor: float
) -> None:
    assert schedule.factor(epochs) == pytest.approx(factor, abs=1e-6)


def test_anneal_is_for_the_exponential_pace_alone() -> None:
    for pace in ("linear", "cosine"):
        assert Schedule(epochs=3, pace=pace, anneal=0.1).factor(2) > 0.2


@pytest.mark.parametrize("pace", PACES)
def test_no_rate_rises_or_dies_before_the_end(pace: Pace) -> None:
    schedule = Schedule(epochs=50, pace=pace)
    factors = [schedule.factor(epoch) for epoch in range(50)]
    assert factors[0] == 1
    assert factors == sorted(factors, reverse=True)
    assert factors[-1] > 0


def test_paces_are_those_that_are_named() -> None:
    assert tuple(PACES) == get_args(Pace)


def test_every_schedule_has_sweeps_of_its_own() -> None:
    assert Schedule().sweeps == Sweeps()
    assert Schedule(sweeps=Sweeps(2, 3)).sweeps.clamped == 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, r"epochs 0, batch 16, patience 0; allowed: 1 or more, 1 or more, 0 or"),
        ({"batch": 0}, r"epochs 20, batch 0, patience 0; allowed"),
        ({"patience": -1}, r"epochs 20, batch 16, patience -1; allowed"),
        ({"pace": "sudden"}, r"pace is 'sudden'; allowed: exponential, linear, cosine"),
        ({"readout_states": "any"}, r"readout_states is 'any'; allowed: free, clamped"),
        ({"anneal": 0.0}, r"anneal is 0\.0; allowed: 0 < anneal <= 1"),
        ({"anneal": 1.01}, r"anneal is 1\.01"),
        ({"anneal": float("nan")}, r"anneal is nan"),
    ],
)
def test_senseless_schedules_are_refused_with_the_value(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        Schedule(**changes)
