"""The examples run one after the other, in a small setting, and leave the files they promise."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from spinspike.mapping import map_network
from spinspike.mapping import save as save_graph
from spinspike.model import load as load_network
from spinspike.simulators import NULLS

EXAMPLES = Path(__file__).parents[1] / "examples"
SECONDS = 300


def run(name: str, *arguments: str, folder: Path) -> str:
    """What an example prints when it is run in a folder, as its reader would."""
    result = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which train.py has left its network."""
    folder = tmp_path_factory.mktemp("examples")
    assert "wrote network.h5" in run("train.py", "--quick", "-o", "network.h5", folder=folder)
    return folder


def test_every_example_is_run_here() -> None:
    names = [file.name for file in sorted(EXAMPLES.glob("*.py"))]
    assert names == [
        "export_lava.py",
        "integrate.py",
        "nest_many_machines.py",
        "train.py",
        "validate_brian2.py",
    ]


def test_train_leaves_a_network(folder: Path) -> None:
    assert (folder / "network.h5").stat().st_size > 0


@pytest.mark.lava
def test_export_lava_leaves_a_folder_that_classifies_an_image(folder: Path) -> None:
    printed = run("export_lava.py", "network.h5", "-o", "lava_network", folder=folder)
    assert (folder / "lava_network" / "network.py").exists()
    assert printed.splitlines()[-1].strip()


@pytest.mark.matplotlib
def test_integrate_remembers_for_as_long_as_asked(tmp_path: Path) -> None:
    arguments = ["--units", "6", "--rate", "0.25", "-o", "memory.png"]
    printed = run("integrate.py", *arguments, folder=tmp_path)
    lasting = [float(word) for word in re.findall(r"remembers for (\S+)", printed)]
    assert lasting == pytest.approx([4.0, 4.0], rel=0.05)
    assert (tmp_path / "memory.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.brian2
def test_validate_brian2_leaves_a_figure(folder: Path) -> None:
    arguments = ["network.h5", "-o", "overlap.png", "--patterns", "2"]
    printed = run("validate_brian2.py", *arguments, folder=folder)
    assert "the graph" in printed
    assert (folder / "overlap.png").read_bytes().startswith(b"\x89PNG")


@pytest.fixture(scope="module")
def mapped(folder: Path) -> Path:
    """The same folder, with a small graph in it."""
    content = load_network(folder / "network.h5")
    save_graph(folder / "graph.h5", map_network(content.network, content.fixed_points))
    return folder


@pytest.mark.nest
@pytest.mark.parametrize("regime", ["continuous", "asynchronous"])
def test_nest_many_machines_prints_the_same_table_with_files_as_without(
    mapped: Path, regime: str
) -> None:
    arguments = ["graph.h5", "--patterns", "3", "--regime", regime, "--threads", "2"]
    alone = run("nest_many_machines.py", *arguments, folder=mapped)
    first, *table = alone.splitlines()
    assert first == f"1 process(es) of 2 thread(s), {regime}"
    assert [line[:13].strip() for line in table] == ["the graph", *NULLS]
    files = [*arguments, "--folder", "recordings"]
    assert run("nest_many_machines.py", *files, folder=mapped) == alone


@pytest.mark.nest
def test_nest_many_machines_refuses_mpirun_of_a_nest_without_mpi(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMPI_COMM_WORLD_SIZE", "4")
    with pytest.raises(AssertionError, match="mpirun started 4 processes, NEST knows of 1"):
        run("nest_many_machines.py", "graph.h5", folder=folder)
