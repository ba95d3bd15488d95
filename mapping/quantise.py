"""Integers for a chip: every unit scales its own row, every kind of weight has one exponent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.sparse import csr_array, diags_array, hstack

from spinspike.model.arrays import FloatArray, InputArray, IntArray, SparseMatrix
from spinspike.model.dynamics import label_code
from spinspike.model.errors import BadInput, OutOfRange
from spinspike.model.fixed_points import FixedPoints
from spinspike.model.network import Network

from .codec import BIAS_LIMIT, levels_of
from .encoding import DALE, Encoding
from .graph import Role
from .integers import IntegerMatrix, IntegerNetwork, unit_field

EXPONENT_LIMIT = 7
STATE_LIMIT = 2**17 - 33  # 24-bit state in 1/64 weight units, less the largest leak residue
FULL_BITS = 8
LEVELS_LIMIT = 16  # of a graded spike: more, times 8-bit weights, leave little of the 24-bit state
# Scales tried against the one at which the strongest coupling just fits: larger ones clip it.
CLIPPING = tuple(float(f) for f in 2 ** np.linspace(-0.5, 2.0, 21))

InputMode = Literal["bias", "binary", "graded"]
INPUT_MODES: tuple[InputMode, ...] = ("bias", "binary", "graded")


@dataclass(frozen=True)
class Rounding:
    """How a network becomes integers.

    Parameters
    ----------
    weight_bits : int, 1 … 8
        Bits of a weight's magnitude.
    input : {"bias", "binary", "graded"}
        Whether images come through the bias, as binary spikes (inputs of two values only) or as
        graded spikes of up to 16 levels.
    stochastic : bool
        Round up with the probability of the fraction instead of to the nearest.
    clip : bool
        Give each unit the scale, out of `CLIPPING`, at which its worst relative margin over the
        learned fixed points is largest, though strong couplings are clipped. Without it, and
        without fixed points, the strongest coupling just fits.
    """

    weight_bits: int = FULL_BITS
    input: InputMode = "bias"
    stochastic: bool = False
    clip: bool = True

    def __post_init__(self) -> None:
        if self.weight_bits not in range(1, FULL_BITS + 1):
            message = f"weight_bits is {self.weight_bits}; allowed: 1 to {FULL_BITS}"
            raise BadInput(message)
        if self.input not in INPUT_MODES:
            message = f"input is {self.input!r}; allowed: {', '.join(INPUT_MODES)}"
            raise BadInput(message)

    @property
    def largest(self) -> int:
        """Largest mantissa."""
        return int(2**self.weight_bits) - 1

    @property
    def exponent(self) -> int:
        """Of the couplings: at any number of bits they reach about 255."""
        return FULL_BITS - self.weight_bits

    def levels(self, input_range: tuple[float, float]) -> int:
        """Highest value of an input spike; 0: none."""
        span = input_range[1] - input_range[0]
        if self.input == "graded":
            whole = int(span) if span in range(2, LEVELS_LIMIT + 1) else 1
            return LEVELS_LIMIT // whole * whole  # whole numbers are sent as they are
        return 1 if self.input == "binary" else 0


def quantise(
    network: Network,
    rounding: Rounding = Rounding(),
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


def row_peak(matrix: SparseMatrix) -> FloatArray:
    """Largest absolute entry of each row, 0 for an empty one."""
    return np.maximum(_row_max(matrix.data, matrix), _row_max(-matrix.data, matrix))


def _row_max(values: FloatArray, matrix: SparseMatrix) -> FloatArray:
    found = np.zeros(matrix.shape[0])
    filled = np.flatnonzero(np.diff(matrix.indptr))
    if filled.size:
        found[filled] = np.maximum.reduceat(values, matrix.indptr[filled])
    return np.maximum(found, 0)


def input_reach(
    weight: SparseMatrix, centre: FloatArray, gain: float, input_range: tuple[float, float]
) -> tuple[FloatArray, FloatArray]:
    """Smallest and largest Win (x - centre) gain of each unit over all x inside a range."""
    low, high = ((np.asarray(end) - centre) * gain for end in input_range)
    up, down = weight.maximum(0), weight.minimum(0)
    return up @ low + down @ high, up @ high + down @ low


def label_fields(network: Network) -> FloatArray:
    """Field that clamping to each class puts on each unit, sum_c Wback_ic y_c; (H, C).

    One supervisory neuron per class carries it whole, so that silence is no field at all.
    """
    classes = network.classes
    return network.supervisory @ label_code(np.arange(classes), classes).T


def fitting_scale(network: Network, rounding: Rounding) -> FloatArray:
    """Scale alpha at which the strongest coupling of each row reaches the largest weight."""
    with np.errstate(divide="ignore"):
        return (rounding.largest << rounding.exponent) / (2 * row_peak(network.coupling))


def largest_scale(network: Network, rounding: Rounding, encoding: Encoding) -> FloatArray:
    """Scale alpha at which everything but the couplings just fits; 1 where a row has nothing in it."""
    largest, levels = rounding.largest, rounding.levels(network.input_range)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # absurd weights: refused
        signal = np.abs(label_fields(network)).max(axis=1)
        link = row_peak(network.link)
        beside = np.max([2 * np.abs(network.self_coupling), 2 * link, signal], axis=0)
        constant = (network.coupling.sum(axis=1) + network.link.sum(axis=1)).ravel()
        constant = constant + network.self_coupling
        bottom, top = (
            edge + network.bias
            for edge in (
                (0.0, 0.0)
                if levels
                else input_reach(
                    network.input_weight, network.centre, network.gain, network.input_range
                )
            )
        )
        bias = np.max(np.abs([top, bottom, top - constant, bottom - constant]), axis=0)
        total = 2 * _row_total(network.coupling) + 2 * _row_total(network.link)
        total += 2 * np.abs(network.self_coupling)
        # rounding may move the sum of a row by half a step per synapse, and half of that is bias
        slack = 2 + ((np.diff(network.coupling.indptr) << rounding.exponent) + 512) // 4
        if encoding.antagonistic:  # the bias takes back what is delivered while all units are down
            bias = np.max(np.abs([top, bottom]), axis=0) + total / 2
            slack *= 2
        total += signal
        caps = [(largest << EXPONENT_LIMIT) / beside]
        if levels:
            step, lowest = _input_step(network, levels)
            total += levels * _row_total(step) + np.abs(step @ lowest)
            peak = _input_peak(network, levels)
            caps.append((largest << EXPONENT_LIMIT) / peak)
            most = np.nan_to_num(peak * np.minimum(caps[-1], fitting_scale(network, rounding)))
            # what the neuron that is always on leaves to the bias
            slack += (levels << _exponent(float(most.max()), rounding)) // 2
        slack = np.minimum(slack, BIAS_LIMIT // 2)
        # the bias fits, or may saturate because the synapses are weaker
        room = np.maximum((BIAS_LIMIT - slack) / bias, (BIAS_LIMIT - 2 * slack) / total)
        caps += [room, (STATE_LIMIT - BIAS_LIMIT) / total]
        scale = np.min(caps, axis=0)
    return np.asarray(np.where(np.isfinite(scale), scale, 1.0))


def _row_total(matrix: SparseMatrix) -> FloatArray:
    """Sum of absolute entries of each row."""
    sums = np.append(0.0, np.add.accumulate(np.abs(matrix.data)))
    return np.diff(sums[matrix.indptr])


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
        return np.abs(integers.offset).astype(np.float64)
    reach = input_reach(network.input_weight, network.centre, network.gain, network.input_range)
    ends = [np.abs(integers.offset + integers.scale * end) for end in reach]
    return np.asarray(np.max(ends, axis=0) + 1)


def role_exponents(network: Network, rounding: Rounding, scale: FloatArray) -> dict[Role, int]:
    """The smallest exponents at which the largest weights of each role fit."""
    levels = rounding.levels(network.input_range)
    fields: dict[Role, FloatArray] = {
        "link": 2 * row_peak(network.link),
        "self": np.abs(2 * network.self_coupling),
        "supervisory": np.abs(label_fields(network)).max(axis=1),
        "input": np.zeros(network.units),
    }
    if levels:
        fields["input"] = _input_peak(network, levels)
    found = {
        role: _exponent(float((field * scale).max(initial=0.0)), rounding)
        for role, field in fields.items()
    }
    return {"coupling": rounding.exponent, **found}


def _exponent(largest: float, rounding: Rounding) -> int:
    fitting = (e for e in range(EXPONENT_LIMIT) if largest <= rounding.largest << e)
    return next(fitting, EXPONENT_LIMIT)


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
    readout = csr_array(network.readout)
    strongest = np.abs(network.readout).max(initial=0.0) or 1.0
    loudest = 2 * np.abs(network.readout).sum(axis=1).max(initial=0.0) or 1.0
    # biases are at most half the difference of these sums, by encoding; half is left to rounding
    sums = np.abs(network.readout).sum(axis=1), network.readout.sum(axis=1)
    spread = max(float(np.ptp(one)) for one in sums) or 1.0
    even = min(
        (r.largest << r.exponent) / (2 * strongest),
        STATE_LIMIT / 2 / loudest,
        BIAS_LIMIT / spread,
    )
    exponent = _exponent(2 * even * strongest, r)
    scores = _scaled(readout, np.full(network.classes, 2 * even), r, exponent, chosen)
    return IntegerNetwork(
        coupling=coupling,
        link=link,
        self_coupling=self_coupling,
        signal=signal,
        input=incoming,
        readout=scores,
        scale=scale,
        offset=first + half // 2,
        first_offset=first,
        readout_offset=centred_offset(-scores.row_sums // 2),
        levels=levels,
    )


def centred_offset(offset: IntArray) -> IntArray:
    """The same differences between classes, with the smallest numbers."""
    return np.asarray(offset - (offset.max() + offset.min()) // 2)


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


def _input_step(network: Network, levels: int) -> tuple[SparseMatrix, FloatArray]:
    """Field per level of each input, and each input's lowest value less its centre, in levels."""
    low, high = network.input_range
    step = network.input_weight * (network.gain * (high - low) / levels)
    return csr_array(step), (low - network.centre) * (levels / (high - low))


def _input_peak(network: Network, levels: int) -> FloatArray:
    """Strongest weight into each unit from an input neuron or from the one that is always on."""
    step, lowest = _input_step(network, levels)
    return np.maximum(row_peak(step), np.abs(step @ lowest) / levels)


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
    step, lowest = _input_step(network, levels)
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
