"""Graded neurons in NumPy, by the integers of a chip: the oracle of step simulators."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import block_array, csr_array

from spinspike.arrays import FloatArray, IntArray
from spinspike.errors import OutOfRange
from spinspike.mapping.graph.graph import SynapseGraph
from spinspike.mapping.graph.register_limits import MESSAGE_LIMIT
from spinspike.simulators.base_graded import Response, levels, response


@dataclass(frozen=True)
class GradedEmulator:
    """Runs a graph exactly as graded neurons with a 24-bit state would.

    With n the numbers that all neurons hold, z the fields and r the residues, all 0 at first,

        z(t+1) = M n(t) + U x(t),    v = r(t) + max(z(t+1), 0)
        n(t+1) = v >> s,             r(t+1) = v - 2**s n(t+1)

    Sending n(t+1) - n(t) instead of n changes none of this, since targets add up what they receive.

    Examples
    --------
    >>> from spinspike.mapping.integrator.integrator_graph import map_integrator
    >>> from spinspike.model.integrator.linear_network import LinearNetwork
    >>> graph = map_integrator(LinearNetwork(np.array([[0.9]]), np.ones(1), np.ones(1)))
    >>> impulse = np.zeros(81)
    >>> impulse[0] = graph.io.input_range[1]
    >>> y = GradedEmulator().run(graph, impulse).readout
    >>> rate = -np.log(y[80] / y[0]) / (80 * graph.graded.step)
    >>> bool(abs(rate - 0.1) < 0.003)
    True
    """

    name: str = "emulator"

    def run(self, graph: SynapseGraph, signal: FloatArray) -> Response:
        """Drive the graph from silence; see `GradedSimulator.run`."""
        given = levels(graph, signal)
        between, driven, scores = _matrices(graph)
        shift = graph.graded.shift if graph.graded else 0
        values = np.zeros((len(given), graph.neurons), dtype=np.int64)
        now = residue = np.zeros(graph.neurons, dtype=np.int64)
        for step, drive in enumerate(given @ driven.T):
            field = (between @ now.astype(np.float64)).astype(np.int64) + drive
            _check("field", field, step)
            membrane = residue + np.maximum(field, 0)
            _check("membrane", membrane, step)
            now = membrane >> shift
            residue = membrane - (now << shift)
            values[step] = now
        readout = values @ scores
        _check("readout", readout, len(given))
        changes = np.diff(values, axis=0, prepend=0) != 0
        return response(graph, values, readout, changes.sum(axis=1))


def _matrices(graph: SynapseGraph) -> tuple[csr_array, IntArray, IntArray]:
    """Weights between neurons (N, N), from the two input neurons (N, 2), onto the readout (N,)."""
    inner, sizes = graph.named("graded"), graph.sizes
    sums: dict[tuple[str, str], csr_array] = {}
    for p in graph.projections:
        weight = p.matrix(sizes[p.source]).astype(np.float64) * (p.sign * 2**p.exponent)
        before = sums.get((p.target, p.source))
        sums[p.target, p.source] = weight if before is None else before + weight

    def block(target: str, source: str) -> csr_array:
        return sums.get((target, source), csr_array((sizes[target], sizes[source])))

    between = block_array([[block(t, s) for s in inner] for t in inner], format="csr")
    driven = [sum(block(t, s).toarray() for s in graph.named("input")) for t in inner]
    scores = [block("readout", s).toarray()[0] for s in inner]
    return between, np.vstack(driven).astype(np.int64), np.concatenate(scores).astype(np.int64)


def _check(what: str, values: IntArray, step: int) -> None:
    worst = int(np.abs(values).max(initial=0))
    if worst > MESSAGE_LIMIT:
        message = (
            f"{what} reaches {worst} in step {step + 1}, beyond 24 bits; allowed: {MESSAGE_LIMIT}: "
            "a weaker signal"
        )
        raise OutOfRange(message)
