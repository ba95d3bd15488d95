"""How many fixed points to expect around a state by its margins alone.

What a flip does to the other units is a matter of single couplings, what holds them is their sum.
Where couplings are as good as dealt at random, given that sum, the number of fixed points at any
distance follows from the margins in closed form. What exceeds it is made by something else: by
learning, for one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr

from spinspike.arrays import FloatArray, SpinArray
from spinspike.errors import BadInput
from spinspike.model.landscape.counting.neighbours import all_weights, check_state
from spinspike.model.network.network import Network


def margin_entropy(
    network: Network,
    state: SpinArray,
    distances: Sequence[int],
    *,
    external: FloatArray | None = None,
) -> FloatArray:
    """Ln of the mean number of fixed points at Hamming distances, couplings dealt anew, (D,).

    Let the couplings of each row, as s_i J_ij s_j, have mean mu_i and variance v_i over the
    n = H - 1 others, and be dealt to them at random. Flipping d units takes from the margin m_i of
    another twice the sum of d of them, nearly a normal number. The mean is the coefficient of z^d in

        prod_i (p_i + q_i z),   p_i = Phi( (m_i - 2 d mu_i) / 2 sqrt(v_i d (1 - d/n)))
                                q_i = Phi(-(m_i - 2 J_D - 2 d' mu_i) / 2 sqrt(v_i d' (1 - d'/n)))

    where p_i is the probability that unit i holds when d others flip, and q_i that it holds
    flipped with d' = d - 1 others. Over Gaussian couplings J_ij ~ N(0, 1/H) it averages to
    `pairs.expected_neighbours`, but for terms of order 1/H in each unit: to a quarter at H 25.

    Sparse couplings are not what it is for: most flips then touch a unit not at all, which no
    normal number says, and far too few are predicted. One flip from states that asynchronous
    dynamics reach at H 300, J_D .9 (8 networks), there are 53 ± 6 fixed points and 54 ± 6
    predicted when dense, 82 ± 3 and 35 ± 8 at sparsity .85, 101 ± 2 and 18 ± 5 at .95.

    Parameters
    ----------
    state : (H,)
    distances : Hamming distances, 1 to H - 1
    external : (H,), optional
        Field of an input; zero when not given.

    Raises
    ------
    BadInput
        A value is none of these.

    Examples
    --------
    Latches hold all states, 20 over 10 of them at distance 10:

    >>> from spinspike.model.network.import_arrays import from_arrays
    >>> latches = from_arrays(np.eye(20), np.ones((20, 1)), np.ones((20, 2)), np.ones((2, 20)))
    >>> np.exp(margin_entropy(latches, np.ones(20, dtype=np.int8), [2, 10])).round().tolist()
    [190.0, 184756.0]
    """
    check_state(network, state)
    others = network.units - 1
    wrong = [d for d in distances if not 1 <= d <= others]
    if wrong:
        message = f"distances contain {wrong[0]}; allowed: 1 to {others}"
        raise BadInput(message)
    zero = np.zeros(network.units) if external is None else external
    effect = state[:, None] * all_weights(network) * state
    np.fill_diagonal(effect, 0)
    drive = effect.sum(axis=1)
    mean = drive / others
    variance = ((effect**2).sum(axis=1) - others * mean**2) / max(others - 1, 1)
    margins = drive + network.self_coupling + state * zero

    def held(values: FloatArray, flips: int) -> FloatArray:
        """Probability of 0 or more, after so many flips of others."""
        deviation = 2 * np.sqrt(variance.clip(0) * flips * (1 - flips / others))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(deviation > 0, ndtr(values / deviation), values >= 0)

    return np.array(
        [
            _log_coefficient(
                held(margins - 2 * d * mean, d),
                held(2 * network.self_coupling + 2 * (d - 1) * mean - margins, d - 1),
                d,
            )
            for d in distances
        ]
    )


def _log_coefficient(p: FloatArray, q: FloatArray, power: int) -> float:
    """Ln of the coefficient of z^power in prod (p + q z)."""
    with np.errstate(divide="ignore"):
        p, q = np.log(p), np.log(q)
    terms = np.full(power + 1, -np.inf)
    terms[0] = 0.0
    for stays, flips in zip(p, q, strict=True):
        terms[1:] = np.logaddexp(terms[1:] + stays, terms[:-1] + flips)
        terms[0] += stays
    return float(terms[-1])
