"""The command `certify`: what it prints and writes, its notes and its exit codes."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from spinspike.cli.main import app
from spinspike.errors import BadInput
from spinspike.mapping.certificates.robustness import BOUNDS, robustness
from spinspike.mapping.certificates.tolerance import lost_synapses
from spinspike.mapping.graph import graph_file
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.model.network import network_file
from spinspike.model.network.network_file import NetworkFile

Certify = Callable[..., Result]


@pytest.fixture
def certify(tmp_path: Path, graph: SynapseGraph, trained: NetworkFile) -> Certify:
    """The command on the graph of the trained network; ``found`` replaces the graph."""

    def run(*arguments: object, found: SynapseGraph = graph) -> Result:
        graph_file.save(tmp_path / "graph.h5", found, force=True)
        network_file.save(tmp_path / "network.h5", trained, force=True)
        words = ["certify", str(tmp_path / "graph.h5"), *map(str, arguments)]
        return CliRunner().invoke(app, words)

    return run


def test_json_is_the_whole_graph_summary(certify: Certify, graph: SynapseGraph) -> None:
    done = certify("--patterns", 30, "--json")
    assert done.exit_code == 0
    printed = json.loads(done.stdout)
    assert set(printed) == {"learned", "free"}
    for run, found in printed.items():
        bounds = robustness(graph, graph.fixed_points[run].select(slice(30)))
        assert found["fixed_points"] == 30
        assert found["bounds"]["radius"]["max"] == bounds.radius.max()
        median = np.median(bounds.noise[bounds.certified])
        assert found["bounds"]["noise"]["median"] == pytest.approx(median)
        assert "attack" not in found


def test_tables_say_where_a_bound_is_vacuous(certify: Certify, graph: SynapseGraph) -> None:
    done = certify("--patterns", 30)
    said = " ".join(done.stdout.split())
    bounds = robustness(graph, graph.fixed_points["free"].select(slice(30)))
    sure = bounds.certified
    zero, total = int((bounds.radius[sure] == 0).sum()), int(sure.sum())
    assert f"free: {total} of 30 are fixed for certain; those withstand" in said
    note = "free: worst-case radius 0, some single flip is not certain to be corrected"
    assert f"{note}: {zero} of {total}" in said


@pytest.mark.matplotlib
def test_a_folder_with_one_row_for_each_fixed_point(
    certify: Certify, graph: SynapseGraph, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    network = tmp_path / "network.h5"
    options = ("--patterns", 12, "--attack", "--network", network, "-o", folder, "--json")
    done = certify(*options)
    assert done.exit_code == 0, done.output
    assert json.loads((folder / "summary.json").read_text()) == json.loads(done.stdout)
    assert json.loads(done.stdout)["learned"]["attack"]["unsound"] == 0
    assert (folder / "certificates.png").read_bytes().startswith(b"\x89PNG")
    with (folder / "certificates.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["run"], row["pattern"]) for row in rows] == [
        (run, str(p)) for run in ("learned", "free") for p in range(12)
    ]
    flips = np.load(folder / "flips.npz")
    for run in ("learned", "free"):
        bounds = robustness(graph, graph.fixed_points[run].select(slice(12)))
        np.testing.assert_array_equal(flips[run], bounds.flips)
        own = [row for row in rows if row["run"] == run]
        for name in BOUNDS:
            np.testing.assert_array_equal([float(r[name]) for r in own], getattr(bounds, name))
        assert [int(r["label"]) for r in own] == graph.fixed_points[run].labels[:12].tolist()
        assert all(1 <= int(r["smallest_bits"]) <= 9 for r in own)
        assert all(
            float(r["attack_lost"]) > float(r["lost"]) for r in own if r["certified"] == "True"
        )
    refused = certify(*options)
    assert isinstance(refused.exception, BadInput)
    assert "is not empty" in str(refused.exception)
    assert certify(*options, "--force").exit_code == 0


def test_attacks_have_a_table_of_their_own(certify: Certify) -> None:
    done = certify("--patterns", 3, "--attack")
    assert done.exit_code == 0
    assert "free: attacks (mean fractions, median ratios; 1: the bound is tight)" in done.stdout
    assert "certified cases that failed" in done.stdout


def test_exit_code_1_when_not_one_state_is_fixed(certify: Certify, graph: SynapseGraph) -> None:
    points = graph.fixed_points["learned"].select(slice(10))
    wrong = replace(graph, fixed_points={"learned": replace(points, states=-points.states)})
    done = certify(found=wrong)
    assert done.exit_code == 1
    assert "learned: not certain to be fixed: 10 of 10 (all)" in done.stdout
    assert json.loads(certify("--json", found=wrong).stdout)["learned"]["bounds"] == {}


def test_exit_code_1_when_an_attack_breaks_a_certificate(
    certify: Certify, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A claim made too large, as a fault in the certificates would."""

    def boast(*arguments: Any) -> Any:
        lost, single = honest(*arguments)
        return lost + 1, single

    honest = lost_synapses
    monkeypatch.setattr("spinspike.mapping.certificates.robustness.lost_synapses", boast)
    done = certify("--patterns", 3, "--attack", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["free"]["attack"]["unsound"] == 3


def test_a_graph_without_fixed_points_is_refused(certify: Certify, graph: SynapseGraph) -> None:
    done = certify(found=replace(graph, fixed_points={}))
    assert isinstance(done.exception, BadInput)
    assert "the graph carries no fixed points" in str(done.exception)


def test_a_network_of_another_size_is_refused(
    certify: Certify, larger: NetworkFile, tmp_path: Path
) -> None:
    network_file.save(tmp_path / "larger.h5", larger)
    done = certify("--network", tmp_path / "larger.h5")
    assert isinstance(done.exception, BadInput)
    assert "has 200 units and 64 inputs; allowed: 100 and 64" in str(done.exception)


def test_help_teaches_with_an_example() -> None:
    done = CliRunner().invoke(app, ["certify", "--help"])
    assert done.exit_code == 0
    assert "spinspike certify graph.h5" in " ".join(done.stdout.split())
    assert "--json" in done.stdout
