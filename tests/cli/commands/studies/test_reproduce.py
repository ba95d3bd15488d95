"""The command: its folder, what it goes on from, and its exit codes."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from spinspike.cli.commands.studies.reproduce import reproduce
from spinspike.errors import BadInput, MissingPart
from spinspike.model.landscape.theory.complexity import expected_count
from spinspike.studies.reproduction import run as reproduction
from spinspike.studies.reproduction.figures import Row
from spinspike.studies.reproduction.run import Plan, claims

pytestmark = pytest.mark.matplotlib
QUICK = ("--quick", "--epochs", "1", "--units", "40", "--json")


def run(*arguments: object) -> Result:
    app = typer.Typer()
    app.command()(reproduce)
    return CliRunner().invoke(app, [str(word) for word in arguments])


def stdout(result: Result) -> Any:
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two groups and the counts."""
    made = tmp_path_factory.mktemp("reproduced") / "out"
    groups = ("--group", "couplings", "--group", "self-coupling", "--group", "counts")
    result = run(*QUICK, *groups, "-o", made)
    assert stdout(result)["claims"][0]["holds"]
    assert result.exit_code == 0
    return made


def test_the_folder_holds_rows_figures_and_runs(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {
        "rows.csv", "runs.jsonl", "summary.json",
        "couplings.png", "self-coupling.png", "counts.png",
    }  # fmt: skip
    summary = json.loads((folder / "summary.json").read_text())
    assert len(summary["rows"]) == 3 + 4 + 5
    assert [row["published"] for row in summary["rows"][:7]] == [None] * 7
    with (folder / "rows.csv").open() as file:
        table = list(csv.DictReader(file))
    assert [float(row["measured"]) for row in table] == [row["measured"] for row in summary["rows"]]
    assert float(table[-1]["published"]) == expected_count(6, 1.0)
    runs = (folder / "runs.jsonl").read_text().splitlines()
    assert len(runs) == 6  # two groups have the baseline in common


def test_finished_runs_are_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """None is left to be trained: an estimate would have asked for the time of one."""
    monkeypatch.setattr("spinspike.studies.reproduction.log.estimate", None)
    before = (folder / "runs.jsonl").read_text()
    with (folder / "runs.jsonl").open("a") as file:
        file.write(before[:40])  # as a run leaves it that is ended while it writes
    again = stdout(run(*QUICK, "--group", "couplings", "-o", folder, "--resume"))
    assert (folder / "runs.jsonl").read_text() == before
    assert [row["series"] for row in again["rows"]] == ["J learned", "J = 0", "J frozen"]


def test_tables_show_measured_beside_published() -> None:
    row = Row("sweeps", "T clamped, T free", 2, 1600, 3, 0.85, 0.004, 0.844)
    text = reproduction.cells(vars(row) | {"difference": row.difference})
    assert text[1:] == ["2", "1600", "3", "0.850 ± 0.004", "0.844 ± 0.003", "+0.006"]
    bare = Row("margin", "J and Win", 2, 60, 1, 0.85, None, None)
    assert reproduction.cells(vars(bare) | {"difference": None})[4:] == ["0.850", "", ""]


def accuracies(*values: float) -> list[Row]:
    places = [("one phase", 0.5), ("one phase", 0.0), ("two phases", 0.5), ("two phases", 0.0)]
    return [
        Row("self-coupling", *place, 400, 1, value, None, None)
        for place, value in zip(places, values, strict=True)
    ]


def test_the_claim_about_self_couplings_holds_or_fails() -> None:
    """As published; with a network that needs none; with self-couplings that do not help."""
    for values, holds in (
        ((0.881, 0.839, 0.873, 0.114), True),
        ((0.88, 0.84, 0.87, 0.80), False),
        ((0.88, 0.84, 0.12, 0.11), False),
    ):
        (claim,) = claims(accuracies(*values), Plan())
        assert claim["holds"] is holds
        assert claims(accuracies(*values), Plan(quick=True)) == []


def test_exit_code_1_when_counts_are_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reproduction, "mean_count", lambda *_: (1.0, 0.01))
    result = run("--quick", "--group", "counts", "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert "FAILS" in result.stdout
    assert not (tmp_path / "out" / "runs.jsonl").exists()


def test_what_makes_no_sense_is_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    for words, said in (
        (("-o", folder, "--quick"), "holds results; keep its finished runs with --resume"),
        (("-o", tmp_path / "file", "--quick"), "file is a file; give the name of a folder"),
        (("-o", tmp_path / "a", "--group", "depth"), "group is 'depth'; allowed: .*, counts"),
        (("-o", tmp_path / "a", "--quick", "--data", "x"), "--quick reads no data, got .* x;"),
        (("-o", tmp_path / "a", "--quick", "--jobs", 0), "jobs is 0; allowed: 1 or more"),
        (("-o", tmp_path / "a"), "'entangled-mnist' is read from IDX files and no folder"),
        (("-o", tmp_path / "a", "--quick", "--readout", "x"), "readout_states is 'x'; allowed"),
    ):
        with pytest.raises(BadInput, match=said):
            stdout(run(*words))
    assert not (tmp_path / "a").exists()
    monkeypatch.setattr(reproduction, "find_spec", lambda _: None)
    with pytest.raises(MissingPart, match="figures need matplotlib"):
        stdout(run("-o", tmp_path / "a", "--quick"))
