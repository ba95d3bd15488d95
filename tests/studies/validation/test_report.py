"""The report: self-contained, and saying what the outcomes say."""

from __future__ import annotations

import csv
import hashlib
import html
import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from spinspike.errors import BadFile, BadInput
from spinspike.mapping import SynapseGraph, to_svg
from spinspike.mapping.graph import graph_file
from spinspike.simulators import Bounds, Emulator, Outcome, answers, claims, sentence, validate
from spinspike.simulators.stress.curve import StressCurve
from spinspike.simulators.validation.examples import Example
from spinspike.studies.mapping import mapping_summary
from spinspike.studies.page.folder import check_folder
from spinspike.studies.page.provenance import how_to_repeat
from spinspike.studies.page.style import INK
from spinspike.studies.validation.report import Report, outcome_summary, write_report

ASKED = Bounds(kept=0.999, reached=0.8, same_class=0.7)


@pytest.fixture(scope="module")
def outcomes(graph: SynapseGraph) -> list[Outcome]:
    """Two simulators, of which the second ends elsewhere in one pattern."""
    found = list(validate(graph, Emulator(), patterns=20, runs=["free", "learned"]))
    other = replace(found[1], simulator="lava", final=found[1].final.copy())
    other.final[3, 5] *= -1
    return [*found, other]


@pytest.fixture(scope="module")
def examples(graph: SynapseGraph, outcomes: list[Outcome]) -> list[Example]:
    (alone,) = validate(graph, Emulator(), patterns=1, runs=["learned"], nulls=False)
    spikes = (np.array([250.0, 310.0, 320.0]), np.array([0, 1, 150]))
    return [Example("held", 0, replace(alone, raster=spikes)), Example("lost", 1, alone)]


@pytest.fixture(scope="module")
def folder(
    graph: SynapseGraph,
    outcomes: list[Outcome],
    examples: list[Example],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    made = tmp_path_factory.mktemp("report")
    graph_file.save(made / "graph.h5", graph)
    facts = {"repeat": how_to_repeat(made / "graph.h5", ["validate", "my graph.h5"])}
    report = Report(
        graph,
        mapping_summary(graph),
        outcomes,
        claims(outcomes, ASKED),
        examples=examples,
        facts=facts,
    )
    write_report(made, report)
    return made


def test_the_page_is_self_contained(folder: Path) -> None:
    page = (folder / "report.html").read_text()
    assert not re.findall(r'(?:src|href)="(?!data:)[^"]*"', page)
    assert "<script" not in page
    assert "url(" not in page
    names = {f.stem for f in (folder / "figures").glob("*.png")}
    own = {"adjacency", "weights"}
    assert names == own | {"overlap", "raster-emulator-held", "nulls", "flips", "margins"}
    assert {f.stem for f in (folder / "figures").glob("*.svg")} == {*names, "population"}
    assert page.count("data:image/svg+xml;base64,") == len(names)


def test_figures_follow_the_colour_scheme_of_the_reader(folder: Path) -> None:
    """Ink is a variable with a value for each scheme; nothing is drawn in the light one's ink."""
    for file in (folder / "figures").glob("*.svg"):
        if file.stem == "population":
            continue
        drawing = file.read_text()
        style = drawing[drawing.index("<style>") : drawing.index("</style>")]
        assert "prefers-color-scheme:dark" in style
        assert INK in style
        assert INK not in drawing.replace(style, "")
        assert "var(--ink)" in drawing
        ElementTree.fromstring(drawing)


def test_it_says_how_to_repeat_it(folder: Path) -> None:
    repeat = json.loads((folder / "summary.json").read_text())["repeat"]
    assert repeat["command"] == "spinspike validate 'my graph.h5'"
    assert repeat["versions"]["numpy"] == np.__version__
    data = (folder / "graph.h5").read_bytes()
    assert repeat["graph"] == {"file": "graph.h5", "sha256": hashlib.sha256(data).hexdigest()}
    page = html.unescape((folder / "report.html").read_text())
    assert repeat["command"] in page
    assert repeat["graph"]["sha256"] in page


def test_disagreements_are_a_table_and_on_the_page(folder: Path, outcomes: list[Outcome]) -> None:
    with (folder / "disagreements.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert (row["run"], row["pattern"], row["units_that_differ"]) == ("learned", "3", "1")
    assert (row["one"], row["other"], row["weakest_of_them"]) == ("emulator (step)", "lava", "5")
    page = (folder / "report.html").read_text()
    assert "learned: emulator (step) and lava" in page
    assert "95.0 %" in page[page.index("Do the simulators agree?") :]


def test_the_graph_comes_after_what_it_does(folder: Path, graph: SynapseGraph) -> None:
    page = (folder / "report.html").read_text()
    begin, end = page.index("<summary>The graph"), page.index("<summary>Words")
    section = page[begin:end]
    picture = (folder / "figures" / "population.svg").read_text()
    assert picture == to_svg(graph)
    places = [section.index(part) for part in (picture.strip(), 'alt="adjacency"', 'alt="weights"')]
    assert places == sorted(places)
    assert page.index('alt="overlap"') < begin


def test_the_verdict_and_what_does_not_hold_stand_on_top(
    folder: Path, outcomes: list[Outcome]
) -> None:
    found, page = claims(outcomes, ASKED), html.unescape((folder / "report.html").read_text())
    assert all(claim.statement in page for claim in found)
    top = page[: page.index('class="cards"')]
    unsettled = [c for c in found if c.verdict != "holds"]
    assert unsettled
    assert all(c.statement in top for c in unsettled)
    assert f">{sentence(found)}</h1>" in top
    for answer in answers(outcomes, found):
        assert f"<dt>{answer.question} {answer.answer}</dt><dd>{answer.meaning}<" in top
        assert all(f"<li>{line}</li>" in top for line in answer.details)


def test_the_table_of_patterns_agrees_with_the_outcomes(
    folder: Path, outcomes: list[Outcome]
) -> None:
    with (folder / "patterns.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == sum(len(o.points) for o in outcomes)
    for o in outcomes:
        known = {"simulator": o.simulator, "run": o.run, "null": o.null}
        own = [r for r in rows if known.items() <= r.items()]
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
    (tmp_path / "new" / "stress").mkdir()
    check_folder(tmp_path / "new", force=False)
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="is a file; give the name of a folder"):
        check_folder(tmp_path / "file", force=True)


CURVE = StressCurve(
    kind="flips", title="Initial flips", unit="units", asked="in s* at the end",
    simulator="emulator", regime="step", patterns=4, draws=1, levels=(0.0, 1.0), held=(1.0, 0.5),
    low=(0.5, 0.2), high=(1.0, 0.8), units=(1.0, 0.9), class_kept=(1.0, 1.0), null=(0.0, 0.0),
    null_units=(0.9, 0.9), bound=None, certified="", cases=0, broken=0, sure=0, lost=0, chance=None,
    least=None, marks={},
)  # fmt: skip
ESTIMATE = {
    "answer": dict.fromkeys(
        ("joules", "synapse", "dendrite", "soma", "network", "seconds"), 2.5e-6
    ),
    "held": dict.fromkeys(
        (
            "joules_per_step", "seconds_per_step", "joules_per_second",
            "joules_per_second_of_1_ms_steps",
        ),
        4e-9,
    ),
}  # fmt: skip


def test_what_other_commands_left_in_the_folder_is_shown(
    graph: SynapseGraph, outcomes: list[Outcome], tmp_path: Path
) -> None:
    report = Report(graph, mapping_summary(graph), outcomes, claims(outcomes))
    write_report(tmp_path, report)
    page = (tmp_path / "report.html").read_text()
    assert "Under stress" not in page
    assert "Energy" not in page
    (tmp_path / "stress").mkdir()
    curves = json.dumps({"curves": [asdict(CURVE)]})
    (tmp_path / "stress" / "summary.json").write_text(curves)
    energy = {"estimates": {"analytic": ESTIMATE}, "assumptions": ["no leakage"]}
    (tmp_path / "energy.json").write_text(json.dumps(energy))
    write_report(tmp_path, report)
    page = (tmp_path / "report.html").read_text()
    assert 'alt="stress"' in page[page.index("Under stress") :]
    shown = page[page.index("Energy, estimated") :]
    assert "<th>analytic</th>" in shown
    assert "2.50 µJ" in shown
    assert "4.00 nJ" in shown
    assert "Assumed: no leakage." in shown


def test_a_file_beside_the_report_that_is_none_of_theirs_is_refused(
    graph: SynapseGraph, outcomes: list[Outcome], tmp_path: Path
) -> None:
    (tmp_path / "energy.json").write_text("{}")
    report = Report(graph, mapping_summary(graph), outcomes, claims(outcomes))
    with pytest.raises(BadFile, match=r"energy\.json is not what `spinspike energy --json` prints"):
        write_report(tmp_path, report)


def test_a_full_disk_leaves_the_report_that_was_there(
    graph: SynapseGraph,
    outcomes: list[Outcome],
    tmp_path: Path,
    full_disk: Callable[[int], AbstractContextManager[None]],
) -> None:
    (tmp_path / "report.html").write_text("older")
    report = Report(graph, mapping_summary(graph), outcomes, claims(outcomes))
    with full_disk(30_000), pytest.raises(BadInput, match=r"cannot be written: .* MB are free in"):
        write_report(tmp_path, report)
    assert [(f.name, f.read_text()) for f in tmp_path.iterdir()] == [("report.html", "older")]
