"""A linear network as a synapse graph of graded neurons, and back.

A signed unit h_i becomes a mirror pair, ON_i = max(S h_i, 0) and OFF_i = max(-S h_i, 0). With f_i the
field that the network asks for, ON_i receives +f_i and OFF_i receives -f_i, so that

    ON_i - OFF_i = max(f_i, 0) - max(-f_i, 0) = f_i

holds exactly, and what both have in common never builds up. Every pair exists twice, in the
populations E, whose synapses all excite, and I, whose synapses all inhibit: Dale's law. A weight
w > 0 from j to i is four synapses each,

    E: ON_j -> ON_i, OFF_j -> OFF_i         I: OFF_j -> ON_i, ON_j -> OFF_i

onto the pairs in E and in I alike; w < 0 is the same with ON_j and OFF_j exchanged. Neurons of a
population are numbered ON first. The input x and its mirror image are pairs as well, and the
readout neuron holds v . h.

A step of the chip is the map of `integrator_step`. Its leak is a projection of its own, of role
``self``, and exact; the rest are couplings, which vanish with W.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import expm, logm
from scipy.sparse import csr_array

from spinspike.arrays import FloatArray, IntArray
from spinspike.errors import BadInput, OutOfRange
from spinspike.mapping.graph.encoding import MIRROR, Sign
from spinspike.mapping.graph.graph import Graded, IOMap, Projection, Role, SynapseGraph
from spinspike.mapping.graph.register_limits import EXPONENT_LIMIT, FULL_BITS, STATE_BITS
from spinspike.mapping.graph.registers import check_ranges
from spinspike.model.integrator.linear_network import LinearNetwork, outlier, spectrum
from spinspike.model.integrator.loss import gramians

from .integrator_rounding import round_couplings
from .integrator_step import StepMap, step_map

DEFAULT_STEP = 0.25  # of the leak's time constant
HEADROOM = 2.0  # unit impulses at once


def map_integrator(
    network: LinearNetwork,
    *,
    bits: int = FULL_BITS,
    step: float = DEFAULT_STEP,
    exact: bool = True,
    consolidate: bool = True,
    headroom: float = HEADROOM,
) -> SynapseGraph:
    """Map a linear network to graded neurons and integer synapses.

    Parameters
    ----------
    bits : int, 1 … 8
        Bits of a weight's magnitude.
    step : float
        Time dt that a step of the chip takes, in units of the leak's time constant; the nearest at
        which the leak is a weight of so many bits is taken, see ``graph.graded.step``.
    exact : bool
        The weights are those of e^{A dt}: for simulators that go by steps. Otherwise those of
        1 + A dt, in which dt W are the couplings: for simulators in continuous time, where the leak
        belongs to the neuron.
    consolidate : bool
        Round the couplings so that fields keep their values over the states that noise drives the
        network through (`integrator_rounding`); otherwise each to the nearest.
    headroom : float, 1.1 … 64
        How many unit impulses at once the 24 bits of a state have room for, short of what rounding
        adds. The rest is resolution:
        at 8 bits a unit impulse leads to numbers of up to about 2000 / headroom, and the smaller
        these are, the fewer messages tell of them.

    Returns
    -------
    SynapseGraph
        Four neurons for each unit, populations E and I, ``input_E``, ``input_I`` and ``readout``.

    Raises
    ------
    BadInput
        A value is not allowed, or the network is not stable.
    OutOfRange
        The couplings are too strong for the weights.

    Examples
    --------
    >>> network = LinearNetwork(np.array([[0.9]]), np.ones(1), np.ones(1))
    >>> graph = map_integrator(network)
    >>> graph.neurons, round(graph.graded.step, 3), round(outlier_after(graph).real, 2)
    (4, 0.252, 0.9)
    """
    _check(network, bits, step, headroom)
    units, largest = network.units, 2**bits - 1
    one = step_map(network, bits, step, exact=exact)
    shift, exponent = _exponents(one, bits)
    covariance = gramians(network)[0] if consolidate else None
    coupling = round_couplings(one.couplings, 2.0 ** (exponent - shift), largest, covariance)
    scale = 2.0 ** (STATE_BITS - shift) / (headroom * one.largest_state)
    impulse = one.drive * scale * 2**shift  # the field that a unit impulse is to make
    level = int(np.ceil(np.abs(impulse).max() / largest))
    beta = largest / np.abs(network.readout).max()
    graph = SynapseGraph(
        encoding=MIRROR,
        weight_bits=bits,
        populations=Graded.populations(units),
        projections=(
            *_mirrored("coupling", coupling, exponent),
            *_mirrored("self", np.eye(units, dtype=np.int64) * one.leak, shift - bits),
            *_mirrored("input", np.rint(impulse / level)[:, None], 0),
            *_mirrored("readout", np.rint(network.readout * beta)[None], 0),
        ),
        bias=np.zeros(4 * units, dtype=np.int64),
        initial_bias=np.zeros(4 * units, dtype=np.int64),
        io=_ends(network, scale, level, one.step),
        graded=Graded(shift, one.step, exact, float(scale * beta)),
    )
    check_ranges(graph)
    return graph


def _check(network: LinearNetwork, bits: int, step: float, headroom: float) -> None:
    if bits not in range(1, FULL_BITS + 1):
        message = f"bits is {bits}; allowed: 1 to {FULL_BITS}"
        raise BadInput(message)
    if not 0 < step <= 1:
        message = f"step is {step}; allowed: above 0, up to 1 time constant of the leak"
        raise BadInput(message)
    if not 1.1 <= headroom <= 64:
        message = f"headroom is {headroom}; allowed: 1.1 to 64 unit impulses"
        raise BadInput(message)
    for name in ("input_weight", "readout"):
        if not getattr(network, name).any():
            message = f"{name} is all 0; allowed: one that is not"
            raise BadInput(message)
    found = spectrum(network)
    if found.real.max() >= 1:
        message = f"an eigenvalue of W has the real part {found.real.max():.4g}; allowed: below 1"
        raise BadInput(message)
    if found.imag.max() * step >= np.pi:
        message = f"h turns by {found.imag.max() * step:.4g} in a step; allowed: below pi"
        raise BadInput(message)


def _exponents(one: StepMap, bits: int) -> tuple[int, int]:
    """Shift s of the neurons and exponent e of the couplings: the strongest just fits 2**(e - s).

    The leak needs s = bits … bits + 7.
    """
    peak = float(np.abs(one.couplings).max())
    wanted = int(np.floor(np.log2((2**bits - 1) / peak))) if peak else bits + EXPONENT_LIMIT
    if bits - wanted > EXPONENT_LIMIT:
        message = f"couplings reach {peak:g} in a step of {one.step:g}; allowed: about 2**7"
        raise OutOfRange(message)
    return min(max(wanted, bits), bits + EXPONENT_LIMIT), max(0, bits - wanted)


def _mirrored(role: Role, weight: IntArray | FloatArray, exponent: int) -> list[Projection]:
    """The synapses that stand for signed whole weights between pairs, by source and target.

    A readout neuron has no mirror image.
    """
    prefix = "input_" if role == "input" else ""
    up, down = np.maximum(weight, 0), np.maximum(-weight, 0)
    found = []
    for kind, (same, other) in {"E": (up, down), "I": (down, up)}.items():
        sign: Sign = 1 if kind == "E" else -1
        rows = [np.hstack([same, other])]
        if role != "readout":
            rows.append(np.hstack([other, same]))
        synapses = csr_array(np.vstack(rows))
        synapses.eliminate_zeros()
        for target in ("readout",) if role == "readout" else ("E", "I"):
            found.append(_projection(f"{prefix}{kind}", target, role, sign, exponent, synapses))
    return [p for p in found if p.mantissa.size]


def _projection(
    source: str, target: str, role: Role, sign: Sign, exponent: int, synapses: csr_array
) -> Projection:
    mantissa = synapses.data.astype(np.uint8)
    parts = synapses.indptr.astype(np.int64), synapses.indices.astype(np.int32), mantissa
    return Projection(source, target, role, sign, exponent, *parts)


def _ends(network: LinearNetwork, scale: float, level: int, step: float) -> IOMap:
    units = np.arange(network.units)
    return IOMap(
        centre=np.zeros(1),
        gain=1.0,
        input_range=(-1 / step, 1 / step),
        input_weight=csr_array(network.input_weight[:, None]),
        scale=np.full(network.units, scale),
        readout=network.readout[None],
        unit=np.tile(units, 4),
        input_sign=np.tile(np.repeat([1, -1], network.units), 2),
        decoder=units,
        readout_bias=np.zeros(1, dtype=np.int64),
        levels=level,
    )


def mapped_network(graph: SynapseGraph) -> LinearNetwork:
    """The linear network that the integers of a graph stand for exactly.

    Its spectrum is what rounding made of the learned one.

    Raises
    ------
    BadInput
        The neurons are not graded, or a step is not the flow of any real network: e^{A dt} has an
        eigenvalue that is 0 or negative, as weights of 1 bit or damage may give it.

    Examples
    --------
    >>> network = LinearNetwork(np.array([[0.5, 0.3], [-0.2, 0.1]]), np.ones(2), np.ones(2))
    >>> mapped = mapped_network(map_integrator(network))
    >>> bool(np.abs(mapped.coupling - network.coupling).max() < 0.01)
    True
    """
    graded = graph.graded
    if graded is None:
        message = f"the graph has {graph.encoding} neurons; allowed: graded ones"
        raise BadInput(message)
    unit = 2.0**-graded.shift
    one = unit * (_weights(graph, "coupling") + _weights(graph, "self"))
    drive = unit * _weights(graph, "input")[:, 0] * (graph.io.levels / graph.io.scale)
    readout = _weights(graph, "readout")[0] * (graph.io.scale / graded.readout_scale)
    identity = np.eye(graph.units)
    if not graded.exact:
        return LinearNetwork(identity + (one - identity) / graded.step, drive, readout)
    flow = _logarithm(one)
    # phi(A dt) u is what an impulse within a step leaves at its end
    joint = np.block([[flow, identity], [np.zeros((graph.units, 2 * graph.units))]])
    averaged = expm(joint)[: graph.units, graph.units :]
    coupling = identity + flow / graded.step
    return LinearNetwork(coupling, np.linalg.solve(averaged, drive), readout)


def _logarithm(one: FloatArray) -> FloatArray:
    """A dt of a step e^{A dt}, refused where it is not real."""
    if np.linalg.slogdet(one)[0] > 0:
        flow = logm(one)
        if np.abs(flow.imag).max() < 1e-6:
            return np.asarray(flow.real)
    message = "e^{A dt} has an eigenvalue that is 0 or negative; allowed: weights of a flow"
    raise BadInput(message)


def outlier_after(graph: SynapseGraph) -> complex:
    """The eigenvalue of W that the memory has in integers; the learned one is `outlier`'s.

    Examples
    --------
    >>> network = LinearNetwork(np.array([[0.9]]), np.ones(1), np.ones(1))
    >>> abs(outlier_after(map_integrator(network)) - 0.9) < 0.003
    True
    """
    return outlier(mapped_network(graph))


def _weights(graph: SynapseGraph, role: Role) -> FloatArray:
    """Weights of a role onto the ON neurons of E, or onto the readout, from ON neurons.

    Those from OFF neurons are their mirror image.
    """
    target = "readout" if role == "readout" else "E"
    rows = 1 if role == "readout" else graph.units
    columns = 1 if role == "input" else graph.units
    found = np.zeros((rows, columns))
    for p in graph.projections:
        if (p.role, p.target) == (role, target):
            whole = p.matrix(graph.sizes[p.source]).toarray()[:rows, :columns]
            found += p.sign * whole.astype(np.float64) * 2**p.exponent
    return found
