"""Presets: the authors' constants, converted, and settings that fit their data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinspike.model.data.dataset import Dataset, Split
from spinspike.model.training.preset import BEST, PRESETS, best, default, published


def images(name: str, inputs: int, side: int | None) -> Dataset:
    """A data set of the right size, without content."""
    split = Split(np.zeros((1, inputs), np.uint8), np.zeros(1, np.int64))
    shape = None if side is None else (side, side)
    return Dataset(name, split, split, split, 10, (0.0, 255.0), shape)


SETS = {
    "mnist": images("mnist", 784, 28),
    "fashion-mnist": images("fashion-mnist", 784, 28),
    "entangled-mnist": images("entangled-mnist", 100, None),
    "digits": images("digits", 64, 8),
}


def test_published_decays_by_the_formula_of_the_authors() -> None:
    """MNIST: eta_J .058, decay 6e-5; H 2000, 99 % sparse: 6e-5 * .058 / sqrt(2000) * sqrt(.1/.01)."""
    rule = published(SETS["mnist"]).rule
    assert rule.decay == pytest.approx(2.4607e-7, rel=1e-3)
    assert rule.input_decay == pytest.approx(5.6786e-5, rel=1e-3)  # .01 * .159 / 28 * sqrt(.1/.1)
    assert rule.readout_decay == pytest.approx(7.6026e-5, rel=1e-3)  # .02 * .17 / sqrt(2000)


@pytest.mark.parametrize(
    ("name", "units", "signal"),
    [
        ("mnist", 2000, 1.3),
        ("mnist", 5000, 0.7),
        ("fashion-mnist", 3000, 1.2),
        ("entangled-mnist", 250, 5.5),
        ("digits", 1000, 1.62),  # the authors name none: those of MNIST
    ],
)
def test_published_signals_by_size(name: str, units: int, signal: float) -> None:
    preset = published(SETS[name], units=units)
    assert preset.architecture.supervisory_scale == signal
    assert preset.schedule.readout_states == "clamped"
    assert not preset.centred


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_fits_its_data(name: str, preset: str) -> None:
    chosen = PRESETS[preset](SETS[name])
    assert chosen.architecture.inputs == SETS[name].train.inputs.shape[1]
    assert chosen.architecture.classes == 10
    assert chosen.source
    assert chosen.rule.rate > 0, "couplings learn"
    assert np.min(chosen.architecture.self_couplings) > 0


def test_best_is_the_default_where_none_was_sought() -> None:
    other = replace(SETS["digits"], name="other")
    assert best(other) == default(other)
    assert set(BEST) == set(SETS)
