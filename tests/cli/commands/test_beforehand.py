"""What may not be written is said before the work: no command finds out when it is done."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from typer.testing import CliRunner

from spinspike.cli.main import app
from spinspike.errors import BadInput
from spinspike.mapping import SynapseGraph, map_network
from spinspike.mapping.graph import graph_file
from spinspike.model import Architecture, Dataset, free_fixed_points, learned_fixed_points
from spinspike.model.network.network import random_network

pytestmark = pytest.mark.matplotlib
FullDisk = Callable[[int], AbstractContextManager[None]]
WORK = {  # the command, and where its work begins
    "train": "spinspike.studies.training.train_network",
    "import arrays graph.h5": "spinspike.model.network.import_arrays.read_with_states",
    "import darnax graph.h5": "spinspike.model.network.import_arrays.read_darnax",
    "map graph.h5": "spinspike.mapping.map_network",
    "export graph.h5": "spinspike.mapping.graph.graph_file.load",
    "export graph.h5 --to pynn": "spinspike.mapping.graph.graph_file.load",
    "export graph.h5 --to net": "spinspike.mapping.graph.graph_file.load",
    "nir write graph.h5": "spinspike.mapping.graph.graph_file.load",
    "nir read graph.h5": "spinspike.mapping.nir.file.read",
    "nir run graph.h5 --input graph.h5": "spinspike.mapping.nir.file.read",
    "convert graph.h5": "spinspike.mapping.nir.file.read",
    "certify graph.h5": "spinspike.studies.certificates.run.certificates",
    "check graph.h5 --target loihi1": "spinspike.studies.chips.placement.place",
    "view graph.h5": "spinspike.mapping.to_svg",
    "validate graph.h5": "spinspike.studies.validation.campaign.Campaign.run",
    "stress graph.h5 --kind noise": "spinspike.studies.stress.run.stressed",
    "explore": "spinspike.cli.commands.studies.explore.many_networks",
    "explore graph.h5": "spinspike.cli.commands.studies.explore.one_network",
    "integrate": "spinspike.studies.integrator.learning.learned",
    "reproduce --quick": "spinspike.studies.reproduction.run.train_all",
    "demo --on emulator": "spinspike.studies.demonstration.train_network",
}


@pytest.fixture(scope="module")
def graph(clusters: Dataset) -> SynapseGraph:
    """A small one with states, fixed or not."""
    architecture = Architecture(8, clusters.train.inputs.shape[1], clusters.classes)
    network = random_network(
        architecture, np.random.default_rng(0), centre=np.zeros(architecture.inputs)
    )
    points = {
        "learned": learned_fixed_points(network, clusters.test),
        "free": free_fixed_points(network, clusters.test),
    }
    return map_network(network, points)


def at_work(*_: Any, **__: Any) -> NoReturn:
    message = "it went to work"
    raise AssertionError(message)


@pytest.mark.parametrize("command", WORK)
def test_where_nothing_can_be_written_no_command_sets_to_work(
    command: str,
    graph: SynapseGraph,
    tmp_path: Path,
    full_disk: FullDisk,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    graph_file.save("graph.h5", graph)
    monkeypatch.setattr(WORK[command], at_work)
    words = [*command.split(), "-o", "out"]
    with full_disk(0):
        refused = CliRunner().invoke(app, words).exception
    assert isinstance(refused, BadInput), refused
    assert "out cannot be written: File too large" in str(refused)
    if not command.startswith("map"):  # which wants a network, and says so
        found = CliRunner().invoke(app, words).exception
        assert str(found) == "it went to work"


@pytest.mark.parametrize("end", ["checkpoint", "csv"])
def test_train_looks_at_all_its_files(
    end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spinspike.studies.training.train_network", at_work)
    beside, words = tmp_path / f"n.h5.{end}", ["train", "-o", str(tmp_path / "n.h5")]
    beside.write_text("of an earlier run")
    with pytest.raises(BadInput, match=rf"n\.h5\.{end} (exists|is of an interrupted run).*--force"):
        CliRunner().invoke(app, words, catch_exceptions=False)
    with pytest.raises(AssertionError, match="it went to work"):
        CliRunner().invoke(app, [*words, "--force"], catch_exceptions=False)
    beside.unlink()
    beside.mkdir()
    with pytest.raises(BadInput, match=rf"n\.h5\.{end} is a folder"):
        CliRunner().invoke(app, [*words, "--force"], catch_exceptions=False)


def test_demo_looks_at_what_lies_in_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spinspike.studies.demonstration.train_network", at_work)
    (tmp_path / "lava_network").mkdir()
    (tmp_path / "lava_network" / "mine.txt").touch()
    words = ["demo", "--on", "emulator", "-o", str(tmp_path), "--force"]
    with pytest.raises(BadInput, match=r"lava_network holds mine\.txt, which no export writes"):
        CliRunner().invoke(app, words, catch_exceptions=False)
