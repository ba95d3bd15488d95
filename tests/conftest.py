"""What several tests need: a small trained network, its graph, and arithmetic done by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spinspike.mapping.dale import dale
from spinspike.mapping.graph import SynapseGraph
from spinspike.model.architecture import Architecture
from spinspike.model.data import digits
from spinspike.model.dataset import Dataset, Split
from spinspike.model.fixed_points import free, learned
from spinspike.model.network import Network
from spinspike.model.network_file import NetworkFile
from spinspike.model.own_network import from_arrays
from spinspike.model.schedule import Schedule
from spinspike.model.training import accuracy, train


@pytest.fixture(scope="session")
def handwritten() -> Dataset:
    """The digits, loaded once."""
    return digits()


def trained_digits(data: Dataset, units: int, epochs: int) -> NetworkFile:
    """A network trained on the digits with the default rule, with its fixed points."""
    architecture = Architecture(units=units, inputs=64, classes=10)
    network = train(data, architecture, schedule=Schedule(epochs=epochs), seed=0).network
    points = {"learned": learned(network, data.train), "free": free(network, data.test)}
    scores = {
        name: accuracy(network, getattr(data, name)) for name in ("train", "validation", "test")
    }
    return NetworkFile(network, points, {"data": "digits", "seed": 0, "accuracy": scores})


@pytest.fixture(scope="session")
def trained(handwritten: Dataset) -> NetworkFile:
    """100 units after 5 epochs on the digits, about .94 right, with its fixed points."""
    return trained_digits(handwritten, units=100, epochs=5)


@pytest.fixture(scope="session")
def larger(handwritten: Dataset) -> NetworkFile:
    """200 units: with fewer, input and self-couplings alone hold many states."""
    return trained_digits(handwritten, units=200, epochs=6)


@pytest.fixture(scope="session")
def graph(trained: NetworkFile) -> SynapseGraph:
    """The Dale graph of the trained network at 8 bits."""
    return dale(trained.network, trained.fixed_points, provenance=trained.provenance)


@pytest.fixture(scope="session")
def clusters() -> Dataset:
    """Three easy classes: prototypes of 12 pixels, each pixel replaced with probability .15."""
    rng = np.random.default_rng(3)
    prototypes = (rng.random((3, 12)) < 0.5).astype(np.float64)

    def draw(count: int) -> Split:
        labels = np.arange(count) % 3
        noise = rng.random((count, 12))
        inputs = np.where(rng.random((count, 12)) < 0.15, noise, prototypes[labels])
        return Split(inputs, labels.astype(np.int64))

    return Dataset(
        name="clusters",
        train=draw(150),
        validation=draw(60),
        test=draw(60),
        classes=3,
        input_range=(0.0, 1.0),
        image_shape=(3, 4),
    )


@pytest.fixture
def numbered() -> dict[str, Any]:
    """A data set as arrays: image n of 2 x 3 pixels holds n; its label is n % 3."""
    numbers = np.arange(24)
    images = np.repeat(numbers, 6).reshape(24, 2, 3).astype(np.float64)
    return {
        "train_inputs": images,
        "train_labels": numbers % 3,
        "test_inputs": images[:5],
        "test_labels": numbers[:5] % 3,
    }


@dataclass(frozen=True)
class Table:
    """Weights of a graph, added up synapse by synapse: rows are target neurons."""

    weight: NDArray[np.int64]  # (N, N)
    signal: NDArray[np.int64]  # (N, C)


def table_of(graph: SynapseGraph) -> Table:
    threshold = [p for p in graph.populations if p.neuron == "threshold"]
    start = {p.name: sum(q.size for q in threshold[:k]) for k, p in enumerate(threshold)}
    neurons = sum(p.size for p in threshold)
    weight = np.zeros((neurons, neurons), dtype=np.int64)
    signal = np.zeros((neurons, graph.classes), dtype=np.int64)
    for p in graph.projections:
        for row in range(len(p.indptr) - 1):
            for k in range(int(p.indptr[row]), int(p.indptr[row + 1])):
                value = p.sign * int(p.mantissa[k]) * 2**p.exponent
                target, source = start[p.target] + row, int(p.indices[k])
                if p.source in start:
                    weight[target, start[p.source] + source] += value
                else:
                    signal[target, source] += value
    return Table(weight, signal)


@pytest.fixture(scope="session")
def by_hand() -> Callable[[SynapseGraph], Table]:
    """Weights of a graph, added up synapse by synapse."""
    return table_of


@pytest.fixture(scope="session")
def every_state() -> Callable[[int], NDArray[np.int8]]:
    """All 2**H states of H spins."""
    return lambda units: np.array(list(product((-1, 1), repeat=units)), dtype=np.int8)


SmallNetworks = Callable[..., Iterator[Network]]


def awkward_networks(seeds: int = 3, units: int = 6, **changes: Any) -> Iterator[Network]:
    """Small networks with what real ones seldom have.

    A unit without couplings, one without any input, zero and negative self-couplings, and two
    rows of equal couplings whose field is exactly zero in many states. ``changes`` are arguments
    of `from_arrays`.
    """
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        coupling = rng.normal(size=(units, units))
        coupling[rng.random((units, units)) < 0.2] = 0.0
        input_weight = rng.normal(size=(units, 3))
        diagonal = rng.choice([-0.3, 0.0, 0.3], units)
        coupling[0] = 0.0
        input_weight[0] *= 40  # keeps the scale of a row without couplings low
        coupling[1:3] = rng.choice([-1.0, 1.0], (2, units))
        diagonal[1:3] = 0.0
        coupling[1:3, -1] = 0.0  # five, then four terms of equal size: even numbers of them tie
        input_weight[1:3] = 0.0
        diagonal[3:] *= np.abs(coupling[3:]).max(axis=1)  # below the couplings: fits one bit
        np.fill_diagonal(coupling, diagonal)
        parameters: dict[str, Any] = {
            "J": coupling,
            "Win": input_weight,
            "Wback": 0.2 * rng.normal(size=(units, 4)),
            "Wout": rng.normal(size=(4, units)),
            "centre": np.array([0.2, 0.5, 0.4]),
            "gain": 1.5,
            "input_range": (0.0, 1.0),
        }
        yield from_arrays(**(parameters | changes))


@pytest.fixture(scope="session")
def small_networks() -> SmallNetworks:
    """Small networks with zero rows, ties, and self-couplings of both signs and none."""
    return awkward_networks
