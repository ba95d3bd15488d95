"""JAX against NumPy, on numbers that single precision holds exactly, and on real digits."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import pytest

from spinspike.arrays import FloatArray, InputArray, IntArray
from spinspike.errors import BadInput, MissingPart
from spinspike.model.data.dataset import Dataset
from spinspike.model.learning.base import Course
from spinspike.model.learning.devices import engine as engine_for
from spinspike.model.learning.jax_engine import JaxEngine, gpu
from spinspike.model.learning.margin_rule import MarginRule
from spinspike.model.learning.numpy_engine import NumpyEngine
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.dynamics import Sweeps, predict
from spinspike.model.network.network import Network, random_network

pytestmark = pytest.mark.jax

UNITS, INPUTS, CLASSES = 24, 12, 5  # the code of a label among five is 1 or -1/2
MATRICES = ("coupling", "input_weight", "bias", "readout")


@dataclass(frozen=True)
class Case:
    """A network and a way of learning."""

    architecture: dict[str, Any] = field(default_factory=dict)
    rule: dict[str, float] = field(default_factory=dict)
    course: dict[str, Any] = field(default_factory=dict)
    batch: int = 16


TWO = {"modules": 2, "self_coupling": (0.75, 0.25)}
CASES = {
    "dense": Case({"sparsity": 0.0}),
    "sparse, 20 patterns": Case({"sparsity": 0.8, "input_sparsity": 0.5}, batch=20),
    "a pattern at a time": Case(batch=1),
    "two linked modules, ends": Case(
        TWO | {"link": 1.0, "input_modules": (0,), "readout_modules": (1,)}
    ),
    "learned couplings between": Case(TWO | {"between_sparsity": 0.7, "link": 0.5}),
    "no couplings": Case({"sparsity": 1.0}),
    "no input weights": Case({"input_sparsity": 1.0}, {"bias_rate": 0.5}),
    "couplings from zero": Case({"coupling_scale": 0.0}),
    "frozen": Case(rule={"rate": 0.0, "input_rate": 0.0, "readout_rate": 0.0}),
    "decays, but not of frozen couplings": Case(
        rule={"rate": 0.0, "decay": 0.02, "input_decay": 0.01, "readout_decay": 0.05}
    ),
    "biases, margins apart": Case(
        rule={"bias_rate": 0.5, "input_margin": 0.5, "margin": 1.0, "decay": 0.01}
    ),
    "annealed": Case(course={"sweeps": Sweeps(clamped=4, free=3, signal="annealed")}),
    "partial": Case(
        course={"sweeps": Sweeps(clamped=3, free=2, update_probability=0.7), "evaluation": 4}
    ),
    "partial, readout on clamped states": Case(
        course={"sweeps": Sweeps(update_probability=0.5), "readout_states": "clamped"}
    ),
    "one phase": Case(course={"sweeps": Sweeps(clamped=4, free=0)}),
    "no sweeps": Case(course={"sweeps": Sweeps(clamped=0, free=0), "evaluation": 0}),
    "long runs": Case(course={"sweeps": Sweeps(clamped=20, free=20), "evaluation": 30}),
}


def rounded(values: FloatArray, steps: int = 256) -> FloatArray:
    """To multiples of 1/steps: all fields and margins are then exact in single precision."""
    nearest: FloatArray = np.round(values * steps) / steps
    return nearest


def exact(network: Network) -> Network:
    """The nearest network whose weights are coarse; synapses stay, were they rounded to zero."""
    coupling, input_weight = network.coupling.copy(), network.input_weight.copy()
    coupling.data, input_weight.data = rounded(coupling.data), rounded(input_weight.data)
    return replace(
        network,
        coupling=coupling,
        input_weight=input_weight,
        bias=rounded(network.bias),
        supervisory=rounded(network.supervisory),
        readout=rounded(network.readout),
    )


def course_of(case: Case) -> Course:
    course = {"sweeps": Sweeps(clamped=4, free=4)} | case.course
    return Course(MarginRule(**case.rule), **course)


def network_of(case: Case) -> Network:
    shape = {"units": UNITS, "inputs": INPUTS, "classes": CLASSES, "sparsity": 0.5}
    architecture = Architecture(**(shape | case.architecture))
    return exact(
        random_network(architecture, np.random.default_rng(1), centre=np.full(INPUTS, 0.5))
    )


def batches(count: int, patterns: int) -> Iterator[tuple[InputArray, IntArray]]:
    """Noisy prototypes of five classes, with pixels in steps of 1/16."""
    rng = np.random.default_rng(2)
    prototypes = rng.random((CLASSES, INPUTS))
    for _ in range(count):
        labels = rng.integers(CLASSES, size=patterns)
        noisy = prototypes[labels] + 0.2 * rng.normal(size=(patterns, INPUTS))
        yield rounded(noisy, 16), labels


def values(network: Network, name: str) -> FloatArray:
    part = getattr(network, name)
    weights: FloatArray = part if isinstance(part, np.ndarray) else part.data
    return weights


def assert_same_weights(found: Network, expected: Network) -> None:
    for name in MATRICES:
        np.testing.assert_allclose(
            values(found, name), values(expected, name), rtol=0, atol=1e-5, err_msg=name
        )
    for name in ("coupling", "input_weight"):
        for part in ("indices", "indptr"):
            np.testing.assert_array_equal(
                getattr(getattr(found, name), part), getattr(getattr(expected, name), part)
            )


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_each_step_is_that_of_numpy(case: Case) -> None:
    """Every step begins with the same coarse network, so that states are equal in all units."""
    network, course = network_of(case), course_of(case)
    ours, theirs = np.random.default_rng(3), np.random.default_rng(3)
    changed, flips = set(), 0.0
    for number, (inputs, labels) in enumerate(batches(10, case.batch)):
        jax, oracle = JaxEngine(network, course), NumpyEngine(network, course)
        counts = jax.learn(inputs, labels, factor=0.95**number, rng=ours)
        expected = oracle.learn(inputs, labels, factor=0.95**number, rng=theirs)
        assert (counts.weak, counts.flips) == pytest.approx((expected.weak, expected.flips))
        assert ours.bit_generator.state == theirs.bit_generator.state
        after = oracle.network()
        assert_same_weights(jax.network(), after)
        changed |= {n for n in MATRICES if not np.array_equal(values(after, n), values(network, n))}
        flips += counts.flips
        network = exact(after)
    rule = course.rule
    paces = (rule.rate, rule.input_rate, rule.bias_rate, rule.readout_rate)
    learning = dict(zip(MATRICES, paces, strict=True))
    assert changed == {n for n, pace in learning.items() if pace and values(network, n).size}
    assert (flips > 0) == (course.sweeps.free > 0)


@pytest.mark.parametrize(
    "name",
    ["dense", "sparse, 20 patterns", "two linked modules, ends", "learned couplings between"],
)
def test_runs_reach_the_states_of_numpy_in_every_unit(name: str) -> None:
    network, course = network_of(CASES[name]), course_of(CASES[name])
    jax, oracle = JaxEngine(network, course), NumpyEngine(network, course)
    sweeps = Sweeps(clamped=4, free=6, signal="annealed")
    for inputs, labels in batches(3, patterns=40):
        free = jax.free(inputs, sweeps=7)
        assert free.dtype == np.int8
        np.testing.assert_array_equal(free, oracle.free(inputs, sweeps=7))
        held, settled = jax.clamped(inputs, labels, sweeps=sweeps)
        expected = oracle.clamped(inputs, labels, sweeps=sweeps)
        np.testing.assert_array_equal(held, expected[0])
        np.testing.assert_array_equal(settled, expected[1])
        assert not np.array_equal(held, settled)


def test_a_field_of_zero_turns_a_spin_up() -> None:
    zero = network_of(Case({"self_coupling": 0.0, "coupling_scale": 0.0, "input_scale": 0.0}))
    engine = JaxEngine(zero, Course(MarginRule(), Sweeps()))
    assert (engine.free(np.zeros((2, INPUTS)), sweeps=3) == 1).all()


@pytest.mark.parametrize("patterns", [0, 1, 7, 8, 20])
def test_portions_come_back_in_their_order(patterns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spinspike.model.learning.jax_engine.PORTION", 8)
    network, course = network_of(Case()), course_of(Case())
    jax, oracle = JaxEngine(network, course), NumpyEngine(network, course)
    inputs, labels = next(batches(1, patterns))
    np.testing.assert_array_equal(jax.free(inputs, sweeps=3), oracle.free(inputs, sweeps=3))
    found = jax.clamped(inputs, labels, sweeps=Sweeps(clamped=4))
    np.testing.assert_array_equal(found, oracle.clamped(inputs, labels, sweeps=Sweeps(clamped=4)))


def test_a_network_comes_back_unchanged() -> None:
    case = CASES["learned couplings between"]
    network = network_of(case)
    found = JaxEngine(network, course_of(case)).network()
    assert_same_weights(found, network)
    for part in fields(Network):
        ours, theirs = getattr(found, part.name), getattr(network, part.name)
        if hasattr(theirs, "toarray"):
            ours, theirs = ours.toarray(), theirs.toarray()
        np.testing.assert_array_equal(ours, theirs, err_msg=part.name)
        assert np.asarray(ours).dtype == np.asarray(theirs).dtype


def test_neither_the_network_handed_in_nor_one_handed_out_learns() -> None:
    network, course = network_of(Case()), course_of(Case())
    engine = JaxEngine(network, course)
    before = engine.network()
    inputs, labels = next(batches(1, 16))
    engine.learn(inputs, labels, factor=1.0, rng=np.random.default_rng(0))
    for kept in (network, before):
        np.testing.assert_array_equal(kept.coupling.data, network_of(Case()).coupling.data)
        np.testing.assert_array_equal(kept.readout, network_of(Case()).readout)
    assert not np.array_equal(engine.network().readout, before.readout)


def test_bytes_are_seen_as_numbers() -> None:
    network = replace(network_of(Case()), centre=np.full(INPUTS, 128.0), gain=1 / 64)
    inputs = np.random.default_rng(0).integers(0, 256, size=(9, INPUTS), dtype=np.uint8)
    course = course_of(Case())
    np.testing.assert_array_equal(
        JaxEngine(network, course).free(inputs, sweeps=5),
        NumpyEngine(network, course).free(inputs, sweeps=5),
    )


def test_digits_are_learned_as_well_as_by_numpy(handwritten: Dataset) -> None:
    """Two epochs from the same start; single precision leads elsewhere, but not to worse."""
    train, test = handwritten.train, handwritten.test
    architecture = Architecture(units=100, inputs=64, classes=10)
    network = random_network(
        architecture, np.random.default_rng(0), centre=train.inputs.mean(axis=0)
    )
    course, right = Course(MarginRule(), Sweeps()), []
    for engine in (JaxEngine(network, course), NumpyEngine(network, course)):
        rng = np.random.default_rng(1)
        for _ in range(2):
            order = rng.permutation(len(train))
            for rows in np.split(order, range(16, len(order), 16)):
                engine.learn(train.inputs[rows], train.labels[rows], factor=1.0, rng=rng)
        states = engine.free(test.inputs, sweeps=5)
        right.append(np.mean(predict(engine.network(), states) == test.labels))
    assert min(right) > 0.85
    assert abs(right[0] - right[1]) < 0.03


def test_the_device_can_be_named() -> None:
    import jax

    course, inputs = course_of(Case()), next(batches(1, 4))[0]
    named = JaxEngine(network_of(Case()), course, device=jax.devices("cpu")[0])
    free = NumpyEngine(network_of(Case()), course).free(inputs, sweeps=2)
    np.testing.assert_array_equal(named.free(inputs, sweeps=2), free)


def test_without_a_gpu_one_sentence_says_what_to_do() -> None:
    import jax

    if jax.default_backend() == "gpu":
        assert gpu().platform == "gpu"
        return
    sentence = r"^device gpu: JAX sees only CPUs; install .*jax\[cuda12\].*, or take --device cpu$"
    with pytest.raises(MissingPart, match=sentence):
        gpu()
    with pytest.raises(MissingPart, match=sentence):
        engine_for(network_of(Case()), course_of(Case()), device="gpu")


@pytest.mark.parametrize("call", ["gpu()", "JaxEngine(None, None)"])
def test_without_jax_one_sentence_says_what_to_install(call: str) -> None:
    code = (
        "import sys; sys.modules['jax'] = None\n"
        "from spinspike.errors import MissingPart\n"
        "from spinspike.model.learning.jax_engine import JaxEngine, gpu\n"
        f"try: {call}\n"
        "except MissingPart as error: print(error)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "device gpu needs jax: pip install 'spinspike[gpu]'\n"


@pytest.mark.parametrize(
    ("inputs", "labels", "said"),
    [
        (np.zeros((2, 3)), np.zeros(2, np.int64), r"inputs have shape \(2, 3\)"),
        (np.full((2, INPUTS), np.nan), np.zeros(2, np.int64), "inputs contain nan"),
        (np.zeros((2, INPUTS)), np.zeros(1, np.int64), r"labels have shape \(1,\); .* of 2"),
        (np.zeros((2, INPUTS)), np.array([0, 5]), "labels range from 0 to 5"),
    ],
)
def test_bad_batches_are_refused(inputs: InputArray, labels: IntArray, said: str) -> None:
    engine = JaxEngine(network_of(Case()), course_of(Case()))
    with pytest.raises(BadInput, match=said):
        engine.learn(inputs, labels, factor=1.0, rng=np.random.default_rng(0))
    with pytest.raises(BadInput, match=said):
        engine.clamped(inputs, labels, sweeps=Sweeps())
