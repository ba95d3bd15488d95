"""Replicated dynamics: copies of a network that attract each other until they are one.

Copies are modules and their attraction is a link, so that this is the dynamics of a network.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.sparse import block_diag, csr_array, eye_array, kron

from spinspike.arrays import FloatArray, SparseMatrix, SpinArray
from spinspike.errors import BadInput
from spinspike.model.network.network import Network

from .convergence import Convergence, converge, random_states

STEPS = 15  # in which the attraction grows
LEAST = 2 * (STEPS + 1)  # sweeps: one for each step, and as many after the release


def replicas(network: Network, copies: int, attraction: float) -> Network:
    """So many copies of a network as one, each drawn to the mean of the others.

    ::

        h_i^a = h_i(s^a) + gamma / (y - 1) sum_{b != a} s_i^b

    Parameters
    ----------
    copies : int
        y, 2 or more.
    attraction : float
        gamma.

    Raises
    ------
    BadInput
        There are fewer than two copies.

    Examples
    --------
    >>> from spinspike.model.network.import_arrays import from_arrays
    >>> pair = from_arrays([[0, 1], [1, 0]], np.ones((2, 1)), np.eye(2), np.eye(2))
    >>> replicas(pair, 3, 0.5).link.toarray()[0].tolist()
    [0.0, 0.0, 0.25, 0.0, 0.25, 0.0]
    """
    if copies < 2:
        message = f"copies is {copies}; allowed: 2 or more"
        raise BadInput(message)
    within = block_diag([network.link] * copies)
    return replace(
        network,
        coupling=csr_array(block_diag([network.coupling] * copies)),
        self_coupling=np.tile(network.self_coupling, copies),
        link=csr_array(within + attraction * _mean_of_others(network.units, copies)),
        input_weight=csr_array(kron(np.ones((copies, 1)), network.input_weight)),
        bias=np.tile(network.bias, copies),
        supervisory=np.tile(network.supervisory, (copies, 1)),
        readout=np.tile(network.readout, (1, copies)) / copies,
        modules=network.modules * copies,
    )


def replicated(
    network: Network,
    states: SpinArray,
    *,
    external: FloatArray | None = None,
    rng: np.random.Generator,
    limit: int = 1000,
    copies: int = 3,
    attraction: float = 1.5,
    device: str = "auto",
) -> Convergence:
    """Look for fixed points by asynchronous dynamics of copies that attract each other ever more.

    In half of the sweeps the attraction grows from 0 in equal steps; then the majority of the
    copies is released and left to the dynamics of the network alone.

    Parameters
    ----------
    states : (P, H)
        Where the first copy starts; the others start at random.
    external : (P, H), optional
    limit : int
        Sweeps of each copy, in all; 32 or more.
    copies : int
        Odd, 3 or more.
    attraction : float
        gamma of the last step, above 0.
    device : {"auto", "cpu", "numpy"}
        As of `convergence.converge`.

    Returns
    -------
    The states after the release, with the sweeps from the start.

    Raises
    ------
    BadInput
        A value is none of these.

    References
    ----------
    Baldassi et al., PNAS 113, E7655 (2016), for learning by gradients or at a temperature; here
    each replica has nothing but its local field.

    Examples
    --------
    >>> from spinspike.model.network.import_arrays import from_arrays
    >>> latches = from_arrays(0.5 * np.eye(4), np.ones((4, 1)), np.ones((4, 2)), np.ones((2, 4)))
    >>> start = np.array([[1, -1, 1, -1]], dtype=np.int8)
    >>> bool(replicated(latches, start, rng=np.random.default_rng(0)).fixed.all())
    True
    """
    _check(limit, copies, attraction)
    others = random_states(network, len(states) * (copies - 1), rng).reshape(len(states), -1)
    together = np.hstack([states, others])
    given = None if external is None else np.tile(external, copies)
    sweeps, each = np.zeros(len(states), dtype=np.int64), limit // 2 // (STEPS + 1)
    apart, link = replicas(network, copies, 0.0), _mean_of_others(network.units, copies)
    for gamma in np.linspace(0, attraction, STEPS + 1):
        grown = converge(
            replace(apart, link=apart.link + gamma * link),
            together,
            external=given,
            order="asynchronous",
            rng=rng,
            limit=each,
            device=device,
        )
        together, sweeps = grown.states, sweeps + grown.sweeps
    majority = np.sign(together.reshape(len(states), copies, -1).sum(axis=1)).astype(np.int8)
    left = limit - (STEPS + 1) * each
    released = converge(
        network,
        majority,
        external=external,
        order="asynchronous",
        rng=rng,
        limit=left,
        device=device,
    )
    return replace(released, sweeps=sweeps + released.sweeps)


def _mean_of_others(units: int, copies: int) -> SparseMatrix:
    others = (1 - np.eye(copies)) / (copies - 1)
    return csr_array(kron(others, eye_array(units)))


def _check(limit: int, copies: int, attraction: float) -> None:
    if limit < LEAST:
        message = f"limit is {limit} sweeps; allowed: {LEAST} or more"
        raise BadInput(message)
    if copies < 3 or copies % 2 == 0:
        message = f"copies is {copies}; allowed: an odd number, 3 or more"
        raise BadInput(message)
    if not attraction > 0:
        message = f"attraction is {attraction}; allowed: above 0"
        raise BadInput(message)
