"""Integer consolidation: weights of few bits that hold what the exact ones hold.

Once the states are given, the integers into one unit are a problem of their own. Each row is
rounded so that its *field* keeps its value over the states (`adaptive_rounding`). The error that is
left is covered by the self-coupling, the one weight that holds every state alike: it is rounded up
(`reserve`). Where a state is still not held, the local margin rule goes on in integers
(`integer_rule`).

Only training inputs are used, in the states learned from them and in those they freely lead to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array, diags_array

from spinspike.arrays import FloatArray, IntArray, SparseMatrix
from spinspike.errors import BadInput
from spinspike.mapping.graph.encoding import DALE, Encoding
from spinspike.mapping.graph.graph import Role
from spinspike.mapping.graph.integer_matrix import IntegerMatrix, IntegerNetwork, unit_field
from spinspike.model.data.dataset import Split
from spinspike.model.network.dynamics import field, input_field
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.model.network.network import Network
from spinspike.model.training.settled import free_fixed_points

from .integer_readout import integer_readout
from .integer_rule import margin_rule
from .quantise import (
    integer_input,
    integer_unit_margins,
    integers_at,
    refuse_lost_rows,
    role_exponents,
)
from .reserve import Fit, exponents_to_try, factors, fit_rows
from .rounding import Rounding
from .row_scale import fitting_scale, largest_scale

PORTION = 1024  # states at a time
FITTED: tuple[Role, ...] = ("coupling", "link", "self")


@dataclass(frozen=True)
class Consolidation:
    """How far consolidation goes.

    Parameters
    ----------
    reserve : float
        Standard deviations of the rounding error by which the self-coupling of a unit grows. More
        of it holds more states, those that were never meant to be held included.
    autapses : bool
        Whether units without a self-coupling get one for that.
    rounds : int
        Steps of the margin rule on a row, at most.
    margin : float
        Margin kappa that the rule asks for, in units of field.
    """

    reserve: float = 2.25
    autapses: bool = False
    rounds: int = 400
    margin: float = 0.05

    def __post_init__(self) -> None:
        numbers = (self.reserve, self.margin, self.rounds)
        if not all(0 <= number < np.inf for number in numbers):
            message = f"reserve, margin and rounds are {numbers}; allowed: finite numbers >= 0"
            raise BadInput(message)


def consolidate(
    network: Network,
    points: FixedPoints,
    rounding: Rounding = Rounding(),  # noqa: B008  (frozen)
    how: Consolidation = Consolidation(),
    *,
    encoding: Encoding = DALE,
) -> IntegerNetwork:
    """Round a network to integers that hold its learned fixed points.

    With sigma_i the standard deviation, over the states, of the error that rounding makes in the
    field of unit i (its mean goes into the bias), row i gets the scale alpha_i, out of those tried,
    at which the smallest integer self-coupling J' >= J_D + reserve sigma_i is smallest. The
    exponents are those at which all J' together are smallest. Ways of rounding and clipping that
    ``rounding`` names have no say here.

    Parameters
    ----------
    points : FixedPoints
        The learned ones. Test states have no place here.

    Returns
    -------
    IntegerNetwork
        Which states it holds for certain, `integer_unit_margins` tells; it need not be all.

    Raises
    ------
    BadInput
        There are no fixed points.
    OutOfRange
        As for `quantise`.
    """
    if not len(points):
        message = "there are 0 learned fixed points to consolidate; allowed: 1 or more"
        raise BadInput(message)
    nearest = replace(rounding, stochastic=False)
    rehearsed = with_free(network, points)
    mean = rehearsed.states.mean(axis=0, dtype=np.float64)
    covariance = _covariance(rehearsed, mean)
    limit = largest_scale(network, nearest, encoding)
    noise = _input_noise(network, rehearsed, nearest, limit)
    tries = [
        (
            exponents,
            fit_rows(
                network,
                nearest,
                exponents,
                covariance=covariance,
                noise=noise,
                limit=limit,
                reserve=how.reserve,
                autapses=how.autapses,
            ),
        )
        for exponents in exponents_to_try(network, nearest, limit, how.reserve)
    ]
    best = min(tries, key=lambda one: float(one[1].cost.sum()))
    found = _recentred(_assembled(network, nearest, *best), network, rehearsed)
    refuse_lost_rows(network, found)
    found = _held(found, network, rehearsed, nearest.largest, how)
    scores, offset = integer_readout(network.readout, nearest, factors(nearest), mean, covariance)
    return replace(found, readout=scores, readout_bias=offset)


def with_free(network: Network, points: FixedPoints) -> FixedPoints:
    """Fixed points, and those that their inputs lead to without the labels.

    Without inputs nothing leads anywhere: the fixed points alone.
    """
    if not network.inputs:
        return points
    own = free_fixed_points(network, Split(points.inputs, points.labels))
    names = ("inputs", "labels", "states")
    return FixedPoints(*(np.concatenate([getattr(p, n) for p in (points, own)]) for n in names))


def _portions(points: FixedPoints) -> Iterator[FixedPoints]:
    for start in range(0, len(points), PORTION):
        yield points.select(slice(start, start + PORTION))


def _covariance(points: FixedPoints, mean: FloatArray) -> FloatArray:
    """Of the states of all units, (H, H)."""
    total = np.zeros((mean.size, mean.size))
    for part in _portions(points):
        apart = part.states - mean
        total += apart.T @ apart
    return total / len(points)


def _input_noise(
    network: Network, points: FixedPoints, rounding: Rounding, limit: FloatArray
) -> FloatArray:
    """Variance of what rounding does to the field of the input, (H,)."""
    scale = np.minimum(fitting_scale(network, rounding), limit)
    base = integers_at(
        network, rounding, scale, role_exponents(network, rounding, scale), np.random.default_rng(0)
    )
    some = points.inputs[:PORTION]
    exact = input_field(network, some)
    return np.asarray((integer_input(base, network, some) / scale - exact).var(axis=0))


def _assembled(
    network: Network, rounding: Rounding, exponents: Mapping[Role, int], fit: Fit
) -> IntegerNetwork:
    """The fit in integers; what it says nothing of, rounded to the nearest."""
    whole = role_exponents(network, rounding, fit.scale)
    whole.update({role: exponents[role] for role in FITTED})
    base = integers_at(network, rounding, fit.scale, whole, np.random.default_rng(0))
    count = int(np.diff(network.coupling.indptr).max(initial=0))
    coupling = _filled(base.coupling, fit.weight[:, :count])
    link = _filled(base.link, fit.weight[:, count:])
    diagonal = csr_array(diags_array(fit.self_coupling, format="csr", dtype=np.int16))
    own = IntegerMatrix(diagonal, exponents["self"])
    sums = coupling.row_sums + link.row_sums + own.row_sums
    offset = base.initial_bias + -sums // 2
    return replace(base, coupling=coupling, link=link, self_coupling=own, bias=offset)


def _filled(matrix: IntegerMatrix, weight: IntArray) -> IntegerMatrix:
    """Rows side by side put back in their places."""
    exists = np.arange(weight.shape[1]) < np.diff(matrix.mantissa.indptr)[:, None]
    return _with_data(matrix, weight[exists])


def _with_data(matrix: IntegerMatrix, data: IntArray) -> IntegerMatrix:
    like: SparseMatrix = matrix.mantissa
    parts = (data.astype(np.int16), like.indices, like.indptr)
    return IntegerMatrix(csr_array(parts, shape=like.shape), matrix.exponent)


def _recentred(integers: IntegerNetwork, network: Network, points: FixedPoints) -> IntegerNetwork:
    """Biases without the mean error that rounding makes over the states."""
    own = integers.self_coupling.row_sums / (2 * integers.scale) - network.self_coupling
    total = np.zeros(network.units)
    for part in _portions(points):
        external = integer_input(integers, network, part.inputs)
        x = unit_field(integers, part.states > 0, external)
        exact = field(network, part.states, input_field(network, part.inputs)) + own * part.states
        total += (x - integers.scale * exact).sum(axis=0)
    shift = np.rint(total / len(points) - 0.5).astype(np.int64)  # x is 0 or 1 where the field is 0
    return replace(integers, bias=integers.bias - shift)


def _held(
    integers: IntegerNetwork,
    network: Network,
    points: FixedPoints,
    largest: int,
    how: Consolidation,
) -> IntegerNetwork:
    """The margin rule on every row that some state needs it in, kept where it helps."""
    parts = (integer_unit_margins(integers, network, part) for part in _portions(points))
    weak = np.flatnonzero(np.min([part.min(axis=0) for part in parts], axis=0) < 1)
    parts = (integer_unit_margins(integers, network, part) for part in _portions(points))
    margins = np.concatenate([part[:, weak] for part in parts])
    matrices = (integers.coupling, integers.link)
    data, offset = [matrix.mantissa.data.copy() for matrix in matrices], integers.bias.copy()
    for row, margin in zip(weak, margins.T, strict=True):
        at = [slice(*matrix.mantissa.indptr[row : row + 2]) for matrix in matrices]
        source = np.concatenate(
            [matrix.mantissa.indices[a] for matrix, a in zip(matrices, at, strict=True)]
        )
        first = at[0].stop - at[0].start
        step = np.repeat([1 << m.exponent for m in matrices], [first, source.size - first])
        before = np.concatenate([part[a] for part, a in zip(data, at, strict=True)])
        after, bias = margin_rule(
            margin,
            points.states[:, row].astype(np.int64),
            points.states[:, source],
            before.astype(np.int64),
            step,
            largest=largest,
            goal=1 + how.margin * float(integers.scale[row]),
            rounds=how.rounds,
        )
        data[0][at[0]], data[1][at[1]] = after[:first], after[first:]
        offset[row] += bias
    coupling, link = (_with_data(m, values) for m, values in zip(matrices, data, strict=True))
    return replace(integers, coupling=coupling, link=link, bias=offset)
