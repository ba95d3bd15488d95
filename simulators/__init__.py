"""Simulators that check whether learned fixed points stay without the supervisory signal.

- `base` — the contract: graph, protocol and stimulus in, recording out;
- `emulator` — the chip's integers in NumPy, the oracle; `lava` — real Lava processes, once
  `lava_registers` found that all numbers fit;
  `asynchronous` — the same integers, one neuron at a time; `nest_binary` — NEST's binary neurons;
  `brian2_lif` — leaky integrate-and-fire neurons in continuous time, `lif` — their physics;
- `registry` — all of them by name and regime, what cannot be had, and what each cannot do;
- `stimulus` — images and labels as a simulator is fed; `validation` — the runs and their nulls,
  `validation_tasks` — the same in blocks that may stop and go on, `outcome_file` — what is kept of
  them; `estimate` — what that will take, `memory` — how much it takes;
- `outcome` — what a run showed; `verdict` — claims that hold or fail; `agreement` — who disagrees
  with whom;
- `lava_export` — the Lava process graph as a folder of its own.
"""

from .agreement import Agreement, Disagreement, agreements, disagreements
from .asynchronous import AsynchronousEmulator
from .base import Protocol, Recording, Simulator, Stimulus
from .brian2_lif import Brian2LIF
from .emulator import Emulator
from .lava import Lava
from .lava_export import export
from .nest_binary import NestBinary
from .outcome import Outcome, accuracy, wilson
from .stimulus import stimulus
from .validation import NULLS, RUNS, validate
from .verdict import Claim, claims

__all__ = [
    "NULLS",
    "RUNS",
    "Agreement",
    "AsynchronousEmulator",
    "Brian2LIF",
    "Claim",
    "Disagreement",
    "Emulator",
    "Lava",
    "NestBinary",
    "Outcome",
    "Protocol",
    "Recording",
    "Simulator",
    "Stimulus",
    "accuracy",
    "agreements",
    "claims",
    "disagreements",
    "export",
    "stimulus",
    "validate",
    "wilson",
]
