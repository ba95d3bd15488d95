"""What the fixed points of a graph withstand, proved and tried."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spinspike.arrays import IntArray
    from spinspike.mapping import SynapseGraph
    from spinspike.mapping.certificates.attack import Attack
    from spinspike.mapping.certificates.robustness import Robustness
    from spinspike.model.network.fixed_points import FixedPoints
    from spinspike.model.network.network import Network
    from spinspike.task import Progress


@dataclass(frozen=True)
class Certificates:
    """The fixed points of one run with all that was proved and tried."""

    points: FixedPoints
    bounds: Robustness
    bits: IntArray | None = None
    attack: Attack | None = None


def certificates(
    graph: SynapseGraph,
    network: Path | None = None,
    *,
    patterns: int | None = None,
    attacked: bool = False,
    seed: int = 0,
) -> dict[str, Certificates]:
    """Prove, and try, what the fixed points of each run withstand; with progress on stderr.

    Parameters
    ----------
    graph : SynapseGraph
        With its fixed points.
    network : Path, optional
        File of the network it was made of: then the fewest bits of each state are sought.
    patterns : int, optional
        Fixed points of each run, at most; all when not given.
    attacked : bool
        Also try to break what is certified.
    seed : int >= 0
        Of the attacks.

    Raises
    ------
    BadInput
        The graph carries no fixed points, or the network does not belong to it.
    """
    import numpy as np

    from spinspike.errors import BadInput
    from spinspike.mapping.certificates.attack import attack
    from spinspike.mapping.certificates.robustness import robustness
    from spinspike.mapping.graph.graph import refuse_graded
    from spinspike.studies.page.terminal import bar, progress

    refuse_graded(graph)
    runs = {run: p.select(slice(patterns)) for run, p in graph.fixed_points.items() if len(p)}
    if not runs:
        message = "the graph carries no fixed points; map a network file that `train` wrote"
        raise BadInput(message)
    reference = _network_of(graph, network) if network else None
    found = {}
    with progress() as bars:
        bits = _bits(graph, reference, bar(bars, "fewest bits")) if reference else {}
        for run, points in runs.items():
            bounds = robustness(graph, points, on_progress=bar(bars, f"certify: {run}"))
            tried = None
            if attacked:
                rng, update = np.random.default_rng(seed), bar(bars, f"attack: {run}")
                tried = attack(graph, points, rng, on_progress=update)
            widths = bits[run][: len(points)] if bits else None
            found[run] = Certificates(points, bounds, widths, tried)
    return found


def _network_of(graph: SynapseGraph, path: Path) -> Network:
    from spinspike.errors import BadInput
    from spinspike.model.network.network_file import load

    network = load(path).network
    if (network.units, network.inputs) != (graph.units, graph.io.centre.size):
        message = (
            f"{path} has {network.units} units and {network.inputs} inputs; allowed: "
            f"{graph.units} and {graph.io.centre.size}, those of the graph"
        )
        raise BadInput(message)
    return network


def _bits(
    graph: SynapseGraph,
    network: Network,
    on_progress: Progress,
) -> dict[str, IntArray]:
    """Fewest bits at which each fixed point holds, mapped as `map` does in the graph's encoding."""
    from spinspike.mapping.certificates.bit_width import smallest_bits
    from spinspike.mapping.quantisation.consolidate import Consolidation
    from spinspike.mapping.quantisation.rounding import Rounding

    levels = graph.io.levels
    return smallest_bits(
        network,
        graph.fixed_points,
        encoding=graph.encoding,
        rounding=Rounding(input="bias" if not levels else "binary" if levels == 1 else "graded"),
        consolidation=Consolidation() if len(graph.fixed_points.get("learned", ())) else None,
        on_progress=on_progress,
    )


def certificate_summary(found: Mapping[str, Certificates]) -> dict[str, Any]:
    """Whole-graph figures of each run, as JSON takes them."""
    from spinspike.mapping.certificates.attack import attack_summary
    from spinspike.mapping.certificates.robustness import spread, summary

    summaries = {}
    for run, c in found.items():
        summaries[run] = summary(c.bounds)
        if c.bits is not None:
            summaries[run]["bounds"]["smallest_bits"] = spread(c.bits)
        if c.attack is not None:
            summaries[run]["attack"] = attack_summary(c.attack, c.bounds)
    return summaries


def write(folder: Path, found: Mapping[str, Certificates], summary: Mapping[str, Any]) -> None:
    """Write certificates.csv, flips.npz, summary.json and certificates.png."""
    from spinspike.npz import write_npz

    from .figures import figure

    (folder / "summary.json").write_text(json.dumps(summary, indent=2, allow_nan=False) + "\n")
    write_npz(folder / "flips.npz", {run: c.bounds.flips for run, c in found.items()})
    figure({run: c.bounds for run, c in found.items()}).savefig(folder / "certificates.png")
    with (folder / "certificates.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        for number, (run, c) in enumerate(found.items()):
            columns = _columns(c)
            if not number:
                writer.writerow(["run", "pattern", *columns])
            rows = zip(*(values.tolist() for values in columns.values()), strict=True)
            writer.writerows([run, pattern, *row] for pattern, row in enumerate(rows))


def _columns(c: Certificates) -> dict[str, Any]:
    """Columns of the table by name, each (P,)."""
    from spinspike.mapping.certificates.robustness import BOUNDS

    columns = {"label": c.points.labels, "certified": c.bounds.certified}
    for name in BOUNDS:
        columns[name] = getattr(c.bounds, name)
    columns |= {"weakest_unit": c.bounds.weakest, "double_counted": c.bounds.counted}
    if c.bits is not None:
        columns["smallest_bits"] = c.bits
    if c.attack is not None:
        columns |= {f"attack_{f.name}": getattr(c.attack, f.name) for f in fields(c.attack)}
    return columns
