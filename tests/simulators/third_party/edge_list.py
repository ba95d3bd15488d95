"""An exporter in a package of its own: all that somebody else has to write."""

from pathlib import Path

from spinspike.errors import BadInput
from spinspike.mapping import SynapseGraph
from spinspike.outputs import check_target


def obstacles(graph: SynapseGraph) -> list[str]:
    """Graded synapses have no place in a list of whole numbers without exponents."""
    return [f"{p.name} has exponent {p.exponent}" for p in graph.projections if p.exponent]


def omissions(graph: SynapseGraph) -> list[str]:
    """Thresholds go nowhere."""
    return ["bias"]


def write(graph: SynapseGraph, path: Path | str, *, force: bool = False) -> Path:
    """One line for each projection: its name and number of synapses."""
    if refused := obstacles(graph):
        raise BadInput(refused[0])
    check_target(Path(path), force=force)
    lines = [f"{p.name} {p.mantissa.size}\n" for p in graph.projections]
    Path(path).write_text("".join(lines), encoding="utf-8")
    return Path(path)
