"""`spinspike check FILE --for …` and `spinspike export --to pynn` as a user types them."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spinspike.mapping import Rounding, SynapseGraph, map_network
from spinspike.mapping.graph import graph_file
from spinspike.mapping.graph.delays import with_delays
from spinspike.mapping.nir import file as nir_file
from spinspike.mapping.nir.export import to_nir
from spinspike.model.network.network_file import NetworkFile

MADE = Path(__file__).parents[2] / "simulators" / "nir_files"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def folder(
    graph: SynapseGraph, trained: NetworkFile, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Graphs with and without delays, graded input and fixed points; NIR of ours and snnTorch's."""
    place = tmp_path_factory.mktemp("check")
    graded = map_network(trained.network, trained.fixed_points, rounding=Rounding(input="graded"))
    late = with_delays(graph, 2, np.random.default_rng(0))
    graph_file.save(place / "graph.h5", graph)
    graph_file.save(place / "graded.h5", replace(graded, fixed_points={}))
    graph_file.save(place / "late.h5", late)
    nir_file.write(place / "late.nir", to_nir(late))
    nir_file.write(place / "plain.nir", to_nir(graph))
    shutil.copyfile(MADE / "snntorch_leaky.nir", place / "leaky.nir")
    (place / "broken.nir").write_bytes(b"no HDF5")
    return place


@pytest.fixture(scope="module")
def spinspike(folder: Path, program: Run) -> Run:
    """The program, in that folder."""
    return partial(program, cwd=folder)


DELAYS = "the graph has delays of up to 2 steps; SANA-FE's Loihi allows 0"
LEVELS = "the input has 16 levels; SANA-FE's Loihi allows spikes without value"
STATES = "the graph has no fixed points; the program for PyNN shows that one is held"
TAU = "node 1 has a tau of 0.001; allowed: one step, 0.0001"


@pytest.mark.parametrize(
    ("file", "purpose", "refused", "note"),
    [
        ("graph.h5", "lava", [], "learned fixed points: the Lava program holds no states"),
        ("graph.h5", "nir", [], "learned fixed points: NIR has no place for states"),
        ("graph.h5", "sanafe", [], "free fixed points: SANA-FE's files hold"),
        ("graph.h5", "pynn", [], "noise: NoisyCurrentSource"),
        ("late.h5", "sanafe", [DELAYS], "free fixed points"),
        ("late.nir", "sanafe", [DELAYS], ""),
        ("graded.h5", "sanafe", [LEVELS], ""),
        ("graded.h5", "nir", [], "graded spikes enter as numbers above 1"),
        ("graded.h5", "pynn", [STATES], "comes as a constant current"),
        ("plain.nir", "lava", [], ""),
        ("plain.nir", "nir", [], ""),
        ("plain.nir", "pynn", [STATES], "readout neurons"),
        ("leaky.nir", "lava", [], "those that snnTorch writes: --from snntorch"),
        ("leaky.nir", "sanafe", [TAU, "node 3 has a tau"], ""),
    ],
)
def test_it_names_what_cannot_go_and_what_is_left_behind(
    spinspike: Run, file: str, purpose: str, refused: list[str], note: str
) -> None:
    done = spinspike("check", file, "--for", purpose, "--json")
    assert done.returncode == (1 if refused else 0), done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert (found["file"], found["for"]) == (file, purpose)
    assert [text[: len(start)] for text, start in zip(found["refused"], refused, strict=True)] == (
        refused
    )
    assert any(note in text for text in found["notes"]) if note else not found["notes"]


def test_the_same_is_shown_as_text(spinspike: Run) -> None:
    done = spinspike("check", "late.h5", "--for", "sanafe")
    assert done.returncode == 1
    assert "late.h5 for sanafe: refused" in done.stdout
    assert "delays of up to 2 steps" in " ".join(done.stdout.split())


def test_what_it_refuses_is_what_the_conversion_refuses(spinspike: Run) -> None:
    done = spinspike("export", "graded.h5", "--to", "pynn", "-o", "refused")
    assert (done.returncode, done.stderr) == (2, f"spinspike: {STATES}\n")


def test_a_folder_for_pynn_is_written(spinspike: Run, folder: Path) -> None:
    done = spinspike("export", "graph.h5", "--to", "pynn", "-o", "pynn", "--json")
    assert done.returncode == 0, done.stderr
    names = ["README.md", "network.json", "network.npz", "network.py"]
    assert json.loads(done.stdout)["files"] == names
    assert sorted(file.name for file in (folder / "pynn").iterdir()) == names
    assert "@" not in (folder / "pynn" / "README.md").read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("check", "graph.h5", "--for", "chip"), "--for is 'chip'; allowed: lava, nir, sanafe"),
        (("check", "graph.h5"), "Missing option '--target' or '--for'; give one of them"),
        (("check", "graph.h5", "--for", "nir", "--target", "loihi1"), "give one of them"),
        (("check", "graph.h5", "--for", "nir", "-o", "x"), "--output is x; allowed: with --target"),
        (("check", "none.h5", "--for", "nir"), "none.h5 is not a file"),
        (("check", "none.nir", "--for", "nir"), "none.nir"),
        (("check", "broken.nir", "--for", "lava"), "broken.nir"),
        (
            ("export", "graph.h5", "--to", "nest", "-o", "x"),
            "exporter is 'nest'; allowed: lava, nir, sanafe, pynn, net",
        ),
    ],
)
def test_bad_input_is_one_line_and_exit_2(
    spinspike: Run, words: tuple[str, ...], message: str
) -> None:
    done = spinspike(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.sanafe
def test_a_folder_for_sanafe_is_written(spinspike: Run, folder: Path) -> None:
    done = spinspike("export", "graph.h5", "--to", "sanafe", "-o", "sanafe", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["files"] == ["chip.yaml", "network.yaml"]
    assert (folder / "sanafe" / "network.yaml").read_text().startswith("network:")
