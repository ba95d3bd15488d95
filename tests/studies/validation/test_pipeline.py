"""The chain's functions, and the command line's defaults."""

from __future__ import annotations

import inspect

import pytest

from spinspike.cli.commands.train import train as train_command
from spinspike.errors import BadInput
from spinspike.mapping import SynapseGraph, integer_margins, map_network
from spinspike.model import Architecture, Dataset, MarginRule, NetworkFile, Schedule
from spinspike.model import train as train_library
from spinspike.model.training.preset import PRESETS
from spinspike.studies.mapping import mapping_summary
from spinspike.studies.page.terminal import percent
from spinspike.studies.validation.run import validate


def test_the_command_line_has_the_library_s_defaults(handwritten: Dataset) -> None:
    """What is not given stays as the preset has it, and the default preset as the library."""
    preset = PRESETS["default"](handwritten)
    assert preset.architecture == Architecture(units=300, inputs=64, classes=10)
    assert (preset.rule, preset.schedule) == (MarginRule(), Schedule())
    library = inspect.signature(train_library).parameters
    assert (preset.gain, preset.centred) == (library["gain"].default, library["centred"].default)
    given = inspect.signature(train_command).parameters
    assert given["preset"].default == "default"
    assert given["seed"].default == library["seed"].default
    parts = (preset, preset.architecture, preset.rule, preset.schedule, preset.schedule.sweeps)
    overriding = {name for part in parts for name in vars(part)} & set(given)
    assert len(overriding) > 20
    assert {given[name].default for name in overriding} == {None}


def test_the_summary_of_a_mapping_counts_by_hand(graph: SynapseGraph) -> None:
    summary = mapping_summary(graph)
    assert summary["synapses"] == sum(p["synapses"] for p in summary["projections"])
    for run, points in graph.fixed_points.items():
        smallest = integer_margins(graph, points).min(axis=1)
        assert summary["certificates"][run]["smallest_margin"] == smallest.min()
        assert summary["certificates"][run]["certified"] == sum(smallest >= 1)
        assert summary["certificates"][run]["fixed_points"] == len(points)


def test_a_validation_has_a_progress_bar_on_stderr(
    graph: SynapseGraph, capsys: pytest.CaptureFixture[str]
) -> None:
    (outcome,) = validate(
        graph, "emulator", regimes=["asynchronous"], patterns=3, runs=["free"], hold=7
    ).outcomes
    assert len(outcome.points) == 3
    assert outcome.regime == "asynchronous"
    assert outcome.times[-1] - outcome.release == 7
    printed = capsys.readouterr()
    assert "emulator (asynchronous): blocks" in printed.err
    assert printed.out == ""


def test_an_unknown_encoding_is_refused(trained: NetworkFile) -> None:
    with pytest.raises(BadInput, match="unknown encoding 'x'; allowed: signed, dale, pushpull"):
        map_network(trained, encoding="x")


def test_unknown_simulators_are_refused(graph: SynapseGraph) -> None:
    with pytest.raises(BadInput, match="unknown simulator 'x'; allowed: emulator, lava, brian2"):
        validate(graph, "x")


def test_percent() -> None:
    assert percent(0.12345) == "12.3 %"
