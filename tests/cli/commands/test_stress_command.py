"""The command `stress`: what it writes, how it goes on, and its exit codes."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from spinspike.cli.main import app
from spinspike.errors import BadInput, SimulationFailed
from spinspike.mapping.graph import graph_file
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.simulators.stress.bounds import survives_damage
from spinspike.simulators.stress.curve import read_curves
from spinspike.simulators.stress.damage import mismatched

pytestmark = pytest.mark.matplotlib
Stress = Callable[..., Result]
FEW = ("--patterns", 10, "--draws", 2, "--kept", 0.6)
QUICK = (*FEW, "--kind", "mismatch", "--levels", "0,0.02,0.5")


@pytest.fixture
def stress(tmp_path: Path, graph: SynapseGraph) -> Stress:
    """The command on the graph of the trained network, into the folder ``out``."""
    graph_file.save(tmp_path / "graph.h5", graph)

    def run(*arguments: object) -> Result:
        words = ["stress", str(tmp_path / "graph.h5"), "-o", str(tmp_path / "out")]
        return CliRunner().invoke(app, [*words, *map(str, arguments)])

    return run


def test_a_folder_with_curves_rows_and_figures(stress: Stress, tmp_path: Path) -> None:
    done = stress(*FEW, "--kind", "mismatch", "--kind", "cut-signal", "--json")
    assert done.exit_code == 0, done.output
    out = tmp_path / "out"
    printed = json.loads(done.stdout)
    assert json.loads((out / "summary.json").read_text()) == printed
    mismatch, cut = read_curves(out / "summary.json")
    assert [c.kind for c in (mismatch, cut)] == ["mismatch", "cut-signal"]
    assert (mismatch.held[0], mismatch.bound and mismatch.bound[0]) == (1, 1)
    assert mismatch.held[-1] < 0.9
    assert all(h >= b for h, b in zip(mismatch.held, mismatch.bound or (), strict=True))
    assert [c["verdict"] for c in printed["claims"]] == ["holds"]
    last = f"held: no certified state is lost; report: {out / 'summary.json'}"
    assert done.stderr.splitlines()[-1] == last
    assert printed["repeat"]["graph"]["file"] == "graph.h5"
    with (out / "stress.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 7 * 2 + 6
    for curve in (mismatch, cut):
        what = "throughout" if curve is mismatch else "ended"
        for level, held, null in zip(curve.levels, curve.held, curve.null, strict=True):
            own = [r for r in rows if (r["kind"], float(r["level"])) == (curve.kind, level)]
            assert np.mean([float(r[what]) for r in own]) == pytest.approx(held)
            assert np.mean([float(r[f"null_{what}"]) for r in own]) == pytest.approx(null)
        assert (out / f"figures/{curve.kind}.png").read_bytes().startswith(b"\x89PNG")
        assert "<svg" in (out / f"figures/{curve.kind}.svg").read_text()


def test_tables_say_what_was_held_and_what_was_certified(stress: Stress) -> None:
    done = stress(*QUICK)
    said = " ".join(done.stdout.split())
    assert "Weight mismatch by standard deviation" in said
    assert "10 patterns, 2 draws; held: in s* from the start to the end" in said
    assert "mismatch certified states kept 1 (0.72 to 1.00) >= 0.6 holds" in said


def test_nothing_is_claimed_where_nothing_is_certified(stress: Stress) -> None:
    done = stress(*FEW, "--kind", "cut-signal", "--levels", "0,5")
    assert done.exit_code == 0
    assert "10 patterns, 1 draw; held: in s* at the end" in done.stdout
    assert "Claims" not in done.stdout
    last = done.stdout.splitlines()[-1]
    assert last.startswith("held: nothing was certified, so nothing could be lost; report: ")


def test_too_few_patterns_are_exit_code_3_and_said_beforehand(stress: Stress) -> None:
    done = stress("--patterns", 3, "--draws", 1, "--kind", "flips", "--levels", "0,1")
    assert done.exit_code == 3
    assert "3 patterns cannot decide that certified states are kept; 35 can" in done.stderr
    assert "35 patterns would decide" in done.stdout.splitlines()[-1]


def results(folder: Path) -> dict[str, int]:
    return {f.name: f.stat().st_mtime_ns for f in (folder / "out/results").glob("*.npz")}


def test_the_same_call_goes_on_and_force_starts_anew(stress: Stress, tmp_path: Path) -> None:
    first = stress(*QUICK, "--json")
    before = results(tmp_path)
    gone = tmp_path / "out/results/mismatch-level_0.5-draw_1.npz"
    gone.unlink()
    again = stress(*QUICK, "--json")
    assert json.loads(again.stdout)["curves"] == json.loads(first.stdout)["curves"]
    after = results(tmp_path)
    assert {name for name in after if after[name] != before[name]} == {gone.name}
    assert stress(*QUICK[:3], 3, *QUICK[4:]).exit_code == 0  # one draw more
    assert len(results(tmp_path)) == len(before) + 3
    assert all(results(tmp_path)[name] == time for name, time in after.items())
    assert stress(*QUICK, "--force").exit_code == 0
    assert len(results(tmp_path)) == len(before)
    assert not set(results(tmp_path).items()) & set(after.items())


def test_another_seed_is_another_campaign(stress: Stress, tmp_path: Path) -> None:
    stress(*QUICK)
    before = results(tmp_path)
    stress(*QUICK, "--seed", 1)
    assert not set(results(tmp_path).items()) & set(before.items())


def test_other_states_and_the_asynchronous_regime(stress: Stress) -> None:
    options = ("--patterns", 5, "--draws", 1, "--kind", "flips", "--levels", "0,1", "--kept", 0.5)
    done = stress(*options, "--states", "free", "--regime", "asynchronous", "--json")
    assert done.exit_code == 0, done.output
    (curve,) = json.loads(done.stdout)["curves"]
    assert (curve["regime"], curve["held"][0]) == ("asynchronous", 1)


def test_exit_code_1_when_a_pattern_fails_that_was_certain_to_hold(
    stress: Stress, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A claim made too large, as a fault in the certificates would."""

    def boast(*arguments: Any) -> Any:
        return np.ones_like(survives_damage(*arguments))

    monkeypatch.setattr("spinspike.simulators.stress.kinds.survives_damage", boast)
    done = stress(*QUICK, "--json")
    assert done.exit_code == 1
    (claim,) = json.loads(done.stdout)["claims"]
    assert claim["verdict"] == "fails"
    (curve,) = json.loads(done.stdout)["curves"]
    lost = round(20 * (1 - curve["held"][-1]))
    assert claim["exceptions"] == [f"{lost} of 60 cases"]
    assert curve["broken"] == lost > 0


def test_a_failing_run_is_named_and_what_is_finished_kept(
    stress: Stress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(graph: SynapseGraph, level: float, rng: Any) -> SynapseGraph:
        if level == 0.5:
            raise MemoryError
        return mismatched(graph, level, rng)

    with monkeypatch.context() as patched:
        patched.setattr("spinspike.simulators.stress.kinds.mismatched", break_down)
        patched.setattr("spinspike.studies.stress.run.announce", lambda *_, **__: None)
        failed = stress(*QUICK)
    assert isinstance(failed.exception, SimulationFailed)
    assert "task mismatch-level_0.5-draw_0 failed: MemoryError" in str(failed.exception)
    assert len(results(tmp_path)) == 4
    assert stress(*QUICK).exit_code == 0


def test_a_minute_or_more_is_announced(stress: Stress, monkeypatch: pytest.MonkeyPatch) -> None:
    def hours(*_: Any) -> tuple[float, int]:
        return 9000.0, 3_100_000_000

    assert "runs, about" not in stress(*QUICK).stderr
    monkeypatch.setattr("spinspike.simulators.stress.campaign.seconds_and_bytes", hours)
    said = " ".join(stress(*QUICK).stderr.split())
    assert "stress: 0 runs, about 2.5 h on one core, 3.1 GB in each process" in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--levels", "0,1"), "levels 0,1 are given for 10 kinds; allowed: one"),
        (("--kind", "noise", "--levels", "0;1"), "levels are '0;1'; allowed: numbers with commas"),
        (("--kind", "noise", "--levels", "-1"), "noise has level -1; allowed: numbers from 0"),
        (("--kind", "rain"), "unknown stress 'rain'; allowed: spike-loss"),
        (("--states", "mine"), "states is 'mine'; allowed: learned, free"),
        (("--on", "abacus"), "unknown simulator 'abacus'"),
        (("--kind", "noise", "--regime", "asynchronous"), "noise has no asynchronous regime"),
        ((*QUICK, "--scheduler", "nowhere"), "scheduler 'nowhere' does not answer"),
    ],
)
def test_bad_input_is_refused_before_any_work(
    stress: Stress, options: tuple[object, ...], said: str
) -> None:
    done = stress(*options)
    assert isinstance(done.exception, BadInput)
    assert said in str(done.exception)


def test_a_folder_of_other_things_is_left_alone(stress: Stress, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/letter.txt").write_text("dear")
    done = stress(*QUICK)
    assert isinstance(done.exception, BadInput)
    assert "is not empty and holds no results to go on from" in str(done.exception)
    assert stress(*QUICK, "--force").exit_code == 0
    assert (tmp_path / "out/letter.txt").read_text() == "dear"


def test_help_teaches_with_an_example() -> None:
    done = CliRunner().invoke(app, ["stress", "--help"])
    assert done.exit_code == 0
    assert "spinspike stress graph.h5 -o stress" in " ".join(done.stdout.split())
