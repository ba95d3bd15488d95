"""A backend in a package of its own: all that somebody else has to write."""

from typing import Any

from spinspike.mapping import SynapseGraph
from spinspike.simulators import Emulator, Phases, Recording, Stimulus


class Plain:
    """One pattern at a time; its seed is nobody's business."""

    name = "plain"
    regime = "step"

    def __init__(self) -> None:
        self.seed = 7

    def run(
        self, graph: SynapseGraph, stimulus: Stimulus, phases: Phases, *, progress: Any = None
    ) -> Recording:
        """Run every pattern."""
        return Emulator().run(graph, stimulus, phases, progress=progress)
