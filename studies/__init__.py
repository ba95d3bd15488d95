"""Studies: what the commands do, to be called from Python.

- `validation` — the chain from training to report; `stress`, `certificates`, `chips`, `exchange` —
  what a graph withstands, costs and loses; `landscape`, `integrator`, `reproduction` — studies of
  their own; `demonstration` — all of it on handwritten digits;
- `files` — networks and graphs, to and from disk; `contents` — what any file holds;
- `page` — how reports look and where they lie.
"""

from .certificates.run import certificates as certify
from .contents import info
from .files import load, save

__all__ = ["certify", "info", "load", "save"]
