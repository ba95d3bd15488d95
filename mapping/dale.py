"""The ``dale`` encoding: each unit is a pair of twins, one excitatory and one inhibitory.

E_i and I_i receive the same input and so spike together; E_i carries the positive couplings of
unit i to both twins of every target, I_i the negative ones. A positive self-coupling is an
autapse on E_i and its copy to I_i; a negative one comes from I_i. Exact on all states.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from scipy.sparse import csr_array, diags_array

from spinspike.model.arrays import SparseMatrix
from spinspike.model.fixed_points import FixedPoints
from spinspike.model.network import Network

from .graph import Ends, Population, Projection, Role, SynapseGraph
from .quantise import FULL_BITS, quantise
from .ranges import check_ranges

TWINS = ("E", "I")
SIGNAL_TWINS = ("supervisory_E", "supervisory_I")


def dale(
    network: Network,
    fixed_points: Mapping[str, FixedPoints] | None = None,
    *,
    weight_bits: int = FULL_BITS,
    provenance: Mapping[str, Any] | None = None,
) -> SynapseGraph:
    """Map a network to excitatory and inhibitory neurons with integer weights.

    Parameters
    ----------
    network : Network
    fixed_points : mapping, optional
        States to carry along: "learned" and "free".
    weight_bits : int, 1 … 8
        Bits of a weight's magnitude.

    Raises
    ------
    OutOfRange
        The network does not fit the registers; the message names the population.

    Examples
    --------
    >>> from spinspike.model.architecture import Architecture
    >>> from spinspike.model.network import draw
    >>> architecture = Architecture(units=20, inputs=4, classes=3)
    >>> graph = dale(draw(architecture, np.random.default_rng(0), centre=np.zeros(4)))
    >>> [f"{p.name} {p.size}" for p in graph.populations]
    ['E 20', 'I 20', 'supervisory_E 3', 'supervisory_I 3']
    """
    integers = quantise(network, weight_bits=weight_bits)
    units, classes = network.units, network.classes
    populations = (
        *(Population(name, units) for name in TWINS),
        *(Population(name, classes, "source") for name in SIGNAL_TWINS),
    )
    projections = (
        *_signed("coupling", TWINS, integers.coupling, integers.coupling_exponent),
        *_signed(
            "self",
            TWINS,
            diags_array(integers.self_coupling, dtype=np.int64),
            integers.self_exponent,
        ),
        *_signed("supervisory", SIGNAL_TWINS, csr_array(integers.signal), integers.signal_exponent),
    )
    ends = Ends(
        centre=network.centre,
        gain=network.gain,
        input_range=network.input_range,
        input_weight=network.input_weight.toarray(),
        scale=integers.scale,
        readout=network.readout,
        unit=np.tile(np.arange(units), 2),
        input_sign=np.ones(2 * units, dtype=np.int64),
        decoder=np.arange(units),
    )
    graph = SynapseGraph(
        encoding="dale",
        weight_bits=weight_bits,
        populations=populations,
        projections=projections,
        offset=np.tile(integers.offset, 2),
        first_offset=np.tile(integers.first_offset, 2),
        ends=ends,
        fixed_points=dict(fixed_points or {}),
        provenance=dict(provenance or {}),
    )
    check_ranges(graph)
    return graph


def _signed(
    role: Role, sources: tuple[str, str], weights: SparseMatrix, exponent: int
) -> Iterator[Projection]:
    """Split weights (targets, sources) by sign, from one twin of the source to both of the target.

    Projections without synapses do not exist.
    """
    for source, sign in zip(sources, (1, -1), strict=True):
        part = csr_array((sign * weights).maximum(0))
        part.eliminate_zeros()
        part.sort_indices()
        for target in TWINS if part.nnz else ():
            yield Projection(
                source=source,
                target=target,
                role=role,
                sign=1 if sign > 0 else -1,
                exponent=exponent,
                indptr=part.indptr.astype(np.int64),
                indices=part.indices.astype(np.int64),
                mantissa=(part.data >> exponent).astype(np.uint8),
            )
