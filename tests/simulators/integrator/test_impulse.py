"""Fits of responses against signals whose rate, frequency and noise are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from spinspike.arrays import FloatArray
from spinspike.errors import BadInput
from spinspike.simulators.integrator.impulse import Pulse, ResponseFit, fit_response

TIMES = np.arange(0.0, 60.0, 0.1)


def test_an_impulse_has_unit_area_and_a_hold_its_amplitude() -> None:
    given_in = Pulse.impulse(0.2, 5.0).samples(0.1)
    np.testing.assert_allclose(given_in.sum() * 0.1, 1)
    assert np.count_nonzero(given_in) == 2
    assert len(given_in) == 52
    assert Pulse(3.0, -2.0, 1.0).samples(0.5).tolist() == [-2] * 6 + [0] * 2


@pytest.mark.parametrize("length", [0.0, -1.0, np.inf, np.nan])
def test_a_pulse_without_a_length_is_refused(length: float) -> None:
    with pytest.raises(BadInput, match=r"length of a pulse is .*; allowed: more than 0"):
        Pulse(length, 1.0, 1.0)
    with pytest.raises(BadInput, match=r"after of a pulse is .*; allowed: more than 0"):
        Pulse(1.0, 1.0, length)


@given(
    rate=st.floats(0.03, 1.5),
    amplitude=st.floats(-3, 3).filter(lambda a: abs(a) > 0.1),
    offset=st.floats(-1, 1),
)
@settings(max_examples=40, deadline=None)
def test_a_decay_without_noise_is_found_exactly(
    rate: float, amplitude: float, offset: float
) -> None:
    found = fit_response(TIMES, amplitude * np.exp(-rate * TIMES) + offset)
    assert found.rate == pytest.approx(rate, rel=1e-5)
    assert found.time_scale == pytest.approx(1 / rate, rel=1e-5)
    assert found.amplitude == pytest.approx(abs(amplitude), rel=1e-5)
    assert found.offset == pytest.approx(offset, abs=1e-5)
    assert (found.frequency, found.frequency_error, found.damping) == (0, 0, 1)
    assert found.explained == pytest.approx(1)


@given(
    rate=st.floats(0.03, 0.5),
    turns=st.floats(1.0, 6.0),
    phase=st.floats(-np.pi, np.pi),
    offset=st.floats(-0.2, 0.2),
)
@settings(max_examples=40, deadline=None)
def test_a_wave_without_noise_is_found_exactly(
    rate: float, turns: float, phase: float, offset: float
) -> None:
    frequency = turns * rate  # so that it turns at least once in a time-scale
    wave = 2 * np.exp(-rate * TIMES) * np.cos(frequency * TIMES + phase) + offset
    found = fit_response(TIMES, wave, oscillates=True)
    assert found.rate == pytest.approx(rate, rel=1e-4)
    assert found.frequency == pytest.approx(frequency, rel=1e-4)
    assert found.amplitude == pytest.approx(2, rel=1e-4)
    assert found.drift == pytest.approx(offset / 2, abs=1e-5)
    assert found.damping == pytest.approx(1 / np.hypot(1, turns), rel=1e-3)


def test_hold_and_release_of_an_integrated_equation() -> None:
    """A constant input through dh/dt = -c h + x: the plateau, and then the same rate."""
    rate, pulse = 0.2, Pulse(10.0, 1.0, 30.0)

    def slope(t: float, h: FloatArray) -> FloatArray:
        return -rate * h + pulse.amplitude * (t < pulse.length)

    times = pulse.length + np.arange(0, pulse.after, 0.1)
    path = solve_ivp(slope, (0, 40), [0.0], t_eval=times, max_step=0.05, rtol=1e-8)
    found = fit_response(times - pulse.length, path.y[0])
    assert found.rate == pytest.approx(rate, rel=1e-3)
    assert found.amplitude == pytest.approx((1 - np.exp(-rate * 10)) / rate, rel=1e-3)


@pytest.mark.parametrize("frequency", [0.0, 0.4])
@pytest.mark.parametrize(("trials", "correlated"), [(1, False), (1, True), (8, True)])
def test_errors_are_those_of_repeated_measurements(
    frequency: float, trials: int, correlated: bool
) -> None:
    """The scatter of 40 fits around the truth against the errors that they state."""
    rng = np.random.default_rng(7)
    signal = np.exp(-0.1 * TIMES) * np.cos(frequency * TIMES)
    kernel = np.full(8, 8**-0.5) if correlated else np.ones(1)
    fits: list[ResponseFit] = []
    for _ in range(40):
        noise = 0.05 * rng.standard_normal((len(TIMES) + len(kernel) - 1, trials))
        noise = np.transpose([np.convolve(n, kernel, "valid") for n in noise.T])
        fits.append(fit_response(TIMES, signal[:, None] + noise, oscillates=frequency > 0))
    widest = np.sqrt(7 / 5) if trials > 1 else 1.0  # deviation of Student's t over 8 trials
    stated = {
        "rate": [(f.rate - 0.1) / f.rate_error for f in fits],
        "frequency": [(f.frequency - frequency) / (f.frequency_error or 1) for f in fits],
        "offset": [f.offset / f.offset_error for f in fits],
        "time_scale": [(f.time_scale - 10) / f.time_scale_error for f in fits],
    }
    for name in ("rate", "time_scale", "offset", *(["frequency"] if frequency else [])):
        scatter = np.sqrt(np.mean(np.square(stated[name])))
        assert 0.7 < scatter / widest < 1.35, name


def test_noise_alone_is_explained_by_nothing() -> None:
    noise = np.random.default_rng(0).standard_normal((len(TIMES), 4))
    assert fit_response(TIMES, noise).explained < 0.05


def test_what_does_not_oscillate_has_no_frequency() -> None:
    found = fit_response(TIMES, np.exp(-TIMES), oscillates=True)
    assert found.rate == pytest.approx(1, rel=1e-3)
    assert found.frequency < 0.05
    assert np.isfinite([found.rate_error, found.frequency_error]).all()


def test_a_flat_response_has_no_rate() -> None:
    found = fit_response(TIMES, np.full(len(TIMES), 0.5))
    assert np.isnan([found.rate, found.time_scale, found.drift, found.explained]).all()


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (np.arange(5.0), "5 times for responses at 5"),
        (np.arange(30.0) ** 2, "allowed: even, above 0"),
        (-np.arange(30.0), "allowed: even, above 0"),
    ],
)
def test_times_that_no_response_can_have_are_refused(times: FloatArray, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        fit_response(times, np.ones((len(times), 2)))
    with pytest.raises(BadInput, match=f"{len(times)} times for responses at 3; allowed: as many"):
        fit_response(times, np.ones(3))
