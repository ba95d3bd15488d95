"""Real Lava runs of graded neurons, bit for bit what the emulator says."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import psutil
import pytest

from spinspike.errors import BadInput, OutOfRange, SimulationFailed
from spinspike.mapping.graph.graph import Projection
from spinspike.mapping.graph.nulls import without_couplings
from spinspike.mapping.integrator.integrator_graph import map_integrator
from spinspike.model.integrator.learning import descend
from spinspike.model.integrator.linear_network import Filter, LinearNetwork, draw, outlier
from spinspike.simulators.base_graded import Response
from spinspike.simulators.emulator.graded import GradedEmulator
from spinspike.simulators.integrator.impulse import fit_response
from spinspike.simulators.lava.graded import LavaGraded

pytestmark = pytest.mark.lava


def assert_equal(one: Response, other: Response) -> None:
    for part in fields(Response):
        assert (getattr(one, part.name) == getattr(other, part.name)).all(), part.name


def test_a_learned_memory_lasts_as_long_on_lava() -> None:
    """Time-scale within 1 % of the learned one, equal to the emulator, and no process is left."""
    blank = draw(30, np.random.default_rng(0), strength=0.01)
    network = descend(blank, Filter(0.05), tolerance=1e-7).network
    graph = map_integrator(network)
    step = graph.io.input_range[1] ** -1
    signal = np.zeros(round(80 / step))
    signal[0] = 1 / step
    found = LavaGraded().run(graph, signal)
    fit = fit_response(found.times, found.readout)
    assert fit.time_scale == pytest.approx(1 / (1 - outlier(network).real), rel=0.01)
    assert abs(fit.drift) < 2e-3
    expected = GradedEmulator().run(graph, signal)
    assert_equal(found, expected)
    assert not [p for p in psutil.Process().children(recursive=True) if "lava" in str(p.cmdline())]


def test_lava_equals_the_emulator_under_noise() -> None:
    """4 bits, a signal of both signs, and populations without a synapse between them."""
    rng = np.random.default_rng(2)
    weights = rng.standard_normal((7, 7)) * 0.25
    network = LinearNetwork(weights, rng.standard_normal(7), rng.standard_normal(7))
    graph = without_couplings(map_integrator(network, bits=4))
    signal = rng.uniform(-1, 1, 50)
    found, expected = LavaGraded().run(graph, signal), GradedEmulator().run(graph, signal)
    assert_equal(found, expected)
    assert np.ptp(found.units, axis=0).min() > 0


def test_what_lava_would_not_notice_is_refused_beforehand() -> None:
    graph = map_integrator(LinearNetwork(np.diag([0.99, 0.1]), np.ones(2), np.ones(2)))
    full = graph.io.input_range[1]
    with pytest.raises(OutOfRange, match="beyond 24 bits"):
        LavaGraded().run(graph, np.full(100, full))


def test_sums_that_lava_would_wrap_are_refused_beforehand() -> None:
    """A weight of 255 * 2**7 from the negative part of the input, which is silent here."""
    graph = map_integrator(LinearNetwork(np.diag([0.9]), np.ones(1), np.ones(1)))
    weak = [
        replace(p, mantissa=np.ones_like(p.mantissa)) if p.role == "input" else p
        for p in graph.projections
    ]
    rows, sources = np.array([0, 1, 1]), np.array([1], dtype=np.int32)
    strong = Projection("input_E", "E", "coupling", 1, 7, rows, sources, np.array([255], np.uint8))
    ends = replace(graph.io, levels=2**17)
    loud = replace(graph, projections=(*weak, strong), io=ends)
    signal = np.array([graph.io.input_range[1]])
    assert GradedEmulator().run(loud, signal).units.any()
    with pytest.raises(OutOfRange, match=r"input_E>E:coupling.: messages may add up to 4278190080"):
        LavaGraded().run(loud, signal)


def test_a_run_that_stands_still_is_ended() -> None:
    graph = map_integrator(LinearNetwork(np.diag([0.5]), np.ones(1), np.ones(1)))
    with pytest.raises(SimulationFailed, match=r"Lava failed while .* nothing moved for 0.01 s"):
        LavaGraded(timeout=0.01).run(graph, np.zeros(5))
    with pytest.raises(BadInput, match="timeout is 0; allowed: more than 0"):
        LavaGraded(timeout=0)
