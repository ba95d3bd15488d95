"""Hearing a memory out: what it is on each simulator, at each precision, and without its couplings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec

import numpy as np
from scipy.linalg import expm

from spinspike.mapping.graph import SynapseGraph
from spinspike.mapping.integrator_graph import map_integrator, outlier_after
from spinspike.model.arrays import FloatArray
from spinspike.model.errors import BadInput, MissingPart
from spinspike.model.integrator.linear_network import Filter, LinearNetwork, impulse_response
from spinspike.simulators.graded import GradedSimulator
from spinspike.simulators.impulse import Pulse, ResponseFit, fit_response

from .integrate_learning import Memory

LEAK = Filter(rate=1.0)  # the memory of a network without couplings
LEARNED = 1e-3  # part of the first loss that may be left in the end
LEARNED_SCALE = 0.05  # how far the learned time-scale may be off the one asked for
FREQUENCY_BOUND = 0.05
PRECISIONS = (8, 4)  # bits at which memories are compared, beside those asked for
SETTLE = 1.0  # after the release, until all but the memory is gone
MEMORIES, SHORTEST = 5.0, 10.0  # how long is listened, in time-scales of the memory and of the leak
LISTENING = 100.0  # leaks, over the trials of a simulator where chance has a part


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


@dataclass(frozen=True)
class Found:
    """What was heard, and what follows from it."""

    model: Heard
    precisions: Mapping[int, complex]  # bits: the outlier of what the integers stand for
    rounded: Mapping[int, Heard]  # bits: the emulator's
    simulators: Mapping[str, Heard]
    nulls: Mapping[str, Heard]
    claims: Sequence[Claim]


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


def heard_out(memory: Memory, names: Sequence[str], bits: int, hold: float, seed: int) -> Found:
    """Listen to the model, to the emulator at each precision, and to every simulator."""
    network, target = memory.network, memory.target
    exact = graph_for("emulator", network, bits)
    model = recall("model", network, pulse_for(exact, target, hold), target)
    claims = learning_claims(memory, model)
    graphs = {b: graph_for("emulator", network, b) for b in sorted({bits, *PRECISIONS})}
    rounded = {
        b: listen("emulator", g, pulse_for(g, target, hold), seed, target)
        for b, g in graphs.items()
    }
    simulators, nulls = {}, {}
    for name in names:
        graph = graph_for(name, network, bits)
        pulse = pulse_for(graph, target, hold)
        simulators[name] = listen(name, graph, pulse, seed, target)
        empty = graph_for(name, without_couplings(network), bits)
        brief = pulse_for(empty, LEAK, hold)
        nulls[name] = listen(name, empty, brief, seed, LEAK)
        claims += memory_claims(simulators[name], model, nulls[name], target)
    after = {b: outlier_after(g) for b, g in graphs.items()}
    return Found(model, after, rounded, simulators, nulls, claims)


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
