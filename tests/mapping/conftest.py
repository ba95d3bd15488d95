"""Graphs made by hand: populations and weights as one would draw them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from spinspike.mapping.graph.graph import IOMap, Population, Projection, SynapseGraph


def hand_made(
    populations: Mapping[str, tuple[int, Any]],
    *wires: tuple[str, Any] | tuple[str, Any, int],
    unit: Any = None,
    bias: Any = None,
    levels: int = 0,
    weight_bits: int = 8,
) -> SynapseGraph:
    """A graph of named populations (size, neuron model) and wires.

    A wire is (``"source>target:role+"``, mantissas (targets, sources), exponent).
    """
    found = tuple(Population(name, *of) for name, of in populations.items())
    neurons = sum(p.size for p in found if p.neuron == "threshold")
    readouts = sum(p.size for p in found if p.neuron == "readout")
    unit = np.arange(neurons) if unit is None else np.asarray(unit)
    bias = np.zeros(neurons, dtype=np.int64) if bias is None else np.asarray(bias)
    units = int(unit.max()) + 1
    ends = IOMap(
        centre=np.zeros(1),
        gain=1.0,
        input_range=(0.0, 1.0),
        input_weight=csr_array((units, 1)),
        scale=np.ones(units),
        readout=np.zeros((max(readouts, 1), units)),
        unit=unit,
        input_sign=np.ones(neurons, dtype=np.int64),
        decoder=np.arange(units),
        readout_bias=np.zeros(readouts, dtype=np.int64),
        levels=levels,
    )
    wired = tuple(projection(*wire) for wire in wires)
    return SynapseGraph(
        encoding="signed",
        weight_bits=weight_bits,
        populations=found,
        projections=wired,
        bias=bias,
        initial_bias=bias,
        io=ends,
    )


def projection(name: str, weights: Any, exponent: int = 0) -> Projection:
    ends, role = name[:-1].split(":")
    source, target = ends.split(">")
    matrix = csr_array(weights)
    sign = 1 if name[-1] == "+" else -1
    indices = matrix.indices.astype(np.int32)
    indptr = matrix.indptr.astype(np.int64)
    return Projection(source, target, role, sign, exponent, indptr, indices, matrix.data)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def by_drawing() -> Callable[..., SynapseGraph]:
    """Graphs made by hand."""
    return hand_made
