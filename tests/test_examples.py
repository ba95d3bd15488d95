"""The examples run one after the other, in a small setting, and leave the files they promise."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

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
    assert names == ["export_lava.py", "train.py", "validate_brian2.py"]


def test_train_leaves_a_network(folder: Path) -> None:
    assert (folder / "network.h5").stat().st_size > 0


@pytest.mark.lava
def test_export_lava_leaves_a_folder_that_classifies_an_image(folder: Path) -> None:
    printed = run("export_lava.py", "network.h5", "-o", "lava_network", folder=folder)
    assert (folder / "lava_network" / "network.py").exists()
    assert printed.splitlines()[-1].strip()


@pytest.mark.brian2
def test_validate_brian2_leaves_a_figure(folder: Path) -> None:
    arguments = ["network.h5", "-o", "overlap.png", "--patterns", "2"]
    printed = run("validate_brian2.py", *arguments, folder=folder)
    assert "the graph" in printed
    assert (folder / "overlap.png").read_bytes().startswith(b"\x89PNG")
