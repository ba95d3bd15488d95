"""NEST's kernel, of which a process has one: import, start afresh, connect copies of a graph."""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any

import numpy as np
from scipy.sparse import coo_matrix
from threadpoolctl import threadpool_limits

from spinspike.arrays import FloatArray
from spinspike.errors import BadInput, MissingPart

SEEDS = 2**32 - 1  # NEST takes 1 to this
NEURONS_AT_ONCE = 8_000  # a recorded neuron takes 40 kB (its list of recorders is that long)


def nest_module() -> ModuleType:
    """Import NEST only when it is needed, without its greeting; threads that wait must not spin.

    Spinning threads made a small network on two busy cores hundreds of times slower.

    Raises
    ------
    MissingPart
        NEST is not installed.
    """
    os.environ.setdefault("PYNEST_QUIET", "1")
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        import nest
    except ImportError as error:
        message = "simulator nest is not installed: pip install 'spinspike[nest]'"
        raise MissingPart(message) from error
    nest.verbosity = nest.VerbosityLevel.ERROR
    module: ModuleType = nest
    return module


def restart(nest: ModuleType, *, resolution: float, seed: int, threads: int) -> None:
    """Forget all nodes and begin again at time 0 with ``threads`` threads in every process.

    Each virtual process, a thread of some process, draws from a random stream of its own: runs
    repeat exactly only with the same number of them.

    Raises
    ------
    BadInput
        ``threads`` is below 1, or ``resolution`` not above 0.
    """
    if threads < 1 or not resolution > 0:
        message = (
            f"threads, resolution are {threads}, {resolution:g} ms; "
            "allowed: 1 or more threads, a resolution above 0"
        )
        raise BadInput(message)
    # NEST counts on the threads it has set, which others of this process, such as Numba, change
    threadpool_limits(limits=nest.local_num_threads, user_api="openmp")
    nest.ResetKernel()
    nest.set(resolution=resolution, rng_seed=seed % SEEDS + 1, local_num_threads=threads)


def side_by_side(patterns: int, *, neurons: int, synapses: int, synapses_at_once: int) -> int:
    """How many patterns, at least 1, are copies of a graph in one network.

    Examples
    --------
    >>> side_by_side(100, neurons=600, synapses=36_000, synapses_at_once=1_000_000)
    13
    """
    most = min(synapses_at_once // max(1, synapses), NEURONS_AT_ONCE // max(1, neurons))
    return min(patterns, max(1, most))


def set_each(nodes: Any, **values: FloatArray) -> None:
    """Give every node a value of its own.

    One dictionary a node is what NEST takes under MPI, where most nodes live in other processes;
    those are passed over.
    """
    columns = [np.ravel(column).tolist() for column in values.values()]
    nodes.set([dict(zip(values, row, strict=True)) for row in zip(*columns, strict=True)])


def connect_copies(
    nest: ModuleType, neurons: Any, weight: coo_matrix, delay: FloatArray, **synapse: Any
) -> None:
    """One synapse for each entry of a weight matrix (N, N), in every copy of N neurons.

    Parameters
    ----------
    delay : (entries,) ms
    **synapse
        Model, receptor and whatever else all synapses share.
    """
    if not weight.nnz:
        return
    copies = len(neurons) // weight.shape[0]
    first = neurons[0].global_id + weight.shape[0] * np.arange(copies)[:, None]
    nest.Connect(
        (first + weight.col).ravel(),
        (first + weight.row).ravel(),
        "one_to_one",
        {
            "weight": np.tile(weight.data.astype(np.float64), copies),
            "delay": np.tile(delay, copies),
            **{name: _for_each(value, copies * weight.nnz) for name, value in synapse.items()},
        },
    )


def _for_each(value: Any, count: int) -> Any:
    """NEST wants as many values as there are synapses, but one model's name for all."""
    return value if isinstance(value, str) else np.full(count, value)
