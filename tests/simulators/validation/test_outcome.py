"""Outcomes against recordings written by hand."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import pytest
from scipy.stats import multinomial

from spinspike.errors import BadInput
from spinspike.mapping import SynapseGraph, certified, integer_margins
from spinspike.mapping.graph.codec import neuron_spikes
from spinspike.model import FixedPoints
from spinspike.simulators import Emulator, Outcome, Phases, Recording, accuracy, wilson
from spinspike.simulators.stimulus import encode_stimulus
from spinspike.simulators.validation.outcome import accuracy_gap, observe, supervisory_off
from spinspike.simulators.validation.outcome_file import from_arrays, to_arrays


def watch(graph: SynapseGraph, points: FixedPoints, distance: list[int], release: int) -> Outcome:
    """A recording of one pattern that is ``distance[t]`` units away from s* at step t + 1."""
    states = np.repeat(points.states[None, :1], len(distance), axis=0).copy()
    for t, count in enumerate(distance):
        states[t, 0, :count] *= -1
    recording = Recording(
        regime="continuous",
        times=np.arange(1.0, len(distance) + 1),
        states=states,
        supervisory=np.zeros((len(distance), 1)),
        release=float(release),
    )
    return observe(
        graph,
        points.select(slice(1)),
        recording,
        simulator="by hand",
        run="learned",
        null="",
        saw_label=True,
        like_emulator=False,
    )


@pytest.mark.parametrize(
    ("distance", "occupied", "left", "held", "exact", "flips", "first_flip"),
    [
        ([9, 5, 0, 0, 0, 0], True, False, True, True, 0, np.inf),
        ([9, 5, 3, 3, 0, 0], True, False, False, True, 3, 2),
        ([9, 5, 0, 0, 2, 2], True, True, False, False, 2, 2),
        ([9, 5, 0, 1, 0, 0], True, True, False, True, 0, 1),
        # reached before the release only
        ([9, 0, 4, 4, 4, 4], False, False, False, False, 0, np.inf),
        ([9, 5, 4, 3, 2, 1], False, False, False, False, 3, 1),
    ],
)
def test_reached_left_held_and_flipped(
    graph: SynapseGraph,
    distance: list[int],
    occupied: bool,
    left: bool,
    held: bool,
    exact: bool,
    flips: int,
    first_flip: float,
) -> None:
    outcome = watch(graph, graph.fixed_points["learned"], distance, release=3)
    assert outcome.occupied.tolist() == [occupied]
    assert outcome.left.tolist() == [left]
    assert outcome.held.tolist() == [held]
    assert outcome.exact.tolist() == [exact]
    assert outcome.flips.tolist() == [flips]
    assert outcome.first_flip.tolist() == [first_flip]
    assert outcome.away[:, 0].tolist() == distance
    expected = [1 - 2 * d / graph.units for d in distance]
    assert outcome.overlap[:, 0].tolist() == pytest.approx(expected)


def test_a_certified_state_that_changes_is_counted(graph: SynapseGraph) -> None:
    """A doctored recording in which a certified state flips once after the release."""
    points = graph.fixed_points["learned"].select(slice(3))
    given = encode_stimulus(graph, points.inputs, labels=points.labels)
    recording = Emulator().run(graph, given, Phases(1, 5, 6))
    known: dict[str, Any] = {"simulator": "x", "run": "learned", "null": "", "saw_label": True}
    honest = observe(graph, points, recording, like_emulator=True, **known)
    assert not honest.broken.any()
    assert honest.occupied[0]
    states = recording.states.copy()
    states[9, 0, 7] *= -1
    doctored = replace(recording, states=states)
    assert observe(graph, points, doctored, like_emulator=True, **known).broken.tolist() == [
        1,
        0,
        0,
    ]


@pytest.mark.parametrize(("lasted", "broken"), [(1, 0), (2, 0), (3, 1), (4, 1)])
def test_with_delays_a_state_counts_only_once_earlier_spikes_have_arrived(
    graph: SynapseGraph, lasted: int, broken: int
) -> None:
    """Delays of up to two steps: the state must have lasted three steps before it is left."""
    late = replace(
        graph, projections=(replace(graph.projections[0], delay=2), *graph.projections[1:])
    )
    points = graph.fixed_points["free"].select(slice(1))
    assert certified(late, points).all()
    states = np.repeat(points.states[None], 8, axis=0).copy()
    states[:3, 0, :4] *= -1  # not yet there
    states[3 + lasted :, 0, :1] *= -1
    uncertified = replace(points, states=states[0])
    assert not certified(late, uncertified).any()
    recording = Recording(
        regime="step",
        times=np.arange(1.0, 9.0),
        states=states,
        supervisory=np.zeros((8, 1)),
        release=1.0,
        spikes=neuron_spikes(late, states),
    )
    known: dict[str, Any] = {"simulator": "x", "run": "free", "null": "", "saw_label": False}
    found = observe(late, points, recording, like_emulator=None, **known)
    assert (found.broken.tolist(), found.delay) == ([broken], 2)
    prompt = observe(graph, points, recording, like_emulator=None, **known)
    assert (prompt.broken.tolist(), prompt.delay) == ([1], 0)


def test_margins_are_those_of_the_fixed_points(graph: SynapseGraph) -> None:
    points = graph.fixed_points["learned"]
    outcome = watch(graph, points, [0, 0], release=1)
    margins = integer_margins(graph, points.select(slice(1)))[0]
    assert outcome.margin.tolist() == [margins.min()]
    assert margins[graph.io.unit == outcome.weakest[0]].min() == margins.min()


@pytest.mark.parametrize("raster", [None, (np.array([1.0, 2.5]), np.array([3, 4]))])
@pytest.mark.parametrize("like_emulator", [True, False, None])
def test_an_outcome_survives_as_arrays_of_numbers(
    graph: SynapseGraph, raster: Any, like_emulator: bool | None
) -> None:
    points = graph.fixed_points["learned"].select(slice(1))
    before = watch(graph, points, [9, 5, 3, 3, 0, 0], release=3)
    before = replace(before, raster=raster, like_emulator=like_emulator)
    arrays = to_arrays(before)
    assert {a.dtype.kind for a in arrays.values()} <= set("biuf")
    after = from_arrays(
        arrays, points, simulator="by hand", regime="continuous", run="learned", null=""
    )
    assert after.points is points
    for name in vars(before).keys() - {"points"}:
        np.testing.assert_equal(getattr(after, name), getattr(before, name))


def test_accuracy_is_refused_of_runs_that_saw_a_label(graph: SynapseGraph) -> None:
    outcome = watch(graph, graph.fixed_points["learned"], [0, 0, 0], release=1)
    with pytest.raises(BadInput, match="run 'learned'; allowed: 'free', which saw no label"):
        accuracy(outcome)
    with pytest.raises(BadInput, match="allowed: 'free', which saw no label"):
        accuracy(replace(outcome, run="free"))
    assert accuracy(replace(outcome, run="free", saw_label=False)) in (0.0, 1.0)


def test_a_signal_left_on_is_seen(graph: SynapseGraph) -> None:
    outcome = watch(graph, graph.fixed_points["learned"], [0] * 6, release=3)
    off = np.array([0, 5.0, 5.0, 0.004, 0.004, 0])
    on = np.array([0, 5.0, 5.0, 5.0, 5.0, 5.0])
    assert supervisory_off(replace(outcome, supervisory=off))
    assert not supervisory_off(replace(outcome, supervisory=on))
    assert not supervisory_off(replace(outcome, supervisory=off, regime="step"))
    slow = np.array([0, 5.0, 5.0, 2.0, 0.5, 0.004])
    assert not supervisory_off(replace(outcome, supervisory=slow), grace=1)
    assert supervisory_off(replace(outcome, supervisory=slow), grace=2)


@pytest.mark.parametrize(
    ("successes", "total", "low", "high"),
    # R. Newcombe, Statistics in Medicine 17 (1998), table I, method 3
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)],
)
def test_wilson_intervals_are_the_published_ones(
    successes: int, total: int, low: float, high: float
) -> None:
    found = wilson(np.arange(total) < successes)
    assert found == pytest.approx((successes / total, low, high), abs=5e-5)


def test_the_gap_of_two_accuracies_has_an_interval_that_covers_it(graph: SynapseGraph) -> None:
    """Over all that 40 patterns can show, with what 10 % and 5 % of them read right alone."""
    outcome = watch(graph, graph.fixed_points["free"], [0, 0], release=1)
    labels, sure = np.zeros(40, dtype=np.int64), 0.0
    points = replace(outcome.points, labels=labels)
    for b, c in combinations_with_replacement(range(41), 2):  # b alone right, and b to c
        chance = multinomial.pmf([b, c - b, 40 - c], 40, [0.1, 0.05, 0.85])
        if chance < 1e-6:
            continue
        place = np.arange(40)
        wrong, other = place < b, (place >= b) & (place < c)
        run = replace(outcome, points=points, classes=wrong * 1, reference_classes=other * 1)
        gap, low, high = accuracy_gap(run)
        assert gap == pytest.approx((2 * b - c) / 40)
        sure += chance * (low <= 0.05 <= high)
    assert 0.94 < sure < 0.98
    none = replace(run, classes=labels, reference_classes=labels)
    assert accuracy_gap(none) == pytest.approx((0, -wilson(labels > 0)[2], wilson(labels > 0)[2]))


def test_holding_begins_when_the_signal_is_gone(graph: SynapseGraph) -> None:
    """A current that halves at every read-out is below a hundredth of its peak after seven."""
    points = graph.fixed_points["learned"].select(slice(2))
    states = np.repeat(points.states[None], 14, axis=0).copy()
    states[2 + 6, 0, 0] *= -1  # while 1/64 of it is left
    states[2 + 7, 1, 0] *= -1  # while 1/128 is
    current = np.append([0.0, 4.0], 4.0 * 0.5 ** np.arange(12))[:, None] * [1.0, 3.0]
    recording = Recording("continuous", 10.0 * np.arange(14.0), states, current, release=20.0)
    known: dict[str, Any] = {"simulator": "x", "run": "learned", "null": "", "saw_label": True}
    found = observe(graph, points, recording, like_emulator=None, **known)
    assert found.since == 90.0
    assert found.held.tolist() == [True, False]
    assert found.flips.tolist() == [0, 1]
    on = replace(recording, supervisory=np.ones_like(current))
    assert observe(graph, points, on, like_emulator=None, **known).since == 130.0
    steps = replace(recording, regime="step", spikes=neuron_spikes(graph, states))
    assert observe(graph, points, steps, like_emulator=None, **known).since == 20.0
    silent = replace(recording, supervisory=np.zeros_like(current))
    assert observe(graph, points, silent, like_emulator=None, **known).held.tolist() == [False] * 2


def test_the_class_of_s_star_is_that_which_the_network_reads(graph: SynapseGraph) -> None:
    """Whatever the readout on the chip says of it."""
    points = graph.fixed_points["learned"]
    deaf = replace(graph, io=replace(graph.io, readout=graph.io.readout[::-1]))
    plain, other = (watch(g, points, [0, 0], release=1) for g in (graph, deaf))
    (read,) = points.states[:1] @ graph.io.readout.T
    assert plain.reference_classes.tolist() == [read.argmax()]
    assert other.reference_classes.tolist() == [9 - read.argmax()]
    assert plain.classes.tolist() == other.classes.tolist()


def test_what_is_certified_is_the_state_at_the_end(graph: SynapseGraph) -> None:
    points = graph.fixed_points["learned"].select(slice(1))
    assert certified(graph, points).all()
    for flipped, sure in (([5, 0], True), ([0, 5], False)):
        assert watch(graph, points, flipped, release=1).certified.tolist() == [sure]
