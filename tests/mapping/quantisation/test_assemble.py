"""Random integer networks, assembled: no weight is lost, doubled or carried by the wrong neuron."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_array

from spinspike.mapping.graph.codec import decode
from spinspike.mapping.graph.encoding import ENCODINGS
from spinspike.mapping.graph.fields import field_of, input_field, supervisory_field
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.graph.integer_matrix import IntegerMatrix, IntegerNetwork
from spinspike.mapping.graph.relay import without_autapses
from spinspike.mapping.quantisation.assemble import assemble
from spinspike.model.network.import_arrays import from_arrays
from spinspike.model.network.network import Network

Ints = NDArray[np.int64]
CLASSES, INPUTS = 3, 5
KINDS = {"signed": ["S"], "dale": ["E", "I"], "pushpull": ["ON", "OFF"]}


@dataclass(frozen=True)
class Case:
    """A random integer network and the same in dense matrices."""

    integers: IntegerNetwork
    network: Network
    recurrent: Ints  # (H, H)
    signal: Ints  # (H, C)
    input: Ints  # (H, D + 1)
    readout: Ints  # (C, H)

    def graph(self, encoding: str, *, on_chip_readout: bool = True) -> SynapseGraph:
        return assemble(
            self.integers,
            self.network,
            ENCODINGS[encoding],
            weight_bits=8,
            on_chip_readout=on_chip_readout,
        )


def random_case(seed: int, modules: list[int], density: float, levels: int) -> Case:
    """Weights of both signs and explicit zeros at any exponents; any offsets."""
    rng, H = np.random.default_rng(seed), sum(modules)
    made: dict[str, Ints] = {}

    def matrix(name: str, shape: tuple[int, int], allowed: Any = True) -> IntegerMatrix:
        present = (rng.random(shape) < density) & allowed
        mantissa = rng.integers(-255, 256, shape) * (rng.random(shape) < 0.9)
        exponent = int(rng.integers(0, 8))
        made[name] = np.where(present, mantissa, 0) * 2**exponent
        rows, columns = np.nonzero(present)
        data = mantissa[present].astype(np.int16)
        return IntegerMatrix(csr_array((data, (rows, columns)), shape=shape), exponent)

    own = np.eye(H, dtype=np.bool_)
    integers = IntegerNetwork(
        coupling=matrix("coupling", (H, H), ~own),
        link=matrix("link", (H, H), ~own),
        self_coupling=matrix("self", (H, H), own),
        signal=matrix("signal", (H, CLASSES)),
        input=matrix("input", (H, INPUTS + 1), levels > 0),
        readout=matrix("readout", (CLASSES, H)),
        scale=np.ones(H),
        bias=rng.integers(-4000, 4001, H),
        initial_bias=rng.integers(-4000, 4001, H),
        readout_bias=rng.integers(-4000, 4001, CLASSES),
        levels=levels,
    )
    network = from_arrays(
        J=np.zeros((H, H)),
        Win=np.zeros((H, INPUTS)),
        Wback=np.zeros((H, CLASSES)),
        Wout=np.zeros((CLASSES, H)),
        modules=modules,
    )
    recurrent = made["coupling"] + made["link"] + made["self"]
    return Case(
        integers, network, recurrent, made["signal"], made["input"], made["readout"]
    )  # fmt: skip


cases = st.builds(
    random_case,
    seed=st.integers(0, 2**32 - 1),
    modules=st.lists(st.integers(1, 40), min_size=1, max_size=3),
    density=st.sampled_from([0.02, 0.1, 0.5]),
    levels=st.sampled_from([0, 1, 15]),
)
encodings = pytest.mark.parametrize("encoding", ENCODINGS)


@encodings
@given(case=cases, autapses=st.booleans())
@settings(max_examples=30, deadline=None, derandomize=True)
def test_no_weight_is_lost_or_doubled(encoding: str, case: Case, autapses: bool) -> None:
    """Fields of random states, rebuilt from the synapses, are those of the dense matrices."""
    rng = np.random.default_rng(0)
    graph = case.graph(encoding)
    polarity, unit = ends_by_hand(case, encoding)
    np.testing.assert_array_equal(graph.io.unit, unit)
    np.testing.assert_array_equal(graph.io.input_sign, polarity)
    if not autapses:
        graph = without_autapses(graph)
        polarity, unit = graph.io.input_sign, graph.io.unit
    up = rng.random((4, case.network.units)) < 0.5
    labels = rng.random((4, CLASSES)) < 0.5
    levels = rng.integers(0, max(1, case.integers.levels) + 1, (4, INPUTS + 1))
    spikes = np.where(polarity > 0, up[:, unit], ~up[:, unit])
    rest, n = np.where(polarity > 0, 0, 1), case.integers
    outside = labels @ case.signal.T + levels @ case.input.T
    x = up @ case.recurrent.T + outside + n.bias
    found = field_of(graph, spikes) + supervisory_field(graph, labels) + graph.bias
    found = found + input_field(graph, levels)
    np.testing.assert_array_equal(found, rest + polarity * x[:, unit])
    # in the first step nothing has spiked and the first bias acts alone
    first = graph.initial_bias + supervisory_field(graph, labels) + input_field(graph, levels)
    np.testing.assert_array_equal(first, rest + polarity * (outside + n.initial_bias)[:, unit])


def ends_by_hand(case: Case, encoding: str) -> tuple[Ints, Ints]:
    """Polarity and unit of every neuron: kind by kind, through all modules."""
    kinds = KINDS[encoding]
    units = np.arange(case.network.units)
    polarity = np.repeat([-1 if kind == "OFF" else 1 for kind in kinds], len(units))
    return polarity, np.tile(units, len(kinds))


@encodings
@given(case=cases)
@settings(max_examples=20, deadline=None, derandomize=True)
def test_synapses_are_as_many_as_weights_times_neurons_of_a_unit(encoding: str, case: Case) -> None:
    """One for each weight other than zero and each neuron of the target; all of them distinct."""
    graph, twins = case.graph(encoding), len(KINDS[encoding])
    found: Counter[str] = Counter()
    signs: dict[str, set[int]] = {}
    for p in graph.projections:
        rows = np.repeat(np.arange(len(p.indptr) - 1), np.diff(p.indptr))
        pairs = set(zip(rows.tolist(), p.indices.tolist(), strict=True))
        assert len(pairs) == p.mantissa.size > 0
        assert p.mantissa.min() > 0
        if p.source == p.target and p.role != "self":
            assert all(i != j for i, j in pairs)
        found[p.role] += p.mantissa.size
        signs.setdefault(p.source, set()).add(p.sign)
    n = case.integers
    expected = {
        role: copies * np.count_nonzero(matrix.mantissa.toarray())
        for role, matrix, copies in (
            ("coupling", n.coupling, twins),
            ("link", n.link, twins),
            ("self", n.self_coupling, twins),
            ("supervisory", n.signal, twins),
            ("input", n.input, twins),
            ("readout", n.readout, 1),
        )
    }
    assert found == Counter(expected)
    assert graph.synapses == sum(expected.values())
    assert len({p.name for p in graph.projections}) == len(graph.projections)
    assert encoding == "signed" or all(len(one) == 1 for one in signs.values())


@encodings
@given(case=cases)
@settings(max_examples=20, deadline=None, derandomize=True)
def test_classes_are_ranked_as_by_the_dense_readout(encoding: str, case: Case) -> None:
    """Scores up to a constant: sum_j w_cj n_j + b_c."""
    graph, rng = case.graph(encoding), np.random.default_rng(0)
    up = rng.random((8, case.network.units)) < 0.5
    scores = up @ case.readout.T + case.integers.readout_bias
    polarity, unit = ends_by_hand(case, encoding)
    spikes = np.where(polarity > 0, up[:, unit], ~up[:, unit])
    found = field_of(graph, spikes, into="readout") + graph.io.readout_bias
    difference = found - scores
    assert (difference == difference[0, 0]).all()
    np.testing.assert_array_equal(
        decode(graph, np.where(up, 1, -1).astype(np.int8)), scores.argmax(axis=1)
    )
    # the biases themselves are as small as a common constant makes them
    assert abs(graph.io.readout_bias.max() + graph.io.readout_bias.min()) <= 1


@pytest.mark.parametrize("levels", [0, 1, 4])
@pytest.mark.parametrize("modules", [[3], [2, 4]])
@encodings
def test_populations_by_kind_and_module(encoding: str, modules: list[int], levels: int) -> None:
    case = random_case(0, modules, 0.8, levels)
    numbers = [""] if len(modules) == 1 else ["0", "1"]
    suffixes = [""] if encoding == "signed" else ["_E", "_I"]
    expected = [
        (f"{kind}{number}", size, "threshold")
        for kind in KINDS[encoding]
        for number, size in zip(numbers, modules, strict=True)
    ]
    expected += [(f"supervisory{suffix}", CLASSES, "supervisory") for suffix in suffixes]
    if levels:
        expected += [(f"input{suffix}", INPUTS + 1, "input") for suffix in suffixes]
    outside = case.graph(encoding, on_chip_readout=False)
    found = [(p.name, p.size, p.neuron) for p in outside.populations]
    assert found == expected
    assert not outside.io.readout_bias.size
    assert {p.role for p in outside.projections}.isdisjoint({"readout"})
    graph = case.graph(encoding)
    found = [(p.name, p.size, p.neuron) for p in graph.populations]
    assert found == [*expected, ("readout", CLASSES, "readout")]
    assert graph.modules == len(modules)
    assert graph.io.levels == levels


# (carrier, target, sign) of a positive and of a negative weight, by the table of DESIGN
CARRIED = {
    "signed": {1: {("S", "S", 1)}, -1: {("S", "S", -1)}},
    "dale": {1: {("E", "E", 1), ("E", "I", 1)}, -1: {("I", "E", -1), ("I", "I", -1)}},
    "pushpull": {
        1: {("ON", "ON", 1), ("OFF", "OFF", 1)},
        -1: {("ON", "OFF", 1), ("OFF", "ON", 1)},
    },
}


@pytest.mark.parametrize("sign", [1, -1])
@encodings
def test_a_weight_travels_on_the_neuron_of_its_sign(encoding: str, sign: int) -> None:
    """One coupling from unit 0 to unit 1, across two modules and within one."""
    for modules in ([2], [1, 1]):
        case = random_case(0, modules, 0.0, 0)
        single = csr_array((np.array([sign * 7], dtype=np.int16), ([1], [0])), shape=(2, 2))
        integers = replace(case.integers, coupling=IntegerMatrix(single, 3))
        graph = assemble(integers, case.network, ENCODINGS[encoding], weight_bits=8)
        found = {(p.source.strip("01"), p.target.strip("01"), p.sign) for p in graph.projections}
        assert found == CARRIED[encoding][sign]
        for p in graph.projections:
            assert (p.mantissa.tolist(), p.exponent, p.role) == ([7], 3, "coupling")
        if len(modules) == 2:
            assert {(p.source[-1], p.target[-1]) for p in graph.projections} == {("0", "1")}


def test_weights_and_labels_of_a_graph_by_hand(by_hand: Callable[[SynapseGraph], Any]) -> None:
    """Synapse by synapse, dale: both twins have the whole row of their unit."""
    case = random_case(1, [4, 3], 0.6, 5)
    table = by_hand(case.graph("dale"))
    # a coupling and a link of the same pair of units may differ in sign
    parts = [m.mantissa.toarray().astype(np.int64) * 2**m.exponent for m in case.integers.recurrent]
    positive, negative = (sum(op(m, 0) for m in parts) for op in (np.maximum, np.minimum))
    np.testing.assert_array_equal(table.weight, np.tile(np.hstack([positive, negative]), (2, 1)))
    np.testing.assert_array_equal(table.signal, np.tile(case.signal, (2, 1)))
    np.testing.assert_array_equal(table.input, np.tile(case.input, (2, 1)))
    readout = np.hstack([np.maximum(case.readout, 0), np.minimum(case.readout, 0)])
    np.testing.assert_array_equal(table.readout, readout)
