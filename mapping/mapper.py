"""The way from a trained network to its synapse graph: round, consolidate, assemble, check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from spinspike.mapping.graph.encoding import encoding_named
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.graph.registers import check_ranges
from spinspike.mapping.graph.relay import without_autapses
from spinspike.mapping.quantisation.assemble import assemble
from spinspike.mapping.quantisation.consolidate import Consolidation, consolidate
from spinspike.mapping.quantisation.exact import exact_integers, ties
from spinspike.mapping.quantisation.quantise import quantise
from spinspike.mapping.quantisation.rounding import Rounding
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.model.network.network import Network
from spinspike.model.network.network_file import NetworkFile


def map_network(
    network: Network | NetworkFile,
    fixed_points: Mapping[str, FixedPoints] | None = None,
    *,
    encoding: str = "dale",
    rounding: Rounding = Rounding(),  # noqa: B008  (frozen)
    consolidation: Consolidation | None = Consolidation(),  # noqa: B008
    on_chip_readout: bool = True,
    autapses: bool = True,
    seed: int = 0,
    provenance: Mapping[str, Any] | None = None,
) -> SynapseGraph:
    """Map a network to neurons and synapses with integer weights, as ``spinspike map`` does.

    A network of whole numbers that fit is mapped as it is (`exact_integers`), however it was to be
    rounded, unless units are to get self-couplings of their own. Whether it was, and how many
    fields of exactly 0 in the fixed points lost their sign, the graph's provenance says under
    ``integers``.

    Parameters
    ----------
    network : Network or NetworkFile
        A file brings its fixed points and its provenance, where no others are given.
    fixed_points : mapping, optional
        States to carry along: "learned" and "free".
    encoding : {"signed", "dale", "pushpull"}
        One neuron a unit, an excitatory and an inhibitory one, or one for up and one for down.
    rounding : Rounding
        Bits, input, ties.
    consolidation : Consolidation or None
        Round so that the learned fixed points hold. With None, or without learned fixed points,
        each weight is rounded by itself, and the learned ones, where there are any, decide how
        weights of fewer than 8 bits are clipped.
    on_chip_readout : bool
        Whether readout neurons are part of the graph; else classes are computed outside.
    autapses : bool
        Whether a neuron may have a synapse onto itself; else a relay neuron carries it.
    seed : int
        Of stochastic rounding.
    provenance : mapping, optional
        Where the network came from, as JSON takes it.

    Returns
    -------
    SynapseGraph
        Every number of it checked against the registers.

    Raises
    ------
    BadInput
        No encoding has this name.
    OutOfRange
        The network does not fit the registers; the message names the population.

    Examples
    --------
    >>> from spinspike.model.network.architecture import Architecture
    >>> from spinspike.model.network.network import random_network
    >>> architecture = Architecture(units=20, inputs=4, classes=3)
    >>> graph = map_network(random_network(architecture, np.random.default_rng(0), centre=np.zeros(4)))
    >>> [f"{p.name} {p.size}" for p in graph.populations]
    ['E 20', 'I 20', 'supervisory_E 3', 'supervisory_I 3', 'readout 3']
    """
    if isinstance(network, NetworkFile):
        fixed_points = network.fixed_points if fixed_points is None else fixed_points
        provenance = network.provenance if provenance is None else provenance
        network = network.network
    table, points = encoding_named(encoding), dict(fixed_points or {})
    rng = np.random.default_rng(seed)
    learned = points.get("learned")
    exact = None
    if consolidation is None or not consolidation.autapses:
        exact = exact_integers(network, rounding, encoding=table)
    if exact is not None:
        integers = exact
    elif consolidation is None or not learned:
        integers = quantise(network, rounding, encoding=table, points=learned, rng=rng)
    else:
        integers = consolidate(network, learned, rounding, consolidation, encoding=table)
    graph = assemble(
        integers,
        network,
        table,
        weight_bits=rounding.weight_bits,
        on_chip_readout=on_chip_readout,
        fixed_points=points,
        provenance={
            **(provenance or {}),
            "integers": {"exact": exact is not None, "ties": ties(integers, network, points)},
        },
    )
    if not autapses:
        graph = without_autapses(graph)
    check_ranges(graph)
    return graph
