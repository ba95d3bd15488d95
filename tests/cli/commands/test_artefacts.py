"""The commands as a user types them: the chain, its exit codes, and bad input."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from spinspike.mapping.graph import graph_file
from spinspike.model.network import network_file

Run = Callable[..., subprocess.CompletedProcess[str]]
SMALL = ("--units", "100", "--epochs", "4")


@pytest.fixture(scope="module")
def spinspike(program: Run) -> Run:
    """The program."""
    return program


@pytest.fixture(scope="module")
def folder(spinspike: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which train, map and export have run."""
    made = tmp_path_factory.mktemp("chain")
    trained = spinspike("train", "digits", "-o", made / "network.h5", *SMALL, "--json")
    assert trained.returncode == 0, trained.stderr
    assert json.loads(trained.stdout)["accuracy"]["test"] > 0.85
    mapped = spinspike("map", made / "network.h5", "-o", made / "graph.h5", "--json")
    assert mapped.returncode == 0, mapped.stderr
    assert json.loads(mapped.stdout)["neurons"] == 200
    exported = spinspike("export", made / "graph.h5", "-o", made / "lava", "--json")
    assert exported.returncode == 0, exported.stderr
    assert "network.py" in json.loads(exported.stdout)["files"]
    return made


def test_validate_reports_what_it_prints(spinspike: Run, folder: Path, tmp_path: Path) -> None:
    done = spinspike(
        "validate", folder / "graph.h5", "--patterns", 40, "-o", tmp_path / "report", "--json"
    )
    assert done.returncode in (0, 1), done.stderr
    printed = json.loads(done.stdout)
    written = json.loads((tmp_path / "report" / "summary.json").read_text())
    assert written["validation"] == printed
    assert done.returncode == (1 if any(c["verdict"] == "fails" for c in printed["claims"]) else 0)
    assert (tmp_path / "report" / "report.html").stat().st_size > 50_000


def test_exit_code_1_when_a_claim_fails(spinspike: Run, folder: Path, tmp_path: Path) -> None:
    """Where the fixed points of a graph belong to other inputs, its runs end in none of them."""
    graph = graph_file.load(folder / "graph.h5")
    points = graph.fixed_points["free"]
    graph.fixed_points["free"] = type(points)(  # type: ignore[index]
        points.inputs, points.labels, np.roll(points.states, 1, axis=0)
    )
    graph_file.save(tmp_path / "other.h5", graph)
    done = spinspike(
        "validate", tmp_path / "other.h5", "--run", "free", "--patterns", 50, "--reached", 0.5
    )
    assert "FAILS" in done.stdout
    assert done.returncode == 1


def test_the_same_seed_gives_the_same_network(spinspike: Run, folder: Path, tmp_path: Path) -> None:
    assert spinspike("train", "-o", tmp_path / "again.h5", *SMALL).returncode == 0
    one = network_file.load(folder / "network.h5").network
    other = network_file.load(tmp_path / "again.h5").network
    for name in ("coupling", "input_weight"):
        left, right = getattr(one, name), getattr(other, name)
        assert np.array_equal(left.indices, right.indices)
        assert np.array_equal(left.data, right.data)


BAD_INPUT = {
    "no such network": (("map", "none.h5", "-o", "g.h5"), "none.h5 is not a file"),
    "not HDF5": (("map", "text.h5", "-o", "g.h5"), "text.h5 is not a readable HDF5 file"),
    "a graph, not a network": (
        ("map", "graph.h5", "-o", "g.h5"),
        "is a 'spinspike graph' file; allowed: 'spinspike network'",
    ),
    "nan weights": (("map", "nan.h5", "-o", "g.h5"), "coupling_weight contains nan or infinity"),
    "wrong shape": (("map", "shape.h5", "-o", "g.h5"), "readout has shape (10, 7)"),
    "truncated": (("validate", "cut.h5"), "cut.h5"),
    "too strong for the chip": (("map", "strong.h5", "-o", "g.h5"), "largest coupling comes to"),
    "unknown data set": (
        ("train", "mnits", "-o", "n.h5"),
        "unknown data set 'mnits'; allowed: digits",
    ),
    "unknown simulator": (
        ("validate", "graph.h5", "--on", "loihi"),
        "unknown simulator 'loihi'; allowed: emulator, lava, brian2",
    ),
    "impossible regime": (
        ("validate", "graph.h5", "--on", "lava", "--regime", "continuous"),
        "lava has no continuous regime: a chip's neurons are integers that move in time steps",
    ),
    "no hold": (("validate", "graph.h5", "--hold", "0"), "Invalid value for '--hold'"),
    "unknown run": (("validate", "graph.h5", "--run", "x"), "unknown run 'x'; allowed: free"),
    "unknown encoding": (
        ("map", "network.h5", "-o", "g.h5", "--encoding", "push"),
        "unknown encoding 'push'; allowed: signed, dale, pushpull",
    ),
    "too many bits": (("map", "network.h5", "-o", "g.h5", "--bits", "9"), "weight_bits is 9"),
    "negative sparsity": (("train", "-o", "n.h5", "--sparsity", "-1"), "sparsity is -1.0"),
    "no epochs": (("train", "-o", "n.h5", "--epochs", "0"), "epochs 0"),
    "exists": (("map", "network.h5", "-o", "graph.h5"), "graph.h5 exists; choose another name"),
    "no such folder": (("train", "-o", "none/n.h5"), "folder none does not exist"),
    "folder not empty": (("validate", "graph.h5", "-o", "full"), "is not empty; choose another"),
    "folder of the input": (("validate", "graph.h5", "-o", "."), ". holds the input graph.h5"),
}


@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_gives_one_line_and_exit_code_2(
    spinspike: Run, folder: Path, tmp_path: Path, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("network.h5", "graph.h5"):
        shutil.copy(folder / name, tmp_path)
    spoil(tmp_path)
    before = {f.name: f.read_bytes() for f in tmp_path.rglob("*.*")}
    arguments, message = BAD_INPUT[case]
    done = spinspike(*arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if line.startswith("spinspike: ")]
    assert len(lines) == 1
    assert message in lines[0]
    assert "Traceback" not in done.stderr
    assert {f.name: f.read_bytes() for f in tmp_path.rglob("*.*")} == before


def spoil(folder: Path) -> None:
    """Networks and graphs that are wrong in one way each."""
    (folder / "text.h5").write_text("not a network\n")
    (folder / "full").mkdir()
    (folder / "full" / "mine.txt").write_text("mine")
    whole = (folder / "graph.h5").read_bytes()
    (folder / "cut.h5").write_bytes(whole[: len(whole) // 2])
    for name in ("nan", "shape", "strong"):
        shutil.copy(folder / "network.h5", folder / f"{name}.h5")
    with h5py.File(folder / "nan.h5", "r+") as file:
        file["coupling_weight"][7] = np.nan
    with h5py.File(folder / "shape.h5", "r+") as file:
        del file["readout"]
        file["readout"] = np.zeros((10, 7))
    with h5py.File(folder / "strong.h5", "r+") as file:
        file["supervisory"][...] *= 1e7


@pytest.mark.parametrize("package", ["lava", "brian2"])
def test_a_missing_simulator_is_named_before_any_work(
    folder: Path, tmp_path: Path, package: str
) -> None:
    """The package is hidden from the import system; nothing is run and nothing written."""
    code = (
        "import sys, importlib.util as u\n"
        "find = u.find_spec\n"
        f"u.find_spec = lambda name, *a: None if name == {package!r} else find(name, *a)\n"
        f"sys.argv = ['spinspike', 'validate', {str(folder / 'graph.h5')!r}, "
        f"'--on', {package!r}, '-o', {str(tmp_path / 'report')!r}]\n"
        "from spinspike.cli.main import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    how = "spinspike setup lava" if package == "lava" else f"pip install 'spinspike[{package}]'"
    assert how in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize("command", ["train", "map", "export", "validate", "demo"])
def test_help_teaches_with_an_example(spinspike: Run, command: str) -> None:
    done = spinspike(command, "--help")
    assert done.returncode == 0
    assert f"spinspike {command}" in done.stdout
    assert "--json" in done.stdout


def test_without_a_command_it_shows_the_order_of_work(spinspike: Run) -> None:
    done = spinspike()
    assert "train" in done.stdout + done.stderr
    assert "exit codes" in (done.stdout + done.stderr).lower()
