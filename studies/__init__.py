"""Studies: what the commands do, to be called from Python.

- `validation` — the chain from training to report; `stress`, `certificates`, `chips`, `exchange` —
  what a graph withstands, costs and loses; `landscape`, `integrator`, `reproduction` — studies of
  their own; `demonstration` — all of it on handwritten digits;
- `files` — networks and graphs, to and from disk; `contents` — what any file holds;
- `plot` — pictures of runs and graphs, for one's own axes;
- `page` — how reports look and where they lie.
"""

from .certificates.run import certificates as certify
from .contents import info
from .files import load, save
from .page import plot

__all__ = ["certify", "info", "load", "plot", "save"]
