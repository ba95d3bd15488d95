"""Synapse graphs as NIR and back: nothing is lost, nothing that was changed is taken."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinspike.errors import BadFile, BadInput, OutOfRange
from spinspike.mapping.graph.delays import with_delays
from spinspike.mapping.graph.encoding import ENCODINGS
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.graph.graph_file import contents
from spinspike.mapping.mapper import map_network
from spinspike.mapping.nir import file as nir_file
from spinspike.mapping.nir.export import from_nir, omissions, to_nir
from spinspike.mapping.nir.graph import NirGraph, Node
from spinspike.mapping.quantisation.rounding import InputMode, Rounding
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.network import random_network


def drawn(
    seed: int = 0,
    *,
    units: int = 5,
    modules: int = 1,
    encoding: str = "dale",
    mode: InputMode = "bias",
    longest: int = 0,
    **options: Any,
) -> SynapseGraph:
    rng = np.random.default_rng(seed)
    architecture = Architecture(
        units=units,
        inputs=3,
        classes=2,
        modules=modules,
        link=0.3 if modules > 1 else 0.0,
        between_sparsity=0.5,
        sparsity=0.0,
        self_coupling=0.3,
        supervisory_scale=0.2,
    )
    network = random_network(architecture, rng, centre=rng.random(3))
    bits = options.pop("bits", 8)
    graph = map_network(network, encoding=encoding, rounding=Rounding(bits, mode), **options)
    return with_delays(graph, longest, rng) if longest else graph


def assert_same(one: SynapseGraph, other: SynapseGraph) -> None:
    """All arrays to the bit and all attributes, fixed points aside."""
    arrays, attributes = contents(replace(one, fixed_points={}))
    others, other_attributes = contents(other)
    assert attributes == other_attributes
    assert arrays.keys() == others.keys()
    for name, array in arrays.items():
        found = others[name]
        assert array.dtype.kind == found.dtype.kind, name
        # an index may be as wide as the file has it
        assert (array.shape, array.astype(found.dtype).tobytes()) == (found.shape, found.tobytes())


@given(
    seed=st.integers(0, 2**32 - 1),
    units=st.integers(2, 8),
    modules=st.integers(1, 3),
    bits=st.sampled_from([4, 8]),
    encoding=st.sampled_from(list(ENCODINGS)),
    mode=st.sampled_from(["bias", "binary", "graded"]),
    longest=st.integers(0, 3),
    autapses=st.booleans(),
    readout=st.booleans(),
    provenance=st.dictionaries(st.text(), st.integers() | st.text(), max_size=2),
    dt=st.sampled_from([1e-4, 1.0, 3e-3]),
)
@settings(max_examples=20, deadline=None, derandomize=True)
def test_a_graph_comes_back_from_nir_to_the_bit(
    seed: int,
    units: int,
    modules: int,
    bits: int,
    encoding: str,
    mode: InputMode,
    longest: int,
    autapses: bool,
    readout: bool,
    provenance: dict[str, Any],
    dt: float,
) -> None:
    try:
        graph = drawn(
            seed,
            units=units,
            modules=modules,
            bits=bits,
            encoding=encoding,
            mode=mode,
            longest=longest,
            autapses=autapses,
            on_chip_readout=readout,
            provenance=provenance,
        )
    except OutOfRange:
        return  # a row so weak that its self-coupling does not fit
    assert_same(from_nir(to_nir(graph, dt=dt)), graph)


@pytest.mark.parametrize("encoding", list(ENCODINGS))
def test_a_graph_comes_back_through_a_file(tmp_path: Path, encoding: str) -> None:
    graph = drawn(1, modules=2, encoding=encoding, mode="graded", longest=2)
    nir_file.write(tmp_path / "graph.nir", to_nir(graph))
    assert_same(from_nir(nir_file.read(tmp_path / "graph.nir")), graph)


@pytest.mark.nir
def test_the_reference_library_reads_the_file_and_finds_all_types_in_order(tmp_path: Path) -> None:
    import nir

    graph = to_nir(drawn(modules=2, mode="graded", longest=1))
    nir_file.write(tmp_path / "graph.nir", graph)
    found = nir.read(tmp_path / "graph.nir")
    assert found.nodes.keys() == graph.nodes.keys()
    assert set(found.edges) == set(graph.edges)
    for name, node in graph.nodes.items():
        assert type(found.nodes[name]).__name__ == node.kind
        for part, value in node.parameters.items():
            if part != "shape":
                np.testing.assert_array_equal(getattr(found.nodes[name], part), value)


def test_every_neuron_forgets_and_every_weight_has_one_sign() -> None:
    graph = to_nir(drawn(), dt=2e-3)
    for name in graph.named("CubaLIF"):
        p = graph.nodes[name].parameters
        assert (p["tau_syn"] == 2e-3).all()
        assert (p["tau_mem"] == 2e-3).all()
        assert (p["r"] == 1).all()
        assert (p["w_in"] == 1).all()
    for name in graph.named("Linear"):
        weight = graph.nodes[name].parameters["weight"]
        assert (weight >= 0).all() if name.endswith("+") else (weight <= 0).all()
        assert weight.any()


def changed(graph: NirGraph, name: str, **parameters: Any) -> NirGraph:
    node = graph.nodes[name]
    nodes = {**graph.nodes, name: replace(node, parameters={**node.parameters, **parameters})}
    return replace(graph, nodes=nodes)


def test_a_graph_that_was_changed_is_refused_by_the_name_of_the_node() -> None:
    graph = to_nir(drawn())
    weight = graph.nodes["E>I:coupling+"].parameters["weight"]
    with pytest.raises(BadFile, match=r"g: node E is not what the metadata says"):
        from_nir(changed(graph, "E", v_threshold=np.full(5, 1.5)), "g")
    with pytest.raises(BadInput, match=r"E>I:coupling\+ has 0\.5; allowed: whole numbers"):
        from_nir(changed(graph, "E>I:coupling+", weight=np.full_like(weight, 0.5)))
    with pytest.raises(BadFile, match=r"weights -\d"):
        from_nir(changed(graph, "E>I:coupling+", weight=-weight))
    with pytest.raises(BadFile, match=r"edge extra to E is not what"):
        from_nir(
            replace(
                graph,
                nodes=graph.nodes,
                edges=tuple(sorted((*graph.edges, ("extra", "E")))),
            )
        )
    extra = {**graph.nodes, "extra": Node("Input", {"shape": np.array([1])})}
    with pytest.raises(BadFile, match=r"node extra is not what the metadata says"):
        from_nir(replace(graph, nodes=extra))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("kind", "other", r"metadata kind must be 'spinspike graph'"),
        ("encoding", "push", r"encoding is 'push'"),
        ("populations", "[", r"is not what its metadata says"),
        ("populations", '[["E", 5, "threshold"]]', r"shape|not between"),
        ("projections", "[[1, 2]]", r"is not what its metadata says"),
        ("dt", 0.0, r"dt is 0\.0"),
        ("dt", 1e-3, r"node \S+ is not what the metadata says"),
        ("levels", 17, r"levels is 17; allowed"),
        ("centre", np.array([np.nan] * 3), r"nan or infinity"),
    ],
)
def test_metadata_that_lies_is_refused(name: str, value: Any, message: str) -> None:
    graph = to_nir(drawn())
    with pytest.raises(BadInput, match=message):
        from_nir(replace(graph, metadata={**graph.metadata, name: value}))


@pytest.mark.parametrize("dt", [0.0, -1.0, np.inf, np.nan])
def test_a_step_must_be_above_0(dt: float) -> None:
    with pytest.raises(BadInput, match=rf"dt is {dt}; allowed: above 0"):
        to_nir(drawn(), dt=dt)


def test_what_is_lost_is_said(graph: SynapseGraph) -> None:
    found = "\n".join(omissions(graph))
    points = graph.fixed_points["learned"]
    assert f"{len(points)} learned fixed points" in found
    assert not [text for text in omissions(drawn()) if "fixed points" in text]
    assert "graded" in "\n".join(omissions(drawn(mode="graded")))


def test_populations_keep_their_names_and_nothing_overwrites_them(tmp_path: Path) -> None:
    """Whatever they are called: as a bias, an output, a projection, a delay."""
    graph = drawn(modules=2, longest=2)
    first, second, *others = (p.name for p in graph.populations)
    name = {first: f"output_{second}", second: f"bias_output_{second}"}
    name |= dict(zip(others, (f"output_{second}>{second}:self+", "E@1:around"), strict=False))
    renamed = replace(
        graph,
        populations=tuple(replace(p, name=name.get(p.name, p.name)) for p in graph.populations),
        projections=tuple(
            replace(p, source=name.get(p.source, p.source), target=name.get(p.target, p.target))
            for p in graph.projections
        ),
    )
    nir = to_nir(renamed)
    assert len(nir.nodes) == len(to_nir(graph).nodes)
    assert {nir.nodes[n].kind for n in name.values() if n in renamed.slices()} == {"CubaLIF"}
    nir_file.write(tmp_path / "graph.nir", nir)
    assert_same(from_nir(nir_file.read(tmp_path / "graph.nir")), renamed)
