"""The network as one hierarchical Lava process.

Lava executes every file in this folder while it looks for process models: keep other code out.
"""

import lava_mends  # noqa: F401  before Lava: on Python 3.11 and newer it needs them

from .attractor_network import AttractorNetwork

__all__ = ["AttractorNetwork"]
