"""The command `validate`: what it keeps, how it goes on, and what it says."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table
from typer.testing import CliRunner

from spinspike.cli.commands.validate import simulator_table
from spinspike.cli.main import app
from spinspike.errors import SimulationFailed
from spinspike.mapping import SynapseGraph
from spinspike.mapping.graph import graph_file
from spinspike.simulators import (
    Bounds,
    Emulator,
    Outcome,
    Phases,
    Recording,
    Stimulus,
    claims,
    validate,
)
from spinspike.simulators.base import Regime
from spinspike.simulators.registry import BACKENDS, IMPOSSIBLE, find
from spinspike.simulators.validation.estimate import Estimate
from spinspike.simulators.validation.protocol import default_phases, trials
from spinspike.simulators.validation.tasks import Plan
from spinspike.studies.validation.campaign import Campaign, kept_in
from spinspike.studies.validation.report import validation_summary
from spinspike.studies.validation.tables import claim_table, outcome_table
from spinspike.task import Progress

Run = Callable[..., subprocess.CompletedProcess[str]]
PROGRAM = str(Path(sys.executable).with_name("spinspike"))


@pytest.fixture(scope="module")
def file(graph: SynapseGraph, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("graph") / "graph.h5"
    graph_file.save(path, graph)
    return path


@pytest.fixture(scope="module")
def spinspike(program: Run) -> Run:
    """The command."""
    return partial(program, "validate")


def kept(report: Path) -> dict[str, int]:
    return {f.name: f.stat().st_mtime_ns for f in (report / "outcomes").glob("*.npz")}


def test_a_killed_run_goes_on_and_shows_what_an_uninterrupted_one_does(
    spinspike: Run, file: Path, tmp_path: Path
) -> None:
    options = ["--on", "emulator", "--regime", "asynchronous", "--patterns", "60", "--json"]
    whole = spinspike(file, *options)
    report = tmp_path / "report"
    words = [PROGRAM, "validate", str(file), *options, "-o", str(report)]
    started = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while not (report / "outcomes").is_dir() or len(kept(report)) < 2:
        assert time.monotonic() < end
        assert started.poll() is None
        time.sleep(0.01)
    started.send_signal(signal.SIGKILL)
    started.wait()
    before = kept(report)
    assert 2 <= len(before) < len(trials())
    assert not (report / "report.html").exists()
    refused = spinspike(file, *options, "-o", report)
    assert refused.returncode == 2
    assert "is not empty" in refused.stderr
    done = spinspike(file, *options, "-o", report, "--resume")
    assert done.returncode == whole.returncode, done.stderr
    assert json.loads(done.stdout) == json.loads(whole.stdout)
    after = kept(report)
    assert before.items() <= after.items()
    assert len(after) == len(trials())
    page = (report / "report.html").read_text()
    assert "emulator (asynchronous)" in page


def test_only_resume_keeps_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "outcomes").mkdir()
    result = tmp_path / "outcomes" / "emulator.npz"
    result.write_text("")
    with kept_in(tmp_path, resume=True) as folder:
        assert folder == tmp_path / "outcomes"
        assert result.exists()
    with kept_in(tmp_path, resume=False):
        assert not result.exists()


def test_results_of_another_graph_or_seed_are_made_again(
    graph: SynapseGraph, tmp_path: Path
) -> None:
    phases = default_phases(graph, "step", hold=5)
    wanted = tuple(trials(["free"]))
    plan = Plan(graph, find("emulator"), Emulator(), wanted, 3, phases, 0)

    def after(checksum: str, plan: Plan) -> dict[str, int]:
        Campaign(tmp_path / "outcomes", checksum, 1, None).run([plan])
        return kept(tmp_path)

    first = after("one", plan)
    assert after("one", plan) == first
    second = after("other", plan)
    assert second != first
    assert after("other", replace(plan, seed=1)) != second


@dataclass(frozen=True)
class Failing:
    """An emulator that fails from its n-th run on."""

    calls: list[int]
    after: int
    name: str = "lava"
    regime: Regime = "asynchronous"

    def run(
        self,
        graph: SynapseGraph,
        stimulus: Stimulus,
        phases: Phases,
        *,
        progress: Progress | None = None,
    ) -> Recording:
        self.calls.append(len(stimulus.bias))
        if len(self.calls) > self.after:
            message = "out of luck"
            raise SimulationFailed(message)
        recording = Emulator().run(graph, stimulus, phases, progress=progress)
        return replace(recording, regime="asynchronous")


def test_a_failure_names_trial_and_block_and_keeps_what_is_finished(
    graph: SynapseGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Campaign, "_announce", lambda *_: None)
    wanted = tuple(trials(["free", "learned"]))
    phases = default_phases(graph, "step", hold=5)
    failing = Failing([], after=2)
    plan = Plan(graph, find("lava"), failing, wanted, 4, phases, 0)
    other = Plan(graph, find("emulator"), Emulator(), wanted, 4, phases, 0)
    campaign = Campaign(tmp_path / "kept", "checksum", 1, None)
    message = "lava-step-learned-no_couplings-patterns_0_to_3 .*out of luck.*--resume"
    with pytest.raises(SimulationFailed, match=message):
        campaign.run([plan, other])
    names = sorted(f.stem for f in (tmp_path / "kept").glob("*.npz"))
    assert [n for n in names if n.startswith("lava")] == [
        "lava-step-free-patterns_0_to_3",
        "lava-step-learned-patterns_0_to_3",
    ]
    assert sum(n.startswith("emulator") for n in names) == len(wanted)
    lucky = replace(plan, simulator=replace(failing, after=100))
    object.__setattr__(lucky.simulator, "calls", failing.calls)
    found, _ = Campaign(tmp_path / "kept", "checksum", 1, None).run([lucky, other])
    assert len(found) == 2 * len(wanted)


def test_a_long_run_is_announced_with_its_time_and_memory(
    graph: SynapseGraph,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    long = Estimate(372.0, 1_200_000_000, 16)
    monkeypatch.setattr("spinspike.simulators.validation.estimate.estimate", lambda *_: long)
    phases = default_phases(graph, "step", hold=5)
    plan = Plan(graph, find("emulator"), Emulator(), tuple(trials(["free"])), 4, phases, 0)
    Campaign(tmp_path / "kept", "checksum", 1, None).run([plan])
    said = capsys.readouterr().err
    assert "emulator (step): about 6 min, 1.2 GB" in said
    assert said.index("about 6 min") < said.index("blocks")


@pytest.mark.dask
def test_blocks_are_shared_among_processes(graph: SynapseGraph, tmp_path: Path) -> None:
    phases = default_phases(graph, "step", hold=5)
    wanted = tuple(trials(["free", "cued"], nulls=False))
    plan = Plan(graph, find("emulator"), Emulator(), wanted, 4, phases, 0)
    alone, shared = (
        Campaign(tmp_path / str(jobs), "checksum", jobs, None).run([plan])[0] for jobs in (1, 2)
    )
    for one, other in zip(alone, shared, strict=True):
        assert (one.final == other.final).all()


def text_of(*tables: Table, width: int = 100) -> str:
    printed = io.StringIO()
    console = Console(width=width, file=printed)
    for table in tables:
        console.print(table)
    return printed.getvalue()


def test_help_names_every_simulator_and_says_why_some_cannot_be_had(spinspike: Run) -> None:
    lines = " ".join(text_of(simulator_table(), width=300).split())
    for backend in BACKENDS:
        assert f"{backend.name} {backend.regime}" in lines
        assert all(limit in lines for limit in backend.limits)
    for (name, regime), reason in IMPOSSIBLE.items():
        assert f"{name} {regime} cannot be had: {reason}" in lines
    done = spinspike("--help")
    assert "cannot be had" in done.stdout
    assert done.returncode == 0


@pytest.fixture(scope="module")
def outcomes(graph: SynapseGraph) -> list[Outcome]:
    """Of three simulators with long names."""
    found = list(validate(graph, Emulator(), patterns=4))
    names: list[tuple[str, Regime]] = [
        ("emulator", "step"), ("emulator", "asynchronous"), ("brian2", "continuous"),
    ]  # fmt: skip
    return [replace(o, simulator=n, regime=r) for n, r in names for o in found]


def test_tables_stand_in_eighty_columns_without_a_broken_line(outcomes: list[Outcome]) -> None:
    asked = Bounds(reached=0.4, same_class=0.4, accuracy=0.6)
    summary: dict[str, Any] = validation_summary(outcomes, claims(outcomes, asked))
    assert {"accuracy", "class"} <= {w for c in summary["claims"] for w in c["statement"].split()}
    tables = [*outcome_table(summary), *claim_table(summary)]
    text = text_of(*tables, width=80)
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 80
    assert len(text.splitlines()) == len(text_of(*tables, width=300).splitlines())
    for name in ("emulator (step)", "emulator (asynchronous)", "brian2 (continuous)"):
        assert text.count(f"\n  {name} ") == 2  # above its trials, and above its claims
    flat = " ".join(text.split())
    assert "learned, random start" in flat
    assert "free: emulator (step), emulator (asynchronous) 4 of 4" in flat


def test_without_a_folder_nothing_is_kept() -> None:
    with kept_in(None, resume=False) as folder:
        assert folder.is_dir()
    assert not folder.exists()


@pytest.mark.parametrize(
    ("options", "code", "last"),
    [
        (["--patterns", "40"], 0, "held: no certified state is lost (emulator (step) 80 of 80)"),
        (["--patterns", "4"], 3, "undecided: emulator (step), certified states kept: 8 of 8, "),
        (["--patterns", "4", "--kept", ".5"], 0, "held: no certified state is lost"),
        (["--patterns", "40", "--accuracy", ".2"], 0, "held: no certified state is lost"),
    ],
)
def test_the_last_line_is_the_verdict_and_its_exit_code_tells_it(
    file: Path, options: list[str], code: int, last: str
) -> None:
    runs = ["--run", "free", "--run", "learned", "--no-nulls"]
    done = CliRunner().invoke(app, ["validate", str(file), *runs, *options])
    assert done.exit_code == code
    assert done.stdout.splitlines()[-1].startswith(last)
    assert ("8 patterns cannot decide" in done.stderr) == (code == 3)


def test_a_certified_state_that_is_broken_on_purpose_is_exit_code_1_and_named(
    graph: SynapseGraph, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The emulator turns one unit of the third pattern over, ten steps before the end."""
    run = Emulator.run

    def faulty(self: Emulator, *given: Any, **options: Any) -> Recording:
        recording = run(self, *given, **options)
        assert recording.spikes is not None
        states, spikes = recording.states.copy(), recording.spikes.copy()
        states[-10:, 2:3, 0] *= -1
        spikes[-10:, 2:3, graph.io.unit == 0] ^= True
        return replace(recording, states=states, spikes=spikes)

    monkeypatch.setattr(Emulator, "run", faulty)
    options = ["--patterns", "40", "--run", "cued", "--no-nulls"]
    done = CliRunner().invoke(app, ["validate", str(file), *options])
    assert done.exit_code == 1
    said = "fails: emulator (step) lost a certified state in cued 2"
    assert done.stdout.splitlines()[-1] == said


def test_the_report_is_named_in_the_last_line_and_json_stays_json(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spinspike.studies.validation.report.write_report", lambda *_: {})
    options = ["--patterns", "40", "--run", "cued", "--no-nulls", "-o", str(tmp_path / "out")]
    done = CliRunner().invoke(app, ["validate", str(file), *options, "--json"])
    assert json.loads(done.stdout)["verdict"] == "holds"
    assert done.stderr.splitlines()[-1].endswith(f"; report: {tmp_path / 'out' / 'report.html'}")
