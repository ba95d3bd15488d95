"""Ablations as they are carried out, on digits in small."""

from __future__ import annotations

import numpy as np
import pytest

from spinspike.model.data.dataset import Dataset
from spinspike.model.data.entangled import entangle
from spinspike.model.data.named import digits
from spinspike.model.training.ablation import SELF_COUPLINGS, Ablation, ablations
from spinspike.model.training.ablation_run import (
    run_ablation,
    run_ablations,
    seconds_per_image,
    self_coupling_effect,
)


@pytest.fixture(scope="module")
def data() -> Dataset:
    return entangle(digits(), dimensions=40)


@pytest.fixture(scope="module")
def runs(data: Dataset) -> list[Ablation]:
    return ablations(data, ["couplings"], units=[40], epochs=1)


def test_a_run_learns_and_tells_its_progress(data: Dataset, runs: list[Ablation]) -> None:
    told: list[tuple[int, int]] = []
    found = run_ablation(data, runs[0], lambda epoch, seen: told.append((epoch, seen)))
    assert 0.25 < found.accuracy < 1  # chance is .1
    assert len(found.history) == 1
    assert found.seconds > found.history[0].seconds > 0
    assert told[0] == (0, 16)


def test_all_runs_come_with_their_number(data: Dataset, runs: list[Ablation]) -> None:
    alone = [run_ablation(data, run).accuracy for run in runs]
    together = dict(run_ablations(data, runs))
    assert [together[number].accuracy for number in range(len(runs))] == alone
    assert len(set(alone)) > 1


def test_an_image_takes_time(data: Dataset, runs: list[Ablation]) -> None:
    assert 0 < seconds_per_image(data, runs[0]) < 0.1


def test_the_effect_is_what_the_release_costs_more_without_self_couplings() -> None:
    published = {(s, at): value for s, line in SELF_COUPLINGS.items() for at, value in line.items()}
    assert self_coupling_effect(published) == pytest.approx(0.717)
    assert self_coupling_effect(dict.fromkeys(published, 0.8)) == 0  # nothing needed them
    useless = published | {("two phases", 0.5): 0.156}  # they do not help
    assert np.isclose(self_coupling_effect(useless), 0)
