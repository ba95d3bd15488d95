"""NIR graphs on real Lava spike as the executor says; what Lava cannot run is refused by name."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spinspike.errors import BadInput, SimulationFailed
from spinspike.mapping.nir.file import read
from spinspike.mapping.nir.graph import Firing, NirGraph, Node
from spinspike.simulators.exchange.nir_executor import execute
from spinspike.simulators.exchange.nir_lava import obstacles, run, to_lava, write, write_network

MADE = Path(__file__).parents[1] / "nir_files"


def neurons(kind: str, size: int, **parameters: Any) -> Node:
    one = np.ones(size)
    p = {"r": one, "v_threshold": one, "v_reset": 0 * one}
    return Node(kind, {**p, **parameters})


def motley() -> NirGraph:
    """What lags and delays must put right: ways of different length, delays, biases, leaks."""
    rng, one = np.random.default_rng(0), np.ones(4)

    def linear(rows: int, columns: int, scale: float) -> Node:
        return Node("Linear", {"weight": scale * rng.normal(size=(rows, columns))})

    nodes = {
        "in": Node("Input", {"shape": np.array([6])}),
        "wa": Node("Affine", {"weight": 2 * rng.normal(size=(4, 6)), "bias": rng.random(4)}),
        "late": Node("Delay", {"delay": np.array([0.0, 0.1, 0.3, 0.3])}),
        "a": neurons(
            "CubaLIF", 4, tau_syn=0.25 * one, tau_mem=0.5 * one, v_leak=rng.random(4), w_in=2 * one
        ),
        "wb": linear(5, 4, 4.0),
        "b": neurons("IF", 5, v_threshold=0.5 + rng.random(5)),
        "wait": Node("Delay", {"delay": 0.2 * one}),
        "wc": linear(5, 4, 4.0),
        "skip": linear(5, 6, 2.0),
        "ring": linear(5, 5, 5.0),
        "scale": Node("Scale", {"scale": np.linspace(1, 2, 5)}),
        "t": Node("Threshold", {"threshold": np.full(5, 1.5)}),
        "out": Node("Output", {"shape": np.array([5])}),
        "out_a": Node("Output", {"shape": np.array([4])}),
        "out_t": Node("Output", {"shape": np.array([5])}),
    }
    edges = (
        ("in", "wa"), ("wa", "late"), ("late", "a"), ("a", "wb"), ("wb", "b"), ("a", "wait"),
        ("wait", "wc"), ("wc", "b"), ("in", "skip"), ("skip", "b"), ("b", "ring"), ("ring", "b"),
        ("b", "scale"), ("scale", "t"), ("b", "out"), ("a", "out_a"), ("t", "out_t"),
    )  # fmt: skip
    return NirGraph(nodes, edges)


@pytest.mark.lava
def test_lags_delays_leaks_and_biases_come_out_right() -> None:
    graph = motley()
    x = (np.random.default_rng(1).random((40, 1, 6)) < 0.3).astype(np.float64)
    wanted = execute(graph, {"in": x}, dt=0.1)
    found = run(to_lava(graph, dt=0.1), {"in": x})
    assert found.keys() == wanted.keys()
    for name, spikes in wanted.items():
        assert 3 <= spikes.sum() < spikes.size, name
        np.testing.assert_array_equal(found[name], spikes)


@pytest.mark.lava
@pytest.mark.parametrize("wait", [0.1, 0.7])
def test_outputs_may_be_late(wait: float) -> None:
    graph = wired(("b", "hold"), ("hold", "out_t"))
    graph = replace(graph, nodes={**graph.nodes, "hold": Node("Delay", {"delay": np.array(wait)})})
    x = (np.random.default_rng(1).random((30, 1, 6)) < 0.3).astype(np.float64)
    wanted = execute(graph, {"in": x}, dt=0.1)
    assert wanted["out_t"].sum() > 3
    for name, found in run(to_lava(graph, dt=0.1), {"in": x}).items():
        np.testing.assert_array_equal(found, wanted[name])


@pytest.mark.lava
def test_what_lavas_own_neurons_have_not_runs_as_well() -> None:
    """Several time constants, resets to other than 0, thresholds and leaks of each neuron's own."""
    several, late = Firing("several", "subtract"), Firing(reset="subtract-late")
    graph = changed("a", tau_mem=np.linspace(0.2, 0.8, 4), tau_syn=np.linspace(0.1, 0.4, 4))
    nodes = {**graph.nodes, "b": replace(graph.nodes["b"], firing=several)}
    nodes["a"] = replace(
        nodes["a"], parameters={**nodes["a"].parameters, "v_reset": np.full(4, -0.5)}
    )
    x = (np.random.default_rng(1).random((40, 1, 6)) < 0.3).astype(np.float64)
    found = {}
    for firing in (several, late):
        nodes["b"] = replace(nodes["b"], firing=firing)
        wanted = execute(replace(graph, nodes=nodes), {"in": x}, dt=0.1)
        found = run(to_lava(replace(graph, nodes=nodes), dt=0.1), {"in": x})
        for name, spikes in wanted.items():
            assert spikes.sum() > 3, name
            np.testing.assert_array_equal(found[name], spikes)
        assert (found["out"].max() > 1) == (firing is several)


@pytest.mark.lava
@pytest.mark.parametrize("name", ["snntorch_rleaky", "snntorch_synaptic", "norse_lifbox"])
def test_files_of_other_tools_run_on_lava_as_in_the_tool(name: str) -> None:
    with np.load(MADE / f"{name}.npz", allow_pickle=False) as file:
        given, wanted, dt = file["input"], file["output"], float(file["dt"])
    found = run(to_lava(read(MADE / f"{name}.nir"), dt=dt), {"input": given[:, :1]})
    assert wanted[:, :1].sum() > 10
    np.testing.assert_array_equal(found["output"], wanted[:, :1])


@pytest.mark.lava
def test_membranes_of_integrators_are_handed_out_in_every_step() -> None:
    rng, one = np.random.default_rng(0), np.ones(2)
    nodes = {
        "i": Node("Input", {"shape": np.array([4])}),
        "w": Node("Linear", {"weight": 3 * rng.normal(size=(3, 4))}),
        "a": neurons("LIF", 3, tau=np.full(3, 0.2), v_leak=np.zeros(3)),
        "v": Node("Affine", {"weight": rng.normal(size=(2, 3)), "bias": one}),
        "li": Node(
            "CubaLI",
            {"tau_syn": 0.3 * one, "tau_mem": 0.1 * one, "r": one, "v_leak": one, "w_in": one},
        ),
        "file": Node("Output", {"shape": np.array([2])}),  # a name that numpy.savez does not take
    }
    edges = (("i", "w"), ("w", "a"), ("a", "v"), ("v", "li"), ("li", "file"))
    graph = NirGraph(nodes, edges)
    x = (rng.random((20, 1, 4)) < 0.5).astype(np.float64)
    found = run(to_lava(graph, dt=0.1), {"i": x})["file"]
    np.testing.assert_allclose(found, execute(graph, {"i": x}, dt=0.1)["file"], atol=1e-12)
    onward = NirGraph(nodes, (*edges, ("li", "back"), ("back", "a")))
    onward = replace(onward, nodes={**nodes, "back": Node("Linear", {"weight": np.ones((3, 2))})})
    with pytest.raises(BadInput, match="node li sends its membrane to node a; allowed: to an Out"):
        to_lava(onward, dt=0.1)


def test_only_what_needs_it_is_delayed() -> None:
    """From a to b it is one step by way of Lava; the input's short way waits for it."""
    network = to_lava(motley(), dt=0.1)
    late = {(s.source, s.target, wait) for s, wait in network.connections}
    assert late == {
        ("in", "a", 0), ("in", "a", 1), ("in", "a", 3), ("a", "b", 0), ("a", "b", 2),
        ("in", "b", 1), ("b", "b", 0), ("b", "t", 0),
    }  # fmt: skip
    assert {name: n.lag for name, n in network.neurons.items()} == {"a": 1, "b": 2, "t": 3}


def changed(name: str, **parameters: Any) -> NirGraph:
    graph = motley()
    node = graph.nodes[name]
    made = replace(node, parameters={**node.parameters, **parameters})
    return replace(graph, nodes={**graph.nodes, name: made})


def wired(*edges: tuple[str, str]) -> NirGraph:
    graph = motley()
    return replace(graph, edges=tuple(e for e in graph.edges if e[0] != "t") + edges)


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (
            changed("a", tau_syn=np.full(4, 0.05)),
            r"node a has a tau_syn of 0\.05; allowed: dt = 0\.1 or",
        ),
        (changed("b", v_threshold=np.zeros(5)), "node b has a threshold of 0; allowed: above 0"),
        (changed("wait", delay=np.full(4, 1e6)), r"node wait delays by 1e\+07 steps"),
        (wired(("scale", "out_t")), "node out_t gets other than the spikes of one node"),
        (wired(("b", "out_t"), ("t", "out_t")), "node out_t gets other than the spikes"),
        (
            wired(("t", "ring"), ("t", "out_t")),
            "nodes b, t lie in cycles of more connections than steps",
        ),
        (
            NirGraph({"i": Node("I", {"r": np.ones(1)})}, ()),
            "node i is a I; allowed: Input, Output, Linear, Affine, Scale, Threshold",
        ),
    ],
)
def test_what_lava_cannot_run_is_refused_by_name(graph: NirGraph, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        to_lava(graph, dt=0.1)


def test_everything_that_stands_against_it_is_listed() -> None:
    assert obstacles(motley(), dt=0.1) == []
    both = changed("a", tau_mem=np.full(4, 0.05), tau_syn=np.full(4, 0.05))
    assert len(obstacles(both, dt=0.1)) == 2


def test_the_folder_is_written_whole_and_over_nothing_else(tmp_path: Path) -> None:
    network = to_lava(motley(), dt=0.1)
    folder = write_network(network, tmp_path / "net")
    assert {f.name for f in folder.iterdir()} == {
        "network.py", "lif_neurons.py", "lava_mends.py", "watchdog.py", "network.json", "network.npz",
    }  # fmt: skip
    assert json.loads((folder / "network.json").read_text())["inputs"] == {"in": 6}
    with pytest.raises(BadInput, match=r"net exists; choose another name or allow overwriting"):
        write_network(network, folder)
    write_network(network, folder, force=True)
    (folder / "spikes.npz").write_bytes(b"")  # what its program writes
    write_network(network, folder, force=True)
    (folder / "mine.txt").write_text("mine")
    with pytest.raises(BadInput, match=r"net holds mine\.txt, which no export writes"):
        write_network(network, folder, force=True)
    with pytest.raises(BadInput, match=r"folder .*none does not exist"):
        write_network(network, tmp_path / "none" / "net")


def test_inputs_that_do_not_fit_are_refused_before_lava_starts(tmp_path: Path) -> None:
    folder = write(motley(), tmp_path / "net", dt=0.1)
    inputs: dict[str, Any] = {"in": np.zeros((3, 1, 7))}
    np.savez(folder / "x.npz", **inputs)
    command = [sys.executable, "network.py", "x.npz"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "x.npz holds {'in': (3, 1, 7)}; allowed: (steps, patterns, size)" in done.stderr
    with pytest.raises(
        SimulationFailed, match=r"Lava failed: .*allowed: \(steps, patterns, size\)"
    ):
        run(to_lava(motley(), dt=0.1), {"in": np.zeros((3, 1, 7))})


def test_the_program_writes_over_nothing_that_it_reads(tmp_path: Path) -> None:
    folder = write(motley(), tmp_path / "net", dt=0.1)
    inputs: dict[str, Any] = {"in": np.zeros((3, 1, 6))}
    np.savez(folder / "x.npz", **inputs)
    (folder / "link.npz").symlink_to("x.npz")
    for name in ("x.npz", "link.npz", "network.json"):
        command = [sys.executable, "network.py", "x.npz", "-o", name]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        says = f"network.py: {name} is read by this program; give another name with -o\n"
        assert (done.returncode, done.stderr) == (2, says)
