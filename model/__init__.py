"""The reference network: binary spins that learn fixed points by a local rule.

A tour, in the order of the work:

- `architecture`, `network` — modules and what connects them, and how they are drawn;
- `dynamics` — fields, sweeps, and the warm-up, clamped, release and free phases;
- `learning` — the margin rule; `schedule`, `training` — the loop around it;
- `engine` — the contract of what does the work: `numpy_engine`, the oracle; `numba_engine`, fast
  on processors (`kernels`, `lanes`); `jax_engine`, for a GPU; `devices` chooses;
- `dataset`, `data` — what it learns: `idx`, `download`, `entangling`, `prototypes`, `own_data`;
- `fixed_points` — the states a trained network holds, and their margins;
- `convergence` — fixed points and cycles that any network comes to; `manifold` — the landscape;
- `campaign` — many runs, kept one by one; `cluster` — on Dask;
- `integrator` — the other kind of memory, a line instead of points;
- `network_file`, `checkpoint` — the ``*.h5`` artefacts; `own_network` — networks trained elsewhere;
- `comparators`, `readout` — other methods on the same task, fitted readouts on the same states;
  `control`, `ablation` — the same training with a part taken out.
"""

from .architecture import Architecture
from .data import digits
from .dataset import Dataset, Split
from .fixed_points import FixedPoints, free, learned
from .learning import MarginRule
from .network import Network, draw
from .network_file import NetworkFile, load, save
from .schedule import Schedule
from .training import Training, accuracy, train

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
