"""Finished runs are kept, known again, and not trained twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spinspike.errors import BadFile
from spinspike.model.data.dataset import Dataset
from spinspike.model.data.entangled import entangle
from spinspike.model.data.named import digits
from spinspike.model.training.ablation import Ablation, ablations
from spinspike.model.training.ablation_run import AblationRun
from spinspike.studies.reproduction import log as ablation_log
from spinspike.studies.reproduction.log import duration, estimate, read_runs, train_all, write_runs


@pytest.fixture(scope="module")
def data() -> Dataset:
    return entangle(digits(), dimensions=20)


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the runs that were trained; their accuracy is a tenth of their number."""
    names: list[str] = []

    def run(data: Dataset, ablation: Ablation, on_progress: object = None) -> AblationRun:
        names.append(ablation.name)
        return AblationRun(len(names) / 10, (), 1.0)

    monkeypatch.setattr(ablation_log, "run_ablation", run)
    monkeypatch.setattr(ablation_log, "seconds_per_image", lambda *_: 0.01)
    return names


def test_runs_that_are_kept_are_not_trained_again(
    data: Dataset, trained: list[str], tmp_path: Path
) -> None:
    runs, path = ablations(data, ["couplings"], units=[40]), tmp_path / "runs.jsonl"
    assert train_all(data, runs[:2], path, jobs=1) == [0.1, 0.2]
    assert train_all(data, runs, path, jobs=1) == [0.1, 0.2, 0.3]
    assert trained == [run.name for run in runs]
    others = ablations(data, ["couplings"], units=[40], seeds=[1])
    assert train_all(data, others[:1], path, jobs=1) == [0.4]
    assert [record["name"] for record in read_runs(path)] == trained


def test_groups_share_the_runs_they_have_in_common(
    data: Dataset, trained: list[str], tmp_path: Path
) -> None:
    """The baseline is the first of the couplings and the third of the self-couplings."""
    runs = ablations(data, ["couplings", "self-coupling"], units=[40])
    found = train_all(data, runs, tmp_path / "runs.jsonl", jobs=1)
    assert len(trained) == len(runs) - 1
    assert found[0] == found[5]


def test_runs_on_other_data_do_not_count(data: Dataset, trained: list[str], tmp_path: Path) -> None:
    runs = ablations(data, ["couplings"], units=[40])[:1]
    train_all(data, runs, tmp_path / "runs.jsonl", jobs=1)
    train_all(entangle(digits(), dimensions=20, seed=1), runs, tmp_path / "runs.jsonl", jobs=1)
    assert len(trained) == 2


def test_a_line_cut_short_is_left_out_and_a_broken_one_refused(tmp_path: Path) -> None:
    path, record = tmp_path / "runs.jsonl", {"settings": {"seed": 0}, "accuracy": 0.5}
    assert read_runs(path) == []
    write_runs(path, [record, record])
    assert read_runs(path) == [record, record]
    with path.open("a") as file:
        file.write(json.dumps(record)[:-5])
    assert read_runs(path) == [record, record]
    for broken in ("{", "3", '{"accuracy": "high", "settings": 1}', '{"accuracy": 1}'):
        path.write_text(json.dumps(record) + "\n" + broken + "\n")
        with pytest.raises(BadFile, match=r"runs\.jsonl has line 2 that is no finished run"):
            read_runs(path)


def test_a_long_time_is_told_before_it_is_spent(
    data: Dataset,
    trained: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A hundredth of a second for each of 1,147 images and an epoch, and 15 % for accuracies."""
    runs = ablations(data, ["margin"], units=[40], epochs=20)
    assert estimate(data, runs) == pytest.approx(6 * 20 * 1147 * 0.01 * 1.15)
    train_all(data, runs, tmp_path / "runs.jsonl", jobs=1)
    assert "6 runs, about 26 min of computing\n" in capsys.readouterr().err
    assert duration(36_000) == "10.0 h"
