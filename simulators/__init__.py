"""Simulators that check whether learned fixed points stay without the supervisory signal.

- `base` — the contract: graph, protocol and stimulus in, recording out; `stimulus` — images and
  labels as a simulator is fed; `registry` — all simulators by name and regime, what cannot be had;
  `base_graded` — the contract for graded neurons; `lava_setup` — how Lava is had;
- `emulator` — the chip's integers in NumPy, the oracle; `lava` — real Lava processes;
- `brian2`, `nest` — clocked, asynchronous and continuous; `physics` — what the last take;
- `exchange` — graphs as programs and files of other tools, and NIR run;
- `validation` — the runs, their nulls, and claims that hold or fail; `stress` — runs made hard;
- `retrieval` — damaged memories, and what comes of them;
- `integrator` — whether a memory on a line outlives its input.

What is named here is imported when it is asked for: each worker of Lava is a fresh interpreter, and
needs next to nothing of it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .base import Phases, Recording, Simulator, Stimulus
    from .brian2.clocked import Brian2Clocked
    from .brian2.lif import Brian2LIF
    from .emulator.asynchronous import AsynchronousEmulator
    from .emulator.step import Emulator
    from .exchange.exporter import export
    from .lava.backend import Lava
    from .nest.binary import NestBinary
    from .nest.lif import NestLIF
    from .retrieval.experiment import Recall, recall
    from .stimulus import encode_stimulus
    from .validation.agreement import Agreement, Disagreement, agreements, disagreements
    from .validation.answers import Answer, answers, sentence
    from .validation.claims import Bounds, Claim, NotAsked, claims, not_asked, verdict
    from .validation.outcome import Outcome, accuracy, wilson
    from .validation.protocol import NULLS, RUNS, validate

_MODULES = {
    "base": "Phases Recording Simulator Stimulus",
    "brian2.clocked": "Brian2Clocked",
    "brian2.lif": "Brian2LIF",
    "emulator.asynchronous": "AsynchronousEmulator",
    "emulator.step": "Emulator",
    "exchange.exporter": "export",
    "lava.backend": "Lava",
    "nest.binary": "NestBinary",
    "nest.lif": "NestLIF",
    "retrieval.experiment": "Recall recall",
    "stimulus": "encode_stimulus",
    "validation.agreement": "Agreement Disagreement agreements disagreements",
    "validation.answers": "Answer answers sentence",
    "validation.claims": "Bounds Claim NotAsked claims not_asked verdict",
    "validation.outcome": "Outcome accuracy wilson",
    "validation.protocol": "NULLS RUNS validate",
}
__all__ = [
    "NULLS",
    "RUNS",
    "Agreement",
    "Answer",
    "AsynchronousEmulator",
    "Bounds",
    "Brian2Clocked",
    "Brian2LIF",
    "Claim",
    "Disagreement",
    "Emulator",
    "Lava",
    "NestBinary",
    "NestLIF",
    "NotAsked",
    "Outcome",
    "Phases",
    "Recall",
    "Recording",
    "Simulator",
    "Stimulus",
    "accuracy",
    "agreements",
    "answers",
    "claims",
    "disagreements",
    "encode_stimulus",
    "export",
    "not_asked",
    "recall",
    "sentence",
    "validate",
    "verdict",
    "wilson",
]

if not TYPE_CHECKING:  # else every misspelt name would have a type

    def __getattr__(name: str) -> Any:
        for module, names in _MODULES.items():
            if name in names.split():
                return getattr(import_module(f"{__name__}.{module}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")  # noqa: EM102
