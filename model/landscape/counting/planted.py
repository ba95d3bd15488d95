"""A typical fixed point of a network of any size: the state first, then couplings that hold it.

Beyond thirty units no enumeration finds a fixed point drawn with equal chances from all of them,
and dynamics find those they find. Drawing the other way round does: a random state, and Gaussian
couplings on condition that it is fixed.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
from scipy.sparse import csr_array
from scipy.stats import norm, truncnorm

from spinspike.arrays import FloatArray, SpinArray
from spinspike.errors import BadInput
from spinspike.model.network.architecture import Architecture
from spinspike.model.network.dynamics import margins
from spinspike.model.network.network import Network, random_network

CHAIN = 12  # modules: the patterns of as many spins are listed


def planted(
    units: int,
    self_coupling: float,
    rng: np.random.Generator,
    *,
    modules: int = 1,
    link: float = 0.0,
) -> tuple[Network, SpinArray]:
    """Draw a network and one of its fixed points from all such pairs at once.

    The pair (J, s) has the density of J ~ N(0, 1/H), i != j, wherever s is a fixed point of J:
    networks come as often as they have fixed points, and each of those is as likely as the next.
    A mean over pairs is therefore E[sum over fixed points] / E[number of fixed points], which the
    closed forms of `complexity` and `pairs` give. Given s, rows are independent, and all that
    the condition touches is the field that the couplings exert on their unit along its spin,

        g_i = s_i sum_{j != i} J_ij s_j >= -(J_D + lambda sum_m s_i s_i^m),

    a truncated normal of variance (H-1)/H; what is orthogonal to it stays as drawn.

    Parameters
    ----------
    units : H of each module, 2 or more
    self_coupling : J_D >= 0
    modules, link : int, lambda >= 0
        A chain of so many modules, up to 12, linked one to one.

    Returns
    -------
    The network, and a fixed point of it without input, (H of all modules,).

    Raises
    ------
    BadInput
        A value is none of these.

    Examples
    --------
    >>> network, state = planted(50, 0.5, np.random.default_rng(0))
    >>> bool((margins(network, network.centre[None], state[None]) >= 0).all())
    True
    """
    if modules > CHAIN:
        message = f"modules is {modules}; allowed: up to {CHAIN}"
        raise BadInput(message)
    architecture = Architecture(
        units, 1, 2, modules=modules, link=link, self_coupling=self_coupling, sparsity=0.0
    )
    network = random_network(architecture, rng, centre=np.zeros(1))
    state = _state(architecture, rng)
    bare = replace(network, coupling=csr_array((network.units, network.units)))
    held = _held(bare, state)  # by self-couplings and links
    deviation = np.sqrt((units - 1) / units)
    coupled = truncnorm.rvs(-held / deviation, np.inf, scale=deviation, random_state=rng)
    return with_margins(network, state, held + coupled), state


def with_margins(network: Network, state: SpinArray, wanted: FloatArray) -> Network:
    """Give a state these margins under an input at the centre, by the least change of the couplings.

    All couplings of a row change by the same amount along the spins of the state: what they do to
    states orthogonal to it stays as it is.

    Parameters
    ----------
    state, wanted : (H,)
        The margin of a unit that has no couplings stays as it is.

    Examples
    --------
    >>> network, state = planted(30, 0.5, np.random.default_rng(0))
    >>> firm = with_margins(network, state, np.ones(30))
    >>> bool(np.allclose(margins(firm, firm.centre[None], state[None]), 1))
    True
    """
    coupling = network.coupling.copy()
    synapses = np.diff(coupling.indptr)
    change = state * (wanted - _held(network, state)) / np.maximum(synapses, 1)
    coupling.data += np.repeat(change, synapses) * state[coupling.indices]
    return replace(network, coupling=coupling)


def _held(network: Network, state: SpinArray) -> FloatArray:
    return np.asarray(margins(network, network.centre[None], state[None])[0])


def _state(architecture: Architecture, rng: np.random.Generator) -> SpinArray:
    """Spins with the odds of being fixed: the modules' units number i are drawn together.

    A pattern of their spins is held with the product of the probabilities Phi of each.
    """
    a = architecture
    patterns = np.array(list(product((-1, 1), repeat=a.modules)), dtype=np.int8)
    partners = np.zeros((a.modules, a.modules))
    for source, target in a.connections:
        partners[target, source] = a.link
    held: FloatArray = a.self_couplings[0] + patterns * (patterns @ partners.T)
    odds = norm.cdf(held * np.sqrt(a.units / (a.units - 1))).prod(axis=1)
    chosen = rng.choice(len(patterns), size=a.units, p=odds / odds.sum())
    return np.asarray(patterns[chosen].T.ravel())
