"""The command `check`: does a graph fit a chip, and what of it would a conversion lose."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .nir import From, Integrate, Late, Reset, Spikes, Told
from .options import Force, Json

READERS = ("snntorch", "norse", "nirtorch", "sinabs", "rockpool", "spyx")  # of the portable form
CONVERSIONS = ("lava", "nir", "sanafe", "pynn", "net", "c", "fpga", *READERS)
OF_NIR = ("run", "chip")  # what NIR files are read for besides


def check(
    graph: Annotated[
        Path,
        typer.Argument(help="Graph file that `map` wrote; with --for also a NIR file (.nir)."),
    ],
    target: Annotated[
        str | None,
        typer.Option(
            help="brainscales2, ecp5-25k, ecp5-85k, generic, ice40up5k, loihi1, loihi2, spinnaker2, xylo, or a YAML file of your "
            "own."
        ),
    ] = None,
    purpose: Annotated[
        str | None,
        typer.Option(
            "--for",
            help="lava, nir, sanafe, pynn, net, c or fpga: what cannot be carried over to it, and why; "
            "snntorch, norse, nirtorch, sinabs, rockpool or spyx: what stands against the portable form "
            "of `nir write` in it; of a NIR file also run (by `nir run`) or chip (by `nir read`).",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for the placement as tables and a picture."),
    ] = None,
    chips: Annotated[int, typer.Option(min=1, help="How many chips there are.")] = 1,
    dt: Told = None,
    source: From = "nir",
    integrate: Integrate = None,
    late: Late = "all",
    reset: Reset = None,
    spikes: Spikes = None,
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
    from spinspike.errors import BadInput

    if (target is None) == (purpose is None):
        message = "Missing option '--target' or '--for'; give one of them"
        raise BadInput(message)
    if purpose is not None:
        from spinspike.mapping.nir.file import read
        from spinspike.mapping.nir.producers import Choices, read_as
        from spinspike.studies.exchange.obstacles import report

        if output:
            message = f"--output is {output}; allowed: with --target alone"
            raise BadInput(message)
        nir, step = None, 0.0
        allowed: tuple[str, ...] = CONVERSIONS
        if graph.suffix == ".nir":
            allowed = (*OF_NIR, *CONVERSIONS)
            if purpose in allowed:
                choices = Choices(source, dt, integrate, late, reset, spikes)
                nir, step = read_as(read(graph), choices)
        report(graph, purpose, allowed, nir=nir, dt=step, as_json=as_json)
    else:
        _check_chip(graph, str(target), output, chips, force=force, as_json=as_json)


def _check_chip(
    graph: Path, target: str, output: Path | None, chips: int, *, force: bool, as_json: bool
) -> None:
    from spinspike.mapping.chips.target import load_target
    from spinspike.mapping.graph.graph_file import load
    from spinspike.outputs import filling
    from spinspike.studies.chips.placement import check as fit
    from spinspike.studies.chips.placement import chip_tables, placement_summary, write_placement
    from spinspike.studies.page.terminal import show

    chip = load_target(target)
    loaded = load(graph)
    if output:
        from spinspike.studies.page.folder import check_folder

        check_folder(output, force=force)
    found = fit(loaded, chip, chips=chips)
    summary = {
        "target": chip.title,
        "fits": found.fits,
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
            for finding in found.findings
        ],
        "placement": placement_summary(found.placement),
        "not_checked": list(chip.unknown),
    }
    if output:
        with filling(output) as new:
            write_placement(new, loaded, chip, found.placement)
    missed = sum(not finding.fits for finding in found.findings)
    last = f"does not fit: {missed} limits missed" if missed else "fits"
    where = f"; placement: {output}" if output else ""
    show(summary, *chip_tables(summary), as_json=as_json, last=f"{chip.title}: {last}{where}")
    if not summary["fits"]:
        raise typer.Exit(1)
