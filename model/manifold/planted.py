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

from ..architecture import Architecture
from ..arrays import FloatArray, SpinArray
from ..dynamics import field
from ..network import Network, draw


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

    Examples
    --------
    >>> network, state = planted(50, 0.5, np.random.default_rng(0))
    >>> bool((state * field(network, state[None], np.zeros((1, 50)))[0] >= 0).all())
    True
    """
    architecture = Architecture(
        units, 1, 2, modules=modules, link=link, self_coupling=self_coupling, sparsity=0.0
    )
    network = draw(architecture, rng, centre=np.zeros(1))
    state = _state(architecture, rng)
    others = replace(network, coupling=csr_array((network.units, network.units)))
    held = state * field(others, state[None], np.zeros((1, network.units)))[0]  # by J_D, lambda
    deviation = np.sqrt((units - 1) / units)
    wanted = truncnorm.rvs(-held / deviation, np.inf, scale=deviation, random_state=rng)
    drawn = state * (network.coupling @ state.astype(np.float64))
    change = state * (wanted - drawn) / (units - 1)  # shared by the units of the own module
    rows = np.repeat(np.arange(network.units), np.diff(network.coupling.indptr))
    coupling = network.coupling.copy()
    coupling.data += change[rows] * state[coupling.indices]
    return replace(network, coupling=coupling), state


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
