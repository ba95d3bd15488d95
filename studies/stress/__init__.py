"""What fixed points withstand when it is tried.

- `run` — plans, runs, tables and files; `figures` — a curve for each kind.
"""

from .run import stress

__all__ = ["stress"]
