"""Populations against the linear network that the integers of a graph stand for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinspike.errors import BadInput
from spinspike.mapping import map_network
from spinspike.mapping.integrator.integrator_graph import map_integrator, mapped_network
from spinspike.model import Architecture, random_network
from spinspike.model.integrator.linear_network import LinearNetwork
from spinspike.simulators.brian2.rate_populations import peak_current, populations_of, resampled


def test_rates_of_mirror_pairs_obey_the_mapped_network() -> None:
    """For any state h, fields and readout of ON and OFF rates are those of W, u and v."""
    rng = np.random.default_rng(2)
    network = LinearNetwork(0.2 * rng.standard_normal((3, 3)), *rng.standard_normal((2, 3)))
    graph = map_integrator(network, exact=False)
    found, step = populations_of(graph)
    meant = mapped_network(graph)
    assert graph.graded is not None
    assert step == graph.graded.step
    dense = np.zeros((graph.neurons, graph.neurons))
    np.add.at(dense, (found.coupling.target, found.coupling.source), found.coupling.weight)
    for h in rng.standard_normal((5, 3)):
        rates = np.maximum(np.tile([*h, *-h], 2), 0)
        field = meant.coupling @ h
        np.testing.assert_allclose(dense @ rates, np.tile([*field, *-field], 2), atol=1e-12)
        assert found.readout @ rates == pytest.approx(meant.readout @ h)
    u = meant.input_weight
    np.testing.assert_allclose(found.drive, np.tile([*u, *-u], 2))


def test_the_loudest_current_is_that_of_the_linear_equation() -> None:
    """An oscillator driven at its own rhythm would grow in Euler steps that are too long."""
    network = LinearNetwork(np.array([[0.9, -1.0], [1.0, 0.9]]), np.array([1.0, 0.0]), np.ones(2))
    graph = map_integrator(network, exact=False)
    populations, step = populations_of(graph)
    assert peak_current(populations, np.eye(1, 400)[0] / step, step) == pytest.approx(1, rel=0.03)
    slow = map_integrator(LinearNetwork(np.array([[0.9]]), np.ones(1), np.ones(1)), exact=False)
    populations, step = populations_of(slow)
    peak = peak_current(populations, np.ones(round(90 / step)), step)
    assert peak == pytest.approx(1 / (1 - mapped_network(slow).coupling[0, 0]), rel=1e-3)


@given(
    st.lists(st.floats(-5, 5), min_size=1, max_size=20), st.floats(0.5, 30.0), st.floats(0.1, 5.0)
)
@settings(deadline=None)
def test_resampling_keeps_the_area(values: list[float], step: float, dt: float) -> None:
    signal = np.array(values)
    found = resampled(signal, step, dt)
    assert found.sum() * dt == pytest.approx(signal.sum() * step, abs=1e-6)
    assert np.abs(found).max() <= np.abs(signal).max() + 1e-9


def test_graphs_of_other_kinds_are_refused() -> None:
    network = LinearNetwork(np.array([[0.9]]), np.ones(1), np.ones(1))
    with pytest.raises(BadInput, match=r"has the weights of whole steps; allowed: .*exact=False"):
        populations_of(map_integrator(network))
    architecture = Architecture(units=6, inputs=5, classes=3)
    spins = random_network(architecture, np.random.default_rng(0), centre=np.full(5, 0.5))
    with pytest.raises(BadInput, match="has dale neurons; allowed: graded"):
        populations_of(map_network(spins))
