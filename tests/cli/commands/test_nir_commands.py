"""`spinspike nir …` and `spinspike convert` as a user types them."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from spinspike.mapping import map_network
from spinspike.mapping.graph import graph_file
from spinspike.mapping.graph.graph_file import contents
from spinspike.mapping.nir import file as nir_file
from spinspike.mapping.nir.graph import NirGraph, Node
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.network import random_network

MADE = Path(__file__).parents[2] / "simulators" / "nir_files"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With graph.h5, plain.h5 (no readout) and leaky.nir (snnTorch's)."""
    place = tmp_path_factory.mktemp("nir")
    architecture = Architecture(
        units=8, inputs=3, classes=2, sparsity=0.0, self_coupling=0.3, supervisory_scale=0.2
    )
    network = random_network(architecture, np.random.default_rng(0), centre=np.zeros(3))
    graph_file.save(place / "graph.h5", map_network(network))
    graph_file.save(place / "plain.h5", map_network(network, on_chip_readout=False))
    shutil.copyfile(MADE / "snntorch_leaky.nir", place / "leaky.nir")
    return place


@pytest.fixture(scope="module")
def spinspike(folder: Path, program: Run) -> Run:
    """The program, in that folder."""
    return partial(program, cwd=folder)


def test_a_graph_goes_to_nir_and_comes_back(spinspike: Run, folder: Path) -> None:
    done = spinspike("nir", "write", "graph.h5", "-o", "graph.nir", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["nodes"]["CubaLIF"] == 2
    done = spinspike("nir", "read", "graph.nir", "-o", "back.h5", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ours"] is True
    before, after = (graph_file.load(folder / name) for name in ("graph.h5", "back.h5"))
    assert contents(before)[1] == contents(after)[1]
    for name, array in contents(before)[0].items():
        np.testing.assert_array_equal(array, contents(after)[0][name])


def test_the_signed_form_is_one_population(spinspike: Run, folder: Path) -> None:
    done = spinspike("nir", "write", "plain.h5", "--signed", "-o", "signed.nir", "--json")
    assert json.loads(done.stdout)["nodes"]["CubaLIF"] == 1
    assert spinspike("check", "signed.nir", "--for", "chip").returncode == 0
    done = spinspike("nir", "read", "signed.nir", "-o", "signed.h5", "--json")
    summary = json.loads(done.stdout)
    assert (summary["ours"], summary["encoding"], summary["neurons"]) == (False, "signed", 16)


def test_a_file_of_another_tool_runs_and_gives_its_spikes(spinspike: Run, folder: Path) -> None:
    with np.load(MADE / "snntorch_leaky.npz", allow_pickle=False) as file:
        given, wanted = file["input"], file["output"]
    np.savez(folder / "x.npz", input=given)
    words = ("nir", "run", "leaky.nir", "-i", "x.npz", "-o", "y.npz", "--record", "1", "--json")
    names = json.loads(spinspike(*words).stdout)
    assert names["1"]["shape"] == [60, 3, 20]
    assert names["output"] == {"shape": [60, 3, 5], "sum": float(wanted.sum())}
    with np.load(folder / "y.npz", allow_pickle=False) as file:
        np.testing.assert_array_equal(file["output"], wanted)


@pytest.mark.lava
def test_convert_compares_lava_with_the_executor(spinspike: Run, folder: Path) -> None:
    done = spinspike("convert", "leaky.nir", "--to", "lava", "-o", "net", "--compare", "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["spikes"] > 10
    assert summary["differing"] == 0
    assert (folder / "net" / "network.py").is_file()


def test_check_names_what_stands_against_it(spinspike: Run) -> None:
    assert spinspike("check", "leaky.nir", "--for", "lava").returncode == 0
    done = spinspike("check", "leaky.nir", "--for", "chip", "--json")
    assert done.returncode == 1
    assert len(json.loads(done.stdout)["refused"]) == 2
    done = spinspike("check", "graph.h5", "--for", "nir", "--json")
    assert (done.returncode, json.loads(done.stdout)["refused"]) == (0, [])
    assert "NIR has none sparse" in done.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("check", "leaky.nir", "--for", "fun"), "--for is 'fun'; allowed: run, chip, lava"),
        (("nir", "read", "leaky.nir", "-o", "x.h5"), "allowed: one step, 0.0001"),
        (("nir", "read", "graph.h5", "-o", "x.h5"), "graph.h5: holds no NIR graph"),
        (("nir", "write", "graph.h5", "-o", "leaky.nir"), "leaky.nir exists; choose another name"),
        (("convert", "leaky.nir", "-o", "n", "--dt", "1"), "has a tau of 0.0"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(
    spinspike: Run, words: tuple[str, ...], message: str
) -> None:
    done = spinspike(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


ONE = {"shape": np.array([1])}


def lif(tau: float, theta: float) -> Node:
    one = np.ones(1)
    p = {"tau": tau * one, "r": one, "v_leak": 0 * one, "v_reset": 0 * one}
    return Node("LIF", {**p, "v_threshold": theta * one})


def written(path: Path, edges: str, **nodes: Node) -> Path:
    """A NIR file; edges as "a b, b c"."""
    pairs = tuple(sorted((edge.split()[0], edge.split()[1]) for edge in edges.split(",")))
    nir_file.write(path, NirGraph(nodes, pairs))
    return path


def test_what_is_said_of_a_run(spinspike: Run, folder: Path) -> None:
    """Names that are odd, arrays that are no inputs, integrators, silence, far time constants."""
    nodes = {"file": Node("Output", ONE), "slow": lif(10.0, 0.1), "i": Node("Input", ONE)}
    count = Node("IF", {"r": np.ones(1), "v_threshold": np.ones(1), "v_reset": np.zeros(1)})
    written(folder / "odd.nir", "i slow, i count, count file", **nodes, count=count)
    np.savez(folder / "odd.npz", i=np.full((20, 1, 1), 1 / 16), slow=np.zeros(1))
    words = ("nir", "run", "odd.nir", "-i", "odd.npz", "--json", "--force", "-o", "odd_out.npz")
    silent = json.loads(spinspike(*words).stdout)
    notes = "\n".join(silent["/notes"])
    for part in ("no spikes at all", "100,000 steps; is --dt", "--integrate step", "array slow of"):
        assert part in notes
    loud = json.loads(spinspike(*words, "--integrate", "step").stdout)
    assert (silent["file"]["sum"], loud["file"]["sum"]) == (0, 1)
    with np.load(folder / "odd_out.npz") as file:
        assert np.flatnonzero(file["file"]).tolist() == [16]  # 17/16 is the first above 1


@pytest.mark.lava
def test_a_comparison_of_nothing_is_undecided_and_no_success(spinspike: Run, folder: Path) -> None:
    nodes = {"i": Node("Input", ONE), "o": Node("Output", ONE), "n": lif(10.0, 0.1)}
    written(folder / "silent.nir", "i n, n o", **nodes)
    done = spinspike("convert", "silent.nir", "-o", "silent", "--compare", "--json")
    assert done.returncode == 1, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["verdict"], summary["differing"]) == ("undecided", 0)
    assert "no spikes at all" in summary["notes"][-1]


@pytest.mark.parametrize(
    ("array", "wrong", "message"),
    [
        ("lable", 0.0, "no input is called 'lable'; allowed: i, label, "),
        ("label", np.nan, "input label has nan or infinity in step 1"),
        (None, 0.0, "two.npz has no input label; needed: i, label; there are: i"),
    ],
)
def test_inputs_that_are_not_what_the_graph_takes_are_refused(
    spinspike: Run, folder: Path, array: str | None, wrong: float, message: str
) -> None:
    nodes = {"i": Node("Input", ONE), "label": Node("Input", ONE), "o": Node("Output", ONE)}
    if not (folder / "two.nir").exists():
        written(folder / "two.nir", "i n, label n, n o", **nodes, n=lif(1e-4, 1.5))
    arrays = {"i": np.ones((6, 1, 1))} | ({array: np.full((6, 1, 1), wrong)} if array else {})
    np.savez(folder / "two.npz", **arrays)
    done = spinspike("nir", "run", "two.nir", "-i", "two.npz", "-o", "two_out.npz")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert message in done.stderr
    assert not (folder / "two_out.npz").exists()


@pytest.mark.parametrize(
    ("words", "dt"),
    [(("nir", "run", "-i", "x.npz"), "nan"), (("nir", "read"), "0"), (("convert",), "-1")],
)
def test_a_step_that_is_none_is_refused(spinspike: Run, words: tuple[str, ...], dt: str) -> None:
    done = spinspike(*words, "leaky.nir", "-o", "nothing", "--dt", dt)
    assert (done.returncode, done.stderr) == (
        2,
        f"spinspike: dt is {float(dt)}; allowed: above 0\n",
    )


def test_a_sum_that_no_double_holds_is_none_in_json(spinspike: Run, folder: Path) -> None:
    nodes = {"i": Node("Input", ONE), "o": Node("Output", ONE)}
    written(folder / "wire.nir", "i o", **nodes)
    np.savez(folder / "huge.npz", i=np.full((2, 1, 1), 1e308))
    done = spinspike("nir", "run", "wire.nir", "-i", "huge.npz", "-o", "huge_out.npz", "--json")
    assert (done.returncode, done.stderr) == (0, "1 arrays: huge_out.npz\n")
    assert json.loads(done.stdout)["o"]["sum"] is None


def test_a_file_is_read_as_its_tool_means_it(spinspike: Run, folder: Path) -> None:
    made = Path(__file__).parents[2] / "mapping" / "nir" / "producers" / "files" / "spyx_rlif"
    shutil.copyfile(made.with_suffix(".nir"), folder / "spyx.nir")
    with np.load(made.with_suffix(".npz"), allow_pickle=False) as file:
        np.savez(folder / "spyx_in.npz", input=file["input"])
        wanted = file["output"]
    words = (
        "nir",
        "run",
        "spyx.nir",
        "-i",
        "spyx_in.npz",
        "-o",
        "spyx_out.npz",
        "--force",
        "--json",
    )
    done = spinspike(*words, "--from", "auto")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["/notes"][0].startswith("as Spyx: ")
    with np.load(folder / "spyx_out.npz") as file:
        np.testing.assert_array_equal(file["output"], wanted)
    done = spinspike(*words, "--dt", "auto")
    assert any("--from spyx" in note for note in json.loads(done.stdout)["/notes"])
    with np.load(folder / "spyx_out.npz") as file:
        assert (file["output"] != wanted).any()
    done = spinspike(*words, "--from", "spix")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--from is 'spix'; allowed: auto, nir, snntorch" in done.stderr
