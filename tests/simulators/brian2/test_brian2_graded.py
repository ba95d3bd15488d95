"""Populations of spiking neurons against the linear equations that they stand for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.special import lambertw

from spinspike.arrays import FloatArray
from spinspike.errors import BadInput
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.graph.nulls import without_couplings
from spinspike.mapping.integrator.integrator_graph import map_integrator, mapped_network
from spinspike.model.integrator.linear_network import LinearNetwork, outlier
from spinspike.simulators.base_graded import Response
from spinspike.simulators.brian2.graded import Brian2Graded, RateParameters
from spinspike.simulators.integrator.impulse import Pulse, fit_response

pytestmark = pytest.mark.brian2

MANY = RateParameters(neurons=100)
SELF = np.array([0.0, 0.5, 0.8, 0.9])


def mapped(coupling: FloatArray, input_weight: FloatArray, readout: FloatArray) -> SynapseGraph:
    return map_integrator(LinearNetwork(coupling, input_weight, readout), exact=False)


def apart() -> SynapseGraph:
    """Units that excite only themselves."""
    return mapped(np.diag(SELF), np.ones(len(SELF)), np.ones(len(SELF)))


def run(
    graph: SynapseGraph, pulse: Pulse, parameters: RateParameters = MANY, **options: Any
) -> Response:
    assert graph.graded is not None
    simulator = Brian2Graded(parameters, **options)
    return simulator.run(graph, pulse.samples(graph.graded.step))


def rates(graph: SynapseGraph, found: Response) -> FloatArray:
    """Rate at which each unit forgets an impulse."""
    after = found.times > 0.3
    fits = [fit_response(found.times[after], unit[after]) for unit in found.units.T]
    assert max(abs(fit.drift) for fit in fits) < 0.01
    return np.array([fit.rate for fit in fits])


def exact_path(graph: SynapseGraph, times: FloatArray) -> FloatArray:
    """State of dh/dt = A h + u x at some times, for an impulse spread over the first step; (K, H)."""
    assert graph.graded is not None
    network, length = mapped_network(graph), graph.graded.step
    joint = np.zeros((network.units + 1,) * 2)
    joint[:-1] = np.column_stack([network.generator, network.input_weight / length])

    def state(time: float) -> FloatArray:
        driven = expm(joint * min(time, length))[:-1, -1]
        return np.asarray(expm(network.generator * max(0.0, time - length)) @ driven)

    return np.array([state(t) for t in times])


def test_every_unit_follows_the_linear_equation() -> None:
    rng = np.random.default_rng(3)
    coupling, ends = rng.standard_normal((4, 4)), rng.standard_normal((2, 4))
    coupling *= 0.9 / np.linalg.eigvals(coupling).real.max()
    graph = mapped(coupling, *ends)
    found, network = run(graph, Pulse.impulse(0.25, 7.8), dt=0.5), mapped_network(graph)
    expected = exact_path(graph, found.times)
    assert expected.min() < -0.2 * expected.max()  # both ON and OFF have something to say
    blocks = [
        a.reshape(8, 10, -1).mean(axis=1)
        for a in (found.units, expected, found.readout, expected @ network.readout)
    ]
    np.testing.assert_allclose(blocks[0], blocks[1], atol=0.04 * np.abs(expected).max())
    np.testing.assert_allclose(blocks[2], blocks[3], atol=0.04 * np.abs(blocks[3]).max())


def test_time_scales_are_those_of_self_couplings() -> None:
    graph = apart()
    learned = 1 - np.diag(mapped_network(graph).coupling)
    found = rates(graph, run(graph, Pulse.impulse(0.25, 30.0)))
    np.testing.assert_allclose(found, learned, rtol=0.03)


def test_without_couplings_only_the_leak_is_left() -> None:
    graph = without_couplings(apart())
    found = run(graph, Pulse.impulse(0.25, 8.0))
    np.testing.assert_allclose(rates(graph, found), 1, rtol=0.03)


def test_delays_slow_memories_as_the_equation_with_a_delay_says() -> None:
    """Lambert's function solves s = lambda e^{-s d} - 1."""
    graph, late = apart(), replace(MANY, delay=20.5)
    eigenvalue = np.diag(mapped_network(graph).coupling)[1:]
    lag = late.delay / late.tau
    expected = 1 - lambertw(eigenvalue * lag * np.exp(lag)).real / lag
    assert (expected < 0.95 * (1 - eigenvalue)).all()
    found = rates(graph, run(graph, Pulse.impulse(0.25, 30.0), late))[1:]
    np.testing.assert_allclose(found, expected, rtol=0.03)


def test_delays_take_more_from_the_rate_of_an_oscillator() -> None:
    """The same equation, whose eigenvalue is complex: w^2 d / c to first order."""
    graph = mapped(np.array([[0.6, -0.8], [0.8, 0.6]]), *np.eye(2)[[0, 0]])
    late = replace(MANY, delay=10.5)
    eigenvalue, lag = outlier(mapped_network(graph)), late.delay / late.tau
    expected = lambertw(eigenvalue * lag * np.exp(lag)) / lag - 1
    assert -expected.real < 0.8 * (1 - eigenvalue.real)
    found = run(graph, Pulse.impulse(0.25, 20.0), late)
    after = found.times > 0.3
    fit = fit_response(found.times[after], found.readout[after], oscillates=True)
    assert fit.rate == pytest.approx(-expected.real, rel=0.05)
    assert fit.frequency == pytest.approx(expected.imag, rel=0.02)


def test_rates_are_linear_in_the_input_and_odd() -> None:
    """The gain is that of the loudest; a quieter input in the same signal counts as it should."""
    graph = mapped(np.zeros((2, 2)), np.array([1.0, -0.3]), np.ones(2))
    assert graph.graded is not None
    inputs = np.array([1.0, 0.5, -0.1, -1.0])
    signal = np.repeat(inputs, round(10 / graph.graded.step))
    found = Brian2Graded(MANY).run(graph, signal)
    starts = 10 * np.arange(4)[:, None] + 6
    late = (found.times > starts) & (found.times < starts + 3.9)
    means = [found.units[rows].mean(axis=0) for rows in late]
    expected = inputs[:, None] * mapped_network(graph).input_weight
    np.testing.assert_allclose(means, expected, atol=0.004)


def test_what_is_forgotten_falls_silent() -> None:
    graph = mapped(np.array([[0.5]]), np.ones(1), np.ones(1))
    found = run(graph, Pulse.impulse(0.25, 20.0), RateParameters())
    assert found.spikes.sum() > 100
    assert found.spikes[found.times > 15].sum() <= 2
    assert abs(found.readout[found.times > 15].mean()) < 1e-3


def test_a_membrane_that_leaks_is_right_in_a_constant_current_and_forgets_faster() -> None:
    graph, leaky = apart(), replace(MANY, tau_membrane=20.0)
    pulse = Pulse(8.0, 0.1, 12.0)
    kept, lost = (run(graph, pulse, parameters) for parameters in (MANY, leaky))
    held = (kept.times > 2) & (kept.times < 8)
    assert lost.units[held, 0].mean() == pytest.approx(kept.units[held, 0].mean(), rel=0.06)
    after = kept.times > 8.5
    assert (lost.units[after].sum(axis=0) < 0.9 * kept.units[after].sum(axis=0)).all()


def test_a_seed_is_a_trial() -> None:
    graph, pulse = apart(), Pulse.impulse(0.25, 3.0)
    runs = [run(graph, pulse, seed=seed).readout for seed in (0, 0, 1)]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])


def test_silence_and_impossible_parameters_are_refused() -> None:
    graph = apart()
    with pytest.raises(BadInput, match="signal is 0 throughout"):
        Brian2Graded().run(graph, np.zeros(5))
    with pytest.raises(BadInput, match=r"tau is -1\.0; allowed: more than 0"):
        RateParameters(tau=-1.0)
    with pytest.raises(BadInput, match="neurons is 0; allowed: more than 0"):
        RateParameters(neurons=0)
    with pytest.raises(BadInput, match=r"neurons is 1\.5; allowed: a whole number"):
        RateParameters(neurons=1.5)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="dt and every are 20 and 10"):
        Brian2Graded(dt=20, every=10)
    with pytest.raises(BadInput, match="allowed: up to half a spike in a step"):
        Brian2Graded(RateParameters(peak_rate=600.0))
    with pytest.raises(BadInput, match="target is 'fpga'; allowed: numpy, cython"):
        Brian2Graded(target="fpga").run(graph, np.ones(5))  # type: ignore[arg-type]
