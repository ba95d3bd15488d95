"""The demo's folder, with training and controls cut short."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from spinspike.errors import MissingPart
from spinspike.mapping.graph import graph_file
from spinspike.model import Schedule
from spinspike.model.network import network_file
from spinspike.model.training.control import ControlRun
from spinspike.model.training.preset import default
from spinspike.simulators.registry import Backend, choose
from spinspike.studies import demonstration


def test_everything_is_in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = Schedule(epochs=3)
    monkeypatch.setattr(
        demonstration, "default", lambda data: replace(default(data), schedule=quick)
    )
    short = [ControlRun("strong recurrence, self-coupling 0", 0, 0.5, ())]
    monkeypatch.setattr(demonstration, "run_controls", lambda *_, jobs: iter(short))
    summary = demonstration.demonstrate(
        tmp_path / "out", backends=choose(["emulator"]), patterns={}, default_patterns=10, seed=3
    )
    assert {p.name for p in (tmp_path / "out").iterdir()} == {
        "network.h5", "graph.h5", "lava_network", "report.html", "summary.json", "patterns.csv",
        "disagreements.csv", "figures", "interactive.html",
    }  # fmt: skip
    assert {f.stem for f in (tmp_path / "out" / "figures").iterdir()} == {
        "learning", "comparison", "images", "overlap", "nulls", "flips", "margins",
        "population", "adjacency", "weights",
    }  # fmt: skip
    assert json.loads((tmp_path / "out" / "summary.json").read_text()) == summary
    assert '<a href="interactive.html">' in (tmp_path / "out" / "report.html").read_text()
    assert 1e5 < (tmp_path / "out" / "interactive.html").stat().st_size < 5e6
    content = network_file.load(tmp_path / "out" / "network.h5")
    assert content.provenance["seed"] == 3
    assert summary["training"] == content.provenance
    assert graph_file.load(tmp_path / "out" / "graph.h5").units == 300
    assert summary["control"] == [
        {"name": "strong recurrence, self-coupling 0", "seed": 0, "accuracy": 0.5}
    ]


def test_a_missing_simulator_is_refused_before_training(tmp_path: Path) -> None:
    absent = [Backend("spinnaker", "step", "spinnaker", "Spinnaker", "no_such_package")]
    with pytest.raises(MissingPart, match="simulator spinnaker is not installed: pip install"):
        demonstration.demonstrate(
            tmp_path / "out", backends=absent, patterns={}, default_patterns=1, seed=0
        )
    assert not (tmp_path / "out").exists()
