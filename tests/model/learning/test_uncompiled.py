"""Without Numba everything takes longer, and that is said: once, by a logger, not by a warning."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from spinspike.model.data.dataset import Dataset
from spinspike.model.landscape.counting.enumeration import count_fixed_points
from spinspike.model.landscape.search.convergence import converge, random_states, use_numba
from spinspike.model.learning import uncompiled
from spinspike.model.learning.base import Course
from spinspike.model.learning.devices import chosen, engine, exact_engine
from spinspike.model.learning.margin_rule import MarginRule
from spinspike.model.learning.numpy_engine import NumpyEngine
from spinspike.model.learning.schedule import Schedule
from spinspike.model.learning.uncompiled import compiles
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.dynamics import Sweeps
from spinspike.model.network.network import random_network
from spinspike.model.training.training import train

NETWORK = random_network(Architecture(8, 3, 2), np.random.default_rng(0), centre=np.zeros(3))
COURSE = Course(MarginRule(), Sweeps())
SAID = (
    "numba is not installed, so NumPy trains: 10 to 150 times slower, and in double precision, "
    "which makes another network; to have it: pip install 'spinspike[fast]'"
)


@pytest.fixture
def without_numba(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As where it is not installed, and nothing has been said yet."""
    monkeypatch.setitem(sys.modules, "numba", None)
    uncompiled._say.cache_clear()
    yield
    uncompiled._say.cache_clear()


@pytest.mark.usefixtures("without_numba")
def test_training_says_it_once(clusters: Dataset, caplog: pytest.LogCaptureFixture) -> None:
    architecture = Architecture(20, 12, 3)
    train(clusters, architecture, schedule=Schedule(epochs=1), device="numpy")
    assert caplog.messages == []  # asked for
    for _ in range(2):
        train(clusters, architecture, schedule=Schedule(epochs=1))
    assert caplog.messages == [SAID]


@pytest.mark.usefixtures("without_numba")
def test_so_does_everything_that_would_be_compiled(caplog: pytest.LogCaptureFixture) -> None:
    assert isinstance(engine(NETWORK, COURSE), NumpyEngine)
    assert chosen("auto") == "numpy"
    assert isinstance(exact_engine(NETWORK, 10**12), NumpyEngine)
    rng = np.random.default_rng(0)
    converge(NETWORK, random_states(NETWORK, 2, rng), order="asynchronous", rng=rng)
    said = [message.partition(":")[0] for message in caplog.messages]
    assert said == [
        "numba is not installed, so NumPy trains",
        "numba is not installed, so NumPy finds the fixed points",
        "numba is not installed, so NumPy follows the dynamics",
    ]


@pytest.mark.usefixtures("without_numba")
def test_nothing_is_said_where_it_would_not_be_faster(caplog: pytest.LogCaptureFixture) -> None:
    exact_engine(NETWORK, 10)
    count_fixed_points(NETWORK)
    assert not use_numba("numpy")
    assert caplog.messages == []


@pytest.mark.numba
def test_nor_where_it_is_installed(caplog: pytest.LogCaptureFixture) -> None:
    assert compiles("nothing")
    assert use_numba("auto")
    assert caplog.messages == []


@pytest.mark.usefixtures("without_numba")
def test_workers_leave_it_to_the_process_that_has_them(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(multiprocessing, "parent_process", multiprocessing.current_process)
    assert not compiles("work goes on")
    assert caplog.messages == []


def test_python_shows_it_and_goes_on_where_warnings_are_errors() -> None:
    code = (
        "import sys; sys.modules['numba'] = None\n"
        "from spinspike.model.learning.devices import chosen\n"
        "import warnings; warnings.simplefilter('error')\n"
        "assert chosen('auto') == chosen('auto') == 'numpy'"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, f"{SAID}\n")
