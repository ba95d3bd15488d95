"""`spinspike check` as a user types it: tables, JSON, files, and exit codes 0, 1 and 2."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pytest

from spinspike.mapping import SynapseGraph, Target, load_target, map_network, place
from spinspike.mapping.graph import graph_file
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.network import random_network
from spinspike.studies.chips.figures import core_fill

pytestmark = pytest.mark.matplotlib
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def untrained() -> SynapseGraph:
    """80 units in twins, 10 readout neurons."""
    architecture = Architecture(units=80, inputs=9, classes=10)
    return map_network(random_network(architecture, np.random.default_rng(0), centre=np.zeros(9)))


@pytest.fixture(scope="module")
def check(program: Run, untrained: SynapseGraph, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The command, in a folder with graph.h5."""
    folder = tmp_path_factory.mktemp("check")
    graph_file.save(folder / "graph.h5", untrained)

    def run(*arguments: object, graph: str = "graph.h5") -> subprocess.CompletedProcess[str]:
        return program("check", graph, *arguments, cwd=folder)

    return run


def write(folder: Path, limits: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(f"title: My chip\nlimits: {{{limits}}}\nunknown: [the weather]\n")
    return path


def test_what_fits_exits_with_0_and_lists_every_limit(check: Run) -> None:
    done = check("--target", "loihi1", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    summary = json.loads(done.stdout)
    target = load_target("loihi1")
    assert summary["fits"]
    listed = [limit["limit"] for limit in summary["limits"]]
    assert set(listed) <= set(target.limits)
    assert {"synapse_bits_per_core", "axons_in_per_core", "weight_bits"} <= set(listed)
    for limit in summary["limits"]:
        assert limit["used"] <= limit["allowed"]
        assert limit["source"] == target.sources[limit["limit"]]
    assert summary["placement"]["cores"] == 1
    assert summary["not_checked"] == list(target.unknown)


def test_what_does_not_fit_exits_with_1_and_names_who(check: Run) -> None:
    """10 classes, where the chip has 8 readout neurons, and twice 10 labels for 16 channels."""
    done = check("--target", "xylo")
    assert done.returncode == 1, done.stderr
    text = " ".join(done.stdout.split())
    assert "FAILS" in text
    assert "for its readouts, mostly of population readout, needs 2 cores; allowed: 1" in text
    assert "above all population supervisory_E, needs 20 input channels; allowed: 16" in text
    assert "Not known, so not checked" in text


def test_a_target_of_ones_own_and_more_chips(check: Run, tmp_path: Path) -> None:
    limits = "neurons_per_core: {value: 50, source: me}, cores_per_chip: {value: 2, source: me}"
    mine = write(tmp_path, limits)
    one = check("--target", mine, "--json")
    assert one.returncode == 1, one.stderr
    assert json.loads(one.stdout)["target"] == "My chip"
    (misfit,) = (f for f in json.loads(one.stdout)["limits"] if not f["fits"])
    assert (misfit["limit"], misfit["used"], misfit["allowed"]) == ("cores_per_chip", 4, 2)
    assert check("--target", mine, "--chips", 2).returncode == 0


def test_the_placement_goes_into_a_folder(
    check: Run, untrained: SynapseGraph, tmp_path: Path
) -> None:
    mine = write(tmp_path, "neurons_per_core: {value: 50, source: me}")
    done = check("--target", mine, "-o", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    usage = json.loads(done.stdout)["placement"]["usage"]
    with (tmp_path / "out" / "cores.csv").open() as file:
        assert [{k: int(v) for k, v in row.items()} for row in csv.DictReader(file)] == usage
    with (tmp_path / "out" / "placement.csv").open() as file:
        rows = list(csv.DictReader(file))
    placement = place(untrained, load_target(mine))
    assert [int(row["core"]) for row in rows] == placement.core.tolist()
    assert [(row["population"], int(row["neuron"])) for row in rows] == [
        (name, k) for name, size in (("E", 80), ("I", 80), ("readout", 10)) for k in range(size)
    ]
    assert matplotlib.image.imread(tmp_path / "out" / "cores.png").ndim == 3
    again = check("--target", mine, "-o", tmp_path / "out")
    assert again.returncode == 2
    assert "is not empty" in again.stderr


BAD = {
    "unknown target": (("--target", "loihi"), "unknown target 'loihi'; allowed: brainscales2"),
    "no target": ((), "Missing option '--target'"),
    "not a graph": (("--target", "loihi1"), "none.h5 is not a file"),
    "no chips": (("--target", "loihi1", "--chips", 0), "should be greater than or equal to 1"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_exits_with_2(check: Run, case: str) -> None:
    arguments, message = BAD[case]
    done = check(*arguments, graph="none.h5" if case == "not a graph" else "graph.h5")
    assert done.returncode == 2
    assert message in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_bad_target_file_exits_with_2(check: Run, tmp_path: Path) -> None:
    done = check("--target", write(tmp_path, "fan_in: {value: 0, source: me}"))
    assert done.returncode == 2
    assert done.stdout == ""
    assert "fan_in has value 0; allowed: a whole number from 1" in done.stderr


def test_help_teaches_with_an_example(check: Run) -> None:
    done = check("--help")
    assert done.returncode == 0
    assert "spinspike check graph.h5 --target loihi1" in " ".join(done.stdout.split())


def test_bars_are_the_shares_of_what_a_core_allows(untrained: SynapseGraph) -> None:
    target = Target("t", "t", neurons_per_core=50, axons_in_per_core=4000, cores_per_chip=2)
    placement = place(untrained, target)
    axis: Any = core_fill(placement, target).axes[0]
    heights = [[bar.get_height() for bar in bars] for bars in axis.containers]
    assert heights[0] == pytest.approx(100 * placement.usage.neurons / 50)
    assert heights[1] == pytest.approx(100 * placement.usage.axons_in / 4000)
    lines = [line.get_xdata()[0] for line in axis.lines]
    assert 1.5 in lines  # between the chips
