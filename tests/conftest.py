"""What several tests need: a small trained network, its graph, and arithmetic done by hand."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import (
    AbstractContextManager,
    chdir,
    contextmanager,
    redirect_stderr,
    redirect_stdout,
)
from dataclasses import dataclass, replace
from io import StringIO
from itertools import product
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import settings
from numpy.typing import NDArray
from scipy.sparse import csr_array

from spinspike.cli.main import main
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.graph.integer_matrix import IntegerMatrix, IntegerNetwork
from spinspike.mapping.mapper import map_network
from spinspike.model.data.dataset import Dataset, Split
from spinspike.model.data.named import digits
from spinspike.model.learning.schedule import Schedule
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.import_arrays import from_arrays
from spinspike.model.network.network import Network
from spinspike.model.network.network_file import NetworkFile
from spinspike.model.training.settled import free_fixed_points, learned_fixed_points
from spinspike.model.training.training import accuracy, train


def spinspike_program(*words: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """What a command prints and its exit code, as a process of its own would: but at once."""
    printed, said = StringIO(), StringIO()
    arguments = ["spinspike", *(str(word) for word in words)]
    with (
        mock.patch.object(sys, "argv", arguments),
        redirect_stdout(printed),
        redirect_stderr(said),
        chdir(cwd or "."),
        pytest.raises(SystemExit) as end,
    ):
        main()
    code = int(end.value.code or 0)
    return subprocess.CompletedProcess(arguments, code, printed.getvalue(), said.getvalue())


@pytest.fixture(scope="session")
def program() -> Callable[..., subprocess.CompletedProcess[str]]:
    """The program, in this process: words, and as ``cwd`` the folder to be in."""
    return spinspike_program


# how long an example takes says how busy the machine is, not whether it is right
settings.register_profile("spinspike", deadline=None)
settings.load_profile("spinspike")


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """What a full disk does: the system refuses to write more."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture(scope="session")
def full_disk() -> Callable[[int], AbstractContextManager[None]]:
    """Within it no file may become larger than so many bytes."""
    return largest_file


@pytest.fixture(scope="session")
def handwritten() -> Dataset:
    """The digits, loaded once."""
    return digits()


def trained_digits(data: Dataset, units: int, epochs: int) -> NetworkFile:
    """A network trained on the digits with the default rule, with its fixed points."""
    architecture = Architecture(units=units, inputs=64, classes=10)
    network = train(data, architecture, schedule=Schedule(epochs=epochs), seed=0).network
    points = {
        "learned": learned_fixed_points(network, data.train),
        "free": free_fixed_points(network, data.test),
    }
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
    return map_network(trained.network, trained.fixed_points, provenance=trained.provenance)


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
    input: NDArray[np.int64]  # (N, D + 1)
    readout: NDArray[np.int64]  # (C, N)


def table_of(graph: SynapseGraph) -> Table:
    threshold = [p for p in graph.populations if p.neuron == "threshold"]
    start = {p.name: sum(q.size for q in threshold[:k]) for k, p in enumerate(threshold)}
    neurons, classes = sum(p.size for p in threshold), graph.classes
    shapes = {
        "weight": (neurons, neurons),
        "supervisory": (neurons, classes),
        "input": (neurons, len(graph.io.centre) + 1),
        "readout": (classes, neurons),
    }
    found = {name: np.zeros(shape, dtype=np.int64) for name, shape in shapes.items()}
    for p in graph.projections:
        matrix = found.get(p.role, found["weight"])
        for row in range(len(p.indptr) - 1):
            for k in range(int(p.indptr[row]), int(p.indptr[row + 1])):
                target = start.get(p.target, 0) + row
                source = start.get(p.source, 0) + int(p.indices[k])
                matrix[target, source] += p.sign * int(p.mantissa[k]) * 2**p.exponent
    return Table(*found.values())


@pytest.fixture(scope="session")
def by_hand() -> Callable[[SynapseGraph], Table]:
    """Weights of a graph, added up synapse by synapse."""
    return table_of


@dataclass(frozen=True)
class Reference:
    """The rounded network in spins: x_i = first_i + input_i + floor(sum_j w_ij s_j / 2).

    It starts from s = 0, and unit i is up iff x_i > 0.
    """

    integers: IntegerNetwork
    network: Network

    @property
    def weight(self) -> NDArray[np.int64]:
        """All of it, (H, H)."""
        n = self.integers
        return dense(n.coupling) + dense(n.link) + dense(n.self_coupling)

    def given(self, images: NDArray[np.float64]) -> NDArray[np.int64]:
        """Integer input of each unit, one number after the other; (B, H)."""
        n, low, high = self.integers, *self.network.input_range
        real, rounded = self.network.input_weight.toarray(), dense(n.input)
        found = []
        for image in images.tolist():
            sent = [round((x - low) / (high - low) * n.levels) for x in image] + [n.levels]
            seen = [
                (x - c) * self.network.gain for x, c in zip(image, self.network.centre, strict=True)
            ]
            row = []
            for i in range(self.network.units):
                if n.levels:
                    row.append(sum(int(w) * x for w, x in zip(rounded[i], sent, strict=True)))
                else:
                    field = sum(w * x for w, x in zip(real[i], seen, strict=True))
                    row.append(round(n.scale[i] * field))
            found.append(row)
        return np.array(found, dtype=np.int64)

    def field(self, spins: NDArray[Any], given: NDArray[np.int64]) -> NDArray[np.int64]:
        """Integer field x of all units; (B, H)."""
        doubled = spins.astype(np.int64) @ self.weight.T
        return np.asarray(self.integers.initial_bias + given + doubled // 2)

    def run(
        self, images: NDArray[np.float64], labels: NDArray[np.int64], phases: str
    ) -> NDArray[np.int64]:
        """States after each sweep, (sweeps, B, H); a "c" in ``phases`` is a clamped one."""
        given, signal = self.given(images), dense(self.integers.signal).T[labels]
        spins, found = np.zeros_like(given), []
        for phase in phases:
            x = self.field(spins, given + signal if phase == "c" else given)
            spins = np.where(x > 0, 1, -1)
            found.append(spins)
        return np.array(found)


def dense(matrix: IntegerMatrix) -> NDArray[np.int64]:
    return np.asarray(matrix.mantissa.toarray().astype(np.int64) * 2**matrix.exponent)


@pytest.fixture(scope="session")
def reference() -> Callable[[IntegerNetwork, Network], Reference]:
    """A rounded network in spins and dense matrices."""
    return Reference


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


def linked_networks(seeds: int = 3) -> Iterator[Network]:
    """The same in two modules of different size, with links both ways and biases."""
    for seed, plain in enumerate(awkward_networks(seeds, modules=[2, 4])):
        link = np.zeros((6, 6))
        link[[2, 3, 0, 1], [0, 1, 2, 5]] = 0.7
        bias = np.random.default_rng(seed).normal(size=6)
        yield replace(plain, link=csr_array(link), bias=bias)


@pytest.fixture(scope="session")
def modular() -> Callable[[int], Iterator[Network]]:
    """Small networks of one module, or of two with couplings and links between them."""
    return lambda modules: awkward_networks() if modules == 1 else linked_networks()
