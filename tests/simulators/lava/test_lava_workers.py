"""Lava runs wherever Python does: its worker is an interpreter of its own, whoever asks for it."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from spinspike.mapping import map_network
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.network import random_network
from spinspike.simulators.base import Phases, Recording, Stimulus
from spinspike.simulators.emulator.step import Emulator
from spinspike.simulators.lava.backend import Lava
from spinspike.simulators.stimulus import encode_stimulus

pytestmark = pytest.mark.lava

PROTOCOL = Phases(cue=1, clamped=2, free=4)
Run = Callable[..., Recording]
Job = tuple[SynapseGraph, Stimulus, Phases]


@pytest.fixture(scope="module")
def job() -> Job:
    rng = np.random.default_rng(0)
    shape = Architecture(units=10, inputs=4, classes=3)
    graph = map_network(random_network(shape, rng, centre=np.zeros(4)))
    return graph, encode_stimulus(graph, rng.random((3, 4)), labels=np.array([0, 1, 2])), PROTOCOL


def check(job: Job, *recordings: Recording) -> None:
    expected = Emulator().run(*job)
    for found in recordings:
        assert found.spikes is not None
        assert expected.spikes is not None
        assert found.spikes.any()
        np.testing.assert_array_equal(found.spikes, expected.spikes)


def test_in_a_daemonic_worker_of_a_pool(job: Job) -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        check(job, pool.apply(Lava().run, job))


def test_in_a_process_pool_executor(job: Job) -> None:
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        check(job, pool.submit(Lava().run, *job).result())


def test_in_threads_at_the_same_time(job: Job) -> None:
    with ThreadPoolExecutor(2) as pool:
        check(job, *pool.map(lambda _: Lava().run(*job), range(2)))


def test_in_a_worker_of_joblib(job: Job) -> None:
    import joblib

    run: Run = Lava().run
    check(job, *joblib.Parallel(n_jobs=2, backend="loky")(joblib.delayed(run)(*job) for _ in "ab"))


@pytest.mark.dask
def test_in_a_process_of_a_dask_cluster(job: Job) -> None:
    from distributed import Client, LocalCluster

    make: Any = LocalCluster
    with (
        make(n_workers=1, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster,
        Client(cluster) as client,  # type: ignore[no-untyped-call]
    ):
        check(job, client.submit(Lava().run, *job).result(timeout=60))


@pytest.mark.numba
def test_after_a_parallel_function_of_numba(job: Job) -> None:
    """Numba's threads set the start method of processes, which Lava sets as well."""
    import numba

    @numba.njit(parallel=True)
    def total(count: int) -> int:
        found = 0
        for k in numba.prange(count):
            found += k
        return found

    assert total(1000) == 499_500
    check(job, Lava().run(*job))
