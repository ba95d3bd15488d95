"""Exporters keep their contract: a graph is written exactly where nothing stands against it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from spinspike.cli.main import app
from spinspike.errors import BadInput
from spinspike.mapping.graph import graph_file
from spinspike.mapping.graph.delays import with_delays
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.mapper import map_network
from spinspike.mapping.nir import imported as nir_import
from spinspike.mapping.nir.graph import NirGraph, Node
from spinspike.mapping.quantisation.rounding import InputMode, Rounding
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.model.network.network import random_network
from spinspike.simulators.exchange import nir_executor, nir_lava
from spinspike.simulators.exchange.exporter import EXPORTERS, exporter


def drawn(seed: int, mode: InputMode, bits: int, encoding: str) -> SynapseGraph:
    architecture = Architecture(
        units=4, inputs=3, classes=2, sparsity=0.0, self_coupling=0.3, supervisory_scale=0.2
    )
    network = random_network(architecture, np.random.default_rng(seed), centre=np.zeros(3))
    return map_network(network, encoding=encoding, rounding=Rounding(bits, mode))


UNIFORM = FixedPoints(np.zeros((1, 3)), np.zeros(1, dtype=np.int64), np.ones((1, 4), dtype=np.int8))


def variants() -> dict[str, SynapseGraph]:
    plain = drawn(0, "bias", 8, "dale")
    signed = drawn(1, "binary", 4, "signed")
    first, *rest = plain.populations
    slashed = replace(first, name="E/x")
    projections = tuple(
        replace(
            p,
            source=p.source.replace("E", "E/x") if p.source == "E" else p.source,
            target="E/x" if p.target == "E" else p.target,
        )
        for p in plain.projections
    )
    return {
        "plain": plain,
        "binary": signed,
        "graded": drawn(2, "graded", 8, "pushpull"),
        "late": with_delays(signed, 2, np.random.default_rng(0)),
        "no synapses": replace(signed, projections=()),
        "large weights": replace(
            signed, projections=tuple(replace(p, exponent=20) for p in signed.projections)
        ),
        "all up": replace(plain, fixed_points={"learned": UNIFORM}),
        "a name with a slash": replace(
            plain, populations=(slashed, *rest), projections=projections
        ),
    }


GRAPHS = variants()


@pytest.mark.sanafe
@pytest.mark.parametrize("name", sorted(EXPORTERS))
def test_what_has_no_obstacles_is_written_and_nothing_else(name: str, tmp_path: Path) -> None:
    chosen, approved = exporter(name), 0
    for number, graph in enumerate(GRAPHS.values()):
        path = tmp_path / str(number)
        refused = chosen.obstacles(graph)
        approved += not refused
        if refused:
            with pytest.raises(BadInput):
                chosen.write(graph, path)
            assert not path.exists()
        else:
            assert chosen.write(graph, path) == path
            assert path.exists()
            assert all(isinstance(text, str) for text in chosen.omissions(graph))
    assert 0 < approved < len(GRAPHS)


def test_an_exporter_that_is_none_is_refused() -> None:
    with pytest.raises(BadInput, match="exporter is 'nest'; allowed: lava, nir, sanafe, pynn, net"):
        exporter("nest")


def test_an_exporter_of_another_package_is_found_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "third_party"))
    graph = next(iter(GRAPHS.values()))
    saved = tmp_path / "graph.h5"
    graph_file.save(saved, graph)
    words = ["export", str(saved), "--to", "edges", "-o", str(tmp_path / "edges.txt")]
    assert CliRunner().invoke(app, words, catch_exceptions=False).exit_code == 0
    lines = (tmp_path / "edges.txt").read_text().splitlines()
    assert lines == [f"{p.name} {p.mantissa.size}" for p in graph.projections]
    with pytest.raises(BadInput, match="exists"):
        CliRunner().invoke(app, words, catch_exceptions=False)


def random_nir(rng: np.random.Generator) -> NirGraph:
    """Anything: wrong shapes, cycles without neurons, short time constants, odd outputs."""
    size, one = 2, np.ones(2)
    tau = float(rng.choice([0.5, 1.0, 1.0, 1.0, 3.0]))
    weight = rng.integers(-3, 4, (size, rng.choice([1, 2, 2, 2]))) * 1.0
    lif = {"tau": tau * one, "r": one, "v_leak": 0 * one, "v_threshold": one, "v_reset": 0 * one}
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("Linear", {"weight": weight}),
        ("Affine", {"weight": np.eye(2), "bias": one}),
        ("LIF", {**lif, "v_reset": rng.choice([0, 0, 0, 1]) * one}),
        ("LIF", lif),
        ("IF", {"r": one, "v_threshold": one, "v_reset": 0 * one}),
        ("LI", {"tau": tau * one, "r": one, "v_leak": 0 * one}),
        ("Threshold", {"threshold": rng.choice([0.0, 1.5], 2)}),
        (
            "Delay",
            {"delay": rng.choice([0.0, 0.4, 1.0, 2.0, 2e5], p=[0.2, 0.3, 0.3, 0.15, 0.05]) * one},
        ),
        ("Scale", {"scale": 2 * one}),
        ("Conv3d", {}),
    ]
    nodes = {
        "i": Node("Input", {"shape": np.array([2])}),
        "o": Node("Output", {"shape": np.array([2])}),
    }
    chance = np.array([4, 2, 2, 4, 1, 1, 2, 3, 1, 0.3])
    for k in range(rng.integers(1, 6)):
        kind, parameters = kinds[rng.choice(len(kinds), p=chance / chance.sum())]
        nodes[f"n{k}"] = Node(kind, parameters)
    names = ["i", *(name for name in nodes if name[0] == "n"), "o"]
    edges = {(a, b) for a, b in pairwise(names)}
    for _ in range(rng.integers(0, 3)):
        a, b = rng.integers(0, len(names), 2)
        edges.add((names[a], names[b]))
    late: Any = rng.choice(["all", "closing"])
    return NirGraph(nodes, tuple(sorted(edges)), late=late)


def succeeds(work: Any) -> bool:
    try:
        work()
    except BadInput:
        return False
    return True


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_of_nir_graphs_too_what_has_no_obstacles_goes_and_nothing_else(seed: int) -> None:
    rng = np.random.default_rng(seed)
    graph = random_nir(rng)
    x = {"i": rng.integers(0, 2, (3, 2, 2)) * 1.0}
    assert succeeds(lambda: nir_executor.run(graph, x, dt=1.0)) == (
        not nir_executor.obstacles(graph, dt=1.0)
    )
    assert succeeds(lambda: nir_lava.to_lava(graph, dt=1.0)) == (
        not nir_lava.obstacles(graph, dt=1.0)
    )
    assert succeeds(lambda: nir_import.synapse_graph(graph, dt=1.0)) == (
        not nir_import.obstacles(graph, dt=1.0)
    )
    if not nir_lava.obstacles(graph, dt=1.0):
        assert not nir_executor.obstacles(graph, dt=1.0)
