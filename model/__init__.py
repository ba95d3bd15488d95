"""The reference network: binary spins that learn fixed points by a local rule.

A tour, in the order of the work:

- `network` — modules and what connects them, how spins move, the states they hold, the artefact;
- `data` — what it learns: labelled images, by name, from files, or one's own;
- `learning` — the margin rule, and the engines that do the work: NumPy, compiled, on a GPU;
- `training` — the loop around it, the states that come of it, controls and comparators;
- `memory` — patterns of one's own, stored by the rules of the field;
- `landscape` — fixed points of any network: how many, how they lie, what reaches them;
- `integrator` — the other kind of memory, a line instead of points.
"""

from .data.dataset import Dataset, Split
from .data.named import digits
from .learning.margin_rule import MarginRule
from .learning.schedule import Schedule
from .memory.store import store
from .network.architecture import Architecture
from .network.fixed_points import FixedPoints
from .network.network import Network, random_network
from .network.network_file import NetworkFile, load, save
from .training.settled import free_fixed_points, learned_fixed_points
from .training.training import Training, accuracy, train

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
    "free_fixed_points",
    "learned_fixed_points",
    "load",
    "random_network",
    "save",
    "store",
    "train",
]
