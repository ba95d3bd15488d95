"""Which engine a device name gives, and what is said of one that cannot be had."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from spinspike.errors import BadInput, MissingPart
from spinspike.model.learning.base import Course
from spinspike.model.learning.devices import engine, exact_engine, known_device
from spinspike.model.learning.margin_rule import MarginRule
from spinspike.model.learning.numpy_engine import NumpyEngine
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.dynamics import Sweeps
from spinspike.model.network.network import random_network

NETWORK = random_network(Architecture(8, 3, 2), np.random.default_rng(0), centre=np.zeros(3))
COURSE = Course(MarginRule(), Sweeps())


def test_an_unknown_device_is_named() -> None:
    with pytest.raises(BadInput, match="device is 'tpu'; allowed: auto, cpu, gpu, numpy"):
        known_device("tpu")


def test_numpy_is_the_oracle() -> None:
    assert isinstance(engine(NETWORK, COURSE, device="numpy"), NumpyEngine)


@pytest.mark.numba
def test_auto_and_cpu_are_compiled() -> None:
    from spinspike.model.learning.numba_engine import NumbaEngine

    assert isinstance(engine(NETWORK, COURSE, device="cpu"), NumbaEngine)


def test_without_numba_auto_takes_numpy_and_cpu_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    assert isinstance(engine(NETWORK, COURSE), NumpyEngine)
    assert isinstance(exact_engine(NETWORK, 10**12), NumpyEngine)
    with pytest.raises(MissingPart, match=r"needs numba: pip install 'spinspike\[fast\]'"):
        engine(NETWORK, COURSE, device="cpu")


@pytest.mark.numba
def test_only_much_work_is_worth_compiling_for() -> None:
    assert isinstance(exact_engine(NETWORK, 10), NumpyEngine)
    assert not isinstance(exact_engine(NETWORK, 10**12), NumpyEngine)
