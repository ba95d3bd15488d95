"""Graph files: what is saved is loaded bit for bit, and no file makes loading misbehave."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import issparse

from spinspike.errors import BadFile, BadInput, OutOfRange, SpinspikeError
from spinspike.mapping.graph.encoding import ENCODINGS
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.graph.graph_file import load, save
from spinspike.mapping.mapper import map_network
from spinspike.mapping.quantisation.rounding import InputMode, Rounding
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.model.network.network import Network, random_network


def assert_equal(one: Any, other: Any) -> None:
    """Equal to the bit, through dataclasses, tuples and mappings."""
    assert type(one) is type(other)
    if issparse(one):
        for part in ("data", "indices", "indptr"):
            np.testing.assert_array_equal(getattr(one, part), getattr(other, part))
        assert one.shape == other.shape
    elif isinstance(one, np.ndarray):
        assert (one.shape, one.dtype, one.tobytes()) == (other.shape, other.dtype, other.tobytes())
    elif hasattr(one, "__dataclass_fields__"):
        for f in fields(one):
            assert_equal(getattr(one, f.name), getattr(other, f.name))
    elif isinstance(one, tuple):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            assert_equal(a, b)
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            assert_equal(one[key], other[key])
    else:
        assert one == other


@given(
    seed=st.integers(0, 2**32 - 1),
    units=st.integers(2, 12),
    modules=st.integers(1, 3),
    bits=st.sampled_from([4, 6, 8]),
    self_coupling=st.sampled_from([0.0, 0.3]),
    encoding=st.sampled_from(list(ENCODINGS)),
    mode=st.sampled_from(["bias", "binary", "graded"]),
    autapses=st.booleans(),
    readout=st.booleans(),
    runs=st.sets(st.sampled_from(["learned", "free"])),
    provenance=st.dictionaries(st.text(), st.integers() | st.text() | st.booleans(), max_size=3),
)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_what_is_saved_is_loaded_bit_for_bit(
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    units: int,
    modules: int,
    bits: int,
    self_coupling: float,
    encoding: str,
    mode: InputMode,
    autapses: bool,
    readout: bool,
    runs: set[str],
    provenance: dict[str, Any],
) -> None:
    rng = np.random.default_rng(seed)
    architecture = Architecture(
        units=units,
        inputs=3,
        classes=2,
        modules=modules,
        link=0.3 if modules > 1 else 0.0,
        between_sparsity=0.5,
        sparsity=0.0,
        self_coupling=self_coupling,
        supervisory_scale=0.2,
    )
    network = random_network(architecture, rng, centre=rng.random(3))
    states = rng.choice(np.array([-1, 1], dtype=np.int8), (4, units * modules))
    images = rng.integers(0, 2, (4, 3)).astype(np.float64)
    points = {run: FixedPoints(images, np.arange(4) % 2, states) for run in runs}
    try:
        graph = map_network(
            network,
            points,
            encoding=encoding,
            rounding=Rounding(bits, mode),
            on_chip_readout=readout,
            autapses=autapses,
            provenance=provenance,
        )
    except OutOfRange:
        return  # a row so weak that its self-coupling does not fit
    path = tmp_path_factory.getbasetemp() / "graph.h5"
    save(path, graph, force=True)
    assert_equal(load(path), graph)


def test_the_trained_graph_survives(tmp_path: Path, graph: SynapseGraph) -> None:
    save(tmp_path / "graph.h5", graph)
    assert_equal(load(tmp_path / "graph.h5"), graph)


@pytest.fixture
def path(tmp_path: Path, small_networks: Callable[..., Iterator[Network]]) -> Path:
    """Six units, three pixels, four classes."""
    network = next(small_networks())
    states = np.ones((7, 6), dtype=np.int8)
    points = FixedPoints(np.full((7, 3), 0.5), np.arange(7) % 4, states)
    save(tmp_path / "graph.h5", map_network(network, {"learned": points}, provenance={"seed": 0}))
    return tmp_path / "graph.h5"


def put(path: Path, name: str, value: Any) -> None:
    """Replace an array or an attribute, text in the type that it is stored in; or remove it."""
    with h5py.File(path, "a") as file:
        place = file if name in file else file.attrs
        if isinstance(value, str) and isinstance(file.attrs["kind"], bytes):
            value = np.bytes_(value.encode())
        del place[name]
        if value is not None:
            place[name] = value


POPULATIONS = [
    ["E", 6, "threshold"],
    ["I", 6, "threshold"],
    ["S", 4, "supervisory"],
    ["T", 4, "supervisory"],
    ["readout", 4, "readout"],
]


def populations(index: int, *row: Any) -> str:
    rows = [list(r) for r in POPULATIONS]
    rows[index] = list(row)
    return json.dumps(rows)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("encoding", "push", r"encoding is 'push'; allowed: signed, dale, pushpull"),
        ("encoding", 1, r"attribute encoding is .*1"),
        ("populations", "{", r"populations is not JSON"),
        ("populations", "3", r"populations is not a list of \['str', 'int', 'str'\]"),
        ("populations", '[["E", 6]]', r"populations is not a list"),
        ("populations", "[]", r"populations are \[\]"),
        ("populations", populations(0, "E", "6", "threshold"), r"populations is not a list"),
        ("populations", populations(0, "E", True, "threshold"), r"populations is not a list"),
        ("populations", populations(0, "E", 0, "threshold"), r"size=0.* is not allowed"),
        ("populations", populations(0, "E", 2**24, "threshold"), r"size=16777216.* is not allowed"),
        ("populations", populations(0, "E", 6, "magic"), r"neuron='magic'.* is not allowed"),
        (
            "populations",
            populations(0, "I", 6, "threshold"),
            r"are \['I', 'I', 'S', 'T', 'readout'\]",
        ),
        ("populations", populations(0, "E", 7, "threshold"), r"unit has shape \(12,\); .*\(13,\)"),
        ("populations", populations(2, "S", 5, "supervisory"), r"wrong size; allowed: 4"),
        ("populations", populations(2, "S", 4, "input"), r"wrong size; allowed: 0"),
        ("populations", populations(4, "R", 3, "readout"), r"wrong size; allowed: 4"),
        ("populations", populations(4, "R", 4, "supervisory"), r"4 readout biases for 0 readout"),
        ("projections", "null", r"projections is not a list"),
        ("projections", '[["X", "E", "coupling", 1, 0, 0]]', r"projection \['X'.* is not between"),
        (
            "projections",
            '[["E", "supervisory_E", "coupling", 1, 0, 0]]',
            r"projection \['E', 'supervisory_E'.* has role 'coupling', which its populations cannot",
        ),
        ("projections", '[["E", "E", "coupling", 2, 0, 0]]', r"2, 0, 0\] is not between"),
        ("projections", '[["E", "E", "magic", 1, 0, 0]]', r"has role 'magic'"),
        ("projections", '[["E", "E", "input", 1, 0, 0]]', r"has role 'input', which its"),
        ("projections", '[["E", "E", "readout", 1, 0, 0]]', r"has role 'readout', which its"),
        ("projections", '[["E", "readout", "link", 1, 0, 0]]', r"has role 'link', which its"),
        ("projections", '[["supervisory_E", "E", "link", 1, 0, 0]]', r"has role 'link', which its"),
        ("projections", '[["E", "E", "coupling", 1.0, 0]]', r"projections is not a list"),
        ("projection0_indptr", np.arange(6), r"projection0_indptr has shape \(6,\); .*\(7,\)"),
        ("projection0_indptr", np.zeros(7, int), r"row pointers that do not match"),
        ("projection0_indices", np.zeros(0, int), r"projection0_mantissa has shape"),
        ("projection0_mantissa", None, r"projection0_mantissa is missing"),
        ("unit", np.full(12, 6), r"unit points outside 0 to 5"),
        ("decoder", np.full(6, -1), r"decoder points outside 0 to 11"),
        ("input_sign", np.zeros(12, int), r"input_sign has other values than -1 and \+1"),
        ("input_weight_indptr", np.zeros(6, int), r"input_weight_indptr has shape \(6,\)"),
        (
            "input_weight_indices",
            np.full(12, 3),
            r"input_weight_indices has 3 to 3; allowed: 0 to 2",
        ),
        ("levels", 17, r"levels is 17; allowed: a whole number from 0 to 16"),
        ("levels", 1.5, r"levels is 1\.5"),
        ("modules", 0, r"modules is 0; allowed: a whole number from 1 to 6"),
        ("modules", 7, r"modules is 7"),
        ("readout_offset", np.ones(3, int), r"3 readout biases for 4 readout neurons"),
        ("scale", np.full(6, np.inf), r"scale contains nan or infinity"),
        ("scale", np.ones(5), r"decoder has shape \(6,\); allowed: \(5,\)"),
        ("scale", -np.ones(6), r"scale is -1\.0; allowed: above 0"),
        ("readout", np.ones((4, 5)), r"readout has shape \(4, 5\)"),
        ("readout", np.ones((3, 6)), r"wrong size; allowed: 3"),
        ("offset", np.ones(12), r"offset has type float64; allowed: int"),
        ("first_offset", np.ones(11, int), r"first_offset has shape \(11,\); allowed: \(12,\)"),
        ("learned_states", np.ones((7, 5), "i1"), r"learned_states has shape \(7, 5\)"),
        ("learned_labels", np.full(7, 4), r"learned_labels has 4; allowed: 0 to 3"),
        ("gain", "x", r"attribute gain is .*'x'"),
        ("weight_bits", "8", r"attribute weight_bits is .*'8'"),
        ("kind", "spinspike network", r"is a 'spinspike network' file; allowed: 'spinspike graph'"),
        ("format", 99, r"has format 99; allowed: 2"),
    ],
)
def test_one_wrong_part_is_refused_with_its_value(
    path: Path, name: str, value: Any, message: str
) -> None:
    put(path, name, value)
    with pytest.raises(BadFile, match=rf"graph\.h5: .*{message}"):
        load(path)


def part(path: Path, name: str) -> Any:
    with h5py.File(path) as file:
        return file[name][()]


@pytest.mark.parametrize("source", [-1, 6, 2**40])
def test_synapses_from_nowhere_are_refused(path: Path, source: int) -> None:
    indices = part(path, "projection0_indices").astype(np.int64)
    indices[0] = source
    put(path, "projection0_indices", indices)
    with pytest.raises(BadFile, match=r"some from neurons that do not exist"):
        load(path)


@pytest.mark.parametrize("weight", [0, -3, 256, 65536])
def test_weights_beyond_eight_bits_are_refused(path: Path, weight: int) -> None:
    mantissa = part(path, "projection0_mantissa").astype(np.int64)
    mantissa[1:] = weight
    put(path, "projection0_mantissa", mantissa)
    with pytest.raises(BadFile, match=rf"has weights .*{weight}"):
        load(path)


def test_row_pointers_whose_differences_wrap_around_are_refused(path: Path) -> None:
    indptr = part(path, "projection0_indptr").astype(np.int64)
    indptr[1:3] = 2**63 - 1, -2
    put(path, "projection0_indptr", indptr)
    with pytest.raises(BadFile, match="row pointers that do not match its synapses"):
        load(path)


def test_row_pointers_that_run_back_are_refused(path: Path) -> None:
    indptr = part(path, "projection0_indptr")
    indptr[3] = indptr[-1] + 5
    put(path, "projection0_indptr", indptr)
    with pytest.raises(BadFile, match="row pointers that do not match its synapses"):
        load(path)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("offset", lambda a: a + 100_000, r"population E, neuron \d: bias 1\d{5} does not fit"),
        ("scale", lambda a: a * 50, r"population E, neuron \d+: bias \d+ does not fit"),
        ("readout_offset", lambda a: a + 5000, r"population readout, neuron \d: bias 5\d\d\d does"),
        (
            "input_range",
            lambda a: a * 1000,
            r"population E, neuron \d+: bias [\d.e+]+ does not fit",
        ),
    ],
)
def test_numbers_over_the_registers_are_refused(
    path: Path, name: str, change: Callable[[Any], Any], message: str
) -> None:
    first_projection(path, 4, 7)  # weights that would outweigh a bias that saturates
    put(path, name, change(part(path, name)))
    with pytest.raises(OutOfRange, match=message):
        load(path)


def first_projection(path: Path, column: int, value: Any) -> None:
    with h5py.File(path) as file:
        rows = json.loads(file.attrs["projections"])
    rows[0][column] = value
    put(path, "projections", json.dumps(rows))


@pytest.mark.parametrize("exponent", [-1, 8, 10**30])
def test_exponents_over_the_register_are_refused(path: Path, exponent: int) -> None:
    first_projection(path, 4, exponent)
    with pytest.raises(OutOfRange, match=rf"exponent {exponent} does not fit; allowed: 0 to 7"):
        load(path)


@pytest.mark.parametrize("encoding", ["dale", "pushpull"])
def test_a_graph_that_breaks_dales_law_is_refused(path: Path, encoding: str) -> None:
    first_projection(path, 3, -1)
    put(path, "encoding", encoding)
    message = "population E has synapses of both signs; allowed: one"
    with pytest.raises(BadFile, match=message):
        load(path)


def test_a_signed_graph_may_break_dales_law(path: Path) -> None:
    first_projection(path, 3, -1)
    put(path, "encoding", "signed")
    graph = load(path)
    assert {p.sign for p in graph.projections if p.source == "E"} == {-1, 1}


def test_inputs_have_as_many_neurons_as_pixels_and_one_more(
    tmp_path: Path, small_networks: Callable[..., Iterator[Network]]
) -> None:
    graph = map_network(next(small_networks()), rounding=Rounding(input="graded"))
    save(tmp_path / "graph.h5", graph)
    put(tmp_path / "graph.h5", "levels", 0)
    with pytest.raises(BadFile, match=r"input_E.* has the wrong size; allowed: 0"):
        load(tmp_path / "graph.h5")
    put(tmp_path / "graph.h5", "levels", 3)
    put(tmp_path / "graph.h5", "centre", np.zeros(4))
    with pytest.raises(BadFile, match=r"input_E.* has the wrong size; allowed: 5"):
        load(tmp_path / "graph.h5")


def test_two_projections_of_one_name_are_refused(path: Path) -> None:
    with h5py.File(path, "a") as file:
        rows = json.loads(file.attrs["projections"])
        for name in ("indptr", "indices", "mantissa"):
            file[f"projection{len(rows)}_{name}"] = file[f"projection0_{name}"][()]
    put(path, "projections", json.dumps([*rows, rows[0]]))
    with pytest.raises(BadFile, match="E>E:coupling"):
        load(path)


@pytest.mark.parametrize("bits", [8.7, 9, 100])
def test_bits_that_no_weight_has_are_refused(path: Path, bits: float) -> None:
    put(path, "weight_bits", bits)
    with pytest.raises(SpinspikeError, match=f"{bits}"):
        load(path)


@pytest.mark.parametrize("name", ["populations", "projections", "provenance"])
def test_deeply_nested_json_is_refused(path: Path, name: str) -> None:
    put(path, name, "[" * 60_000)
    with pytest.raises(BadFile, match=f"{name} is not JSON"):
        load(path)


def damaged(content: bytes, seed: int) -> bytes:
    """Up to eight random bytes changed, half of the time among the first 2 kB."""
    rng = np.random.default_rng(seed)
    data = np.frombuffer(content, dtype=np.uint8).copy()
    end = len(data) if seed % 2 else 2048
    where = rng.integers(0, end, rng.integers(1, 9))
    data[where] = rng.integers(0, 256, len(where))
    return data.tobytes()


def test_cut_files_are_refused(path: Path) -> None:
    content = path.read_bytes()
    for size in range(0, len(content) - 1, max(1, len(content) // 100)):
        path.write_bytes(content[:size])
        with pytest.raises(BadFile, match=r"graph\.h5"):
            load(path)


def test_damaged_files_are_refused_or_load_as_they_were(path: Path) -> None:
    content, whole, refused = path.read_bytes(), load(path), 0
    for seed in range(400):
        path.write_bytes(damaged(content, seed))
        try:
            found = load(path)
        except SpinspikeError:
            refused += 1
        else:
            assert_equal(found, whole)
    assert refused > 100


def test_a_failure_while_saving_leaves_nothing(tmp_path: Path, graph: SynapseGraph) -> None:
    target = tmp_path / "graph.h5"
    with pytest.raises(TypeError, match="not JSON serializable"):
        save(target, replace(graph, provenance={"what": object()}))
    with pytest.raises(TypeError, match="Object dtype"):
        save(target, replace(graph, bias=np.array([object()])))
    assert not list(tmp_path.iterdir())


def test_an_existing_file_is_kept_without_force(path: Path, graph: SynapseGraph) -> None:
    before = path.read_bytes()
    with pytest.raises(BadInput, match=r"graph\.h5 exists"):
        save(path, graph)
    assert path.read_bytes() == before
    save(path, graph, force=True)
    assert load(path).units == 100


def test_twins_share_their_arrays_after_reading(graph: SynapseGraph, tmp_path: Path) -> None:
    save(tmp_path / "graph.h5", graph)
    arrays = [p.mantissa for p in load(tmp_path / "graph.h5").projections]
    assert len({id(a) for a in arrays}) == len({id(p.mantissa) for p in graph.projections})
