"""The circuit against the equation, in every spike, membrane and readout; and what would be noticed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spinspike.errors import BadInput, MissingPart
from spinspike.mapping import SynapseGraph
from spinspike.mapping.graph.delays import longest_delay
from spinspike.simulators import Phases
from spinspike.simulators.emulator import plain
from spinspike.simulators.hardware import compiled
from spinspike.simulators.hardware.backend import RTL
from spinspike.simulators.hardware.core import Shape
from spinspike.simulators.hardware.image import image_of
from spinspike.simulators.registry import find
from spinspike.simulators.stimulus import encode_stimulus

from .conftest import Case, plain_membranes

pytestmark = pytest.mark.fpga


def test_spikes_readout_and_class_are_those_of_the_equation(cases: list[Case]) -> None:
    seen = set()
    for graph, given, phases in cases:
        found = RTL().trace(graph, given, phases)
        spikes, readout = plain.run(graph, given, phases)
        np.testing.assert_array_equal(found.spikes, spikes)
        np.testing.assert_array_equal(found.readout, readout)
        if readout.size:
            np.testing.assert_array_equal(found.winner, readout.argmax(axis=1))
        seen |= {graph.encoding, graph.weight_bits, longest_delay(graph) > 0, spikes.any()}
    assert seen >= {"signed", "dale", "pushpull", *range(1, 9), True, False}


def test_membranes_are_those_of_the_equation_and_the_residue_matters(cases: list[Case]) -> None:
    residue = 0
    for graph, given, phases in cases:
        if longest_delay(graph):
            continue
        found = RTL().trace(graph, given, phases).membranes
        expected = plain_membranes(graph, given, phases)
        np.testing.assert_array_equal(found, expected)
        residue += int(np.count_nonzero(expected % 64))  # without it all were multiples of 64
    assert residue


def test_unfolded_and_without_a_stop_at_rest_nothing_changes(cases: list[Case]) -> None:
    saved = 0
    for graph, given, phases in cases[:8]:
        one = RTL().trace(graph, given, phases)
        other = RTL(fold=False, stop=False).trace(graph, given, phases)
        for name in ("spikes", "membranes", "readout", "winner"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        assert (other.steps == phases.total).all()
        saved += int((one.steps < other.steps).sum())
    assert saved


def test_two_swapped_synapses_or_a_step_less_are_noticed_in_the_membranes(
    graph: SynapseGraph,
) -> None:
    points = graph.fixed_points["learned"].select(slice(4))
    given = encode_stimulus(graph, points.inputs, labels=points.labels)
    right = RTL().trace(graph, given, Phases(1, 10, 10)).membranes
    np.testing.assert_array_equal(right, plain_membranes(graph, given, Phases(1, 10, 10)))
    image = image_of(graph)
    weights = image.weights.copy()
    row = int(np.flatnonzero(np.diff(image.starts) > 1)[0])
    a = int(image.starts[row])
    b = a + int(np.flatnonzero(weights[a : image.starts[row + 1], 0] != weights[a, 0])[0])
    weights[[a, b]] = weights[[b, a]]
    wrong = (
        RTL()
        .trace(graph, given, Phases(1, 10, 10), image=replace(image, weights=weights))
        .membranes
    )
    assert (wrong != right).any()
    early = RTL().trace(graph, given, Phases(1, 9, 11)).membranes
    assert (early != right).any()


def test_what_does_not_fit_or_is_not_there_is_said_in_a_line(
    graph: SynapseGraph, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match="lanes is 3; allowed: 1, 2"):
        image_of(graph, lanes=3)
    with pytest.raises(BadInput, match="rtl has no continuous regime"):
        find("rtl", "continuous")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(MissingPart, match=r"no C\+\+ compiler"):
        compiled.library.__wrapped__(Shape(lanes=2))
