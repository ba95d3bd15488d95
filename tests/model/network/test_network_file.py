"""Network files: what is saved is loaded bit for bit, and no file makes loading misbehave."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from scipy.sparse import csr_array, issparse

from spinspike.arrays import SparseMatrix
from spinspike.errors import BadFile, BadInput, SpinspikeError
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.model.network.import_arrays import from_arrays
from spinspike.model.network.network import Network
from spinspike.model.network.network_file import NetworkFile, load, save

FINITE = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | FINITE | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def parts(network: Network) -> Iterator[tuple[str, NDArray[Any]]]:
    """Every array of a network, the three of a sparse matrix one by one."""
    for field in fields(network):
        value = getattr(network, field.name)
        if issparse(value):
            yield f"{field.name} weight", value.data
            yield f"{field.name} indices", value.indices.astype(np.int64)
            yield f"{field.name} indptr", value.indptr.astype(np.int64)
        elif isinstance(value, np.ndarray):
            yield field.name, value


def floats(*shape: int) -> st.SearchStrategy[NDArray[np.float64]]:
    return arrays.arrays(np.float64, shape, elements=FINITE)


@st.composite
def sparse(draw: st.DrawFn, rows: int, columns: int, diagonal: bool = True) -> SparseMatrix:
    """Some synapses exist, those of weight 0 among them."""
    exists = draw(arrays.arrays(np.bool_, (rows, columns)))
    if not diagonal:
        np.fill_diagonal(exists, False)
    weight = draw(floats(int(exists.sum())))
    return csr_array((weight, np.nonzero(exists)), shape=(rows, columns))


@st.composite
def contents(draw: st.DrawFn) -> NetworkFile:
    H, D, C = draw(st.integers(1, 9)), draw(st.integers(1, 9)), draw(st.integers(2, 4))
    ends = sorted(draw(st.tuples(FINITE, FINITE).filter(lambda pair: pair[0] != pair[1])))
    split = draw(st.integers(1, H))
    network = Network(
        coupling=draw(sparse(H, H, diagonal=False)),
        self_coupling=draw(floats(H)),
        link=draw(sparse(H, H, diagonal=False)),
        input_weight=draw(sparse(H, D)),
        bias=draw(floats(H)),
        supervisory=draw(floats(H, C)),
        readout=draw(floats(C, H)),
        centre=draw(floats(D)),
        gain=draw(st.floats(1e-3, 1e3)),
        input_range=(ends[0], ends[1]),
        modules=(split, H - split) if split < H else (H,),
    )
    points = {}
    for run in draw(st.sets(st.sampled_from(["learned", "free"]))):
        count = draw(st.integers(0, 5))
        points[run] = FixedPoints(
            draw(floats(count, D)),
            draw(arrays.arrays(np.int64, count, elements=st.integers(0, C - 1))),
            draw(arrays.arrays(np.int8, (count, H), elements=st.sampled_from([-1, 1]))),
        )
    return NetworkFile(network, points, draw(st.dictionaries(st.text(), JSON, max_size=3)))


@given(content=contents())
@settings(max_examples=25, deadline=None, derandomize=True)
def test_what_is_saved_is_loaded_bit_for_bit(
    tmp_path_factory: pytest.TempPathFactory, content: NetworkFile
) -> None:
    path = tmp_path_factory.getbasetemp() / "network.h5"
    save(path, content, force=True)
    found = load(path)
    for (name, one), other in zip(parts(found.network), parts(content.network), strict=True):
        assert (name, one.shape, one.tobytes()) == (name, other[1].shape, other[1].tobytes())
    assert found.network.gain == content.network.gain
    assert found.network.input_range == content.network.input_range
    assert found.network.modules == content.network.modules
    assert found.provenance == content.provenance
    assert found.fixed_points.keys() == content.fixed_points.keys()
    for run, points in found.fixed_points.items():
        for part in ("inputs", "labels", "states"):
            one, other = getattr(points, part), getattr(content.fixed_points[run], part)
            assert (one.dtype, one.tobytes()) == (other.dtype, other.tobytes())


@pytest.fixture(scope="module")
def small() -> NetworkFile:
    rng = np.random.default_rng(0)
    network = from_arrays(
        J=rng.normal(size=(10, 10)),
        Win=rng.normal(size=(10, 4)),
        Wback=rng.normal(size=(10, 3)),
        Wout=rng.normal(size=(3, 10)),
        centre=np.zeros(4),
        gain=2.0,
        input_range=(0.0, 1.0),
    )
    states = rng.choice(np.array([-1, 1], dtype=np.int8), (7, 10))
    points = FixedPoints(rng.random((7, 4)), np.arange(7) % 3, states)
    return NetworkFile(network, {"learned": points, "free": points}, {"seed": 0})


@pytest.fixture
def path(tmp_path: Path, small: NetworkFile) -> Path:
    save(tmp_path / "network.h5", small)
    return tmp_path / "network.h5"


def put(path: Path, name: str, value: Any) -> None:
    """Replace an array or an attribute, text in the type that it is stored in; or remove it."""
    with h5py.File(path, "a") as file:
        place = file if name in file else file.attrs
        if isinstance(value, str) and isinstance(file.attrs["kind"], bytes):
            value = np.bytes_(value.encode())
        del place[name]
        if value is not None:
            place[name] = value


ONES = np.ones
WRAPPING = np.array([0, 2**63 - 1, -2, *range(7), 90])  # differences of int64 wrap around


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("coupling_indptr", ONES(10, dtype=int), r"coupling_indptr has shape \(10,\); .* \(11,\)"),
        ("coupling_indptr", ONES(11, dtype=int), r"coupling_indptr starts at 1 or falls; allowed"),
        ("coupling_indptr", np.arange(11)[::-1], r"coupling_indptr starts at 10 or falls"),
        ("coupling_indptr", WRAPPING, r"coupling_indptr starts at 0 or falls; allowed: from"),
        ("coupling_indptr", -np.arange(11), r"coupling_indptr starts at 0 or falls; allowed: from"),
        ("coupling_indptr", np.arange(11), r"coupling_indices has shape \(90,\); allowed: \(10,\)"),
        ("coupling_indptr", None, r"coupling_indptr is missing"),
        ("coupling_indices", np.full(90, 10), r"coupling_indices has 10 to 10; allowed: 0 to 9"),
        ("coupling_indices", np.full(90, -1), r"coupling_indices has -1 to -1; allowed: 0 to 9"),
        ("coupling_indices", np.arange(90) // 9, r"coupling_indices are not in rising order"),
        ("coupling_indices", np.arange(90)[::-1] % 9, r"coupling_indices are not in rising order"),
        ("coupling_indices", np.arange(90) % 9, r"coupling has an entry on its diagonal; allowed"),
        ("coupling_indices", ONES(90), r"coupling_indices has type float64; allowed: int"),
        ("coupling_weight", ONES(89), r"coupling_weight has shape \(89,\); allowed: \(90,\)"),
        ("coupling_weight", ONES(90, dtype=int), r"coupling_weight has type int64; allowed: float"),
        ("coupling_weight", np.full(90, np.nan), r"coupling_weight contains nan or infinity"),
        ("coupling_weight", None, r"coupling_weight is missing"),
        ("link_indptr", ONES(12, dtype=int), r"link_indptr has shape \(12,\); allowed: \(11,\)"),
        ("link_weight", ONES(1), r"link_weight has shape \(1,\); allowed: \(0,\)"),
        ("self_coupling", ONES(11), r"readout has shape \(3, 10\); allowed: \(any, 11\)"),
        ("self_coupling", ONES(0), r"readout has shape \(3, 10\); allowed: \(any, 0\)"),
        ("self_coupling", np.full(10, np.inf), r"self_coupling contains nan or infinity"),
        ("bias", ONES(9), r"bias has shape \(9,\); allowed: \(10,\)"),
        ("modules", np.array([4, 5]), r"modules are \[4, 5\]; allowed: sizes that add up to 10"),
        ("modules", np.array([11, -1]), r"modules are \[11, -1\]; allowed: sizes"),
        ("modules", np.array([10, 0]), r"modules are \[10, 0\]; allowed: sizes"),
        ("modules", np.array([], int), r"modules are \[\]; allowed: sizes that add up to 10"),
        (
            "readout",
            ONES((1, 10)),
            r"has 10 units, 1 classes; allowed: 1 unit or more, 0 classes or 2 or more",
        ),
        ("supervisory", ONES((10, 2)), r"supervisory has shape \(10, 2\); allowed: \(10, 3\)"),
        ("input_weight_indptr", ONES(10, dtype=int), r"input_weight_indptr has shape \(10,\)"),
        ("input_weight_indices", np.arange(40), r"input_weight_indices has 0 to 39; .* 0 to 3"),
        ("centre", ONES(3), r"input_weight_indices has 0 to 3; allowed: 0 to 2"),
        ("centre", ONES(5), r"learned_inputs has shape \(7, 4\); allowed: \(7, 5\)"),
        ("centre", ONES(0), r"input_weight_indices has 0 to 3; allowed: 0 to -1"),
        ("input_range", np.array([1.0, 1.0]), r"input_range is 1\.0 to 1\.0; allowed: an incr"),
        ("input_range", np.array([0.0, 1.0, 2.0]), r"input_range has shape \(3,\)"),
        ("gain", "2", r"attribute gain is .*'2'"),
        ("gain", np.nan, r"gain is nan; allowed: a finite number"),
        ("gain", 0.0, r"gain is 0\.0; allowed: above 0"),
        ("learned_states", ONES((7, 10)), r"learned_states has type float64; allowed: spin"),
        ("learned_states", np.zeros((7, 10), "i1"), r"learned_states contains other values"),
        ("free_labels", np.arange(6), r"free_labels has shape \(6,\); allowed: \(7,\)"),
        ("free_labels", np.arange(7), r"free_labels has 6; allowed: 0 to 2"),
        ("free_labels", -ONES(7, dtype=int), r"free_labels has -1; allowed: 0 to 2"),
        ("free_inputs", ONES((7, 3)), r"free_inputs has shape \(7, 3\); allowed: \(7, 4\)"),
        ("free_inputs", None, r"free_inputs is missing"),
        ("provenance", "{", r"provenance is not JSON"),
        ("provenance", "[1, 2]", r"provenance is \[1, 2\]; allowed: a JSON object"),
        ("provenance", 3, r"attribute provenance is .*3"),
        ("provenance", None, r"attribute provenance is None"),
        ("kind", "spinspike graph", r"is a 'spinspike graph' file; allowed: 'spinspike network'"),
        ("format", 1, r"has format 1; allowed: 2"),
    ],
)
def test_one_wrong_part_is_refused_with_its_value(
    path: Path, name: str, value: Any, message: str
) -> None:
    if name == "free_labels" and value is not None and value.min() < 0:
        message = r"free_labels has -1"
    put(path, name, value)
    with pytest.raises(BadFile, match=rf"network\.h5: .*{message}"):
        load(path)


def test_deeply_nested_json_is_refused(path: Path) -> None:
    put(path, "provenance", "[" * 60_000)
    with pytest.raises(BadFile, match="provenance is not JSON"):
        load(path)


@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_any_text_for_provenance_is_an_object_or_refused(
    tmp_path_factory: pytest.TempPathFactory, small: NetworkFile, text: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "text.h5"
    save(path, small, force=True)
    put(path, "provenance", text)
    try:
        expected = json.loads(text)
    except ValueError:
        expected = None
    if isinstance(expected, dict):
        assert load(path).provenance == expected
    else:
        with pytest.raises(BadFile, match="provenance is"):
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
        with pytest.raises(BadFile, match=r"network\.h5"):
            load(path)


def test_damaged_files_are_refused_or_load_as_they_were(path: Path, small: NetworkFile) -> None:
    content, refused = path.read_bytes(), 0
    for seed in range(400):
        path.write_bytes(damaged(content, seed))
        try:
            found = load(path)
        except SpinspikeError:
            refused += 1
        else:
            for (name, one), other in zip(parts(found.network), parts(small.network), strict=True):
                assert one.tobytes() == other[1].tobytes(), f"seed {seed} changed {name} unseen"
    assert refused > 100


def test_a_failure_while_saving_leaves_nothing(tmp_path: Path, small: NetworkFile) -> None:
    target = tmp_path / "network.h5"
    with pytest.raises(TypeError, match="not JSON serializable"):
        save(target, replace(small, provenance={"what": object()}))
    bad = replace(small.network, bias=np.array([object()]))
    with pytest.raises(TypeError, match="Object dtype"):
        save(target, replace(small, network=bad))
    assert not list(tmp_path.iterdir())


def test_an_existing_file_is_kept_without_force(path: Path, small: NetworkFile) -> None:
    before = path.read_bytes()
    with pytest.raises(BadInput, match=r"network\.h5 exists"):
        save(path, small)
    assert path.read_bytes() == before
    save(path, replace(small, provenance={"new": True}), force=True)
    assert load(path).provenance == {"new": True}


def test_a_file_may_lack_fixed_points(tmp_path: Path, small: NetworkFile) -> None:
    save(tmp_path / "bare.h5", replace(small, fixed_points={}))
    assert load(tmp_path / "bare.h5").fixed_points == {}


def test_unit_i_may_see_input_i_where_there_are_as_many_inputs_as_units(tmp_path: Path) -> None:
    network = from_arrays(np.ones((3, 3)), np.eye(3), np.eye(3), np.eye(3))
    save(tmp_path / "square.h5", NetworkFile(network, {}, {}))
    found = load(tmp_path / "square.h5").network
    assert found.input_weight.toarray().tolist() == np.eye(3).tolist()
