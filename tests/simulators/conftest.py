"""A larger network than elsewhere: with few units, input and self-couplings alone hold states."""

from __future__ import annotations

import pytest

from spinspike.mapping import SynapseGraph, dale
from spinspike.model import Architecture, Dataset, NetworkFile, Schedule, accuracy, free, learned
from spinspike.model import train as learn


@pytest.fixture(scope="session")
def trained(handwritten: Dataset) -> NetworkFile:
    """200 units after 6 epochs on the digits, with its fixed points."""
    architecture = Architecture(units=200, inputs=64, classes=10)
    network = learn(handwritten, architecture, schedule=Schedule(epochs=6)).network
    points = {
        "learned": learned(network, handwritten.train),
        "free": free(network, handwritten.test),
    }
    return NetworkFile(network, points, {"accuracy": {"test": accuracy(network, handwritten.test)}})


@pytest.fixture(scope="session")
def graph(trained: NetworkFile) -> SynapseGraph:
    """The Dale graph of the trained network at 8 bits."""
    return dale(trained.network, trained.fixed_points)
