"""Stress on a Dask scheduler says what it says alone, with NEST, of which a process has one kernel.

All four simulators, validation included: benchmarks/workers.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.mapper import map_network
from spinspike.studies import train
from spinspike.studies.stress.run import stress

pytest.importorskip("nest")


@pytest.fixture(scope="module")
def small() -> SynapseGraph:
    return map_network(train("digits", units=50, epochs=1))


def curve(graph: SynapseGraph, seed: int = 0, **where: Any) -> list[float]:
    (found,) = stress(
        graph,
        ["lost-synapses"],
        levels=[0.0, 0.4],
        on="nest",
        patterns=4,
        draws=1,
        seed=seed,
        **where,
    )
    return [*np.ravel(found.held), *np.ravel(found.units), *np.ravel(found.null_units)]


def test_nest_in_a_worker_of_two_threads_gives_what_it_gives_alone(small: SynapseGraph) -> None:
    from distributed import LocalCluster

    make: Any = LocalCluster
    with make(
        n_workers=1,
        threads_per_worker=2,
        processes=False,
        protocol="tcp",
        dashboard_address=None,
    ) as cluster:
        shared = curve(small, scheduler=cluster.scheduler_address)
    assert shared == curve(small)
    assert shared != curve(small, seed=1)
