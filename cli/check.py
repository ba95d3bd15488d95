"""The command `check`: does a graph fit a chip, and what of it would a conversion lose."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .nir_commands import Step
from .options import Force, Json

if TYPE_CHECKING:
    from rich.table import Table

    from spinspike.mapping import Placement, SynapseGraph, Target

CONVERSIONS = ("lava", "nir", "sanafe", "pynn", "net")
SHOWN = 24  # cores that a terminal shows; the files have all


def check(
    graph: Annotated[
        Path,
        typer.Argument(help="Graph file that `map` wrote; with --for also a NIR file (.nir)."),
    ],
    target: Annotated[
        str | None,
        typer.Option(
            help="brainscales2, generic, loihi1, loihi2, spinnaker2, xylo, or a YAML file of your "
            "own."
        ),
    ] = None,
    purpose: Annotated[
        str | None,
        typer.Option(
            "--for",
            help="lava, nir, sanafe, pynn or net: what cannot be carried over to it, and why.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for the placement as tables and a picture."),
    ] = None,
    chips: Annotated[int, typer.Option(min=1, help="How many chips there are.")] = 1,
    dt: Step = 1e-4,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Check a graph against a chip (--target) or a conversion (--for), before anything is run.

    --target places the neurons on as few cores as hold them, with as few spikes between cores as
    can be had, and names the population, neuron or projection that asks too much. Exit code 1 when
    something does not fit.

    --for names what stands against an export or conversion, exit code 1, and what goes through
    but is left behind or changed on the way, exit code 0.

    Example: `spinspike check graph.h5 --target loihi1 -o placement`
    """
    from spinspike.model.errors import BadInput

    if (target is None) == (purpose is None):
        message = "Missing option '--target' or '--for'; give one of them"
        raise BadInput(message)
    if purpose is not None:
        from .obstacles import report

        if output:
            message = f"--output is {output}; allowed: with --target alone"
            raise BadInput(message)
        nir = graph.suffix == ".nir"
        report(graph, purpose, CONVERSIONS, nir=nir, dt=dt, as_json=as_json)
    else:
        _check_chip(graph, str(target), output, chips, force=force, as_json=as_json)


def _check_chip(
    graph: Path, target: str, output: Path | None, chips: int, *, force: bool, as_json: bool
) -> None:
    from spinspike.mapping.graph_file import load
    from spinspike.mapping.limits import check as check_limits
    from spinspike.mapping.placement import place
    from spinspike.mapping.target import load_target

    from .console import show

    chip = load_target(target)
    loaded = load(graph)
    if output:
        from .report import check_folder

        check_folder(output, force=force)
    placement = place(loaded, chip)
    findings = check_limits(loaded, chip, placement, chips=chips)
    summary = {
        "target": chip.title,
        "fits": all(finding.fits for finding in findings),
        "limits": [
            {
                "limit": finding.limit,
                "used": finding.used,
                "allowed": finding.allowed,
                "where": finding.where.rstrip(","),
                "fits": finding.fits,
                "sentence": str(finding),
                "source": chip.sources[finding.limit],
            }
            for finding in findings
        ],
        "placement": placement_summary(placement),
        "not_checked": list(chip.unknown),
    }
    if output:
        _write(output, loaded, chip, placement)
    show(summary, *_tables(summary), as_json=as_json)
    if not summary["fits"]:
        raise typer.Exit(1)


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


def _tables(summary: dict[str, Any]) -> list[Table]:
    from .console import table

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

    from .console import table

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


def _write(folder: Path, graph: SynapseGraph, target: Target, placement: Placement) -> None:
    """`placement.csv` (every neuron), `cores.csv` (every core) and `cores.png`."""
    import csv

    from .placement_figure import core_fill

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
