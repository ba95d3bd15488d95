"""Fixed points are found where enumeration finds them, and only they are kept."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from spinspike.model.data.dataset import Dataset, Split
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.fixed_points import FixedPoints, smallest_margins
from spinspike.model.network.import_arrays import from_arrays
from spinspike.model.network.network import Network, random_network
from spinspike.model.network.network_file import NetworkFile
from spinspike.model.training.settled import free_fixed_points, learned_fixed_points

HELD = tuple[int, ...]


def fixed_by_enumeration(
    network: Network, image: NDArray[np.float64], states: NDArray[np.int8]
) -> dict[HELD, float]:
    """Every fixed point of one image and the margin of its weakest unit, in plain loops."""
    coupling = network.coupling.toarray() + np.diag(network.self_coupling)
    input_weight = network.input_weight.toarray()
    H, D = input_weight.shape
    found = {}
    for s in states.tolist():
        weakest = np.inf
        for i in range(H):
            h = sum(coupling[i, j] * s[j] for j in range(H)) + sum(
                input_weight[i, k] * network.gain * (image[k] - network.centre[k]) for k in range(D)
            )
            weakest = min(weakest, s[i] * h)
        if weakest > 0:
            found[tuple(s)] = float(weakest)
    return found


@pytest.mark.parametrize("self_coupling", [0.0, 0.8])
def test_kept_states_are_those_that_enumeration_finds(
    self_coupling: float, every_state: Callable[[int], NDArray[np.int8]]
) -> None:
    rng = np.random.default_rng(5)
    architecture = Architecture(
        units=6, inputs=3, classes=2, self_coupling=self_coupling, input_scale=0.3, sparsity=0.0
    )
    network = random_network(architecture, rng, centre=np.full(3, 0.5))
    images = rng.random((12, 3))
    split = Split(images, np.arange(12) % 2)
    exact = {tuple(x): fixed_by_enumeration(network, x, every_state(6)) for x in images}
    for points in (learned_fixed_points(network, split), free_fixed_points(network, split)):
        weakest = smallest_margins(network, points)
        for x, state, margin in zip(points.inputs, points.states, weakest, strict=True):
            assert exact[tuple(x)][tuple(state.tolist())] == pytest.approx(margin)


def test_inputs_that_never_settle_are_left_out() -> None:
    """Two units that copy each other oscillate unless the input makes them agree."""
    network = from_arrays(
        J=np.array([[0.0, 1.0], [1.0, 0.0]]),
        Win=np.array([[0.5, 0.0], [0.0, 0.5]]),
        Wback=np.zeros((2, 2)),
        Wout=np.eye(2),
        centre=np.zeros(2),
        gain=1.0,
        input_range=(-1.0, 1.0),
    )
    agree_or_not = Split(np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]]), np.array([0, 1, 1]))
    for points in (
        learned_fixed_points(network, agree_or_not),
        free_fixed_points(network, agree_or_not),
    ):
        assert points.inputs.tolist() == [[1.0, 1.0], [-1.0, -1.0]]
        assert points.labels.tolist() == [0, 1]
        assert points.states.tolist() == [[1, 1], [-1, -1]]
        assert smallest_margins(network, points).tolist() == [1.5, 1.5]


def test_learned_states_saw_the_label_and_free_ones_did_not() -> None:
    """A latch keeps what the clamp wrote; without label it keeps the input."""
    network = from_arrays(
        J=np.eye(2),
        Win=np.full((2, 1), 0.5),
        Wback=np.array([[9.0, -9.0], [-9.0, 9.0]]),
        Wout=np.eye(2),
        centre=np.zeros(1),
        gain=1.0,
        input_range=(-1.0, 1.0),
    )
    split = Split(np.array([[1.0], [1.0]]), np.array([0, 1]))
    assert learned_fixed_points(network, split).states.tolist() == [[1, -1], [-1, 1]]
    assert learned_fixed_points(network, split, clamped=0).states.tolist() == [[1, 1], [1, 1]]
    assert free_fixed_points(network, split).states.tolist() == [[1, 1], [1, 1]]


def test_a_trained_network_settles_almost_everywhere(
    trained: NetworkFile, handwritten: Dataset
) -> None:
    points = trained.fixed_points["learned"]
    assert len(points) > 0.98 * len(handwritten.train)
    assert smallest_margins(trained.network, points).min() >= 0


def test_selecting_keeps_rows_together() -> None:
    points = FixedPoints(np.arange(4.0)[:, None], np.arange(4), np.ones((4, 3), dtype=np.int8))
    for rows in (np.array([2, 0]), np.array([True, False, True, False]), slice(0, 3, 2)):
        chosen = points.select(rows)
        assert len(chosen) == 2
        assert chosen.inputs[:, 0].tolist() == chosen.labels.tolist()
        assert chosen.states.shape == (2, 3)


def test_a_pattern_is_its_input_and_its_state_and_counts_once() -> None:
    inputs = np.array([[0.0, 1.0], [0.0, 1.0], [0.0, 1.0], [0.5, 1.0], [0.0, 1.0]])
    states = np.array([[1, 1], [1, -1], [1, 1], [1, 1], [1, -1]], dtype=np.int8)
    points = FixedPoints(inputs, np.arange(5), states)
    assert points.distinct.labels.tolist() == [0, 1, 3]
    assert [points.keys.index(key) for key in points.keys] == [0, 1, 0, 3, 1]
    assert points.select(slice(2, 4)).keys == points.keys[2:4]
    assert len(points.select(slice(0)).distinct) == 0
