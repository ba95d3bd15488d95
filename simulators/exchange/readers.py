"""Other tools that read NIR: who runs the portable form, and what stands against it in the others.

Seen with the versions named here (benchmarks/nir_zoo.py): snnTorch, Norse and nirtorch make every spike
of it; Sinabs, Rockpool and Spyx have no neuron that forgets everything in a step, or no way around a
cycle, so nothing that is written for them would help.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from spinspike.mapping.graph.graph import SynapseGraph

from . import nir
from .exporter import states_left_behind


@dataclass(frozen=True)
class Reader:
    """A tool that reads NIR, as an exporter: what it is written is the portable form.

    Parameters
    ----------
    title : str
        Name and version of the tool.
    never : tuple of str
        Why it does not run the portable form of any graph; empty if it does.
    how : str
        What is to be seen to when it reads the file.
    """

    title: str
    never: tuple[str, ...] = ()
    how: str = ""

    def obstacles(self, graph: SynapseGraph) -> list[str]:
        """What stands against the portable form of a graph in this tool."""
        return [f"{self.title}: {why}" for why in self.never] or nir.obstacles(
            graph, form="portable"
        )

    def omissions(self, graph: SynapseGraph) -> list[str]:
        """What is left behind, and how the file is to be read."""
        if self.never:
            return []
        found = states_left_behind(graph, "NIR has no place for states")
        if graph.named("readout"):
            found.append("readout neurons: the portable form has none")
        return [*found, f"{self.title}: {self.how}"]

    def write(self, graph: SynapseGraph, path: Path | str, *, force: bool = False) -> Path:
        """Write the portable form, with the step of 1e-4 that snnTorch has.

        Raises
        ------
        BadInput
            There are obstacles, or the file exists and ``force`` is not set.
        """
        nir.refuse(self.obstacles(graph))
        return nir.write(graph, path, form="portable", force=force)


DECAYS = "its {} decay by exp(-dt / tau), so none is without memory, as those of the graph are"

READERS: Mapping[str, Reader] = {
    "snntorch": Reader(
        "snnTorch 1.0.0",
        how="import_from_nir(nir.read(file)); its step is 1e-4, always: nir write --portable --dt 1e-4, the default",
    ),
    "norse": Reader(
        "Norse 1.1.0", how="from_nir(nir.read(file), dt=1e-4); without dt it takes steps of 1e-3"
    ),
    "nirtorch": Reader(
        "nirtorch 2.6",
        how="nir_to_torch with mappings of one's own for LIF, of which it has none, and for Affine, whose "
        "bias it leaves to chance",
    ),
    "sinabs": Reader(
        "Sinabs 3.1.3",
        never=("it has no mapping for a Linear, and reading ends there", DECAYS.format("LIF")),
    ),
    "rockpool": Reader(
        "Rockpool 3.1.0",
        never=(
            "reading a LIF ends in an AttributeError",
            DECAYS.format("CubaLIF"),
            "it keeps recurrent weights only beside a CubaLIF in a graph of four nodes",
        ),
    ),
    "spyx": Reader(
        "Spyx 1.0.0",
        never=(
            "it follows the first edge out of each node: by the edge back it comes to no end",
            "by the edge to the Output it leaves the recurrent weights out",
            "its neurons send their spikes a step late",
        ),
    ),
}
