"""Linear networks as mirror pairs: exact, obeying Dale's law, in a file, and refused elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from spinspike.errors import BadFile, BadInput, OutOfRange
from spinspike.mapping import load_target, place
from spinspike.mapping.certificates.margins import integer_margins
from spinspike.mapping.chips.limits import check
from spinspike.mapping.graph.codec import external_field
from spinspike.mapping.graph.delays import with_delays
from spinspike.mapping.graph.fields import weight_matrix
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.graph.graph_file import load, save
from spinspike.mapping.graph.nulls import permuted_couplings, without_couplings
from spinspike.mapping.graph.relay import without_autapses
from spinspike.mapping.integrator.integrator_graph import (
    map_integrator,
    mapped_network,
    outlier_after,
)
from spinspike.mapping.mapper import map_network
from spinspike.mapping.nir.export import to_nir
from spinspike.mapping.nir.export_signed import to_signed_nir
from spinspike.mapping.pictures.networkx_view import population_view
from spinspike.mapping.pictures.svg import to_svg
from spinspike.model.integrator.linear_network import LinearNetwork, outlier, spectrum
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.model.network.import_arrays import from_arrays
from spinspike.simulators.base import Phases, Stimulus
from spinspike.simulators.emulator.step import Emulator
from spinspike.simulators.exchange import pynn as pynn_export
from spinspike.simulators.exchange import sanafe as sanafe_export
from spinspike.simulators.exchange.lava import write as export
from spinspike.simulators.exchange.netx import write as write_net
from spinspike.simulators.stress.campaign import StressPlan
from spinspike.simulators.stress.kinds import KINDS
from spinspike.simulators.validation.protocol import points_of
from spinspike.studies.certificates.run import certificates
from spinspike.studies.exchange.obstacles import report


def random_network(units: int, seed: int, spread: float = 0.6) -> LinearNetwork:
    rng = np.random.default_rng(seed)
    coupling = rng.standard_normal((units, units)) * (spread / np.sqrt(units))
    stable = coupling - max(0, np.linalg.eigvals(coupling).real.max() - 0.9) * np.eye(units)
    return LinearNetwork(stable, rng.standard_normal(units), rng.standard_normal(units))


@pytest.fixture
def graph() -> SynapseGraph:
    return map_integrator(random_network(5, 0))


def dense(graph: SynapseGraph, target: str, source: str, sign: int) -> Any:
    """Integer weights of one sign between two populations."""
    found = np.zeros((graph.sizes[target], graph.sizes[source]), dtype=np.int64)
    for p in graph.projections:
        if (p.target, p.source, p.sign) == (target, source, sign):
            weight = p.matrix(graph.sizes[source]).toarray().astype(np.int64)
            found += sign * (weight << p.exponent)
    return found


@given(
    units=st.integers(1, 6),
    seed=st.integers(0, 2**32),
    bits=st.integers(1, 8),
    step=st.floats(0.01, 1),
    exact=st.booleans(),
    consolidate=st.booleans(),
)
@settings(max_examples=25, deadline=None, derandomize=True)
def test_mapped_graphs_hold_what_always_holds(
    tmp_path_factory: pytest.TempPathFactory,
    units: int,
    seed: int,
    bits: int,
    step: float,
    exact: bool,
    consolidate: bool,
) -> None:
    """Dale's law, the mirror, twins and the file."""
    network = random_network(units, seed)
    graph = map_integrator(network, bits=bits, step=step, exact=exact, consolidate=consolidate)
    for kind, sign in (("E", 1), ("I", -1)):
        for prefix in ("", "input_"):
            assert not any(
                dense(graph, target, f"{prefix}{kind}", -sign).any() for target in ("E", "I")
            )
    on, off = slice(0, units), slice(units, 2 * units)
    for sources in (("E", "I"), ("input_E", "input_I")):
        into_e = sum(dense(graph, "E", s, sign) for s in sources for sign in (1, -1))
        into_i = sum(dense(graph, "I", s, sign) for s in sources for sign in (1, -1))
        assert (into_e == into_i).all()
        assert (into_e[on] == -into_e[off]).all()  # what ON receives, OFF receives reversed
    path = tmp_path_factory.getbasetemp() / "graded.h5"
    save(path, graph, force=True)
    read = load(path)
    assert (read.graded, read.populations) == (graph.graded, graph.populations)
    for one, other in zip(read.projections, graph.projections, strict=True):
        assert (one.name, one.exponent) == (other.name, other.exponent)
        assert (one.matrix(2 * units) != other.matrix(2 * units)).nnz == 0
    assert np.array_equal(read.io.scale, graph.io.scale)


def test_every_weight_is_the_nearest_one() -> None:
    """In continuous time dt W is rounded, whose unit is 2**-shift."""
    network = random_network(30, 1)
    graph = map_integrator(network, bits=6, exact=False, consolidate=False)
    graded = graph.graded
    assert graded is not None
    half = 0.5 * 2.0**-graded.shift / graded.step
    mapped = mapped_network(graph)
    assert np.abs(mapped.coupling - network.coupling).max() <= half * (1 + 1e-9)
    for name in ("input_weight", "readout"):
        exact, found = getattr(network, name), getattr(mapped, name)
        assert np.abs(found - exact).max() <= 0.51 * np.abs(exact).max() / 63


def test_a_step_is_the_flow_of_the_network() -> None:
    network = random_network(20, 2)
    graph = map_integrator(network, consolidate=False)
    graded = graph.graded
    assert graded is not None
    weights = sum(dense(graph, "E", s, sign) for s in ("E", "I") for sign in (1, -1))
    step = weights[:20, :20] / 2**graded.shift
    exact = expm(graded.step * (network.coupling - np.eye(20)))
    assert np.abs(step - exact).max() <= 0.5 * 2.0**-graded.shift
    assert outlier_after(graph) == pytest.approx(outlier(network), abs=0.01)


@pytest.mark.parametrize("factor", [1e-4, 1e30])
def test_the_unit_of_the_input_makes_no_difference(factor: float) -> None:
    """Only the scales change; 64 is the headroom at which numbers are smallest."""
    network = random_network(8, 5)
    louder = replace(network, input_weight=factor * network.input_weight)
    one, other = (map_integrator(n, headroom=64, bits=3) for n in (network, louder))
    assert [p.mantissa.tolist() for p in one.projections] == [
        p.mantissa.tolist() for p in other.projections
    ]
    assert np.allclose(one.io.scale, factor * other.io.scale)


def test_without_couplings_only_the_leak_is_left(graph: SynapseGraph) -> None:
    """All eigenvalues 0: every unit forgets with the time constant of its leak, exactly."""
    assert np.abs(spectrum(mapped_network(without_couplings(graph)))).max() < 1e-12
    euler = map_integrator(random_network(5, 0), exact=False)
    assert np.abs(mapped_network(without_couplings(euler)).coupling).max() < 1e-12


def test_permuted_couplings_are_the_columns_in_another_order() -> None:
    network = random_network(6, 4)
    graph = map_integrator(network, exact=False, consolidate=False)
    null = mapped_network(permuted_couplings(graph, np.random.default_rng(0))).coupling
    own = mapped_network(graph).coupling
    order = [int(np.flatnonzero((column == null.T).all(axis=1))[0]) for column in own.T]
    assert sorted(order) == list(range(6))
    assert all(new != old for old, new in enumerate(order))
    assert np.allclose(null[:, order], own)


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"bits": 0}, "bits is 0; allowed: 1 to 8"),
        ({"bits": 9}, "bits is 9"),
        ({"step": 0.0}, "step is 0.0; allowed: above 0"),
        ({"step": float("nan")}, "step is nan"),
        ({"step": 1.5}, "step is 1.5"),
        ({"headroom": 1.0}, "headroom is 1.0; allowed: 1.1 to 64"),
    ],
)
def test_what_cannot_be_mapped_is_refused(options: dict[str, Any], what: str) -> None:
    with pytest.raises(BadInput, match=what):
        map_integrator(random_network(3, 0), **options)


def test_networks_that_cannot_be_mapped_are_refused() -> None:
    one = np.ones(2)
    with pytest.raises(BadInput, match="an eigenvalue of W has the real part 1; allowed: below 1"):
        map_integrator(LinearNetwork(np.diag([1.0, -2.0]), one, one), consolidate=False)
    for name, parts in {"input_weight": (0 * one, one), "readout": (one, 0 * one)}.items():
        with pytest.raises(BadInput, match=f"{name} is all 0"):
            map_integrator(LinearNetwork(np.diag([0.5, 0.2]), *parts))
    fast = np.array([[0.0, -13.0], [13.0, 0.0]])
    with pytest.raises(BadInput, match=r"h turns by 3\.25 in a step; allowed: below pi"):
        map_integrator(LinearNetwork(fast, one, one))
    strong = np.array([[0.0, 2e5], [0.0, 0.0]])
    with pytest.raises(OutOfRange, match="couplings reach"):
        map_integrator(LinearNetwork(strong, one, one))


def test_weights_of_no_flow_are_named(graph: SynapseGraph) -> None:
    """A step with an eigenvalue -.5 is no real network's."""
    bare = without_couplings(graph)
    turned = tuple(
        replace(p, source={"E": "I", "I": "E"}[p.source], sign=-p.sign) if p.role == "self" else p
        for p in bare.projections
    )
    with pytest.raises(BadInput, match="eigenvalue that is 0 or negative"):
        mapped_network(replace(bare, projections=turned))


@given(units=st.integers(1, 8), seed=st.integers(0, 2**32), bits=st.integers(1, 8))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_the_mapped_network_makes_the_steps_of_the_integers(
    units: int, seed: int, bits: int
) -> None:
    """One bit often makes an eigenvalue of a step 1, a memory for ever, and sometimes one of 0."""
    network = random_network(units, seed)
    graph = map_integrator(network, bits=bits)
    assert graph.graded is not None
    weights = sum(dense(graph, "E", s, sign) for s in ("E", "I") for sign in (1, -1))
    inputs = sum(dense(graph, "E", f"input_{s}", sign) for s in ("E", "I") for sign in (1, -1))
    unit = 2.0**-graph.graded.shift
    try:
        mapped = mapped_network(graph)
    except BadInput:
        assert bits == 1
        assert np.linalg.eigvals(unit * weights[:units, :units]).real.min() < 1e-9
        return
    joint = np.zeros((units + 1,) * 2)
    joint[:-1] = np.column_stack([mapped.generator * graph.graded.step, mapped.input_weight])
    step = expm(joint)[:-1]
    assert np.allclose(step[:, :-1], unit * weights[:units, :units], atol=1e-6)
    drive = unit * inputs[:units, 0] * graph.io.levels / graph.io.scale
    assert np.allclose(step[:, -1], drive, atol=1e-6 * np.abs(drive).max())


def test_a_memory_that_rounding_makes_endless_has_an_eigenvalue_of_one() -> None:
    endless = map_integrator(LinearNetwork(np.array([[0.9]]), np.ones(1), np.ones(1)), bits=1)
    assert outlier_after(endless) == pytest.approx(1)


def test_threshold_graphs_stand_for_no_linear_network() -> None:
    one = np.eye(2)
    graph = map_network(from_arrays([[1.0, 1.0], [-0.5, 1.0]], one, one, one))
    with pytest.raises(BadInput, match="has dale neurons; allowed: graded ones"):
        mapped_network(graph)


NOTHING = np.zeros((1, 20), dtype=np.int64)
STIMULUS = Stimulus(NOTHING, NOTHING, NOTHING[:, :0], NOTHING[:, :1] > 0, NOTHING.astype(np.int8))
POINTS = FixedPoints(np.zeros((1, 1)), np.zeros(1, dtype=np.int64), np.ones((1, 5), dtype=np.int8))
REFUSING: dict[str, Callable[[SynapseGraph, Path], object]] = {
    "check": lambda graph, _: check(graph, load_target("loihi2")),
    "place": lambda graph, _: place(graph, load_target("loihi1")),
    "export": lambda graph, path: export(graph, path / "folder"),
    "net": lambda graph, path: write_net(graph, path / "graph.net"),
    "nir": lambda graph, _: to_nir(graph),
    "signed nir": lambda graph, _: to_signed_nir(graph),
    "pynn": lambda graph, path: pynn_export.write(graph, path / "pynn"),
    "sanafe": lambda graph, path: sanafe_export.write(graph, path / "sanafe"),
    "certificate": lambda graph, _: integer_margins(graph, POINTS),
    "codec": lambda graph, _: external_field(graph, np.zeros((1, 1))),
    "weights": lambda graph, _: weight_matrix(graph),
    "relay": lambda graph, _: without_autapses(graph),
    "delays": lambda graph, _: with_delays(graph, 3, np.random.default_rng(0)),
    "certify": lambda graph, _: certificates(graph),
    "validate": lambda graph, _: points_of(graph, "free", slice(1)),
    "stress": lambda graph, _: StressPlan(graph, Emulator(), Phases(), ("flips",)).points(
        KINDS["flips"]
    ),
    "emulator": lambda graph, _: Emulator().run(graph, STIMULUS, Phases()),
}


@pytest.mark.parametrize("name", REFUSING)
def test_whatever_knows_spins_alone_refuses_in_one_sentence(
    name: str, graph: SynapseGraph, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match="graded neurons, which hold numbers and no spins"):
        REFUSING[name](graph, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("purpose", ["nir", "lava", "sanafe", "net", "pynn"])
def test_conversions_name_graded_neurons_as_the_obstacle(
    purpose: str, graph: SynapseGraph, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(tmp_path / "graph.h5", graph)
    with pytest.raises(typer.Exit, match="1"):
        report(tmp_path / "graph.h5", purpose, (purpose,), nir=None, dt=1.0, as_json=True)
    (found,) = json.loads(capsys.readouterr().out)["refused"]
    assert "graded neurons" in found


def test_graded_graphs_can_be_looked_at(graph: SynapseGraph) -> None:
    view = population_view(graph)
    assert {name: data["neuron"] for name, data in view.nodes(data=True)} == {
        "E": "graded",
        "I": "graded",
        "input_E": "input",
        "input_I": "input",
        "readout": "readout",
    }
    assert "excitatory graded" in to_svg(graph)


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("step", 0.0, "step is 0; allowed: above 0, up to 1"),
        ("step", 1e300, r"step is 1e\+300"),
        ("readout_scale", -1.0, "readout_scale is -1"),
        ("shift", 24, "shift is 24"),
        ("exact", 2, "exact is 2"),
        ("encoding", np.bytes_(b"dale"), "encoding is 'dale'; allowed: mirror"),
        ("levels", 2**23, "levels is 8.38861e"),
        ("step", None, "attribute step"),
    ],
)
def test_a_wrong_number_in_a_file_is_refused(
    name: str, value: Any, what: str, graph: SynapseGraph, tmp_path: Path
) -> None:
    save(tmp_path / "graph.h5", graph)
    with h5py.File(tmp_path / "graph.h5", "r+") as file:
        del file.attrs[name]
        if value is not None:
            file.attrs[name] = value
    with pytest.raises(BadFile, match=what):
        load(tmp_path / "graph.h5")


def test_a_file_of_both_kinds_of_neurons_is_refused(graph: SynapseGraph, tmp_path: Path) -> None:
    first, second, *others = graph.populations
    mixed = replace(graph, populations=(first, replace(second, neuron="threshold"), *others))
    save(tmp_path / "graph.h5", mixed)
    with pytest.raises(BadFile, match="threshold neurons or graded ones, not both"):
        load(tmp_path / "graph.h5")


def test_files_of_other_populations_or_with_delays_are_refused(
    graph: SynapseGraph, tmp_path: Path
) -> None:
    renamed = (replace(graph.populations[-1], name="y"), *graph.populations[:-1])
    kept = tuple(p for p in graph.projections if p.role != "readout")
    save(tmp_path / "renamed.h5", replace(graph, populations=renamed, projections=kept))
    with pytest.raises(BadFile, match=r"populations are .*'y'.*; allowed: .*name='E', size=10"):
        load(tmp_path / "renamed.h5")
    late = tuple(replace(p, delay=int(p.role == "self")) for p in graph.projections)
    save(tmp_path / "late.h5", replace(graph, projections=late))
    with pytest.raises(OutOfRange, match=r"E>E:self.@1: delay 1 does not fit; allowed: 0 to 0"):
        load(tmp_path / "late.h5")
