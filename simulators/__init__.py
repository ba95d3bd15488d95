"""Simulators that check whether learned fixed points stay without the supervisory signal.

- `base` — the contract: graph, protocol and stimulus in, recording out;
- `emulator` — the chip's integers in NumPy, the oracle; `lava` — real Lava processes, once
  `lava_registers` found that all numbers fit;
  `asynchronous` — the same integers, one neuron at a time; `nest_binary` — NEST's binary neurons;
  `brian2_lif` — leaky integrate-and-fire neurons in continuous time, `lif` — their physics;
- `stimulus` — images and labels as a simulator is fed; `validation` — the runs and their nulls;
- `outcome` — what a run showed; `verdict` — claims that hold or fail;
- `lava_export` — the Lava process graph as a folder of its own.
"""

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
    "AsynchronousEmulator",
    "Brian2LIF",
    "Claim",
    "Emulator",
    "Lava",
    "NestBinary",
    "Outcome",
    "Protocol",
    "Recording",
    "Simulator",
    "Stimulus",
    "accuracy",
    "claims",
    "export",
    "stimulus",
    "validate",
    "wilson",
]
