"""A mapped graph as a network of spins: what runs on the reference measures the graph as well.

The neurons of a unit spike together, or one of them just when the other does not. Between such
states a graph is a network of H spins with whole numbers for couplings, so that its landscape can
be explored with the very dynamics, counts and clusters of the reference.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array, diags_array

from spinspike.arrays import FloatArray, InputArray, IntArray, SparseMatrix
from spinspike.errors import BadInput
from spinspike.model.network.network import Network

from .codec import external_field
from .delays import longest_delay
from .fields import weight_matrix
from .graph import SynapseGraph


def unit_network(graph: SynapseGraph) -> Network:
    """The network whose spins move exactly as the units of a graph, field by field.

    With p_k = +1 where neuron k spikes when its unit is up, -1 where it does when it is down, and
    n_k = (1 + p_k s) / 2 the spikes that belong to unit states s,

    ::

        h_i = p_k (2 x_k - 1) = p_k (2 b_k - 1 + sum_l w_kl) + sum_l p_k w_kl p_l s_u(l)

    is the same odd whole number for all neurons k of unit i, and unit i is up iff h_i >= 0. It is
    never 0; an integer margin of m is a margin s_i h_i = 2 m - 1.

    Parameters
    ----------
    graph : SynapseGraph
        Of any encoding, with or without relays, and without delays.

    Returns
    -------
    Network
        Couplings, links and self-couplings in weight units; ``bias`` is the field that does not
        depend on the spins. Images come in as `unit_field` says, since they are rounded: its input
        weights and its supervisory ones are zero.

    Raises
    ------
    BadInput
        Some spikes arrive late, or neurons of one unit do not receive the same.

    Notes
    -----
    Synchronous sweeps are the steps of the chip as long as no field is below -4095 weight units:
    what the membrane keeps of those can switch a unit on late (see `membrane`). Fixed points are
    the same in any case.

    Examples
    --------
    Whatever the encoding, the spins are the same:

    >>> from spinspike.mapping.mapper import map_network
    >>> from spinspike.model.network.import_arrays import from_arrays
    >>> pair = from_arrays([[.5, 1.], [-1., .5]], [[1.], [0.]], np.eye(2), np.eye(2))
    >>> found = [unit_network(map_network(pair, encoding=e)) for e in ("dale", "pushpull")]
    >>> [n.coupling.toarray().tolist() for n in found]
    [[[0.0, 128.0], [-128.0, 0.0]], [[0.0, 128.0], [-128.0, 0.0]]]
    """
    if longest := longest_delay(graph):
        message = f"spikes arrive up to {longest} steps late; allowed: graphs without delays"
        raise BadInput(message)
    ends = graph.io
    decoder = ends.decoder
    everything, constant = _between_units(graph), _constant(graph)
    _check(graph, everything, constant)
    link = _between_units(_only(graph, "link"))[decoder]
    diagonal = everything[decoder].diagonal()
    coupling = csr_array(everything[decoder] - link - diags_array(diagonal))
    coupling.eliminate_zeros()
    return Network(
        coupling=coupling,
        self_coupling=diagonal,
        link=csr_array(link),
        input_weight=csr_array((graph.units, ends.centre.size), dtype=np.float64),
        bias=constant[decoder].astype(np.float64),
        supervisory=np.zeros((graph.units, graph.classes)),
        readout=ends.readout,
        centre=ends.centre,
        gain=ends.gain,
        input_range=ends.input_range,
        modules=_modules(graph),
    )


def unit_field(graph: SynapseGraph, images: InputArray) -> FloatArray:
    """External field of `unit_network` under images, bias included, (B, H); images are (B, D).

    What `dynamics.input_field` is to a reference network.

    Raises
    ------
    BadInput
        An image has the wrong number of pixels, or one out of range.
    """
    decoder, polarity = graph.io.decoder, graph.io.input_sign
    images_add = (2 * polarity * external_field(graph, images))[:, decoder]
    return np.asarray(images_add + _constant(graph)[decoder], dtype=np.float64)


def _constant(graph: SynapseGraph) -> IntArray:
    """p_k (2 b_k - 1 + sum_l w_kl), (N,)."""
    total = np.asarray(weight_matrix(graph).sum(axis=1), dtype=np.int64).ravel()
    return np.asarray(graph.io.input_sign * (2 * graph.bias - 1 + total))


def _between_units(graph: SynapseGraph) -> SparseMatrix:
    """p_k w_kl p_l, added up over the neurons l of each unit, (N, H)."""
    neurons, polarity = np.arange(graph.neurons), graph.io.input_sign.astype(np.float64)
    unit = csr_array((polarity, (neurons, graph.io.unit)), shape=(graph.neurons, graph.units))
    return csr_array(diags_array(polarity) @ csr_array(weight_matrix(graph)) @ unit)


def _only(graph: SynapseGraph, role: str) -> SynapseGraph:
    return replace(graph, projections=tuple(p for p in graph.projections if p.role == role))


def _check(graph: SynapseGraph, weights: SparseMatrix, constant: IntArray) -> None:
    """Refuse a unit whose neurons would part company."""
    first = graph.io.decoder[graph.io.unit]  # of the unit of each neuron
    differs = abs(weights - weights[first]).sum(axis=1) + np.abs(constant - constant[first])
    if differs.any():
        neuron = int(np.argmax(differs > 0))
        message = (
            f"neurons {first[neuron]} and {neuron} of unit {graph.io.unit[neuron]} do not "
            "receive the same; allowed: units whose neurons always spike alike, or in turn"
        )
        raise BadInput(message)


def _modules(graph: SynapseGraph) -> tuple[int, ...]:
    """Sizes of the modules: those of the populations of the decoding kind, which come first."""
    sizes = [s.stop - s.start for s in graph.slices().values()][: graph.modules]
    return tuple(sizes) if sum(sizes) == graph.units else (graph.units,)
