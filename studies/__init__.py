"""Studies: what the commands do, to be called from Python.

- `validation` — the chain from training to report; `stress`, `certificates`, `chips`, `exchange` —
  what a graph withstands, costs and loses; `landscape`, `integrator`, `reproduction` — studies of
  their own; `demonstration` — all of it on handwritten digits;
- `page` — how reports look and where they lie.
"""

from .certificates.run import certificates as certify

__all__ = ["certify"]
