"""Couplings from patterns, by the rules that the field knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from spinspike.arrays import FloatArray, SpinArray
from spinspike.errors import BadInput
from spinspike.task import Progress


@dataclass(frozen=True)
class Coupled:
    """What a rule makes: fields are h = J s + b."""

    coupling: FloatArray  # (H, H), from unit j (column) to unit i (row), zero diagonal
    bias: FloatArray  # (H,)
    epochs: int = 1


@dataclass(frozen=True)
class MarginOptions:
    """The project's local rule on patterns: a row learns while a margin of its is too small.

    Wherever s_i h_i <= kappa, J_ij grows by rate s_i s_j / H, j != i; the self-coupling takes no
    part in h. Patterns are shown all at once in each epoch.

    Parameters
    ----------
    kappa : float
        Margin that is asked for, above 0, in units of field.
    rate : float
        Step of the couplings, above 0.
    epochs : int
        How often all patterns are shown, at most.
    """

    kappa: float = 1.0
    rate: float = 1.0
    epochs: int = 1000

    def __post_init__(self) -> None:
        for name in ("kappa", "rate", "epochs"):
            if not 0 < getattr(self, name) < np.inf:
                message = f"{name} is {getattr(self, name)}; allowed: a finite number above 0"
                raise BadInput(message)


def hebb(states: SpinArray) -> Coupled:
    """J_ij = sum_p s_i s_j / H.

    Parameters
    ----------
    states : (P, H)

    References
    ----------
    Hopfield, Proc. Natl. Acad. Sci. 79, 2554 (1982).
    """
    s = states.astype(np.float64)
    return _coupled(s.T @ s / s.shape[1])


def storkey(states: SpinArray, progress: Progress | None = None) -> Coupled:
    """One pattern after the other, J_ij += (s_i s_j - s_i h_ji - h_ij s_j) / H.

    With h_ij = sum_{k != i, j} J_ik s_k, the field of i without j.

    Parameters
    ----------
    states : (P, H)
    progress : callable, optional
        Told how many patterns are done.

    References
    ----------
    Storkey, ICANN 1997, LNCS 1327, 451.
    """
    count, units = states.shape
    coupling = np.zeros((units, units))
    for number, spins in enumerate(states.astype(np.float64), start=1):
        without = (coupling @ spins)[:, None] - coupling * spins  # h_ij
        coupling += (np.outer(spins, spins) - spins[:, None] * without.T - without * spins) / units
        np.fill_diagonal(coupling, 0.0)
        if progress:
            progress(number, count)
    return _coupled(coupling)


def pseudo_inverse(states: SpinArray) -> Coupled:
    """The projection onto the patterns, J = S^+ S, without its diagonal.

    A pattern is its own projection, so that s_i h_i = 1 - J_ii: all margins of a unit are alike.

    Parameters
    ----------
    states : (P, H)

    Raises
    ------
    BadInput
        The patterns span so much that some unit is nothing but its own projection, J_ii = 1.

    References
    ----------
    Personnaz, Guyon, Dreyfus, J. Phys. Lett. 46, 359 (1985).
    """
    s = states.astype(np.float64)
    gram = s @ s.T / s.shape[1]
    coupling = s.T @ np.linalg.pinv(gram, rcond=1e-10, hermitian=True) @ s / s.shape[1]
    own = coupling.diagonal()
    if own.max() > 1 - 1e-9:
        unit = int(own.argmax())
        message = (
            f"{len(s)} patterns leave unit {unit} no coupling: they span it alone; allowed for "
            f"pseudo-inverse: fewer patterns (of {s.shape[1]} units)"
        )
        raise BadInput(message)
    return _coupled(coupling)


def covariance(states: SpinArray, level: float | None = None) -> Coupled:
    """For sparse patterns n of 0 and 1: J_ij = sum_p (n_i - f)(n_j - f) / (H f (1 - f)).

    Its threshold is half-way, 1/2 - f: a pattern by itself gives fields 1/2 above and below. What
    comes out is for spins, s = 2 n - 1.

    Parameters
    ----------
    states : (P, H)
        In -1 and +1.
    level : float, optional
        Coding level f in (0, 1), the fraction of units that are up; that of the patterns when not
        given.

    Raises
    ------
    BadInput
        f is 0 or 1.

    References
    ----------
    Tsodyks, Feigelman, Europhys. Lett. 6, 101 (1988).
    """
    n = (states > 0).astype(np.float64)
    f = float(n.mean()) if level is None else level
    if not 0 < f < 1:
        message = f"the coding level is {f:g}; allowed: above 0 and below 1"
        raise BadInput(message)
    apart = n - f
    coupling = apart.T @ apart / (n.shape[1] * f * (1 - f))
    np.fill_diagonal(coupling, 0.0)
    return Coupled(coupling / 2, f - 0.5 + coupling.sum(axis=1) / 2)


def margin(
    states: SpinArray,
    rule: MarginOptions = MarginOptions(),
    progress: Progress | None = None,
) -> Coupled:
    """`MarginOptions`, from no couplings, until every margin is above kappa or the epochs are over.

    Parameters
    ----------
    states : (P, H)
    rule : MarginOptions
    progress : callable, optional
        Told how many margins are large enough, of all.
    """
    s = states.astype(np.float32)
    count, units = s.shape
    between = s @ s.T  # of patterns; whole numbers, as all that follows, hence exact
    taken = np.zeros((count, units), dtype=np.float32)  # how often i learned from each pattern
    field = np.zeros((count, units), dtype=np.float32)  # in units of rate / H
    wanted = rule.kappa * units / rule.rate
    rows, epoch = np.arange(units), 0  # units with a margin that is too small
    while epoch < rule.epochs:
        epoch += 1
        own = s[:, rows]
        weak = field[:, rows] * own <= wanted
        busy = weak.any(axis=0)
        if progress:
            progress(count * units - int(weak.sum()), count * units)
        if not busy.any():
            break
        rows, own, weak = rows[busy], own[:, busy], weak[:, busy].astype(np.float32)
        taken[:, rows] += weak
        # J_ij grows by s_i s_j for each of them, but for j = i
        field[:, rows] += between @ (own * weak) - own * weak.sum(axis=0)
    coupling = (rule.rate / units) * (taken * s).astype(np.float64).T @ s
    return Coupled(_coupled(coupling).coupling, np.zeros(units), epoch)


def _coupled(coupling: FloatArray) -> Coupled:
    np.fill_diagonal(coupling, 0.0)
    return Coupled(coupling, np.zeros(len(coupling)))


RULES: Mapping[str, str] = MappingProxyType(
    {
        "hebb": "sum of outer products; few patterns",
        "storkey": "outer products less what is known already; more patterns, still local",
        "pseudo-inverse": "projection onto the patterns; many, also alike ones; not local",
        "margin": "the project's local rule, repeated until every margin is large enough; most",
        "covariance": "outer products about the coding level; sparse 0/1 patterns",
    }
)
