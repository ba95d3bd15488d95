"""From integers by units to neurons and synapses, by the table of an encoding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from spinspike.arrays import IntArray, SparseMatrix
from spinspike.mapping.graph.encoding import Encoding, Sign
from spinspike.mapping.graph.graph import (
    IOMap,
    NeuronModel,
    Population,
    Projection,
    Role,
    SynapseGraph,
)
from spinspike.mapping.graph.integer_matrix import IntegerMatrix, IntegerNetwork
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.model.network.network import Network

SIGNS: tuple[Sign, Sign] = (1, -1)
Synapses = tuple[NDArray[np.uint8], NDArray[np.int32], IntArray]  # mantissa, indices, indptr


def assemble(
    integers: IntegerNetwork,
    network: Network,
    encoding: Encoding,
    *,
    weight_bits: int,
    on_chip_readout: bool = True,
    fixed_points: Mapping[str, FixedPoints] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> SynapseGraph:
    """Neurons, synapses and biases of a network in integers.

    The populations are the kinds of the encoding, for several modules one of each in each module,
    then those of the supervisory signal, of the input if it comes as spikes, and of the readout.
    """
    build = _Assembly(integers, network, encoding, on_chip_readout)
    return SynapseGraph(
        encoding=encoding.name,
        weight_bits=weight_bits,
        populations=tuple(build.populations()),
        projections=tuple(build.projections()),
        bias=build.bias(integers.bias, integers.recurrent),
        initial_bias=build.bias(integers.initial_bias, ()),
        io=build.io(),
        modules=len(network.modules),
        fixed_points=dict(fixed_points or {}),
        provenance=dict(provenance or {}),
    )


class _Assembly:
    """One network on its way through an encoding."""

    def __init__(
        self,
        integers: IntegerNetwork,
        network: Network,
        encoding: Encoding,
        on_chip_readout: bool,
    ) -> None:
        self.integers, self.network, self.encoding = integers, network, encoding
        self.on_chip_readout = on_chip_readout and network.classes > 0
        edges = np.append(0, np.cumsum(network.modules))
        self.module = [slice(*pair) for pair in pairwise(edges)]

    def name(self, kind: str, module: int) -> str:
        """Of the neurons of a kind in a module; the number is left out where there is but one."""
        return kind if len(self.module) == 1 else f"{kind}{module}"

    def groups(self) -> Iterator[tuple[str, Sign, int]]:
        """Kind, polarity and module of each threshold population, in the order of its neurons."""
        for kind, polarity in self.encoding.polarity.items():
            for module in range(len(self.module)):
                yield kind, polarity, module

    def populations(self) -> Iterator[Population]:
        for kind, _, module in self.groups():
            yield Population(self.name(kind, module), self.network.modules[module])
        suffixes = dict.fromkeys(self.encoding.source.values())
        others: list[tuple[NeuronModel, int]] = []
        if self.network.classes:
            others.append(("supervisory", self.network.classes))
        if self.integers.levels:
            others.append(("input", self.network.inputs + 1))
        for neuron, size in others:
            for suffix in suffixes:
                yield Population(f"{neuron}{suffix}", size, neuron)
        if self.on_chip_readout:
            yield Population("readout", self.network.classes, "readout")

    def projections(self) -> Iterator[Projection]:
        """Those that have synapses."""
        n = self.integers
        recurrent: tuple[tuple[Role, IntegerMatrix], ...] = (
            ("coupling", n.coupling),
            ("link", n.link),
            ("self", n.self_coupling),
        )
        outside: tuple[tuple[Role, IntegerMatrix], ...] = (
            ("supervisory", n.signal),
            ("input", n.input),
        )
        for target, rows in enumerate(self.module):
            for role, matrix in recurrent:
                for source, columns in enumerate(self.module):
                    yield from self._into(role, matrix, target, rows, source, columns)
            for role, matrix in outside:
                yield from self._into(role, matrix, target, rows, None, slice(None))
        if self.on_chip_readout:
            for source, columns in enumerate(self.module):
                parts = _by_sign(n.readout.mantissa, slice(None), columns)
                for sign in SIGNS:
                    carrier, excites = self.encoding.carrier[sign]
                    name = self.name(carrier, source)
                    yield from _projection(
                        name, "readout", "readout", excites, n.readout.exponent, parts[sign]
                    )

    def _into(
        self,
        role: Role,
        matrix: IntegerMatrix,
        target: int,
        rows: slice,
        source: int | None,
        columns: slice,
    ) -> Iterator[Projection]:
        """From one module, or from outside, into every kind of another."""
        parts = _by_sign(matrix.mantissa, rows, columns)
        for kind, polarity in self.encoding.polarity.items():
            for sign in SIGNS:  # of the weight; what it does to this kind is polarity * sign
                effect: Sign = 1 if polarity * sign > 0 else -1
                if source is None:
                    name, excites = f"{role}{self.encoding.source[effect]}", effect
                else:
                    carrier, excites = self.encoding.carrier[effect]
                    name = self.name(carrier, source)
                into = self.name(kind, target)
                yield from _projection(name, into, role, excites, matrix.exponent, parts[sign])

    def bias(self, offset: IntArray, present: tuple[IntegerMatrix, ...]) -> IntArray:
        """Biases of all neurons from those of the units, given which weights act.

        A weight that travels on a neuron of polarity -1 delivers w (n - 1) in place of w n, and
        a neuron of polarity -1 needs 1 - x.
        """
        units = {
            polarity: (offset if polarity > 0 else 1 - offset)
            - sum((self._excess(m, polarity) for m in present), start=np.zeros_like(offset))
            for polarity in SIGNS
        }
        return np.concatenate([units[p][self.module[module]] for _, p, module in self.groups()])

    def _excess(self, matrix: IntegerMatrix, polarity: Sign) -> IntArray:
        """What carriers of polarity -1 deliver to each row when all units are down."""
        found = np.zeros(matrix.mantissa.shape[0], dtype=np.int64)
        for sign in SIGNS:
            carrier, excites = self.encoding.carrier[1 if polarity * sign > 0 else -1]
            if self.encoding.polarity[carrier] < 0:
                found += excites * _row_sums_of(matrix, sign)
        return found

    def io(self) -> IOMap:
        n, net = self.integers, self.network
        units = np.arange(net.units)
        order = [(polarity, units[self.module[module]]) for _, polarity, module in self.groups()]
        readout = n.readout_bias - self._excess(n.readout, 1)
        if readout.size:  # only differences between classes matter
            readout = readout - (readout.max() + readout.min()) // 2
        return IOMap(
            centre=net.centre,
            gain=net.gain,
            input_range=net.input_range,
            input_weight=csr_array(net.input_weight.shape) if n.levels else net.input_weight,
            scale=n.scale,
            readout=net.readout,
            unit=np.concatenate([part for _, part in order]),
            input_sign=np.concatenate([np.full(part.size, p) for p, part in order]),
            decoder=units,  # the first kind's neurons come first, module by module
            readout_bias=readout if self.on_chip_readout else np.zeros(0, dtype=np.int64),
            levels=n.levels,
        )


def _by_sign(matrix: SparseMatrix, rows: slice, columns: slice) -> dict[Sign, Synapses]:
    """Positive and negative entries of a block, as positive mantissas."""
    whole = all(
        part.indices(n) == (0, n, 1) for part, n in zip((rows, columns), matrix.shape, strict=True)
    )
    block = matrix if whole else csr_array(matrix[rows, columns])
    return {sign: _of_sign(block, sign) for sign in SIGNS}


def _of_sign(block: SparseMatrix, sign: Sign) -> Synapses:
    kept = block.data > 0 if sign > 0 else block.data < 0
    counts = np.append(0, np.add.accumulate(kept, dtype=np.int64))
    mantissa = np.abs(block.data[kept]).astype(np.uint8)
    indices = block.indices[kept].astype(np.int32, copy=False)
    return mantissa, indices, counts[block.indptr]


def _row_sums_of(matrix: IntegerMatrix, sign: Sign) -> IntArray:
    """Sum of the absolute weights of one sign in each row."""
    data = matrix.mantissa.data
    part = np.where(data > 0, data, 0) if sign > 0 else np.where(data < 0, -data, 0)
    sums = np.append(0, np.add.accumulate(part, dtype=np.int64))
    rows: IntArray = np.diff(sums[matrix.mantissa.indptr]) << matrix.exponent
    return rows


def _projection(
    source: str, target: str, role: Role, sign: Sign, exponent: int, part: Synapses
) -> Iterator[Projection]:
    mantissa, indices, indptr = part
    if mantissa.size:
        yield Projection(source, target, role, sign, exponent, indptr, indices, mantissa)
