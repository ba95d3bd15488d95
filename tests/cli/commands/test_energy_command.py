"""`spinspike energy` as a user types it: tables, JSON, and exit codes 0, 1 and 2."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spinspike.cli import main
from spinspike.mapping import Rounding, SynapseGraph, load_target, map_network, place
from spinspike.mapping.chips.energy import LOIHI1
from spinspike.mapping.graph import graph_file
from spinspike.mapping.graph.delays import with_delays
from spinspike.model import NetworkFile
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.network import random_network
from spinspike.simulators.exchange.sanafe import SanaFe


@pytest.fixture(scope="module")
def folder(
    trained: NetworkFile, graph: SynapseGraph, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Where graph.h5 lies, one without patterns, and two that SANA-FE does not take."""
    found = tmp_path_factory.mktemp("energy")
    graph_file.save(found / "graph.h5", graph)
    architecture = Architecture(units=12, inputs=4, classes=3)
    network = random_network(architecture, np.random.default_rng(0), centre=np.zeros(4))
    graph_file.save(found / "pathless.h5", map_network(network))
    late = with_delays(graph, 2, np.random.default_rng(0))
    graph_file.save(found / "late.h5", late)
    graded = map_network(trained.network, trained.fixed_points, rounding=Rounding(input="graded"))
    graph_file.save(found / "graded.h5", graded)
    return found


def run(*words: object, monkeypatch: pytest.MonkeyPatch) -> int:
    """Exit code of the command, in this process."""
    monkeypatch.setattr("sys.argv", ["spinspike", "energy", *(str(w) for w in words)])
    with pytest.raises(SystemExit, match=r"^\d*$") as exit_:
        main.main()
    return int(exit_.value.code or 0)


@pytest.mark.sanafe
@pytest.mark.parametrize("which", ["free", "learned"])
def test_both_estimates_of_the_same_runs_stand_side_by_side(
    program: Callable[..., subprocess.CompletedProcess[str]],
    folder: Path,
    graph: SynapseGraph,
    which: str,
) -> None:
    words = ("energy", "graph.h5", "--run", which, "--patterns", "3", "--json")
    done = program(*words, cwd=folder)
    assert done.returncode == 0
    summary = json.loads(done.stdout)
    assert (summary["run"], summary["patterns"]) == (which, 3)
    assert summary["same_spikes"]
    assert summary["cores"] == place(graph, load_target("loihi1")).cores
    assert summary["costs"]["source"] == LOIHI1.source
    analytic, sanafe = summary["estimates"]["analytic"], summary["estimates"]["sanafe"]
    for what in ("answer", "held"):
        for name, value in sanafe[what].items():
            assert analytic[what][name] == pytest.approx(value, rel=0.1)
    # at least one step for each release, one more without the label, one for the readout
    assert summary["steps_to_answer"] >= (8 if which == "learned" else 2)
    parts = ("synapse", "dendrite", "soma", "network")
    for one in (analytic, sanafe):
        answer, held = one["answer"], one["held"]
        assert answer["joules"] == pytest.approx(sum(answer[part] for part in parts))
        seconds = held["joules_per_step"] / held["joules_per_second"]
        assert held["seconds_per_step"] == pytest.approx(seconds)
        per_step = held["joules_per_second_of_1_ms_steps"] * 1e-3
        assert held["joules_per_step"] == pytest.approx(per_step)


def test_without_sanafe_the_analytic_estimate_stands_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "sanafe", None)
    assert run(folder / "graph.h5", "--patterns", 2, monkeypatch=monkeypatch) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "without SANA-FE: not installed: pip install 'spinspike[sanafe]'" in text
    assert "no leakage" in text
    assert "analytic SANA-FE" not in text
    assert run(folder / "graph.h5", "--patterns", 2, "--json", monkeypatch=monkeypatch) == 0
    summary = json.loads(capsys.readouterr().out)
    assert list(summary["estimates"]) == ["analytic"]
    assert summary["same_spikes"] is None


@pytest.mark.sanafe
@pytest.mark.parametrize(
    ("name", "why"),
    [("late.h5", "delays of up to 2 steps"), ("graded.h5", "the input has 16 levels")],
)
def test_what_sanafe_cannot_carry_is_named_and_estimated_nonetheless(
    folder: Path,
    name: str,
    why: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(folder / name, "--patterns", 2, "--json", monkeypatch=monkeypatch) == 0
    summary = json.loads(capsys.readouterr().out)
    assert list(summary["estimates"]) == ["analytic"]
    assert why in summary["without_sanafe"]


def test_what_does_not_fit_the_chip_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Loihi 1 has no graded spikes."""
    assert run(folder / "graded.h5", "--patterns", 1, monkeypatch=monkeypatch) == 0
    assert "allowed: 1" in " ".join(capsys.readouterr().out.split())
    assert run(folder / "graph.h5", "--patterns", 1, "--json", monkeypatch=monkeypatch) == 0
    assert json.loads(capsys.readouterr().out)["misfits"] == []


@pytest.mark.sanafe
def test_other_spikes_in_sanafe_fail_the_claim(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    honest = SanaFe.measure

    def one_spike_more(self: SanaFe, *words: Any, **named: Any) -> Any:
        recording, used = honest(self, *words, **named)
        assert recording.spikes is not None
        spikes = recording.spikes.copy()
        spikes[0, 0, 0] ^= True
        return replace(recording, spikes=spikes), used

    monkeypatch.setattr(SanaFe, "measure", one_spike_more)
    assert run(folder / "graph.h5", "--patterns", 1, monkeypatch=monkeypatch) == 1
    assert "SANA-FE made OTHER spikes" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["graph.h5", "--run", "cued"], "unknown run 'cued'; allowed: free, learned"),
        (["graph.h5", "--target", "xylo"], "no costs of events are known for target 'xylo'"),
        (["pathless.h5"], "the graph carries no free fixed points"),
        (["graph.h5", "--patterns", "0"], "Invalid value for '--patterns'"),
    ],
)
def test_bad_input_gets_one_line(
    folder: Path,
    words: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder)
    assert run(*words, monkeypatch=monkeypatch) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
