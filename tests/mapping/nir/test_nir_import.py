"""NIR graphs of others as synapse graphs: the same spikes, or a refusal by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spinspike.errors import BadInput
from spinspike.mapping.graph.fields import weight_matrix
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.mapper import map_network
from spinspike.mapping.nir.export import to_nir
from spinspike.mapping.nir.export_signed import to_signed_nir
from spinspike.mapping.nir.file import read
from spinspike.mapping.nir.graph import NirGraph, Node
from spinspike.mapping.nir.imported import import_nir, obstacles
from spinspike.mapping.quantisation.rounding import Rounding
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.network import random_network
from spinspike.simulators.base import Phases
from spinspike.simulators.emulator.step import Emulator
from spinspike.simulators.exchange.nir_executor import execute
from spinspike.simulators.stimulus import encode_stimulus

MADE = Path(__file__).parents[2] / "simulators" / "nir_files"


def lif(theta: list[float], dt: float = 1.0) -> Node:
    one = np.ones(len(theta))
    p = {"tau": dt * one, "r": one, "v_leak": 0 * one, "v_reset": 0 * one}
    return Node("LIF", {**p, "v_threshold": np.array(theta)})


def recurrent(unit: float = 0.125, *, wait: float = 0.0, tau: float = 1.0) -> NirGraph:
    """Four inputs, three neurons in a ring, a supervisory input; weights are multiples of a unit."""
    rng = np.random.default_rng(3)

    def drawn(rows: int, columns: int) -> Node:
        weight = unit * rng.integers(-6, 7, (rows, columns))
        return Node("Linear", {"weight": weight})

    nodes = {
        "image": Node("Input", {"shape": np.array([4])}),
        "teacher": Node("Input", {"shape": np.array([2])}),
        "w": drawn(3, 4),
        "t": drawn(3, 2),
        "rec": drawn(3, 3),
        "wait": Node("Delay", {"delay": np.full(3, wait)}),
        "lif": lif([2.5 * unit, 0.0, 1.2 * unit], tau),
        "out": Node("Output", {"shape": np.array([3])}),
    }
    edges = (
        ("image", "w"), ("w", "lif"), ("teacher", "t"), ("t", "lif"), ("lif", "wait"),
        ("wait", "rec"), ("rec", "lif"), ("lif", "out"),
    )  # fmt: skip
    return NirGraph(nodes, edges)


@pytest.mark.parametrize(("unit", "wait"), [(0.125, 0.0), (1.0, 2.0), (0.1, 1.0)])
def test_the_graph_spikes_as_the_executor(unit: float, wait: float) -> None:
    nir = recurrent(unit, wait=wait)
    graph = import_nir(nir, dt=1.0)
    images = np.random.default_rng(0).integers(0, 2, (5, 4)).astype(np.float64)
    labels = np.arange(5) % 2
    phases = Phases(cue=2, clamped=3, free=6)
    found = Emulator().run(graph, encode_stimulus(graph, images, labels=labels), phases)
    clamped = np.zeros((phases.total, 5, 2))
    clamped[2:5, np.arange(5), labels] = 1
    inputs = {"image": np.repeat(images[None], phases.total, axis=0), "teacher": clamped}
    wanted = execute(nir, inputs, dt=1.0)["out"]
    assert 0 < wanted.mean() < 1
    assert found.spikes is not None
    np.testing.assert_array_equal(found.spikes, wanted > 0)
    assert {p.delay for p in graph.projections if p.source == "lif"} == {int(wait)}


def drawn(encoding: str) -> SynapseGraph:
    architecture = Architecture(
        units=6, inputs=3, classes=2, sparsity=0.0, self_coupling=0.3, supervisory_scale=0.2
    )
    network = random_network(architecture, np.random.default_rng(0), centre=np.zeros(3))
    return map_network(network, encoding=encoding, rounding=Rounding(4))


@pytest.mark.parametrize("encoding", ["signed", "dale", "pushpull"])
def test_the_signed_form_of_a_mapped_graph_keeps_its_weights_and_biases(encoding: str) -> None:
    graph = drawn(encoding)
    found = import_nir(to_signed_nir(graph), dt=1e-4)
    np.testing.assert_array_equal(weight_matrix(found).toarray(), weight_matrix(graph).toarray())
    np.testing.assert_array_equal(found.bias, graph.bias)


def changed(graph: NirGraph, name: str, **parameters: Any) -> NirGraph:
    node = graph.nodes[name]
    made = replace(node, parameters={**node.parameters, **parameters})
    return replace(graph, nodes={**graph.nodes, name: made})


integrate = Node("IF", {"r": np.ones(3), "v_threshold": np.ones(3), "v_reset": np.zeros(3)})


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (recurrent(tau=5.0), r"node lif has a tau of 5; allowed: one step, 1"),
        (changed(recurrent(), "lif", v_reset=np.ones(3)), r"node lif resets to other than 0"),
        (
            changed(recurrent(), "w", weight=np.sqrt(np.arange(2.0, 14)).reshape(3, 4)),
            r"node lif has weights that are no whole multiples of one number",
        ),
        (
            changed(recurrent(), "w", weight=np.arange(1.0, 13).reshape(3, 4) * 1001),
            r"weights from image to lif are up to \d+ times their unit; allowed: 255 times",
        ),
        (
            changed(recurrent(), "wait", delay=np.full(3, 80.0)),
            r"from lif to lif it takes 81 steps",
        ),
        (read(MADE / "sinabs_iaf.nir"), r"no node is a neuron; allowed: Threshold, LIF, CubaLIF"),
        (
            replace(recurrent(), nodes={**recurrent().nodes, "if": integrate}),
            r"node if is IF, whose membrane lasts; allowed: Threshold",
        ),
        (read(MADE / "snntorch_leaky.nir"), r"node \S+ has a tau of \S+; allowed: one step, 1"),
        (NirGraph({"x": Node("Input", {"shape": np.array([1])})}, ()), r"no node is a neuron"),
        (to_nir(drawn("dale")), r"node E has a tau_syn of 0\.0001; allowed: one step, 1"),
    ],
)
def test_what_a_chip_of_threshold_neurons_cannot_hold_is_refused(
    graph: NirGraph, message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        import_nir(graph, dt=1.0)


def test_everything_that_stands_against_it_is_listed() -> None:
    found = obstacles(read(MADE / "snntorch_synaptic.nir"), dt=1.0)
    assert len(found) == 4  # two time constants of two layers
    assert not obstacles(recurrent(), dt=1.0)


def test_a_connection_ahead_needs_a_step_of_its_own() -> None:
    nodes = {
        "x": Node("Input", {"shape": np.array([1])}),
        "w": Node("Linear", {"weight": np.ones((1, 1))}),
        "v": Node("Linear", {"weight": np.ones((1, 1))}),
        "a": lif([0.5]),
        "b": lif([0.5]),
    }
    edges = (("x", "w"), ("w", "a"), ("a", "v"), ("v", "b"))
    with pytest.raises(BadInput, match=r"from a to b it takes 0 steps; allowed: 1 to 63"):
        import_nir(NirGraph(nodes, edges), dt=1.0)
    nodes["late"] = Node("Delay", {"delay": np.ones(1)})
    longer = (("x", "w"), ("w", "a"), ("a", "late"), ("late", "v"), ("v", "b"))
    assert import_nir(NirGraph(nodes, longer), dt=1.0).neurons == 2
