"""NIR graphs of others as synapse graphs, as far as a chip of threshold neurons holds them.

A neuron of the synapse graph forgets everything from one step to the next and its synapses are
integers. So taken are Threshold nodes, and LIF and CubaLIF nodes whose time constants are one step,
dt; their numbers must be whole multiples of one unit each (`_unit`). Neurons that leak over several
steps are refused by name; `spinspike.simulators.exchange.nir_executor` and Lava run those.

Every spike takes a step in a synapse graph. So connections that are not part of a cycle need a
Delay of at least dt, but for those from the inputs, which act in the same step.

The graph has the signed encoding. Every neuron is a unit of its own, an Input becomes an input
population of binary spikes, one whose name says ``superv`` or ``teach`` the supervisory one.
Readouts of NIR, integrators that no neuron listens to, are not taken over.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from spinspike.arrays import IntArray, SparseMatrix
from spinspike.errors import BadInput
from spinspike.mapping.graph.delays import LONGEST_DELAY
from spinspike.mapping.graph.encoding import SIGNED, Sign
from spinspike.mapping.graph.graph import IOMap, Population, Projection, Role, SynapseGraph
from spinspike.mapping.graph.registers import check_ranges

from .export import from_nir, is_ours
from .graph import INTEGRATORS, NIR_FIRING, TIMES, NirGraph
from .shapes import shapes
from .synapses import CONSTANT, Synapses, synapses
from .time import check_step, is_step

THRESHOLD_NEURONS = ("Threshold", "LIF", "CubaLIF")
MAX_MANTISSA = 255  # mantissa
SINGLE = float(np.finfo(np.float32).eps)
ROUGH = 10
EXPONENTS = 8
TEACHERS = ("superv", "teach")


def import_nir(graph: NirGraph, *, dt: float) -> SynapseGraph:
    """Take a NIR graph for a synapse graph.

    Parameters
    ----------
    dt : float
        The time step for which the graph was made, in the unit of its time constants.

    Raises
    ------
    BadInput
        The graph has `obstacles`.
    OutOfRange
        A number does not fit the chip.
    """
    check_step(dt)
    shapes(graph)
    for problem in _misfits(graph, dt):
        raise BadInput(problem)
    made = _Import(graph, dt).graph()
    check_ranges(made)
    return made


def synapse_graph(graph: NirGraph, *, dt: float, where: str = "graph") -> SynapseGraph:
    """The synapse graph of any NIR graph: of our own to the bit, of others as `import_nir` does.

    Parameters
    ----------
    graph : NirGraph
        Any.
    dt : float
        As for `import_nir`; our own graphs say it themselves.
    where : str
        The file, for messages.

    Raises
    ------
    BadInput
        As for `import_nir` and `spinspike.mapping.nir.export.from_nir`.
    """
    return from_nir(graph, where) if is_ours(graph) else import_nir(graph, dt=dt)


def obstacles(graph: NirGraph, *, dt: float, where: str = "graph") -> list[str]:
    """What stands against `synapse_graph`, by node name; empty if nothing does.

    Parameters
    ----------
    graph, dt, where
        As there.
    """
    try:
        check_step(dt)
        shapes(graph)
        if not is_ours(graph) and (problems := list(_misfits(graph, dt))):
            return problems
        synapse_graph(graph, dt=dt, where=where)
    except BadInput as error:
        return [str(error)]
    return []


def _misfits(graph: NirGraph, dt: float) -> Iterator[str]:
    if not graph.named(*THRESHOLD_NEURONS):
        yield f"no node is a neuron; allowed: {', '.join(THRESHOLD_NEURONS)}"
    drives = {s.source for s in synapses(graph) if s.target in graph.named(*THRESHOLD_NEURONS)}
    for name, node in graph.nodes.items():
        p = node.parameters
        if node.kind == "IF" or (node.kind in INTEGRATORS and name in drives):
            yield (
                f"node {name} is {node.kind}, whose membrane lasts; allowed: "
                f"{', '.join(THRESHOLD_NEURONS)}"
            )
            continue
        for part in TIMES:
            wrong = part in p and not is_step(p[part], dt).all()
            if wrong and node.kind in THRESHOLD_NEURONS:
                worst = np.ravel(p[part])[np.abs(np.ravel(p[part]) - dt).argmax()]
                yield f"node {name} has a {part} of {worst:g}; allowed: one step, {dt:g}"
        if node.firing.spikes != "one" or node.firing.reset.endswith("-late"):
            yield f"node {name} has {node.firing}; allowed: {NIR_FIRING}"
        if "v_reset" in p and node.kind in ("LIF", "CubaLIF") and p["v_reset"].any():
            yield f"node {name} resets to other than 0; allowed: 0"
    inputs = [n for n in graph.named("Input") if not _is_teacher(n)]
    teachers = [n for n in graph.named("Input") if _is_teacher(n)]
    for several in (inputs, teachers):
        if len(several) > 1:
            yield f"nodes {', '.join(several)} are all inputs; allowed: one, and one supervisory"


def _is_teacher(name: str) -> bool:
    return any(word in name.lower() for word in TEACHERS)


class _Import:
    """One NIR graph on its way."""

    def __init__(self, graph: NirGraph, dt: float) -> None:
        self.nir, self.dt = graph, dt
        self.size = {name: math.prod(shape) for name, shape in shapes(graph).items()}
        self.neurons = list(graph.named(*THRESHOLD_NEURONS))
        self.found = [s for s in synapses(graph) if s.target in self.neurons]
        self.unit = {name: self._unit(name) for name in self.neurons}

    def factor(self, name: str) -> NDArray[np.float64]:
        """What a neuron multiplies its input with; (size,)."""
        p, size = self.nir.nodes[name].parameters, self.size[name]
        value = np.ravel(p.get("r", 1.0)) * np.ravel(p.get("w_in", 1.0))
        return np.asarray(np.broadcast_to(value.astype(np.float64), size))

    def _unit(self, name: str) -> float:
        """The largest number of which all weights of a node are whole multiples."""
        data = [
            np.abs(s.weight.multiply(self.factor(name)[:, None]).tocsr().data)
            for s in self.found
            if s.target == name and s.source != CONSTANT
        ]
        found = _common_unit(np.unique(np.concatenate([np.zeros(0), *data])))
        if found is None:
            message = f"node {name} has weights that are no whole multiples of one number"
            raise BadInput(message)
        return found

    def graph(self) -> SynapseGraph:
        neurons = sum(self.size[name] for name in self.neurons)
        offset = np.concatenate([self.offset(name) for name in self.neurons])
        projections = tuple(p for s in self.found for p in self.projections(s))
        teachers = [n for n in self.nir.named("Input") if _is_teacher(n)]
        inputs = [n for n in self.nir.named("Input") if not _is_teacher(n)]
        classes = self.size[teachers[0]] if teachers else 2
        pixels = self.size[inputs[0]] if inputs else 1
        populations = [Population(name, self.size[name]) for name in self.neurons]
        populations += [Population(name, classes, "supervisory") for name in teachers]
        populations += [Population(name, pixels + 1, "input") for name in inputs]
        return SynapseGraph(
            encoding=SIGNED.name,
            weight_bits=8,
            populations=tuple(populations),
            projections=projections,
            bias=offset,
            initial_bias=offset,
            io=_ends(neurons, pixels, classes, levels=1 if inputs else 0),
            provenance={"imported": "nir"},
        )

    def offset(self, name: str) -> IntArray:
        """Bias of integer fields: x > theta - b for whole x means x - floor(theta - b) > 0."""
        p, size = self.nir.nodes[name].parameters, self.size[name]
        theta = p["threshold"] if "threshold" in p else p["v_threshold"] - p["v_leak"]
        bias = np.broadcast_to(np.ravel(theta).astype(np.float64), size).copy()
        for s in self.found:
            if s.target == name and s.source == CONSTANT:
                bias -= self.factor(name) * s.weight.toarray()[:, 0]
        return np.asarray(-np.floor(bias / self.unit[name] + 1e-9)).astype(np.int64)

    def projections(self, s: Synapses) -> Iterator[Projection]:
        """One for each sign; those from inputs have a last column for the one that is always on."""
        if s.source == CONSTANT:
            return
        matrix = csr_array(s.weight.multiply(self.factor(s.target)[:, None] / self.unit[s.target]))
        role, delay = self.way(s)
        if role == "input":
            matrix = csr_array(
                (matrix.data, matrix.indices, matrix.indptr),
                shape=(matrix.shape[0], matrix.shape[1] + 1),
            )
        whole = np.rint(matrix.data).astype(np.int64)
        for sign in (1, -1):
            kept = csr_array(matrix, copy=True)  # what follows works in place
            kept.data = whole * (whole * sign > 0)
            kept.eliminate_zeros()
            if kept.nnz:
                yield _projection(s, role, 1 if sign > 0 else -1, kept, delay)

    def way(self, s: Synapses) -> tuple[Role, int]:
        """Role of a connection, and its delay beyond the step that a synapse takes."""
        steps = s.steps(self.dt)
        if s.source in self.nir.named("Input"):
            role: Role = "supervisory" if _is_teacher(s.source) else "input"
            if steps:
                message = f"from input {s.source} to {s.target} there is a delay; allowed: none"
                raise BadInput(message)
            return role, 0
        delay = steps - 1
        if not 0 <= delay <= LONGEST_DELAY:
            message = (
                f"from {s.source} to {s.target} it takes {delay + 1} steps; allowed: 1 to "
                f"{LONGEST_DELAY + 1}"
            )
            raise BadInput(message)
        diagonal = s.source == s.target and (s.weight.tocoo().row == s.weight.tocoo().col).all()
        return "self" if diagonal else "coupling", delay


def _common_unit(weights: NDArray[np.float64]) -> float | None:
    """The largest unit, at least 1/255 of the smallest weight; 1 if there is none but 0.

    Multiples must be whole up to what single precision leaves open, or to 1e-4 where the unit is
    a tenth of the smallest weight or more.
    """
    above = weights[weights > 0]
    for part in range(1, MAX_MANTISSA + 1 if above.size else 1):
        times = above * (part / above[0])
        open_ = np.maximum(4 * SINGLE * times, 1e-4 if part <= ROUGH else 0.0)
        if (np.abs(times - np.rint(times)) <= open_).all() and (open_ < 0.25).all():
            return float(above[0] / part)
    return None if above.size else 1.0


def _projection(
    s: Synapses, role: Role, sign: Sign, matrix: SparseMatrix, delay: int
) -> Projection:
    size = np.abs(matrix.data)
    for exponent in range(EXPONENTS):
        if not (size % 2**exponent).any() and size.max() >> exponent <= MAX_MANTISSA:
            return Projection(
                source=s.source,
                target=s.target,
                role=role,
                sign=sign,
                exponent=exponent,
                indptr=matrix.indptr.astype(np.int64),
                indices=matrix.indices.astype(np.int32),
                mantissa=(size >> exponent).astype(np.uint8),
                delay=delay,
            )
    message = (
        f"weights from {s.source} to {s.target} are up to {size.max()} times their unit; "
        f"allowed: {MAX_MANTISSA} times a power of two up to {2 ** (EXPONENTS - 1)}"
    )
    raise BadInput(message)


def _ends(neurons: int, pixels: int, classes: int, *, levels: int) -> IOMap:
    """Pixels of 0 and 1 as spikes; every neuron is a unit; no readout."""
    units: Any = np.arange(neurons)
    return IOMap(
        centre=np.zeros(pixels),
        gain=1.0,
        input_range=(0.0, 1.0),
        input_weight=csr_array((neurons, pixels)),
        scale=np.ones(neurons),
        readout=np.zeros((classes, neurons)),
        unit=units,
        input_sign=np.ones(neurons, dtype=np.int64),
        decoder=units,
        readout_bias=np.zeros(0, dtype=np.int64),
        levels=levels,
    )
