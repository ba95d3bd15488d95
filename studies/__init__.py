"""Studies: what the commands do, to be called from Python.

- `training`, `mapping` — from data to a network with its states, and what a mapping came to;
- `validation` — the chain from training to report; `stress`, `certificates`, `chips`, `exchange` —
  what a graph withstands, costs and loses; `landscape`, `integrator`, `reproduction` — studies of
  their own; `demonstration` — all of it on handwritten digits;
- `files` — networks and graphs, to and from disk; `contents` — what any file holds;
- `interactive` — a page that plays runs; `plot` — pictures of runs and graphs, for one's own axes;
- `page` — how reports look and where they lie.
"""

from .certificates.run import certificates as certify
from .chips.energy import energy
from .chips.placement import check
from .contents import info
from .files import load, save
from .interactive.page import view
from .page import plot
from .training import train
from .validation.run import Validation, validate

__all__ = [
    "Validation", "certify", "check", "energy", "info", "load", "plot", "save", "train",
    "validate", "view",
]  # fmt: skip
