"""NIR files: those of the reference library are read, damaged ones refused in one line."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import pairwise
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from spinspike.errors import BadFile, BadInput
from spinspike.mapping.nir.file import parse, read, write
from spinspike.mapping.nir.graph import NirGraph, Node

ROOT = Path(__file__).resolve().parents[3]
SHAPE = {"shape": np.array([2])}


def neuron(size: int = 2, **parameters: Any) -> dict[str, Any]:
    one = np.ones(size)
    return {"tau": one, "r": one, "v_leak": 0 * one, "v_threshold": one, **parameters}


@pytest.mark.nir
def test_every_kind_of_node_of_the_reference_library_is_read(tmp_path: Path) -> None:
    import nir

    one, two = np.ones(2), np.full(2, 2.0)
    inner = nir.NIRGraph(
        {
            "input": nir.Input(np.array([2])),
            "lif": nir.LIF(tau=one, r=one, v_leak=one, v_threshold=two, v_reset=-one),
            "w": nir.Linear(np.eye(2)),
            "output": nir.Output(np.array([2])),
        },
        [("input", "lif"), ("lif", "w"), ("w", "lif"), ("lif", "output")],
    )
    chain = {
        "in": nir.Input(np.array([1, 2])),
        "flat": nir.Flatten({"input": np.array([1, 2])}, start_dim=0, end_dim=-1),
        "affine": nir.Affine(np.eye(2), two),
        "inner": inner,
        "scale": nir.Scale(two),
        "delay": nir.Delay(two),
        "threshold": nir.Threshold(one),
        "if": nir.IF(r=one, v_threshold=one),
        "cuba": nir.CubaLIF(one, one, one, one, two),
        "i": nir.I(one),
        "li": nir.LI(one, one, one),
        "cubali": nir.CubaLI(one, one, one, one),
        "out": nir.Output(np.array([2])),
    }
    names = list(chain)
    nir.write(tmp_path / "all.nir", nir.NIRGraph(chain, list(pairwise(names))))
    graph = read(tmp_path / "all.nir")
    assert {name: node.kind for name, node in graph.nodes.items()} == {
        **{name: type(node).__name__ for name, node in chain.items() if name != "inner"},
        "inner.lif": "LIF",
        "inner.w": "Linear",
    }
    assert {e for e in graph.edges if "inner.lif" in e} == {
        ("affine", "inner.lif"),
        ("inner.lif", "inner.w"),
        ("inner.w", "inner.lif"),
        ("inner.lif", "scale"),
    }
    np.testing.assert_array_equal(graph.nodes["inner.lif"].parameters["v_reset"], -one)
    np.testing.assert_array_equal(graph.nodes["cuba"].parameters["v_reset"], 0 * one)
    np.testing.assert_array_equal(graph.nodes["cuba"].parameters["w_in"], one)


def test_what_older_files_leave_out_has_its_default() -> None:
    tree = {"node": {"type": "NIRGraph", "nodes": {"a": {"type": "LIF", **neuron()}}, "edges": []}}
    found = parse(Path("x"), tree).nodes["a"].parameters["v_reset"]
    np.testing.assert_array_equal(found, np.zeros(2))


def test_a_reset_to_0_is_left_out_for_older_versions_and_another_kept(tmp_path: Path) -> None:
    reset = np.array([0.0, -1.0])
    nodes = {
        "plain": Node("LIF", {**neuron(), "v_reset": 0 * reset}),
        "other": Node("LIF", {**neuron(), "v_reset": reset}),
    }
    write(tmp_path / "x.nir", NirGraph(nodes, ()))
    with h5py.File(tmp_path / "x.nir") as file:
        assert "v_reset" not in file["node/nodes/plain"]
    found = read(tmp_path / "x.nir").nodes
    np.testing.assert_array_equal(found["plain"].parameters["v_reset"], 0 * reset)
    np.testing.assert_array_equal(found["other"].parameters["v_reset"], reset)


def test_metadata_and_kinds_not_known_here_survive(tmp_path: Path) -> None:
    nodes = {"a": Node("Input", SHAPE, {"who": "me", "n": 3}), "b": Node("Mystery")}
    write(tmp_path / "x.nir", NirGraph(nodes, (("a", "b"),), {"dt": 0.5, "list": np.arange(3)}))
    found = read(tmp_path / "x.nir")
    assert found.nodes["b"].kind == "Mystery"
    assert (found.nodes["a"].metadata["who"], found.nodes["a"].metadata["n"]) == ("me", 3)
    assert found.metadata["dt"] == 0.5
    np.testing.assert_array_equal(found.metadata["list"], np.arange(3))


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\0b"])
def test_names_that_hdf5_cannot_take_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match=r"node name .* is not allowed"):
        write(tmp_path / "x.nir", NirGraph({name: Node("Input", SHAPE)}, ()))
    assert not list(tmp_path.iterdir())


def inner_graph(*edges: list[str]) -> dict[str, Any]:
    ends = {"i": {"type": "Input", **SHAPE}, "o": {"type": "Output", **SHAPE}}
    return {"type": "NIRGraph", "nodes": ends, "edges": list(edges)}


def test_a_graph_that_only_hands_on_leaves_the_edges_around_it() -> None:
    nodes = {"a": {"type": "Input", **SHAPE}, "g": inner_graph(["i", "o"])}
    nodes["h"] = inner_graph(["i", "o"])
    nodes["b"] = {"type": "Output", **SHAPE}
    edges = [["a", "g"], ["g", "h"], ["h", "b"]]
    found = parse(Path("x"), {"node": {"type": "NIRGraph", "nodes": nodes, "edges": edges}})
    assert (set(found.nodes), found.edges) == ({"a", "b"}, (("a", "b"),))


Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.clear(), "holds no NIR graph"),
        (lambda t: t["node"].update(type=np.zeros(2)), "holds no NIR graph"),
        (lambda t: t["node"].update(nodes=3), "graph node has no nodes"),
        (lambda t: t["node"].update(edges=[["a"]]), "edges of graph node are not pairs of names"),
        (lambda t: t["node"].update(edges=[["a", "x"]]), "edge a to x ends at no node"),
        (lambda t: t["node"]["nodes"]["a"].pop("type"), "node a has no type"),
        (lambda t: t["node"]["nodes"]["b"].pop("tau"), "node b, a LIF, has no tau"),
        (lambda t: t["node"]["nodes"]["b"].update(tau="x"), "node b, a LIF, has no tau"),
        (lambda t: t["node"]["nodes"]["b"].update(tau=np.array([1, 0])), "tau of 0; allowed: abov"),
        (lambda t: t["node"]["nodes"]["b"].update(r=np.array([np.nan])), "r of nan or infinity"),
        (lambda t: t["node"]["nodes"]["b"].update(r=np.ones(3)), "different shapes"),
        (lambda t: t["node"]["nodes"]["a"].update(shape=np.array([-1])), r"shape \[-1\]; allowed"),
        (lambda t: t["node"]["nodes"]["a"].update(shape=np.array([2**20] * 2)), "allowed: whole"),
        (
            lambda t: t["node"]["nodes"].update(
                d={"type": "Delay", "delay": np.array([-1.0])},
            ),
            "node d has a delay of -1.0; allowed: 0 or more",
        ),
        (
            lambda t: t["node"]["nodes"].update(w={"type": "Linear", "weight": np.ones(2)}),
            r"node w has weights of shape \(2,\)",
        ),
        (
            lambda t: t["node"]["nodes"].update(
                w={"type": "Affine", "weight": np.ones((2, 2)), "bias": np.ones(3)}
            ),
            r"node w has weights \(2, 2\) and biases \(3,\)",
        ),
        (
            lambda t: t["node"]["nodes"].update(g={"type": "NIRGraph", "nodes": {}, "edges": []}),
            "graph g has not one Input and one Output",
        ),
        (
            lambda t: t["node"]["nodes"].update(g=inner_graph(["i", "i"])),
            r"node g\.i feeds itself",
        ),
    ],
)
def test_one_wrong_part_is_refused_by_name(change: Change, message: str) -> None:
    nodes = {"a": {"type": "Input", **SHAPE}, "b": {"type": "LIF", **neuron()}}
    tree: dict[str, Any] = {"node": {"type": "NIRGraph", "nodes": nodes, "edges": [["a", "b"]]}}
    assert parse(Path("good"), tree).nodes.keys() == {"a", "b"}
    change(tree)
    with pytest.raises(BadFile, match=f"bad: .*{message}"):
        parse(Path("bad"), tree)


def hostile(file: h5py.File, kind: str) -> None:
    match kind:
        case "link":
            file["node/x"] = h5py.ExternalLink("/etc/passwd", "/")
        case "ring":
            file["node/x"] = file["node"]
        case "promise":
            file.create_dataset("node/x", shape=(2**40,), dtype="f8", chunks=(2**10,))
        case "chunk":
            file.create_dataset("node/x", shape=(4,), maxshape=(None,), dtype="f8", chunks=(2**28,))
        case "elsewhere":
            file.create_dataset("node/x", (3,), dtype="u1", external=[("/etc/passwd", 0, 3)])
        case "type":
            file["node/x"] = np.zeros(2, dtype=[("a", "f8")])
        case "nothing":
            file["node/x"] = h5py.Empty("f8")


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("link", "node/x is a link to somewhere else"),
        ("ring", "node/x/x/x/.* lies deeper than 12 groups"),
        ("promise", "node/x claims 1099511627776 entries in 0 bytes"),
        ("chunk", "node/x claims 268435456 entries"),
        ("elsewhere", "node/x has no data in this file"),
        ("type", r"node/x has type .* allowed: numbers and text"),
        ("nothing", "node/x has no data in this file"),
    ],
)
def test_hostile_files_are_refused_before_anything_is_allocated(
    tmp_path: Path, kind: str, message: str
) -> None:
    path = tmp_path / "x.nir"
    write(path, NirGraph({"a": Node("Input", SHAPE)}, ()))
    with h5py.File(path, "a") as file:
        hostile(file, kind)
    with pytest.raises(BadFile, match=rf"x\.nir: {message}"):
        read(path)


def test_no_file_and_no_hdf5(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"is not a file; give the name of a \.nir file"):
        read(tmp_path)
    (tmp_path / "x.nir").write_bytes(b"not HDF5")
    with pytest.raises(BadFile, match=r"x\.nir: cannot be read: OSError"):
        read(tmp_path / "x.nir")


def test_damaged_files_end_in_one_clear_error() -> None:
    """A hundred of the ten thousand that the benchmark makes."""
    script = ROOT / "benchmarks" / "nir_fuzz.py"
    command = [sys.executable, str(script), "--count", "100", "--seed", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout)
    assert result["odd"] == []
    assert sum(result["outcomes"].values()) == 100
    assert result["outcomes"].get("read", 0) < 50  # most of the damage was seen
    assert result["largest_memory_mb"] < 2000


def test_a_full_disk_leaves_the_file_that_was_there(
    tmp_path: Path, full_disk: Callable[[int], AbstractContextManager[None]]
) -> None:
    path = tmp_path / "x.nir"
    path.write_text("mine")
    graph = NirGraph({"a": Node("Input", SHAPE)}, ())
    with (
        full_disk(1000),
        pytest.raises(BadInput, match=r"x\.nir cannot be written: .* MB are free"),
    ):
        write(path, graph, force=True)
    assert path.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [path]
