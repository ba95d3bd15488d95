"""The synapse graph: what a mapped network is, as integer arrays.

Every step simulator obeys, for each neuron k,

    x_k(t+1) = sum_p sign_p * 2**e_p * sum_j m_kj n_j(t - d_p) + b_k(t+1)
    n_k(t+1) = 1 if x_k(t+1) > 0 else 0

with n the spikes, m the weight mantissas of projection p, e_p its exponent, d_p its delay (0 as
mapped; see `delays`) and b the bias.
In the first step nothing has spiked yet and the bias is the *first* bias, which carries the
input alone: silence then means what the reference means by starting from s = 0.

A graph may consist of **graded** neurons instead (`Graded`). They hold whole numbers n_k >= 0, send
what these change by, and rectify what they receive,

    z_k(t+1) = sum_p sign_p * 2**e_p * sum_j m_kj n_j(t)
    v_k(t+1) = r_k(t) + max(z_k(t+1), 0)
    n_k(t+1) = v_k(t+1) >> s,    r_k(t+1) = v_k(t+1) - 2**s n_k(t+1)

with the residue r what n leaves of the field: no fraction is ever lost, only sent later. That is
sigma-delta coding: targets add up the changes, and silence means "as before". Graded neurons have no
bias and their synapses no delay; all is 0 before the first step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from spinspike.arrays import FloatArray, IntArray, SparseMatrix, SpinArray
from spinspike.errors import BadInput
from spinspike.model.network.fixed_points import FixedPoints
from spinspike.one_line import OneLine

from .encoding import Sign

__all__ = [
    "NEURONS",
    "ROLES",
    "FixedPoints",
    "FloatArray",
    "Graded",
    "IOMap",
    "IntArray",
    "NeuronModel",
    "Population",
    "Projection",
    "Role",
    "SpinArray",
    "SynapseGraph",
]

NeuronModel = Literal["threshold", "supervisory", "input", "readout", "graded"]
Role = Literal["coupling", "link", "self", "supervisory", "input", "readout"]
NEURONS: tuple[NeuronModel, ...] = get_args(NeuronModel)
ROLES: tuple[Role, ...] = get_args(Role)
INNER: tuple[NeuronModel, ...] = ("threshold", "graded")  # those with synapses onto each other


@dataclass(frozen=True)
class Population:
    """Neurons of one kind that obey Dale's law together.

    ``threshold`` neurons follow the equation above. ``supervisory`` and ``input`` neurons have no
    inputs: they spike when the stimulus says so, one supervisory neuron for each class, one input
    neuron for each pixel and a last one that is always on. ``readout`` neurons, one for each
    class, never spike: their membrane holds the field x, and the highest names the class.
    ``graded`` neurons stand in the place of threshold ones; input neurons of theirs send the
    changes of a signal's positive part and of its negative part.
    """

    name: str
    size: int
    neuron: NeuronModel = "threshold"


@dataclass(frozen=True, repr=False)
class Projection(OneLine):
    """Synapses of one sign from one population to another, rows by target neuron (CSR)."""

    source: str
    target: str
    role: Role
    sign: Sign
    exponent: int  # >= 0; a synapse weighs sign * mantissa * 2**exponent
    indptr: IntArray  # (target size + 1,)
    indices: NDArray[np.int32]  # (synapses,) presynaptic neuron within the source population
    mantissa: NDArray[np.uint8]  # (synapses,) 1..255
    delay: int = 0  # steps beyond the one that every spike takes

    def summary(self) -> str:
        """Name and number of synapses."""
        return f"{self.name}, {self.mantissa.size:,} synapses"

    @property
    def name(self) -> str:
        """``source>target:role``, its sign and, if it has one, its delay; unique in a graph."""
        sign, late = "+" if self.sign > 0 else "-", f"@{self.delay}" if self.delay else ""
        return f"{self.source}>{self.target}:{self.role}{sign}{late}"

    def matrix(self, sources: int) -> SparseMatrix:
        """Mantissas as a matrix (target size, sources); no array is copied."""
        shape = (len(self.indptr) - 1, sources)
        return csr_array((self.mantissa, self.indices, self.indptr), shape=shape)


@dataclass(frozen=True, repr=False)
class IOMap(OneLine):
    """How an image enters the graph and how spikes become classes.

    Without ``levels`` unit i receives the integer input round(scale_i (W_in (x - centre) gain)_i)
    through the bias: neuron k adds ``input_sign[k]`` times that of its unit. With levels G, input
    neuron d sends x_d as the nearest whole number from 0 (lowest value) to G (highest).
    """

    centre: FloatArray  # (D,)
    gain: float
    input_range: tuple[float, float]  # allowed values of x; the bias fits or may saturate
    input_weight: SparseMatrix  # (H, D) float64
    scale: FloatArray  # (H,) alpha_i, hardware weight units per unit of field
    readout: FloatArray  # (C, H)
    unit: IntArray  # (N,) unit of each neuron
    input_sign: IntArray  # (N,) +1: spikes when its unit is +1; -1: when it is -1
    decoder: IntArray  # (H,) the neuron whose spike means "unit is +1"
    readout_bias: IntArray  # (C,) bias of the readout neurons; empty if there are none
    levels: int = 0  # G: 0 input as bias, 1 binary spikes, more: graded spikes

    def summary(self) -> str:
        """Sizes."""
        return f"{self.centre.size} inputs, {len(self.decoder)} units, {len(self.readout)} classes"


@dataclass(frozen=True)
class Graded:
    """What the numbers of graded neurons stand for: a linear network dh/dt = -h + W h + u x.

    Unit i is a pair of neurons, ON = max(S_i h_i, 0) and OFF = max(-S_i h_i, 0), with S_i the scale
    in `IOMap`. One step takes the time ``step``, in units of the leak's time constant, and x has the
    level x * step * G, G the levels in `IOMap`.
    """

    shift: int  # s: a field of 2**s weight units is worth a message of 1
    step: float  # dt
    exact: bool  # weights are those of e^{dt (W - I)}; else of 1 + dt (W - I), where dt W are couplings
    readout_scale: float  # field of the readout neuron per unit of y

    @staticmethod
    def populations(units: int) -> tuple[Population, ...]:
        """E and I with ON and OFF of every unit, ON first; input and readout; see `integrator_graph`."""
        return (
            Population("E", 2 * units, "graded"),
            Population("I", 2 * units, "graded"),
            Population("input_E", 2, "input"),
            Population("input_I", 2, "input"),
            Population("readout", 1, "readout"),
        )


@dataclass(frozen=True, repr=False)
class SynapseGraph(OneLine):
    """A network as a chip holds it: populations, projections, biases and its two ends.

    Neurons are numbered through the threshold populations in their order; those of other
    populations are numbered apart, per population.
    """

    encoding: str
    weight_bits: int
    populations: tuple[Population, ...]
    projections: tuple[Projection, ...]
    bias: IntArray  # (N,) bias without input, from the second step on
    initial_bias: IntArray  # (N,) bias without input in the first step
    io: IOMap
    modules: int = 1  # a chain of so many needs as many steps before every unit knows of the input
    fixed_points: Mapping[str, FixedPoints] = field(default_factory=dict)  # "learned", "free"
    provenance: Mapping[str, Any] = field(default_factory=dict)
    graded: Graded | None = None  # of a graph whose neurons are graded

    def summary(self) -> str:
        """Encoding and sizes."""
        return (
            f"{self.encoding}, {self.weight_bits} bits, {self.units} units, {self.neurons} neurons, "
            f"{self.synapses:,} synapses, "
            + (", ".join(f"{len(p)} {name}" for name, p in self.fixed_points.items()) or "no")
            + " states"
        )

    @property
    def neurons(self) -> int:
        """N, the number of threshold or graded neurons."""
        return self.bias.size

    @property
    def units(self) -> int:
        """H, of all modules together."""
        return len(self.io.decoder)

    @property
    def classes(self) -> int:
        """C."""
        return len(self.io.readout)

    @property
    def synapses(self) -> int:
        """Number of synapses in all projections."""
        return sum(p.mantissa.size for p in self.projections)

    @property
    def sizes(self) -> dict[str, int]:
        """Size of each population."""
        return {p.name: p.size for p in self.populations}

    def named(self, neuron: NeuronModel) -> tuple[str, ...]:
        """Populations of one neuron model."""
        return tuple(p.name for p in self.populations if p.neuron == neuron)

    def slices(self) -> dict[str, slice]:
        """Where each threshold population lies among the N neurons.

        Raises
        ------
        BadInput
            The neurons are graded.
        """
        refuse_graded(self)
        found, start = {}, 0
        for population in self.populations:
            if population.neuron == "threshold":
                found[population.name] = slice(start, start + population.size)
                start += population.size
        return found


def refuse_graded(graph: SynapseGraph) -> None:
    """Whatever knows threshold neurons alone says so at its door.

    Raises
    ------
    BadInput
        The neurons of the graph are graded.
    """
    if graph.graded is not None:
        message = (
            "the graph has graded neurons, which hold numbers and no spins; allowed here: threshold "
            "neurons (graded ones run on GradedEmulator, LavaGraded and Brian2Graded)"
        )
        raise BadInput(message)
