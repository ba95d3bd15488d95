"""Where a graph lies on a chip, as tables and files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spinspike.mapping import (
    Finding,
    Placement,
    SynapseGraph,
    Target,
    check_limits,
    load_target,
    place,
)
from spinspike.one_line import OneLine

if TYPE_CHECKING:
    from rich.table import Table


SHOWN = 24  # cores that a terminal shows; the files have all


@dataclass(frozen=True, repr=False)
class Fit(OneLine):
    """Whether a graph fits a chip, limit by limit, and where its neurons lie."""

    target: Target
    placement: Placement
    findings: tuple[Finding, ...]

    @property
    def fits(self) -> bool:
        """Whether it keeps all limits."""
        return all(finding.fits for finding in self.findings)

    def summary(self) -> str:
        """The limits it breaks, if any."""
        broken = "; ".join(str(finding) for finding in self.findings if not finding.fits)
        return f"{self.target.title}: {broken or f'fits {self.placement.cores} cores'}"


def check(graph: SynapseGraph, target: str | Target = "loihi1", *, chips: int = 1) -> Fit:
    """Place a graph on a chip and hold it against every limit, as ``spinspike check`` does.

    Parameters
    ----------
    graph : SynapseGraph
    target : str or Target
        A known chip, the path of a YAML file, or a target.
    chips : int >= 1
        How many chips there are.

    Returns
    -------
    Fit

    Raises
    ------
    BadInput, BadFile
        No target has this name, or its file is wrong.

    Examples
    --------
    >>> from spinspike.mapping import map_network
    >>> from spinspike.model.network.import_arrays import from_arrays
    >>> pair = from_arrays([[0, 1], [1, 0]], [[1.0], [1.0]], [[1, 0], [0, 1]], [[1, 0], [0, 1]])
    >>> check(map_network(pair))
    <Fit: Loihi 1: fits 1 cores>
    """
    chip = load_target(target) if isinstance(target, str) else target
    placement = place(graph, chip)
    return Fit(chip, placement, tuple(check_limits(graph, chip, placement, chips=chips)))


def placement_summary(placement: Placement) -> dict[str, Any]:
    """Cores, chips, what was tried, and what each core is asked for."""
    usage, chip = placement.usage, placement.chip
    return {
        "cores": placement.cores,
        "chips": placement.chips,
        "method": placement.method,
        "candidates": [vars(candidate) for candidate in placement.candidates],
        "usage": [
            {
                "core": core,
                "chip": int(chip[core]),
                "neurons": int(usage.neurons[core] + usage.readouts[core]),
                "synapse_bits": int(usage.synapse_bits[core]),
                "axons_in": int(usage.axons_in[core]),
                "axons_out": int(usage.axons_out[core]),
                "fan_in": int(usage.fan_in[core]),
            }
            for core in range(placement.cores)
        ],
    }


def chip_tables(summary: dict[str, Any]) -> list[Table]:
    """Limits, placement, misfits, and what was not checked."""
    from spinspike.studies.page.terminal import table

    misfits = [[limit["sentence"]] for limit in summary["limits"] if not limit["fits"]]
    notes = [[note] for note in summary["not_checked"]]
    return [
        table(
            f"Limits of {summary['target']}",
            *("limit, and who asks the most of it", "used", "allowed", ""),
            rows=[
                [
                    f"{limit['limit'].replace('_', ' ')}: {limit['where']}",
                    f"{limit['used']:,}",
                    f"{limit['allowed']:,}",
                    "fits" if limit["fits"] else "FAILS",
                ]
                for limit in summary["limits"]
            ],
        ),
        *_placement_tables(summary["placement"]),
        *([table("Does not fit", "", rows=misfits)] if misfits else []),
        *([table("Not known, so not checked", "", rows=notes)] if notes else []),
    ]


def _placement_tables(placement: dict[str, Any]) -> list[Table]:
    from importlib.util import find_spec

    from spinspike.studies.page.terminal import table

    missing = [] if find_spec("pymetis") else [["metis: pip install 'spinspike[place]'", *4 * [""]]]
    numbers = ("neurons", "synapse_bits", "axons_in", "axons_out", "fan_in")
    usage = [
        [str(core["core"]), str(core["chip"]), *(f"{core[name]:,}" for name in numbers)]
        for core in placement["usage"]
    ]
    if len(usage) > SHOWN:
        usage = [*usage[:SHOWN], ["…", *("" for _ in numbers), ""]]
    return [
        table(
            f"Cores: {placement['cores']}, chips: {placement['chips']}, by {placement['method']}",
            *("tried", "cores", "cut spikes", "cut synapses", ""),
            rows=[
                [
                    tried["method"],
                    str(tried["cores"]),
                    f"{tried['cut_spikes']:,}",
                    f"{tried['cut_synapses']:,}",
                    "fits" if tried["fits"] else "FAILS",
                ]
                for tried in placement["candidates"]
            ]
            + missing,
        ),
        table(
            "What each core is asked for",
            *("core", "chip", *(name.replace("_", " ") for name in numbers)),
            rows=usage,
        ),
    ]


def write_placement(
    folder: Path, graph: SynapseGraph, target: Target, placement: Placement
) -> None:
    """`placement.csv` (every neuron), `cores.csv` (every core) and `cores.png`."""
    import csv

    from .figures import core_fill

    with (folder / "cores.csv").open("w", newline="", encoding="utf-8") as file:
        rows = placement_summary(placement)["usage"]
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    with (folder / "placement.csv").open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(["population", "neuron", "core", "chip"])
        names = [p for model in ("threshold", "readout") for p in graph.named(model)]
        neurons = ((name, k) for name in names for k in range(graph.sizes[name]))
        chip = placement.chip
        for (name, neuron), core in zip(neurons, placement.core.tolist(), strict=True):
            lines.writerow([name, neuron, core, chip[core]])
    core_fill(placement, target).savefig(folder / "cores.png")
