"""What the interactive page is made of, without a browser: the bytes, the runs, what is refused."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import spinspike
from spinspike.cli.main import app
from spinspike.errors import BadInput
from spinspike.mapping import SynapseGraph, map_network, save
from spinspike.mapping.integrator.integrator_graph import map_integrator
from spinspike.model.integrator.linear_network import LinearNetwork
from spinspike.simulators.emulator.step import Emulator
from spinspike.simulators.validation.protocol import validate
from spinspike.studies.interactive.packed import INTEGERS, Pack, unpacked
from spinspike.studies.interactive.page import page, view
from spinspike.studies.interactive.scenes import played


@pytest.fixture(scope="module")
def file(graph: SynapseGraph, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("content") / "graph.h5"
    save(path, graph)
    return path


def test_arrays_come_back_as_they_were() -> None:
    rng = np.random.default_rng(0)
    pack, arrays = Pack(), []
    for kind in INTEGERS:
        ends = np.iinfo(kind)
        arrays.append(rng.integers(ends.min, ends.max, (3, 5), endpoint=True, dtype=kind))
    arrays += [rng.normal(size=7), rng.random((2, 3)) < 0.5, np.empty((0, 4), dtype=np.int64)]
    arrays.append(np.array([2**40, -(2**52)]))
    numbers = [pack.add(array) for array in arrays]
    assert [pack.add(array) for array in arrays] == numbers == list(range(len(arrays)))
    header, found = unpacked(pack.finish({"words": "é </script>"}))
    assert header["words"] == "é </script>"
    for array, back in zip(arrays, found, strict=True):
        np.testing.assert_array_equal(array, back)


def test_scenes_are_the_runs_that_validation_judges(graph: SynapseGraph) -> None:
    scenes = list(
        played([graph], [Emulator()], ["learned"], patterns=9, nulls=True, hold=40, seed=0)
    )
    judged = list(validate(graph, Emulator(), patterns=9, runs=["learned"]))
    assert [s.outcome.null for s in scenes] == [o.null for o in judged]
    for scene, outcome in zip(scenes, judged, strict=True):
        np.testing.assert_array_equal(scene.outcome.away, outcome.away)
        np.testing.assert_array_equal(scene.recording.states[-1], outcome.final)


def test_blocks_are_joined(graph: SynapseGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = next(played([graph], [Emulator()], ["free"], patterns=7, nulls=False, hold=5, seed=0))
    monkeypatch.setattr("spinspike.simulators.validation.protocol.PATTERNS_PER_BLOCK", {"step": 3})
    parts = next(played([graph], [Emulator()], ["free"], patterns=7, nulls=False, hold=5, seed=0))
    np.testing.assert_array_equal(whole.recording.states, parts.recording.states)
    np.testing.assert_array_equal(whole.stimulus.bias, parts.stimulus.bias)


def test_the_command_and_the_call_write_the_same(
    graph: SynapseGraph, file: Path, tmp_path: Path
) -> None:
    words = ["view", str(file), "--interactive", "-o", str(tmp_path / "one.html")]
    words += ["--patterns", "6", "--hold", "4", "--seed", "3", "--json"]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0
    found = spinspike.view(
        graph, tmp_path / "two.html", patterns=6, hold=4, seed=3, title="graph, step by step"
    )
    assert json.loads(done.stdout)["scenes"] == list(found.scenes)
    assert json.loads(done.stdout)["bytes"] == found.size == (tmp_path / "two.html").stat().st_size
    assert (tmp_path / "one.html").read_text() == (tmp_path / "two.html").read_text()


def test_nothing_but_the_title_and_the_data_is_left_open() -> None:
    written = page("a </title><script>b", b"data")
    assert "a &lt;/title&gt;&lt;script&gt;b" in written
    assert "{{" not in written.partition('id="data">')[0].partition("<style>")[0]
    # what is fetched: nothing; the one url() of the program is a picture that it draws itself
    assert not re.findall(r"<(?:link|script src|img|iframe)|@import|url\((?!\$)", written)
    policy = written.partition("Content-Security-Policy")[2].partition(">")[0]
    assert "default-src 'none'" in policy
    program = written.rpartition("<script>")[2].partition("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(program.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy


def test_the_built_page_is_that_of_its_sources() -> None:
    room = Path(__file__).parents[3] / "studies" / "interactive"
    digest = hashlib.sha256()
    for source in sorted((room / "web").iterdir(), key=lambda path: path.name):
        digest.update(source.read_bytes())
    built = f'<meta name="sources" content="{digest.hexdigest()}">'
    assert built in (room / "page.html").read_text(), "stale: make page, with node, builds it anew"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--interactive", "--run", "dream"], "unknown run 'dream'"),
        (["--interactive", "--on", "spinnaker"], "unknown simulator 'spinnaker'"),
        (["--hold", "3"], "say what a page plays: give --interactive, too"),
    ],
)
def test_bad_words_write_nothing(
    file: Path, tmp_path: Path, words: list[str], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        CliRunner().invoke(
            app, ["view", str(file), "-o", str(tmp_path / "x"), *words], catch_exceptions=False
        )
    assert not any(tmp_path.iterdir())


def test_what_cannot_be_played_is_refused(graph: SynapseGraph, tmp_path: Path) -> None:
    (tmp_path / "mine.html").write_text("mine")
    with pytest.raises(BadInput, match=r"mine\.html exists"):
        view(graph, tmp_path / "mine.html", patterns=2)
    assert (tmp_path / "mine.html").read_text() == "mine"
    with pytest.raises(BadInput, match="carries no"):
        view(replace(graph, fixed_points={}), tmp_path / "none.html")
    points = {name: p.select(slice(1, 20)) for name, p in graph.fixed_points.items()}
    with pytest.raises(BadInput, match="graph other is of another network"):
        view(graph, tmp_path / "two.html", beside={"other": replace(graph, fixed_points=points)})
    with pytest.raises(BadInput, match="two graphs are called 'dale, 8 bits'"):
        view(graph, tmp_path / "two.html", beside={"dale, 8 bits": graph})
    graded = map_integrator(LinearNetwork(np.array([[0.9]]), np.ones(1), np.ones(1)))
    with pytest.raises(BadInput, match="graded neurons"):
        view(graded, tmp_path / "graded.html")
    assert [p.name for p in tmp_path.iterdir()] == ["mine.html"]


def test_a_memory_is_played_from_its_states(tmp_path: Path) -> None:
    patterns = np.random.default_rng(0).choice([-1, 1], (3, 40))
    made = view(map_network(spinspike.store(patterns)), tmp_path / "memory.html")
    assert {s["run"] for s in made.scenes} == {"cued"}
