"""Simulators that check whether learned fixed points stay without the supervisory signal.

- `base` — the contract: graph, protocol and stimulus in, recording out; `stimulus` — images and
  labels as a simulator is fed; `registry` — all simulators by name and regime, what cannot be had;
- steps: `emulator` — the chip's integers in NumPy, the oracle; `lava` — real Lava processes, many
  patterns at once, or (`lava_stock`) lava-nc's own alone; `brian2_clocked` — Brian2;
- asynchronous: `asynchronous` — the same integers, one neuron at a time; `nest_binary` — NEST;
- continuous: `brian2_lif` and `nest_lif` — leaky integrate-and-fire neurons; `lif` — their physics,
  `calibration` — set by the margins of a graph;
- `validation` — the runs and their nulls; `validation_tasks` — in blocks; `estimate` — how long;
  `outcome` — what a run showed; `verdict` — claims that hold or fail; `agreement` — who disagrees;
- `stress` — runs made hard; `stress_kinds` — how; `damage` — damaged graphs; `stress_bound` — what
  is certain to survive; `stress_curve`, `stress_campaign` — how much does;
- `graded` — the contract for graded neurons: a signal in, a memory's response out; `graded_emulator`,
  `lava_graded` — in integers, bit for bit the same;
- `lava_mends` — what Lava needs on Python 3.11 and newer;
- `lava_export` — the Lava process graph as a folder of its own; `lava_description` — in words;
  `netx_file` — in lava-dl's file; `nir_executor` — NIR graphs in steps; `nir_lava` — on Lava;
  `sanafe_export` — energy and time on SANA-FE's Loihi.
"""

from . import lava_mends  # noqa: F401  so that Lava can be imported on Python 3.11 and newer
from .agreement import Agreement, Disagreement, agreements, disagreements
from .asynchronous import AsynchronousEmulator
from .base import Protocol, Recording, Simulator, Stimulus
from .brian2_clocked import Brian2Clocked
from .brian2_lif import Brian2LIF
from .emulator import Emulator
from .lava import Lava
from .lava_export import export
from .nest_binary import NestBinary
from .nest_lif import NestLIF
from .outcome import Outcome, accuracy, wilson
from .stimulus import stimulus
from .validation import NULLS, RUNS, validate
from .verdict import Claim, claims

__all__ = [
    "NULLS",
    "RUNS",
    "Agreement",
    "AsynchronousEmulator",
    "Brian2Clocked",
    "Brian2LIF",
    "Claim",
    "Disagreement",
    "Emulator",
    "Lava",
    "NestBinary",
    "NestLIF",
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
