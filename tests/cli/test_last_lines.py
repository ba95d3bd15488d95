"""The last line that a command prints says what came of it and where it lies."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from spinspike.cli.main import app

FILES = Path(__file__).parents[1] / "simulators" / "nir_files"  # of other tools
MADE = (  # words, ending in what is written
    ("train digits --units 40 --epochs 1", "network.h5"),
    ("map network.h5", "graph.h5"),
    ("export graph.h5", "program"),
    ("view graph.h5", "pictures"),
    ("check graph.h5 --target loihi1", "placement"),
    ("certify graph.h5 --patterns 20", "certificates"),
    ("validate graph.h5 --patterns 20", "report"),
    ("store patterns.npy", "memory.h5"),
    ("import arrays couplings.npz", "imported.h5"),
    ("nir write graph.h5", "graph.nir"),
    ("nir read graph.nir", "read.h5"),
    ("nir run leaky.nir -i inputs.npz", "outputs.npz"),
    ("convert leaky.nir", "converted"),
    ("explore network.h5 --patterns 1 --starts 2 --limit 20 --jobs 1", "landscape"),
)
TOLD = (  # words, and the end of the last line
    ("check graph.h5 --for lava", "graph.h5 for lava: nothing stands against it"),
    ("check graph.nir --for run", "graph.nir for run: nothing stands against it"),
    ("energy graph.h5 --patterns 2", " an answer"),
    ("info network.h5", "network: network.h5"),
)


def last_line(words: str) -> str:
    done = CliRunner().invoke(app, words.split(), catch_exceptions=False)
    assert done.exit_code in (0, 1, 3), done.output
    return done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the commands begin with; each leaves there what later ones take."""
    place = tmp_path_factory.mktemp("last lines")
    rng = np.random.default_rng(0)
    np.save(place / "patterns.npy", rng.choice([-1, 1], (3, 50)))
    np.savez(place / "couplings.npz", J=rng.normal(size=(20, 20)))
    shutil.copyfile(FILES / "snntorch_leaky.nir", place / "leaky.nir")
    with np.load(FILES / "snntorch_leaky.npz", allow_pickle=False) as file:
        np.savez(place / "inputs.npz", input=file["input"])
    return place


def test_what_is_written_is_named_last(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    for words, output in MADE:
        line = last_line(f"{words} -o {output}")
        assert (folder / output).exists(), words
        assert output in line.split(": ")[-1], (words, line)
    for words, end in TOLD:
        assert last_line(words).endswith(end), words
