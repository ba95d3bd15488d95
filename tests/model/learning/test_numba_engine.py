"""Compiled kernels against the plain engine, and against loops over single spins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from scipy.sparse import csr_array

from spinspike.model.learning.base import BatchStatistics, Course, Engine
from spinspike.model.learning.margin_rule import MarginRule
from spinspike.model.learning.numpy_engine import NumpyEngine
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.dynamics import Sweeps
from spinspike.model.network.import_arrays import from_arrays
from spinspike.model.network.network import Network, random_network

pytestmark = pytest.mark.numba

INPUTS, CLASSES = 30, 4
RATES = MarginRule(margin=1.0, rate=0.3, input_rate=0.3, readout_rate=0.4)
STILL = {"rate": 0.0, "input_rate": 0.0, "readout_rate": 0.0}
LEARNED = ("coupling", "input_weight", "bias", "readout")


def compiled(network: Network, course: Course, **options: Any) -> Engine:
    from spinspike.model.learning.numba_engine import NumbaEngine

    return NumbaEngine(network, course, **({"dtype": np.float64} | options))


@dataclass(frozen=True)
class Case:
    """An architecture and a course, by what is unusual about them."""

    architecture: dict[str, Any] = field(default_factory=dict)
    rule: dict[str, Any] = field(default_factory=dict)
    course: dict[str, Any] = field(default_factory=dict)
    batches: tuple[int, ...] = (16,)  # sizes, in turn

    def network(self, seed: int = 0) -> Network:
        sizes: dict[str, Any] = {"units": 40, "inputs": INPUTS, "classes": CLASSES, "sparsity": 0.5}
        architecture = Architecture(**(sizes | self.architecture))
        centre = np.full(architecture.inputs, 0.4)
        return random_network(architecture, np.random.default_rng(seed), centre=centre)

    def how(self) -> Course:
        plain: dict[str, Any] = {"rule": replace(RATES, **self.rule), "sweeps": Sweeps()}
        return Course(**(plain | self.course))


TWO = {"modules": 2, "link": 1.5, "input_modules": (0,), "readout_modules": (1,)}
LONG = {"units": 70, "inputs": 70, "sparsity": 0.0}  # rows of more than 64 synapses in a run
THREE = {"modules": 3, "between_sparsity": 0.6, "link": 0.7, "self_coupling": (0.5, 0.25, 0.0)}
CASES = {
    "dense": Case({"sparsity": 0.0}),
    "dense, long rows": Case(LONG),
    "dense, long rows, 37 patterns": Case(LONG, batches=(37,)),
    "dense, long rows, two modules": Case(LONG | TWO),
    "dense, long rows, from everywhere": Case(LONG | {"modules": 2, "between_sparsity": 0.0}),
    "sparse": Case({"sparsity": 0.9, "input_sparsity": 0.6}),
    "no couplings": Case({"sparsity": 1.0}),
    "no input": Case({"input_sparsity": 1.0}),
    "nothing at all": Case({"sparsity": 1.0, "input_sparsity": 1.0, "self_coupling": 0.0}),
    "couplings from zero": Case({"coupling_scale": 0.0}),
    "two modules with links": Case(TWO),
    "three modules, couplings between": Case(THREE | {"readout_modules": (0, 2)}),
    "a directed ring": Case(THREE | {"graph": ((0, 1), (1, 2), (2, 0)), "input_modules": (1,)}),
    "receptive fields": Case({"receptive_field": 3, "image_shape": (5, 6)}),
    "signal to one module": Case(TWO | {"supervisory_modules": (1,)}),
    "J frozen": Case(rule={"rate": 0.0}),
    "Win frozen": Case(rule={"input_rate": 0.0}),
    "readout frozen": Case(rule={"readout_rate": 0.0}),
    "all frozen": Case(rule=STILL),
    "frozen, decays and all": Case(rule=STILL | {"decay": 0.02, "readout_decay": 0.03}),
    "biases": Case(rule={"bias_rate": 0.3}),
    "biases, partial sparse": Case({"input_sparsity": 0.5}, {"bias_rate": 0.3}),
    "Win has a margin of its own": Case(rule={"input_margin": 2.5, "bias_rate": 0.1}),
    "decays": Case(rule={"decay": 0.01, "input_decay": 0.02, "readout_decay": 0.03}),
    "one by one": Case(batches=(1,)),
    "20 patterns": Case(batches=(20,)),
    "37 patterns": Case(batches=(37,)),
    "batches of all sizes": Case(batches=(37, 3, 16, 20, 1, 32, 17)),
    "readout learns on clamped states": Case(course={"readout_states": "clamped"}),
    "annealed signal": Case(course={"sweeps": Sweeps(signal="annealed")}, batches=(20,)),
    "partial updates": Case(course={"sweeps": Sweeps(update_probability=0.8)}, batches=(16, 20)),
    "partial, annealed, clamped, two modules": Case(
        TWO,
        course={
            "sweeps": Sweeps(4, 3, "annealed", update_probability=0.8),
            "readout_states": "clamped",
        },
    ),
    "no free sweeps": Case(course={"sweeps": Sweeps(free=0)}),
    "no clamped sweeps": Case(course={"sweeps": Sweeps(clamped=0)}),
    "no sweeps to read after": Case(course={"evaluation": 0}),
    "many sweeps": Case(course={"sweeps": Sweeps(30, 30), "evaluation": 30}),
}


def dense(network: Network, name: str) -> NDArray[np.float64]:
    value = getattr(network, name)
    return np.asarray(value if isinstance(value, np.ndarray) else value.toarray())


def assert_same_weights(one: Network, other: Network, tolerance: float) -> None:
    for name in LEARNED:
        left, right = dense(one, name), dense(other, name)
        np.testing.assert_allclose(left, right, rtol=0, atol=tolerance, err_msg=name)


def teach(engine: Engine, case: Case, batches: int) -> list[BatchStatistics]:
    """Random images of a few blurred classes, so that units are weak and strong."""
    rng, update_mask = np.random.default_rng(1), np.random.default_rng(2)
    inputs = engine.network().inputs
    prototypes, counts = rng.random((CLASSES, inputs)), []
    for k in range(batches):
        labels = rng.integers(0, CLASSES, case.batches[k % len(case.batches)])
        images = 0.7 * prototypes[labels] + 0.3 * rng.random((len(labels), inputs))
        counts.append(engine.learn(images, labels, factor=0.95**k, rng=update_mask))
    return counts


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_same_is_learned_as_by_the_plain_engine(case: Case) -> None:
    network = case.network()
    plain, fast = NumpyEngine(network, case.how()), compiled(network, case.how())
    expected, found = teach(plain, case, 20), teach(fast, case, 20)
    for one, other in zip(expected, found, strict=True):
        assert astuple(one) == pytest.approx(astuple(other), abs=1e-15)
    assert_same_weights(plain.network(), fast.network(), 1e-12)
    rng = np.random.default_rng(3)
    images, labels = rng.random((37, network.inputs)), rng.integers(0, CLASSES, 37)
    np.testing.assert_array_equal(plain.free(images, sweeps=9), fast.free(images, sweeps=9))
    for sweeps in (Sweeps(3, 9), Sweeps(4, 0, "annealed"), Sweeps(0, 1)):
        states = plain.clamped(images, labels, sweeps=sweeps)
        np.testing.assert_array_equal(states, fast.clamped(images, labels, sweeps=sweeps))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_what_is_not_learned_stays_bit_for_bit(case: Case) -> None:
    """Self-couplings, links and Wback; synapses that are absent; frozen matrices."""
    network, rule = case.network(), case.how().rule
    for dtype in (np.float64, np.float32):
        engine = compiled(network, case.how(), dtype=dtype)
        teach(engine, case, 5)
        after = engine.network()
        for name in ("self_coupling", "link", "supervisory", "centre"):
            assert dense(after, name).tobytes() == dense(network, name).tobytes()
        assert (after.gain, after.input_range) == (network.gain, network.input_range)
        for name, rate in (("coupling", rule.rate), ("input_weight", rule.input_rate)):
            one, two = getattr(network, name), getattr(after, name)
            np.testing.assert_array_equal(one.indptr, two.indptr)
            np.testing.assert_array_equal(one.indices, two.indices)
            same = np.array_equal(one.data.astype(dtype), two.data)
            assert same == (rate == 0 or one.nnz == 0)
        unread = ~network.readout.any(axis=0)
        assert not after.readout[:, unread].any()
        same = np.array_equal(network.readout.astype(dtype), after.readout)
        assert same == (rule.readout_rate == 0)
        assert after.bias.any() == (rule.bias_rate > 0)


@pytest.mark.parametrize("name", ["dense, long rows", "sparse", "three modules, couplings between"])
def test_single_precision_stays_close(name: str) -> None:
    case = CASES[name]
    double, single = (compiled(case.network(), case.how(), dtype=d) for d in ("f8", "f4"))
    for engine in (double, single):
        teach(engine, case, 5)
    assert_same_weights(double.network(), single.network(), 1e-4)


def test_results_do_not_depend_on_threads() -> None:
    """Blocks of sixteen: 1, 2, 5, and one short of full."""
    case = CASES["three modules, couplings between"]
    rng = np.random.default_rng(0)
    for patterns in (1, 16, 31, 75):
        images, labels = rng.random((patterns, INPUTS)), rng.integers(0, CLASSES, patterns)
        found = [
            (engine.free(images, sweeps=5), *engine.clamped(images, labels, sweeps=Sweeps()))
            for threads in (1, 2, 3)
            for engine in [compiled(case.network(), case.how(), threads=threads)]
        ]
        for one, other in zip(found[0] * 2, found[1] + found[2], strict=True):
            assert one.shape == (patterns, 120)
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.float32])
def test_inputs_of_any_type_mean_their_numbers(dtype: Any) -> None:
    network = replace(CASES["sparse"].network(), centre=np.full(INPUTS, 60.5), gain=1 / 64)
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 127, (20, INPUTS)), rng.integers(0, CLASSES, 20)
    plain, fast = (make(network, Course(RATES, Sweeps())) for make in (NumpyEngine, compiled))
    plain.learn(images.astype(np.float64), labels, factor=1.0, rng=rng)
    fast.learn(images.astype(dtype), labels, factor=1.0, rng=rng)
    assert_same_weights(plain.network(), fast.network(), 1e-12)
    expected = plain.free(images.astype(np.float64), sweeps=5)
    np.testing.assert_array_equal(expected, fast.free(images.astype(dtype), sweeps=5))


# A network of small whole numbers: all fields are exact, ties are frequent, and a plain loop over
# single spins is the oracle.


def spin_by_spin(J: list[list[int]], modules: int, fields: Sequence[Sequence[int]]) -> list[int]:
    """Where one pattern ends; the diagonal of J holds self-couplings.

    ``fields`` has the external field of the warm-up, one sweep for each module, and then that of
    each sweep after it.
    """
    s = [0] * len(J)
    for external in [fields[0]] * (modules - 1) + list(fields):
        h = [sum(w * x for w, x in zip(row, s, strict=True)) for row in J]
        s = [1 if a + b >= 0 else -1 for a, b in zip(h, external, strict=True)]
    return s


@st.composite
def whole_numbers(draw_: st.DrawFn) -> dict[str, Any]:
    units, inputs = draw_(st.integers(2, 9)), draw_(st.integers(1, 4))
    patterns = draw_(st.integers(1, 18))

    def numbers(*shape: int) -> NDArray[np.float64]:
        small = arrays.arrays(np.int64, shape, elements=st.integers(-2, 2))
        return draw_(small).astype(np.float64)

    return {
        "J": numbers(units, units),
        "link": numbers(units, units),
        "Win": numbers(units, inputs),
        "Wback": 2 * numbers(units, 2),  # the code of a label among two is 1/2 or -1
        "bias": numbers(units),
        "images": numbers(patterns, inputs),
        "labels": draw_(arrays.arrays(np.int64, patterns, elements=st.integers(0, 1))),
        "modules": draw_(st.sampled_from([[units], [1, units - 1]])),
    }


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@given(case=whole_numbers(), clamped=st.integers(0, 3), free=st.integers(0, 4))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_every_spin_is_that_of_a_loop(
    dtype: str, case: dict[str, Any], clamped: int, free: int
) -> None:
    names = ("J", "Win", "Wback", "bias", "modules")
    made = from_arrays(Wout=np.ones((2, len(case["J"]))), **{name: case[name] for name in names})
    links = case["link"] - np.diag(np.diag(case["link"]))
    engine = compiled(replace(made, link=csr_array(links)), Course(RATES, Sweeps()), dtype=dtype)
    held, settled = engine.clamped(
        case["images"], case["labels"], sweeps=Sweeps(clamped=clamped, free=free)
    )
    alone = engine.free(case["images"], sweeps=free)
    J = (case["J"] + links).astype(int).tolist()
    for b, image in enumerate(case["images"]):
        given_ = (case["Win"] @ image + case["bias"]).astype(int).tolist()
        code = [0.5 if c == case["labels"][b] else -1.0 for c in range(2)]
        both = [a + int(w) for a, w in zip(given_, case["Wback"] @ code, strict=True)]
        for states, fields in (
            (held, [given_] + clamped * [both]),
            (settled, [given_] + clamped * [both] + free * [given_]),
            (alone, [given_] + free * [given_]),
        ):
            assert states[b].tolist() == spin_by_spin(J, len(case["modules"]), fields)


@given(case=whole_numbers(), margin=st.integers(0, 3), apart=st.integers(0, 3))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_margins_that_are_met_exactly_count_as_weak_here_and_there(
    case: dict[str, Any], margin: int, apart: int
) -> None:
    """One batch of whole numbers: which units learn depends on ties; the plain rule knows them."""
    names = ("J", "Win", "Wback", "bias", "modules")
    readout = np.resize([1.0, -1.0, 2.0], (2, len(case["J"])))
    network = from_arrays(Wout=readout, **{name: case[name] for name in names})
    rule = MarginRule(margin=margin, input_margin=apart, readout_margin=margin, bias_rate=0.1)
    engines = [make(network, Course(rule, Sweeps())) for make in (NumpyEngine, compiled)]
    expected, found = (
        engine.learn(case["images"], case["labels"], factor=1.0, rng=np.random.default_rng(0))
        for engine in engines
    )
    assert astuple(expected) == pytest.approx(astuple(found), abs=1e-15)
    assert_same_weights(engines[0].network(), engines[1].network(), 1e-12)
