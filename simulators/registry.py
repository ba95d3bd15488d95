"""Every simulator by its name and regime; what cannot be had, and which graphs each cannot take.

A backend is named by its module and imported when it is made, so that the list costs nothing and a
missing package matters only to those who ask for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal, get_args

from spinspike.mapping.graph import SynapseGraph
from spinspike.model.errors import BadInput, MissingPart

from .base import Regime, Simulator

REGIMES: tuple[Regime, ...] = get_args(Regime)
Input = Literal["bias", "binary", "graded"]


@dataclass(frozen=True)
class Refusal:
    """A kind of graph that a simulator turns down with an error, and why."""

    trait: Literal["encoding", "input"]
    value: str
    reason: str


@dataclass(frozen=True)
class Backend:
    """Where a simulator is found, which package it needs, and what it cannot take."""

    name: str
    regime: Regime
    module: str  # below spinspike.simulators
    kind: str  # the class in it
    part: str = ""  # package, and extra of spinspike, that it needs
    refuses: tuple[Refusal, ...] = ()

    @property
    def label(self) -> str:
        """The name, with the regime where there are several."""
        return label(self.name, self.regime)

    def make(self, **options: Any) -> Simulator:
        """Import the class and call it with its options."""
        module = import_module(f"spinspike.simulators.{self.module}")
        made: Simulator = getattr(module, self.kind)(**options)
        return made

    def refusal(self, graph: SynapseGraph) -> Refusal | None:
        """Why a graph cannot be taken, if it cannot."""
        traits = {"encoding": graph.encoding, "input": input_kind(graph)}
        return next((r for r in self.refuses if traits[r.trait] == r.value), None)


_CONTINUOUS = (
    Refusal(
        "encoding",
        "pushpull",
        "a pair needs local interneurons to compete in continuous time, which no graph has",
    ),
    Refusal("input", "binary", "its input is a constant current: map with --input bias"),
    Refusal("input", "graded", "its input is a constant current: map with --input bias"),
)
BACKENDS: tuple[Backend, ...] = (
    Backend("emulator", "step", "emulator", "Emulator"),
    Backend("emulator", "asynchronous", "asynchronous", "AsynchronousEmulator"),
    Backend("lava", "step", "lava", "Lava", "lava"),
    Backend("brian2", "step", "brian2_clocked", "Brian2Clocked", "brian2"),
    Backend("brian2", "continuous", "brian2_lif", "Brian2LIF", "brian2", _CONTINUOUS),
    Backend("nest", "asynchronous", "nest_binary", "NestBinary", "nest"),
    Backend("nest", "continuous", "nest_lif", "NestLIF", "nest", _CONTINUOUS),
)
NAMES: tuple[str, ...] = tuple(dict.fromkeys(b.name for b in BACKENDS))
DEFAULT: Mapping[str, Regime] = {
    "emulator": "step",
    "lava": "step",
    "brian2": "continuous",
    "nest": "asynchronous",
}
IMPOSSIBLE: Mapping[tuple[str, Regime], str] = {
    ("emulator", "continuous"): "its arithmetic knows no time between two updates",
    ("lava", "asynchronous"): "all neurons of a chip are updated in the same time step",
    ("lava", "continuous"): "a chip's neurons are integers that move in time steps",
    ("brian2", "asynchronous"): "its neurons share a clock; NEST's binary ones have their own",
    ("nest", "step"): "its binary neurons update at random moments, each on its own",
}


def label(name: str, regime: Regime) -> str:
    """How a simulator is called in tables: with its regime where its name has several.

    Examples
    --------
    >>> label("brian2", "continuous"), label("lava", "step")
    ('brian2 (continuous)', 'lava')
    """
    several = sum(b.name == name for b in BACKENDS) > 1
    return f"{name} ({regime})" if several else name


def find(name: str, regime: Regime | None = None) -> Backend:
    """The backend of a name in a regime, by default the first in its nature.

    Raises
    ------
    BadInput
        There is no such simulator, or it has no such regime; the message says why not.
    """
    if name not in NAMES:
        message = f"unknown simulator {name!r}; allowed: {', '.join(NAMES)}"
        raise BadInput(message)
    wanted = DEFAULT[name] if regime is None else regime
    if wanted not in REGIMES:
        message = f"unknown regime {wanted!r}; allowed: {', '.join(REGIMES)}"
        raise BadInput(message)
    for backend in BACKENDS:
        if (backend.name, backend.regime) == (name, wanted):
            return backend
    own = ", ".join(b.regime for b in BACKENDS if b.name == name)
    message = f"{name} has no {wanted} regime: {IMPOSSIBLE[name, wanted]}; allowed: {own}"
    raise BadInput(message)


def choose(names: Sequence[str], regimes: Sequence[Regime] = ()) -> list[Backend]:
    """Every name in each of the regimes that it has, or in its default without any.

    Raises
    ------
    BadInput
        A name has none of the regimes, or a regime none of the names.
    """
    wanted = dict.fromkeys(regimes)
    chosen: list[Backend] = []
    for name in dict.fromkeys(names):
        own = [b for b in BACKENDS if b.name == name and b.regime in wanted]
        chosen += own or [find(name, next(iter(wanted), None))]
    for regime in wanted:
        if all(b.regime != regime for b in chosen):
            find(names[0], regime)  # says why there is none
    return chosen


def require(backends: Sequence[Backend]) -> None:
    """Refuse simulators whose package is missing, before any work is done.

    Raises
    ------
    MissingPart
        With the command that installs it.
    """
    for backend in backends:
        if backend.part and find_spec(backend.part) is None:
            message = f"simulator {backend.name} is not installed: "
            message += f"pip install 'spinspike[{backend.part}]'"
            if backend.part == "lava":
                message += " on Python 3.10, the only one Lava runs on"
            raise MissingPart(message)


def check_takes(backends: Sequence[Backend], graph: SynapseGraph) -> None:
    """Refuse a graph that one of the simulators would turn down, before any work is done.

    Raises
    ------
    BadInput
        With the trait of the graph and the reason.
    """
    for backend in backends:
        found = backend.refusal(graph)
        if found:
            message = (
                f"{backend.label} takes no graph with {found.trait} {found.value}: {found.reason}"
            )
            raise BadInput(message)


def input_kind(graph: SynapseGraph) -> Input:
    """How images come into a graph."""
    if not graph.ends.levels:
        return "bias"
    return "binary" if graph.ends.levels == 1 else "graded"
