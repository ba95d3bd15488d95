"""What `integrate` does: learn a memory, map it at several precisions, and see how long it lasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm

from spinspike.mapping.graph import SynapseGraph
from spinspike.mapping.integrator_graph import map_integrator
from spinspike.model.arrays import FloatArray
from spinspike.model.errors import BadInput, MissingPart
from spinspike.model.integrator.learning import History, descend, flow
from spinspike.model.integrator.linear_network import (
    Filter,
    LinearNetwork,
    draw,
    impulse_response,
)
from spinspike.model.integrator.loss import loss
from spinspike.model.integrator.reduced import growth_rate, pair, plateau
from spinspike.model.integrator.subspace import subspace
from spinspike.simulators.graded import GradedSimulator
from spinspike.simulators.impulse import Pulse, ResponseFit, fit_response

SPREADS = {"rich": 0.05, "lazy": 0.8}  # sigma of the couplings before learning
STRENGTHS = {"rich": 1e-3, "lazy": 1.0}
OSCILLATOR_STRENGTH = 0.1  # |u| |v| where a pair is to grow: u and v start at a right angle
UNLEARNED = 1e-3  # part of the first loss at which flow gives way to descent
BOTTOM = 1e-6  # part of it at which descent ends
LEAK = Filter(rate=1.0)  # the memory of a network without couplings
LEARNED = 1e-3  # part of it that may be left in the end
LEARNED_SCALE = 0.05  # how far the learned time-scale may be off the one asked for
SETTLE = 1.0  # after the release, until all but the memory is gone
MEMORIES, SHORTEST = 5.0, 10.0  # how long is listened, in time-scales of the memory and of the leak
LISTENING = 100.0  # leaks, over the trials of a simulator where chance has a part
FREQUENCY_BOUND = 0.05


@dataclass(frozen=True)
class Backend:
    """A simulator of graded neurons, and how far the time-scale may be off on it."""

    module: str
    kind: str
    part: str  # package and extra that it needs
    exact: bool  # goes by whole steps
    bound: float


SIMULATORS = {
    "emulator": Backend("graded_emulator", "GradedEmulator", "", True, 0.05),
    "lava": Backend("lava_graded", "LavaGraded", "lava", True, 0.05),
    "brian2": Backend("brian2_graded", "Brian2Graded", "brian2", False, 0.10),
}


@dataclass(frozen=True)
class Memory:
    """A network that learned, how it did, and what theory says of it."""

    blank: LinearNetwork
    network: LinearNetwork
    target: Filter
    history: History  # of gradient flow, until a thousandth of the loss was left
    theory: Mapping[str, NDArray[np.complex128]]  # outliers at the same times; of rich ones
    plateau: float | None  # as theory has it; of rich ones
    first_loss: float  # of a silent network
    last_loss: float

    @property
    def rich(self) -> bool:
        """Whether the outlier is the memory."""
        return self.plateau is not None

    @property
    def reach(self) -> float:
        """How far the filter is from the leak, in units of the radius of W before learning."""
        radius = np.linalg.norm(self.blank.coupling) / np.sqrt(self.blank.units)
        away = abs(complex(1 - self.target.rate, self.target.frequency))
        return float(away / radius) if radius else np.inf

    @property
    def change(self) -> float:
        """How far the couplings moved, in units of what they were; of all there is without any."""
        before, after = self.blank.coupling, self.network.coupling
        size = np.linalg.norm(before) or np.linalg.norm(after) or 1.0
        return float(np.linalg.norm(after - before) / size)

    @property
    def plateau_seen(self) -> float | None:
        """When the overlap passed half of what it would settle at without learning in W."""
        over = self.history.overlaps > growth_rate(self.target)
        return float(self.history.times[np.argmax(over)]) if over.any() else None


@dataclass(frozen=True)
class Heard:
    """A response to a pulse from its release on, and what it decays like."""

    name: str
    times: FloatArray  # (K,) since the release
    response: FloatArray  # (K,) mean over trials
    fit: ResponseFit


@dataclass(frozen=True)
class Claim:
    """A statement about a memory, with its bound and what was seen."""

    statement: str
    value: float
    bound: float
    at_least: bool = False

    @property
    def holds(self) -> bool:
        """Whether the value is on the right side of the bound; what is no number is not."""
        return bool(self.value >= self.bound if self.at_least else self.value <= self.bound)


def require(names: Sequence[str]) -> None:
    """Refuse simulators that cannot be had before any work.

    Raises
    ------
    BadInput
        There is no simulator of this name.
    MissingPart
        Its package is not installed.
    """
    for name in names:
        if name not in SIMULATORS:
            message = f"simulator is {name!r}; allowed: {', '.join(SIMULATORS)}"
            raise BadInput(message)
        part = SIMULATORS[name].part
        if part and find_spec(part) is None:
            message = f"{name} needs {part}: pip install 'spinspike[{part}]'"
            raise MissingPart(message)


def start(
    units: int, regime: str, target: Filter, spread: float | None, seed: int
) -> LinearNetwork:
    """The network before learning.

    Raises
    ------
    BadInput
        There is no such regime, or a value is not allowed.
    """
    if regime not in SPREADS:
        message = f"regime is {regime!r}; allowed: {', '.join(SPREADS)}"
        raise BadInput(message)
    oscillator = regime == "rich" and target.frequency > 0
    return draw(
        units,
        np.random.default_rng(seed),
        spread=SPREADS[regime] if spread is None else spread,
        strength=OSCILLATOR_STRENGTH if oscillator else STRENGTHS[regime],
        alignment=0.5 if regime == "rich" and not oscillator else 0.0,
    )


def learn(blank: LinearNetwork, target: Filter, *, rich: bool, parts: str = "Wuv") -> Memory:
    """Gradient flow to within a thousandth of the first loss, then descent to the bottom."""
    first = loss(replace(blank, readout=np.zeros(blank.units)), target)
    along = (blank.input_weight + blank.readout) / 2
    waits = plateau(float(along @ along), target) if rich else None
    times = np.linspace(0, 20 * (waits or 5.0), 2001)
    flowed = flow(blank, target, times, learn=parts, tolerance=UNLEARNED * first, accuracy=1e-5)
    seen = flowed.history.times
    theory = {}
    if rich and parts == "Wuv":
        theory["the plane of u and v"] = pair(blank, target, seen).outliers
        few = subspace(blank)
        theory[f"{few.units} directions"] = flow(few, target, seen).history.outliers
    left = BOTTOM * first
    network = descend(flowed.network, target, learn=parts, tolerance=left).network
    return Memory(
        blank, network, target, flowed.history, theory, waits, first, loss(network, target)
    )


def theory_off(memory: Memory, name: str) -> float:
    """The most that the outlier is off a theory on its way, in units of where it should end.

    It counts once out of the disc of the other eigenvalues.
    """
    outliers = memory.theory[name]
    disc = np.abs(memory.history.spectra[0]).max()
    grown = np.abs(outliers) > 2 * disc + 0.02
    away = np.abs(memory.history.outliers - outliers)[grown]
    end = abs(complex(1 - memory.target.rate, memory.target.frequency))
    return float(away.max(initial=0) / end) if end else 0.0


def graph_for(name: str, network: LinearNetwork, bits: int) -> SynapseGraph:
    """The network as the simulator of this name takes it."""
    return map_integrator(network, bits=bits, exact=SIMULATORS[name].exact)


def listen(name: str, graph: SynapseGraph, pulse: Pulse, seed: int, target: Filter) -> Heard:
    """What a graph on a simulator remembers of a pulse; where chance has a part, in several trials."""
    backend = SIMULATORS[name]
    make = getattr(import_module(f"spinspike.simulators.{backend.module}"), backend.kind)
    trials = 1 if backend.exact else max(1, round(LISTENING / pulse.after))
    found = []
    for trial in range(trials):
        simulator: GradedSimulator = make(**({} if backend.exact else {"seed": seed + trial}))
        found.append(simulator.run(graph, pulse.samples(pulse_step(graph))))
    since = found[0].times - pulse.length
    late = since > 0
    outputs = np.transpose([response.readout for response in found])
    return _heard(name, since[late], outputs[late], target)


def recall(name: str, network: LinearNetwork, pulse: Pulse, target: Filter) -> Heard:
    """What a network remembers of a pulse, exactly."""
    held = np.linalg.solve(
        network.generator, expm(network.generator * pulse.length) - np.eye(network.units)
    )
    released = replace(network, input_weight=pulse.amplitude * held @ network.input_weight)
    times = np.linspace(0, pulse.after, 401)
    return _heard(name, times, impulse_response(released, times), target)


def pulse_for(graph: SynapseGraph, target: Filter, hold: float) -> Pulse:
    """An input of area 1 over so long or over one step, and how long to listen after it."""
    step = pulse_step(graph)
    return Pulse.impulse(max(1, round(hold / step)) * step, max(MEMORIES / target.rate, SHORTEST))


def pulse_step(graph: SynapseGraph) -> float:
    """Of the signal of a graph of graded neurons."""
    if graph.graded is None:
        message = f"the graph has {graph.encoding} neurons; allowed: graded ones"
        raise BadInput(message)
    return graph.graded.step


def without_couplings(network: LinearNetwork) -> LinearNetwork:
    """The null: all that is left of the memory is the leak; read where it is driven."""
    return replace(network, coupling=np.zeros_like(network.coupling), readout=network.input_weight)


def memory_claims(heard: Heard, own: Heard, null: Heard, target: Filter) -> list[Claim]:
    """What is claimed of a simulator: the memory lasts as long as the learned one; the null's not."""
    bound = SIMULATORS[heard.name].bound
    learned = own.fit.time_scale

    def off(fit: ResponseFit) -> float:
        return abs(fit.time_scale / learned - 1)

    found = [Claim(f"{heard.name}: time-scale off the learned one", off(heard.fit), bound)]
    if target.frequency:
        away = abs(heard.fit.frequency / own.fit.frequency - 1)
        found.append(Claim(f"{heard.name}: frequency off the learned one", away, FREQUENCY_BOUND))
    found.append(
        Claim(
            f"{heard.name}: time-scale without couplings, off the learned one",
            off(null.fit),
            bound,
            at_least=True,
        )
    )
    return found


def learning_claims(memory: Memory, own: Heard) -> list[Claim]:
    """What is claimed of the learning itself: little loss, and the time-scale that was asked for."""
    left = memory.last_loss / memory.first_loss
    away = abs(own.fit.time_scale * memory.target.rate - 1)
    return [
        Claim("model: part of the loss that is left", left, LEARNED),
        Claim("model: time-scale off the one asked for", away, LEARNED_SCALE),
    ]


def _heard(name: str, times: FloatArray, outputs: FloatArray, target: Filter) -> Heard:
    """Of outputs (K,) or of trials (K, B)."""
    late = times > min(SETTLE, 1 / target.rate)
    fit = fit_response(times[late], outputs[late], oscillates=target.frequency > 0)
    return Heard(name, times, outputs.reshape(len(times), -1).mean(axis=1), fit)
