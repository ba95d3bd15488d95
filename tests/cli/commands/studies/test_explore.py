"""The command `explore`: what it writes, against enumeration and the table of closed forms."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm
from typer.testing import CliRunner, Result

from spinspike.cli.main import app
from spinspike.errors import BadFile, BadInput
from spinspike.mapping import map_network
from spinspike.mapping.graph import graph_file
from spinspike.model.data.dataset import Split
from spinspike.model.network import network_file
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.network import random_network
from spinspike.model.network.network_file import NetworkFile
from spinspike.model.training.settled import free_fixed_points
from spinspike.studies.landscape import network_page, reached, sweep_page
from spinspike.studies.landscape.network_findings import _over
from spinspike.studies.landscape.options import numbers

pytestmark = pytest.mark.matplotlib
Explore = Callable[..., Result]
UNITS = 9
SMALL = ("--units", "10,16", "--networks", 3, "--starts", 5, "--limit", 60, "--jobs", 1)
BARE = (*SMALL, "--algorithms", "", "--neighbourhoods", 0)


@pytest.fixture
def explore(tmp_path: Path) -> Explore:
    """The command, into the folder ``out``."""

    def run(*arguments: object) -> Result:
        words = ["explore", *map(str, arguments), "-o", str(tmp_path / "out")]
        return CliRunner().invoke(app, words)

    return run


@pytest.fixture
def content(tmp_path: Path) -> NetworkFile:
    """A network of nine units that carries free fixed points, as ``net.h5``; mapped, as ``graph.h5``."""
    architecture = Architecture(UNITS, 5, 2, self_coupling=0.9, sparsity=0.0, input_scale=0.6)
    rng = np.random.default_rng(4)
    network = random_network(architecture, rng, centre=np.full(5, 0.5))
    split = Split(rng.random((30, 5)), np.zeros(30, dtype=np.int64))
    found = NetworkFile(network, {"free": free_fixed_points(network, split)}, {})
    network_file.save(tmp_path / "net.h5", found)
    graph_file.save(tmp_path / "graph.h5", map_network(network, found.fixed_points))
    return found


def table(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def counted(content: NetworkFile, image: Any) -> int:
    """Fixed points of all states under one image, one after the other."""
    n = content.network
    J = n.coupling.toarray() + np.diag(n.self_coupling)
    given = n.input_weight.toarray() @ ((image - n.centre) * n.gain)
    return sum(
        all(s * h >= 0 for s, h in zip(state, J @ state + given, strict=True))
        for state in product((-1, 1), repeat=UNITS)
    )


def test_a_sweep_writes_a_page_tables_and_figures(
    explore: Explore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reached, "DISTANCES", (1, 2))  # those that need no sampling
    done = explore(
        *SMALL, "--self-coupling", "0,0.5,1", "--link", "0,0.8", "--algorithms",
        "asynchronous,reinforced", "--neighbourhoods", 2, "--json",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    out, printed = tmp_path / "out", json.loads(done.stdout)
    assert json.loads((out / "summary.json").read_text()) == printed
    rows = table(out / "convergence.csv")
    assert len(rows) == len(printed["rows"]) == 2 * 2 * 3 * 2
    for row, again in zip(rows, printed["rows"], strict=True):
        assert float(row["converged"]) == again["converged"]
        assert row["sweeps"] == ("" if again["sweeps"] is None else str(again["sweeps"]))
        assert again["low"] <= again["converged"] <= again["high"]
    assert len(table(out / "thresholds.csv")) == 2 * 2 * 2
    assert len(table(out / "algorithms.csv")) == 2 * 3
    near = table(out / "nearby.csv")
    assert {row["kind"] for row in near} == {"reached", "typical", "alike"}
    page = (out / "report.html").read_text()
    names = ("phase", "convergence", "sweeps", "start_overlap", "scaling", "complexity", "nearby")
    for name in (*names, "algorithms"):
        assert (out / f"figures/{name}.png").read_bytes().startswith(b"\x89PNG")
        assert f'alt="{name}"' in page
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert printed["repeat"]["command"].startswith("spinspike")


@pytest.mark.usefixtures("undrawn")
def test_one_line_of_one_module_says_where_half_converge(explore: Explore, tmp_path: Path) -> None:
    done = explore(*BARE, "--self-coupling", "0:50:25", "--link", 0, "--orders", "asynchronous")
    assert done.exit_code == 0, done.output
    said = " ".join(done.stdout.split())
    assert "J_D at which half of the runs converge within 60 sweeps" in said
    rows = [row for row in table(tmp_path / "out/convergence.csv") if row["units"] == "16"]
    assert [row["modules"] for row in rows] == ["1"] * 3
    assert float(rows[0]["complexity"]) == 0
    latch = rows[-1]  # holds every start, and is seen to do so
    assert [float(latch[n]) for n in ("converged", "sweeps", "start_overlap")] == [1, 0, 1]
    assert float(latch["complexity"]) == pytest.approx(np.log(2))


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are not drawn, which takes most of the time."""
    drawn = {"name": "none", "caption": "", "data": ""}
    for page in (sweep_page, network_page):
        monkeypatch.setattr(page, "picture", lambda *_: drawn)


@pytest.mark.usefixtures("undrawn")
def test_it_goes_on_from_what_is_there(explore: Explore, tmp_path: Path) -> None:
    few = (*BARE, "--link", 0, "--orders", "asynchronous")
    explore(*few, "--self-coupling", "0.5,1")
    results = tmp_path / "out/results"
    before = {f.name: f.stat().st_mtime_ns for f in results.iterdir()}
    first = (tmp_path / "out/convergence.csv").read_text().splitlines()
    done = explore(*few, "--self-coupling", "0.5,1,2")
    assert done.exit_code == 0, done.output
    after = {f.name: f.stat().st_mtime_ns for f in results.iterdir()}
    assert len(after) == len(before) * 3 / 2
    assert {name: after[name] for name in before} == before
    assert set(first) <= set((tmp_path / "out/convergence.csv").read_text().splitlines())
    explore(*few, "--self-coupling", "0.5,1", "--force")
    assert len(list(results.iterdir())) == len(before)
    assert (tmp_path / "out/convergence.csv").read_text().splitlines() == first


@pytest.mark.usefixtures("undrawn")
def test_one_level_alone_gives_a_table_of_convergence(explore: Explore) -> None:
    done = explore(*BARE, "--self-coupling", 1, "--link", 0, "--algorithms", "replicated")
    assert done.exit_code == 0, done.output
    assert "Where dynamics converge" in done.stdout


def test_a_network_is_counted_and_held_against_its_graph_and_disorder(
    explore: Explore, tmp_path: Path, content: NetworkFile
) -> None:
    net, graph = tmp_path / "net.h5", tmp_path / "graph.h5"
    done = explore(net, "--against", graph, "--fresh", "--patterns", 6, "--starts", 20, "--json",
                   "--jobs", 1)  # fmt: skip
    assert done.exit_code == 0, done.output
    printed = json.loads(done.stdout)
    assert json.loads((tmp_path / "out/summary.json").read_text()) == printed
    images = content.fixed_points["free"].inputs[:6]
    wanted: dict[str, Any] = {"no input": counted(content, content.network.centre)}
    wanted["test images"] = np.mean([counted(content, image) for image in images])
    counts = {(c["subject"], c["condition"]): c["count"] for c in printed["counts"]}
    for condition, number in wanted.items():
        assert counts["net.h5", condition] == pytest.approx(number)
        assert counts["graph.h5", condition] == pytest.approx(number, rel=0.3)
    for row in printed["convergence"]:  # images are what is repeated, without input starts are
        trials = 20 if row["condition"] == "no input" else 6
        assert row["converged"] == 1
        assert row["low"] == pytest.approx(trials / (trials + norm.ppf(0.975) ** 2))
    held = {r["subject"]: r["known_held"] for r in printed["convergence"] if r["known_held"]}
    assert held["net.h5"] == held["graph.h5"] == 1
    assert held.get("net.h5, permuted", 0) < 0.8
    page = (tmp_path / "out/report.html").read_text()
    for name in ("endings", "overlaps", "around"):
        assert f'alt="{name}"' in page
    assert printed["repeat"]["graph"]["file"] == "net.h5"
    assert len(table(tmp_path / "out/convergence.csv")) == len(printed["convergence"]) == 3 * 2 * 2


@pytest.mark.usefixtures("undrawn")
def test_a_network_without_fixed_points_is_explored_without_input(
    explore: Explore, tmp_path: Path, content: NetworkFile
) -> None:
    network_file.save(tmp_path / "bare.h5", replace(content, fixed_points={}))
    done = explore(tmp_path / "bare.h5", "--orders", "synchronous", "--json", "--jobs", 1)
    assert done.exit_code == 0, done.output
    assert [r["condition"] for r in json.loads(done.stdout)["convergence"]] == ["no input"]
    again = explore(tmp_path / "bare.h5", "--orders", "synchronous", "--jobs", 1)
    assert "Where random states end" in again.stdout


@pytest.mark.usefixtures("undrawn")
def test_links_that_join_too_many_spins_for_messages_are_counted(
    explore: Explore, tmp_path: Path
) -> None:
    chain = random_network(Architecture(2, 5, 2, modules=9, link=1.0), np.random.default_rng(0),
                 centre=np.zeros(5))  # fmt: skip
    network_file.save(tmp_path / "chain.h5", NetworkFile(chain, {}, {}))
    done = explore(tmp_path / "chain.h5", "--orders", "synchronous", "--json", "--jobs", 1)
    assert done.exit_code == 0, done.output
    (found,) = json.loads(done.stdout)["counts"]
    assert found["bethe"] is None
    assert found["count"] >= 1


def test_one_image_of_many_says_nothing_of_its_error() -> None:
    """Images are what is repeated; starts under one of them are not independent of each other."""
    some, none = np.array([1.0, 2.0, 6.0]), np.empty(0)
    assert _over([some, none])[0] == 3
    assert np.isnan(_over([some, none])[1])
    assert _over([some, some + 2]) == (4.0, 1.0)
    assert _over([some])[1] == pytest.approx(np.std(some, ddof=1) / np.sqrt(3))


def test_files_that_cannot_be_compared_are_refused(
    explore: Explore, tmp_path: Path, content: NetworkFile
) -> None:
    other = random_network(Architecture(4, 5, 2), np.random.default_rng(0), centre=np.zeros(5))
    network_file.save(tmp_path / "other.h5", NetworkFile(other, {}, {}))
    net = tmp_path / "net.h5"
    done = explore(net, "--against", tmp_path / "other.h5")
    assert isinstance(done.exception, BadInput)
    assert "other.h5 has 4 units and 5 inputs; allowed beside net.h5: 9 and 5" in str(
        done.exception
    )
    assert isinstance(explore(net, "--against", net).exception, BadInput)
    twice = explore(net, "--orders", "synchronous,synchronous").exception
    assert "order is 'synchronous'; allowed: synchronous, partial, asynchronous, each once" in str(
        twice
    )
    alien = explore(net, "--units", 9).exception
    assert isinstance(alien, BadInput)
    assert "--units is of random networks, and" in str(alien)
    (tmp_path / "text.h5").write_text("no such thing")
    assert isinstance(explore(tmp_path / "text.h5").exception, BadFile)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--fresh",), "name its file first"),
        (("--self-coupling", "much"), "self-coupling is 'much'; allowed: numbers with commas"),
        (("--self-coupling", "1:0:0.1"), "first:last:step"),
        (("--self-coupling", "0:9:0.01"), "more than 200 values"),
        (("--link", "nan"), "link is 'nan'"),
        (("--units", "4.5"), "units is '4.5'; allowed: whole numbers"),
        (("--units", "1"), "units is 1; allowed: 2 or more"),
        (("--orders", "sideways"), "order is 'sideways'"),
        (("--algorithms", "magic"), "order is 'magic'"),
        (("--orders", "synchronous,synchronous"), "each once"),
        (("--limit", 10), "limit is 10 sweeps; allowed with replicated: 32 or more"),
    ],
)
def test_what_is_not_allowed_is_said_before_anything_is_written(
    explore: Explore, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = explore(*arguments)
    assert isinstance(done.exception, BadInput)
    assert said in str(done.exception)
    assert not (tmp_path / "out").exists()


def test_a_folder_of_something_else_is_left_alone(explore: Explore, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/letter.txt").write_text("dear")
    done = explore(*BARE)
    assert isinstance(done.exception, BadInput)
    assert "holds no results to go on from" in str(done.exception)


def test_ranges_hold_both_ends() -> None:
    assert numbers("x", "0.1:0.5:0.2,2") == (0.1, 0.3, 0.5, 2.0)
    assert numbers("x", "0.3:1.2:0.3") == (0.3, 0.6, 0.9, 1.2)
    assert numbers("x", "7", whole=True) == (7.0,)
