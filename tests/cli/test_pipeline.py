"""The chain's functions, and the command line's defaults."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from spinspike.cli.commands import train as train_command
from spinspike.cli.pipeline import map_file, mapping_summary, require, validate_on
from spinspike.cli.tables import percent
from spinspike.mapping import SynapseGraph, integer_margins
from spinspike.model import Architecture, MarginRule, NetworkFile, Schedule
from spinspike.model.errors import BadInput


def test_the_command_line_has_the_library_s_defaults() -> None:
    """They stand twice, because `--help` may not import the library."""
    rule, schedule = MarginRule(), Schedule()
    library: dict[str, Any] = {
        **vars(Architecture(units=300, inputs=1, classes=2)),
        "margin": rule.margin,
        "epochs": schedule.epochs,
        "batch": schedule.batch,
        "seed": 0,
    }
    for name, parameter in inspect.signature(train_command).parameters.items():
        if name in library:
            assert parameter.default == library[name], name


def test_the_summary_of_a_mapping_counts_by_hand(graph: SynapseGraph) -> None:
    summary = mapping_summary(graph)
    assert summary["synapses"] == sum(p["synapses"] for p in summary["projections"])
    for run, points in graph.fixed_points.items():
        smallest = integer_margins(graph, points).min(axis=1)
        assert summary["certificates"][run]["smallest_margin"] == smallest.min()
        assert summary["certificates"][run]["certified"] == sum(smallest >= 1)
        assert summary["certificates"][run]["fixed_points"] == len(points)


def test_a_trial_has_a_progress_bar_on_stderr(
    graph: SynapseGraph, capsys: pytest.CaptureFixture[str]
) -> None:
    (outcome,) = validate_on(graph, "emulator", ["free"], patterns=3, nulls=True, seed=0)
    assert len(outcome.points) == 3
    printed = capsys.readouterr()
    assert "emulator: free" in printed.err
    assert printed.out == ""


def test_an_unknown_encoding_is_refused(trained: NetworkFile) -> None:
    with pytest.raises(BadInput, match="unknown encoding 'x'; allowed: dale"):
        map_file(trained, encoding="x", weight_bits=8)


def test_unknown_simulators_are_refused() -> None:
    with pytest.raises(BadInput, match="unknown simulator 'x'; allowed: emulator, lava, brian2"):
        require(["emulator", "x"])


def test_percent() -> None:
    assert percent(0.12345) == "12.3 %"
