"""One suite for every engine: what each keeps, hands out and refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from spinspike.errors import BadInput
from spinspike.model.learning.base import Course, Engine
from spinspike.model.learning.devices import engine
from spinspike.model.learning.margin_rule import MarginRule
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.dynamics import Sweeps
from spinspike.model.network.network import Network, random_network

MakeEngine = Callable[..., Engine]
COURSE = Course(MarginRule(margin=1.0), Sweeps())


@pytest.fixture(params=["numpy", pytest.param("cpu", marks=pytest.mark.numba)])
def make(request: pytest.FixtureRequest) -> MakeEngine:
    return lambda network: engine(network, COURSE, device=request.param)


@pytest.fixture
def network() -> Network:
    architecture = Architecture(units=20, inputs=6, classes=3, sparsity=0.5)
    return random_network(architecture, np.random.default_rng(0), centre=np.full(6, 0.5))


def weights(network: Network) -> bytes:
    sparse = (network.coupling, network.link, network.input_weight)
    arrays = (network.self_coupling, network.bias, network.supervisory, network.readout)
    return b"".join(array.tobytes() for array in (*arrays, *(m.data for m in sparse)))


def images(patterns: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(1)
    return rng.random((patterns, 6)), rng.integers(0, 3, patterns)


def test_neither_the_network_nor_the_images_handed_in_change(
    make: MakeEngine, network: Network
) -> None:
    before, (inputs, labels) = weights(network), images(20)
    shown = inputs.copy()
    runner = make(network)
    runner.learn(inputs, labels, factor=1.0, rng=np.random.default_rng(0))
    assert weights(runner.network()) != before
    assert weights(network) == before
    np.testing.assert_array_equal(inputs, shown)


def test_what_is_handed_out_is_a_copy(make: MakeEngine, network: Network) -> None:
    runner = make(network)
    out, rng = runner.network(), np.random.default_rng(0)
    before = weights(out)
    runner.learn(*images(20), factor=1.0, rng=rng)
    assert weights(out) == before
    after = weights(runner.network())
    taken = runner.network()
    for array in (taken.coupling.data, taken.input_weight.data, taken.bias, taken.readout):
        array[:] = 7.0
    assert weights(runner.network()) == after


def test_runs_without_learning_learn_nothing(make: MakeEngine, network: Network) -> None:
    runner, (inputs, labels) = make(network), images(20)
    before = weights(runner.network())
    first = runner.free(inputs, sweeps=5)
    states = runner.clamped(inputs, labels, sweeps=Sweeps())
    assert {found.dtype for found in (first, *states)} == {np.dtype(np.int8)}
    np.testing.assert_array_equal(runner.free(inputs, sweeps=5), first)
    assert weights(runner.network()) == before


def test_counts_are_fractions_of_all_units_and_patterns(make: MakeEngine, network: Network) -> None:
    for patterns in (1, 16, 21):
        rng = np.random.default_rng(0)
        counts = make(network).learn(*images(patterns), factor=1.0, rng=rng)
        assert counts.weak * patterns * 20 == pytest.approx(round(counts.weak * patterns * 20))
        assert 0 < counts.weak < 1
        assert 0 <= counts.flips < 1


def test_no_patterns_have_no_states(make: MakeEngine, network: Network) -> None:
    runner, (inputs, labels) = make(network), images(0)
    assert runner.free(inputs, sweeps=3).shape == (0, 20)
    for states in runner.clamped(inputs, labels, sweeps=Sweeps()):
        assert states.shape == (0, 20)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (np.zeros((3, 5)), r"inputs have shape \(3, 5\); allowed: \(patterns, 6\)"),
        (np.zeros(6), r"inputs have shape \(6,\); allowed: \(patterns, 6\)"),
        (np.full((3, 6), np.nan), "inputs contain nan or infinity; allowed: finite numbers"),
    ],
)
def test_other_inputs_are_refused(
    make: MakeEngine, network: Network, inputs: Any, message: str
) -> None:
    runner, labels, rng = make(network), np.zeros(len(inputs), int), np.random.default_rng(0)
    with pytest.raises(BadInput, match=message):
        runner.free(inputs, sweeps=3)
    with pytest.raises(BadInput, match=message):
        runner.clamped(inputs, labels, sweeps=Sweeps())
    with pytest.raises(BadInput, match=message):
        runner.learn(inputs, labels, factor=1.0, rng=rng)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1], r"labels have shape \(2,\); allowed: one for each of 3 inputs"),
        ([0, 1, 2, 0], r"labels have shape \(4,\); allowed: one for each of 3 inputs"),
        ([0, 1, 3], r"labels range from 0 to 3; allowed: 0 to 2"),
        ([-1, 1, 2], r"labels range from -1 to 2; allowed: 0 to 2"),
    ],
)
def test_other_labels_are_refused(
    make: MakeEngine, network: Network, labels: list[int], message: str
) -> None:
    runner, inputs, rng = make(network), np.zeros((3, 6)), np.random.default_rng(0)
    with pytest.raises(BadInput, match=message):
        runner.clamped(inputs, np.array(labels), sweeps=Sweeps())
    with pytest.raises(BadInput, match=message):
        runner.learn(inputs, np.array(labels), factor=1.0, rng=rng)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"evaluation": -1}, r"evaluation is -1 sweeps; allowed: 0 or more"),
        ({"readout_states": "any"}, r"readout_states is 'any'; allowed: free, clamped"),
    ],
)
def test_senseless_courses_are_refused_with_the_value(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        Course(MarginRule(), Sweeps(), **changes)
