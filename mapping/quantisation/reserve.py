"""Rows rounded, and self-couplings strong enough to cover what rounding does to the field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce

import numpy as np

from spinspike.arrays import FloatArray, IntArray
from spinspike.mapping.graph.graph import Role
from spinspike.mapping.graph.register_limits import EXPONENT_LIMIT, FULL_BITS
from spinspike.model.network.network import Network

from .adaptive_rounding import Rows, adaptive_rounding
from .quantise import role_exponents
from .rounding import Rounding
from .row_scale import fitting_scale, row_peak

SHORT = 1e3  # cost of a self-coupling that covers too little, beside one that is too strong
WEAKER = 4  # exponents of the couplings that are tried
STEPS = 2  # exponents of the self-couplings that are tried for each of these


@dataclass(frozen=True)
class Fit:
    """Each row at the scale that suits it best of those tried."""

    cost: FloatArray  # (H,) J' - J_D where J' covers the error
    scale: FloatArray  # (H,) alpha
    weight: IntArray  # (H, places) mantissas of the couplings, then of the links, into each unit
    self_coupling: IntArray  # (H,) mantissas

    def or_better(self, other: Fit) -> Fit:
        """Row by row the cheaper of two."""
        won = other.cost < self.cost
        pairs = zip(vars(other).values(), vars(self).values(), strict=True)
        return Fit(*(np.where(won[:, None] if a.ndim > 1 else won, a, b) for a, b in pairs))


def fit_rows(
    network: Network,
    rounding: Rounding,
    exponents: Mapping[Role, int],
    *,
    covariance: FloatArray,
    noise: FloatArray,
    limit: FloatArray,
    reserve: float,
    autapses: bool,
) -> Fit:
    """Round each row at the scale that asks for the weakest self-coupling.

    At each of the scales tried, the couplings and links are rounded together so that their field
    strays least, by sigma_i; the self-coupling becomes the smallest integer that is J_D + reserve
    sqrt(sigma_i^2 + noise_i) or more.

    Parameters
    ----------
    exponents : mapping
        Of couplings, links and self-couplings.
    covariance : (H, H)
        Of the states.
    noise : (H,)
        Variance of the error in the field of the input.
    limit : (H,)
        Largest scale at which everything but the couplings fits.
    autapses : bool
        Whether units without a self-coupling get one.
    """
    rows = Rows.of(network.coupling).beside(Rows.of(network.link))
    counts = [int(np.diff(m.indptr).max(initial=0)) for m in (network.coupling, network.link)]
    step = np.repeat([2.0 ** exponents["coupling"], 2.0 ** exponents["link"]], counts)
    strongest, own_limit = row_peak(network.coupling), rounding.largest << exponents["self"]
    with np.errstate(divide="ignore"):
        peak = (rounding.largest << exponents["coupling"]) / (2 * strongest)
        # without couplings it is the self-coupling that has to fit
        alone = own_limit / (2 * np.abs(network.self_coupling))
    peak = np.where(strongest > 0, peak, alone)
    allowed = (network.self_coupling != 0) | autapses

    def at(scale: FloatArray) -> Fit:
        unit = step / (2 * scale[:, None])
        weight, variance = adaptive_rounding(rows, unit, rounding.largest, covariance)
        wanted = network.self_coupling + reserve * np.sqrt(variance + noise)
        unit_self = 2.0 ** exponents["self"] / (2 * scale)
        own = np.clip(np.ceil(wanted / unit_self), -rounding.largest, rounding.largest) * allowed
        short = wanted - own * unit_self
        cost = np.where(short <= 0, own * unit_self - network.self_coupling, SHORT * short)
        return Fit(cost, scale, weight, own.astype(np.int64))

    scales = (np.minimum(factor * peak, limit) for factor in factors(rounding))
    return reduce(Fit.or_better, map(at, scales))


def factors(rounding: Rounding) -> FloatArray:
    """Scales against the one at which the strongest weight fits: the fewer bits, the larger."""
    return np.asarray(2 ** np.linspace(-0.5, (FULL_BITS - rounding.weight_bits) / 4, 11))


def exponents_to_try(
    network: Network, rounding: Rounding, limit: FloatArray, reserve: float
) -> Iterator[dict[Role, int]]:
    """Couplings ever weaker beside all else, and self-couplings in finer and coarser steps."""
    usual = role_exponents(network, rounding, np.minimum(fitting_scale(network, rounding), limit))
    peak = row_peak(network.coupling)
    filled = peak > 0
    typical = np.abs(network.self_coupling[filled]) / peak[filled] + reserve / rounding.largest
    ratio = np.ceil(np.log2(np.median(typical))) if (typical > 0).any() else 0
    for weaker in range(min(WEAKER, rounding.exponent + 1)):
        coupling, link = rounding.exponent - weaker, max(usual["link"] - weaker, 0)
        for coarser in range(STEPS):
            own = int(np.clip(coupling + ratio + coarser, 0, EXPONENT_LIMIT))
            yield {**usual, "coupling": coupling, "link": link, "self": own}
