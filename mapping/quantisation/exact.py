"""Networks of whole numbers, mapped as they are: nothing is rounded, and no tie is lost."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.sparse import csr_array, diags_array, vstack

from spinspike.arrays import FloatArray, IntArray, SparseMatrix
from spinspike.mapping.graph.encoding import DALE, Encoding
from spinspike.mapping.graph.integer_matrix import IntegerMatrix, IntegerNetwork
from spinspike.model.network.dynamics import field, input_field
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.model.network.network import Network

from .quantise import integer_unit_margins, integers_at, role_exponents
from .rounding import Rounding
from .row_scale import input_step, label_fields, largest_scale, row_peak

GRAIN = 2.0**20  # weights are whole multiples of its inverse, or nothing is mapped exactly
WHOLE = 2.0**40  # largest such multiple
PORTION = 1024  # states at a time


def exact_integers(
    network: Network,
    rounding: Rounding = Rounding(),  # noqa: B008  (frozen)
    *,
    encoding: Encoding = DALE,
) -> IntegerNetwork | None:
    """The integers of a network that are proportional to it, row by row; None if there are none.

    With g_i the largest number of which 2 J_ij, 2 J_D, the label fields, the bias and the weights
    of the input of unit i are whole multiples, and r_i a whole number, the scale is alpha_i =
    2**r_i / g_i. Then field and integer field have the same sign in every state and for every
    input at which alpha_i (Win x)_i is whole, as for inputs of whole numbers, a field of 0 included.

    Parameters
    ----------
    network : Network
        Its weights must be multiples of 2^-20, so that its own sums are exact as well.
    rounding : Rounding
        Bits that the integers must fit, and how the input comes.
    encoding : Encoding
        What the biases must have room for.
    """
    whole = _whole_rows(network, rounding)
    if whole is None:
        return None
    finest = GRAIN / np.maximum(np.gcd.reduceat(*whole), 1)
    peak, limit = 2 * row_peak(network.coupling), largest_scale(network, rounding, encoding)
    for exponent in range(rounding.exponent, -1, -1):
        # units without couplings, too, get all the room there is: their input may be no whole number
        strongest = np.where(peak > 0, peak, 2 * np.maximum(np.abs(network.self_coupling), 0.5))
        room = np.minimum((rounding.largest << exponent) / strongest, limit)
        if (room < finest).any():
            continue
        scale = finest * 2.0 ** np.floor(np.log2(room / finest))
        exponents = {**role_exponents(network, rounding, scale), "coupling": exponent}
        found = integers_at(network, rounding, scale, exponents, np.random.default_rng(0))
        if _is_exact(found, network):
            return found
    return None


def ties(
    integers: IntegerNetwork, network: Network, points: Mapping[str, FixedPoints]
) -> dict[str, dict[str, int]]:
    """Fields of exactly 0 in the fixed points, and how many lose their sign; by run.

    Parameters
    ----------
    integers : IntegerNetwork
        What the network became.
    points : mapping
        Fixed points by run.

    Returns
    -------
    dict
        For each run ``fields``, the units in all states whose field is 0, ``lost``, those of them
        that the integers do not hold, and ``states``, the states with a lost one.
    """
    found = {}
    for run, all_points in points.items():
        counts = {"fields": 0, "lost": 0, "states": 0}
        for start in range(0, len(all_points), PORTION):
            part = all_points.select(slice(start, start + PORTION))
            zero = field(network, part.states, input_field(network, part.inputs)) == 0
            if not zero.any():
                continue
            lost = zero & (integer_unit_margins(integers, network, part) < 1)
            counts["fields"] += int(zero.sum())
            counts["lost"] += int(lost.sum())
            counts["states"] += int(lost.any(axis=1).sum())
        found[run] = counts
    return found


def _whole_rows(network: Network, rounding: Rounding) -> tuple[IntArray, IntArray] | None:
    """All that enters each unit in multiples of the grain, row after row, and where each starts."""
    columns = [network.self_coupling * 2, network.bias, *label_fields(network).T]
    parts = [2 * network.coupling, 2 * network.link]
    levels = rounding.levels(network.input_range)
    if levels:
        step, lowest = input_step(network, levels)
        parts.append(step)
        columns.append(step @ lowest)
    else:
        parts.append(network.gain * network.input_weight)
        columns.append(network.gain * (network.input_weight @ network.centre))
    beside: SparseMatrix = csr_array(np.stack(columns, axis=1))
    for part in [*parts, beside]:  # most networks are told by a few of their weights
        for data in (part.data[:64], part.data):
            grains = data * GRAIN
            if not (np.abs(grains) <= WHOLE).all() or (grains != np.rint(grains)).any():
                return None
    # a row of its own for what is not there keeps every row from being empty
    rows = [csr_array(p.T) for p in (*parts, beside)]
    every = csr_array(vstack([*rows, csr_array((1, network.units))], format="csc").T)
    counts = np.diff(every.indptr)
    data = np.insert(np.rint(every.data * GRAIN).astype(np.int64), every.indptr[:-1], 0)
    return data, np.append(0, np.cumsum(counts + 1))[:-1].astype(np.int64)


def _is_exact(found: IntegerNetwork, network: Network) -> bool:
    """Whether every integer is what it stands for times the scale of its row."""
    scale = found.scale
    own: SparseMatrix = csr_array(diags_array(network.self_coupling, format="csr"))
    pairs: list[tuple[IntegerMatrix, SparseMatrix]] = [
        (found.coupling, 2 * network.coupling),
        (found.link, 2 * network.link),
        (found.self_coupling, 2 * own),
        (found.signal, csr_array(label_fields(network))),
    ]
    constants: list[FloatArray] = [scale * network.bias]
    if found.levels:
        step, lowest = input_step(network, found.levels)
        pairs.append(
            (IntegerMatrix(_without_last(found.input.mantissa), found.input.exponent), step)
        )
        constants.append(scale * (step @ lowest))
    else:
        constants.append((diags_array(scale * network.gain) @ network.input_weight).data)
        constants.append(scale * network.gain * (network.input_weight @ network.centre))
    same = (_equal(matrix, exact, scale) for matrix, exact in pairs)
    return all(same) and all((one == np.rint(one)).all() for one in constants)


def _without_last(matrix: SparseMatrix) -> SparseMatrix:
    return csr_array(matrix[:, :-1])


def _equal(matrix: IntegerMatrix, exact: SparseMatrix, scale: FloatArray) -> bool:
    weight = matrix.mantissa.astype(np.float64) * 2.0**matrix.exponent
    difference = weight - diags_array(scale) @ exact
    return not np.asarray(difference.data).any()
