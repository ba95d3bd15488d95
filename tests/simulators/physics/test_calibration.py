"""Parameters from margins: against sums by hand, Siegert's formula and the definition of a bound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import erf

from spinspike.arrays import SpinArray
from spinspike.errors import BadInput
from spinspike.mapping import SynapseGraph, certified, map_network
from spinspike.mapping.graph.nulls import permuted_couplings
from spinspike.model import NetworkFile
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.model.network.import_arrays import from_arrays
from spinspike.simulators import Brian2LIF, Phases, Recording, Stimulus
from spinspike.simulators.physics.calibration import (
    PATTERNS,
    SUCCESSIVE,
    calibrate,
    compare,
    held,
    margin_bound,
    noise_distance,
    smallest_margin_states,
    weakest_fields,
)
from spinspike.simulators.physics.lif_parameters import LIFParameters


def fields_by_hand(graph: SynapseGraph, table: Any, count: int) -> tuple[Any, Any]:
    """Field of every neuron in every learned state that is fixed, (P, N), and who fires."""
    points = graph.fixed_points["learned"].select(slice(count))
    ends = graph.io
    up = points.states[:, ends.unit] * ends.input_sign > 0
    pixels = (points.inputs - ends.centre) * ends.gain @ ends.input_weight.toarray().T
    given_ = np.rint(pixels * ends.scale)[:, ends.unit] * ends.input_sign
    x = up @ table.weight.T + given_ + graph.bias
    fixed = ((x > 0) == up).all(axis=1)
    return ((x - 0.5) / ends.scale[ends.unit])[fixed], up[fixed]


def test_what_noise_leaves_of_the_gap_is_split_evenly(
    graph: SynapseGraph, by_hand: Callable[[SynapseGraph], Any]
) -> None:
    p = calibrate(graph)
    field, up = fields_by_hand(graph, by_hand(graph), PATTERNS)
    on, off = field[up].min(), -field[~up].max()
    assert (on > 0) & (off > 0)
    reach = noise_distance(p.tau_membrane) * p.noise / p.field_scale
    assert reach == pytest.approx((on + off) / 2)
    assert on + p.bias == pytest.approx((on + off) / 4)
    assert off - p.bias - reach == pytest.approx((on + off) / 4)
    assert p.marginal_field == pytest.approx((on + off) / 2)
    assert p.firm_field == pytest.approx(np.median(field[up]))
    changed = ("field_scale", "bias", "marginal_field", "firm_field")
    plain = {name: getattr(LIFParameters(), name) for name in changed}
    assert replace(p, **plain) == LIFParameters()


def test_steepness_stays_within_its_limits_and_follows_the_noise(graph: SynapseGraph) -> None:
    steep = [calibrate(graph, LIFParameters(noise=s)).field_scale for s in (0.0, 0.2, 0.4, 50.0)]
    assert steep[0] == 10.0
    assert steep[2] == pytest.approx(2 * steep[1])
    assert steep[3] == 400.0


def test_without_certified_learned_states_the_base_stays(graph: SynapseGraph) -> None:
    base = LIFParameters(noise=0.3)
    assert calibrate(replace(graph, fixed_points={}), base) == base
    points = graph.fixed_points["learned"].select(slice(5))
    wrong = replace(points, states=-points.states)
    assert not certified(graph, wrong).any()
    assert calibrate(replace(graph, fixed_points={"learned": wrong}), base) == base


def test_noise_crosses_the_distance_once_in_a_hundred_seconds() -> None:
    """Siegert's mean time from the mean to the threshold, exact for this process."""
    for tau in (10.0, 20.0):
        top = noise_distance(tau) / np.sqrt(2)
        integral = quad(lambda u: np.exp(u**2) * (1 + erf(u)), 0, top)[0]
        assert tau * np.sqrt(np.pi) * integral == pytest.approx(1e5, rel=0.1)


def test_the_weakest_field_is_that_of_the_weakest_neuron(
    graph: SynapseGraph, by_hand: Callable[[SynapseGraph], Any]
) -> None:
    field, up = fields_by_hand(graph, by_hand(graph), 40)
    points = graph.fixed_points["learned"].select(slice(40))
    points = points.select(np.flatnonzero(certified(graph, points)))
    weakest = np.where(up, field, -field).min(axis=1)
    np.testing.assert_allclose(weakest_fields(graph, points), weakest)
    order = np.argsort(weakest)[:7]
    np.testing.assert_array_equal(
        smallest_margin_states(graph, points, 7).states, points.states[order]
    )


@given(seed=st.integers(0, 2**16), count=st.integers(SUCCESSIVE, 45), chance=st.floats(0.7, 1))
def test_the_bound_is_the_smallest_with_enough_held_from_there_on(
    seed: int, count: int, chance: float
) -> None:
    rng = np.random.default_rng(seed)
    weakest, kept = rng.permutation(count) / 10, rng.random(count) < chance
    kept |= weakest > 3.0
    pairs = sorted(zip(weakest.tolist(), kept.tolist(), strict=True))
    expected = float("inf")
    for first in reversed(range(count - SUCCESSIVE + 1)):
        if sum(k for _, k in pairs[first : first + SUCCESSIVE]) < 0.9 * SUCCESSIVE:
            break
        expected = pairs[first][0]
    assert margin_bound(weakest, kept) == expected


def test_a_bound_needs_states() -> None:
    with pytest.raises(BadInput, match="19 states; allowed: 20 or more"):
        margin_bound(np.arange(19.0), np.ones(19, dtype=np.bool_))


@dataclass(frozen=True)
class Replay:
    """A simulator that shows recorded states at 100, 110, … ms, whatever it is given."""

    states: SpinArray
    name: str = "replay"
    regime: Any = "continuous"

    def run(self, graph: SynapseGraph, stimulus: Stimulus, phases: Phases, **_: Any) -> Recording:
        times = 90.0 + 10.0 * np.arange(len(self.states), dtype=np.float64)
        nothing = np.zeros(self.states.shape[:2])
        return Recording("continuous", times, self.states, nothing, phases.release)


def test_held_is_who_is_there_at_every_read_out_from_the_release_on(graph: SynapseGraph) -> None:
    points = graph.fixed_points["free"].select(slice(4))
    seen = np.repeat(points.states[None], 4, axis=0)
    seen[0, 0, 0] *= -1  # before the release
    seen[1, 1, 3] *= -1  # at the release
    seen[2, 2, 5] *= -1  # away and back
    kept = held(Replay(seen), graph, points)
    assert kept.tolist() == [True, False, False, True]
    candidates = {
        "bad": LIFParameters(noise=1.0),
        "good": LIFParameters(),
        "as good": LIFParameters(),
    }
    still = np.repeat(points.states[None], 4, axis=0)
    best, found = compare(
        graph, points, candidates, lambda p: Replay(seen if p.noise == 1.0 else still)
    )
    assert (best, found) == ("good", {"bad": 0.5, "good": 1.0, "as good": 1.0})


@pytest.mark.brian2
def test_calibrated_neurons_hold_the_weakest_states_and_lose_them_permuted(
    trained: NetworkFile,
) -> None:
    graph = map_network(trained, consolidation=None)
    points = graph.fixed_points["learned"].select(slice(PATTERNS, None))
    points = points.select(np.flatnonzero(certified(graph, points)))
    points = smallest_margin_states(graph, points, 30)
    simulator = Brian2LIF().calibrated(graph)
    assert simulator.parameters == calibrate(graph)
    short = Phases(cue=100, free=200)
    assert held(simulator, graph, points, short).mean() >= 0.9
    null = permuted_couplings(graph, np.random.default_rng(0))
    assert held(simulator, null, points, short).mean() <= 0.3


@pytest.mark.parametrize("encoding", ["signed", "dale", "pushpull"])
@pytest.mark.parametrize("spin", [1, -1])
def test_states_in_which_all_are_alike_calibrate_too(encoding: str, spin: int) -> None:
    """A ferromagnet: in the signed encoding either all neurons fire or none does."""
    network = from_arrays(np.ones((4, 4)), np.ones((4, 2)) / 10, np.ones((4, 2)), np.ones((2, 4)))
    states = np.full((1, 4), spin, dtype=np.int8)
    points = FixedPoints(np.zeros((1, 2)), np.zeros(1, dtype=np.int64), states)
    graph = map_network(network, {"learned": points}, encoding=encoding)
    assert certified(graph, points).all()
    found = calibrate(graph)
    # every neuron's field is about 4: three couplings and itself
    assert found.marginal_field == pytest.approx(4, abs=0.05)
    assert found.firm_field == pytest.approx(4, abs=0.05)
    assert np.isfinite([found.field_scale, found.bias]).all()
