"""NEST's kernel: copies of a graph by hand, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import numpy as np
import pytest
from scipy.sparse import coo_matrix

from spinspike.errors import BadInput, MissingPart
from spinspike.simulators.nest.kernel import (
    connect_copies,
    nest_module,
    restart,
    set_each,
    side_by_side,
)

pytestmark = pytest.mark.nest


@pytest.fixture
def nest() -> ModuleType:
    module = nest_module()
    restart(module, resolution=0.1, seed=0, threads=1)
    return module


def test_every_copy_has_the_synapses_of_the_matrix_and_none_between_copies(
    nest: ModuleType,
) -> None:
    neurons = nest.Create("parrot_neuron", 6)
    weight = coo_matrix(np.array([[0.0, -2.5, 0.0], [1.5, 0.0, 0.0], [0.0, 4.0, 0.0]]))
    connect_copies(nest, neurons, weight, np.array([1.0, 2.0, 3.0]))
    found = nest.GetConnections().get(["source", "target", "weight", "delay"])
    rows = sorted(zip(*(found[k] for k in ("source", "target", "weight", "delay")), strict=True))
    assert rows == [
        (1, 2, 1.5, 2.0),
        (2, 1, -2.5, 1.0),
        (2, 3, 4.0, 3.0),
        (4, 5, 1.5, 2.0),
        (5, 4, -2.5, 1.0),
        (5, 6, 4.0, 3.0),
    ]


def test_each_node_gets_its_own_values(nest: ModuleType) -> None:
    neurons = nest.Create("iaf_psc_exp", 3)
    set_each(neurons, I_e=np.array([[1.0, 2.0, 3.0]]), V_m=np.array([-60.0, -61.0, -62.0]))
    assert neurons.I_e == (1.0, 2.0, 3.0)
    assert neurons.V_m == (-60.0, -61.0, -62.0)


@pytest.mark.parametrize(
    ("patterns", "neurons", "synapses", "most"),
    [(7, 10, 100, 7), (900, 10, 1000, 10), (900, 800, 0, 10), (5, 10**6, 10**9, 1), (5, 0, 0, 5)],
)
def test_both_neurons_and_synapses_bound_how_many_patterns_run_side_by_side(
    patterns: int, neurons: int, synapses: int, most: int
) -> None:
    found = side_by_side(patterns, neurons=neurons, synapses=synapses, synapses_at_once=10_000)
    assert found == most


@pytest.mark.parametrize("seed", [0, 2**32 - 2, 2**32 - 1, 2**40])
def test_every_seed_fits_nest(nest: ModuleType, seed: int) -> None:
    restart(nest, resolution=0.1, seed=seed, threads=1)
    assert 1 <= nest.rng_seed < 2**32


@pytest.mark.parametrize(("resolution", "threads"), [(0.1, 0), (0.0, 1), (-1.0, 2)])
def test_no_threads_and_no_time_are_refused(
    nest: ModuleType, resolution: float, threads: int
) -> None:
    with pytest.raises(BadInput, match=f"are {threads}, {resolution:g} ms; allowed: 1 or more"):
        restart(nest, resolution=resolution, seed=0, threads=threads)


def test_importing_it_prints_nothing_and_lets_waiting_threads_sleep() -> None:
    code = (
        "from spinspike.simulators.nest.kernel import nest_module; import os; "
        "print(nest_module().__name__, os.environ['OMP_WAIT_POLICY'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert (done.stdout, done.stderr) == ("nest passive\n", "")


def test_without_nest_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nest", None)
    with pytest.raises(MissingPart, match=r"nest is not installed: pip install 'spinspike\[nest"):
        nest_module()


@pytest.mark.numba
def test_nest_survives_that_numba_set_the_number_of_threads() -> None:
    """In a process of its own, since what used to happen ended it."""
    code = """
import numba
from spinspike.simulators.nest.kernel import nest_module, restart

nest = nest_module()
restart(nest, resolution=0.1, seed=0, threads=1)
nest.Simulate(1.0)

@numba.njit(parallel=True)
def count(n):
    total = 0
    for i in numba.prange(n):
        total += i
    return total

assert count(1000) == 499500
restart(nest, resolution=0.1, seed=0, threads=1)
nest.Simulate(1.0)
print("alive")
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.stdout.splitlines()[-1:] == ["alive"], done.stderr[-500:]
