"""Thresholds and their scaling, against what was put in; and silence where nothing was."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit

from spinspike.errors import BadInput
from spinspike.model.landscape.studies.threshold import Threshold, scaling, threshold

LEVELS = np.linspace(0.3, 0.85, 12)


def runs(
    rng: np.random.Generator, at: float = 0.6, networks: int = 10, width: float = 0.05
) -> NDArray[np.float64]:
    """Fractions of 20 runs; each network has a threshold of its own, 0.04 from the common one."""
    own = rng.normal(at, 0.04, size=(networks, 1))
    return np.asarray(rng.binomial(20, expit((LEVELS - own) / width)) / 20)


def known(levels: NDArray[np.float64], error: float = 0.004) -> list[Threshold]:
    return [Threshold(float(v), error, v - 0.01, v + 0.01, "") for v in levels]


def test_a_threshold_is_found_as_often_as_its_interval_promises() -> None:
    rng = np.random.default_rng(0)
    found = [threshold(LEVELS, runs(rng), rng, draws=100) for _ in range(60)]
    assert all(t.found for t in found)
    assert sum(t.low <= 0.6 <= t.high for t in found) >= 48
    assert np.mean([t.level for t in found]) == pytest.approx(0.6, abs=0.01)
    scatter = np.std([t.level for t in found])
    assert np.mean([t.error for t in found]) == pytest.approx(scatter, rel=0.4)


@pytest.mark.parametrize("networks", [1, 3])
def test_the_error_is_that_of_a_mean_over_networks(networks: int) -> None:
    """Where curves are lines, the crossing is 0.5 less the mean of what they lie above one."""
    above = np.linspace(-0.1, 0.1, networks)[:, None]
    found = threshold([0.0, 1.0], above + np.arange(2), np.random.default_rng(0), draws=4000)
    assert found.level == pytest.approx(0.5 - above.mean())
    expected = 0.1 / np.sqrt(3) if networks > 1 else np.nan
    assert found.error == pytest.approx(expected, rel=0.03, nan_ok=True)


def test_dips_do_not_matter_to_a_curve_that_must_rise() -> None:
    dipped = np.array([[0.0, 0.2, 0.1, 0.8, 0.7, 1.0]])
    found = threshold(np.arange(6.0), dipped, np.random.default_rng(0))
    assert found.level == pytest.approx(2 + (0.5 - 0.15) / (0.75 - 0.15))


@pytest.mark.parametrize(("at", "said"), [(0.1, "it lies below 0.3"), (1.5, "it lies above 0.85")])
def test_no_threshold_is_named_that_the_levels_do_not_enclose(at: float, said: str) -> None:
    rng = np.random.default_rng(0)
    found = threshold(LEVELS, runs(rng, at, width=0.02), rng)
    assert found.says == said
    assert np.isnan(found.level)


def test_no_threshold_is_named_that_some_networks_do_not_have() -> None:
    half = np.array([[0.0, 1.0]] * 3 + [[0.0, 0.0]] * 3)
    found = threshold([0.4, 0.5], half, np.random.default_rng(0))
    assert "of the bootstrap" in found.says


@pytest.mark.parametrize(
    ("levels", "shape"), [([0.1, 0.2], (3, 3)), ([0.2, 0.1], (3, 2)), ([0.1], (3, 1))]
)
def test_what_is_no_curve_is_refused(levels: list[float], shape: tuple[int, int]) -> None:
    with pytest.raises(BadInput, match="allowed: "):
        threshold(levels, np.zeros(shape), np.random.default_rng(0))


def test_a_power_law_is_found_within_its_errors() -> None:
    sizes = np.array([25, 50, 100, 200, 400, 1600])
    exact = 0.7 - 2.0 * sizes**-0.6
    rng, pulls = np.random.default_rng(1), []
    for _ in range(40):
        fit = scaling(sizes.tolist(), known(exact + rng.normal(0, 0.004, sizes.size)))
        if not fit.found:
            continue  # one in a hundred misfits by chance
        pulls.append([(fit.limit - 0.7) / fit.limit_error, (fit.power - 0.6) / fit.power_error])
        assert (fit.freedom, fit.at(np.array([1e12]))[0]) == (3, pytest.approx(fit.limit, abs=1e-3))
    assert len(pulls) >= 38
    assert np.abs(pulls).mean() < 1.2
    assert np.mean(np.abs(pulls) < 2) > 0.9


def test_nothing_is_determined_by_thresholds_that_do_not_move() -> None:
    sizes, rng = [50, 100, 200, 400, 800], np.random.default_rng(2)
    fits = [scaling(sizes, known(0.6 + rng.normal(0, 0.004, 5))) for _ in range(40)]
    assert sum(fit.found for fit in fits) <= 4
    assert all(np.isnan(fit.limit) for fit in fits if not fit.found)


def test_thresholds_off_any_power_law_determine_none() -> None:
    fit = scaling([50, 100, 200, 400, 800], known(np.array([0.3, 0.5, 0.4, 0.6, 0.5])))
    assert fit.says.startswith("no power law fits the thresholds")


def test_sizes_without_a_threshold_do_not_count() -> None:
    none = Threshold(np.nan, np.nan, np.nan, np.nan, "it lies above 1")
    fit = scaling([10, 20, 40, 80], [none, *known(np.array([0.4, 0.5, 0.55]))])
    assert fit.says.startswith("3 sizes have a threshold")
