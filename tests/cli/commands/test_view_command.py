"""The command `view`: four files that other programs read, and a summary that agrees with them."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from typer.testing import CliRunner

from spinspike.cli.main import app
from spinspike.errors import BadInput
from spinspike.mapping import SynapseGraph, map_network, save
from spinspike.model.network import network_file
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.network import random_network
from spinspike.model.network.network_file import NetworkFile

pytestmark = pytest.mark.matplotlib
FILES = ["adjacency.png", "population.dot", "population.svg", "weights.png"]


@pytest.fixture(scope="module")
def drawn() -> SynapseGraph:
    network = random_network(Architecture(20, 6, 3), np.random.default_rng(0), centre=np.zeros(6))
    return map_network(network, encoding="dale")


@pytest.fixture(scope="module")
def folder(drawn: SynapseGraph, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("view")
    save(made / "graph.h5", drawn)
    return made


def test_writes_pictures_and_says_what_is_in_them(folder: Path, drawn: SynapseGraph) -> None:
    command = ["view", str(folder / "graph.h5"), "-o", str(folder / "pictures"), "--json"]
    done = CliRunner().invoke(app, command, catch_exceptions=False)
    assert done.exit_code == 0
    summary = json.loads(done.stdout)
    assert sorted(f.name for f in (folder / "pictures").iterdir()) == summary["files"] == FILES
    for name in ("adjacency.png", "weights.png"):
        assert (folder / "pictures" / name).read_bytes().startswith(b"\x89PNG")
    root = ElementTree.parse(folder / "pictures" / "population.svg").getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert (folder / "pictures" / "population.dot").read_text().startswith("digraph")
    assert {p["name"]: p["size"] for p in summary["populations"]} == drawn.sizes
    assert {p["name"]: p["synapses"] for p in summary["projections"]} == {
        p.name: p.mantissa.size for p in drawn.projections
    }


def test_prints_a_table_and_does_not_overwrite(folder: Path) -> None:
    command = ["view", str(folder / "graph.h5"), "-o", str(folder / "tables")]
    done = CliRunner().invoke(app, command, catch_exceptions=False)
    assert done.exit_code == 0
    for words in ("supervisory_I", "E>I:coupling+", "E>readout:readout+", "population.svg"):
        assert words in done.stdout
    with pytest.raises(BadInput, match="is not empty; choose another name"):
        CliRunner().invoke(app, command, catch_exceptions=False)
    assert CliRunner().invoke(app, [*command, "--force"]).exit_code == 0


def test_a_network_is_drawn_with_its_fixed_points(trained: NetworkFile, tmp_path: Path) -> None:
    network_file.save(tmp_path / "network.h5", trained)
    command = ["view", str(tmp_path / "network.h5"), "-o", str(tmp_path / "pictures")]
    done = CliRunner().invoke(app, command, catch_exceptions=False)
    assert done.exit_code == 0
    assert "100 units in 1 modules" in " ".join(done.stdout.split())
    names = sorted(path.name for path in (tmp_path / "pictures").iterdir())
    assert names == ["couplings.png", "free.png", "learned.png", "weights.png"]
    for name in names:
        assert (tmp_path / "pictures" / name).read_bytes().startswith(b"\x89PNG")
