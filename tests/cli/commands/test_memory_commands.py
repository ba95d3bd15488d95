"""`store`, `map`, `recall`: patterns of one's own, three commands."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import spinspike
from spinspike.model.network import network_file

Run = Callable[..., subprocess.CompletedProcess[str]]
COMMAND = str(Path(sys.executable).with_name("spinspike"))


@pytest.fixture(scope="module")
def run(program: Run) -> Run:
    """The program."""
    return program


@pytest.fixture(scope="module")
def made(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("memory")
    np.save(folder / "patterns.npy", np.random.default_rng(0).choice([0, 1], (6, 64)))
    assert run("store", folder / "patterns.npy", "-o", folder / "memory.h5").returncode == 0
    assert run("map", folder / "memory.h5", "-o", folder / "graph.h5").returncode == 0
    return folder


def test_patterns_come_back_as_the_states_of_network_and_graph(made: Path) -> None:
    given = 2 * np.load(made / "patterns.npy") - 1
    for name in ("memory.h5", "graph.h5"):
        content = spinspike.load(made / name)
        assert np.array_equal(content.fixed_points["learned"].states, given)


def test_recall_tells_curves_nulls_and_reference(run: Run, made: Path) -> None:
    result = run(
        "recall", made / "graph.h5", "--network", made / "memory.h5", "--flip", "0:0.2:0.1",
        "-o", made / "report", "--json",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    summary = json.loads(result.stdout)
    assert summary["verdict"] == "holds"
    assert [r["null"] for r in summary["runs"]] == [
        "", "no couplings", "permuted", "another memory", "reference",
    ]  # fmt: skip
    assert [level["fraction"] for level in summary["runs"][0]["levels"]] == [0, 0.1, 0.2]
    written = {file.name for file in (made / "report").iterdir()}
    assert written >= {"report.html", "recall.csv", "cues.csv", "summary.json", "figures"}


def test_pictures_are_shown(run: Run, made: Path, tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    rng = np.random.default_rng(1)
    (tmp_path / "pictures").mkdir()
    for k in range(3):
        pixels = rng.choice([0, 255], (8, 8)).astype(np.uint8)
        image.fromarray(pixels).save(tmp_path / "pictures" / f"{k}.png")
    assert run("store", tmp_path / "pictures", "-o", tmp_path / "m.h5").returncode == 0
    assert run("map", tmp_path / "m.h5", "-o", tmp_path / "g.h5").returncode == 0
    assert run("recall", tmp_path / "g.h5", "--flip", "0,0.1", "-o", tmp_path / "r").returncode == 0
    assert (tmp_path / "r" / "figures" / "recalled0.png").exists()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--flip", "0:2:0.1"), "0:2:0.1"),
        (("--flip", "0.1", "--noise", "0.1"), "allowed: one of"),
        (("--like-reference", "0.9"), "without --network"),
        (("--kept", "2"), "--kept is 2"),
        (("--network", "GRAPH"), "holds a graph"),
    ],
)
def test_bad_questions_are_one_line(
    run: Run, made: Path, arguments: tuple[str, ...], named: str
) -> None:
    words = [str(made / "graph.h5") if word == "GRAPH" else word for word in arguments]
    result = run("recall", made / "graph.h5", *words)
    assert result.returncode == 2
    assert named in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("patterns", "named"),
    [
        ([[1, -1, 1], [1, -1, 1]], "patterns 0 and 1 are equal"),
        ([[1, -1, 1], [1, -1, -1]], "contradict each other"),
        ([[1, -1, 0.5], [1, 1, 1]], "pattern 0 has 0.5 at unit 2"),
        ([[1, np.nan, 1], [1, 1, 1]], "pattern 0 has nan at unit 1"),
    ],
)
def test_bad_patterns_are_one_line_and_leave_nothing(
    run: Run, tmp_path: Path, patterns: list[list[float]], named: str
) -> None:
    np.save(tmp_path / "p.npy", np.array(patterns))
    result = run("store", tmp_path / "p.npy", "-o", tmp_path / "m.h5")
    assert result.returncode == 2
    assert named in result.stderr
    assert not (tmp_path / "m.h5").exists()


def test_patterns_beyond_capacity_are_stored_and_named(run: Run, tmp_path: Path) -> None:
    np.save(tmp_path / "p.npy", np.random.default_rng(0).choice([-1, 1], (40, 60)))
    result = run("store", tmp_path / "p.npy", "-o", tmp_path / "m.h5", "--rule", "hebb", "--json")
    assert result.returncode == 1
    found = json.loads(result.stdout)
    assert found["held"] + len(found["not_held"]) == 40
    assert "beyond the rule's limit" in found["capacity"]


def test_a_matrix_alone_is_imported_with_states(run: Run, tmp_path: Path) -> None:
    states = np.random.default_rng(0).choice([0, 1], (3, 40))
    spins = 2 * states - 1
    coupling = spins.T @ spins
    np.fill_diagonal(coupling, 0)
    np.savez(
        tmp_path / "J.npz", J=2 * coupling, bias=-coupling.sum(axis=1), states=states,
        unit_values=[0, 1],
    )  # fmt: skip
    result = run("import", "arrays", tmp_path / "J.npz", "-o", tmp_path / "n.h5", "--json")
    assert result.returncode == 0, result.stderr
    content = network_file.load(tmp_path / "n.h5")
    assert np.array_equal(content.network.coupling.toarray(), coupling)
    assert not content.network.bias.any()
    assert np.array_equal(content.fixed_points["learned"].states, spins)


def test_a_wrong_name_lists_every_array_with_its_shape(run: Run, tmp_path: Path) -> None:
    np.savez(tmp_path / "J.npz", W=np.eye(3))
    result = run("import", "arrays", tmp_path / "J.npz", "-o", tmp_path / "n.h5")
    assert result.returncode == 2
    assert "J (H, H), J[i, j] from unit j to unit i" in result.stderr
    for shape, named in (((3, 4), "J has shape (3, 4)"), ((3, 3), "states has shape")):
        np.savez(tmp_path / "J.npz", J=np.ones(shape), states=np.ones((2, 5)))
        result = run("import", "arrays", tmp_path / "J.npz", "-o", tmp_path / "n.h5")
        assert result.returncode == 2
        assert named in result.stderr
