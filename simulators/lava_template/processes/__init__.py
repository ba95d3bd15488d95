"""The network as one hierarchical Lava process.

Lava executes every file in this folder while it looks for process models: keep other code out.
"""

from .attractor_network import AttractorNetwork

__all__ = ["AttractorNetwork"]
