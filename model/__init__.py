"""The reference network: binary spins that learn fixed points by a local rule.

A tour, in the order of the work:

- `network` — the parameters and how they are drawn;
- `dynamics` — fields, sweeps, and the warm-up, clamped, release and free phases;
- `learning` — the margin rule; `training` — the loop around it; `data` — what it learns;
- `fixed_points` — the states a trained network holds, and their margins;
- `network_file` — the ``*.h5`` artefact; `comparators` — other methods on the same task;
  `control` — the same training with a part taken out.
"""

from .data import Dataset, Split, digits
from .fixed_points import FixedPoints, free, learned
from .learning import MarginRule
from .network import Architecture, Network, draw
from .network_file import NetworkFile, load, save
from .training import Schedule, Training, accuracy, train

__all__ = [
    "Architecture",
    "Dataset",
    "FixedPoints",
    "MarginRule",
    "Network",
    "NetworkFile",
    "Schedule",
    "Split",
    "Training",
    "accuracy",
    "digits",
    "draw",
    "free",
    "learned",
    "load",
    "save",
    "train",
]
