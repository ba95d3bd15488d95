"""Integers for a chip: every unit scales its own row, every kind of weight has one exponent."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.sparse import csr_array, diags_array, hstack

from spinspike.arrays import FloatArray, InputArray, IntArray, SparseMatrix
from spinspike.errors import OutOfRange
from spinspike.mapping.graph.codec import BIAS_LIMIT, input_reach, levels_of
from spinspike.mapping.graph.encoding import DALE, Encoding
from spinspike.mapping.graph.graph import Role
from spinspike.mapping.graph.integer_matrix import IntegerMatrix, IntegerNetwork, unit_field
from spinspike.mapping.graph.register_limits import FULL_BITS
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.model.network.network import Network

from .rounding import Rounding
from .row_scale import (
    fitting_scale,
    input_peak,
    input_step,
    label_fields,
    largest_readout_scale,
    largest_scale,
    row_peak,
)

# Scales tried against the one at which the strongest coupling just fits: larger ones clip it.
CLIPPING = tuple(float(f) for f in 2 ** np.linspace(-0.5, 2.0, 21))


def quantise(
    network: Network,
    rounding: Rounding = Rounding(),  # noqa: B008  (frozen)
    *,
    encoding: Encoding = DALE,
    points: FixedPoints | None = None,
    rng: np.random.Generator | None = None,
) -> IntegerNetwork:
    """Round a network to integers.

    alpha_i is the largest scale at which row i fits: its strongest coupling reaches the largest
    weight, its self-coupling, links or signal the largest weight at the highest exponent, the bias
    of the worst image inside ``network.input_range`` the bias register (unless the synapses are
    too weak to outweigh a saturated bias), all synapses at once the membrane, whichever comes
    first. With S_i the sum of the *rounded* weights into i,
    self-coupling included, the offset is 1 + b_i + floor(-S_i / 2), b_i the rounded bias: then
    x_i > 0 exactly where the rounded field is >= 0.

    Parameters
    ----------
    encoding : Encoding
        What the biases must have room for.
    points : FixedPoints, optional
        The learned fixed points that clipping is chosen by.
    rng : Generator, optional
        Of stochastic rounding; by default one of seed 0.

    Raises
    ------
    OutOfRange
        Bias, self-coupling or signal of a unit are so strong that all its couplings round to 0.
    """
    rng = np.random.default_rng(0) if rng is None else rng
    limit = largest_scale(network, rounding, encoding)
    peak = fitting_scale(network, rounding)
    scale = np.minimum(peak, limit)
    exponents = role_exponents(network, rounding, scale)
    if rounding.clip and rounding.weight_bits < FULL_BITS and points is not None and len(points):
        scale = _best_scale(network, rounding, points, peak, limit)
    found = integers_at(network, rounding, scale, exponents, rng)
    refuse_lost_rows(network, found)
    return found


def integer_input(integers: IntegerNetwork, network: Network, images: InputArray) -> IntArray:
    """What images add to the integer fields of the units, whichever way they come; (P, H)."""
    if not integers.levels:
        fields = (network.input_weight @ ((images - network.centre) * network.gain).T).T
        return np.asarray(np.rint(fields * integers.scale), dtype=np.int64)
    levels = levels_of(images, network.input_range, integers.levels)
    on = np.full((len(images), 1), integers.levels)
    return integers.input @ np.append(levels, on, axis=1)


def integer_unit_margins(
    integers: IntegerNetwork, network: Network, points: FixedPoints
) -> IntArray:
    """Integer margin of every unit in every state, x if it is up and 1 - x if down; (P, H)."""
    up = points.states > 0
    x = unit_field(integers, up, integer_input(integers, network, points.inputs))
    return np.where(up, x, 1 - x)


def _best_scale(
    network: Network,
    rounding: Rounding,
    points: FixedPoints,
    peak: FloatArray,
    limit: FloatArray,
) -> FloatArray:
    """For each row the scale whose worst margin, in units of field, is largest.

    Exponents, which all rows share, stay those of the unclipped scale, so that no row loses bits
    to the choice of another.
    """
    unclipped = np.minimum(peak, limit)
    exponents = role_exponents(network, rounding, unclipped)
    best, found = np.full(network.units, -np.inf), unclipped
    nearest = np.random.default_rng(0)
    for factor in CLIPPING:
        scale = np.minimum(factor * peak, limit)
        tried = integers_at(network, rounding, scale, exponents, nearest)
        worst = integer_unit_margins(tried, network, points).min(axis=0) / scale
        # clipping some couplings may shift the sum of all, and with it the bias
        fits = (scale <= unclipped) | (_largest_bias(network, tried) <= BIAS_LIMIT)
        better = fits & (worst > best)
        best, found = np.where(better, worst, best), np.where(better, scale, found)
    return found


def _largest_bias(network: Network, integers: IntegerNetwork) -> FloatArray:
    """Largest absolute bias of each unit over all images inside the input range, (H,)."""
    if integers.levels:
        return np.abs(integers.bias).astype(np.float64)
    reach = input_reach(network.input_weight, network.centre, network.gain, network.input_range)
    ends = [np.abs(integers.bias + integers.scale * end) for end in reach]
    return np.asarray(np.max(ends, axis=0) + 1)


def role_exponents(network: Network, rounding: Rounding, scale: FloatArray) -> dict[Role, int]:
    """The smallest exponents at which the largest weights of each role fit."""
    levels = rounding.levels(network.input_range)
    fields: dict[Role, FloatArray] = {
        "link": 2 * row_peak(network.link),
        "self": np.abs(2 * network.self_coupling),
        "supervisory": np.abs(label_fields(network)).max(axis=1, initial=0.0),
        "input": np.zeros(network.units),
    }
    if levels:
        fields["input"] = input_peak(network, levels)
    found = {
        role: rounding.exponent_for(float((field * scale).max(initial=0.0)))
        for role, field in fields.items()
    }
    return {"coupling": rounding.exponent, **found}


def integers_at(
    network: Network,
    rounding: Rounding,
    scale: FloatArray,
    exponents: Mapping[Role, int],
    rng: np.random.Generator,
) -> IntegerNetwork:
    """The integers at given scales of the rows and exponents of the roles."""
    r, chosen = rounding, rng if rounding.stochastic else None
    coupling = _scaled(network.coupling, 2 * scale, r, exponents["coupling"], chosen)
    link = _scaled(network.link, 2 * scale, r, exponents["link"], chosen)
    diagonal = csr_array(diags_array(network.self_coupling, format="csr"))
    self_coupling = _scaled(diagonal, 2 * scale, r, exponents["self"], chosen)
    labels = csr_array(label_fields(network))
    signal = _scaled(labels, scale, r, exponents["supervisory"], chosen)
    levels = r.levels(network.input_range)
    half = -sum(m.row_sums for m in (coupling, link, self_coupling))
    first = 1 + np.rint(scale * network.bias).astype(np.int64)
    incoming = IntegerMatrix(csr_array((network.units, network.inputs + 1), dtype=np.int16), 0)
    if levels:
        incoming, rest = _input(network, r, scale, levels, exponents["input"], chosen)
        first = first + rest
    scores = _readout(network.readout, r, chosen)
    return IntegerNetwork(
        coupling=coupling,
        link=link,
        self_coupling=self_coupling,
        signal=signal,
        input=incoming,
        readout=scores,
        scale=scale,
        bias=first + half // 2,
        initial_bias=first,
        readout_bias=-scores.row_sums // 2,
        levels=levels,
    )


def _readout(
    readout: FloatArray, rounding: Rounding, rng: np.random.Generator | None
) -> IntegerMatrix:
    """Integer weights (C, H) of the readout; scores are compared, so that all rows share a scale."""
    strongest = np.abs(readout).max(initial=0.0) or 1.0
    scale = min(
        (rounding.largest << rounding.exponent) / (2 * strongest), largest_readout_scale(readout)
    )
    exponent = rounding.exponent_for(2 * scale * strongest)
    factors = np.full(len(readout), 2 * scale)
    return _scaled(csr_array(readout), factors, rounding, exponent, rng)


def _scaled(
    matrix: SparseMatrix,
    factors: FloatArray,
    rounding: Rounding,
    exponent: int,
    rng: np.random.Generator | None,
) -> IntegerMatrix:
    """Rows times their factors, rounded to multiples of 2**exponent."""
    values = np.repeat(factors, np.diff(matrix.indptr))
    values *= matrix.data
    values /= 2**exponent
    if rng is not None:
        values += rng.random(values.size) - 0.5
    np.rint(values, out=values)
    np.clip(values, -rounding.largest, rounding.largest, out=values)
    parts = (values.astype(np.int16), matrix.indices, matrix.indptr)
    return IntegerMatrix(csr_array(parts, shape=matrix.shape), exponent)


def _input(
    network: Network,
    rounding: Rounding,
    scale: FloatArray,
    levels: int,
    exponent: int,
    rng: np.random.Generator | None,
) -> tuple[IntegerMatrix, IntArray]:
    """Weights of the input neurons and of the one that is always on, and what is left for the bias.

    The field of an image whose neurons are all silent, as the rounded weights have it, is mostly
    too much for the bias register: the neuron that is always on carries the multiples of 2**e.
    """
    step, lowest = input_step(network, levels)
    pixels = _scaled(step, scale, rounding, exponent, rng).mantissa
    constant = (pixels @ lowest) * 2**exponent
    whole = np.clip(
        np.rint(constant / (levels << exponent)), -rounding.largest, rounding.largest
    ).astype(np.int16)
    rest = np.rint(constant).astype(np.int64) - (whole.astype(np.int64) * levels << exponent)
    units = np.arange(len(scale))
    on = csr_array((whole, (units, np.zeros_like(units))), shape=(len(scale), 1))
    return IntegerMatrix(csr_array(hstack([pixels, on], format="csr")), exponent), rest


def refuse_lost_rows(network: Network, found: IntegerNetwork) -> None:
    """Raise OutOfRange if a unit has couplings, and even the strongest is below half a step."""
    needed, half = 2 * found.scale * row_peak(network.coupling), 2**found.coupling.exponent / 2
    lost = np.flatnonzero((needed > 0) & (needed < half))
    if lost.size:
        message = (
            f"unit {lost[0]}: its bias, self-coupling or supervisory signal is so strong that its "
            f"largest coupling comes to {needed[lost[0]]:.3g} weight units; allowed: at least "
            f"{half:g} (scale the input or the signal down, or let the input come as spikes)"
        )
        raise OutOfRange(message)
