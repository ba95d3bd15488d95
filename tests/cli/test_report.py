"""The report: self-contained, and saying what the outcomes say."""

from __future__ import annotations

import csv
import html
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spinspike.cli.pipeline import mapping_summary
from spinspike.cli.report import Report, check_folder, outcome_summary, write_report
from spinspike.mapping import SynapseGraph, to_svg
from spinspike.model.errors import BadInput
from spinspike.simulators import Emulator, Outcome, claims, validate


@pytest.fixture(scope="module")
def outcomes(graph: SynapseGraph) -> list[Outcome]:
    found = list(validate(graph, Emulator(), patterns=20, runs=["free", "learned"]))
    spikes = (np.array([250.0, 310.0, 320.0]), np.array([0, 1, 150]))
    return [replace(o, raster=spikes) for o in found]


@pytest.fixture(scope="module")
def folder(
    graph: SynapseGraph, outcomes: list[Outcome], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    made = tmp_path_factory.mktemp("report")
    write_report(made, Report(graph, mapping_summary(graph), outcomes, claims(outcomes)))
    return made


def test_the_page_is_self_contained(folder: Path) -> None:
    page = (folder / "report.html").read_text()
    assert not re.findall(r'(?:src|href)="(?!data:)[^"]*"', page)
    assert "<script" not in page
    names = {f.stem for f in (folder / "figures").glob("*.png")}
    own = {"adjacency", "weights"}
    assert names == own | {"overlap", "raster", "nulls", "flips", "margins"}
    assert page.count("data:image/png;base64,") == len(names)


def test_the_graph_comes_after_what_it_does(folder: Path, graph: SynapseGraph) -> None:
    page = (folder / "report.html").read_text()
    begin, end = page.index("<h2>The graph</h2>"), page.index("<h2>Words</h2>")
    section = page[begin:end]
    picture = (folder / "figures" / "population.svg").read_text()
    assert picture == to_svg(graph)
    places = [section.index(part) for part in (picture.strip(), 'alt="adjacency"', 'alt="weights"')]
    assert places == sorted(places)
    assert page.index('alt="overlap"') < begin


def test_every_claim_is_on_the_page(folder: Path, outcomes: list[Outcome]) -> None:
    page = (folder / "report.html").read_text()
    for claim in claims(outcomes):
        assert html.escape(claim.statement) in page.replace("&#39;", "&#x27;")
    verdicts = [claim.verdict for claim in claims(outcomes)]
    failed, undecided = verdicts.count("fails"), verdicts.count("undecided")
    if failed:
        headline = f"{failed} of {len(verdicts)} claims fail"
    else:
        headline = (
            f"{len(verdicts) - undecided} claims hold, {undecided} undecided: too few patterns"
        )
    assert undecided
    assert f"<h1>{headline}</h1>" in page


def test_the_table_of_patterns_agrees_with_the_outcomes(
    folder: Path, outcomes: list[Outcome]
) -> None:
    with (folder / "patterns.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == sum(len(o.points) for o in outcomes)
    for o in outcomes:
        own = [r for r in rows if r["run"] == o.run and r["null"] == o.null]
        assert [r["exact"] == "True" for r in own] == o.exact.tolist()
        assert [float(r["overlap_at_end"]) for r in own] == pytest.approx(o.overlap[-1].tolist())
        quiet = ~np.isfinite(o.first_flip)
        assert [r["first_flip_after_release"] == "" for r in own] == quiet.tolist()


def test_the_summary_counts_by_hand(folder: Path, outcomes: list[Outcome]) -> None:
    summary = json.loads((folder / "summary.json").read_text())
    first = summary["validation"]["outcomes"][0]
    states = outcomes[0].points.states
    same = [bool((a == b).all()) for a, b in zip(outcomes[0].final, states, strict=True)]
    assert first["exact"] == sum(same) / len(same)
    right = outcomes[0].classes == outcomes[0].points.labels
    assert first["accuracy"] == right.sum() / len(right)
    assert "accuracy" not in outcome_summary(outcomes[1])


def test_a_folder_in_use_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is not empty; choose another name"):
        check_folder(folder, force=False)
    check_folder(folder, force=True)
    check_folder(tmp_path / "new", force=False)
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="is a file; give the name of a folder"):
        check_folder(tmp_path / "file", force=True)
