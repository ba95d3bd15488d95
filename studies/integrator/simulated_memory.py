"""Hearing a memory out: on which simulators, and what is claimed of the learning itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec

from spinspike.errors import BadInput, MissingPart
from spinspike.mapping.integrator.integrator_graph import map_integrator
from spinspike.simulators.emulator.graded import GradedEmulator
from spinspike.simulators.integrator.validation import (
    BITS,
    IntegratorOutcome,
    run_graph,
    validate_integrator,
)
from spinspike.simulators.validation.claims import Claim

from .learning import Memory

SIMULATORS: Mapping[str, tuple[str, str, str]] = {  # file, class, package that it needs
    "emulator": ("emulator.graded", "GradedEmulator", ""),
    "lava": ("lava.graded", "LavaGraded", "lava"),
    "brian2": ("brian2.graded", "Brian2Graded", "brian2"),
}
LEARNED = 1e-3  # part of the first loss that may be left in the end
LEARNED_SCALE = 0.05  # how far the learned time-scale may be off the one asked for


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
        part = SIMULATORS[name][2]
        if part and find_spec(part) is None:
            message = f"{name} needs {part}: pip install 'spinspike[{part}]'"
            raise MissingPart(message)


def simulate_memory(
    memory: Memory, names: Sequence[str], bits: int, run: str, seed: int, *, trials: int = 4
) -> Iterator[IntegratorOutcome]:
    """The network itself, the emulator at other precisions, each simulator and its nulls."""
    files = {name: SIMULATORS[name][:2] for name in names}
    found = validate_integrator(
        memory.network,
        memory.target,
        [getattr(import_module(f"spinspike.simulators.{f}"), kind)() for f, kind in files.values()],
        bits=(bits,),
        runs=(run,),
        trials=trials,
        seed=seed,
    )
    model = next(found)
    yield model
    for other in sorted({*BITS} - {bits}):
        yield run_graph(map_integrator(memory.network, bits=other), model, GradedEmulator())
    yield from found


def place(outcome: IntegratorOutcome) -> str:
    """Where a memory was heard."""
    if outcome.simulator == "model":
        return "network, exactly"
    return f"{outcome.simulator}, {outcome.null or f'{outcome.bits} bits'}"


def learning_claims(memory: Memory, own: IntegratorOutcome) -> list[Claim]:
    """What is claimed of the learning itself: little loss, and the time-scale that was asked for."""
    left = memory.last_loss / memory.first_loss
    away = abs(own.fit.time_scale * memory.target.rate - 1)
    statement = "time-scale, distance from the one asked for"
    return [
        Claim("model", "part of the loss that is left", left, LEARNED, at_least=False),
        Claim("model", statement, away, LEARNED_SCALE, at_least=False),
    ]
